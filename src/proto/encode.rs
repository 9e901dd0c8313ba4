//! Frames for the server, appended to a buffer.
//!
//! Nothing is checked here: subjects must have passed [`subject`](super::subject), and header blocks come from
//! [`headers`](super::headers). The frames of messages are assembled from pieces of known size, for speed; the others
//! are written for short code.

use super::headers::HeaderBlock;
use super::write_buf::{Frame, WriteBuf};

/// The end of every line and of every payload.
pub const CRLF: &[u8] = b"\r\n";
/// Asks the server for a PONG.
pub const PING: &[u8] = b"PING\r\n";
/// Answers a PING of the server.
pub const PONG: &[u8] = b"PONG\r\n";

/// The most bytes that a line needs in addition to its words: the longest name, blanks, two
/// numbers, CR LF.
pub const LINE: usize = 64;
/// The line length that servers accept by default, counted as they do: without the operation's name, the blank behind
/// it, and the line end. Their setting is `max_control_line`, which they do not report to clients.
pub const MAX_CONTROL_LINE: usize = 4096;

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

/// The line of a [`publish`] only. The caller sends `payload_len` bytes and [`CRLF`] behind it.
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

/// The line and the header block of a [`publish_with_headers`] only. The caller sends `payload_len`
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
/// Without a group its place between two blanks stays empty, and so does that of the maximum in
/// [`unsubscribe`]: this is the form that C clients have always sent.
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

/// Ends the subscription `sid`: at once, or after `max` messages in all.
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

/// The length of the line of a [`publish`], or of a [`publish_with_headers`], as servers count it.
pub fn publish_line_len(
    subject: &[u8],
    reply: Option<&[u8]>,
    headers_len: Option<usize>,
    payload_len: usize,
) -> usize {
    let headers = headers_len.map_or(0, |len| 1 + digits(len as u64));
    let total = headers_len.unwrap_or(0) + payload_len;
    let reply = reply.map_or(0, |reply| 1 + reply.len());
    subject.len() + reply + headers + 1 + digits(total as u64)
}

/// The length of the line of a [`subscribe`], as servers count it.
pub fn subscribe_line_len(subject: &[u8], queue: Option<&[u8]>, sid: u64) -> usize {
    subject.len() + 1 + queue.map_or(0, <[u8]>::len) + 1 + digits(sid)
}

fn digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Begins a frame: a line with one or two words, followed by `body` bytes.
#[inline]
fn line<'a>(buf: &'a mut WriteBuf, subject: &[u8], word: Option<&[u8]>, body: usize) -> Frame<'a> {
    buf.frame(subject.len() + word.map_or(0, <[u8]>::len) + LINE + body)
}

/// Writes `name`, which includes its blank, and one or two words.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that `encode` appends, behind bytes that it must not change.
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
    fn lines_are_counted_as_servers_do() {
        let counted = |frame: String| {
            let line = frame.split("\r\n").next().unwrap();
            line.split_once(' ').unwrap().1.len()
        };
        let longest = if cfg!(miri) { 100_000 } else { 12_345_678 };
        for len in [0, 9, 10, 99_999, longest] {
            let payload = vec![b'x'; len];
            for reply in [None, Some(&b"r.s"[..])] {
                assert_eq!(
                    publish_line_len(b"foo", reply, None, len),
                    counted(made(|b| publish(b, b"foo", reply, &payload)))
                );
                let headers = HeaderBlock::Bytes(b"NATS/1.0\r\n\r\n");
                assert_eq!(
                    publish_line_len(b"foo", reply, Some(headers.len()), len),
                    counted(made(|b| publish_with_headers(
                        b, b"foo", reply, headers, &payload
                    )))
                );
            }
        }
        for (queue, sid) in [(None, 1), (Some(&b"q"[..]), 10), (None, u64::MAX)] {
            assert_eq!(
                subscribe_line_len(b"foo", queue, sid),
                counted(made(|b| subscribe(b, b"foo", queue, sid)))
            );
        }
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
}
