//! A service: its endpoints, from the first subscription to the last.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Result;
use super::config::{EndpointConfig, Group, QueueChoice, ServiceConfig};
use super::endpoint::{Endpoint, Requests, StatsData};
use super::error::Error;
use super::monitor;
use super::request::Handler;
use super::stop::Completion;
use crate::client::{Connection, ForeignHandle, SubscribeArgs, Subscription};
use crate::error::Status;
use crate::locks::{Condvar, Mutex};
use crate::log::Target;
use crate::proto::nuid;
use crate::words::shown;

/// Observes the events of a service. Called with no lock held; the functions may block.
pub trait Events: Any + Send + Sync {
    /// Runs a round, which handles any number of requests of one endpoint. What their handlers share can be kept
    /// meanwhile.
    fn around(&self, service: &Arc<Service>, round: &mut dyn FnMut()) {
        let _ = service;
        round();
    }

    /// An error that no function call could return has occurred in an endpoint; the service is about to stop. Called
    /// after the error handler of the connection, in the same order.
    fn error(&self, service: &Arc<Service>, endpoint: &Endpoint, status: Status) {
        let _ = (service, endpoint, status);
    }

    /// The last endpoint has ended; no function of the service is called any more. Called once, on a thread that runs
    /// callbacks.
    fn done(&self, service: &Arc<Service>) {
        let _ = service;
    }
}

/// An observer that does nothing.
impl Events for () {}

/// A service: endpoints on one connection that monitoring tools can discover.
///
/// It lives as long as the program has a reference to it, and as long as it has endpoints.
pub struct Service {
    pub(super) conn: Arc<Connection>,
    config: ServiceConfig,
    id: String,
    /// Nanoseconds since 1970.
    started: i64,
    pub(super) stopped: AtomicBool,
    pub(super) state: Mutex<State>,
    /// Notified when the service has stopped.
    pub(super) changed: Condvar,
    handle: OnceLock<ForeignHandle>,
    /// The objects for which a foreign caller has handles; `None` after it has released the service.
    groups: Mutex<Option<Vec<Arc<Group>>>>,
    this: Weak<Service>,
}

pub(super) struct State {
    /// In the order of creation.
    pub(super) entries: Vec<Entry>,
    last_id: u64,
    /// The end is not reported: the service is being created, or could not be started.
    pub(super) untold: bool,
    /// The endpoints for monitoring drain, or have ended.
    pub(super) monitors_end: bool,
    /// The end was reported, or will not be.
    pub(super) done: bool,
}

/// An endpoint and its subscription.
pub(super) struct Entry {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) sub: Arc<Subscription>,
    /// The server was sent the subscription.
    pub(super) started: bool,
    /// It receives no more requests.
    pub(super) ended: bool,
}

impl Service {
    /// A service without endpoints, for [`Service::start`]. Nothing is sent.
    pub fn new(conn: &Arc<Connection>, config: ServiceConfig) -> Result<Arc<Service>> {
        config.check()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let started = now.map_or(0, |since| since.as_millis() as i64 * 1_000_000);
        Ok(Arc::new_cyclic(|this| Service {
            conn: conn.clone(),
            config,
            id: String::from_utf8_lossy(&nuid::next()).into_owned(),
            started,
            stopped: AtomicBool::new(false),
            state: Mutex::new(State {
                entries: Vec::new(),
                last_id: 0,
                untold: true,
                monitors_end: false,
                done: false,
            }),
            changed: Condvar::new(),
            handle: OnceLock::new(),
            groups: Mutex::new(Some(Vec::new())),
            this: this.clone(),
        }))
    }

