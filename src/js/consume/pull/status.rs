//! What a server says about a request by a message with a status.

use crate::error::{Error, Status};
use crate::msg::Msg;

/// What is to be made of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The server is there.
    Alive,
    /// There are no messages.
    Nothing,
    /// The request's time is over, or the server gave it up.
    Expired,
    /// The server has given the request up: another one is wanted at once.
    Again,
    /// All that fits into the request has been sent.
    Cut,
    /// There are too many requests: another one later.
    Busy,
    /// Somebody else is pinned.
    Unpinned,
    /// Nobody deals with requests of this consumer: it is gone, or the server is not ready.
    Unanswered,
    /// The consumer was deleted.
    Deleted,
    /// The request cannot be met.
    Refused,
}

/// A status, and the error that it stands for.
pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) error: Error,
    /// Messages of the request that have not been sent, where the server says so.
    pub(super) pending: Option<u64>,
}

impl Said {
    /// Reads a status message. A consumer has one number for many things, which differ in words
    /// only (ADR-13).
    pub(super) fn of(msg: &Msg) -> Option<Self> {
        let status = msg.status()?;
        let text = || String::from_utf8_lossy(status.description).into_owned();
        let says = |what: &str| {
            let description = status.description;
            description.len() >= what.len()
                && description[..what.len()].eq_ignore_ascii_case(what.as_bytes())
        };
        let (verdict, error) = match status.code {
            100 => (Verdict::Alive, Status::NATS_OK.into()),
            400 => (
                Verdict::Refused,
                Error::new(Status::NATS_INVALID_ARG, text()),
            ),
            404 => (Verdict::Nothing, Status::NATS_NOT_FOUND.into()),
            408 => (Verdict::Expired, Status::NATS_TIMEOUT.into()),
            409 => {
                let verdict = if says("Leadership Change") || says("Server Shutdown") {
                    Verdict::Again
                } else if says("Batch Completed") || says("Message Size Exceeds MaxBytes") {
                    Verdict::Cut
                } else if says("Exceeded MaxWaiting") {
                    Verdict::Busy
                } else if says("Consumer Deleted") {
                    Verdict::Deleted
                } else {
                    Verdict::Refused
                };
                (verdict, Error::new(Status::NATS_LIMIT_REACHED, text()))
            }
            423 => (Verdict::Unpinned, Status::NATS_PIN_ID_MISMATCH.into()),
            503 => (Verdict::Unanswered, Status::NATS_NO_RESPONDERS.into()),
            _ => {
                let text = match status.description.is_empty() {
                    true => "error checking pull subscribe message".to_owned(),
                    false => text(),
                };
                (Verdict::Refused, Error::new(Status::NATS_ERR, text))
            }
        };
        let pending = msg.header(b"Nats-Pending-Messages");
        Some(Said {
            verdict,
            error,
            pending: pending.and_then(|n| std::str::from_utf8(n).ok()?.parse().ok()),
        })
    }
}

/// The number of the request that a status is about.
pub(super) fn number(msg: &Msg, inbox: &str) -> Option<u64> {
    let rest = msg.subject().strip_prefix(inbox.as_bytes())?;
    std::str::from_utf8(rest.strip_prefix(b".")?)
        .ok()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(head: &str) -> Option<(Verdict, Status, String, Option<u64>)> {
        let block = format!("NATS/1.0 {head}\r\n\r\n");
        let msg = Msg::create_with(b"_INBOX.x.7", None, block.as_bytes(), b"").unwrap();
        assert_eq!(number(&msg, "_INBOX.x"), Some(7));
        assert_eq!(number(&msg, "_INBOX.y"), None);
        assert_eq!(number(&msg, "_INBOX"), None);
        let said = Said::of(&msg)?;
        let text = said.error.text().to_owned();
        Some((said.verdict, said.error.status(), text, said.pending))
    }

    #[test]
    fn statuses_and_what_they_stand_for() {
        use Verdict::*;
        for (head, verdict, status) in [
            ("100 Idle Heartbeat", Alive, Status::NATS_OK),
            ("404 No Messages", Nothing, Status::NATS_NOT_FOUND),
            ("408 Request Timeout", Expired, Status::NATS_TIMEOUT),
            ("408 Interest Expired", Expired, Status::NATS_TIMEOUT),
            ("409 Leadership Change", Again, Status::NATS_LIMIT_REACHED),
            ("409 Server Shutdown", Again, Status::NATS_LIMIT_REACHED),
            ("409 Batch Completed", Cut, Status::NATS_LIMIT_REACHED),
            (
                "409 Message Size Exceeds MaxBytes",
                Cut,
                Status::NATS_LIMIT_REACHED,
            ),
            ("409 Exceeded MaxWaiting", Busy, Status::NATS_LIMIT_REACHED),
            (
                "409 Exceeded MaxRequestBatch of 5",
                Refused,
                Status::NATS_LIMIT_REACHED,
            ),
            ("409 Consumer Deleted", Deleted, Status::NATS_LIMIT_REACHED),
            (
                "409 Consumer is push based",
                Refused,
                Status::NATS_LIMIT_REACHED,
            ),
            ("400 Bad Request", Refused, Status::NATS_INVALID_ARG),
            (
                "423 Nats-Wrong-Pin-Id",
                Unpinned,
                Status::NATS_PIN_ID_MISMATCH,
            ),
            ("503", Unanswered, Status::NATS_NO_RESPONDERS),
            ("777", Refused, Status::NATS_ERR),
        ] {
            let (got, error, text, pending) = said(head).unwrap();
            assert_eq!((got, error, pending), (verdict, status, None), "{head}");
            if matches!(&head[..3], "400" | "409") {
                assert_eq!(text, head[4..]);
            }
        }
        let (.., pending) = said("408 Request Timeout\r\nNats-Pending-Messages: 12").unwrap();
        assert_eq!(pending, Some(12));
        assert!(said("").is_none());
        assert!(said("\r\nA: b").is_none());
    }
}
