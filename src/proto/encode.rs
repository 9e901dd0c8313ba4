//! Frames for the server, appended to a buffer.
//!
//! Nothing is checked here: subjects must have passed [`subject`](super::subject), a header block
//! comes from [`headers`](super::headers). What passes for every message is put together by pieces of known
//! size; the others are short in code instead.

use memchr::memchr;

use super::bytes::number;
use super::headers::HeaderBlock;
use super::write_buf::{Frame, WriteBuf};

/// The end of every line and of every payload.
pub const CRLF: &[u8] = b"\r\n";
/// Asks the server for a PONG.
pub const PING: &[u8] = b"PING\r\n";
/// Answers a PING of the server.
pub const PONG: &[u8] = b"PONG\r\n";

/// The most that a line needs beside its words: the longest name, blanks, two numbers, CR LF.
const LINE: usize = 64;

/// Publishes `payload` to `subject`.
#[inline]
pub fn publish(buf: &mut WriteBuf, subject: &[u8], reply: Option<&[u8]>, payload: &[u8]) {
    let mut frame = line(buf, subject, reply, payload.len() + CRLF.len());
    words(&mut frame, b"PUB ", subject, reply);
    frame.put_last_number(payload.len() as u64);
    frame.put_short(payload);
    frame.put_array(b"\r\n");
    frame.end();
}

/// Only the line of a [`publish`]. The caller sends `payload_len` bytes and [`CRLF`] behind it.
pub fn publish_head(buf: &mut WriteBuf, subject: &[u8], reply: Option<&[u8]>, payload_len: usize) {
    let mut frame = line(buf, subject, reply, 0);
    frame.put(b"PUB ");
    frame.put(subject);
    if let Some(reply) = reply {
        frame.put(b" ");
        frame.put(reply);
    }
    frame.put_any_number(payload_len as u64);
    frame.put(CRLF);
    frame.end();
}

/// Publishes `payload` with the header block `headers` to `subject`.
#[inline]
pub fn publish_with_headers(
    buf: &mut WriteBuf,
    subject: &[u8],
    reply: Option<&[u8]>,
    headers: HeaderBlock<'_>,
    payload: &[u8],
) {
    let body = headers.len() + payload.len() + CRLF.len();
    let mut frame = line(buf, subject, reply, body);
    header_line(&mut frame, subject, reply, headers, payload.len());
    frame.put(payload);
    frame.put_array(b"\r\n");
    frame.end();
}

/// Only the line and the header block of a [`publish_with_headers`]. The caller sends `payload_len`
/// bytes and [`CRLF`] behind it.
pub fn publish_with_headers_head(
    buf: &mut WriteBuf,
    subject: &[u8],
    reply: Option<&[u8]>,
    headers: HeaderBlock<'_>,
    payload_len: usize,
) {
    let mut frame = line(buf, subject, reply, headers.len());
    header_line(&mut frame, subject, reply, headers, payload_len);
    frame.end();
}

/// The line of an HPUB, and the header block.
#[inline]
fn header_line(
    frame: &mut Frame<'_>,
    subject: &[u8],
    reply: Option<&[u8]>,
    headers: HeaderBlock<'_>,
    payload_len: usize,
) {
    words(frame, b"HPUB ", subject, reply);
    frame.put_number(headers.len() as u64);
    frame.put_last_number((headers.len() + payload_len) as u64);
    headers.put_into(frame);
}

/// Subscribes to `subject` as `sid`, in the group `queue` if there is one.
///
/// Without a group its place stays empty, between two blanks, and so does the maximum's in
/// [`unsubscribe`]: what servers and test peers have always got from C clients.
pub fn subscribe(buf: &mut WriteBuf, subject: &[u8], queue: Option<&[u8]>, sid: u64) {
    let mut frame = line(buf, subject, queue, 0);
    frame.put(b"SUB ");
    frame.put(subject);
    frame.put(b" ");
    frame.put(queue.unwrap_or_default());
    frame.put_any_number(sid);
    frame.put(CRLF);
    frame.end();
}

/// Ends the subscription `sid`: at once, or when it has got `max` messages in all.
pub fn unsubscribe(buf: &mut WriteBuf, sid: u64, max: Option<u64>) {
    let mut frame = line(buf, b"", None, 0);
    frame.put(b"UNSUB");
    frame.put_any_number(sid);
    match max {
        Some(max) => frame.put_any_number(max),
        None => frame.put(b" "),
    }
    frame.put(CRLF);
    frame.end();
}

/// Begins a frame: a line with one or two words, and `body` bytes.
#[inline]
fn line<'a>(buf: &'a mut WriteBuf, subject: &[u8], word: Option<&[u8]>, body: usize) -> Frame<'a> {
    buf.frame(subject.len() + word.map_or(0, <[u8]>::len) + LINE + body)
}

