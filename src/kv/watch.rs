//! Watching keys.
//!
//! A watcher is an ordered consumer of the bucket's stream, which ensures that no message is missing, duplicated or out
//! of order, whatever happens to the connection and the server. This file converts the messages into entries, and adds
//! the notice, in its place among the entries, that the initial data are complete.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use super::codec::Decode;
use super::entry::Entry;
use super::marker::Marker;
use super::news::News;
use super::store::Store;
use crate::client::{Batch, MsgSink, Subscription};
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::Result;
use crate::js::api::{ConsumerConfig, DeliverPolicy, ErrCode};
use crate::js::consume::{Delivery, Events, Mode, Push, SubOptions, Wanted, subscribe};
use crate::locks::Mutex;
use crate::log::Target;
use crate::msg::{Msg, MsgList};

/// The selection of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchOptions {
    /// Leave out deletions.
    pub ignore_deletes: bool,
    /// Include the history of each key, not only its last entry.
    pub include_history: bool,
    /// Leave out the values.
    pub meta_only: bool,
    /// Only changes from now on; there are no initial data. Takes precedence over `include_history`.
    pub updates_only: bool,
    /// All entries from this revision on. Takes precedence over both. 0 for no such limit.
    pub resume_from: u64,
    /// The interval of the server's heartbeats, in nanoseconds; 0 for the default of an ordered consumer.
    pub heartbeat: i64,
    /// Keys as they are stored: the codecs of the bucket's handle do not decode them. Not with values.
    pub stored_keys: bool,
}

impl WatchOptions {
    fn consumer(&self) -> ConsumerConfig {
        let policy = match self {
            _ if self.resume_from > 0 => DeliverPolicy::ByStartSequence,
            _ if self.updates_only => DeliverPolicy::New,
            _ if self.include_history => DeliverPolicy::All,
            _ => DeliverPolicy::LastPerSubject,
        };
        ConsumerConfig {
            deliver_policy: Some(policy),
            opt_start_seq: self.resume_from,
            headers_only: self.meta_only,
            heartbeat: self.heartbeat.max(0),
            ..ConsumerConfig::default()
        }
    }

    fn decode(&self) -> Decode {
        match (self.stored_keys, self.meta_only) {
            (true, _) => Decode::Nothing,
            (false, true) => Decode::Key,
            (false, false) => Decode::All,
        }
    }

    /// Is there a moment at which the initial data are complete?
    fn has_initial(&self) -> bool {
        !self.updates_only || self.resume_from > 0
    }
}

/// Receives the entries of a watcher on a delivery thread.
pub trait EntrySink: Send + Sync {
    /// Runs a round, which calls [`EntrySink::entry`] any number of times.
    fn around(&self, round: &mut dyn FnMut()) {
        round();
    }

    /// Delivers an entry; `None` when the initial data are complete; an error if a message is not an entry.
    fn entry(&self, entry: PlainResult<Option<Entry>>);
}

/// A watcher of keys of a bucket.
pub struct Watcher {
    store: Arc<Store>,
    sub: Arc<Subscription>,
    push: Arc<Push>,
    news: Arc<News>,
    ignore_deletes: bool,
    pub(super) decode: Decode,
    /// Its entries go to a sink.
    has_sink: bool,
    taking: Mutex<Taking>,
    stopped: AtomicBool,
}

/// The progress of the receiver.
#[derive(Default)]
struct Taking {
    marker: Marker,
    /// The next result is that the initial data are complete.
    due: bool,
}

