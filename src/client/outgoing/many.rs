//! Appending several frames with the front locked once.

use std::time::Instant;

use super::front::Front;
use super::publish::{Outgoing, When};
use super::{AppenderGuard, FULL_AT, Outbound, WRITE_AT, Wire};
use crate::error::Result;

/// Appends one of several frames.
pub(in crate::client) type Append<'a> = dyn FnMut(&Outgoing<'_>) -> Result<()> + 'a;

impl<W: Wire> Outbound<W> {
    /// Has `fill` append frames, with the front locked from the first one on, unless one has to wait for room or
    /// fails. What was appended is sent in any case.
    pub(in crate::client) fn publish_many<R>(
        &self,
        when: When,
        deadline: Option<Instant>,
        fill: impl FnOnce(&mut Append<'_>) -> Result<R>,
    ) -> Result<R> {
        let mut locked = None;
        let mut some = false;
        let result = fill(&mut |out| {
            let front = locked.take().unwrap_or_else(|| self.front.lock());
            let front = self.append_one(front, out, deadline)?;
            some = true;
            if front.buf.len() < WRITE_AT {
                locked = Some(front);
                return Ok(());
            }
            self.after_append(front, When::Buffered)
        });
        let left = match (some, locked) {
            (true, Some(front)) => self.after_append(front, when),
            // Everything has been written, as far as the kernel accepts it, except for callers that wait for that.
            (true, None) if when != When::Buffered => self.after_append(self.front.lock(), when),
            _ => Ok(()),
        };
        let result = result?;
        left.map(|()| result)
    }

    /// Appends a frame with the front locked; if that fails the lock is released.
    fn append_one<'a>(
        &'a self,
        mut front: AppenderGuard<'a, Front<W>>,
        out: &Outgoing<'_>,
        deadline: Option<Instant>,
    ) -> Result<AppenderGuard<'a, Front<W>>> {
        front.check(out)?;
        if front.buf.len() >= FULL_AT.min(self.pending_max) {
            front = self.wait_for_room(front, deadline)?;
            // The server may be another one by now.
            front.check(out)?;
        }
        front.make_room(out)?;
        out.encode(&mut front.buf);
        front.count(out);
        Ok(front)
    }
}
