//! Statuses: what servers say by a message without a payload. And reading one header without
//! decoding all of them.

use super::message::Msg;
use crate::proto::headers;

/// The beginning of the reply subjects of messages from JetStream's consumers.
pub const ACK_PREFIX: &[u8] = b"$JS.ACK.";

/// The status that a message consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MsgStatus<'a> {
    /// The number, for example 404.
    pub code: u16,
    /// The description of the server; may be empty.
    pub description: &'a [u8],
}

impl Msg {
    /// The status that the message consists of: `None` if it has a payload, if its headers have no
    /// status, or if it comes from a stream: programs may store messages with a header named `Status`.
    pub fn status(&self) -> Option<MsgStatus<'_>> {
        // A consumer's messages without a payload are many: lists of keys consist of them.
        if !self.payload().is_empty() || self.is_consumed() {
            return None;
        }
        let (code, description) = match self.decoded() {
            None => headers::status(self.raw_headers())
                .or_else(|| headers::listed_status(self.raw_headers()))?,
            Some(_) => (
                headers::status_code(self.header(headers::STATUS)?)?,
                self.header(headers::DESCRIPTION).unwrap_or_default(),
            ),
        };
        (!self.is_stored()).then_some(MsgStatus { code, description })
    }

    /// Does it come from a stream? A consumer's messages have a reply subject for the acknowledgement, and the answers to
    /// direct gets name the stream.
    pub(super) fn is_stored(&self) -> bool {
        self.is_consumed() || self.header(b"Nats-Stream").is_some()
    }

    /// Does it come from a consumer?
    fn is_consumed(&self) -> bool {
        let is_for_acks = |reply: &[u8]| reply.starts_with(ACK_PREFIX);
        self.reply().is_some_and(is_for_acks)
    }

    /// Is this its only header, with one value? False also where that cannot be told without decoding.
    pub fn has_only_header(&self, name: &[u8]) -> bool {
        self.decoded().is_none() && headers::is_only(self.raw_headers(), name)
    }

    /// The first value of a header, as it was received or set. The name is compared byte by byte.
    pub fn header(&self, name: &[u8]) -> Option<&[u8]> {
        match self.decoded() {
            None => headers::value(self.raw_headers(), name),
            Some(map) => Some(map.get(name)??.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::headers::HeaderMap;

    fn with(headers: &[u8], payload: &[u8]) -> Msg {
        Msg::create_with(b"s", None, headers, payload).unwrap()
    }

    fn status(msg: &Msg) -> Option<(u16, &str)> {
        let status = msg.status()?;
        Some((status.code, str::from_utf8(status.description).unwrap()))
    }

    #[test]
    fn statuses_by_example() {
        for (block, expected) in [
            (
                &b"NATS/1.0 404 No Messages\r\n\r\n"[..],
                Some((404, "No Messages")),
            ),
            (b"NATS/1.0 503\r\n\r\n", Some((503, ""))),
            (
                b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Stream: 1\r\n\r\n",
                Some((100, "Idle Heartbeat")),
            ),
            // A program that decodes a status and sends it on writes it as headers.
            (
                b"NATS/1.0\r\nDescription: Message Size\r\nStatus: 409\r\n\r\n",
                Some((409, "Message Size")),
            ),
            (b"NATS/1.0\r\nStatus:404\r\n\r\n", Some((404, ""))),
            (b"NATS/1.0 100 x\r\nStatus: 404\r\n\r\n", Some((100, "x"))),
            (b"NATS/1.0 x\r\nStatus: 404\r\n\r\n", None),
            (b"NATS/1.0\r\nA: b\r\n\r\n", None),
            (b"NATS/1.0 4x4\r\n\r\n", None),
            (b"NATS/1.0 40\r\n\r\n", None),
            (b"NATS/1.0 404", None),
            (b"", None),
        ] {
            let mut msg = with(block, b"");
            assert_eq!(status(&msg), expected, "{}", block.escape_ascii());
            // The same result once the headers were decoded.
            if msg.headers().is_ok() {
                assert_eq!(status(&msg), expected, "{}", block.escape_ascii());
            }
            assert_eq!(status(&with(block, b"x")), None);
        }
    }

    #[test]
    fn what_comes_from_a_stream_is_no_status() {
        let with_reply =
            |reply: &[u8], block: &[u8]| Msg::create_with(b"s", Some(reply), block, b"").unwrap();
        let listed = b"NATS/1.0\r\nStatus: 503\r\n\r\n";
        let inline = b"NATS/1.0 503\r\n\r\n";
        for block in [&listed[..], inline] {
            let mut msg = with_reply(b"$JS.ACK.S.C.1.2.3.4.5", block);
            for _ in 0..2 {
                assert_eq!(status(&msg), None);
                assert!(!msg.is_no_responders());
                msg.headers().unwrap();
            }
            // A request for flow control has another.
            let flow_control = with_reply(b"$JS.FC.S.C", block);
            assert_eq!(status(&flow_control), Some((503, "")));
            assert!(flow_control.is_no_responders());
        }
        // The answer to a direct get.
        let got = b"NATS/1.0\r\nStatus: 404\r\nNats-Stream: S\r\nNats-Sequence: 5\r\n\r\n";
        assert_eq!(status(&with(got, b"")), None);
    }

    #[test]
    fn one_header_alone() {
        let is_only = |block: &[u8]| with(block, b"").has_only_header(b"A");
        assert!(is_only(b"NATS/1.0\r\nA: b\r\n\r\n"));
        assert!(is_only(b"NATS/1.0\r\nA:\r\n\r\n"));
        for block in [
            &b"NATS/1.0\r\nA: b\r\nB: c\r\n\r\n"[..],
            b"NATS/1.0\r\nB: c\r\nA: b\r\n\r\n",
            b"NATS/1.0\r\nA: b\r\n continued\r\n\r\n",
            b"NATS/1.0\r\nAB: b\r\n\r\n",
            b"NATS/1.0 404\r\nA: b\r\n\r\n",
            b"NATS/1.0\r\nA: b\r\n",
            b"NATS/1.0\r\n\r\n",
            b"",
        ] {
            assert!(!is_only(block), "{}", block.escape_ascii());
        }
    }

    #[test]
    fn one_header_is_found_without_decoding() {
        let block = b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 5\r\nNats-Pending: 1\r\nE:\r\nNats-Pending: 2\r\n\r\n";
        let mut msg = with(block, b"");
        for _ in 0..2 {
            assert_eq!(msg.header(b"Nats-Pending-Messages"), Some(&b"5"[..]));
            assert_eq!(msg.header(b"Nats-Pending"), Some(&b"1"[..]));
            assert_eq!(msg.header(b"nats-pending"), None);
            assert_eq!(msg.header(b"Nats"), None);
            msg.headers().unwrap();
        }
        assert_eq!(with(b"", b"x").header(b"A"), None);
    }

    proptest! {
        #[test]
        fn any_block_is_looked_at_safely_and_as_decoding_does(
            block in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "NATS/1.0( [0-9]{0,4} ?[a-z ]{0,5})?\r\n([A-C]{1,2}: ?[a-z]{0,3}\r\n){0,4}\r\n".prop_map(String::into_bytes),
            ],
        ) {
            let msg = with(&block, b"");
            let value = msg.header(b"A").map(<[u8]>::to_vec);
            let _ = msg.status();
            if let Ok(map) = HeaderMap::decode(&block) {
                let expected = map.get(b"A").flatten().map(|v| v.as_bytes().to_vec());
                // Decoding treats an empty value as none.
                prop_assert_eq!(value.unwrap_or_default(), expected.unwrap_or_default());
            }
        }
    }
}
