//! Fast batches (ADR-50): a stream stores messages as they come, and acknowledges them now and then.
//!
//! All that the stream has to know of a message is in its reply subject: the batch, its number, what it is for. The
//! answers to all of them come to one inbox. They say how many messages may be under way, which is all that a batch
//! needs memory for; a thread that would send more waits. A timer asks the stream for its state where a thread waits
//! and nothing comes, since an answer may have been lost, and keeps a batch alive to which nothing is added.
//!
//! | file | subject |
//! |---|---|
//! | this one | sending, waiting, the end |
//! | `keepalive` | the timer |
//! | `replies` | the answers, and the calls of the program's function |
//! | `flow` | the state: what the answers mean |
//! | `answer` | reading them |

mod answer;
mod flow;
mod keepalive;
mod replies;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use smallvec::SmallVec;

pub use self::flow::{FastProgress, FastSettings, Problem};

use self::answer::Operation;
use self::flow::{Closing, End, Flow};
use self::replies::WeakBatch;
use super::sync_publish::Answer;
use crate::client::{CallbackQueue, Connection, Monitor, Observation, Publish, ReplyContext, When};
use crate::error::{Error as Plain, Status};
use crate::js::needs::need_server;
use crate::js::{Error, Result};
use crate::locks::Mutex;
use crate::msg::Msg;
use crate::proto::headers::HeaderBlock;
use crate::words::shown;

/// Is told of messages that are not stored, where a batch goes on all the same.
pub trait ProblemHandler: Send + Sync {
    /// Called for one after another, on a thread that delivers messages.
    fn not_stored(&self, problem: &Problem);
}

/// A message for a batch.
#[derive(Clone, Copy, Default)]
pub struct FastMsg<'a> {
    /// Where to.
    pub subject: &'a [u8],
    /// Its headers.
    pub headers: Option<HeaderBlock<'a>>,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> FastMsg<'a> {
    /// A message as it is, but for its reply subject.
    pub fn of(msg: &'a Msg) -> Self {
        FastMsg {
            subject: msg.subject(),
            headers: msg.header_block(),
            payload: msg.payload(),
        }
    }
}

/// A batch that is being published.
pub struct FastBatch {
    conn: Arc<Connection>,
    settings: FastSettings,
    flow: Monitor<Flow>,
    /// The answer that ended it.
    last: Mutex<Option<Msg>>,
    /// The subject of the first message.
    subject: OnceLock<SmallVec<[u8; 64]>>,
    replies: OnceLock<Arc<ReplyContext>>,
    handler: Option<Arc<dyn ProblemHandler>>,
    queue: OnceLock<Arc<CallbackQueue>>,
    observation: OnceLock<Observation>,
    ticking: AtomicBool,
    me: Weak<FastBatch>,
}

impl FastBatch {
    /// A batch without messages, and its inbox. `handler` is told of messages that are missing or refused, where the
    /// settings allow gaps.
    pub fn new(
        conn: &Arc<Connection>,
        settings: FastSettings,
        handler: Option<Arc<dyn ProblemHandler>>,
    ) -> Result<Arc<Self>> {
        need_server(conn, 2, 14, "fast batches")?;
        let wants_problems = settings.gaps && handler.is_some();
        let batch = Arc::new_cyclic(|me| FastBatch {
            conn: conn.clone(),
            settings,
            flow: Monitor::new(conn, Flow::new(settings, wants_problems)),
            last: Mutex::default(),
            subject: OnceLock::new(),
            replies: OnceLock::new(),
            handler,
            queue: OnceLock::new(),
            observation: OnceLock::new(),
            ticking: AtomicBool::new(false),
            me: me.clone(),
        });
        let weak = Arc::new(WeakBatch(batch.me.clone()));
        let replies = ReplyContext::with_tokens(conn, weak.clone())
            .map_err(|e| conn.explained(e, || "fast batch".to_owned()))?;
        let _ = batch.replies.set(replies);
        if wants_problems {
            let _ = batch.queue.set(CallbackQueue::new(conn, weak.clone())?);
        }
        let observation = conn.observe(move |_, event| {
            if let Some(batch) = weak.0.upgrade() {
                batch.connection_changed(event);
            }
        });
        let _ = batch.observation.set(observation);
        Ok(batch)
    }

