//! Atomic batches (ADR-50): a stream stores all messages of a batch or none.
//!
//! The first and the last message are requests: the answer to the first tells whether the stream accepts batches, and
//! the acknowledgement of the last is that of the batch. The messages in between are published one after the other.
//! Some of them request an answer, which is empty or an error; the first error ends the batch and is returned by the
//! next call. An answer is requested if the subject differs from that of the message before, since the subject may
//! belong to another stream or to none, and from time to time. Answers to all messages would cost the server a quarter
//! of its rate.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::ack;
use super::options::{Block, put_header};
use super::sync_publish::{Answer, no_responders};
use crate::client::{
    ConnEvent, Connection, Monitor, Observation, Publish, ReplyContext, ReplySink, When,
};
use crate::error::{Error as Plain, Status};
use crate::js::needs::need_server;
use crate::js::{ErrCode, Error, Result};
use crate::locks::Mutex;
use crate::msg::{Msg, MsgList};
use crate::proto::headers::HeaderBlock;
use crate::proto::nuid::{self, NUID_LEN};

pub(crate) const BATCH_ID: &[u8] = b"Nats-Batch-Id";
pub(crate) const BATCH_SEQUENCE: &[u8] = b"Nats-Batch-Sequence";
pub(crate) const BATCH_COMMIT: &[u8] = b"Nats-Batch-Commit";

/// How long a failed commit waits for the answers to earlier messages: one of them may contain the reason.
const WHY_WAIT: Duration = Duration::from_millis(200);

/// One of this many messages requests an answer in any case.
const ASK_EVERY: u64 = 50;

/// How a batch is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// With a message that belongs to the batch.
    WithMessage,
    /// Before the message, which only carries the header for it (servers from 2.14).
    BeforeMessage,
}

/// A batch that is being published.
pub struct Batch {
    conn: Arc<Connection>,
    id: [u8; NUID_LEN],
    /// Locked during each call.
    progress: Mutex<Progress>,
    answers: Arc<Answers>,
    replies: Mutex<Option<Arc<ReplyContext>>>,
    _observation: Observation,
}

#[derive(Default)]
struct Progress {
    /// The number of the last message.
    sequence: u64,
    /// The subject of the first message.
    subject: SmallVec<[u8; 64]>,
    /// The subject of the last message that was added.
    last_subject: SmallVec<[u8; 64]>,
    /// The number of answers to be expected.
    asked: u64,
    /// Why no more messages can be added.
    ended: Option<Error>,
}

/// The stream's answers to messages for which no thread waits.
struct Answers(Monitor<Answered>);

#[derive(Default)]
struct Answered {
    count: u64,
    /// The first error, by the number of its message. An error that names a cause replaces one that says that messages
    /// are missing.
    error: Option<(u64, Error)>,
    /// The connection was lost, and the batch with it.
    lost: bool,
}

impl Batch {
    /// Creates a batch without messages. Nothing is sent.
    pub fn new(conn: &Arc<Connection>) -> Arc<Self> {
        let answers = Arc::new(Answers(Monitor::new(conn, Answered::default())));
        let weak: Weak<Answers> = Arc::downgrade(&answers);
        let observation = conn.observe(move |_, event| {
            if matches!(event, ConnEvent::Lost)
                && let Some(answers) = weak.upgrade()
            {
                answers.0.lock().lost = true;
                answers.0.notify_all();
            }
        });
        Arc::new(Batch {
            conn: conn.clone(),
            id: nuid::next(),
            progress: Mutex::default(),
            answers,
            replies: Mutex::default(),
            _observation: observation,
        })
    }

    /// Adds a message, on which the headers of the batch are set. For the first message, waits for the answer until the
    /// deadline.
    pub fn add(&self, msg: &mut Msg, deadline: Option<Instant>) -> Result<()> {
        let mut progress = self.progress.lock();
        self.check_open(&mut progress)?;
        self.number(&mut progress, msg, None)?;
        let result = match progress.sequence {
            1 => self.start(&mut progress, msg, deadline),
            _ => self.follow(&mut progress, msg, deadline),
        };
        if let Err(error) = &result {
            progress.ended = Some(error.clone());
        }
        result
    }

