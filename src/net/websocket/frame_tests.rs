//! Tests of frames against what a server would send.

use proptest::prelude::*;

use super::frame::{self, Decoder, End, Opcode, Reply};
use super::tests::{BINARY, client_frame, server_frame};
use super::upgrade::check;
use crate::error::{Error, Status};

/// Feeds pieces of these sizes, the rest in one.
fn decode(decoder: &mut Decoder, bytes: &[u8], sizes: &[usize]) -> Vec<u8> {
    let (mut rest, mut payload) = (bytes, Vec::new());
    for size in sizes.iter().copied().chain([usize::MAX]) {
        let (piece, left) = rest.split_at(size.min(rest.len()));
        rest = left;
        let mut piece = piece.to_vec();
        let n = decoder.decode(&mut piece);
        payload.extend_from_slice(&piece[..n]);
    }
    payload
}

fn failure(decoder: &Decoder) -> Option<&Error> {
    match decoder.end() {
        Some(End::Failed(error)) => Some(error),
        _ => None,
    }
}

#[test]
fn frames_are_masked_and_as_short_as_can_be() {
    for len in [0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 70000] {
        let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let (one, two) = payload.split_at(len / 3);
        let mut out = Vec::new();
        frame::encode(
            Opcode::Binary,
            [one, two].into_iter(),
            [1, 2, 3, 250],
            &mut out,
        );
        let head = match len {
            0..=125 => 2,
            126..=65535 => 4,
            _ => 10,
        };
        assert_eq!(out.len(), head + 4 + len);
        assert_eq!(&out[head..head + 4], [1, 2, 3, 250]);
        assert_eq!(client_frame(&out), Some((BINARY, payload, out.len())));
    }
}

#[test]
fn frames_may_be_cut_anywhere() {
    let mut bytes = server_frame(BINARY, b"INFO {", false);
    bytes.extend(server_frame(0x02, &[b'a'; 200], false));
    bytes.extend(server_frame(0x89, b"between", false));
    bytes.extend(server_frame(0x00, b"", false));
    bytes.extend(server_frame(0x8a, b"unasked", false));
    bytes.extend(server_frame(0x80, b"}\r\n", false));
    bytes.extend(server_frame(BINARY, b"", false));
    bytes.extend(server_frame(BINARY, &[b'b'; 70000], false));
    let expected = [b"INFO {".as_slice(), &[b'a'; 200], b"}\r\n", &[b'b'; 70000]].concat();
    let ones = vec![1; 500];
    let splits = (0..400).map(|at| vec![at]).chain([ones, vec![bytes.len()]]);
    for sizes in splits {
        let mut decoder = Decoder::new();
        assert_eq!(decode(&mut decoder, &bytes, &sizes), expected, "{sizes:?}");
        assert!(decoder.end().is_none());
        match decoder.take_reply() {
            Some(Reply::Pong(pong)) => assert_eq!(pong.bytes(), b"between"),
            _ => panic!("no pong"),
        }
        assert!(decoder.take_reply().is_none());
    }
}

#[test]
fn a_frame_as_long_as_the_law_allows_is_just_a_stream() {
    let mut decoder = Decoder::new();
    let head = [&[BINARY, 127][..], &i64::MAX.to_be_bytes()].concat();
    assert_eq!(decode(&mut decoder, &head, &[]), b"");
    for _ in 0..100 {
        assert_eq!(decode(&mut decoder, &[7; 5000], &[]), [7; 5000]);
    }
    assert!(decoder.end().is_none());
}

#[test]
fn what_the_server_must_not_send() {
    let long = |len: u64| [&[BINARY, 127][..], &len.to_be_bytes()].concat();
    for (bytes, why) in [
        (server_frame(BINARY, b"x", true), "masked"),
        (server_frame(0x81, b"x", false), "text"),
        (server_frame(0x83, b"x", false), "unknown kind"),
        (server_frame(0x8b, b"x", false), "unknown kind"),
        (server_frame(0xc2, b"x", false), "reserved bits"),
        (server_frame(0x92, b"x", false), "reserved bits"),
        (server_frame(0x80, b"x", false), "continuation of nothing"),
        (
            server_frame(0x09, b"x", false),
            "control frame in fragments",
        ),
        (server_frame(0x89, &[0; 126], false), "too long"),
        (vec![0x88, 1, 3], "half a reason"),
        (long(1 << 63), "too long"),
        (long(u64::MAX), "too long"),
        (long(65535), "more bytes than it needs"),
        (vec![BINARY, 126, 0, 125], "more bytes than it needs"),
        (
            [
                server_frame(0x02, b"x", false),
                server_frame(BINARY, b"y", false),
            ]
            .concat(),
            "inside another",
        ),
    ] {
        let whole = [server_frame(BINARY, b"good", false), bytes].concat();
        let mut decoder = Decoder::new();
        let payload = decode(&mut decoder, &whole, &[3, 4]);
        assert!(
            payload.starts_with(b"good") && !payload.ends_with(b"y"),
            "{why}"
        );
        let error = failure(&decoder).unwrap_or_else(|| panic!("{why}"));
        assert_eq!(error.status(), Status::NATS_PROTOCOL_ERROR);
        assert!(error.text().contains(why), "{} / {why}", error.text());
        assert!(matches!(decoder.take_reply(), Some(Reply::Close(_))));
        assert_eq!(decoder.decode(&mut [BINARY, 1, 1]), 0, "it stays so");
    }
}

#[test]
fn a_close_frame_is_the_end_and_its_code_goes_back() {
    for (payload, echo) in [(&b""[..], &b""[..]), (b"\x03\xe9bye", b"\x03\xe9")] {
        let mut bytes = server_frame(BINARY, b"last", false);
        bytes.extend(server_frame(0x88, payload, false));
        bytes.extend(server_frame(BINARY, b"never", false));
        let mut decoder = Decoder::new();
        assert_eq!(decode(&mut decoder, &bytes, &[]), b"last");
        assert!(matches!(decoder.end(), Some(End::Closed)));
        match decoder.take_reply() {
            Some(Reply::Close(close)) => assert_eq!(close.bytes(), echo),
            _ => panic!("no close"),
        }
    }
}

proptest! {
    #[test]
    fn any_frames_in_any_pieces_are_one_stream(
        messages in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..4), 0..8),
        sizes in proptest::collection::vec(0usize..90, 0..60),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for message in &messages {
            for (i, part) in message.iter().enumerate() {
                let fin = if i + 1 == message.len() { 0x80 } else { 0 };
                let opcode = if i == 0 { 2 } else { 0 };
                bytes.extend(server_frame(fin | opcode, part, false));
                bytes.extend(server_frame(0x8a, &part[..part.len().min(125)], false));
                expected.extend_from_slice(part);
            }
        }
        let mut decoder = Decoder::new();
        prop_assert_eq!(decode(&mut decoder, &bytes, &sizes), expected);
        prop_assert!(decoder.end().is_none());
    }

    #[test]
    fn garbage_never_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        opcodes in proptest::collection::vec(0u8..16, 0..40),
        sizes in proptest::collection::vec(0usize..50, 0..20),
    ) {
        let likely: Vec<u8> = opcodes
            .iter()
            .zip(&bytes)
            .flat_map(|(op, b)| [0x80 | op, *b & 0x7f, *b])
            .collect();
        for bytes in [bytes, likely] {
            let payload = decode(&mut Decoder::new(), &bytes, &sizes);
            prop_assert!(payload.len() <= bytes.len());
            let _ = check(&bytes, "key");
            let _ = check(&[b"HTTP/1.1 101 x\r\n", bytes.as_slice()].concat(), "key");
        }
    }
}
