//! Reading from a link: bytes into messages and operations, and the messages to their subscriptions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Link;
use crate::client::incoming::unused;
use crate::client::incoming::upstream::{After, Control, Upstream};
use crate::client::interest::registry::Route;
use crate::error::{Error, Result, Status};
use crate::msg::{MsgList, Receiver};
use crate::proto::info::ServerInfo;
use crate::proto::parser::{Op, Parser, Step};
use crate::proto::server_error::ServerError;
use crate::runtime::has_found_job;

/// The number of successive reads of one connection before others have their turn.
const READS_AT_ONCE: usize = 32;
/// After this number of bytes the messages are handed over even if the socket has more: waking a worker costs as much
/// as some hundred messages, but it should work while the next ones are read.
const HAND_OVER_AT: usize = 256 * 1024;
/// A read of fewer bytes is taken to have emptied the socket.
const TRICKLE: usize = 4096;

/// What the reader lock protects.
pub(super) struct Reader<S> {
    receiver: Receiver,
    parser: Parser,
    /// The length of the frame that has begun, if known.
    frame_len_hint: Option<usize>,
    gathered: ReadBatches<S>,
}

impl<S> Reader<S> {
    pub(super) fn new(receiver: Receiver, parser: Parser) -> Self {
        Reader {
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
        }
    }

    /// An idle connection holds no block. Returns true if bytes have been received that are not parsed yet.
    pub(super) fn start(&mut self) -> bool {
        self.receiver.release_idle_block();
        !self.receiver.unparsed().is_empty()
    }
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
pub(super) enum Stop {
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
pub(super) type ReadResult = Result<bool, Stop>;

impl<U: Upstream> Link<U> {
    /// Does what reading has stopped for. The reader must have been released. Returns true if reading should continue.
    pub(super) fn act_on(self: &Arc<Self>, stop: Stop) -> bool {
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
    pub(super) fn read_and_hand_over(
        self: &Arc<Self>,
        reader: &mut Reader<U::Subscription>,
    ) -> ReadResult {
        self.reading.store(true, Ordering::SeqCst);
        let result = self.read_some(reader);
        self.hand_over(&mut reader.gathered);
        self.reading.store(false, Ordering::SeqCst);
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
                            reader.receiver.release_idle_block();
                            return Ok(true);
                        }
                    }
                    // Usually the socket is empty now. If not, it is reported again when it is armed.
                    if wire < TRICKLE && !reader.receiver.is_full() && self.is_armed_after_reading()
                    {
                        reader.receiver.release_idle_block();
                        return Ok(false);
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                    reader.receiver.release_idle_block();
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
                            entry.batch = gathered.batches.len() as u32;
                            gathered
                                .batches
                                .push((entry.route.clone(), head.sid, MsgList::new()));
                        }
                        (last_sid, last_batch) = (head.sid, entry.batch as usize);
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
            Operation::Ping => {
                self.up.log().trace(|| "<- PING".to_owned());
                self.up.outbound().answer_ping();
                self.up.log().trace(|| "-> PONG".to_owned());
            }
            Operation::Ok => {}
            Operation::Other(control) => match self.up.control(self, control) {
                After::ReadOn => {}
                After::Fail(error) => return Err(Stop::Failed(error)),
                After::Act(action) => return Err(Stop::ToAct(action)),
            },
        }
        Ok(())
    }
}

/// The server closed the connection without an error message.
fn end_of_stream() -> Error {
    Error::new(
        Status::NATS_CONNECTION_CLOSED,
        "end of stream: the server closed the connection",
    )
}
