//! Watching the objects of a bucket, and listing them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use super::meta::Info;
use super::names;
use super::store::Store;
use crate::client::{Batch, Subscription};
use crate::error::{Error as Plain, Status};
use crate::js::api::{ConsumerConfig, DeliverPolicy};
use crate::js::consume::{Delivery, Events, Metadata, Mode, Push, SubOptions, Wanted, subscribe};
use crate::js::{Error, Result};
use crate::msg::{Msg, MsgList};
use crate::words::shown;

/// An event of a watcher.
pub enum Seen {
    /// An object existed when the watcher began, or was changed.
    Object(Box<Info>),
    /// All initial objects have been reported.
    EndOfInitial,
}

/// Follows the objects of a bucket.
pub struct Watcher {
    bucket: String,
    sub: Arc<Subscription>,
    initial: Arc<Initial>,
    ignore_deletes: bool,
    stopped: AtomicBool,
}

/// The state of the initial data.
#[derive(Default)]
struct Initial {
    sub: OnceLock<Weak<Subscription>>,
    /// The number of messages of the initial data; `u64::MAX` while it is unknown.
    after: AtomicU64,
    /// The end was reported, or is not to be.
    told: AtomicBool,
    taken: AtomicU64,
}

impl Initial {
    fn is_due(&self) -> bool {
        !self.told.load(Ordering::SeqCst)
            && self.taken.load(Ordering::SeqCst) >= self.after.load(Ordering::SeqCst)
    }
}

impl Events for Initial {
    fn initial_complete(&self, after: u64) {
        self.after.store(after, Ordering::SeqCst);
        if let Some(sub) = self.sub.get().and_then(Weak::upgrade) {
            sub.wake();
        }
    }
}

impl Watcher {
    /// Starts a watcher: of all objects and their changes, or of changes only.
    pub fn new(
        store: &Store,
        updates_only: bool,
        ignore_deletes: bool,
        deadline: Instant,
    ) -> Result<Watcher> {
        let initial = Arc::new(Initial {
            after: AtomicU64::new(u64::MAX),
            told: AtomicBool::new(updates_only),
            ..Initial::default()
        });
        let policy = match updates_only {
            true => DeliverPolicy::New,
            false => DeliverPolicy::LastPerSubject,
        };
        let options = SubOptions {
            stream: store.stream().to_owned(),
            ordered: true,
            config: ConsumerConfig {
                deliver_policy: Some(policy),
                ..ConsumerConfig::default()
            },
            ..SubOptions::default()
        };
        let subject = names::every_meta(store.bucket());
        let wanted = Wanted {
            subjects: &[&subject],
            durable: None,
            mode: Mode::Push,
            options: &options,
        };
        let events: Arc<dyn Events> = initial.clone();
        let sub = subscribe(
            &store.context,
            &store.call(deadline)?,
            &wanted,
            Delivery::Sync,
            Some(events),
            |sub| {
                let _ = initial.sub.set(Arc::downgrade(sub));
            },
        )
        .map_err(|e| store.gone_if(e))?;
        Ok(Watcher {
            bucket: store.bucket().to_owned(),
            sub,
            initial,
            ignore_deletes,
            stopped: AtomicBool::new(false),
        })
    }

    /// The next event.
    pub fn next(&self, deadline: Instant) -> Result<Seen> {
        loop {
            if self.stopped.load(Ordering::SeqCst) {
                return Err(stopped().into());
            }
            let initial = &self.initial;
            if initial.is_due() && !initial.told.swap(true, Ordering::SeqCst) {
                return Ok(Seen::EndOfInitial);
            }
            let stop = || initial.is_due();
            let mut taken = MsgList::new();
            let mut want = Batch {
                max: 1,
                deadline: Some(deadline),
                stop: Some(&stop),
                ..Batch::default()
            };
            let result = self.sub.next_batch(&mut want, &mut taken);
            if let Err(e) = result {
                return Err(match self.stopped.load(Ordering::SeqCst) {
                    true => stopped().into(),
                    false => self.explained(e),
                });
            }
            let Some(msg) = taken.pop() else { continue };
            if let Some(push) = self.sub.extension::<Push>() {
                push.handed_over(&self.sub);
            }
            let count = initial.taken.fetch_add(1, Ordering::SeqCst) + 1;
            let meta = msg.reply().and_then(Metadata::parse);
            if meta.as_ref().is_some_and(|m| m.pending == 0) {
                // The event may arrive only after the next message has been taken.
                initial.after.fetch_min(count, Ordering::SeqCst);
            }
            match Info::of(&msg) {
                Ok(info) if info.deleted && self.ignore_deletes => {}
                Ok(mut info) => {
                    info.mod_time = meta.map_or(0, |m| m.timestamp);
                    return Ok(Seen::Object(Box::new(info)));
                }
                Err(_) => self.tell_unreadable(&msg, meta.map_or(0, |m| m.stream_seq)),
            }
            // However many there are to leave out, and unless the end of the initial data is due.
            if Instant::now() >= deadline && !initial.is_due() {
                return Err(self.explained(Status::NATS_TIMEOUT.into()));
            }
        }
    }

    #[cold]
    fn explained(&self, error: Plain) -> Error {
        let what = || format!("watcher of bucket '{}'", self.bucket);
        self.sub.connection().explained(error, what).into()
    }

    /// Tells the program of a description that is left out, so that it does not hide the others.
    fn tell_unreadable(&self, msg: &Msg, revision: u64) {
        let text = format!(
            "the description of an object cannot be read, and is left out: '{}', sequence {revision}",
            shown(msg.subject())
        );
        let error = Plain::new(Status::NATS_ERR, text);
        self.sub.connection().report_error(Some(&self.sub), &error);
    }

    /// Stops the watcher; waiting threads are woken.
    pub fn stop(&self) -> Result<()> {
        if self.stopped.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        match self.sub.unsubscribe() {
            Err(e)
                if e.status() != Status::NATS_INVALID_SUBSCRIPTION
                    && e.status() != Status::NATS_CONNECTION_CLOSED
                    && e.status() != Status::NATS_NOT_FOUND =>
            {
                Err(e.into())
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.sub.destroy();
    }
}

fn stopped() -> Plain {
    Plain::illegal_state("the watcher was stopped")
}

/// The objects of a bucket, in the order of their last changes.
pub fn list(store: &Store, deleted: bool) -> Result<Vec<Info>> {
    let deadline = store.deadline();
    let watcher = Watcher::new(store, false, !deleted, deadline)?;
    let mut objects = Vec::new();
    let result = loop {
        match watcher.next(deadline) {
            Ok(Seen::Object(info)) => objects.push(*info),
            Ok(Seen::EndOfInitial) => break Ok(objects),
            Err(e) => break Err(e),
        }
    };
    // The consumer is deleted with it, or later by the server.
    let _ = watcher.stop();
    result
}
