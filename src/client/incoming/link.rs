//! An established session's reading side: from the socket to the subscriptions.
//!
//! A link is created for each attempt, so that nothing of an old session reaches a new one. After the handshake it is
//! driven by the threads that watch the sockets, or by a thread that waits for an answer.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crate::client::incoming::event_loop::LinkState;
use crate::client::incoming::unused;
use crate::client::incoming::upstream::{After, Control, Upstream};
use crate::client::interest::registry::Route;
use crate::client::outgoing::Outbound;
use crate::client::outgoing::wire::Wire;
use crate::client::sync::ranked::{RankedMutex, rank};
use crate::error::{Error, Result, Status};
use crate::msg::{MsgList, Receiver};
use crate::net::stream::Stream;
use crate::proto::info::ServerInfo;
use crate::proto::parser::{Op, Parser, Step};
use crate::proto::server_error::ServerError;
use crate::runtime::{Registration, Source, has_found_job};

/// The number of successive reads of one connection before others have their turn.
const READS_AT_ONCE: usize = 32;
/// The factor by which a failing link may read more, to receive the server's last messages.
const READS_OF_LAST_WORDS: usize = 16;
/// After this number of bytes the messages are handed over even if the socket has more: waking a worker costs as much
/// as some hundred messages, but it should work while the next ones are read.
const HAND_OVER_AT: usize = 256 * 1024;
/// A read of fewer bytes is taken to have emptied the socket.
const TRICKLE: usize = 4096;

/// The link of a connection to one server.
pub(in crate::client) struct Link<U: Upstream> {
    pub(super) up: Arc<U>,
    pub(super) stream: Stream,
    reader: RankedMutex<{ rank::READER }, Reader<U::Subscription>>,
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

/// What the reader lock protects.
struct Reader<S> {
    receiver: Receiver,
    parser: Parser,
    /// The length of the frame that has begun, if known.
    frame_len_hint: Option<usize>,
    gathered: ReadBatches<S>,
}

/// The messages of one or a few reads, by subscription and sid.
struct ReadBatches<S> {
    batches: Vec<(Route<S>, u64, MsgList)>,
    /// The registry's round in which the batches were begun.
    round: u64,
    msgs: u64,
    bytes: u64,
    /// Bytes read since messages were last handed over.
    wire: usize,
}

/// An operation of the protocol that is not a message.
enum Operation {
    Ping,
    Ok,
    Other(Control),
}

/// Why reading has stopped although there may be more to read.
enum Stop {
    Failed(Error),
    /// An action to be run first, with the reader released.
    ToAct(Box<dyn FnOnce() + Send>),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Failed(error.into())
    }
}

