//! Tests of the receiving end.

use super::*;
use crate::proto::parser::{Op, Parser, Step};

/// Parses everything that was received, passing each message to `seen`.
fn drain(receiver: &mut Receiver, parser: &mut Parser, seen: &mut Vec<Msg>) -> Option<usize> {
    loop {
        match parser.next(receiver.unparsed()).unwrap() {
            Step::Op {
                op: Op::Msg(head), ..
            } => seen.push(receiver.take_msg(&head).unwrap()),
            Step::Op { consumed, .. } => receiver.consume(consumed),
            Step::Incomplete { frame_len } => {
                if !receiver.advance(frame_len).unwrap() {
                    return frame_len;
                }
            }
        }
    }
}

fn feed(wire: &[u8], chunk: usize, padding: usize) -> Vec<Msg> {
    feed_to(&mut Receiver::new(padding, READ_SIZE), wire, chunk)
}

/// Lets the receiver read `wire` in chunks, and releases its block after each.
fn feed_to(receiver: &mut Receiver, wire: &[u8], chunk: usize) -> Vec<Msg> {
    let mut parser = Parser::new(1 << 24);
    let (mut rest, mut seen, mut frame_len) = (wire, Vec::new(), None);
    while !rest.is_empty() {
        let result = receiver.read_with(frame_len, |room| {
            let before = rest.len();
            for piece in room {
                let n = piece
                    .len()
                    .min(chunk - (before - rest.len()))
                    .min(rest.len());
                piece[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
            }
            Ok(before - rest.len())
        });
        assert!(result.is_ok_and(|n| n > 0));
        frame_len = drain(receiver, &mut parser, &mut seen);
        receiver.release_idle_block();
    }
    seen
}

fn wire(payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for (i, p) in payloads.iter().enumerate() {
        match i % 3 {
            0 => wire.extend(format!("MSG s.{i} 1 {}\r\n", p.len()).bytes()),
            1 => wire.extend(format!("MSG s.{i} 1 r.{i} {}\r\n", p.len()).bytes()),
            _ => wire.extend(
                format!("HMSG s.{i} 1 r.{i} 12 {}\r\nNATS/1.0\r\n\r\n", p.len() + 12).bytes(),
            ),
        }
        wire.extend_from_slice(p);
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

#[test]
fn messages_of_all_sizes_arrive_whole_however_they_are_cut() {
    let sizes = [
        0, 1, 16, 16, 16, 100, 1000, 3000, 5000, 16_000, 17_000, 100_000,
    ];
    // Miri is a thousand times slower: each size once, and larger pieces.
    let (count, least) = match cfg!(miri) {
        true => (sizes.len(), 300),
        false => (400, 7),
    };
    let payloads: Vec<_> = (0..count)
        .map(|i| vec![b'a' + (i % 26) as u8; sizes[i % sizes.len()]])
        .collect();
    let wire = wire(&payloads);
    for chunk in [least, 100, 4096, 65_536, usize::MAX] {
        for padding in [0, 64] {
            let msgs = feed(&wire, chunk, padding);
            assert_eq!(msgs.len(), payloads.len());
            for (i, (msg, payload)) in msgs.iter().zip(&payloads).enumerate() {
                assert_eq!(msg.subject(), format!("s.{i}").as_bytes());
                assert_eq!(msg.reply().is_some(), i % 3 != 0);
                assert_eq!(msg.payload(), payload);
                // SAFETY: padding zero bytes, at least one, lie behind the payload.
                let behind = unsafe {
                    std::slice::from_raw_parts(
                        msg.payload_ptr().add(payload.len()).cast::<u8>(),
                        padding.max(1),
                    )
                };
                assert!(behind.iter().all(|b| *b == 0));
            }
        }
    }
}

#[test]
fn small_messages_do_not_copy_much_of_the_stream() {
    let count = if cfg!(miri) { 500 } else { 10_000 };
    let wire = wire(&vec![vec![b'x'; 16]; count]);
    assert_eq!(feed(&wire, usize::MAX, 0).len(), count);
}

#[test]
fn frames_are_copied_only_as_long_as_there_are_large_ones_among_them() {
    for chunk in [usize::MAX, 2000] {
        let mut receiver = Receiver::new(0, READ_SIZE);
        drop(feed_to(
            &mut receiver,
            &wire(&[vec![b'x'; 1 << 20]]),
            usize::MAX,
        ));
        assert!(receiver.copied > 1000, "one large message makes it so");
        drop(feed_to(
            &mut receiver,
            &wire(&vec![vec![b'x'; 500]; 300]),
            chunk,
        ));
        assert_eq!(receiver.copied, 0);
    }
}
