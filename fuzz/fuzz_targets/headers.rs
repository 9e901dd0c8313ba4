//! Header blocks: decoding, encoding, single values, and the checks of what a program sets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::msg::Msg;
use nats_rs::proto::headers::{self, HeaderBlock, HeaderMap};
use nats_rs_fuzz::halves;

fn one_line(value: &[u8]) -> Vec<u8> {
    let blank = |b: &u8| if matches!(b, b'\r' | b'\n') { b' ' } else { *b };
    let value: Vec<u8> = value.iter().map(blank).collect();
    let is_space = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = value.iter().position(|b| !is_space(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !is_space(b)).map_or(start, |at| at + 1);
    value[start..end].to_vec()
}

/// All that a map has. Blanks around values do not survive, and what would end a line is written as a blank.
fn all(map: &HeaderMap) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut all: Vec<_> = map
        .keys()
        .map(|key| {
            let values = map.values(key.as_bytes()).unwrap_or_default();
            let text = |v: &Option<headers::ZString>| {
                v.as_ref().map_or(vec![], |v| one_line(v.as_bytes()))
            };
            (key.as_bytes().to_vec(), values.iter().map(text).collect())
        })
        .collect();
    all.sort();
    all
}

fuzz_target!(|data: &[u8]| {
    let _ = headers::status(data);
    let _ = headers::inline_status(data);
    let _ = headers::is_no_responders(data, 0);
    let _ = headers::value(data, b"A");
    if let Ok(map) = HeaderMap::decode(data) {
        assert_eq!(map.len(), all(&map).len());
        // Written and read again it is the same.
        let block = HeaderBlock::of(&map);
        let bytes = block.to_vec();
        assert_eq!(bytes.len(), block.len());
        let again = HeaderMap::decode(&bytes).expect("what is written can be read");
        assert_eq!(all(&again), all(&map));
    }
    // As a program sets them.
    let (key, value) = halves(data);
    let mut map = HeaderMap::new();
    if headers::check_key(key).is_ok() && !key.is_empty() {
        map.set(key, Some(value));
        map.add(key, Some(b"second"));
        let bytes = HeaderBlock::of(&map).to_vec();
        let again = HeaderMap::decode(&bytes).expect("what is written can be read");
        assert_eq!(
            again.len(),
            1,
            "no value makes another header: {}",
            bytes.escape_ascii()
        );
        assert!(again.remove_all(key, map));
    }
    if let Ok(mut msg) = Msg::create_with(b"s", None, data, b"") {
        let before = msg.status().map(|s| (s.code, s.description.to_vec()));
        if msg.headers().is_ok() {
            let after = msg.status().map(|s| (s.code, s.description.to_vec()));
            assert_eq!(before, after);
        }
    }
});

trait RemoveAll {
    fn remove_all(self, key: &[u8], other: HeaderMap) -> bool;
}

impl RemoveAll for HeaderMap {
    fn remove_all(mut self, key: &[u8], mut other: HeaderMap) -> bool {
        self.remove(key) && self.is_empty() && other.remove(key) && other.is_empty()
    }
}
