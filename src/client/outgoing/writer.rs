//! The writing threads: one that watches the sockets, or a publisher that must not wait, one at a time and never
//! blocking; and large payloads, which are written from the caller's memory.

use std::io::{ErrorKind, IoSlice};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::appender::Mode;
use super::pieces::Pieces;
use super::publish::Outgoing;
use super::{ByteStream, FULL_AT, HEAD, Outbound, Wire, WriterGuard, write_timeout};
use crate::error::{Error, Result, Status};
use crate::proto::encode;
use crate::proto::write_buf::WriteBuf;

/// A buffer that has grown beyond this size is not kept.
const KEEP_CAPACITY: usize = 2 * FULL_AT;

/// How much more a writing thread does beyond writing what it found.
#[derive(Clone, Copy)]
struct Effort {
    /// How often it takes what others have appended meanwhile.
    rounds: usize,
    /// How long it waits for the socket to accept more, before it leaves that to the threads that watch the sockets.
    wait: Duration,
    /// It may hold the reader of the link, so a failure is left to the next thread that reads.
    reads: bool,
}

impl Effort {
    /// A call of the program must not last for as long as others publish.
    const PUBLISHER: Effort = Effort {
        rounds: 1,
        wait: Duration::ZERO,
        reads: false,
    };

    /// A publisher that has filled the buffer. Usually the socket accepts more before another thread would have been
    /// woken to write, so waiting is faster, and the bytes are written from the cache that they are in.
    const FILLER: Effort = Effort {
        rounds: 1,
        wait: Duration::from_millis(5),
        reads: false,
    };

    /// A thread that has collected what others appended while it handed out messages.
    const COLLECTOR: Effort = Effort {
        reads: true,
        ..Effort::PUBLISHER
    };

    /// A thread that watches the sockets has others to serve.
    const WATCHER: Effort = Effort {
        rounds: 16,
        wait: Duration::ZERO,
        reads: false,
    };
}

/// A thread that holds the writer lock for longer waits for the socket with a large payload, perhaps for ever.
const AT_WORK: Duration = Duration::from_millis(1);

/// The outcome of writing.
enum Written {
    /// Nothing is left, or other threads have been asked to continue.
    All,
    /// The socket accepts no more for now.
    Blocked,
}

/// The outcome of writing a large payload.
enum Direct<W> {
    /// It has been written, or is pending, or was refused.
    Done(Result<()>),
    /// The caller's time is over; what was begun is completed without the caller.
    Late(Arc<W>),
    /// The link does not work.
    Failed(Arc<W>, Error),
}

/// What the writer lock protects.
pub(super) struct Writer<W> {
    pub(super) buf: WriteBuf,
    /// The number of bytes of `buf` that have been written.
    pub(super) sent: usize,
    /// The link that accepts nothing any more, until the thread that found out has handled it.
    broken: Weak<W>,
    /// A publisher has waited in vain for the socket to accept more, and nothing has been written since.
    stalled: bool,
    pieces: Pieces,
}

impl<W> Writer<W> {
    pub(super) fn new(pieces: Pieces) -> Self {
        Writer {
            buf: WriteBuf::new(),
            sent: 0,
            broken: Weak::new(),
            stalled: false,
            pieces,
        }
    }

    /// Drops unwritten data. Measurements of pieces are kept.
    pub(super) fn clear(&mut self) {
        (self.buf, self.sent) = (WriteBuf::new(), 0);
        (self.broken, self.stalled) = (Weak::new(), false);
    }

    fn is_broken(&self, link: &Arc<W>) -> bool {
        std::ptr::eq(self.broken.as_ptr(), Arc::as_ptr(link))
    }
}

impl<W: Wire> Outbound<W> {
    /// Writes what there is, unless another thread is writing: then that one will check again.
    pub(in crate::client) fn try_flush(&self, link: &Arc<W>) {
        self.try_flush_with(link, Effort::PUBLISHER);
    }

    /// As [`Outbound::try_flush`], by the publisher that has filled the buffer.
    pub(super) fn flush_full(&self, link: &Arc<W>) {
        self.try_flush_with(link, Effort::FILLER);
    }

