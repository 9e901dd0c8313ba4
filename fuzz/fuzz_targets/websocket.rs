//! The answer to the WebSocket handshake, and frames: the same however they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::net::websocket::fuzzing;
use nats_rs_fuzz::Choices;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fuzz_target!(|input: &[u8]| {
    let (mut choices, data) = Choices::split(input);
    let cuts = choices.cuts(data.len());
    let (mut whole, mut cut) = (data.to_vec(), data.to_vec());
    let expected = fuzzing::decode(&mut [&mut whole[..]]);
    let mut pieces = Vec::new();
    let (mut rest, mut at) = (&mut cut[..], 0);
    for end in cuts {
        let (piece, more) = rest.split_at_mut(end - at);
        pieces.push(piece);
        (rest, at) = (more, end);
    }
    assert_eq!(fuzzing::decode(&mut pieces), expected);

    // "@" stands for what the server must prove itself with.
    let head: Vec<u8> = data
        .iter()
        .flat_map(|b| match b {
            b'@' => fuzzing::accept(KEY).into_bytes(),
            b => vec![*b],
        })
        .collect();
    if let Ok(Some(end)) = fuzzing::check(&head, KEY) {
        assert!(end <= head.len());
        for n in 0..end {
            assert!(
                !matches!(fuzzing::check(&head[..n], KEY), Ok(Some(_))),
                "it ends once"
            );
        }
        assert!(matches!(fuzzing::check(&head[..end], KEY), Ok(Some(n)) if n == end));
    }
});
