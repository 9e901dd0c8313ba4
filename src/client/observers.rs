//! Tells layers above about events of a connection.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::connection::Connection;
use super::session::host::Event;
use crate::locks::Mutex;

/// An event of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnEvent {
    /// The server was lost, and the connection is reconnecting.
    Lost,
    /// The connection has a server again, or for the first time in the background. The server has been sent the
    /// subscriptions.
    Restored,
    /// The connection is draining.
    Draining,
    /// The connection is closed.
    Closed,
}

impl ConnEvent {
    pub(super) fn of(event: &Event<'_>) -> Option<Self> {
        match event {
            Event::Connected | Event::Reconnected => Some(ConnEvent::Restored),
            Event::Disconnected(_) => Some(ConnEvent::Lost),
            Event::Draining => Some(ConnEvent::Draining),
            Event::Closed => Some(ConnEvent::Closed),
            Event::DiscoveredServers | Event::LameDuck | Event::Failure(_) => None,
        }
    }
}

type Observer = dyn Fn(&Arc<Connection>, ConnEvent) + Send + Sync;

/// The observers of a connection. The lock is taken while the state's is held; no other one is taken while it is held.
#[derive(Default)]
pub(super) struct Observers(Mutex<State>);

#[derive(Default)]
struct State {
    observers: Vec<Weak<Observer>>,
    waiting: VecDeque<ConnEvent>,
    /// The timer thread is reporting the queued events, or is about to.
    telling: bool,
}

/// An observer of a connection's events; dropping this removes it.
pub struct Observation(#[expect(dead_code, reason = "it is its life that counts")] Arc<Observer>);

impl Connection {
    /// Has `observer` called on the timer thread with each event of the connection from now on, in order and one at a
    /// time, soon after the event. It must not wait, nor call the program.
    pub fn observe(
        &self,
        observer: impl Fn(&Arc<Connection>, ConnEvent) + Send + Sync + 'static,
    ) -> Observation {
        let observer: Arc<Observer> = Arc::new(observer);
        let mut state = self.observers.0.lock();
        state.observers.retain(|one| one.strong_count() > 0);
        state.observers.push(Arc::downgrade(&observer));
        Observation(observer)
    }

    /// Queues an event. May be called with the state locked.
    pub(super) fn note_for_observers(self: &Arc<Self>, event: ConnEvent) {
        let mut state = self.observers.0.lock();
        if state.observers.is_empty() {
            return;
        }
        state.waiting.push_back(event);
        if !std::mem::replace(&mut state.telling, true) {
            drop(state);
            let conn = self.clone();
            let tell = Box::new(move || conn.tell_observers());
            self.runtime.timers.after(Duration::ZERO, tell);
        }
    }

    fn tell_observers(self: &Arc<Self>) {
        loop {
            let (event, observers) = {
                let mut state = self.observers.0.lock();
                let Some(event) = state.waiting.pop_front() else {
                    state.telling = false;
                    return;
                };
                (event, state.observers.clone())
            };
            for observer in observers.iter().filter_map(Weak::upgrade) {
                crate::fork::caught(|| observer(self, event));
            }
        }
    }
}