    /// As [`Outbound::try_flush`], on a thread of the library.
    pub(in crate::client) fn flush_on_watcher(&self, link: &Arc<W>) {
        self.try_flush_with(link, Effort::WATCHER);
    }

    /// As [`Outbound::try_flush`], by a thread that may hold the reader of the link.
    pub(super) fn flush_collected(&self, link: &Arc<W>) {
        self.try_flush_with(link, Effort::COLLECTOR);
    }

    fn try_flush_with(&self, link: &Arc<W>, effort: Effort) {
        if let Some(writer) = self.writer.try_lock() {
            self.flush_with(writer, link, effort);
        } else {
            self.flush_contended.store(true, Ordering::SeqCst);
            // The holder may have released the lock between the attempt and the flag.
            if let Some(writer) = self.writer.try_lock() {
                self.flush_with(writer, link, effort);
            }
        }
    }

    /// As [`Outbound::try_flush`], but waits for a thread that is writing, unless that one waits itself.
    pub(super) fn flush_wait(&self, link: &Arc<W>) {
        match self.writer.try_lock_for(AT_WORK) {
            Some(writer) => self.flush_with(writer, link, Effort::PUBLISHER),
            None => self.try_flush(link),
        }
    }

    fn flush_with(&self, mut writer: WriterGuard<'_, Writer<W>>, link: &Arc<W>, effort: Effort) {
        self.flush_contended.store(false, Ordering::SeqCst);
        let result = self.write_all(&mut writer, link, effort);
        drop(writer);
        match result {
            Ok(Written::All) => {}
            Ok(Written::Blocked) => link.write_when_ready(),
            Err(e) if effort.reads => link.end_writing(e),
            Err(e) => link.fail_after_reading(e),
        }
        self.look_again();
    }

    /// After the writer lock was released: did another thread want it meanwhile? Perhaps for another server than the
    /// one that was written to, or for data that has been written by now.
    fn look_again(&self) {
        if self.flush_contended.swap(false, Ordering::SeqCst) {
            let mut appender = self.appender.lock();
            if appender.buf.is_empty() {
                appender.flush_requested &= appender.in_burst;
            } else if let Mode::Live(link) = &appender.mode {
                link.request_flush();
            }
        }
    }

    /// Writes what is left, and then, as often as `effort` allows, what has been appended since. Stops when the
    /// socket accepts no more for now.
    fn write_all(&self, writer: &mut Writer<W>, link: &Arc<W>, effort: Effort) -> Result<Written> {
        if writer.is_broken(link) {
            return Ok(Written::All);
        }
        let result = self.write_rounds(writer, link, effort);
        if result.is_err() {
            writer.broken = Arc::downgrade(link);
        }
        result
    }

    fn write_rounds(
        &self,
        writer: &mut Writer<W>,
        link: &Arc<W>,
        effort: Effort,
    ) -> Result<Written> {
        let mut rounds = effort.rounds;
        loop {
            if writer.sent == writer.buf.len() {
                match link.stream().flush() {
                    Ok(()) => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(Written::Blocked),
                    Err(e) => return Err(e.into()),
                }
                let mut appender = self.appender.lock();
                if !appender.is_live(link) {
                    drop(appender);
                    // A thread that found the lock taken meanwhile may have meant the present link.
                    self.flush_contended.store(true, Ordering::SeqCst);
                    return Ok(Written::All);
                }
                let left = writer.buf.len() as u64;
                if left > 0 {
                    appender.written = appender.swapped;
                    writer.sent = 0;
                    writer.buf.clear();
                    if writer.buf.capacity() > KEEP_CAPACITY {
                        writer.buf = WriteBuf::new();
                    }
                }
                let mut done = appender.buf.is_empty() || rounds == 0;
                if left > 0 && rounds > Effort::PUBLISHER.rounds {
                    done |= self.begins_burst(&mut appender, link);
                }
                if done {
                    appender.last_write = Instant::now();
                    if !appender.in_burst {
                        appender.flush_requested = false;
                        if !appender.buf.is_empty() {
                            appender.ask();
                        }
                    }
                    drop(appender);
                    if left > 0 {
                        self.progress.notify_all();
                    }
                    return Ok(Written::All);
                }
                rounds -= 1;
                std::mem::swap(&mut appender.buf, &mut writer.buf);
                appender.swapped += writer.buf.len() as u64;
                drop(appender);
                self.progress.notify_all();
            }
            if let Written::Blocked = write_buffered(writer, link, effort.wait)? {
                return Ok(Written::Blocked);
            }
        }
    }

