//! Layers above learn what happens to a connection.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::connection::Connection;
use super::session::host::Event;
use crate::locks::Mutex;

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnEvent {
    /// Its server was lost, and it looks for another.
    Lost,
    /// It has a server again, or for the first time in the background, which has been told of the
    /// subscriptions.
    Restored,
    /// It drains.
    Draining,
    /// It is closed.
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

/// Who wants to know of what happens to a connection. Its lock is taken under the state's, and nothing under it.
#[derive(Default)]
pub(super) struct Observers(Mutex<State>);

#[derive(Default)]
struct State {
    observers: Vec<Weak<Observer>>,
    waiting: VecDeque<ConnEvent>,
    /// The thread of the timers tells of what waits, or will.
    telling: bool,
}

/// Being told of what happens to a connection, until this is dropped.
pub struct Observation(#[expect(dead_code, reason = "it is its life that counts")] Arc<Observer>);

impl Connection {
    /// Has `observer` called with all that happens to the connection from now on, in order and one
    /// at a time, soon after it has, on the thread of the timers: it must not wait, nor call the
    /// program.
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

    /// Something has happened. May be called with the state locked.
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
