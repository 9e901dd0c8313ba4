//! Codecs, alone and in chains.

use proptest::prelude::*;

use super::*;
use crate::msg::Msg;

fn keys(chain: Vec<Arc<dyn KeyCodec>>) -> Codecs {
    Codecs {
        keys: chain,
        values: Vec::new(),
    }
}

#[test]
fn base64_of_keys_goes_token_by_token() {
    let codecs = keys(vec![Arc::new(Base64)]);
    for (key, stored) in [
        ("Acme Inc.contact", "QWNtZSBJbmM.Y29udGFjdA"),
        ("user.123", "dXNlcg.MTIz"),
        ("a*b.>c", "YSpi.PmM"),
        ("é", "w6k"),
    ] {
        assert_eq!(codecs.stored_key(key).unwrap(), stored);
        assert_eq!(
            &*codecs.shown_key(stored.as_bytes()).unwrap(),
            key.as_bytes()
        );
    }
    // As clients write it that pad.
    assert_eq!(&*codecs.shown_key(b"dXNlcg==.MTIz").unwrap(), b"user.123");
    for empty in ["", "a..b", ".a", "a."] {
        let error = codecs.stored_key(empty).unwrap_err();
        assert_eq!(error.status(), Status::NATS_INVALID_ARG);
    }
    for (pattern, stored) in [
        ("user.*", "dXNlcg.*"),
        ("user.>", "dXNlcg.>"),
        ("app.*.config.>", "YXBw.*.Y29uZmln.>"),
        (">", ">"),
        ("user.1", "dXNlcg.MQ"),
    ] {
        assert_eq!(codecs.stored_filter(pattern).unwrap(), stored);
    }
    let error = codecs.shown_key(b"!").unwrap_err();
    assert_eq!(error.status(), Status::NATS_ERR);
    assert!(error.text().starts_with("'!' is not base64: "), "{error:?}");
}

#[test]
fn paths() {
    let codecs = keys(vec![Arc::new(Path)]);
    for (key, stored, shown) in [
        ("/foo/bar", "_root_.foo.bar", "/foo/bar"),
        ("foo/bar", "foo.bar", "foo/bar"),
        ("/foo", "_root_.foo", "/foo"),
        ("foo/bar/", "foo.bar", "foo/bar"),
        ("/", "_root_", "/"),
        ("/foo/bar/", "_root_.foo.bar", "/foo/bar"),
    ] {
        assert_eq!(codecs.stored_key(key).unwrap(), stored);
        assert_eq!(
            &*codecs.shown_key(stored.as_bytes()).unwrap(),
            shown.as_bytes()
        );
    }
    for (pattern, stored) in [
        ("/user/*", "_root_.user.*"),
        ("/app/*/config/>", "_root_.app.*.config.>"),
        ("user/*", "user.*"),
        (">", ">"),
        ("/>", "_root_.>"),
    ] {
        assert_eq!(codecs.stored_filter(pattern).unwrap(), stored);
    }
    // What would come back as another key.
    for bad in ["a.b", "/etc/x.conf", "_root_/a", "_root_", "//", "a//b", ""] {
        let error = codecs.stored_key(bad).unwrap_err();
        assert_eq!(error.status(), Status::NATS_INVALID_ARG, "{bad}");
    }
}

#[test]
fn chains_encode_in_order_and_decode_in_reverse() {
    let codecs = keys(vec![Arc::new(Path), Arc::new(Base64)]);
    let stored = codecs.stored_key("/a b/c").unwrap();
    assert_eq!(stored, "X3Jvb3Rf.YSBi.Yw");
    assert_eq!(&*codecs.shown_key(stored.as_bytes()).unwrap(), b"/a b/c");
    assert_eq!(codecs.stored_filter("/a b/*").unwrap(), "X3Jvb3Rf.YSBi.*");
    // In front of what a handle has already.
    let composed = keys(vec![Arc::new(Path)]).before(&keys(vec![Arc::new(Base64)]));
    assert_eq!(composed.stored_key("/a b/c").unwrap(), stored);
}

/// Knows no patterns.
struct Prefix;

