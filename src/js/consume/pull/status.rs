//! Status messages of a server for a request.

use crate::error::{Error, Status};
use crate::msg::Msg;
use crate::proto::decimal;

/// The meaning of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A heartbeat.
    Alive,
    /// There are no messages.
    Nothing,
    /// The request has expired, or the server has dropped it.
    Expired,
    /// The server has dropped the request: repeat it at once.
    Again,
    /// All that fits into the request has been sent.
    Cut,
    /// There are too many requests: repeat it later.
    Busy,
    /// Another client is pinned.
    Unpinned,
    /// There is no responder for requests of this consumer: it does not exist, or the server is not
    /// ready.
    Unanswered,
    /// The consumer was deleted.
    Deleted,
    /// The request cannot be served.
    Refused,
}

/// A status, and the error that it stands for.
pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) error: Error,
    /// The number of messages of the request that have not been sent, if the server reports it.
    pub(super) pending: Option<u64>,
}

impl Said {
    /// Reads a status message. Servers use one code for many events, which differ in their texts
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
            pending: pending.and_then(decimal::whole),
        })
    }
}

/// The number of the request that a status is about.
pub(super) fn number(msg: &Msg, inbox: &str) -> Option<u64> {
    let rest = msg.subject().strip_prefix(inbox.as_bytes())?;
    decimal::whole(rest.strip_prefix(b".")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        /// Whatever a server sends is read without a panic; a message that is not a status is not taken for one; and
        /// an unknown status does not keep a request open.
        #[test]
        fn any_status_has_one_meaning(
            code in prop_oneof![100u16..1000, Just(100), Just(408), Just(409), Just(423)],
            description in proptest::collection::vec(any::<u8>(), 0..40),
            pending in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..24),
                "[+-]?[0-9]{0,22}".prop_map(String::into_bytes),
            ],
        ) {
            let clean = |bytes: &[u8]| -> Vec<u8> {
                bytes.iter().copied().filter(|b| !b"\r\n\0".contains(b)).collect()
            };
            let (description, pending) = (clean(&description), clean(&pending));
            let block = [
                format!("NATS/1.0 {code} ").as_bytes(), &description,
                b"\r\nNats-Pending-Messages: ", &pending, b"\r\n\r\n",
            ].concat();
            let msg = Msg::create_with(b"_INBOX.x.7", None, &block, b"").unwrap();
            let said = Said::of(&msg).expect("a status");
            let known = match code {
                100 => said.verdict == Verdict::Alive,
                404 => said.verdict == Verdict::Nothing,
                408 => said.verdict == Verdict::Expired,
                423 => said.verdict == Verdict::Unpinned,
                503 => said.verdict == Verdict::Unanswered,
                409 => said.error.status() == Status::NATS_LIMIT_REACHED,
                _ => said.verdict == Verdict::Refused,
            };
            prop_assert!(known, "{} {:?}", code, said.verdict);
            prop_assert_eq!(said.error.status() == Status::NATS_OK, code == 100);
            let trimmed = String::from_utf8_lossy(&pending).trim().to_owned();
            let is_number = !trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_digit());
            prop_assert_eq!(said.pending, trimmed.parse().ok().filter(|_: &u64| is_number));
        }

        #[test]
        fn any_bytes_are_taken_for_a_status_without_panic(
            block in proptest::collection::vec(any::<u8>(), 0..80),
            subject in proptest::collection::vec(0x21u8..0x7f, 1..40),
        ) {
            for block in [block.clone(), [b"NATS/1.0 ", &block[..], b"\r\n\r\n"].concat()] {
                if let Ok(msg) = Msg::create_with(&subject, None, &block, b"") {
                    let _ = Said::of(&msg);
                    let _ = number(&msg, "_INBOX.x");
                }
            }
        }

        #[test]
        fn the_number_of_a_request_is_digits_behind_its_inbox(
            tail in prop_oneof!["[ -~]{0,24}", "\\.[0-9]{0,21}", "\\.[+-][0-9]{1,3}"],
        ) {
            let subject = format!("_INBOX.x{tail}");
            let msg = Msg::create(subject.as_bytes(), None, b"").unwrap();
            let digits = tail.strip_prefix('.').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
            prop_assert_eq!(number(&msg, "_INBOX.x"), digits.and_then(|d| d.parse().ok()));
        }
    }

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
