//! The options of a message that is published to a stream, and their headers.

use std::fmt::Write;

use smallvec::SmallVec;

use crate::client::Connection;
use crate::error::{Error, Result};
use crate::js::needs::need_server;
use crate::js::time::header_duration;
use crate::msg::Msg;
use crate::words::shown;

pub(crate) const MSG_ID: &[u8] = b"Nats-Msg-Id";
pub(crate) const EXPECTED_STREAM: &[u8] = b"Nats-Expected-Stream";
pub(crate) const EXPECTED_LAST_MSG_ID: &[u8] = b"Nats-Expected-Last-Msg-Id";
pub(crate) const EXPECTED_LAST_SEQ: &[u8] = b"Nats-Expected-Last-Sequence";
pub(crate) const EXPECTED_LAST_SUBJECT_SEQ: &[u8] = b"Nats-Expected-Last-Subject-Sequence";
pub(crate) const EXPECTED_LAST_SUBJECT_SEQ_SUBJECT: &[u8] =
    b"Nats-Expected-Last-Subject-Sequence-Subject";
pub(crate) const TTL: &[u8] = b"Nats-TTL";
pub(crate) const SCHEDULE: &[u8] = b"Nats-Schedule";
pub(crate) const SCHEDULE_TARGET: &[u8] = b"Nats-Schedule-Target";
pub(crate) const SCHEDULE_SOURCE: &[u8] = b"Nats-Schedule-Source";
pub(crate) const SCHEDULE_TTL: &[u8] = b"Nats-Schedule-TTL";
pub(crate) const SCHEDULE_TIME_ZONE: &[u8] = b"Nats-Schedule-Time-Zone";
pub(crate) const SCHEDULE_ROLLUP: &[u8] = b"Nats-Schedule-Rollup";
pub(crate) const SCHEDULER: &[u8] = b"Nats-Scheduler";
pub(crate) const SCHEDULE_NEXT: &[u8] = b"Nats-Schedule-Next";

/// The options of one message. Empty values, 0 and false mean that the option is not set.
#[derive(Debug, Clone, Copy, Default)]
pub struct PubOptions<'a> {
    /// The message's id: of several messages with the same id within its duplicate window, a stream stores one.
    pub msg_id: &'a [u8],
    /// The expected name of the stream.
    pub expect_stream: &'a [u8],
    /// The expected id of the stream's last message.
    pub expect_last_msg_id: &'a [u8],
    /// The expected last sequence of the stream.
    pub expect_last_seq: u64,
    /// The expected last sequence of the message's subject.
    pub expect_last_subject_seq: u64,
    /// The subject, possibly with wildcards, to which this or `expect_no_message` refers.
    pub expect_last_subject_seq_subject: &'a [u8],
    /// The subject must have no message.
    pub expect_no_message: bool,
    /// The time to live of the message, in milliseconds.
    pub ttl_ms: i64,
    /// When and where the message is published again.
    pub schedule: Schedule<'a>,
}

/// A schedule: the stream publishes the message later, or repeatedly (ADR-51).
#[derive(Debug, Clone, Copy, Default)]
pub struct Schedule<'a> {
    /// The time: `@at <time>`, `@every <duration>`, or a cron expression.
    pub schedule: &'a [u8],
    /// The subject to publish to.
    pub target: &'a [u8],
    /// The subject whose last message is published.
    pub source: &'a [u8],
    /// The time to live of the published messages, in milliseconds.
    pub ttl_ms: i64,
    /// The time zone of a cron schedule.
    pub time_zone: &'a [u8],
    /// A published message replaces all earlier ones of its subject.
    pub rollup: bool,
    /// The subject of a schedule that is to end.
    pub cancel_scheduled_subject: &'a [u8],
}

/// A header block that usually needs no allocation.
pub type Block = SmallVec<[u8; 256]>;

