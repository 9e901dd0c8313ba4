//! What the reply subject of a message from a consumer says: `$JS.ACK.` and 7 tokens, or 9 and more
//! with the domain and the account in front (ADR-15).

use crate::msg::{Msg, MsgStatus};

/// The metadata of a message that a consumer delivered. They lie in its reply subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The domain; `None` where the server is in none.
    pub domain: Option<&'a [u8]>,
    /// The stream.
    pub stream: &'a [u8],
    /// The consumer.
    pub consumer: &'a [u8],
    /// How many times the message has been delivered, this time included.
    pub delivered: u64,
    /// The message's sequence in the stream.
    pub stream_seq: u64,
    /// The number of this delivery among all of the consumer's.
    pub consumer_seq: u64,
    /// When the stream received the message, in nanoseconds since 1970.
    pub timestamp: i64,
    /// How many messages the consumer still had to deliver after this one.
    pub pending: u64,
}

/// What the reply subjects of consumers' messages begin with.
pub const ACK_PREFIX: &[u8] = b"$JS.ACK.";

/// What the server says to the client by a status. A message of the stream may look like one: but it
/// has metadata, and goes to the program.
pub(super) fn status_of_server(msg: &Msg) -> Option<MsgStatus<'_>> {
    let from_stream = msg.reply().is_some_and(|r| r.starts_with(ACK_PREFIX));
    msg.status().filter(|_| !from_stream)
}

/// The short form has this many tokens behind the prefix.
const SHORT: usize = 7;

impl<'a> Metadata<'a> {
    /// Reads a reply subject; `None` where it is not that of a consumer's message.
    #[inline]
    pub fn parse(reply: &'a [u8]) -> Option<Self> {
        let rest = reply.strip_prefix(ACK_PREFIX)?;
        let mut tokens = rest.split(|b| *b == b'.');
        // The numbers decide which form it is: only the short form has exactly seven tokens.
        let mut first = [&rest[..0]; SHORT + 2];
        let mut count = 0;
        for slot in &mut first {
            match tokens.next() {
                Some(token) => *slot = token,
                None => break,
            }
            count += 1;
        }
        let (domain, body) = match count {
            SHORT => (None, &first[..SHORT]),
            n if n == SHORT + 2 => (Some(first[0]).filter(|d| *d != b"_"), &first[2..]),
            _ => return None,
        };
        Some(Metadata {
            domain,
            stream: body[0],
            consumer: body[1],
            delivered: number(body[2])?,
            stream_seq: number(body[3])?,
            consumer_seq: number(body[4])?,
            timestamp: i64::try_from(number(body[5])?).ok()?,
            pending: number(body[6])?,
        })
    }
}