    /// Ends the batch with a message, and waits for the stream to store all of it.
    pub fn commit(&self, msg: &mut Msg, how: Commit, deadline: Option<Instant>) -> Result<Answer> {
        let mut progress = self.progress.lock();
        self.check_open(&mut progress)?;
        self.number(&mut progress, msg, Some(how))?;
        let result = self.ask(msg, deadline).and_then(committed);
        let result = match result {
            Err(error) => Err(self.reason(error, progress.asked, deadline)),
            answer => answer,
        };
        progress.ended = Some(match &result {
            Ok(_) => Plain::illegal_state("the batch has been committed").into(),
            Err(error) => error.clone(),
        });
        self.end();
        result
    }

    /// Discards the batch: nothing of it is stored. The stream is told, so that it does not wait for more messages; no
    /// answer is awaited.
    pub fn discard(&self) {
        let mut progress = self.progress.lock();
        if progress.ended.is_none() && progress.sequence > 0 {
            self.break_off(&progress);
        }
        progress
            .ended
            .get_or_insert_with(|| Plain::illegal_state("the batch has been discarded").into());
        self.end();
    }

    /// A message that ends the batch without belonging to it.
    pub fn last_word(&self) -> Result<Msg> {
        let progress = self.progress.lock();
        match progress.sequence {
            0 => Err(Plain::illegal_state("the batch has no messages").into()),
            _ => Ok(Msg::create(&progress.subject, None, b"")?),
        }
    }

    /// A message whose number is out of sequence ends the batch, and is not stored.
    fn break_off(&self, progress: &Progress) {
        let mut block = Block::new();
        let number = (progress.sequence + 2).to_string();
        put_header(&mut block, BATCH_ID, &self.id);
        put_header(&mut block, BATCH_SEQUENCE, number.as_bytes());
        block.extend_from_slice(b"\r\n");
        let out = Publish {
            subject: &progress.subject,
            headers: Some(HeaderBlock::Bytes(&block)),
            ..Publish::default()
        };
        // Best effort: otherwise the stream discards the batch after ten seconds.
        let _ = self.conn.publish_with(&out, When::Soon, None);
    }

    /// Answers are ignored from now on.
    fn end(&self) {
        let replies = self.replies.lock().take();
        if let Some(replies) = replies {
            replies.close();
        }
    }

    fn check_open(&self, progress: &mut Progress) -> Result<()> {
        if progress.sequence == 0 {
            // An older server would store the first message by itself.
            need_server(&self.conn, 2, 12, "atomic batches")?;
        }
        if progress.ended.is_none() {
            let (error, lost) = {
                let answered = self.answers.0.lock();
                (answered.error.clone(), answered.lost)
            };
            progress.ended = match error {
                Some((_, error)) => Some(self.reason(error, progress.asked, None)),
                None if lost && progress.sequence > 0 && !self.conn.is_closed() => {
                    Some(connection_lost())
                }
                None => None,
            };
        }
        progress.ended.clone().map_or(Ok(()), Err)
    }

    /// Assigns the next number to a message.
    fn number(&self, progress: &mut Progress, msg: &mut Msg, how: Option<Commit>) -> Result<()> {
        let next = progress.sequence + 1;
        let headers = msg.headers_mut()?;
        headers.set(BATCH_ID, Some(&self.id));
        headers.set(BATCH_SEQUENCE, Some(next.to_string().as_bytes()));
        match how {
            None => drop(headers.remove(BATCH_COMMIT)),
            Some(Commit::WithMessage) => headers.set(BATCH_COMMIT, Some(b"1")),
            Some(Commit::BeforeMessage) => headers.set(BATCH_COMMIT, Some(b"eob")),
        }
        progress.sequence = next;
        Ok(())
    }

    fn start(&self, progress: &mut Progress, msg: &Msg, deadline: Option<Instant>) -> Result<()> {
        self.answers.0.lock().lost = false;
        progress.subject = SmallVec::from_slice(msg.subject());
        progress.last_subject = progress.subject.clone();
        let answer = self.ask(msg, deadline)?.checked()?;
        match answer.ack()? {
            None => Ok(()),
            Some(_) => Err(not_known()),
        }
    }

    fn follow(&self, progress: &mut Progress, msg: &Msg, deadline: Option<Instant>) -> Result<()> {
        let same = *msg.subject() == *progress.last_subject;
        let mut out = parts(msg);
        if same && !progress.sequence.is_multiple_of(ASK_EVERY) {
            return Ok(self.conn.publish_with(&out, When::Buffered, deadline)?);
        }
        if !same {
            progress.last_subject = SmallVec::from_slice(msg.subject());
        }
        let replies = self.replies()?;
        let mut reply = SmallVec::<[u8; 96]>::from_slice(replies.prefix());
        reply.extend_from_slice(&nuid::base62_id(progress.sequence));
        out.reply = Some(&reply);
        progress.asked += 1;
        Ok(self.conn.publish_with(&out, When::Buffered, deadline)?)
    }