/// `name`, which brings its blank, and one or two words.
#[inline(always)]
fn words<const N: usize>(
    frame: &mut Frame<'_>,
    name: &[u8; N],
    first: &[u8],
    second: Option<&[u8]>,
) {
    frame.put_array(name);
    frame.put_short(first);
    if let Some(second) = second {
        frame.put_array(b" ");
        frame.put_short(second);
    }
}

/// What is worth sending again of an outgoing buffer when its connection is lost: the publishes of
/// which not every byte was handed to the kernel, whole and in order.
///
/// `buf` holds whole frames, and its first `written` bytes were handed over.
///
/// - A publish that was cut in half never happened for the server, which acts on whole frames only:
///   it is kept, whole. One that was handed over completely may have arrived: it is left out, so
///   that no message is sent twice. (If it was lost with the connection, that is what "at most
///   once" means.)
/// - SUB and UNSUB are left out, because after a reconnect the subscriptions are sent as they are
///   by then; CONNECT, PING and PONG, because they belong to the connection that is gone.
/// - A frame that is not complete at the end of `buf` is left out: half of it is no use.
pub fn salvage_publishes(buf: &[u8], written: usize) -> WriteBuf {
    let mut saved = WriteBuf::new();
    let mut start = 0;
    while let Some(frame) = frame_at(buf, start) {
        let end = start + frame.len();
        if end > written && is_publish(frame) {
            saved.extend_from_slice(frame);
        }
        start = end;
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
    use super::*;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    /// What `encode` appends, after bytes that it must not touch.
    fn made(encode: impl FnOnce(&mut WriteBuf)) -> String {
        let mut buf = WriteBuf::new();
        buf.extend_from_slice(b"before ");
        encode(&mut buf);
        String::from_utf8(buf[7..].to_vec()).unwrap()
    }

    #[test]
    fn publishes() {
        assert_eq!(
            made(|b| publish(b, b"foo", None, b"hello")),
            "PUB foo 5\r\nhello\r\n"
        );
        assert_eq!(
            made(|b| publish(b, b"foo", Some(b"bar"), b"")),
            "PUB foo bar 0\r\n\r\n"
        );
        assert_eq!(
            made(|b| publish_head(b, b"foo", None, 1234567)),
            "PUB foo 1234567\r\n"
        );
        assert_eq!(
            made(|b| publish_with_headers(
                b,
                b"a",
                None,
                HeaderBlock::Bytes(b"NATS/1.0\r\n\r\n"),
                b"x"
            )),
            "HPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\n"
        );
        assert_eq!(
            made(|b| publish_with_headers_head(
                b,
                b"a",
                Some(b"r"),
                HeaderBlock::Bytes(b"NATS/1.0\r\n\r\n"),
                88
            )),
            "HPUB a r 12 100\r\nNATS/1.0\r\n\r\n"
        );
    }

    #[test]
    fn subscriptions() {
        assert_eq!(
            made(|b| subscribe(b, b"foo.>", None, 7)),
            "SUB foo.>  7\r\n"
        );
        assert_eq!(
            made(|b| subscribe(b, b"foo", Some(b"q"), 10)),
            "SUB foo q 10\r\n"
        );
        assert_eq!(made(|b| unsubscribe(b, 7, None)), "UNSUB 7 \r\n");
        assert_eq!(
            made(|b| unsubscribe(b, u64::MAX, Some(u64::MAX))),
            "UNSUB 18446744073709551615 18446744073709551615\r\n"
        );
    }

    #[test]
    fn salvage_by_example() {
        let buf = b"SUB a 1\r\nPUB a 1\r\nx\r\nPING\r\nPUB b 2\r\n\r\n\r\nUNSUB 1\r\nPUB c 3\r\nxy";
        let saved = |written| String::from_utf8(salvage_publishes(buf, written).to_vec()).unwrap();
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
            assert!(salvage_publishes(odd.as_bytes(), 0).is_empty());
        }
    }

    /// A frame, and whether it is a publish.
    fn frame() -> impl Strategy<Value = (bool, Vec<u8>)> {
        let word = || vec(b'!'..=b'~', 1..6);
        // Payloads that look like frames, too.
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
            prop_assert_eq!(&*salvage_publishes(&buf, written), expected);
        }

        #[test]
        fn salvage_of_anything_does_not_panic(buf: Vec<u8>, text in "(H?PUB [a-z0-9 ]*\r\n)*", n: usize) {
            salvage_publishes(&buf, n);
            salvage_publishes(text.as_bytes(), n % 100);
        }
    }
}