impl KeyCodec for Prefix {
    fn encode(&self, key: &str) -> Result<String> {
        Ok(format!("p_{key}"))
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>> {
        Ok(stored.get(2..).unwrap_or_default().to_owned())
    }
}

#[test]
fn wildcards_need_a_codec_that_knows_them() {
    let codecs = keys(vec![Arc::new(Prefix)]);
    assert_eq!(codecs.stored_filter("a").unwrap(), "p_a");
    assert_eq!(codecs.stored_filter(">").unwrap(), ">");
    for pattern in ["a.*", "a.>", "*"] {
        let error = codecs.stored_filter(pattern).unwrap_err();
        assert_eq!(error.status(), Status::NATS_INVALID_ARG);
        assert!(error.text().contains("does not support wildcards"));
    }
    let error = Codecs::default().stored_filter("").unwrap_err();
    assert_eq!(error.status(), Status::NATS_INVALID_ARG);
}

fn entry(headers: &[u8], value: &[u8]) -> Entry {
    let mut msg = Msg::create_with(b"$KV.B.YQ", None, headers, value).unwrap();
    msg.set_origin(7, 8);
    Entry::stored(msg, "$KV.B.").unwrap()
}

#[test]
fn entries_are_shown_decoded() {
    let codecs = Codecs {
        keys: vec![Arc::new(Base64)],
        values: vec![Arc::new(Base64)],
    };
    let put = codecs
        .shown(entry(b"", b"dg"), "$KV.B.", Decode::All)
        .unwrap();
    assert_eq!((put.key(), put.value()), (&b"a"[..], &b"v"[..]));
    assert_eq!((put.revision(), put.created()), (7, 8));
    let raw = codecs
        .shown(entry(b"", b"dg"), "$KV.B.", Decode::Nothing)
        .unwrap();
    assert_eq!((raw.key(), raw.value()), (&b"YQ"[..], &b"dg"[..]));
    let bare = codecs
        .shown(entry(b"", b""), "$KV.B.", Decode::Key)
        .unwrap();
    assert_eq!((bare.key(), bare.value()), (&b"a"[..], &b""[..]));
    // A marker has no value that could be decoded.
    let headers = b"NATS/1.0\r\nKV-Operation: DEL\r\n\r\n";
    let deleted = codecs
        .shown(entry(headers, b"!"), "$KV.B.", Decode::All)
        .unwrap();
    assert_eq!((deleted.key(), deleted.value()), (&b"a"[..], &b"!"[..]));
    assert!(deleted.is_deleted());
    let error = codecs.shown(entry(b"", b"!"), "$KV.B.", Decode::All);
    assert_eq!(error.err().unwrap().status(), Status::NATS_ERR);
    // Its NUL would end the key early.
    let nul = Codecs::shown_key(&codecs, b"YQBi").unwrap_err();
    assert!(nul.text().contains("has a NUL"));
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(key in "[^\0.]{1,8}(\\.[^\0.]{1,8}){0,3}", value: Vec<u8>) {
        let codecs = Codecs {
            keys: vec![Arc::new(Base64), Arc::new(Base64)],
            values: vec![Arc::new(Base64), Arc::new(Base64)],
        };
        let stored = codecs.stored_key(&key).unwrap();
        prop_assert_eq!(&*codecs.shown_key(stored.as_bytes()).unwrap(), key.as_bytes());
        let stored = codecs.stored_value(&value).unwrap();
        prop_assert_eq!(&*codecs.shown_value(&stored).unwrap(), &value[..]);
    }

    #[test]
    fn paths_come_back(path in "/?[a-z_]{1,5}(/[a-z_]{1,5}){0,3}") {
        let codecs = keys(vec![Arc::new(Path)]);
        let stored = codecs.stored_key(&path).unwrap();
        prop_assert_eq!(&*codecs.shown_key(stored.as_bytes()).unwrap(), path.as_bytes());
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(stored: Vec<u8>) {
        let _ = KeyCodec::decode(&Base64, &stored);
        let _ = KeyCodec::decode(&Path, &stored);
    }
}