    /// Writes a large payload from the caller's memory, after everything that was published before.
    pub(super) fn publish_direct(&self, out: &Outgoing<'_>) -> Result<()> {
        self.appender.lock().check(out)?;
        let deadline = self.deadline();
        let own = out.deadline.filter(|own| *own < deadline);
        let Some(mut writer) = self.writer.try_lock_until(own.unwrap_or(deadline)) else {
            return Err(Status::NATS_TIMEOUT.into());
        };
        let outcome = self.direct(&mut writer, out, deadline, own);
        drop(writer);
        self.progress.notify_all();
        self.look_again();
        match outcome {
            Direct::Done(result) => result,
            Direct::Late(link) => {
                link.write_when_ready();
                Err(Status::NATS_TIMEOUT.into())
            }
            Direct::Failed(link, e) => {
                let late = e.status() == Status::NATS_TIMEOUT;
                if late {
                    link.fail(write_timeout());
                } else {
                    link.fail_after_reading(e.clone());
                }
                // Unless memory was short, or nothing follows, the whole frame is kept for after the reconnect; also
                // if the deadline passed, which is reported to the caller.
                let lost = e.status() == Status::NATS_NO_MEMORY;
                match link.has_successor() {
                    false => Err(Status::NATS_CONNECTION_CLOSED.into()),
                    true if late || lost => Err(e),
                    true => Ok(()),
                }
            }
        }
    }

    /// The writer is locked: no code of the program may run here, nor anything that ends the link.
    fn direct(
        &self,
        writer: &mut Writer<W>,
        out: &Outgoing<'_>,
        deadline: Instant,
        own: Option<Instant>,
    ) -> Direct<W> {
        if let Some(own) = own
            && let Some(link) = self.is_behind(writer, own)
        {
            return Direct::Late(link);
        }
        let mut appender = self.appender.lock();
        if let Err(e) = appender.check(out) {
            return Direct::Done(Err(e));
        }
        let link = match &appender.mode {
            Mode::Live(link) if !link.has_ended() && !writer.is_broken(link) => link.clone(),
            // Without a server, or with one that is lost already, the frame is for the next one.
            _ => {
                if writer.buf.len() + appender.buf.len() >= self.pending_max {
                    return Direct::Done(Err(Status::NATS_INSUFFICIENT_BUFFER.into()));
                }
                let result = appender.make_room(out);
                if result.is_ok() {
                    out.encode(&mut appender.buf);
                    appender.count(out);
                }
                return Direct::Done(result);
            }
        };
        if !appender.buf.try_room(out.size() - out.payload.len() + HEAD) {
            return Direct::Done(Err(Status::NATS_NO_MEMORY.into()));
        }
        out.encode_head(&mut appender.buf);
        appender.count(out);
        appender.swapped += (appender.buf.len() + out.payload.len() + encode::CRLF.len()) as u64;
        writer.buf.append(&mut appender.buf);
        // The thread that was asked to look finds it gone.
        appender.flush_requested &= appender.in_burst;
        drop(appender);
        match self.write_direct(writer, &link, out.payload, own.unwrap_or(deadline)) {
            Ok(()) => Direct::Done(Ok(())),
            // The rest is in the write buffer, and is written when the socket accepts more.
            Err(e) if own.is_some() && e.status() == Status::NATS_TIMEOUT => Direct::Late(link),
            Err(e) => {
                writer.broken = Arc::downgrade(&link);
                Direct::Failed(link, e)
            }
        }
    }

