use super::*;
use crate::js::api::{StreamConfig, StreamInfo};

#[derive(Debug, Clone, Default, PartialEq)]
struct Inner {
    number: i64,
}

object!(Inner { number "number" });

#[derive(Debug, Clone, Default, PartialEq)]
struct Outer {
    text: String,
    always: u64,
    positive: i64,
    received: bool,
    local: bool,
    inner: Option<Inner>,
    list: Vec<Inner>,
    by_name: BTreeMap<String, i64>,
    rest: Rest,
}

object!(Outer {
    text "text",
    always "always" always,
    positive "positive" positive,
    received "received" received,
    local "local" local,
    inner "inner",
    list "list",
    by_name "by_name";
    .. rest
});

fn read(text: &str) -> Result<Outer> {
    parse(text.as_bytes())
}

fn fault(text: &str) -> (Status, String) {
    let error = read(text).unwrap_err();
    (error.status(), error.text().to_owned())
}

#[test]
fn absent_and_null_are_empty() {
    assert_eq!(read("").unwrap(), Outer::default());
    assert_eq!(read(" \n").unwrap(), Outer::default());
    assert_eq!(read("null").unwrap(), Outer::default());
    assert_eq!(read("{}").unwrap(), Outer::default());
    let nulls = r#"{"text":null,"always":null,"inner":null,"list":null,"by_name":null}"#;
    assert_eq!(read(nulls).unwrap(), Outer::default());
    let inside = read(r#"{"list":[null],"by_name":{"a":null}}"#).unwrap();
    assert_eq!(inside.list, [Inner::default()]);
    assert_eq!(inside.by_name["a"], 0);
}

#[test]
fn a_field_is_written_when_its_word_says_so() {
    let text = |value: &Outer| String::from_utf8(to_text(value)).unwrap();
    assert_eq!(text(&Outer::default()), r#"{"always":0}"#);
    let value = Outer {
        text: "a\"b\n".into(),
        positive: -1,
        received: true,
        local: true,
        inner: Some(Inner::default()),
        ..Default::default()
    };
    assert_eq!(text(&value), r#"{"always":0,"inner":{},"text":"a\"b\n"}"#);
    let value = Outer {
        positive: 2,
        ..Default::default()
    };
    assert_eq!(text(&value), r#"{"always":0,"positive":2}"#);
}

#[test]
fn unknown_fields_are_kept_and_sent_back() {
    let text = r#"{"always":1,"new":{"deep":[1,2]},"received":true}"#;
    let value = read(text).unwrap();
    assert!(value.received);
    assert_eq!(
        value.write().to_string(),
        r#"{"always":1,"new":{"deep":[1,2]}}"#
    );
}

/// Found by the fuzz target `api`: the last digit of such a number was another one each time.
#[test]
fn unknown_numbers_stay_the_same() {
    let number = "1".repeat(84);
    let once = read(&format!(r#"{{"new":{number}}}"#)).unwrap().write();
    let twice = read(&once.to_string()).unwrap().write();
    assert_eq!(once.to_string(), twice.to_string());
}

#[test]
fn a_wrong_type_is_named() {
    let wrong = |text, words: &str| {
        assert_eq!(fault(text), (Status::NATS_INVALID_ARG, words.to_owned()));
    };
    wrong("[]", "expected an object, found []");
    wrong(
        r#"{"always":-1}"#,
        "field 'always': expected an unsigned integer of 64 bits, found -1",
    );
    wrong(
        r#"{"inner":{"number":"x"}}"#,
        "field 'inner.number': expected an integer of 64 bits, found \"x\"",
    );
    wrong(
        r#"{"list":[{},{"number":true}]}"#,
        "field 'list.[1].number': expected an integer of 64 bits, found true",
    );
    wrong(
        r#"{"by_name":{"a":1.5}}"#,
        "field 'by_name.a': expected an integer of 64 bits, found 1.5",
    );
    wrong(r#"{"text":1}"#, "field 'text': expected a string, found 1");
}

#[test]
fn broken_json_ends_with_an_error() {
    let whole = include_str!("testdata/stream_info.json");
    assert!(parse::<StreamInfo>(whole.as_bytes()).is_ok());
    let whole = whole.trim_end();
    for end in 1..whole.len() {
        let error = parse::<StreamInfo>(&whole.as_bytes()[..end]).unwrap_err();
        assert_eq!(error.status(), Status::NATS_ERR, "{end}");
        assert!(error.text().starts_with("malformed JSON: "), "{error}");
    }
    for bad in [&b"\xff"[..], b"{\"a\":}", b"{} x", b"{\"a\":1"] {
        assert_eq!(
            parse::<StreamConfig>(bad).unwrap_err().status(),
            Status::NATS_ERR
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        parse::<StreamConfig>(deep.as_bytes()).unwrap_err().status(),
        Status::NATS_ERR
    );
}
