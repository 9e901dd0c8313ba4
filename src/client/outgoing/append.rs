//! The publishers' side: appends a frame, and makes sure that it is written.

use std::sync::Arc;
use std::time::Instant;

use super::appender::{Appender, Mode};
use super::publish::{Outgoing, When};
use super::{
    ALONE, AppenderGuard, ByteStream, FULL_AT, Outbound, QUIET, WRITE_AT, Wire, is_direct,
    write_timeout,
};
use crate::error::{Error, Result, Status};
use crate::proto::write_buf::WriteBuf;

impl<W: Wire> Outbound<W> {
    /// Appends one frame. Waits while the buffer is full, but not beyond the write deadline.
    pub(in crate::client) fn publish(&self, out: &Outgoing<'_>, when: When) -> Result<()> {
        if is_direct(out.payload.len()) {
            return self.publish_direct(out);
        }
        let mut appender = self.appender.lock();
        appender.check(out)?;
        if appender.buf.len() >= FULL_AT.min(self.pending_max) {
            appender = self.wait_for_room(appender, out.deadline)?;
            // The server may be another one by now.
            appender.check(out)?;
        }
        appender.make_room(out)?;
        out.encode(&mut appender.buf);
        appender.count(out);
        if when == When::Buffered && appender.flush_requested && appender.buf.len() < WRITE_AT {
            return Ok(());
        }
        self.after_append(appender, when)
    }

    /// Makes sure that what was just appended is written.
    pub(super) fn after_append(
        &self,
        mut appender: AppenderGuard<'_, Appender<W>>,
        when: When,
    ) -> Result<()> {
        match when {
            When::Buffered if appender.buf.len() < WRITE_AT => {
                if appender.flush_requested {
                    return Ok(());
                }
                if let Some(link) = appender.loop_driven_link() {
                    // The program's event loop may call back, so the lock must not be held.
                    appender.flush_requested = true;
                    drop(appender);
                    link.ask_write();
                    return Ok(());
                }
                let link = match &appender.mode {
                    Mode::Live(link) if ALONE.take() || appender.last_write.elapsed() > QUIET => {
                        link.clone()
                    }
                    _ => {
                        appender.ask();
                        return Ok(());
                    }
                };
                // What others append meanwhile is written as well.
                appender.flush_requested = true;
                drop(appender);
                self.try_flush(&link);
                Ok(())
            }
            When::Buffered => {
                let Mode::Live(link) = &appender.mode else {
                    return Ok(());
                };
                let link = link.clone();
                drop(appender);
                self.flush_full(&link);
                Ok(())
            }
            // The thread that collects writes it.
            When::Soon if appender.collecting > 0 && appender.buf.len() < WRITE_AT => Ok(()),
            When::Soon | When::Now => {
                let Mode::Live(link) = &appender.mode else {
                    return Ok(());
                };
                let (link, position) = (link.clone(), appender.swapped + appender.buf.len() as u64);
                drop(appender);
                self.flush_wait(&link);
                // The caller may be the program's event loop; then nobody else would continue to write.
                if when == When::Now && !link.is_loop_driven() {
                    self.wait_written(position, &link)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Waits until there is room for another frame; there is at once while the pending bytes are below the limit. The
    /// caller may have a deadline of its own, which says nothing about the connection.
    ///
    /// Takes the guard by value and returns it: the lock is released while the program's event loop is called, and a
    /// child that the loop's code forks, and that returns in it, must not take the lock again.
    pub(super) fn wait_for_room<'a>(
        &'a self,
        mut appender: AppenderGuard<'a, Appender<W>>,
        own: Option<Instant>,
    ) -> Result<AppenderGuard<'a, Appender<W>>> {
        let deadline = self.deadline();
        let own = own.filter(|own| *own < deadline);
        loop {
            appender.check_open()?;
            match &appender.mode {
                Mode::Pending if appender.buf.len() >= self.pending_max => {
                    return Err(Status::NATS_INSUFFICIENT_BUFFER.into());
                }
                Mode::Live(link) if appender.buf.len() >= FULL_AT => {
                    let link = link.clone();
                    let late = if link.is_loop_driven() {
                        drop(appender);
                        let late = self.make_room(own.unwrap_or(deadline), &link);
                        appender = self.appender.lock();
                        late
                    } else {
                        self.is_late(&mut appender, own.unwrap_or(deadline))
                    };
                    match (late, own) {
                        (false, _) => {}
                        (true, Some(_)) => return Err(Status::NATS_TIMEOUT.into()),
                        (true, None) => {
                            drop(appender);
                            return Err(give_up(&link));
                        }
                    }
                }
                _ => return Ok(appender),
            }
        }
    }

    /// Waits until the kernel has all bytes up to `position`, or the server is lost, in which case they are pending
    /// again.
    fn wait_written(&self, position: u64, link: &Arc<W>) -> Result<()> {
        let deadline = self.deadline();
        let mut appender = self.appender.lock();
        while appender.written < position {
            match &appender.mode {
                Mode::Live(current) if Arc::ptr_eq(current, link) => {
                    if self.is_late(&mut appender, deadline) {
                        drop(appender);
                        return Err(give_up(link));
                    }
                }
                Mode::Closed => return Err(Status::NATS_CONNECTION_CLOSED.into()),
                _ => break,
            }
        }
        Ok(())
    }

    /// Waits until some bytes have been written. Returns true if the time is over.
    fn is_late(&self, appender: &mut AppenderGuard<'_, Appender<W>>, deadline: Instant) -> bool {
        self.progress
            .wait_until(appender.for_wait(), deadline)
            .timed_out()
    }

    /// As [`Outbound::is_late`], for a link that an event loop of the program drives: the waiting thread may be the
    /// loop's, so it writes itself. No lock may be held.
    fn make_room(&self, deadline: Instant, link: &Arc<W>) -> bool {
        let waited = link.stream().wait_writable(deadline);
        self.flush_wait(link);
        // A socket that cannot be waited for cannot be written either, which ends the link.
        waited.is_err_and(|e| e.status() == Status::NATS_TIMEOUT)
    }

    /// Appends a frame that is not a publish. It never waits, and is dropped without a server, since all such state is
    /// sent again to the next one. Called with the registry locked, which orders it with respect to a reconnect.
    /// Returns its position among all such frames; 0 without a server.
    pub(in crate::client) fn control(&self, encode: impl FnOnce(&mut WriteBuf)) -> u64 {
        let mut appender = self.appender.lock();
        if !appender.append(encode) {
            return 0;
        }
        appender.controls += 1;
        appender.controls
    }
}

/// The server does not read: it is treated as lost. No lock may be held. Returns the error for the caller.
#[cold]
fn give_up<W: Wire>(link: &Arc<W>) -> Error {
    link.fail(write_timeout());
    write_timeout()
}
