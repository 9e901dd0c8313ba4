//! From the bytes of a socket to messages, in blocks that are shared, and what can be asked of the messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::msg::{Msg, Receiver};
use nats_rs::proto::parser::{Op, Parser, Step};
use nats_rs_fuzz::Choices;

fn look_at(msg: &Msg, expected: &(Vec<u8>, Vec<u8>)) {
    assert_eq!(msg.subject(), expected.0);
    let body = [msg.raw_headers(), msg.payload()].concat();
    assert_eq!(body, expected.1);
    let _ = (
        msg.reply(),
        msg.status(),
        msg.header(b"A"),
        msg.is_no_responders(),
    );
    // SAFETY: the text of a message ends with NUL.
    let c = unsafe { std::ffi::CStr::from_ptr(msg.subject_ptr()) };
    assert!(msg.subject().starts_with(c.to_bytes()));
}

fuzz_target!(|input: &[u8]| {
    let (mut choices, data) = Choices::split(input);
    let (padding, read_size) = (choices.next() % 80, choices.next() * 1024);
    let cuts = choices.cuts(data.len());
    let mut receiver = Receiver::new(padding, read_size);
    let mut parser = Parser::new(1 << 20);
    let mut kept: Vec<(Msg, (Vec<u8>, Vec<u8>))> = Vec::new();
    let (mut from, mut need) = (0, None);
    for end in cuts {
        while from < end {
            let read = receiver.read_with(need, |room| {
                let before = from;
                for piece in room {
                    let n = piece.len().min(end - from);
                    piece[..n].copy_from_slice(&data[from..from + n]);
                    from += n;
                }
                Ok(from - before)
            });
            assert!(read.expect("there is memory") > 0);
            need = loop {
                let Ok(step) = parser.next(receiver.unparsed()) else {
                    return;
                };
                match step {
                    Step::Incomplete { frame_len: need } => {
                        if !receiver.advance(need).expect("there is memory") {
                            break need;
                        }
                    }
                    Step::Op {
                        op: Op::Msg(head), ..
                    } => {
                        let bytes = receiver.unparsed();
                        let body = head.payload_start as usize;
                        let body = bytes[body..body + head.total_len as usize].to_vec();
                        let expected = (bytes[head.subject.range()].to_vec(), body);
                        let msg = receiver.take_msg(&head).expect("there is memory");
                        look_at(&msg, &expected);
                        // Some go at once, some are kept while others come.
                        if head.sid % 3 != 0 {
                            kept.push((msg, expected));
                        }
                        if head.sid % 5 == 0 && !kept.is_empty() {
                            kept.remove(head.sid as usize % kept.len());
                        }
                    }
                    Step::Op { consumed, .. } => receiver.consume(consumed),
                }
            };
        }
        if end % 2 == 0 {
            receiver.release_idle_block();
        }
    }
    drop(receiver);
    for (msg, expected) in &mut kept {
        look_at(msg, expected);
        let _ = msg.headers();
        let _ = msg.headers_mut().map(|map| map.set(b"A", Some(b"b")));
        assert_eq!(msg.subject(), expected.0);
    }
});
