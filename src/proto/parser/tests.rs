//! The parser: examples, and a comparison with a simpler one in `properties`.

mod properties;

use super::*;

/// An operation with its bytes copied out, for comparisons.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    Msg {
        subject: Vec<u8>,
        sid: u64,
        reply: Option<Vec<u8>>,
        headers: Vec<u8>,
        payload: Vec<u8>,
    },
    Info(Vec<u8>),
    Ping,
    Pong,
    Ok,
    Err(Vec<u8>),
    /// Where parsing failed: what was being parsed.
    Failure(&'static str),
}

fn state(error: &ParseError) -> &'static str {
    match error {
        ParseError::WrongArguments => "arguments",
        ParseError::Unexpected { state, found } => {
            assert!(found.chars().count() <= 32);
            state
        }
    }
}

fn found(op: Op<'_>, buf: &[u8]) -> Found {
    match op {
        Op::Msg(head) => {
            let body = &buf[head.payload_start as usize..][..head.total_len as usize];
            let (headers, payload) = body.split_at(head.header_len as usize);
            Found::Msg {
                subject: buf[head.subject.range()].to_vec(),
                sid: head.sid,
                reply: head.reply.map(|reply| buf[reply.range()].to_vec()),
                headers: headers.to_vec(),
                payload: payload.to_vec(),
            }
        }
        Op::Info(json) => Found::Info(json.to_vec()),
        Op::Ping => Found::Ping,
        Op::Pong => Found::Pong,
        Op::Ok => Found::Ok,
        Op::Err(text) => Found::Err(text.to_vec()),
    }
}

/// Feeds `input` in pieces that end at `cuts`, as a connection would.
fn incremental(input: &[u8], cuts: &[usize], max_msg: usize) -> Vec<Found> {
    let mut parser = Parser::new(max_msg);
    let mut out = Vec::new();
    let mut start = 0;
    for &end in cuts.iter().chain([&input.len()]) {
        loop {
            // A fresh copy each time: the parser must not depend on the address of the bytes.
            let buf = input[start..end.max(start)].to_vec();
            match parser.next(&buf) {
                Ok(Step::Op { op, consumed }) => {
                    out.push(found(op, &buf[..consumed]));
                    start += consumed;
                }
                Ok(Step::Incomplete { frame_len }) => {
                    assert!(frame_len.is_none_or(|frame_len| frame_len > buf.len()));
                    break;
                }
                Err(error) => {
                    out.push(Found::Failure(state(&error)));
                    return out;
                }
            }
        }
    }
    out
}

