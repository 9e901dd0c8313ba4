//! The content of the reply subject of a message from a consumer: `$JS.ACK.` and 7 tokens, or 9 and more with the
//! domain and the account in front (ADR-15).

use crate::msg::ACK_PREFIX;
use crate::proto::decimal;

/// The metadata of a message that a consumer delivered. It is part of the reply subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// The domain; `None` if the server has none.
    pub domain: Option<&'a [u8]>,
    /// The stream.
    pub stream: &'a [u8],
    /// The consumer.
    pub consumer: &'a [u8],
    /// The number of deliveries of the message, this one included.
    pub delivered: u64,
    /// The message's sequence in the stream.
    pub stream_seq: u64,
    /// The number of this delivery among all of the consumer's.
    pub consumer_seq: u64,
    /// When the stream received the message, in nanoseconds since 1970.
    pub timestamp: i64,
    /// The number of messages that the consumer still had to deliver after this one.
    pub pending: u64,
}

impl<'a> Metadata<'a> {
    /// Reads a reply subject; `None` if it is not that of a message from a consumer.
    #[inline]
    pub fn parse(reply: &'a [u8]) -> Option<Self> {
        if !reply.starts_with(ACK_PREFIX) {
            return None;
        }
        let (first, at) = token(reply, ACK_PREFIX.len())?;
        let (second, at) = token(reply, at)?;
        // The numbers decide which form it is: only the short form ends behind the seventh token.
        if let Some((metadata, true)) = Self::numbers(None, first, second, reply, at) {
            return Some(metadata);
        }
        let domain = Some(first).filter(|domain| *domain != b"_");
        let (stream, at) = token(reply, at)?;
        let (consumer, at) = token(reply, at)?;
        Self::numbers(domain, stream, consumer, reply, at).map(|(metadata, _)| metadata)
    }

    /// Reads the five numbers that begin at `at`. Returns also whether nothing follows.
    #[inline(always)]
    fn numbers(
        domain: Option<&'a [u8]>,
        stream: &'a [u8],
        consumer: &'a [u8],
        reply: &'a [u8],
        at: usize,
    ) -> Option<(Self, bool)> {
        let (delivered, at) = number(reply, at)?;
        let (stream_seq, at) = number(reply, at)?;
        let (consumer_seq, at) = number(reply, at)?;
        let (timestamp, at) = number(reply, at)?;
        let (pending, end) = decimal::leading(reply, at)?;
        let metadata = Metadata {
            domain,
            stream,
            consumer,
            delivered,
            stream_seq,
            consumer_seq,
            timestamp: i64::try_from(timestamp).ok()?,
            pending,
        };
        match reply.get(end) {
            None => Some((metadata, true)),
            Some(b'.') => Some((metadata, false)),
            Some(_) => None,
        }
    }
}

/// What has to be known of each delivery of an ordered consumer.
pub trait Numbered {
    /// The number of this delivery among all of the consumer's, and the message's sequence in the stream.
    fn sequences(&self) -> (u64, u64);

    /// The number of pending messages, and the time at which the stream received this one. `None` if they cannot be read.
    fn pending_and_time(&self) -> Option<(u64, i64)>;
}

impl Numbered for Metadata<'_> {
    fn sequences(&self) -> (u64, u64) {
        (self.consumer_seq, self.stream_seq)
    }

    fn pending_and_time(&self) -> Option<(u64, i64)> {
        Some((self.pending, self.timestamp))
    }
}

/// Reads the reply subjects of one consumer's messages, most of which differ from the one before only in their numbers:
/// what is in front of them is compared, and the numbers are read as far as they are asked for. Where both sequences
/// have risen by one, the next ones are expected to do so too, and compared with their text.
#[derive(Debug, Default)]
pub struct Follower {
    /// The reply subject of an earlier message up to its numbers, and of the next one up to its time if that is
    /// expected.
    text: Vec<u8>,
    /// The length of what is in front of the numbers.
    front: usize,
    /// The sequences of the message before.
    consumer_seq: u64,
    stream_seq: u64,
    /// Where the sequence in the stream ends in the text, if the next message is expected.
    expected: Option<usize>,
}

