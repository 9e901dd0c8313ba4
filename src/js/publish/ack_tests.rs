use proptest::prelude::*;

use super::*;
use crate::error::Status;

fn ack(stream: &'static str, sequence: u64) -> Ack<'static> {
    Ack {
        stream: Cow::Borrowed(stream.as_bytes()),
        sequence,
        ..Ack::default()
    }
}

#[test]
fn plain_acknowledgements_need_no_parser() {
    for (text, expected) in [
        (r#"{"stream":"S","seq":1}"#, ack("S", 1)),
        (
            r#"{"stream":"S", "seq":18446744073709551615}"#,
            ack("S", u64::MAX),
        ),
        (
            r#"{"stream":"S","seq":2,"duplicate": true}"#,
            Ack {
                duplicate: true,
                ..ack("S", 2)
            },
        ),
        (
            r#"{"stream":"S","domain":"hub","seq":3,"duplicate":false}"#,
            Ack {
                domain: Cow::Borrowed(b"hub"),
                ..ack("S", 3)
            },
        ),
        (
            r#"{"stream":"S","seq":5,"batch":"g","count":3}"#,
            Ack {
                batch: Cow::Borrowed(b"g"),
                count: 3,
                ..ack("S", 5)
            },
        ),
        (
            r#" { "stream" : "C" , "seq" : 0 , "val" : "-12" } "#.trim_end(),
            Ack {
                value: Cow::Borrowed(b"-12"),
                ..ack("C", 0)
            },
        ),
    ] {
        assert_eq!(plain(text.as_bytes()), Some(expected.clone()), "{text}");
        assert_eq!(parse(text.as_bytes()), Ok(expected.clone()), "{text}");
        assert_eq!(parse_json(text.as_bytes()), Ok(expected), "{text}");
    }
}

#[test]
fn acknowledgements_like_an_earlier_one_are_known() {
    let mut alike = Alike::default();
    let mut is_ok = |text: &str| {
        let answer = Msg::create(b"a", None, text.as_bytes()).unwrap();
        let checked = alike.check(&answer).is_ok();
        assert_eq!(checked, of(&answer).is_ok(), "{text}");
        checked
    };
    for (text, expected) in [
        (r#"{"stream":"S","seq":"}"#, false),
        (r#"{"stream":"S","seq":9}"#, true),
        (r#"{"stream":"S","seq":10}"#, true),
        (r#"{"stream":"S","seq":0}"#, true),
        (r#"{"stream":"S","seq":18446744073709551615}"#, true),
        (r#"{"stream":"S","seq":18446744073709551616}"#, false),
        (r#"{"stream":"S","seq":01}"#, false),
        (r#"{"stream":"S","seq":}"#, false),
        (r#"{"stream":"S","seq":1x}"#, false),
        (r#"{"stream":"S","seq":1"#, false),
        (r#"{"stream":"S","seq":12,"duplicate":true}"#, true),
        (r#"{"stream":"T","seq":1}"#, true),
        (r#"{"stream":"S","seq":11}"#, true),
        (r#"{"error":{"code":503,"description":"no"}}"#, false),
        (r#"{"stream":"","seq":1}"#, false),
        ("", true),
        (r#"{"stream":"","seq":2}"#, false),
    ] {
        assert_eq!(is_ok(text), expected, "{text}");
    }
}

#[test]
fn an_empty_answer_acknowledges() {
    assert_eq!(parse(b""), Ok(Ack::default()));
}

#[test]
fn what_is_not_plain_is_left_to_the_parser() {
    for (text, expected) in [
        (r#"{"stream":"S","seq":1,"new":[1]}"#, ack("S", 1)),
        (r#"{"stream":"\u0053","seq":1}"#, ack("S", 1)),
        (r#"{"stream":"S","seq":1,"error":null}"#, ack("S", 1)),
        (r#"{"stream":"S","seq":1,"error":{"code":0}}"#, ack("S", 1)),
        ("{\n\"stream\":\"S\",\"seq\":1}\n", ack("S", 1)),
    ] {
        assert_eq!(plain(text.as_bytes()), None, "{text}");
        assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
    }
}

#[test]
fn errors_have_the_servers_words_and_number() {
    let text = br#"{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"},"stream":"S","seq":0}"#;
    let error = parse(text).unwrap_err();
    assert_eq!(
        (error.status(), error.code().0, error.text()),
        (Status::NATS_ERR, 10164, "wrong last sequence")
    );
    // A number that this library does not know passes through.
    let text = br#"{"error":{"code":500,"err_code":99999}}"#;
    assert_eq!(parse(text).unwrap_err().code().0, 99999);
}

#[test]
fn a_status_is_no_acknowledgement() {
    for (line, status, text) in [
        ("503", Status::NATS_NO_RESPONDERS, None),
        ("404", Status::NATS_ERR, Some("the answer is status 404")),
        ("500 no room", Status::NATS_ERR, Some("no room")),
    ] {
        let block = format!("NATS/1.0 {line}\r\n\r\n");
        let answer = Msg::create_with(b"r", None, block.as_bytes(), b"").unwrap();
        let error = of(&answer).unwrap_err();
        assert_eq!(error.status(), status);
        assert!(text.is_none_or(|text| error.text() == text), "{error}");
    }
    let plain = Msg::create(b"r", None, br#"{"stream":"S","seq":1}"#).unwrap();
    assert_eq!(of(&plain), Ok(ack("S", 1)));
}

#[test]
fn malformed_answers_are_errors() {
    for (text, status) in [
        (&b"{"[..], Status::NATS_ERR),
        (b"+OK", Status::NATS_ERR),
        (br#"{"stream":"S","seq":1"#, Status::NATS_ERR),
        (br#"{"stream":"S","seq":1}}"#, Status::NATS_ERR),
        (br#"{"stream":"S","seq":01}"#, Status::NATS_ERR),
        (b"{\"stream\":\"\xff\",\"seq\":1}", Status::NATS_ERR),
        (br#"{"stream":"S","seq":"1"}"#, Status::NATS_INVALID_ARG),
        (br#"{"stream":"S","seq":-1}"#, Status::NATS_INVALID_ARG),
        (
            br#"{"stream":"S","seq":18446744073709551616}"#,
            Status::NATS_INVALID_ARG,
        ),
        (br#"{"error":"no"}"#, Status::NATS_INVALID_ARG),
        // Nothing says that it is stored.
        (b"{}", Status::NATS_ERR),
        (br#"{"stream":null,"seq":null}"#, Status::NATS_ERR),
        (br#"{"stream":"","seq":1}"#, Status::NATS_ERR),
        (br#"{"error":{"description":"no"}}"#, Status::NATS_ERR),
        (b"[]", Status::NATS_INVALID_ARG),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.status(), status, "{}", text.escape_ascii());
        assert_eq!(error.code().0, 0);
    }
}

proptest! {
    #[test]
    fn what_is_recognised_is_what_the_parser_says(text in r#"[{} ,:"a-z0-9\\]{0,40}"#) {
        if let Some(ack) = plain(text.as_bytes()) {
            prop_assert_eq!(Ok(ack), parse_json(text.as_bytes()));
        }
    }

    #[test]
    fn acknowledgements_with_anything_wrong_are_not_read_differently(
        seq: u64,
        stream in "[ -~]{1,10}",
        at in 0usize..80,
        byte: u8,
        cut in 0usize..80,
    ) {
        let value = serde_json::json!({"stream": stream, "seq": seq, "duplicate": seq % 2 == 0});
        let mut text = value.to_string().into_bytes();
        prop_assert_eq!(parse(&text).unwrap().sequence, seq);
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        text.truncate(text.len().saturating_sub(cut % 4));
        if let Some(ack) = plain(&text) {
            prop_assert_eq!(Ok(ack), parse_json(&text));
        }
    }

    #[test]
    fn nothing_panics(text: Vec<u8>) {
        let _ = parse(&text);
    }
}