fn one(input: &[u8]) -> Found {
    let mut all = incremental(input, &[], 1 << 20);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn fails(input: &[u8], text: &str) {
    let error = Parser::new(1 << 20).next(input).unwrap_err();
    assert_eq!(error.to_string(), text);
}

#[test]
fn messages() {
    let buf = b"MSG foo.bar 7 _INBOX.x 5\r\nhello\r\nPING\r\n";
    let Ok(Step::Op {
        op: Op::Msg(head),
        consumed,
    }) = Parser::new(100).next(buf)
    else {
        panic!()
    };
    assert_eq!(&buf[head.subject.range()], b"foo.bar");
    assert_eq!(&buf[head.reply.unwrap().range()], b"_INBOX.x");
    assert_eq!(
        (
            head.sid,
            head.header_len,
            head.payload_start,
            head.total_len
        ),
        (7, 0, 26, 5)
    );
    assert_eq!((head.end(), consumed), (33, 33));

    let empty = one(b"MSG foo 18446744073709551615 0\r\n\r\n");
    assert!(
        matches!(empty, Found::Msg { sid: u64::MAX, reply: None, ref payload, .. } if payload.is_empty())
    );
    let Found::Msg {
        headers, payload, ..
    } = one(b"hmsg foo 1\t 12  14\nNATS/1.0\r\n\r\nok\r\n")
    else {
        panic!()
    };
    assert_eq!(
        (&headers[..], &payload[..]),
        (&b"NATS/1.0\r\n\r\n"[..], &b"ok"[..])
    );
    // A reply may look like a number, and a subject may hold control characters.
    for line in [
        "MSG foo 1 2 3\r\nabc\r\n",
        "HMSG a\u{1}b 1 2 3 3\r\nabc\r\n",
    ] {
        let Found::Msg { reply, .. } = one(line.as_bytes()) else {
            panic!()
        };
        assert_eq!(reply.as_deref(), Some(&b"2"[..]));
    }
}

#[test]
fn other_operations() {
    assert_eq!(
        one(b"info  {\"a\":1} \r\n"),
        Found::Info(b"{\"a\":1}".to_vec())
    );
    assert_eq!(one(b"INFO\r\n"), Found::Info(Vec::new()));
    assert_eq!(one(b"pInG\n"), Found::Ping);
    assert_eq!(one(b"PONG \r\n"), Found::Pong);
    assert_eq!(one(b"+ok\r\n"), Found::Ok);
    assert_eq!(
        one(b"-ERR 'Stale Connection'\r\n"),
        Found::Err(b" 'Stale Connection'".to_vec())
    );
    assert_eq!(one(b"-ERR\n"), Found::Err(Vec::new()));
}

#[test]
fn a_message_tells_how_much_room_it_needs() {
    let mut parser = Parser::new(100);
    assert_eq!(
        parser.next(b"MSG foo 1 1"),
        Ok(Step::Incomplete { frame_len: None })
    );
    assert_eq!(
        parser.next(b"MSG foo 1 10\r\n"),
        Ok(Step::Incomplete {
            frame_len: Some(26)
        })
    );
    assert_eq!(
        parser.next(b"MSG foo 1 10\r\n0123456789\r"),
        Ok(Step::Incomplete {
            frame_len: Some(26)
        })
    );
    assert!(matches!(
        parser.next(b"MSG foo 1 10\r\n0123456789\r\nPI"),
        Ok(Step::Op { consumed: 26, .. })
    ));
    assert_eq!(parser.next(b"PI"), Ok(Step::Incomplete { frame_len: None }));
    assert_eq!(parser.next(b""), Ok(Step::Incomplete { frame_len: None }));
}

#[test]
fn errors_and_their_texts() {
    let arguments = "processMsgArgs Parse Error: wrong number of arguments";
    for line in [
        "MSG foo 1\r\n",
        "MSG \r\n",
        "MSG a 1 b 2 3\r\n",
        "HMSG a 1 2\r\n",
        "HMSG a 1 b 2 3 4\r\n",
    ] {
        fails(line.as_bytes(), arguments);
    }
    fails(b"X", "Parse Error [operation]: 'X'");
    fails(b"\r\n", "Parse Error [operation]: '\r\n'");
    fails(b"PINX", "Parse Error [operation]: 'PINX'");
    fails(b"MSG foo -1 5\r\n", "Parse Error [sid]: '-1 5\r'");
    fails(
        b"MSG foo 18446744073709551616 5\r\n",
        "Parse Error [sid]: '18446744073709551616 5\r'",
    );
    fails(
        b"MSG foo 1 1048577\r\n",
        "Parse Error [message size]: '1048577\r'",
    );
    fails(
        b"MSG foo 1 9223372036854775808\r\n",
        "Parse Error [message size]: '9223372036854775808\r'",
    );
    fails(
        b"MSG foo 1 99999999999999999999\r\n",
        "Parse Error [message size]: '99999999999999999999\r'",
    );
    fails(b"MSG foo 1 5x\r\n", "Parse Error [message size]: '5x\r'");
    fails(b"HMSG foo 1 6 5\r\n", "Parse Error [header size]: '6 5\r'");
    fails(
        b"MSG foo 1 2\r\nab\n\n",
        "Parse Error [end of message]: '\n\n'",
    );
    fails(
        &[0xff; 100],
        &format!("Parse Error [operation]: '{}'", "\u{fffd}".repeat(32)),
    );
}

#[test]
fn lines_have_a_limit() {
    for (name, limit) in [
        ("MSG ", MAX_CONTROL_LINE),
        ("-ERR ", MAX_CONTROL_LINE),
        ("INFO ", MAX_INFO_LINE),
    ] {
        let mut line = name.as_bytes().to_vec();
        line.resize(limit - 1, b'a');
        let mut parser = Parser::new(100);
        assert_eq!(parser.next(&line), Ok(Step::Incomplete { frame_len: None }));
        line.push(b'a');
        assert_eq!(state(&parser.next(&line).unwrap_err()), "line too long");
        line.push(b'\n');
        assert_eq!(
            state(&Parser::new(100).next(&line).unwrap_err()),
            "line too long"
        );
    }
    // The fast path has the same limit as the general one: this line has one byte too many.
    for (excess, good) in [(0, true), (1, false)] {
        let subject = "a".repeat(MAX_CONTROL_LINE - "MSG  1 0\r\n".len() + excess);
        let input = format!("MSG {subject} 1 0\r\n\r\n");
        assert_eq!(Parser::new(100).next(input.as_bytes()).is_ok(), good);
    }
}

#[test]
fn the_largest_limit_does_not_overflow() {
    let mut parser = Parser::new(usize::MAX);
    let step = parser.next(b"MSG foo 1 2147483647\r\n");
    assert_eq!(
        step,
        Ok(Step::Incomplete {
            frame_len: Some(22 + 2_147_483_647 + 2)
        })
    );
    assert!(
        Parser::new(usize::MAX)
            .next(b"MSG foo 1 2147483648\r\n")
            .is_err()
    );
}
