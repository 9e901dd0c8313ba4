//! Sending messages again and giving them up, on a thread of the library.
//!
//! Both may wait for the socket, so they do not run where events of the connection or timers do; nor where the
//! program's function runs, which may not return, or not be called as long as the program does not dispatch.

use std::sync::{Arc, OnceLock, Weak};

use super::publisher::AsyncPublisher;
use super::slots::Token;
use crate::client::{CallbackJob, CallbackQueue, Connection, Progress};
use crate::js::Result;
use crate::locks::Mutex;

/// What is to be done, and the queue that does it.
#[derive(Default)]
pub(super) struct Recovery {
    due: Arc<Mutex<Due>>,
    queue: OnceLock<Arc<CallbackQueue>>,
}

#[derive(Default)]
struct Due {
    /// Messages of earlier sessions are lost.
    lost: bool,
    /// Messages to publish again.
    again: Vec<Token>,
}

impl Recovery {
    pub(super) fn start(
        &self,
        conn: &Arc<Connection>,
        publisher: &Weak<AsyncPublisher>,
    ) -> Result<()> {
        let work = Work {
            due: self.due.clone(),
            publisher: publisher.clone(),
        };
        let _ = self
            .queue
            .set(CallbackQueue::of_library(conn, Arc::new(work))?);
        Ok(())
    }

    /// Has the publisher look for messages of earlier sessions.
    pub(super) fn lost(&self) {
        self.due.lock().lost = true;
        self.schedule();
    }

    /// Has the publisher publish a message once more.
    pub(super) fn again(&self, token: Token) {
        self.due.lock().again.push(token);
        self.schedule();
    }

    pub(super) fn close(&self) {
        if let Some(queue) = self.queue.get() {
            queue.close();
        }
    }

    fn schedule(&self) {
        if let Some(queue) = self.queue.get() {
            queue.schedule();
        }
    }
}

struct Work {
    due: Arc<Mutex<Due>>,
    publisher: Weak<AsyncPublisher>,
}

impl CallbackJob for Work {
    fn run_some(&self, _limit: usize) -> Progress {
        let due = std::mem::take(&mut *self.due.lock());
        if let Some(publisher) = self.publisher.upgrade() {
            if due.lost {
                publisher.give_up_lost();
            }
            for token in due.again {
                publisher.publish_again(token, false);
            }
        }
        // More that is due by now has scheduled the queue again.
        Progress {
            ran: 1,
            more: false,
        }
    }
}
