//! Frames in an outgoing buffer: which of them are publishes, and which survive the loss of their connection.

use memchr::memchr;

use super::bytes::number;
use super::encode::CRLF;
use super::write_buf::WriteBuf;

/// One complete frame of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where it starts in the buffer.
    pub start: usize,
    /// All of its bytes.
    pub bytes: &'a [u8],
}

/// The content of a publish's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    /// The subject.
    pub subject: &'a [u8],
    /// The number of bytes of headers and payload.
    pub size: usize,
    /// Whether it has headers.
    pub headers: bool,
}

impl<'a> Frame<'a> {
    /// Where the next frame starts.
    pub fn end(&self) -> usize {
        self.start + self.bytes.len()
    }

    /// The publish that the frame is, if it is one.
    pub fn publish(&self) -> Option<Publish<'a>> {
        is_publish(self.bytes).then_some(())?;
        let line = &self.bytes[..memchr(b'\n', self.bytes)?];
        let mut words = line.trim_ascii_end().split(|&byte| byte == b' ');
        let headers = words.next() == Some(b"HPUB");
        let subject = words.next()?;
        let size = usize::try_from(number(words.next_back()?)?).ok()?;
        Some(Publish {
            subject,
            size,
            headers,
        })
    }
}

/// The frames of a buffer in order, up to the first incomplete one.
pub fn frames(buf: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let frame = Frame {
            start,
            bytes: frame_at(buf, start)?,
        };
        start = frame.end();
        Some(frame)
    })
}

/// The publishes of a buffer that have to be sent again.
#[derive(Debug, Default)]
pub struct Salvaged {
    /// Their frames, one behind the other.
    pub frames: WriteBuf,
    /// The position of the first of them in the original buffer.
    pub first: Option<usize>,
    /// The length of the first of them.
    pub first_len: usize,
}

/// Selects what has to be sent again from an outgoing buffer whose connection was lost: the
/// publishes that were not handed to the kernel completely, whole and in order.
///
/// `buf` contains whole frames, and its first `written` bytes were handed over.
///
/// - A publish that was cut in half had no effect at the server, which acts on whole frames only:
///   it is kept, whole. A publish that was handed over completely may have arrived: it is left out,
///   so that no message is sent twice. (If it was lost with the connection, that is what "at most
///   once" means.)
/// - SUB and UNSUB are left out, because the subscriptions are sent after the reconnect as they are
///   then; CONNECT, PING and PONG, because they belong to the lost connection.
/// - An incomplete frame at the end of `buf` is left out.
pub fn salvage_publishes(buf: &[u8], written: usize) -> Salvaged {
    let mut saved = Salvaged::default();
    for frame in frames(buf).filter(|frame| frame.end() > written && is_publish(frame.bytes)) {
        if saved.first.is_none() {
            saved.first = Some(frame.start);
            saved.first_len = frame.bytes.len();
        }
        saved.frames.extend_from_slice(frame.bytes);
    }
    saved
}

fn is_publish(frame: &[u8]) -> bool {
    frame.starts_with(b"PUB ") || frame.starts_with(b"HPUB ")
}

