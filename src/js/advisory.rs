//! Advisories: notices that servers publish about events of streams and consumers.
//!
//! They are ordinary messages on subjects that begin with `$JS.EVENT.ADVISORY.`. They are not acknowledged, and
//! delivered at most once. Of unknown kinds, the fields that all kinds have in common are parsed.

use super::api::json::{object, parse};
use super::time::Time;
use crate::error::Result;

/// The prefix of all types of advisories.
const TYPES: &str = "io.nats.jetstream.advisory.v1.";
/// The prefix of all subjects of advisories.
const SUBJECTS: &str = "$JS.EVENT.ADVISORY.";

/// The kind of event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// An unknown kind.
    #[default]
    Other,
    /// A message was delivered as often as its consumer allows without an acknowledgement.
    MaxDeliveries,
    /// A message was terminated: it is not delivered any more.
    Terminated,
    /// A client was pinned in a priority group.
    Pinned,
    /// A client is no longer pinned.
    Unpinned,
    /// A stream has a new leader.
    StreamLeader,
    /// A consumer has a new leader.
    ConsumerLeader,
    /// A batch was abandoned.
    BatchAbandoned,
}

/// For each kind, the end of its type and the part of its subject.
const KINDS: [(Kind, &str, &str); 7] = [
    (
        Kind::MaxDeliveries,
        "max_deliver",
        "CONSUMER.MAX_DELIVERIES",
    ),
    (Kind::Terminated, "terminated", "CONSUMER.MSG_TERMINATED"),
    (Kind::Pinned, "consumer_group_pinned", "CONSUMER.PINNED"),
    (
        Kind::Unpinned,
        "consumer_group_unpinned",
        "CONSUMER.UNPINNED",
    ),
    (
        Kind::StreamLeader,
        "stream_leader_elected",
        "STREAM.LEADER_ELECTED",
    ),
    (
        Kind::ConsumerLeader,
        "consumer_leader_elected",
        "CONSUMER.LEADER_ELECTED",
    ),
    (
        Kind::BatchAbandoned,
        "stream_batch_abandoned",
        "STREAM.BATCH_ABANDONED",
    ),
];

/// An advisory. Fields that its kind does not have are empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advisory {
    /// Its type, as text.
    pub kind: String,
    /// Its own id.
    pub id: String,
    /// The time of the event.
    pub timestamp: Time,
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: String,
    /// The JetStream domain.
    pub domain: String,
    /// The sequence of the message.
    pub stream_seq: u64,
    /// The number of deliveries of the message.
    pub deliveries: u64,
    /// The priority group.
    pub group: String,
    /// The id of the client that is pinned.
    pub pinned_id: String,
    /// The reason.
    pub reason: String,
    /// The new leader.
    pub leader: String,
    /// The batch.
    pub batch: String,
}

object!(Advisory {
    kind "type",
    id "id",
    timestamp "timestamp",
    stream "stream",
    consumer "consumer",
    domain "domain",
    stream_seq "stream_seq",
    deliveries "deliveries",
    group "group",
    pinned_id "pinned_id",
    reason "reason",
    leader "leader",
    batch "batch",
});

impl Advisory {
    /// Parses the payload of a message; `None` if it is not an advisory.
    pub fn read(payload: &[u8]) -> Result<Option<Advisory>> {
        let advisory: Advisory = parse(payload)?;
        Ok(advisory.kind.starts_with(TYPES).then_some(advisory))
    }

    /// The kind of event.
    pub fn kind(&self) -> Kind {
        let name = self.kind.strip_prefix(TYPES).unwrap_or_default();
        let found = KINDS.iter().find(|(_, of_type, _)| *of_type == name);
        found.map_or(Kind::Other, |(kind, _, _)| *kind)
    }
}

/// The subject of the advisories of a kind, for a stream, and for a consumer if the kind concerns consumers. Empty
/// names match any.
pub fn subject(kind: Kind, stream: &str, consumer: &str) -> String {
    let Some((_, _, part)) = KINDS.iter().find(|(of_kind, _, _)| *of_kind == kind) else {
        return format!("{SUBJECTS}>");
    };
    let any = |name: &str| if name.is_empty() { "*" } else { name }.to_owned();
    let mut subject = format!("{SUBJECTS}{part}.{}", any(stream));
    if part.starts_with("CONSUMER.") {
        subject.push('.');
        subject.push_str(&any(consumer));
    }
    subject
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_their_types() {
        let text = br#"{"type":"io.nats.jetstream.advisory.v1.max_deliver","id":"I","timestamp":
            "1970-01-01T00:00:01.5Z","stream":"S","consumer":"C","stream_seq":7,"deliveries":3,"domain":"hub"}"#;
        let advisory = Advisory::read(text).unwrap().unwrap();
        assert_eq!(advisory.kind(), Kind::MaxDeliveries);
        assert_eq!((advisory.stream_seq, advisory.deliveries), (7, 3));
        assert_eq!(advisory.timestamp, Time(1_500_000_000));
        assert_eq!(
            [&advisory.stream, &advisory.consumer, &advisory.domain],
            ["S", "C", "hub"]
        );
        let new =
            br#"{"type":"io.nats.jetstream.advisory.v1.of_tomorrow","stream":"S","surprise":[]}"#;
        let new = Advisory::read(new).unwrap().unwrap();
        assert_eq!((new.kind(), new.stream.as_str()), (Kind::Other, "S"));
        assert_eq!(
            Advisory::read(br#"{"type":"io.nats.server.advisory.v1.x"}"#),
            Ok(None)
        );
        assert_eq!(Advisory::read(b""), Ok(None));
        assert_eq!(Advisory::read(b"{}"), Ok(None));
        assert!(Advisory::read(b"[").is_err());
    }

    #[test]
    fn subjects() {
        assert_eq!(subject(Kind::Other, "S", "C"), "$JS.EVENT.ADVISORY.>");
        assert_eq!(
            subject(Kind::MaxDeliveries, "S", "C"),
            "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.S.C"
        );
        assert_eq!(
            subject(Kind::Pinned, "", ""),
            "$JS.EVENT.ADVISORY.CONSUMER.PINNED.*.*"
        );
        assert_eq!(
            subject(Kind::BatchAbandoned, "S", "C"),
            "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.S"
        );
    }
}
