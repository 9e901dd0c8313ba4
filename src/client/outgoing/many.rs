//! Appending several frames with the appender locked once.

use std::time::Instant;

use super::appender::Appender;
use super::publish::{Outgoing, When};
use super::{AppenderGuard, FULL_AT, Outbound, WRITE_AT, Wire};
use crate::error::Result;

/// Appends one of several frames.
pub(in crate::client) type Append<'a> = dyn FnMut(&Outgoing<'_>) -> Result<()> + 'a;

impl<W: Wire> Outbound<W> {
    /// Has `fill` append frames, with the appender locked from the first one on, unless one has to wait for room or
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
            let appender = locked.take().unwrap_or_else(|| self.appender.lock());
            let appender = self.append_one(appender, out, deadline)?;
            some = true;
            if appender.buf.len() < WRITE_AT {
                locked = Some(appender);
                return Ok(());
            }
            self.after_append(appender, When::Buffered)
        });
        let left = match (some, locked) {
            (true, Some(appender)) => self.after_append(appender, when),
            // Everything has been written, as far as the kernel accepts it, except for callers that wait for that.
            (true, None) if when != When::Buffered => self.after_append(self.appender.lock(), when),
            _ => Ok(()),
        };
        let result = result?;
        left.map(|()| result)
    }

    /// Appends a frame with the appender locked; if that fails the lock is released.
    fn append_one<'a>(
        &'a self,
        mut appender: AppenderGuard<'a, Appender<W>>,
        out: &Outgoing<'_>,
        deadline: Option<Instant>,
    ) -> Result<AppenderGuard<'a, Appender<W>>> {
        appender.check(out)?;
        if appender.buf.len() >= FULL_AT.min(self.pending_max) {
            appender = self.wait_for_room(appender, deadline)?;
            // The server may be another one by now.
            appender.check(out)?;
        }
        appender.make_room(out)?;
        out.encode(&mut appender.buf);
        appender.count(out);
        Ok(appender)
    }
}
