//! Reading the chunks of an object in order, through a pull consumer.
//!
//! A pull requests no more chunks than are left, and at most two pulls are in progress. So the bytes that wait here are
//! bounded, and a server that has fewer chunks than it should reports that at once. After any failure (a lost
//! connection, silence, a missing number, a deleted consumer) a new consumer is created behind the last chunk. The
//! reading thread does that, since stored chunks do not change in the meantime. It need not wait for the answer within one
//! call: calls with short timeouts come as far as one with a long timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::change::not_found;
use super::store::Store;
use crate::client::{
    Batch, ConnEvent, Connection, Observation, Publish, SubscribeArgs, Subscription, When,
};
use crate::error::{Error as Plain, Status};
use crate::js::api::{AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy};
use crate::js::consume::{Metadata, Patience};
use crate::js::{ErrCode, Error, Result};
use crate::locks::Mutex;
use crate::msg::{Msg, MsgList};

/// The time without use after which a server deletes the consumer, in nanoseconds.
const INACTIVE: i64 = 60_000_000_000;
/// The time without a message after which the consumer is replaced.
const SILENCE: Duration = Duration::from_secs(5);
/// How often in a row a consumer may be replaced without a message.
const FRUITLESS: u32 = 5;
/// How long the answer to a request for a consumer may take.
const CREATION: Duration = Duration::from_secs(5);
/// How long to wait before a server that cannot create a consumer now is asked again.
const PAUSE: Duration = Duration::from_millis(250);
/// What a message has beside its payload, at most, as far as pulls go.
const OVERHEAD: u64 = 1024;

/// Reads the chunks of one object.
pub(super) struct Chunks {
    store: Arc<Store>,
    subject: String,
    sub: Arc<Subscription>,
    lost: Arc<AtomicBool>,
    _observation: Observation,
    inbox: Vec<u8>,
    /// The present consumer; empty if there is none.
    consumer: String,
    /// The consumer that was requested, until its answer is taken.
    creation: Option<Arc<Creation>>,
    /// When another consumer may be requested.
    create_at: Instant,
    /// The last answer of a server that could not create one; empty if there was none, or if one could since.
    refusal: String,
    /// The number of its last delivery.
    delivered: u64,
    /// The number of chunks that were requested and have not arrived.
    asked: u64,
    /// The number of remaining chunks that were not requested.
    left: u64,
    /// The stream sequence of the last chunk.
    last: u64,
    /// The number of chunks that are still to arrive according to the description.
    expected: u64,
    /// The number of chunks of one pull, and their maximum size in bytes.
    batch: u64,
    batch_bytes: u64,
    /// A chunk was larger than that.
    oversized: bool,
    fruitless: u32,
    /// When the consumer was created, asked, or heard of last: silence goes over several calls.
    active: Instant,
    patience: Patience,
}

/// The answer to the request for a consumer, when it has arrived.
#[derive(Default)]
struct Creation {
    answer: Mutex<Option<Result<ConsumerInfo>>>,
    arrived: AtomicBool,
}

impl Chunks {
    /// Prepares reading `count` chunks of `size` bytes in total; nothing is requested yet.
    pub(super) fn new(
        store: &Arc<Store>,
        subject: String,
        size: u64,
        count: u64,
    ) -> Result<Chunks> {
        let conn = store.context.connection();
        let inbox = conn.new_inbox();
        let sub = conn.prepare_subscription(SubscribeArgs::new(&inbox))?;
        let _ = sub.set_pending_limits(-1, -1);
        conn.start_subscription(&sub)?;
        let lost = Arc::new(AtomicBool::new(false));
        let (flag, wake) = (lost.clone(), Arc::downgrade(&sub));
        let observation = conn.observe(move |_, event| {
            if event == ConnEvent::Lost {
                flag.store(true, Ordering::SeqCst);
                if let Some(sub) = wake.upgrade() {
                    sub.wake();
                }
            }
        });
        let half = store.window() / 2;
        let average = size.div_ceil(count.max(1)).max(1);
        let batch = (half / average).clamp(1, 1024);
        Ok(Chunks {
            store: store.clone(),
            subject,
            sub,
            lost,
            _observation: observation,
            inbox,
            consumer: String::new(),
            creation: None,
            create_at: Instant::now(),
            refusal: String::new(),
            delivered: 0,
            asked: 0,
            left: 0,
            last: 0,
            expected: count,
            batch,
            batch_bytes: half.max(average) + batch * OVERHEAD,
            oversized: false,
            fruitless: 0,
            active: Instant::now(),
            patience: Patience::default(),
        })
    }

