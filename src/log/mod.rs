//! What the library says about its work: lines of text with a level and a target.
//!
//! | file | content |
//! |---|---|
//! | here | [`Level`], [`Target`], and the question whether a line is wanted |
//! | `logger` | [`Logger`]: what a connection logs by, with its own handler |
//! | `queue` | lines on their way to the program's handlers |
//! | `filter` | `NATS_RS_LOG`: which lines go to standard error |
//! | `mask` | secrets in a text are replaced |
//!
//! A line that nobody wants costs two loads: its text is made by a closure, which is called only if somebody wants it.
//!
//! A line goes to up to three places. **Standard error**, if the environment says so: written at once by the thread that
//! logs, so that nothing is missing after a crash. **The handler of the process** and **the handler of the connection**:
//! these are functions of the program, and the library logs while it holds locks, so the line is queued and one thread,
//! `nats-log`, calls them in order with no lock held. They may call any function. A handler that does not keep up loses
//! lines and is told how many.
//!
//! The crate `log` was not used: its one logger for each process knows neither connections nor children made by `fork`,
//! and it calls the logger on the spot, with the locks held.
//!
//! Lock: that of the queue. No other one is taken while it is held.

#![forbid(unsafe_code)]

mod filter;
mod logger;
mod mask;
mod queue;

use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::SystemTime;

use rustix::io::Errno;
use rustix::stdio::stderr;

pub use self::logger::{Logger, OwnHandler};
pub(crate) use self::mask::{MASK, mask};
pub(crate) use self::queue::{Delivery, lines_lost, set_handler, wants_thread};
use crate::words;

/// How important a line is. Each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed for good, or was lost.
    Error = 1,
    /// Something failed and is tried again, or needs attention.
    Warn,
    /// Something that happens rarely: a connection is made, lost, restored, closed.
    Info,
    /// Each step.
    Debug,
    /// The protocol.
    Trace,
}

impl Level {
    /// All levels, the most important first.
    pub const ALL: [Level; 5] = [
        Level::Error,
        Level::Warn,
        Level::Info,
        Level::Debug,
        Level::Trace,
    ];

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }
}

/// The part of the library that a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Opening and closing the library.
    Library,
    /// Attempts to connect: addresses, the handshake.
    Connect,
    /// TLS.
    Tls,
    /// The state of a connection, and errors that no call can return.
    Session,
    /// Subscriptions.
    Subscribe,
    /// JetStream.
    JetStream,
    /// Key-value buckets.
    Kv,
    /// Object stores.
    Object,
    /// Services.
    Micro,
    /// The lines of the protocol.
    Protocol,
}

impl Target {
    /// All targets.
    pub const ALL: [Target; 10] = [
        Target::Library,
        Target::Connect,
        Target::Tls,
        Target::Session,
        Target::Subscribe,
        Target::JetStream,
        Target::Kv,
        Target::Object,
        Target::Micro,
        Target::Protocol,
    ];

    /// Its name.
    pub fn name(self) -> &'static CStr {
        match self {
            Target::Library => c"library",
            Target::Connect => c"connect",
            Target::Tls => c"tls",
            Target::Session => c"session",
            Target::Subscribe => c"subscribe",
            Target::JetStream => c"jetstream",
            Target::Kv => c"kv",
            Target::Object => c"object",
            Target::Micro => c"micro",
            Target::Protocol => c"protocol",
        }
    }
}

/// A line for a handler.
pub struct Record {
    /// How important it is.
    pub level: Level,
    /// What it is about.
    pub target: Target,
    /// When it was logged.
    pub time: SystemTime,
    /// The number of the connection; 0 if it is about none.
    pub connection: u64,
    /// The text, without a line end.
    pub text: String,
}

/// A function that receives lines.
pub type Handler = dyn Fn(&Record) + Send + Sync;

/// The highest level that goes to standard error, for each target; 0 for none.
static TO_STDERR: [AtomicU8; Target::ALL.len()] = [const { AtomicU8::new(0) }; Target::ALL.len()];

/// The highest level that goes to the handler of the process; 0 without one. A child made by `fork` inherits both.
static TO_HANDLER: AtomicU8 = AtomicU8::new(0);

/// Does the process want lines of this kind, whatever the connection?
#[inline]
fn wanted(target: Target, level: Level) -> bool {
    TO_HANDLER.load(Relaxed) >= level as u8
        || TO_STDERR[target as usize].load(Relaxed) >= level as u8
}

/// Reads the environment. Called when the library is opened.
pub(crate) fn read_environment() {
    let value = std::env::var_os("NATS_RS_LOG").unwrap_or_default();
    let (levels, faults) = filter::parse(&value.to_string_lossy());
    for (to, level) in TO_STDERR.iter().zip(levels) {
        to.store(level, Relaxed);
    }
    for fault in faults {
        write_line(&format!("nats_rs: NATS_RS_LOG: {fault}\n"));
    }
}

/// Writes one line to standard error. Not through the standard library, whose lock could be held in a child made by
/// fork. If it cannot be written, there is no place to report that.
fn write_line(line: &str) {
    let mut rest = line.as_bytes();
    while !rest.is_empty() {
        match rustix::io::write(stderr(), rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// A line as it is written to standard error.
fn as_line(record: &Record) -> String {
    let connection = match record.connection {
        0 => String::new(),
        number => format!(" [{number}]"),
    };
    format!(
        "{} {:5} nats_rs::{}{connection} {}\n",
        words::utc(record.time),
        record.level.name(),
        record.target.name().to_string_lossy(),
        record.text
    )
}

#[cfg(test)]
mod tests;