/// A delivery as [`Follower::read`] finds it.
#[derive(Debug, Clone, Copy)]
pub struct Followed<'a> {
    consumer_seq: u64,
    stream_seq: u64,
    reply: &'a [u8],
    /// Where the sequence in the stream ends in it, and the time begins.
    stream_end: usize,
    time_at: usize,
}

impl Follower {
    /// Reads a reply subject; `None` if it is not that of a message from a consumer.
    #[inline]
    pub fn read<'a>(&mut self, reply: &'a [u8]) -> Option<Followed<'a>> {
        if let Some(stream_end) = self.expected
            && reply.starts_with(&self.text)
        {
            let found = Followed {
                consumer_seq: self.consumer_seq + 1,
                stream_seq: self.stream_seq + 1,
                reply,
                stream_end,
                time_at: self.text.len(),
            };
            self.advance(&found);
            return Some(found);
        }
        let front = self.front;
        if front > 0
            && reply.starts_with(&self.text[..front])
            && let Some(found) = Followed::at(reply, front)
        {
            self.expect_next(&found);
            return Some(found);
        }
        self.learn(reply)
    }

    #[cold]
    fn learn<'a>(&mut self, reply: &'a [u8]) -> Option<Followed<'a>> {
        let consumer = Metadata::parse(reply)?.consumer;
        // The consumer's name is a part of the reply subject, in front of the numbers.
        let front = consumer.as_ptr().addr() - reply.as_ptr().addr() + consumer.len() + 1;
        let found = Followed::at(reply, front)?;
        self.text.clear();
        self.text.extend_from_slice(&reply[..front]);
        (self.front, self.expected) = (front, None);
        (self.consumer_seq, self.stream_seq) = found.sequences();
        Some(found)
    }

    /// Expects the next message, if this one has followed the one before.
    fn expect_next(&mut self, found: &Followed<'_>) {
        let before = (self.consumer_seq, self.stream_seq);
        let follows = found.consumer_seq.wrapping_sub(before.0) == 1
            && found.stream_seq.wrapping_sub(before.1) == 1;
        self.text.truncate(self.front);
        if follows {
            self.text
                .extend_from_slice(&found.reply[self.front..found.time_at]);
            self.advance(found);
        } else {
            self.expected = None;
            (self.consumer_seq, self.stream_seq) = found.sequences();
        }
    }

    /// Expects what follows this message, whose text is in place.
    #[inline]
    fn advance(&mut self, found: &Followed<'_>) {
        (self.consumer_seq, self.stream_seq) = found.sequences();
        let end = found.stream_end;
        let consumer_end = found.time_at - 1;
        let possible = found.consumer_seq < u64::MAX && found.stream_seq < u64::MAX;
        let raised = raise(&mut self.text[..end]) && raise(&mut self.text[..consumer_end]);
        self.expected = (possible && raised).then_some(end);
    }
}

/// Adds one to the number at the end of a text. Returns whether it has as many digits as before.
#[inline]
fn raise(text: &mut [u8]) -> bool {
    for digit in text.iter_mut().rev() {
        match *digit {
            b'0'..=b'8' => {
                *digit += 1;
                return true;
            }
            b'9' => *digit = b'0',
            _ => break,
        }
    }
    false
}

impl<'a> Followed<'a> {
    /// Reads the first three numbers, which begin at `at`.
    #[inline(always)]
    fn at(reply: &'a [u8], at: usize) -> Option<Self> {
        let at = match reply.get(at..)?.first_chunk() {
            Some(b"1.") => at + 2,
            _ => number(reply, at)?.1,
        };
        let (stream_seq, at) = number(reply, at)?;
        let (consumer_seq, time_at) = number(reply, at)?;
        Some(Followed {
            consumer_seq,
            stream_seq,
            reply,
            stream_end: at - 1,
            time_at,
        })
    }
}

impl Numbered for Followed<'_> {
    #[inline]
    fn sequences(&self) -> (u64, u64) {
        (self.consumer_seq, self.stream_seq)
    }

    fn pending_and_time(&self) -> Option<(u64, i64)> {
        let (time, at) = number(self.reply, self.time_at)?;
        let (pending, _) = decimal::leading(self.reply, at)?;
        Some((pending, i64::try_from(time).ok()?))
    }
}

