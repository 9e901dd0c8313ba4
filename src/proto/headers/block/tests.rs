//! The header block: examples, and properties of encoding followed by decoding.

use super::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// The map as pairs of key and values.
fn pairs(map: &HeaderMap) -> Vec<(String, Vec<String>)> {
    let text = |z: &ZString| String::from_utf8_lossy(z.as_bytes()).into_owned();
    let values = |e: &Entry| {
        e.values
            .iter()
            .map(|v| v.as_ref().map_or("NULL".into(), text))
            .collect()
    };
    map.entries
        .iter()
        .map(|e| (text(&e.key), values(e)))
        .collect()
}

/// The result of decoding, as one line.
fn decoded(block: &str) -> String {
    match HeaderMap::decode(block.as_bytes()) {
        Ok(map) => {
            let line = |(key, values): (String, Vec<String>)| format!("{key}={}", values.join("|"));
            pairs(&map)
                .into_iter()
                .map(line)
                .collect::<Vec<_>>()
                .join(";")
        }
        Err(error) => format!("! {error}"),
    }
}

#[test]
fn good_blocks() {
    let cases = [
        ("NATS/1.0\r\n", ""),
        ("NATS/1.0\r\n\r\n", ""),
        ("NATS/1.0  \r\n\r\n", ""),
        ("NATS/1.0\r\na: 1\r\nb:2\r\na:  3 \r\n\r\n", "a=1|3;b=2"),
        ("NATS/1.0\r\na:1\r\n", "a=1"),
        ("NATS/1.0\r\na:\r\nb: \t\r\n\r\n", "a=;b="),
        ("NATS/1.0\r\nurl: x://y:1\r\n\r\n", "url=x://y:1"),
        (
            "NATS/1.0\r\nA: 1\r\na: 2\r\n b : 3\r\n\r\n",
            "A=1;a=2 b : 3",
        ),
        ("NATS/1.0\r\nb : 3\r\n\r\n", "b =3"),
        (
            "NATS/1.0\r\na: 1\r\na: 2\r\n\t more \r\n and more\r\n\r\n",
            "a=1|2 more and more",
        ),
        ("NATS/1.0\r\na:\r\n two\r\n \t\r\n\r\n", "a=two"),
        ("NATS/1.0\r\na: one\r\n \r\nb: c\r\n\r\n", "a=one;b=c"),
        ("NATS/1.0\r\na: one\nline\r\n\r\n", "a=one\nline"),
        ("NATS/1.0 503\r\n\r\n", "Status=503"),
        ("NATS/1.0   5\r\n\r\n", "Status=5"),
        ("NATS/1.0 503  \r\n\r\n", "Status=503"),
        (
            "NATS/1.0 404 No Messages\r\n\r\n",
            "Status=404;Description=No Messages",
        ),
        ("NATS/1.0 4041 x \r\n\r\n", "Status=404;Description=1 x"),
        (
            "NATS/1.0 100 Idle\r\nStatus: 1\r\nStatus: 2\r\nk: v\r\n\r\n",
            "Status=100;k=v;Description=Idle",
        ),
        (
            "NATS/1.0\r\na: 1\r\n\r\nwhat follows is not looked at",
            "a=1",
        ),
    ];
    for (block, expected) in cases {
        assert_eq!(decoded(block), expected, "{block:?}");
    }
}

#[test]
fn bad_blocks() {
    let cases = [
        ("", "! header prefix missing: "),
        ("NATS/1.0", "! header prefix missing: NATS/1.0"),
        ("NATS/1.0\r", "! header prefix missing: NATS/1.0\r"),
        (
            "NATS/2.0\r\n\r\n",
            "! header prefix missing: NATS/2.0\r\n\r\n",
        ),
        (
            "nats/1.0\r\n\r\n",
            "! header prefix missing: nats/1.0\r\n\r\n",
        ),
        ("NATS/1.0 503", "! early termination of headers:  503"),
        ("NATS/1.0\n\n", "! early termination of headers: \n\n"),
        (
            "NATS/1.0\r\n a: 1\r\n",
            "! key cannot start with a space:  a: 1\r\n",
        ),
        (
            "NATS/1.0\r\na 1\r\nb: 1\r\n",
            "! column delimiter not found: a 1",
        ),
        ("NATS/1.0\r\na 1", "! column delimiter not found: a 1"),
        ("NATS/1.0\r\na: 1", "! no CRLF found for value of key a"),
        ("NATS/1.0\r\na: 1\r", "! no CRLF found for value of key a"),
        (
            "NATS/1.0\r\na: 1\r\n more",
            "! no CRLF found for value of key a",
        ),
        ("NATS/1.0\r\na:", "! no value found for key a"),
    ];
    for (block, expected) in cases {
        assert_eq!(decoded(block), expected, "{block:?}");
    }
}