    /// Adds a message. Waits for room until the deadline; the first message is waited for until the stream has
    /// answered it.
    pub fn add(&self, msg: &FastMsg<'_>, deadline: Option<Instant>) -> Result<()> {
        let number = self.enter(deadline)?;
        let (operation, when) = match number {
            1 => (Operation::Start, When::Soon),
            _ => (Operation::Append, When::Buffered),
        };
        if number == 1 {
            let _ = self.subject.set(SmallVec::from_slice(msg.subject));
        }
        let sent = self.send(number, operation, msg, when, deadline);
        self.left(sent.is_ok());
        sent?;
        match number {
            1 => self.await_start(deadline),
            _ => Ok(()),
        }
    }

    /// Ends the batch with a last message, or without one, and waits until the stream has stored all of it.
    ///
    /// A call that fails with `NATS_TIMEOUT` may be repeated without a message: it waits for the answer to the first.
    pub fn commit(&self, msg: Option<&FastMsg<'_>>, deadline: Option<Instant>) -> Result<Answer> {
        match self.enter_closing(msg.is_some(), deadline) {
            Ok(None) => {}
            Ok(Some(closing)) => {
                if let (1, Some(msg)) = (closing.number, msg) {
                    let _ = self.subject.set(SmallVec::from_slice(msg.subject));
                }
                let (operation, msg) = match msg {
                    Some(msg) => (Operation::CommitMessage, *msg),
                    None => (Operation::CommitEob, self.last_word()),
                };
                let sent = self.send(closing.number, operation, &msg, When::Soon, deadline);
                if sent.is_err() {
                    self.flow.lock().closing = None;
                }
                self.left(sent.is_ok());
                sent?;
                self.tick_later();
            }
            Err(error) => {
                self.await_gone(deadline);
                return Err(error);
            }
        }
        let outcome = self.wait(deadline, |flow| match flow.end()? {
            End::Committed => Some(Ok(())),
            End::Failed(error) => Some(Err(error.clone())),
        });
        match outcome {
            Ok(()) => {}
            Err(e) if e.status() == Status::NATS_TIMEOUT => {
                return Err(self.flow.lock().reason().unwrap_or(e));
            }
            Err(e) => {
                self.await_gone(deadline);
                return Err(e);
            }
        }
        let last = self.last.lock().take();
        self.end();
        last.map(Answer)
            .ok_or_else(|| Plain::illegal_state("the batch has been committed").into())
    }

    /// How far the batch is.
    pub fn progress(&self) -> FastProgress {
        self.flow.lock().progress()
    }

    /// The batch is not needed any more. What was sent is stored; the stream is told that no more comes, which is not
    /// waited for. Threads that wait are woken.
    pub fn destroy(&self) {
        let busy = {
            let mut flow = self.flow.lock();
            flow.destroyed = true;
            flow.fail(Plain::illegal_state("the batch was destroyed"));
            flow.problems.clear();
            flow.busy
        };
        self.flow.notify_all();
        if !busy {
            self.break_off();
        }
        self.end();
    }

    /// Waits for room, and gives a message its number.
    fn enter(&self, deadline: Option<Instant>) -> Result<u64> {
        let enter = |flow: &mut Flow| {
            if let Some(error) = flow.over() {
                return Some(Err(error));
            }
            if flow.closing.is_some() {
                let text = "the batch is being committed";
                return Some(Err(Plain::illegal_state(text).into()));
            }
            if flow.busy || !flow.has_room() {
                return None;
            }
            flow.busy = true;
            flow.sent += 1;
            Some(Ok(flow.sent))
        };
        let at_once = enter(&mut self.flow.lock());
        let entered = match at_once {
            Some(entered) => entered,
            None => self.wait(deadline, enter).map_err(|e| match e.status() {
                Status::NATS_TIMEOUT => self.stalled(),
                _ => e,
            }),
        };
        if entered.is_err() && self.flow.lock().over().is_some() {
            self.break_off();
        }
        entered
    }

    /// Gives the end of the batch its number; `None` where it was sent before.
    fn enter_closing(&self, stored: bool, deadline: Option<Instant>) -> Result<Option<Closing>> {
        self.wait(deadline, |flow| {
            if let Some(error) = flow.over() {
                return Some(Err(error));
            }
            match flow.closing {
                Some(_) if stored => {
                    let text = "the batch is being committed";
                    return Some(Err(Plain::illegal_state(text).into()));
                }
                Some(_) => return Some(Ok(None)),
                None => {}
            }
            if flow.sent == 0 && !stored {
                return Some(Err(Plain::illegal_state("the batch has no messages").into()));
            }
            // The first message is still on its way where another thread sends it.
            if flow.busy || (flow.sent > 0 && !flow.has_started()) {
                return None;
            }
            flow.busy = true;
            flow.sent += 1;
            let closing = Closing {
                number: flow.sent,
                stored,
            };
            flow.closing = Some(closing);
            Some(Ok(Some(closing)))
        })
    }

