//! An established session's reading side: from the socket to the subscriptions.
//!
//! A link is created for each attempt, so that nothing of an old session reaches a new one. After the handshake it is
//! driven by the threads that watch the sockets, or by a thread that waits for an answer. This file has its life;
//! `reading` reads and parses.

mod reading;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use self::reading::Reader;
use crate::client::incoming::event_loop::LinkState;
use crate::client::incoming::upstream::Upstream;
use crate::client::outgoing::Outbound;
use crate::client::outgoing::wire::Wire;
use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::msg::Receiver;
use crate::net::stream::Stream;
use crate::proto::parser::Parser;
use crate::runtime::{Registration, Source};

/// The factor by which a failing link may read more, to receive the server's last messages.
const READS_OF_LAST_WORDS: usize = 16;
/// The link of a connection to one server.
pub(in crate::client) struct Link<U: Upstream> {
    pub(super) up: Arc<U>,
    pub(super) stream: Stream,
    reader: RankedMutex<{ rank::READER }, Reader<U::Subscription>>,
    /// A thread reads, and has not handed over all that it has read.
    reading: AtomicBool,
    pub(super) registration: OnceLock<Registration>,
    /// State for the case that an event loop of the program drives the link.
    pub(super) external_loop: LinkState,
    me: Weak<Link<U>>,
    /// Its end has been noticed: it is neither read nor written any more.
    ended: AtomicBool,
    /// The link did not break: the program asked for another connection.
    given_up: AtomicBool,
    /// Why writing failed. The reading thread then sees the end of the stream, which says less.
    write_error: OnceLock<Error>,
}

impl<U: Upstream> Link<U> {
    /// Creates a link whose handshake is done. `receiver` has what arrived behind the handshake.
    pub(in crate::client) fn new(
        up: &Arc<U>,
        stream: Stream,
        receiver: Receiver,
        parser: Parser,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Link {
            up: up.clone(),
            stream,
            reader: RankedMutex::new(Reader::new(receiver, parser)),
            reading: AtomicBool::new(false),
            registration: OnceLock::new(),
            external_loop: LinkState::default(),
            me: me.clone(),
            ended: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            write_error: OnceLock::new(),
        })
    }

    /// Does an event loop of the program drive the link?
    #[inline]
    pub(in crate::client) fn is_externally_driven(&self) -> bool {
        self.up.event_loop().is_some()
    }

    /// Starts to drive the link, by the library's threads or by the program's event loop, which has the socket
    /// already.
    pub(in crate::client) fn start(self: &Arc<Self>) -> Result<()> {
        if let Some(external_loop) = self.up.event_loop() {
            self.external_loop.start(self, external_loop);
            return Ok(());
        }
        // What arrived right behind the handshake is in the receiver, not in the socket.
        let has_buffered_input = self.reader.lock().start() || self.stream.is_tls();
        let registration = self.up.runtime().io.register(self.clone())?;
        let registration = self.registration.get_or_init(|| registration);
        if self.has_ended() {
            registration.cancel();
        }
        if has_buffered_input {
            registration.request_read();
        }
        // Requests to write that were made before found nobody to serve them.
        if self.up.outbound().buffered() > 0 {
            self.up.outbound().try_flush(self);
        }
        Ok(())
    }

    /// Has the server sent something that has not been read and handed over yet? Then it is not silent, whatever the
    /// clock says: the process may have been stopped for a while. Does not wait, and does not touch the reader's lock,
    /// which a thread that reads must never find taken by one that does not.
    pub(in crate::client) fn has_unread(&self) -> bool {
        // In this order: what has just left the socket is being read.
        !self.has_ended()
            && (self.stream.wait_readable(Instant::now(), None).is_ok()
                || self.reading.load(Ordering::SeqCst))
    }

    /// Asks for the outgoing buffer to be written soon.
    #[inline]
    pub(in crate::client) fn request_flush(&self) {
        if let Some(registration) = self.registration.get() {
            registration.request_write();
        } else if self.is_externally_driven()
            && let Some(this) = self.me.upgrade()
        {
            self.external_loop.ask_write_later(&this);
        }
    }

    /// The socket accepts no more: has the rest of the outgoing buffer written when it does.
    pub(in crate::client) fn write_when_ready(self: &Arc<Self>) {
        if let Some(registration) = self.registration.get() {
            registration.write_when_ready();
        } else {
            self.ask_write();
        }
    }

    /// Ends the link: it is not driven any more, and the server sees the end of the stream.
    pub(in crate::client) fn stop(&self) {
        self.ended.store(true, Ordering::Release);
        // In this order, no thread is woken only to see the end of the stream.
        if let Some(registration) = self.registration.get() {
            registration.cancel();
        }
        self.stream.shutdown();
        if let Some(external_loop) = self.up.event_loop() {
            external_loop.unlink(self);
        }
    }

    /// Waits until no thread reads from this link, which has ended.
    pub(in crate::client) fn wait_for_its_reader(&self) {
        drop(self.reader.lock());
    }

    /// Has its end been noticed?
    pub(in crate::client) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// The link does not work any more: tells the connection, once.
    pub(in crate::client) fn fail(self: &Arc<Self>, error: Error) {
        if !self.ended.swap(true, Ordering::AcqRel) {
            let is_end = error.status() == Status::NATS_CONNECTION_CLOSED;
            let cause = self.write_error.get().filter(|_| is_end).cloned();
            self.up.on_disconnect(self, cause.unwrap_or(error));
        }
    }

    /// As [`Link::fail`], at the program's request.
    pub(in crate::client) fn give_up(self: &Arc<Self>, error: Error) {
        self.given_up.store(true, Ordering::Release);
        self.fail(error);
    }

    /// Did the program end the link?
    pub(in crate::client) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// Writing failed: the reading thread sees the end of the stream and fails with this error.
    pub(in crate::client) fn end_writing(&self, error: Error) {
        // The first error is kept.
        let _ = self.write_error.set(error);
        self.stream.shutdown();
    }

    /// The link cannot be written any more. What the server sent before that explains more than the error, so it is
    /// read first. No lock may be held.
    pub(in crate::client) fn fail_after_reading(self: &Arc<Self>, error: Error) {
        let Some(mut reader) = self.reader.try_lock() else {
            self.end_writing(error);
            return;
        };
        for _ in 0..READS_OF_LAST_WORDS {
            if self.has_ended() {
                return;
            }
            match self.read_and_hand_over(&mut reader) {
                Ok(true) => {}
                Ok(false) => break,
                Err(stop) => {
                    drop(reader);
                    if !self.act_on(stop) {
                        return;
                    }
                    match self.reader.try_lock() {
                        Some(again) => reader = again,
                        None => return self.end_writing(error),
                    }
                }
            }
        }
        drop(reader);
        self.fail(error);
    }

    /// Is a thread reading from the link?
    #[cfg(test)]
    pub(in crate::client) fn is_being_read(&self) -> bool {
        self.reader.try_lock().is_none()
    }

    /// The address of the socket on this side.
    pub(in crate::client) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }
}

