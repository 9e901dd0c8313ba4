use super::*;

fn reply(headers: &str, payload: &[u8]) -> Msg {
    let block = match headers {
        "" => String::new(),
        headers => format!("NATS/1.0{headers}\r\n\r\n"),
    };
    Msg::create_with(b"_INBOX.x", None, block.as_bytes(), payload).unwrap()
}

const STORED: &str = "\r\nNats-Stream: S\r\nNats-Subject: a.b\r\nNats-Sequence: 7\r\n\
    Nats-Time-Stamp: 1970-01-01T00:00:01.5Z\r\nMine: x";

fn fault(headers: &str, payload: &[u8]) -> (Status, String) {
    match direct_msg(reply(headers, payload), false) {
        Ok(_) => panic!("taken"),
        Err(error) => (error.status(), error.text().to_owned()),
    }
}

#[test]
fn an_answer_is_what_its_headers_say() {
    let msg = direct_msg(reply(STORED, b"hi"), false).unwrap();
    assert_eq!((msg.subject(), msg.payload()), (&b"a.b"[..], &b"hi"[..]));
    assert_eq!((msg.sequence(), msg.time()), (7, 1_500_000_000));
    assert_eq!(msg.header(b"Mine"), Some(&b"x"[..]));
    assert_eq!(msg.header(b"Nats-Stream"), Some(&b"S"[..]));
    // One without a payload is a message too.
    let empty = direct_msg(reply(STORED, b""), false).unwrap();
    assert_eq!(empty.sequence(), 7);
    let bare = direct_msg(reply("", b"hi"), true).unwrap();
    assert_eq!(bare.payload(), b"hi");
}

#[test]
fn answers_that_are_no_message() {
    let error = |text: &str| (Status::NATS_ERR, text.to_owned());
    assert_eq!(
        fault("", b"hi"),
        error("direct get message response should have headers")
    );
    assert_eq!(
        fault(" 404 Message Not Found", b"").0,
        Status::NATS_NOT_FOUND
    );
    assert_eq!(
        fault(" 408 Bad Request", b""),
        error("error getting message: Bad Request")
    );
    let without = |name: &str| {
        let lines: Vec<_> = STORED
            .split("\r\n")
            .filter(|l| !l.starts_with(name))
            .collect();
        fault(&lines.join("\r\n"), b"hi")
    };
    assert_eq!(without("Nats-Stream"), error("missing stream name ''"));
    assert_eq!(
        without("Nats-Sequence"),
        error("missing or invalid sequence ''")
    );
    assert_eq!(
        without("Nats-Time"),
        error("missing or invalid timestamp ''")
    );
    assert_eq!(
        without("Nats-Subject"),
        error("missing or invalid subject ''")
    );
    let with = |from: &str, to: &str| fault(&STORED.replace(from, to), b"hi");
    assert_eq!(
        with(": 7", ": -7"),
        error("missing or invalid sequence '-7'")
    );
    assert_eq!(
        with("1970", "70"),
        error("missing or invalid timestamp '70-01-01T00:00:01.5Z'")
    );
}

#[test]
fn requests() {
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
    assert_eq!(text(DirectGet::default().body()), "{}");
    let both = DirectGet {
        sequence: 3,
        next_by_subject: "a.>",
        start_time: Time(1_000_000_000),
        ..Default::default()
    };
    assert_eq!(
        text(both.body()),
        r#"{"next_by_subj":"a.>","seq":3,"start_time":"1970-01-01T00:00:01Z"}"#
    );
    let last = DirectGet {
        last_by_subject: "a",
        no_headers: true,
        ..both
    };
    assert_eq!(text(last.body()), r#"{"last_by_subj":"a","no_hdr":true}"#);
}