    /// The next chunk.
    pub(super) fn next(&mut self, deadline: Instant) -> Result<Msg> {
        loop {
            if self.lost.swap(false, Ordering::SeqCst) {
                self.give_up()?;
            }
            if self.consumer.is_empty() {
                self.create(deadline)?;
                continue;
            }
            self.ask()?;
            let silent = self.patience.until(self.active, self.active + SILENCE);
            let until = deadline.min(silent);
            let lost = self.lost.clone();
            let stop = move || lost.load(Ordering::SeqCst);
            let mut taken = MsgList::new();
            let mut want = Batch {
                max: 1,
                deadline: Some(until),
                stop: Some(&stop),
                ..Batch::default()
            };
            match self.sub.next_batch(&mut want, &mut taken) {
                Ok(_) => {}
                Err(e) if e.status() != Status::NATS_TIMEOUT => return Err(e.into()),
                Err(_) if self.active.elapsed() >= SILENCE => {
                    if !self.may_be_unread() {
                        self.give_up()?;
                    }
                    // One attempt in each call, also where all of them are short.
                    if Instant::now() >= deadline {
                        return Err(Status::NATS_TIMEOUT.into());
                    }
                }
                Err(e) => return Err(e.into()),
            }
            let Some(msg) = taken.pop() else { continue };
            self.active = Instant::now();
            if self.take(&msg)? {
                return Ok(msg);
            }
        }
    }

