//! What a connection logs by.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use super::{
    Handler, Level, Record, TO_HANDLER, TO_STDERR, Target, as_line, mask, queue, wanted, write_line,
};
use crate::secret::Secret;

/// The right to call a handler, until it is dropped.
pub(super) type Lease = Box<dyn Any + Send>;

/// The handler of one connection.
pub struct OwnHandler {
    /// The highest level that it receives.
    pub level: Level,
    /// Receives the lines.
    pub handler: Arc<Handler>,
    /// Returns the right to call it, which is held as long as a line waits for it; `None` when it must not be called
    /// any more.
    pub lease: Box<dyn Fn() -> Option<Lease> + Send + Sync>,
}

/// Logs what concerns one connection, or none.
#[derive(Clone)]
pub struct Logger {
    /// The highest level that the connection's own handler receives; 0 without one.
    own_level: u8,
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    connection: u64,
    own: Option<OwnHandler>,
    /// Secrets of the connection, which are replaced in all texts.
    secrets: Vec<Secret>,
    /// Lines that wait for the own handler or are being passed to it.
    pub(super) waiting: AtomicUsize,
}

impl Inner {
    pub(super) fn own(&self) -> Option<&OwnHandler> {
        self.own.as_ref()
    }
}

impl Logger {
    /// A logger for the connection with this number, which knows these secrets.
    pub fn new(connection: u64, own: Option<OwnHandler>, secrets: Vec<Secret>) -> Self {
        Logger {
            own_level: own.as_ref().map_or(0, |own| own.level as u8),
            inner: Arc::new(Inner {
                connection,
                own,
                secrets,
                waiting: AtomicUsize::new(0),
            }),
        }
    }

    /// A logger for what concerns no connection.
    pub fn of_no_connection() -> Self {
        Logger::new(0, None, Vec::new())
    }

    /// Does the connection have a handler of its own?
    pub fn has_own_handler(&self) -> bool {
        self.own_level > 0
    }

    /// Does anybody want lines of this kind?
    #[inline]
    pub fn wants(&self, target: Target, level: Level) -> bool {
        self.wants_itself(level) || wanted(target, level)
    }

    #[inline]
    fn wants_itself(&self, level: Level) -> bool {
        self.own_level >= level as u8
    }

    /// Logs a line, if anybody wants it. Callers may hold locks.
    #[inline]
    pub fn log(&self, level: Level, target: Target, text: impl FnOnce() -> String) {
        if self.wants(target, level) {
            self.emit(level, target, text());
        }
    }

    /// Something failed for good, or was lost.
    #[inline]
    pub fn error(&self, target: Target, text: impl FnOnce() -> String) {
        self.log(Level::Error, target, text);
    }

    /// Something failed and is tried again, or needs attention.
    #[inline]
    pub fn warn(&self, target: Target, text: impl FnOnce() -> String) {
        self.log(Level::Warn, target, text);
    }

    /// Something that happens rarely.
    #[inline]
    pub fn info(&self, target: Target, text: impl FnOnce() -> String) {
        self.log(Level::Info, target, text);
    }

    /// A step.
    #[inline]
    pub fn debug(&self, target: Target, text: impl FnOnce() -> String) {
        self.log(Level::Debug, target, text);
    }

    /// A line of the protocol.
    #[inline]
    pub fn trace(&self, text: impl FnOnce() -> String) {
        self.log(Level::Trace, Target::Protocol, text);
    }

    #[cold]
    fn emit(&self, level: Level, target: Target, text: String) {
        let inner = &self.inner;
        let record = Record {
            level,
            target,
            time: SystemTime::now(),
            connection: inner.connection,
            text: one_line(mask(
                text,
                inner.secrets.iter().map(|secret| secret.as_str()),
            )),
        };
        if TO_STDERR[target as usize].load(Ordering::Relaxed) >= level as u8 {
            write_line(&as_line(&record));
        }
        let to_process = TO_HANDLER.load(Ordering::Relaxed) >= level as u8;
        let to_own = self.wants_itself(level);
        if to_process || to_own {
            queue::push(record, to_process, to_own.then_some(inner));
        }
    }

    /// Waits until the connection's own handler has received what was logged. On the thread that calls the handlers,
    /// calls it.
    pub fn finish(&self) {
        if self.has_own_handler() {
            queue::finish(&self.inner);
        }
    }
}

/// Escapes what would end the line or control a terminal.
fn one_line(text: String) -> String {
    match text.contains(char::is_control) {
        true => text.chars().fold(String::new(), |mut line, c| {
            match c.is_control() {
                true => line.extend(c.escape_default()),
                false => line.push(c),
            }
            line
        }),
        false => text,
    }
}
