//! The interface of a push subscription for the recovery of its consumer.

use std::sync::{Arc, Weak};

use super::api::Api;
use super::ending::Ending;
use super::machine::Kind;
use super::push::{Push, State};
use super::recover::{Parts, Recovered};
use crate::client::Subscription;
use crate::error::Result;
use crate::js::api::ConsumerConfig;
use crate::locks::MutexGuard;

impl Recovered for Push {
    type State = State;

    fn me(&self) -> &Weak<Self> {
        &self.me
    }

    fn subscription(&self) -> Option<Arc<Subscription>> {
        self.sub.get()?.upgrade()
    }

    fn api(&self) -> &Arc<Api> {
        &self.api
    }

    fn stream(&self) -> &str {
        &self.stream
    }

    fn ending(&self) -> &Arc<Ending> {
        &self.ending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn parts(state: &mut State) -> Option<Parts<'_>> {
        Some(Parts {
            machine: &mut state.machine,
            timing: &mut state.timing,
            consumer: &mut state.consumer,
            ours: &mut state.ours,
            ended: state.ended,
        })
    }

    fn take_inbox(&self, state: &mut State, sub: &Arc<Subscription>) -> Result<()> {
        self.forget_flow(state);
        state.mismatch = None;
        let inbox = self.connection().new_inbox();
        state.sid = sub.rebind(&inbox)?;
        state.deliver = String::from_utf8_lossy(&inbox).into_owned();
        Ok(())
    }

    fn config(&self, state: &State, _epoch: u64) -> ConsumerConfig {
        let mut config = self.config.clone();
        config.deliver_subject.clone_from(&state.deliver);
        if self.kind == Kind::Ordered {
            // The previous consumer may still have it.
            config.name.clear();
        }
        config
    }

    fn use_consumer(&self, state: &mut State, name: &str) {
        name.clone_into(&mut state.consumer);
        state.ours = true;
    }

    fn before_poll(&self, state: &mut State, sub: &Arc<Subscription>) {
        self.release(state, sub);
    }

    fn initial_complete(&self, state: &mut State) {
        self.tell_complete(state);
    }

    fn stream_missing(&self) {
        if let Some(events) = &self.events {
            events.stream_missing();
        }
    }

    fn reset(&self) {
        if let Some(events) = &self.events {
            events.reset();
        }
    }
}
