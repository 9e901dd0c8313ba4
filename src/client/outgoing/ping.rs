//! PINGs that something waits for.

use std::time::Duration;

use crate::client::sync::one_shot::OneShot;
use crate::error::Result;

/// The longest that a drain waits for the server's answer to what it sent; the last answer, where the
/// drain has a limit itself, it awaits until then.
pub(in crate::client) const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Who waits for a PONG.
pub(in crate::client) enum PingWaiter {
    /// Nobody: it only shows that the server is alive.
    Keepalive,
    /// A thread.
    Thread(OneShot<Result<()>>),
    /// Something that goes on when it comes. Runs on the thread that reads,
    /// whichever that is, and must not block.
    Then(Box<dyn FnOnce(Result<()>) + Send>),
}

impl PingWaiter {
    /// The PONG came, or never will.
    pub(in crate::client) fn finish(self, result: Result<()>) {
        match self {
            PingWaiter::Keepalive => {}
            PingWaiter::Thread(slot) => slot.send(result),
            PingWaiter::Then(then) => then(result),
        }
    }
}
