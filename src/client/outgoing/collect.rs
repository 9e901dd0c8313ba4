//! Collecting: while one thread wakes others that are likely to send their next request at once, these requests are
//! appended only, and the thread that wakes writes them all in one call.
//!
//! Otherwise each of them would be a system call, a segment, and a wake of the server, which are most of what a small
//! request costs where many threads use one connection.
//!
//! Collecting begins and ends under the appender lock. So a frame is either appended before the end, which finds it,
//! or after, and is written by its own thread.

use super::{Mode, Outbound, Wire};

/// A thread collects until this is dropped.
pub(in crate::client) struct Collecting<'a, W: Wire>(&'a Outbound<W>);

impl<W: Wire> Outbound<W> {
    /// Begins to collect what other threads publish with [`When::Soon`](super::publish::When::Soon). No code of the
    /// program may run until the end, nor may the thread wait for anything. The reader of the link may be locked, so not
    /// for a link that an event loop of the program drives: writing may have to call that.
    pub(in crate::client) fn collect(&self) -> Collecting<'_, W> {
        self.appender.lock().collecting += 1;
        Collecting(self)
    }
}

impl<W: Wire> Drop for Collecting<'_, W> {
    fn drop(&mut self) {
        let mut appender = self.0.appender.lock();
        appender.collecting -= 1;
        let link = match &appender.mode {
            Mode::Live(link) if !appender.buf.is_empty() => link.clone(),
            _ => return,
        };
        drop(appender);
        self.0.flush_collected(&link);
    }
}