    /// The connection that they come through.
    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.store.context.connection()
    }

    /// What the server has answered in place of chunks; empty for nothing.
    pub(super) fn refusal(&self) -> &str {
        &self.refusal
    }

    /// The server is silent: is that put off because something that it has sent has not been read?
    fn may_be_unread(&mut self) -> bool {
        let connection = self.store.context.connection();
        connection.has_unread() && self.patience.lasts(self.active, Instant::now(), SILENCE)
    }

    /// Waits until then, unless the connection is lost or the answer to the request for a consumer has arrived.
    fn wait(&self, until: Instant) -> Result<()> {
        let stop = || {
            let creation = self.creation.as_ref();
            self.lost.load(Ordering::SeqCst)
                || creation.is_some_and(|creation| creation.arrived.load(Ordering::SeqCst))
        };
        // What is taken is of a consumer that was given up.
        let mut want = Batch {
            max: usize::MAX,
            deadline: Some(until),
            stop: Some(&stop),
            ..Batch::default()
        };
        match self.sub.next_batch(&mut want, &mut MsgList::new()) {
            Err(e) if e.status() != Status::NATS_TIMEOUT => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Is this the next chunk?
    fn take(&mut self, msg: &Msg) -> Result<bool> {
        if let Some(meta) = msg.reply().and_then(Metadata::parse) {
            if meta.consumer != self.consumer.as_bytes() {
                return Ok(false);
            }
            if meta.consumer_seq != self.delivered + 1 || meta.stream_seq <= self.last {
                self.give_up()?;
                return Ok(false);
            }
            self.delivered += 1;
            self.asked = self.asked.saturating_sub(1);
            self.expected = self.expected.saturating_sub(1);
            self.last = meta.stream_seq;
            self.fruitless = 0;
            return Ok(true);
        }
        let Some(status) = msg.status().filter(|_| msg.subject() == self.inbox) else {
            return Ok(false);
        };
        if status.code == 100 {
            return Ok(false);
        }
        let pending = msg.header(b"Nats-Pending-Messages");
        let pending = pending.and_then(|n| std::str::from_utf8(n).ok()?.parse::<u64>().ok());
        if let (409, Some(pending)) = (status.code, pending) {
            // The pull has reached its byte limit.
            let pending = pending.min(self.asked);
            self.asked -= pending;
            self.left += pending;
            self.oversized = true;
            return Ok(false);
        }
        self.fruitless += 1;
        if self.fruitless >= FRUITLESS {
            let words = String::from_utf8_lossy(status.description);
            let text = format!("the server does not send the object: {words}");
            return Err(Plain::new(Status::NATS_ERR, text).into());
        }
        self.give_up()?;
        Ok(false)
    }

    /// Requests more chunks, if there is room for them.
    fn ask(&mut self) -> Result<()> {
        if self.left == 0 && self.asked == 0 {
            let text = "chunks of the object are missing: they have fewer bytes than it";
            return Err(not_found(text.to_owned()));
        }
        while self.left > 0 && self.asked <= self.batch {
            // One chunk is always allowed, whatever its size.
            let alone = std::mem::take(&mut self.oversized);
            let count = if alone { 1 } else { self.batch.min(self.left) };
            let mut request = json!({ "batch": count, "no_wait": true });
            if !alone {
                request["max_bytes"] = json!(self.batch_bytes);
            }
            let call = self.store.call(Instant::now() + SILENCE)?;
            let tokens = [self.store.stream(), self.consumer.as_str()];
            let subject = call.subject("CONSUMER.MSG.NEXT", &tokens);
            let request = request.to_string();
            let out = Publish {
                subject: subject.as_bytes(),
                reply: Some(&self.inbox),
                payload: request.as_bytes(),
                ..Publish::default()
            };
            let conn = self.store.context.connection();
            conn.publish_with(&out, When::Soon, None)?;
            self.active = Instant::now();
            self.asked += count;
            self.left -= count;
        }
        Ok(())
    }

    /// Comes as far as it can by the deadline with the creation of a consumer, and goes on from there in the next call.
    fn create(&mut self, deadline: Instant) -> Result<()> {
        let Some(creation) = self.creation.clone() else {
            if Instant::now() >= self.create_at {
                return self.request_consumer();
            }
            self.wait(deadline.min(self.create_at))?;
            return in_time(deadline);
        };
        let answer = creation.answer.lock().take();
        let Some(answer) = answer else {
            self.wait(deadline)?;
            return match creation.arrived.load(Ordering::SeqCst) {
                true => Ok(()),
                false => in_time(deadline),
            };
        };
        self.creation = None;
        match answer {
            Ok(info) => self.use_consumer(info),
            Err(e) if e.status() == Status::NATS_TIMEOUT => in_time(deadline),
            Err(e) if passes(&e) => {
                self.create_at = Instant::now() + PAUSE;
                self.refusal = e.text().to_owned();
                in_time(deadline)
            }
            Err(e) => Err(self.store.gone_if(e)),
        }
    }

    fn request_consumer(&mut self) -> Result<()> {
        let mut config = ConsumerConfig {
            ack_policy: Some(AckPolicy::None),
            filter_subject: self.subject.clone(),
            inactive_threshold: INACTIVE,
            memory_storage: true,
            replicas: 1,
            ..ConsumerConfig::default()
        };
        if self.last > 0 {
            config.deliver_policy = Some(DeliverPolicy::ByStartSequence);
            config.opt_start_seq = self.last + 1;
        }
        let creation = Arc::new(Creation::default());
        let (asked, wake) = (creation.clone(), Arc::downgrade(&self.sub));
        let call = self.store.call(Instant::now() + CREATION)?;
        call.put_consumer_then(self.store.stream(), &config, move |answer| {
            *asked.answer.lock() = Some(answer);
            asked.arrived.store(true, Ordering::SeqCst);
            if let Some(sub) = wake.upgrade() {
                sub.wake();
            }
        })?;
        self.creation = Some(creation);
        Ok(())
    }

    fn use_consumer(&mut self, info: ConsumerInfo) -> Result<()> {
        self.refusal.clear();
        self.consumer = info.name;
        self.active = Instant::now();
        self.delivered = 0;
        self.asked = 0;
        self.left = info.num_pending;
        if self.left < self.expected || self.left == 0 {
            let text = format!(
                "chunks of the object are missing: {} of {} are there",
                self.left,
                self.expected.max(1)
            );
            return Err(not_found(text));
        }
        Ok(())
    }

    /// Abandons the present consumer.
    fn give_up(&mut self) -> Result<()> {
        self.delete_consumer();
        self.creation = None;
        self.inbox = self.store.context.connection().new_inbox();
        self.sub.rebind(&self.inbox)?;
        Ok(())
    }

    /// Deletes the consumer. Best effort: the server deletes it later by itself.
    fn delete_consumer(&mut self) {
        let consumer = std::mem::take(&mut self.consumer);
        let conn = self.store.context.connection();
        if consumer.is_empty() || conn.is_reconnecting() || conn.is_closed() {
            return;
        }
        let deadline = Instant::now() + SILENCE;
        if let Ok(call) = self.store.call(deadline) {
            let subject = call.subject("CONSUMER.DELETE", &[self.store.stream(), &consumer]);
            let out = Publish {
                subject: subject.as_bytes(),
                ..Publish::default()
            };
            let _ = conn.request_then(&out, Some(deadline), |_| ());
        }
    }
}

fn in_time(deadline: Instant) -> Result<()> {
    match Instant::now() < deadline {
        true => Ok(()),
        false => Err(Status::NATS_TIMEOUT.into()),
    }
}

/// Does the server say that it cannot do it now, as one does that has just been started, or has no leader?
fn passes(error: &Error) -> bool {
    error.status() == Status::NATS_NO_RESPONDERS
        || error.code() == ErrCode::CLUSTER_NOT_AVAIL
        || error.code() == ErrCode::CLUSTER_NOT_LEADER
        || error.code() == ErrCode::NOT_ENABLED
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.delete_consumer();
        self.sub.destroy();
    }
}