/// Makes a watcher of the keys that these patterns match. `placed` gets it before the first entry can
/// come.
pub fn watch(
    store: &Arc<Store>,
    keys: &[&str],
    options: &WatchOptions,
    sink: Option<Box<dyn EntrySink>>,
    placed: impl FnOnce(&Arc<Watcher>),
) -> Result<Arc<Watcher>> {
    if keys.is_empty() {
        return Err(Plain::invalid_arg("a key or a pattern of keys is required").into());
    }
    let subjects = store.read_subjects(keys)?;
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    let sub_options = SubOptions {
        stream: store.stream().to_owned(),
        config: options.consumer(),
        ordered: true,
        ..SubOptions::default()
    };
    let wanted = Wanted {
        subjects: &subjects,
        durable: None,
        mode: Mode::Push,
        options: &sub_options,
    };
    let news = Arc::new(News::new(options.has_initial()));
    let events: Option<Arc<dyn Events>> = Some(news.clone());
    let has_sink = sink.is_some();
    let mine: Arc<OnceLock<Weak<Watcher>>> = Arc::default();
    let delivery = match sink {
        None => Delivery::Sync,
        Some(sink) => {
            let watcher = mine.clone();
            Delivery::Sink(Box::new(move |push: &Arc<Push>| -> Box<dyn MsgSink> {
                Box::new(Sink {
                    watcher,
                    push: push.clone(),
                    sink,
                })
            }))
        }
    };
    let mut made = None;
    let call = store.call();
    subscribe(store.context(), &call, &wanted, delivery, events, |sub| {
        // Flow control: the server sends no more until it is answered.
        let _ = sub.set_pending_limits(-1, -1);
        news.is_of(sub);
        sub.connection().log().debug(Target::Kv, || {
            let (bucket, count) = (store.bucket(), subjects.len());
            format!("watching {count} patterns of bucket '{bucket}'")
        });
        let Some(push) = sub.extension::<Push>() else {
            return;
        };
        let watcher = Arc::new(Watcher {
            store: store.clone(),
            sub: sub.clone(),
            push,
            news: news.clone(),
            ignore_deletes: options.ignore_deletes,
            decode: options.decode(),
            has_sink,
            taking: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let _ = mine.set(Arc::downgrade(&watcher));
        placed(&watcher);
        made = Some(watcher);
    })
    .map_err(|error| match error.code() {
        ErrCode::STREAM_NOT_FOUND => {
            let text = format!("bucket not found: {}", store.bucket());
            Plain::new(Status::NATS_NOT_FOUND, text).into()
        }
        _ => error,
    })?;
    made.ok_or_else(|| Plain::from(Status::NATS_ERR).into())
}

impl Watcher {
    /// The bucket that it watches.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The subscription over which its entries arrive.
    pub fn subscription(&self) -> &Arc<Subscription> {
        &self.sub
    }

    /// Was it stopped?
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Stops it. Threads that wait for entries return, and no more entries are delivered.
    pub fn stop(&self) {
        if self.stopped.swap(true, Ordering::SeqCst) {
            return;
        }
        let conn = self.sub.connection();
        // Without a server the consumer cannot be deleted now; the server removes it later.
        if conn.is_closed() || conn.is_reconnecting() {
            self.sub.destroy();
            return;
        }
        // An error of deleting the consumer has no consequences: it is not used any more.
        let _ = self.sub.unsubscribe();
    }

    /// The next entry; `None` when the initial data are complete.
    pub fn next(&self, deadline: Option<Instant>) -> Result<Option<Entry>> {
        self.check_taken_by_next()?;
        loop {
            if self.is_stopped() {
                return Err(stopped().into());
            }
            if std::mem::take(&mut self.taking.lock().due) {
                return Ok(None);
            }
            let Some(msg) = self.take_one(deadline)? else {
                continue;
            };
            let (entry, due) = self.read(msg);
            self.taking.lock().due |= due;
            if let Some(entry) = entry {
                return Ok(Some(entry?));
            }
        }
    }

    pub(super) fn check_taken_by_next(&self) -> Result<()> {
        if self.has_sink {
            let text = "cannot invoke kvWatcher_Next if a callback has been set";
            return Err(Plain::illegal_state(text).into());
        }
        Ok(())
    }

    /// Takes a pending message, and waits for it.
    fn take_one(&self, deadline: Option<Instant>) -> Result<Option<Msg>> {
        let mut one = MsgList::new();
        self.taking_up_to(1, deadline, |want| self.sub.next_batch(want, &mut one))?;
        Ok(one.pop())
    }

    pub(super) fn taking_up_to<T>(
        &self,
        max: usize,
        deadline: Option<Instant>,
        take: impl FnOnce(&mut Batch<'_>) -> PlainResult<T>,
    ) -> Result<T> {
        let is_stopped = || self.is_stopped();
        let mut want = Batch {
            max,
            deadline,
            stop: Some(&is_stopped),
            ..Batch::default()
        };
        take(&mut want).map_err(|error| match self.is_stopped() {
            true => stopped().into(),
            false => {
                let what = || format!("watcher of bucket '{}'", self.store.bucket());
                let conn = self.store.context().connection();
                conn.explained(error, what).into()
            }
        })
    }

    /// Counts a message of the consumer that was taken. Returns whether the initial data are complete behind it.
    pub(super) fn count(&self) -> bool {
        let due = self.taking.lock().marker.took(self.news.after());
        if !self.has_sink {
            self.push.handed_over(&self.sub);
        }
        due
    }

    /// A message of our own was taken. Returns whether the initial data are complete, and an error of which the program
    /// is to be told by it.
    pub(super) fn look(&self) -> (bool, PlainResult<()>) {
        let due = self.taking.lock().marker.look(self.news.after());
        let news = match self.news.take_bucket_missing() {
            true => {
                let text = format!("bucket not found: {}", self.store.bucket());
                Err(Plain::new(Status::NATS_NOT_FOUND, text))
            }
            false => Ok(()),
        };
        (due, news)
    }

    /// What a message is for the program, and whether the initial data are complete behind it.
    pub(super) fn read(&self, msg: Msg) -> (Option<PlainResult<Entry>>, bool) {
        if !is_of_consumer(&msg) {
            let (due, news) = self.look();
            return (news.err().map(Err), due);
        }
        let due = self.count();
        let entry = Entry::delivered(msg, self.store.read_prefix());
        let wanted = |entry: &PlainResult<Entry>| match entry {
            Ok(entry) => !(self.ignore_deletes && entry.is_deleted()),
            Err(_) => true,
        };
        let shown = |entry: PlainResult<Entry>| self.store.shown(entry?, self.decode);
        (Some(entry).filter(wanted).map(shown), due)
    }
}

/// Is this a message of the consumer, not of our own? The former can be acknowledged.
pub(super) fn is_of_consumer(msg: &Msg) -> bool {
    msg.reply().is_some()
}

pub(super) fn stopped() -> Plain {
    Plain::illegal_state("the watcher was stopped")
}

/// Stops a watcher when it is dropped.
pub(super) struct Stopping(pub(super) Arc<Watcher>);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Passes messages to the sink of a watcher.
struct Sink {
    watcher: Arc<OnceLock<Weak<Watcher>>>,
    push: Arc<Push>,
    sink: Box<dyn EntrySink>,
}

impl Sink {
    fn show(&self, msg: Msg) {
        // The watcher has been dropped: its entries are not delivered.
        let Some(watcher) = self.watcher.get().and_then(Weak::upgrade) else {
            return;
        };
        if watcher.is_stopped() {
            return;
        }
        let (entry, due) = watcher.read(msg);
        if let Some(entry) = entry {
            self.sink.entry(entry.map(Some));
        }
        if due && !watcher.is_stopped() {
            self.sink.entry(Ok(None));
        }
    }
}

impl MsgSink for Sink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        self.sink.around(round);
        self.push.round_over(sub);
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(msg) = msg else { return };
        let of_consumer = is_of_consumer(&msg);
        self.show(msg);
        if of_consumer {
            self.push.called(sub);
        }
    }
}

/// The deadline of an operation that begins now; `None` for never.
pub(super) fn deadline_of(timeout: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(timeout?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_watch_begins() {
        let policy = |options: WatchOptions| {
            let config = options.consumer();
            (
                config.deliver_policy.unwrap(),
                config.opt_start_seq,
                options.has_initial(),
            )
        };
        let none = WatchOptions::default();
        assert_eq!(policy(none), (DeliverPolicy::LastPerSubject, 0, true));
        let history = WatchOptions {
            include_history: true,
            ..none
        };
        assert_eq!(policy(history), (DeliverPolicy::All, 0, true));
        let updates = WatchOptions {
            updates_only: true,
            ..history
        };
        assert_eq!(policy(updates), (DeliverPolicy::New, 0, false));
        let resume = WatchOptions {
            resume_from: 7,
            ..updates
        };
        assert_eq!(policy(resume), (DeliverPolicy::ByStartSequence, 7, true));
    }
}