impl<U: Upstream> Wire for Link<U> {
    type Stream = Stream;

    #[inline]
    fn stream(&self) -> &Stream {
        &self.stream
    }

    #[inline]
    fn outbound(&self) -> &Outbound<Self> {
        self.up.outbound()
    }

    fn run_later(&self, delay: Duration, action: Box<dyn FnOnce() + Send>) {
        self.up.runtime().timers.after(delay, action);
    }

    #[inline]
    fn has_ended(&self) -> bool {
        self.has_ended()
    }

    #[inline]
    fn is_loop_driven(&self) -> bool {
        self.is_externally_driven()
    }

    fn has_successor(&self) -> bool {
        self.up.has_successor()
    }

    #[inline]
    fn request_flush(&self) {
        self.request_flush();
    }

    fn write_when_ready(self: &Arc<Self>) {
        Link::write_when_ready(self);
    }

    fn ask_write(self: &Arc<Self>) {
        Link::ask_write(self);
    }

    fn fail(self: &Arc<Self>, error: Error) {
        Link::fail(self, error);
    }

    fn fail_after_reading(self: &Arc<Self>, error: Error) {
        Link::fail_after_reading(self, error);
    }

    fn end_writing(self: &Arc<Self>, error: Error) {
        Link::end_writing(self, error);
    }
}

impl<U: Upstream> AsFd for Link<U> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl<U: Upstream> Source for Link<U> {
    fn read(&self) {
        let Some(this) = self.me.upgrade() else {
            return;
        };
        loop {
            let result = this.read_and_hand_over(&mut this.reader.lock());
            match (result, self.registration.get()) {
                // The buffers of TLS and WebSocket are not in the socket.
                (Ok(true), Some(registration)) if !self.stream.is_plain() => {
                    return registration.request_read();
                }
                (Ok(_), _) => return,
                // The socket does not report again what has been received already.
                (Err(stop), _) => {
                    if !this.act_on(stop) {
                        return;
                    }
                }
            }
        }
    }

    fn write(&self) {
        if let Some(this) = self.me.upgrade() {
            self.up.outbound().flush_on_watcher(&this);
        }
    }

    fn busy_poll(&self) -> Duration {
        // A single processor has no time to spare for polling.
        match self.up.runtime().processors() {
            0 | 1 => Duration::ZERO,
            _ => self.up.receive_busy_poll(),
        }
    }
}