    /// A message was sent, or could not be, and its number is free again.
    fn left(&self, sent: bool) {
        let (wake, destroyed) = {
            let mut flow = self.flow.lock();
            flow.busy = false;
            flow.active = true;
            if !sent {
                flow.sent -= 1;
            }
            (flow.waiting > 0, flow.destroyed)
        };
        if wake {
            self.flow.notify_all();
        }
        if destroyed {
            self.break_off();
        }
    }

    fn await_start(&self, deadline: Option<Instant>) -> Result<()> {
        let started = self.wait(deadline, |flow| match flow.over() {
            Some(error) => Some(Err(error)),
            None => flow.has_started().then_some(Ok(())),
        });
        match &started {
            Ok(()) => self.tick_later(),
            // Nobody knows whether there is a batch.
            Err(error) => {
                self.flow.lock().fail(error.clone());
                self.break_off();
            }
        }
        started
    }

    /// Waits until the stream knows nothing of a batch that has failed: it has said how much of it is stored.
    fn await_gone(&self, deadline: Option<Instant>) {
        self.break_off();
        let _ = self.wait(deadline, |flow| {
            (flow.gone || flow.sent == 0 || flow.destroyed || !flow.broken_off).then_some(Ok(()))
        });
    }

    /// Sends the end of a batch that has failed, for the stream to forget it and to say how much of it is stored.
    /// Best effort: without it the stream forgets the batch after ten seconds.
    fn break_off(&self) {
        let number = {
            let mut flow = self.flow.lock();
            let sent = flow.sent > 0 && !flow.broken_off;
            let open = sent && !flow.gone && !flow.busy && flow.over().is_some();
            if !open {
                return;
            }
            flow.broken_off = true;
            flow.sent + 1
        };
        let now = Some(Instant::now());
        let last_word = self.last_word();
        let eob = Operation::CommitEob;
        if self
            .send(number, eob, &last_word, When::Buffered, now)
            .is_err()
        {
            self.flow.lock().broken_off = false;
        }
    }

    /// What pings, and ends without a message, are sent as.
    fn last_word(&self) -> FastMsg<'_> {
        FastMsg {
            subject: self.subject.get().map_or(b"", |subject| subject),
            ..FastMsg::default()
        }
    }

    fn send(
        &self,
        number: u64,
        operation: Operation,
        msg: &FastMsg<'_>,
        when: When,
        deadline: Option<Instant>,
    ) -> Result<()> {
        let Some(replies) = self.replies.get() else {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        };
        let mut reply = SmallVec::<[u8; 96]>::from_slice(replies.prefix());
        push_number(&mut reply, self.settings.flow.into());
        reply.extend_from_slice(match self.settings.gaps {
            true => b".ok.",
            false => b".fail.",
        });
        push_number(&mut reply, number);
        reply.extend_from_slice(&[b'.', operation.token()]);
        reply.extend_from_slice(b".$FI");
        let out = Publish {
            subject: msg.subject,
            reply: Some(&reply),
            headers: msg.headers,
            payload: msg.payload,
        };
        Ok(self.conn.publish_with(&out, when, deadline)?)
    }

    fn wait<R>(
        &self,
        deadline: Option<Instant>,
        done: impl FnMut(&mut Flow) -> Option<Result<R>>,
    ) -> Result<R> {
        self.flow.lock().waiting += 1;
        let result = self.flow.wait(deadline, done);
        self.flow.lock().waiting -= 1;
        match result {
            Ok(result) => result,
            Err(e) => Err(self.conn.explained(e, || self.called()).into()),
        }
    }

    /// The name of the batch in texts.
    #[cold]
    fn called(&self) -> String {
        match self.subject.get() {
            Some(subject) => format!("fast batch that began on '{}'", shown(subject)),
            None => "fast batch".to_owned(),
        }
    }

    fn stalled(&self) -> Error {
        let progress = self.progress();
        let text = format!(
            "the stream has acknowledged {} of {} messages, and no more in time",
            progress.acked, progress.sent
        );
        Plain::new(Status::NATS_TIMEOUT, text).into()
    }

    /// No answers are needed any more.
    fn end(&self) {
        if let Some(replies) = self.replies.get() {
            replies.close();
        }
        self.close_queue();
    }

    fn close_queue(&self) {
        if let Some(queue) = self.queue.get() {
            queue.close();
        }
    }
}

impl Drop for FastBatch {
    fn drop(&mut self) {
        self.end();
    }
}

fn push_number(text: &mut SmallVec<[u8; 96]>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}