    /// Writes what was published before. Returns the link if the time is over before that has been written; the caller
    /// has not begun a frame of its own then.
    fn is_behind(&self, writer: &mut Writer<W>, deadline: Instant) -> Option<Arc<W>> {
        let link = match &self.appender.lock().mode {
            Mode::Live(link) => link.clone(),
            _ => return None,
        };
        loop {
            match self.write_all(writer, &link, Effort::PUBLISHER) {
                Ok(Written::Blocked) => {}
                Ok(Written::All) => return None,
                Err(e) => {
                    link.end_writing(e);
                    return None;
                }
            }
            if let Err(e) = link.stream().wait_writable(deadline)
                && e.status() == Status::NATS_TIMEOUT
            {
                return Some(link);
            }
        }
    }

    /// Writes the write buffer, the payload and a line end. If that fails, the frame is put together in the write
    /// buffer, so that it ends with a whole frame again.
    fn write_direct(
        &self,
        writer: &mut Writer<W>,
        link: &W,
        payload: &[u8],
        deadline: Instant,
    ) -> Result<()> {
        let head = writer.buf.len();
        let total = head + payload.len() + encode::CRLF.len();
        let clock = writer.pieces.begin(total - writer.sent);
        let first = writer.sent;
        let result = loop {
            let end = writer.sent + writer.pieces.next(total - writer.sent);
            // What of each part, which begins at `start` of the whole, lies between what has left and the piece's end.
            let within = |part: &[u8], start: usize| {
                let at = |position: usize| position.saturating_sub(start).min(part.len());
                at(writer.sent)..at(end)
            };
            let parts = [
                IoSlice::new(&writer.buf[within(&writer.buf, 0)]),
                IoSlice::new(&payload[within(payload, head)]),
                IoSlice::new(&encode::CRLF[within(encode::CRLF, head + payload.len())]),
            ];
            match link.stream().write_vectored(&parts) {
                Ok(n) => writer.sent += n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    match link.stream().wait_writable(deadline) {
                        Ok(()) => {}
                        Err(e) => break Err(e),
                    }
                }
                Err(e) => break Err(e.into()),
            }
            if writer.sent == total {
                writer.pieces.end(clock, total - first);
                break flush_all(link, deadline);
            }
        };
        if result.is_ok() {
            let mut appender = self.appender.lock();
            appender.written = appender.swapped;
            writer.buf.clear();
            writer.sent = 0;
        } else if writer.buf.try_room(payload.len() + encode::CRLF.len()) {
            writer.buf.extend_from_slice(payload);
            writer.buf.extend_from_slice(encode::CRLF);
        } else {
            // Half a frame can only be followed by the end of the link, and what was before it is lost.
            (writer.buf, writer.sent) = (WriteBuf::new(), 0);
            return Err(Status::NATS_NO_MEMORY.into());
        }
        result
    }
}

/// Writes the write buffer in pieces. If the socket accepts no more, waits for it for a limited time, unless that was
/// in vain the last time.
fn write_buffered<W: Wire>(writer: &mut Writer<W>, link: &W, wait: Duration) -> Result<Written> {
    let first = writer.sent;
    let clock = writer.pieces.begin(writer.buf.len() - first);
    let mut until = None;
    while writer.sent < writer.buf.len() {
        let end = writer.sent + writer.pieces.next(writer.buf.len() - writer.sent);
        match link.stream().write(&writer.buf[writer.sent..end]) {
            Ok(0) => return Err(Status::NATS_IO_ERROR.into()),
            Ok(n) => {
                writer.sent += n;
                writer.stalled = false;
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                // The caller may be the program's event loop.
                if wait.is_zero() || writer.stalled || link.is_loop_driven() {
                    return Ok(Written::Blocked);
                }
                let until = *until.get_or_insert_with(|| Instant::now() + wait);
                if link.stream().wait_writable(until).is_err() {
                    writer.stalled = true;
                    return Ok(Written::Blocked);
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
    writer.pieces.end(clock, writer.sent - first);
    Ok(Written::All)
}

/// Waits until the kernel has accepted everything that the stream has taken.
fn flush_all<W: Wire>(link: &W, deadline: Instant) -> Result<()> {
    loop {
        match link.stream().flush() {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                link.stream().wait_writable(deadline)?;
            }
            result => return Ok(result?),
        }
    }
}