/// The complete frame that starts at `start`.
fn frame_at(buf: &[u8], start: usize) -> Option<&[u8]> {
    let rest = buf.get(start..)?;
    let line_len = memchr(b'\n', rest)? + 1;
    if !is_publish(rest) {
        return rest.get(..line_len);
    }
    let line = rest[..line_len].trim_ascii_end();
    let total = number(line.rsplit(|&b| b == b' ').next()?)?;
    let end = line_len
        .checked_add(usize::try_from(total).ok()?)?
        .checked_add(CRLF.len())?;
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::super::encode::{PING, publish, publish_with_headers, subscribe, unsubscribe};
    use super::super::headers::HeaderBlock;
    use super::*;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    #[test]
    fn publishes_are_read() {
        let buf = b"PUB a 1\r\nx\r\nPING\r\nHPUB b r 12 14\r\nNATS/1.0\r\n\r\nxy\r\nPUB c";
        let read: Vec<_> = frames(buf)
            .map(|frame| (frame.start, frame.publish()))
            .collect();
        let publish = |subject, size, headers| {
            Some(Publish {
                subject,
                size,
                headers,
            })
        };
        assert_eq!(
            read,
            [
                (0, publish(&b"a"[..], 1, false)),
                (12, None),
                (18, publish(&b"b"[..], 14, true))
            ]
        );
        let saved = salvage_publishes(buf, 12);
        assert_eq!(
            (saved.first, saved.first_len),
            (Some(18), saved.frames.len())
        );
    }

    #[test]
    fn salvage_by_example() {
        let buf = b"SUB a 1\r\nPUB a 1\r\nx\r\nPING\r\nPUB b 2\r\n\r\n\r\nUNSUB 1\r\nPUB c 3\r\nxy";
        let saved =
            |written| String::from_utf8(salvage_publishes(buf, written).frames.to_vec()).unwrap();
        let (x, lines) = ("PUB a 1\r\nx\r\n", "PUB b 2\r\n\r\n\r\n");
        assert_eq!(saved(0), [x, lines].concat());
        assert_eq!(saved(9), [x, lines].concat());
        assert_eq!(saved(20), [x, lines].concat());
        assert_eq!(saved(21), lines);
        assert_eq!(saved(1000), "");
        for odd in [
            "",
            "PUB",
            "PUB a\r\n",
            "PUB a 18446744073709551615\r\n\r\n",
            "PUB \r\n",
        ] {
            assert!(salvage_publishes(odd.as_bytes(), 0).frames.is_empty());
        }
    }

    /// A frame, and whether it is a publish.
    fn frame() -> impl Strategy<Value = (bool, Vec<u8>)> {
        let word = || vec(b'!'..=b'~', 1..6);
        // Payloads that look like frames occur too.
        let payload = prop_oneof![vec(any::<u8>(), 0..30), Just(b"PUB a 3\r\n".to_vec())];
        let publishes = (
            word(),
            option::of(word()),
            option::of(vec(any::<u8>(), 0..9)),
            payload,
        );
        let publishes = publishes.prop_map(|(subject, reply, headers, payload)| {
            let mut buf = WriteBuf::new();
            match headers {
                Some(block) => {
                    publish_with_headers(
                        &mut buf,
                        &subject,
                        reply.as_deref(),
                        HeaderBlock::Bytes(&block),
                        &payload,
                    );
                }
                None => publish(&mut buf, &subject, reply.as_deref(), &payload),
            }
            (true, buf.to_vec())
        });
        let others =
            (word(), option::of(word()), any::<u64>(), 0..4).prop_map(|(a, b, n, kind)| {
                let mut buf = WriteBuf::new();
                match kind {
                    0 => subscribe(&mut buf, &a, b.as_deref(), n),
                    1 => unsubscribe(&mut buf, n, Some(n >> 32)),
                    2 => buf.extend_from_slice(PING),
                    _ => buf.extend_from_slice(b"CONNECT {\"a\":1}\r\nPONG\r\n"),
                }
                (false, buf.to_vec())
            });
        prop_oneof![publishes, others]
    }

    proptest! {
        #[test]
        fn salvage_keeps_unwritten_publishes(frames in vec(frame(), 0..10), cut: usize) {
            let buf: Vec<u8> = frames.iter().flat_map(|(_, frame)| frame.clone()).collect();
            let written = cut % (buf.len() + 1);
            let mut end = 0;
            let expected: Vec<u8> = frames
                .iter()
                .filter(|(publish, frame)| {
                    end += frame.len();
                    *publish && end > written
                })
                .flat_map(|(_, frame)| frame.clone())
                .collect();
            prop_assert_eq!(&*salvage_publishes(&buf, written).frames, expected);
        }

        #[test]
        fn salvage_of_anything_does_not_panic(buf: Vec<u8>, text in "(H?PUB [a-z0-9 ]*\r\n)*", n: usize) {
            salvage_publishes(&buf, n);
            salvage_publishes(text.as_bytes(), n % 100);
        }
    }
}