/// A decimal number without sign.
#[inline]
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut n = 0u64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expected<'a>(domain: Option<&'a [u8]>) -> Metadata<'a> {
        Metadata {
            domain,
            stream: b"ORDERS",
            consumer: b"c",
            delivered: 1,
            stream_seq: 22,
            consumer_seq: 3,
            timestamp: 1_700_000_000_123_456_789,
            pending: 5,
        }
    }

    #[test]
    fn both_forms_are_read() {
        let short = b"$JS.ACK.ORDERS.c.1.22.3.1700000000123456789.5";
        assert_eq!(Metadata::parse(short), Some(expected(None)));
        for (reply, domain) in [
            (
                &b"$JS.ACK._.acc.ORDERS.c.1.22.3.1700000000123456789.5"[..],
                None,
            ),
            (
                b"$JS.ACK._.acc.ORDERS.c.1.22.3.1700000000123456789.5.",
                None,
            ),
            (
                b"$JS.ACK.hub.acc.ORDERS.c.1.22.3.1700000000123456789.5.rnd",
                Some(&b"hub"[..]),
            ),
            (
                b"$JS.ACK.hub.acc.ORDERS.c.1.22.3.1700000000123456789.5.rnd.more.",
                Some(b"hub"),
            ),
        ] {
            assert_eq!(Metadata::parse(reply), Some(expected(domain)));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for reply in [
            &b""[..],
            b"$JS.ACK",
            b"$JS.ACK.",
            b"$JS.ACK.s.c.1.2.3.4",
            b"$JS.ACK.d.s.c.1.2.3.4.5",
            b"$JS.ACK.s.c.1.2.3.4.x",
            b"$JS.ACK.s.c.1.2.3.4.-5",
            b"$JS.ACK.s.c..2.3.4.5",
            b"$JS.ACK.s.c.1.2.3.9223372036854775808.5",
            b"$JS.ACK.s.c.1.18446744073709551616.3.4.5",
            b"$JS.FC.s.c.1.2.3.4.5",
            b"_INBOX.s.c.1.2.3.4.5",
        ] {
            assert_eq!(Metadata::parse(reply), None, "{}", reply.escape_ascii());
        }
    }

    /// By the standard library, which also takes a sign.
    fn decimal(text: &[u8]) -> Option<u64> {
        let text = std::str::from_utf8(text).ok()?;
        text.parse().ok().filter(|_| !text.starts_with('+'))
    }

    /// The format, token by token, with no regard to speed.
    fn by_the_book(reply: &[u8]) -> Option<Metadata<'_>> {
        let tokens: Vec<&[u8]> = reply.split(|b| *b == b'.').collect();
        let ["$JS", "ACK"] =
            [tokens.first()?, tokens.get(1)?].map(|t| str::from_utf8(t).unwrap_or(""))
        else {
            return None;
        };
        let (domain, rest) = match tokens.len() - 2 {
            7 => (None, &tokens[2..]),
            9.. => (Some(tokens[2]).filter(|d| *d != b"_"), &tokens[4..]),
            _ => return None,
        };
        Some(Metadata {
            domain,
            stream: rest[0],
            consumer: rest[1],
            delivered: decimal(rest[2])?,
            stream_seq: decimal(rest[3])?,
            consumer_seq: decimal(rest[4])?,
            timestamp: decimal(rest[5])?.try_into().ok()?,
            pending: decimal(rest[6])?,
        })
    }

    proptest! {
        #[test]
        fn what_a_server_writes_is_read(
            long in any::<bool>(),
            domain in "[a-z_]{1,5}",
            numbers in any::<[u64; 4]>(),
            time in 0..i64::MAX,
            tail in "(\\.[a-z]{0,3}){0,3}",
        ) {
            let [delivered, stream_seq, consumer_seq, pending] = numbers;
            let front = if long { format!("{domain}.h4sh.") } else { String::new() };
            let tail = if long { tail } else { String::new() };
            let reply = format!(
                "$JS.ACK.{front}S.C.{delivered}.{stream_seq}.{consumer_seq}.{time}.{pending}{tail}"
            );
            let read = Metadata::parse(reply.as_bytes());
            prop_assert_eq!(read, Some(Metadata {
                domain: Some(domain.as_bytes()).filter(|d| long && *d != b"_"),
                stream: b"S",
                consumer: b"C",
                delivered,
                stream_seq,
                consumer_seq,
                timestamp: time,
                pending,
            }));
        }

        #[test]
        fn any_bytes_are_read_as_the_description_of_the_format_has_it(
            reply in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                "[.0-9a_+-]{0,60}".prop_map(String::into_bytes),
                proptest::collection::vec("[0-9]{0,20}|[a_]|\\PC", 5..12)
                    .prop_map(|tokens| tokens.join(".").into_bytes()),
            ],
        ) {
            prop_assert_eq!(Metadata::parse(&reply), by_the_book(&reply));
            let behind = [ACK_PREFIX, &reply[..]].concat();
            prop_assert_eq!(Metadata::parse(&behind), by_the_book(&behind));
        }

        #[test]
        fn numbers_are_digits_that_fit(text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..24),
            "[+-]?[0-9]{0,22}".prop_map(String::into_bytes),
        ]) {
            prop_assert_eq!(number(&text), decimal(&text));
        }
    }
}