/// The result of reading: true if there may be more.
type ReadResult = Result<bool, Stop>;

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
            reader: RankedMutex::new(Reader {
                receiver,
                parser,
                frame_len_hint: None,
                gathered: ReadBatches {
                    batches: Vec::new(),
                    round: 0,
                    msgs: 0,
                    bytes: 0,
                    wire: 0,
                },
            }),
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
        let has_buffered_input = {
            let receiver = &mut self.reader.lock().receiver;
            // An idle connection holds no block.
            receiver.rest();
            self.stream.is_tls() || !receiver.unparsed().is_empty()
        };
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

    /// Does what reading has stopped for. The reader must have been released. Returns true if reading should continue.
    fn act_on(self: &Arc<Self>, stop: Stop) -> bool {
        match stop {
            Stop::Failed(error) => {
                self.fail(error);
                false
            }
            Stop::ToAct(action) => {
                action();
                !self.has_ended()
            }
        }
    }

    /// Reads and hands over what has come.
    fn read_and_hand_over(self: &Arc<Self>, reader: &mut Reader<U::Subscription>) -> ReadResult {
        let result = self.read_some(reader);
        self.hand_over(&mut reader.gathered);
        unused::watch(&self.up.runtime().timers);
        result
    }

    fn read_some(self: &Arc<Self>, reader: &mut Reader<U::Subscription>) -> ReadResult {
        // An ended link must not deliver anything after its successor has begun.
        if self.has_ended() {
            return Ok(false);
        }
        self.process(reader)?;
        for _ in 0..READS_AT_ONCE {
            if self.has_ended() {
                return Ok(false);
            }
            let frame_len_hint = reader.frame_len_hint;
            match reader
                .receiver
                .read_with(frame_len_hint, |room| self.stream.read_vectored(room))
            {
                Ok(0) => return Err(end_of_stream().into()),
                Ok(n) => {
                    reader.gathered.wire += n;
                    self.process(reader)?;
                    let wire = reader.gathered.wire;
                    if !reader.receiver.is_full() || wire >= HAND_OVER_AT {
                        self.hand_over(&mut reader.gathered);
                        // The callbacks are for this thread to run; another thread continues to read.
                        if has_found_job() {
                            reader.receiver.rest();
                            return Ok(true);
                        }
                    }
                    // Usually the socket is empty now. If not, it is reported again when it is armed.
                    if wire < TRICKLE && !reader.receiver.is_full() && self.is_armed_after_reading()
                    {
                        reader.receiver.rest();
                        return Ok(false);
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    reader.receiver.rest();
                    return Ok(false);
                }
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }

    /// Will the remaining data in the socket be reported when this read is over?
    fn is_armed_after_reading(&self) -> bool {
        self.stream.is_plain() && !self.is_externally_driven()
    }

    /// As [`Link::read_and_hand_over`], unless another thread is reading or the link has ended. True if there may be
    /// more.
    pub(in crate::client) fn try_read(self: &Arc<Self>) -> Option<bool> {
        loop {
            let mut reader = self.reader.try_lock()?;
            if self.has_ended() {
                return None;
            }
            let result = self.read_and_hand_over(&mut reader);
            drop(reader);
            match result {
                Ok(more) => return Some(more),
                Err(stop) => {
                    if !self.act_on(stop) {
                        return None;
                    }
                }
            }
        }
    }

    /// Parses everything that has been received. Messages are collected; other operations are performed at once, after
    /// the messages before them have been handed over.
    fn process(self: &Arc<Self>, reader: &mut Reader<U::Subscription>) -> Result<(), Stop> {
        while let Some(operation) = self.gather(reader)? {
            self.hand_over(&mut reader.gathered);
            self.perform(operation)?;
        }
        Ok(())
    }

    /// Collects messages by subscription, up to the next operation that is not a message.
    fn gather(&self, reader: &mut Reader<U::Subscription>) -> Result<Option<Operation>> {
        let Reader {
            receiver,
            parser,
            frame_len_hint,
            gathered,
        } = reader;
        if receiver.unparsed().is_empty() && !receiver.advance(None)? {
            return Ok(None);
        }
        let mut registry = self.up.interest().look_up();
        if gathered.batches.is_empty() {
            gathered.round = registry.next_round();
        }
        let round = gathered.round;
        let (mut last_sid, mut last_batch) = (0, usize::MAX);
        loop {
            let step = parser
                .next(receiver.unparsed())
                .map_err(|e| Error::protocol(e.to_string()))?;
            let (op, consumed) = match step {
                Step::Incomplete { frame_len } => {
                    if receiver.advance(frame_len)? {
                        continue;
                    }
                    *frame_len_hint = frame_len;
                    return Ok(None);
                }
                Step::Op { op, consumed } => (op, consumed),
            };
            let operation = match op {
                Op::Msg(head) => {
                    gathered.msgs += 1;
                    gathered.bytes += u64::from(head.total_len);
                    if head.sid != last_sid || last_batch == usize::MAX {
                        let Some(entry) = registry.get_mut(head.sid) else {
                            receiver.consume(consumed);
                            continue;
                        };
                        if entry.round != round {
                            entry.round = round;
                            // A subscription that delivers messages has not been refused by the server.
                            entry.refused = false;
                            entry.batch = gathered.batches.len();
                            gathered
                                .batches
                                .push((entry.route.clone(), head.sid, MsgList::new()));
                        }
                        (last_sid, last_batch) = (head.sid, entry.batch);
                    }
                    let msg = receiver.take_msg(&head)?;
                    gathered.batches[last_batch].2.push(msg);
                    continue;
                }
                Op::Ping => Operation::Ping,
                Op::Pong => Operation::Other(Control::Pong),
                Op::Ok => Operation::Ok,
                // An INFO that cannot be parsed is no reason to give up a working connection.
                Op::Info(json) => match ServerInfo::parse(json) {
                    Ok(info) => Operation::Other(Control::Info(Box::new(info))),
                    Err(_) => Operation::Ok,
                },
                Op::Err(text) => Operation::Other(Control::Err(ServerError::parse(text))),
            };
            receiver.consume(consumed);
            return Ok(Some(operation));
        }
    }

    /// Hands the collected messages over to each subscription, with one lock and at most one wake each.
    fn hand_over(&self, gathered: &mut ReadBatches<U::Subscription>) {
        gathered.wire = 0;
        if gathered.msgs > 0 {
            self.up.received().add(gathered.msgs, gathered.bytes);
            (gathered.msgs, gathered.bytes) = (0, 0);
        }
        for (route, sid, msgs) in gathered.batches.drain(..) {
            self.up.deliver(route, sid, msgs);
        }
    }

    fn perform(self: &Arc<Self>, operation: Operation) -> Result<(), Stop> {
        match operation {
            Operation::Ping => self.up.outbound().answer_ping(),
            Operation::Ok => {}
            Operation::Other(control) => match self.up.control(self, control) {
                After::ReadOn => {}
                After::Fail(error) => return Err(Stop::Failed(error)),
                After::Act(action) => return Err(Stop::ToAct(action)),
            },
        }
        Ok(())
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

/// The server closed the connection without an error message.
fn end_of_stream() -> Error {
    Error::new(
        Status::NATS_CONNECTION_CLOSED,
        "end of stream: the server closed the connection",
    )
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
