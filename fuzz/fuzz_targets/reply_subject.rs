//! The metadata in reply subjects, compared with a reader that is written for simplicity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::consume::Metadata;

fn number(token: &[u8]) -> Option<u64> {
    let digits = !token.is_empty() && token.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(token)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

fn simple(reply: &[u8]) -> Option<(Option<&[u8]>, &[u8], &[u8], [u64; 5])> {
    let mut tokens: Vec<&[u8]> = reply.split(|b| *b == b'.').collect();
    if tokens.len() < 9 || tokens[0] != b"$JS" || tokens[1] != b"ACK" {
        return None;
    }
    tokens.drain(..2);
    let domain = match tokens.len() {
        7 => None,
        8 => return None,
        _ => {
            let domain = tokens[0];
            tokens.drain(..2);
            (domain != b"_").then_some(domain)
        }
    };
    let mut numbers = [0; 5];
    for (to, from) in numbers.iter_mut().zip(&tokens[2..7]) {
        *to = number(from)?;
    }
    i64::try_from(numbers[3]).ok()?;
    Some((domain, tokens[0], tokens[1], numbers))
}

fuzz_target!(|data: &[u8]| {
    for reply in [data.to_vec(), [b"$JS.ACK.", data].concat()] {
        let got = Metadata::parse(&reply).map(|m| {
            let time = u64::try_from(m.timestamp).expect("no time before 1970");
            let numbers = [m.delivered, m.stream_seq, m.consumer_seq, time, m.pending];
            (m.domain, m.stream, m.consumer, numbers)
        });
        assert_eq!(got, simple(&reply));
    }
});