impl PubOptions<'_> {
    /// Sets the headers on a message, and replaces those with the same names.
    pub fn set_on(&self, msg: &mut Msg) -> Result<()> {
        self.check()?;
        let mut none = true;
        self.each(&mut |_, _| none = false);
        if none {
            return Ok(());
        }
        let headers = msg.headers_mut()?;
        self.each(&mut |name, value| headers.set(name, Some(value)));
        Ok(())
    }

    /// The headers as a block to be sent; empty if there are none.
    pub fn block(&self) -> Result<Block> {
        self.check()?;
        let mut block = Block::new();
        self.each(&mut |name, value| put_header(&mut block, name, value));
        if !block.is_empty() {
            block.extend_from_slice(b"\r\n");
        }
        Ok(block)
    }

    /// Refuses what the server of the connection would ignore: a message with such a header would be
    /// stored as if nothing had been said.
    pub fn supported_by(self, conn: &Connection) -> Result<Self> {
        let schedule = &self.schedule;
        let scheduled = schedule.says_when() || !schedule.cancel_scheduled_subject.is_empty();
        let needs = [
            (scheduled, 12, "schedules"),
            (self.ttl_ms != 0, 11, "messages with MsgTTL"),
            (
                !self.expect_last_subject_seq_subject.is_empty(),
                10,
                "messages with ExpectLastSubjectSeqSubject",
            ),
        ];
        for (asked, minor, what) in needs {
            if asked {
                need_server(conn, 2, minor, what)?;
            }
        }
        Ok(self)
    }

    fn check(&self) -> Result<()> {
        for (what, ms) in [
            ("MsgTTL", self.ttl_ms),
            ("Schedule.TTL", self.schedule.ttl_ms),
        ] {
            if ms < 0 {
                return Err(cannot_be_negative(what, ms));
            }
        }
        let schedule = &self.schedule;
        let cancel = schedule.cancel_scheduled_subject;
        if !cancel.is_empty() && schedule.says_when() {
            return Err(Error::invalid_arg(format!(
                "option 'Schedule.CancelScheduledSubject' ({}) cannot be used with other schedule options",
                shown(cancel)
            )));
        }
        Ok(())
    }

    /// Calls `put` with each header.
    fn each(&self, put: &mut dyn FnMut(&[u8], &[u8])) {
        let mut text = |name: &[u8], value: &[u8]| {
            if !value.is_empty() {
                put(name, value);
            }
        };
        text(MSG_ID, self.msg_id);
        text(EXPECTED_LAST_MSG_ID, self.expect_last_msg_id);
        text(EXPECTED_STREAM, self.expect_stream);
        number(&mut text, EXPECTED_LAST_SEQ, self.expect_last_seq);
        if self.expect_no_message {
            text(EXPECTED_LAST_SUBJECT_SEQ, b"0");
        } else {
            let seq = self.expect_last_subject_seq;
            number(&mut text, EXPECTED_LAST_SUBJECT_SEQ, seq);
        }
        if self.expect_no_message || self.expect_last_subject_seq > 0 {
            let subject = self.expect_last_subject_seq_subject;
            text(EXPECTED_LAST_SUBJECT_SEQ_SUBJECT, subject);
        }
        duration(&mut text, TTL, self.ttl_ms);
        let schedule = &self.schedule;
        text(SCHEDULE, schedule.schedule);
        text(SCHEDULE_TARGET, schedule.target);
        text(SCHEDULE_SOURCE, schedule.source);
        duration(&mut text, SCHEDULE_TTL, schedule.ttl_ms);
        text(SCHEDULE_TIME_ZONE, schedule.time_zone);
        if schedule.rollup {
            text(SCHEDULE_ROLLUP, b"sub");
        }
        if !schedule.cancel_scheduled_subject.is_empty() {
            text(SCHEDULER, schedule.cancel_scheduled_subject);
            text(SCHEDULE_NEXT, b"purge");
        }
    }
}

impl Schedule<'_> {
    fn says_when(&self) -> bool {
        let texts = [self.schedule, self.target, self.source, self.time_zone];
        texts.iter().any(|text| !text.is_empty()) || self.ttl_ms != 0 || self.rollup
    }
}

/// Sets the expected last sequence of the stream, which may be 0.
pub fn expect_last_seq(msg: &mut Msg, seq: u64) -> Result<()> {
    let text = seq.to_string();
    msg.headers_mut()?
        .set(EXPECTED_LAST_SEQ, Some(text.as_bytes()));
    Ok(())
}

/// Appends a header to a block; before the first one, the line that a block begins with.
pub(super) fn put_header(block: &mut Block, name: &[u8], value: &[u8]) {
    if block.is_empty() {
        block.extend_from_slice(b"NATS/1.0\r\n");
    }
    block.extend_from_slice(name);
    block.extend_from_slice(b": ");
    // A line end in a value would begin another header.
    let printable = |b: &u8| if matches!(b, b'\r' | b'\n') { b' ' } else { *b };
    block.extend(value.iter().map(printable));
    block.extend_from_slice(b"\r\n");
}

/// The error of a negative option.
pub(super) fn cannot_be_negative(what: &str, value: i64) -> Error {
    Error::invalid_arg(format!("option '{what}' ({value}) cannot be negative"))
}

fn number(text: &mut dyn FnMut(&[u8], &[u8]), name: &[u8], value: u64) {
    if value > 0 {
        let mut digits = Digits::default();
        // The longest number fits.
        let _ = write!(digits, "{value}");
        text(name, &digits.0);
    }
}

fn duration(text: &mut dyn FnMut(&[u8], &[u8]), name: &[u8], ms: i64) {
    if ms != 0 {
        text(name, header_duration(ms).as_bytes());
    }
}

/// A number as text, without an allocation.
#[derive(Default)]
struct Digits(SmallVec<[u8; 20]>);

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
