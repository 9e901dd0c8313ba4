//! Taking the initial data of a watcher, for lists.
//!
//! What a list costs is mostly the server's work, and where that has few processors, each turn of the client's is one
//! less of the server's. So the thread that lists reads the socket itself: what it looks at has just been read, and no
//! other thread has to be woken for each piece.

use std::time::Instant;

use super::codec::Decode;
use super::entry::Entry;
use super::watch::{Watcher, is_of_consumer, stopped};
use crate::error::{Result as PlainResult, Status};
use crate::js::Result;
use crate::msg::{Msg, MsgList};

/// The number of messages that are taken at once if all of them are wanted.
const AT_ONCE: usize = 256;

impl Watcher {
    /// Passes all initial data to `each`, with errors in place of entries that cannot be read. They must be complete at
    /// `deadline`.
    pub(super) fn gather(
        &self,
        deadline: Option<Instant>,
        mut each: impl FnMut(PlainResult<Entry>),
    ) -> Result<()> {
        // Nothing of the program's runs while this thread reads.
        let codecs = self.store().codecs();
        let reads =
            self.decode == Decode::Nothing || (codecs.keys.is_empty() && codecs.values.is_empty());
        self.gather_until(deadline, reads, |msg| {
            let is_entry = is_of_consumer(&msg);
            let (entry, due) = self.read(msg);
            match entry {
                Some(entry) if is_entry => each(entry),
                Some(Err(news)) => return Some(Err(news)),
                _ => {}
            }
            due.then_some(Ok(()))
        })
    }

    /// The same with the messages as they are. `each` must be short, and call nothing of the program's.
    pub(super) fn gather_msgs(
        &self,
        deadline: Option<Instant>,
        mut each: impl FnMut(Msg),
    ) -> Result<()> {
        self.gather_until(deadline, true, |msg| {
            if !is_of_consumer(&msg) {
                let (due, news) = self.look();
                return (due || news.is_err()).then_some(news);
            }
            let due = self.count();
            each(msg);
            due.then_some(Ok(()))
        })
    }

    /// Gives messages to `each` until that has a result: the initial data are complete, or an error. With `reads` this
    /// thread reads the socket meanwhile.
    fn gather_until(
        &self,
        deadline: Option<Instant>,
        reads: bool,
        mut each: impl FnMut(Msg) -> Option<PlainResult<()>>,
    ) -> Result<()> {
        self.check_taken_by_next()?;
        loop {
            let patience = Instant::now().checked_add(self.store().context().wait());
            let until = earlier(deadline, patience);
            let mut end = None;
            let taken = self.take_each(reads, until, |mut some| {
                while let Some(msg) = some.pop() {
                    if let Some(result) = each(msg) {
                        end = Some(result);
                        return false;
                    }
                }
                true
            });
            if let Some(result) = end {
                return Ok(result?);
            }
            match taken {
                Err(e) if e.status() == Status::NATS_TIMEOUT => {
                    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                        return Err(e);
                    }
                    self.is_there()?;
                }
                Ok(()) if self.is_stopped() => return Err(stopped().into()),
                result => result?,
            }
        }
    }

    /// Fails if the bucket does not exist any more, so that no thread waits in vain. If the server cannot be asked, the
    /// bucket is assumed to exist.
    fn is_there(&self) -> Result<()> {
        match self.store().call().stream_info(self.store().stream()) {
            Err(e) if e.status() == Status::NATS_NOT_FOUND => Err(e),
            Err(e) if e.status() == Status::NATS_CONNECTION_CLOSED => Err(e),
            _ => Ok(()),
        }
    }

    /// Passes pending messages to `take`, and waits for the first; with `reads`, until that returns false.
    fn take_each(
        &self,
        reads: bool,
        deadline: Option<Instant>,
        mut take: impl FnMut(MsgList) -> bool,
    ) -> Result<()> {
        self.taking_up_to(AT_ONCE, deadline, |want| {
            if reads {
                return self.subscription().next_batches(want, take);
            }
            let mut some = MsgList::new();
            self.subscription().next_batch(want, &mut some)?;
            take(some);
            Ok(())
        })
    }
}

/// The earlier of two times, of which `None` is never.
fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_earlier_moment() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        assert_eq!(earlier(Some(now), Some(later)), Some(now));
        assert_eq!(earlier(None, Some(later)), Some(later));
        assert_eq!(earlier(Some(now), None), Some(now));
        assert_eq!(earlier(None, None), None);
    }
}