    /// Subscribes to the subjects for monitoring, and adds a first endpoint if there is one. If this fails, everything
    /// that was created ends.
    pub fn start(self: &Arc<Self>, first: Option<EndpointConfig>) -> Result<()> {
        let failed = |cause: Error| {
            self.abandon();
            cause.wrap(format!("failed to add microservice '{}'", self.name()))
        };
        let refused = match () {
            () if self.conn.is_closed() => Some(Status::NATS_CONNECTION_CLOSED),
            () if self.conn.is_draining() => Some(Status::NATS_DRAINING),
            () => None,
        };
        if let Some(status) = refused {
            let text = format!(
                "can't add service '{}' to a closed or draining connection",
                self.name()
            );
            return Err(failed(crate::error::Error::new(status, text).into()));
        }
        for (subject, config) in monitor::endpoints(self) {
            self.subscribe(subject, None, config, true)
                .map_err(failed)?;
        }
        if let Some(config) = first {
            self.add(config, None).map_err(failed)?;
        }
        let gone = {
            let mut state = self.state.lock();
            state.untold = false;
            state.entries.is_empty()
        };
        if gone {
            return Err(failed(status_error(Status::NATS_CONNECTION_CLOSED)));
        }
        let text = || format!("service '{}' ({}) has started", self.name(), self.id());
        self.conn.log().info(Target::Micro, text);
        Ok(())
    }

    /// Adds an endpoint. If there is one with the same subject already, that one gets the new configuration, and its
    /// statistics are reset.
    pub fn add_endpoint(self: &Arc<Self>, config: EndpointConfig) -> Result<Arc<Endpoint>> {
        self.add(config, None)
    }

    /// Adds an endpoint, in a group with this prefix and this setting for queue groups.
    pub(super) fn add(
        self: &Arc<Self>,
        config: EndpointConfig,
        group: Option<(&str, &QueueChoice)>,
    ) -> Result<Arc<Endpoint>> {
        let subject = config.full_subject(group.map(|(prefix, _)| prefix))?;
        let name = config.name.clone();
        if self.is_stopped() {
            return Err(self.stopped_error(&name));
        }
        let levels = [
            Some(&config.queue),
            group.map(|(_, queue)| queue),
            Some(&self.config.queue),
        ];
        let queue_group = QueueChoice::resolve(levels.into_iter().flatten());
        self.subscribe(subject, queue_group, config, false)
            .map_err(
                |e| match self.is_stopped() && e.status() == Status::NATS_ILLEGAL_STATE {
                    true => self.stopped_error(&name),
                    false => e.wrap(format!(
                        "can't add an endpoint '{}' to service '{}'",
                        shown(name.as_bytes()),
                        self.name()
                    )),
                },
            )
    }

    fn stopped_error(&self, endpoint: &str) -> Error {
        let text = format!(
            "can't add an endpoint '{}' to service '{}': the service is stopped",
            shown(endpoint.as_bytes()),
            self.name()
        );
        Error::new(0, text)
    }

    fn subscribe(
        self: &Arc<Self>,
        subject: String,
        queue_group: Option<String>,
        config: EndpointConfig,
        monitors: bool,
    ) -> Result<Arc<Endpoint>> {
        if let Some(endpoint) = self.find(&subject) {
            if endpoint.monitors {
                // With another handler, the service would be gone for all monitoring tools.
                let text = format!("the subject '{subject}' is one for monitoring");
                return Err(crate::error::Error::invalid_arg(text).into());
            }
            endpoint.update(config)?;
            return Ok(endpoint);
        }
        let id = {
            let mut state = self.state.lock();
            state.last_id += 1;
            state.last_id
        };
        let group = queue_group.clone();
        let endpoint = Endpoint::new(self, id, monitors, subject, queue_group, config)?;
        let sub = self.conn.prepare_subscription(SubscribeArgs {
            queue: group.as_deref().map(str::as_bytes),
            sink: Some(Box::new(Requests(endpoint.clone()))),
            ..SubscribeArgs::new(endpoint.subject().as_bytes())
        })?;
        sub.set_extension(endpoint.clone());
        let completion = Completion::new(self, id);
        sub.set_on_complete(Some(Box::new(move || completion.run())))?;
        self.enter(&endpoint, &sub)?;
        if let Err(error) = self.conn.start_subscription(&sub) {
            // It may be the last one, if the connection was closed in the meantime.
            self.conn.in_program(|| self.endpoint_gone(id, true));
            self.advance();
            return Err(error.into());
        }
        let service = self.this.clone();
        sub.on_end(move |_, reason| {
            if let Some(service) = service.upgrade() {
                service.endpoint_ended(id, reason);
            }
        });
        self.entered(id, &sub);
        Ok(endpoint)
    }