/// The token that begins at `at`, and where the next one does. `None` where it is the last one.
#[inline(always)]
fn token(reply: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let len = memchr::memchr(b'.', &reply[at..])?;
    Some((&reply[at..at + len], at + len + 1))
}

/// The same for a token that is a number.
#[inline(always)]
fn number(reply: &[u8], at: usize) -> Option<(u64, usize)> {
    let (number, end) = decimal::leading(reply, at)?;
    (reply.get(end) == Some(&b'.')).then_some((number, end + 1))
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
    fn followed_numbers_are_those_of_the_subject() {
        let mut follower = Follower::default();
        for reply in [
            "$JS.ACK.S.c.1.22.3.1700000000123456789.5",
            "$JS.ACK.S.c.1.23.4.1700000000123456790.0",
            "$JS.ACK.S.c.12.4.4294967296.1700000000123456791.7",
            "$JS.ACK.S.c1.1.5.9.8.7",
            "$JS.ACK.S.c.1.6.10.8.7",
            "$JS.ACK.hub.acc.S.c.1.7.11.8.7.random",
            "$JS.ACK.hub.acc.S.c.1.8.12.8.6.other",
            "$JS.ACK._.acc.S.c.2.18446744073709551615.13.8.5",
        ] {
            let followed = follower.read(reply.as_bytes()).unwrap();
            let meta = Metadata::parse(reply.as_bytes()).unwrap();
            assert_eq!(followed.sequences(), meta.sequences(), "{reply}");
            assert_eq!(followed.pending_and_time(), meta.pending_and_time());
        }
        for other in [
            "",
            "$JS.ACK",
            "$JS.FC.S.c.x",
            "$JS.ACK._.acc.S.c.",
            "$JS.ACK._.acc.S.c.1.2",
        ] {
            assert!(follower.read(other.as_bytes()).is_none(), "{other}");
        }
        let cut = follower.read(b"$JS.ACK._.acc.S.c.1.9.14.x").unwrap();
        assert_eq!((cut.sequences(), cut.pending_and_time()), ((14, 9), None));
    }

    #[test]
    fn numbers_that_rise_by_one_are_read() {
        // Both rise by one, over a further digit; then one of them rises by more.
        let mut follower = Follower::default();
        for (stream_seq, consumer_seq) in (1..=40)
            .map(|n| (1_000_070 + n, n))
            .chain([(1_000_112, 41)])
        {
            let reply = format!("$JS.ACK.S.c.1.{stream_seq}.{consumer_seq}.17.5");
            let followed = follower.read(reply.as_bytes()).unwrap();
            assert_eq!(followed.sequences(), (consumer_seq, stream_seq));
            assert_eq!(followed.pending_and_time(), Some((5, 17)));
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
            let mut follower = Follower::default();
            for _ in 0..2 {
                let followed = follower.read(reply.as_bytes()).unwrap();
                prop_assert_eq!(followed.sequences(), (consumer_seq, stream_seq));
                prop_assert_eq!(followed.pending_and_time(), Some((pending, time)));
            }
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
        fn what_follows_is_read_as_if_it_stood_alone(
            starts in any::<[u64; 2]>(),
            near_end in any::<bool>(),
            steps in prop::collection::vec((0..3u64, 0..3u64, 1..3u64), 1..200),
        ) {
            let mut follower = Follower::default();
            let least = if near_end { u64::MAX - 60 } else { 0 };
            let mut numbers = starts.map(|n| n % 1000 + least.min(u64::MAX - 1000));
            for (consumer, stream, delivered) in steps {
                // Mostly ones.
                numbers[0] = numbers[0].saturating_add(consumer.max(1));
                numbers[1] = numbers[1].saturating_add(stream.max(1));
                let [consumer_seq, stream_seq] = numbers;
                let reply = format!("$JS.ACK.S.C.{delivered}.{stream_seq}.{consumer_seq}.1.2");
                let followed = follower.read(reply.as_bytes()).unwrap();
                prop_assert_eq!(followed.sequences(), (consumer_seq, stream_seq));
                prop_assert_eq!(followed.pending_and_time(), Some((2, 1)));
            }
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
            prop_assert_eq!(decimal::whole(&text), decimal(&text));
        }
    }
}