    fn replies(&self) -> Result<Arc<ReplyContext>> {
        let mut replies = self.replies.lock();
        if let Some(replies) = &*replies {
            return Ok(replies.clone());
        }
        let new = ReplyContext::new(&self.conn, true, self.answers.clone())
            .map_err(|e| self.conn.explained(e, || "atomic batch".to_owned()))?;
        *replies = Some(new.clone());
        Ok(new)
    }

    fn ask(&self, msg: &Msg, deadline: Option<Instant>) -> Result<Answer> {
        match self.conn.request_with(&parts(msg), deadline) {
            Ok(answer) => Ok(Answer(answer)),
            Err(e) if e.status() == Status::NATS_NO_RESPONDERS => {
                Err(no_responders(Some(msg.subject())))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Why a batch failed. Missing messages are a consequence, whose reason may not have arrived yet: another stream,
    /// or none, has answered to one of them.
    fn reason(&self, error: Error, asked: u64, deadline: Option<Instant>) -> Error {
        if error.code() != ErrCode::BATCH_PUBLISH_INCOMPLETE {
            return error;
        }
        let until = Instant::now().checked_add(WHY_WAIT);
        let until = match (until, deadline) {
            (Some(until), Some(deadline)) => Some(until.min(deadline)),
            (until, deadline) => until.or(deadline),
        };
        let known = |answered: &mut Answered| match &answered.error {
            Some((_, error)) if error.code() != ErrCode::BATCH_PUBLISH_INCOMPLETE => {
                Some(Some(error.clone()))
            }
            _ if answered.count >= asked => Some(None),
            _ => None,
        };
        match self.answers.0.wait(until, known) {
            Ok(Some(first)) => first,
            _ => error,
        }
    }
}

impl ReplySink for Answers {
    fn replies(&self, mut msgs: MsgList) {
        let mut answered = self.0.lock();
        while let Some(answer) = msgs.pop() {
            answered.count += 1;
            let Some(error) = error_in(&answer) else {
                continue;
            };
            let subject = answer.subject();
            let token = &subject[subject.len().saturating_sub(nuid::ID_LEN)..];
            let number = nuid::parse_base62_id(token).unwrap_or(u64::MAX);
            let rank = |number: u64, error: &Error| {
                (error.code() == ErrCode::BATCH_PUBLISH_INCOMPLETE, number)
            };
            let new = rank(number, &error);
            if answered
                .error
                .as_ref()
                .is_none_or(|(n, e)| new < rank(*n, e))
            {
                answered.error = Some((number, error));
            }
        }
        drop(answered);
        self.0.notify_all();
    }
}

/// Converts the error of a stream about a message of a batch.
fn error_in(answer: &Msg) -> Option<Error> {
    match answer.payload() {
        _ if answer.is_no_responders() => Some(no_responders(None)),
        [] => ack::status_error(answer),
        body => Some(ack::parse(body).err().unwrap_or_else(not_known)),
    }
}

/// The answer to a commit, which says of what batch it is.
fn committed(answer: Answer) -> Result<Answer> {
    match answer.ack()? {
        None => {
            let text = "the answer to the commit is empty: the batch may not be stored";
            Err(Plain::new(Status::NATS_ERR, text).into())
        }
        Some(ack) if ack.batch.is_empty() => Err(not_known()),
        Some(_) => Ok(answer),
    }
}

fn parts(msg: &Msg) -> Publish<'_> {
    Publish {
        subject: msg.subject(),
        reply: None,
        headers: msg.header_block(),
        payload: msg.payload(),
    }
}

/// A message of a batch was stored at once, by a server that does not support batches.
fn not_known() -> Error {
    let text = "the server stored the message by itself: it does not know atomic batches";
    Plain::new(Status::NATS_NO_SERVER_SUPPORT, text).into()
}

fn connection_lost() -> Error {
    let text = "the connection was lost, and the batch with it";
    Plain::new(Status::NATS_CONNECTION_DISCONNECTED, text).into()
}