#[test]
fn encoding() {
    let mut map = HeaderMap::new();
    assert_eq!(HeaderBlock::of(&map).to_vec(), b"NATS/1.0\r\n\r\n");
    map.add(b"a", Some(b" one\r\ntwo "));
    map.add(b"b", None);
    map.add(b"a", Some(b"x:y"));
    let block = HeaderBlock::of(&map);
    assert_eq!(
        block.to_vec(),
        b"NATS/1.0\r\na:  one  two \r\na: x:y\r\nb: \r\n\r\n"
    );
    assert_eq!(block.len(), block.to_vec().len());
}

#[test]
fn status_without_decoding() {
    assert_eq!(
        inline_status(b"NATS/1.0 503 No Responders\r\n\r\n"),
        Some(&b"503"[..])
    );
    assert_eq!(inline_status(b"NATS/1.0 5\r\n\r\n"), Some(&b"5"[..]));
    for none in [
        "",
        "NATS/1.0",
        "NATS/1.0\r\n",
        "NATS/1.0 503",
        "HTTP/1.0 503\r\n",
        "NATS/1.0\r\n503:\r\n",
    ] {
        assert_eq!(inline_status(none.as_bytes()), None, "{none:?}");
    }
}

#[test]
fn no_responders() {
    let cases = [
        ("NATS/1.0 503\r\n\r\n", true),
        ("NATS/1.0 503 x\r\nStatus: 200\r\n\r\n", true),
        ("NATS/1.0\r\na: b\r\nStatus: 503 x\r\n\r\n", true),
        ("NATS/1.0 200\r\nStatus: 503\r\n\r\n", false),
        ("NATS/1.0\r\nStatus: 200\r\nStatus: 503\r\n\r\n", false),
        ("NATS/1.0\r\na: x\n\nStatus: 503\r\n\r\n", false),
        ("NATS/1.0\r\nstatus: 503\r\n\r\n", false),
        ("NATS/1.0\r\n\r\n", false),
        ("", false),
    ];
    for (block, expected) in cases {
        assert_eq!(is_no_responders(block.as_bytes(), 0), expected, "{block:?}");
        assert!(!is_no_responders(block.as_bytes(), 1));
    }
}

#[test]
fn large_blocks_take_linear_time() {
    let keys = if cfg!(miri) { 100 } else { 50_000 };
    let block = format!("NATS/1.0\r\na:1\r\n{}\r\n", " x\r\n".repeat(6 * keys));
    let map = HeaderMap::decode(block.as_bytes()).unwrap();
    let value = map.get(b"a").flatten().unwrap();
    assert_eq!(value.as_bytes().len(), 12 * keys + 1);

    let lines: String = (0..2 * keys)
        .map(|n| format!("{:x}:{n}\r\n", n % keys))
        .collect();
    let map = HeaderMap::decode(format!("NATS/1.0\r\n{lines}\r\n").as_bytes()).unwrap();
    assert_eq!(map.len(), keys);
    assert!(map.entries.iter().all(|entry| entry.values.len() == 2));
}

fn map() -> impl Strategy<Value = HeaderMap> {
    // Few different keys, so that they collide; and enough of them to use the hash table.
    let value = option::of(vec(any::<u8>(), 0..12));
    vec(("[a-f][a-c]?", value), 0..50).prop_map(|lines| {
        let mut map = HeaderMap::new();
        for (key, value) in lines {
            map.add(key.as_bytes(), value.as_deref());
        }
        map
    })
}

proptest! {
    #[test]
    fn there_and_back(map in map()) {
        let block = HeaderBlock::of(&map).to_vec();
        prop_assert_eq!(block.len(), HeaderBlock::of(&map).len());
        // What the wire does to values: NULL becomes empty, line ends become blanks, white space
        // around a value is removed.
        let mut expected = map.clone();
        for value in expected.entries.iter_mut().flat_map(|entry| &mut entry.values) {
            let mut bytes = value.take().map_or(Vec::new(), |value| value.as_bytes().to_vec());
            bytes.iter_mut().filter(|b| matches!(b, b'\r' | b'\n')).for_each(|b| *b = b' ');
            *value = Some(ZString::from_bytes(trim(&bytes)));
        }
        prop_assert_eq!(HeaderMap::decode(&block), Ok(expected));
    }

    #[test]
    fn any_block_is_decoded_or_refused(
        start in "(NATS/1.0( 503( x)?)?\r\n)?",
        rest in vec(prop::sample::select(b"\r\n\r\n :ab\tS\xff".to_vec()), 0..40),
        cut: usize,
    ) {
        let block = [start.as_bytes(), &rest].concat();
        inline_status(&block);
        if let Ok(map) = HeaderMap::decode(&block) {
            let status = map.get(STATUS).flatten().map(|status| status.as_bytes().to_vec());
            let expected = status.is_some_and(|status| status.starts_with(b"503"));
            prop_assert_eq!(is_no_responders(&block, 0), expected);
            // A block that was accepted is still accepted after being encoded again.
            prop_assert!(HeaderMap::decode(&HeaderBlock::of(&map).to_vec()).is_ok());
        }
        let _ = HeaderMap::decode(&block[..cut % (block.len() + 1)]);
    }
}