    /// Adds an endpoint to the list, unless the service has been stopped.
    fn enter(&self, endpoint: &Arc<Endpoint>, sub: &Arc<Subscription>) -> Result<()> {
        let mut state = self.state.lock();
        if self.is_stopped() {
            drop(state);
            return Err(status_error(Status::NATS_ILLEGAL_STATE));
        }
        state.entries.push(Entry {
            endpoint: endpoint.clone(),
            sub: sub.clone(),
            started: false,
            ended: false,
        });
        Ok(())
    }

    /// The endpoint with this subject.
    pub fn find(&self, subject: &str) -> Option<Arc<Endpoint>> {
        let state = self.state.lock();
        let mut endpoints = state.entries.iter().map(|entry| &entry.endpoint);
        endpoints.find(|e| e.subject() == subject).cloned()
    }

    /// Its endpoints except those for monitoring, in reverse order of creation.
    pub fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        let state = self.state.lock();
        let all = state.entries.iter().rev().map(|entry| &entry.endpoint);
        all.filter(|endpoint| !endpoint.monitors).cloned().collect()
    }

    /// Resets the statistics of all endpoints.
    pub fn reset(&self) {
        for endpoint in self.endpoints() {
            endpoint.reset();
        }
    }

    /// Sets the function that adds data to the statistics of the endpoint with this subject.
    pub fn set_stats_data(&self, subject: &str, data: Option<StatsData>) -> Result<()> {
        let endpoint = self.find(subject).filter(|endpoint| !endpoint.monitors);
        let endpoint = endpoint.ok_or_else(|| {
            let text = format!(
                "service '{}' has no endpoint with the subject '{}'",
                self.name(),
                shown(subject.as_bytes())
            );
            Error::from(crate::error::Error::new(Status::NATS_NOT_FOUND, text))
        })?;
        endpoint.set_stats_data(data);
        Ok(())
    }

    /// Its connection.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.conn
    }

    /// Its name, which all instances of it share.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.config.version
    }

    /// Its description.
    pub fn description(&self) -> &str {
        &self.config.description
    }

    /// Its metadata.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.config.metadata
    }

    /// The prefix of the subjects for its monitoring.
    pub fn prefix(&self) -> &str {
        &self.config.prefix
    }

    /// The id of this instance.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The time of its creation, in nanoseconds since 1970.
    pub fn started(&self) -> i64 {
        self.started
    }

    pub(super) fn stats_handler(&self) -> Option<Arc<dyn Handler>> {
        self.config.stats_handler.clone()
    }

    pub(super) fn events(&self) -> &dyn Events {
        &*self.config.events
    }

    /// Its observer, if that is a `T`.
    pub fn events_as<T: Events>(&self) -> Option<&T> {
        let events: &dyn Any = self.events();
        events.downcast_ref()
    }

    pub(super) fn tell_error(self: &Arc<Self>, endpoint: &Endpoint, status: Status) {
        self.events().error(self, endpoint, status);
    }

    /// Stores the handle by which a foreign caller knows the service.
    pub fn set_handle(&self, handle: ForeignHandle) {
        let _ = self.handle.set(handle);
    }

    /// The address by which a foreign caller knows the service; 0 if there is none.
    pub fn handle(&self) -> usize {
        self.handle.get().map_or(0, |handle| handle.address())
    }

    /// Records a group for which a foreign caller has a handle; false if it has released the service.
    pub fn keep_group(&self, group: &Arc<Group>) -> bool {
        let mut groups = self.groups.lock();
        groups
            .as_mut()
            .map(|groups| groups.push(group.clone()))
            .is_some()
    }

    /// Releases the service on behalf of the foreign caller. Returns the groups for which it has handles.
    pub fn take_groups(&self) -> Vec<Arc<Group>> {
        self.groups.lock().take().unwrap_or_default()
    }

    /// Has it been stopped, by the program or with its connection?
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

fn status_error(status: Status) -> Error {
    Error::constant(status, status.text())
}
