//! Running callbacks on a thread of the program.

use std::os::fd::RawFd;
use std::sync::Arc;

use super::callbacks::manual::ManualQueue;
use super::connection::Connection;
use crate::error::{Error, Result};

impl Connection {
    fn manual(&self) -> Result<&ManualQueue> {
        self.callbacks.manual().ok_or_else(|| {
            Error::illegal_state(
                "the connection was not made with manual dispatch (natsOptions_SetManualDispatch)",
            )
        })
    }

    /// Do callbacks wait until the program calls [`dispatch`](Self::dispatch)?
    pub fn is_dispatched(&self) -> bool {
        self.callbacks.manual().is_some()
    }

    /// Returns the descriptor that is readable while callbacks wait to be run by [`dispatch`](Self::dispatch). It
    /// remains the connection's.
    pub fn dispatch_fd(&self) -> Result<RawFd> {
        Ok(self.manual()?.fd())
    }

    /// Runs queued callbacks, at most `max` of them, and returns how many ran. Callbacks that are queued during the
    /// call are left for the next one. Does nothing while another thread is running callbacks.
    pub fn dispatch(self: &Arc<Self>, max: Option<usize>) -> Result<usize> {
        let manual = self.manual()?;
        if self.callbacks.life.in_callback() {
            return Err(Error::illegal_state(
                "natsConnection_Dispatch was called inside a callback of the same connection",
            ));
        }
        Ok(manual.run(max.unwrap_or(usize::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;
    use crate::error::Status;

    #[test]
    fn events_of_a_connection_wait_for_the_program() {
        let opts = Options {
            manual_dispatch: true,
            ..Options::default()
        };
        let conn = Connection::new(&opts).expect("no network needed");
        conn.post(|conn| {
            let refused = conn.dispatch(None).unwrap_err();
            assert_eq!(refused.status(), Status::NATS_ILLEGAL_STATE);
        });
        assert_eq!(conn.dispatch(None).unwrap(), 1);
        conn.callbacks.end_dispatch();
        assert!(!conn.post(|_| unreachable!()));
    }

    #[test]
    fn without_the_option_there_is_nothing_to_dispatch() {
        let conn = Connection::new(&Options::default()).expect("no network needed");
        for status in [
            conn.dispatch(None).unwrap_err().status(),
            conn.dispatch_fd().unwrap_err().status(),
        ] {
            assert_eq!(status, Status::NATS_ILLEGAL_STATE);
        }
    }
}
