//! The end of a service: first its endpoints end, then those for monitoring, then the program is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Result;
use super::error::Error;
use super::service::Service;
use crate::client::{EndReason, Subscription};
use crate::error::Status;
use crate::log::Target;

/// The maximum time for pending requests when the service stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

impl Service {
    /// Stops the service without waiting: no more requests are accepted, pending ones are handled, then the endpoints
    /// for monitoring end, then the program is told. Further calls have no effect.
    pub fn stop(self: &Arc<Self>) -> Result<()> {
        let subs: Vec<_> = {
            let state = self.state.lock();
            if self.stopped.swap(true, Ordering::AcqRel) {
                return Ok(());
            }
            let open = state
                .entries
                .iter()
                .filter(|e| e.started && !e.endpoint.monitors);
            open.map(|e| (e.endpoint.clone(), e.sub.clone())).collect()
        };
        let text = || format!("service '{}' stops", self.name());
        self.conn.log().info(Target::Micro, text);
        self.changed.notify_all();
        let mut result = Ok(());
        for (endpoint, sub) in subs {
            if let Err(error) = drain(&sub) {
                let text = format!(
                    "failed to stop service '{}', stopping endpoint '{}'",
                    self.name(),
                    endpoint.name()
                );
                result = result.and(Err(error.wrap(text)));
            }
        }
        self.advance();
        result
    }

    /// Waits until the service is stopped. Objects that it still holds may be released later.
    pub fn run(&self) {
        let mut state = self.state.lock();
        while !self.is_stopped() {
            self.changed.wait(&mut state);
        }
    }

    /// The server knows the subscription of an endpoint. If the service was stopped in the meantime, the subscription
    /// is drained.
    pub(super) fn entered(self: &Arc<Self>, id: u64, sub: &Arc<Subscription>) {
        let stopped = {
            let mut state = self.state.lock();
            if let Some(entry) = state.entries.iter_mut().find(|e| e.endpoint.id == id) {
                entry.started = true;
            }
            self.is_stopped()
        };
        if stopped {
            // A subscription that cannot be drained ends with the connection.
            let _ = drain(sub);
            self.advance();
        }
    }

    /// Makes an endpoint end after its pending requests.
    pub(super) fn endpoint_ended(self: &Arc<Self>, id: u64, reason: EndReason) {
        {
            let mut state = self.state.lock();
            if let Some(entry) = state.entries.iter_mut().find(|e| e.endpoint.id == id) {
                entry.ended = true;
            }
            if reason == EndReason::ConnectionClosed {
                self.stopped.store(true, Ordering::Release);
            }
        }
        self.changed.notify_all();
        self.advance();
    }

    /// Ends the endpoints for monitoring of a stopped service that has no other open endpoint.
    pub(super) fn advance(self: &Arc<Self>) {
        let monitors: Vec<_> = {
            let mut state = self.state.lock();
            let open = |e: &super::service::Entry| !e.endpoint.monitors && !e.ended;
            if !self.is_stopped() || state.monitors_end || state.entries.iter().any(open) {
                return;
            }
            state.monitors_end = true;
            let monitors = state
                .entries
                .iter()
                .filter(|e| e.started && e.endpoint.monitors);
            monitors.map(|e| e.sub.clone()).collect()
        };
        for sub in monitors {
            // A subscription that cannot be drained ends with the connection.
            let _ = drain(&sub);
        }
    }

    /// The last callback of an endpoint has returned, or its callbacks will not run any more (`called` is false). With
    /// the last endpoint the service ends.
    pub(super) fn endpoint_gone(self: &Arc<Self>, id: u64, called: bool) {
        let (entry, tell) = {
            let mut state = self.state.lock();
            let at = state.entries.iter().position(|e| e.endpoint.id == id);
            let entry = at.map(|at| state.entries.remove(at));
            let last = state.entries.is_empty() && !state.untold && !state.done;
            if last {
                state.done = true;
                self.stopped.store(true, Ordering::Release);
            }
            (entry, last && called)
        };
        // This may be the last reference to the subscription.
        drop(entry);
        self.changed.notify_all();
        if tell {
            self.events().done(self);
        }
    }

    /// The service could not be started: the program does not know it, and its parts end at once.
    pub(super) fn abandon(self: &Arc<Self>) {
        let subs: Vec<_> = {
            let mut state = self.state.lock();
            state.untold = true;
            state.done = true;
            self.stopped.store(true, Ordering::Release);
            let started = state.entries.iter().filter(|e| e.started);
            started.map(|e| e.sub.clone()).collect()
        };
        for sub in subs {
            sub.destroy();
        }
    }
}

/// Starts to drain a subscription, unless it has ended.
fn drain(sub: &Arc<Subscription>) -> Result<()> {
    match sub.drain(Some(DRAIN_TIMEOUT)) {
        Err(error) if sub.is_valid() && error.status() != Status::NATS_INVALID_SUBSCRIPTION => {
            Err(Error::from(error).wrap("failed to drain subscription"))
        }
        _ => Ok(()),
    }
}

/// Runs when the last callback of an endpoint has returned. It is dropped if they will not run any more.
pub(super) struct Completion {
    service: Arc<Service>,
    id: u64,
    ran: bool,
}

impl Completion {
    pub(super) fn new(service: &Arc<Service>, id: u64) -> Self {
        Completion {
            service: service.clone(),
            id,
            ran: false,
        }
    }

    pub(super) fn run(mut self) {
        self.ran = true;
        self.service.endpoint_gone(self.id, true);
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if !self.ran {
            self.service.endpoint_gone(self.id, false);
        }
    }
}
