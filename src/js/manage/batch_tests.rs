use super::*;

const STORED: &str = "\r\nNats-Stream: S\r\nNats-Subject: a.b\r\nNats-Sequence: 7\r\n\
    Nats-Time-Stamp: 1970-01-01T00:00:01.5Z\r\nMine: x";

fn reply(headers: &str, payload: &[u8]) -> Msg {
    let block = format!("NATS/1.0{headers}\r\n\r\n");
    Msg::create_with(b"_INBOX.x", None, block.as_bytes(), payload).unwrap()
}

#[test]
fn a_batch_ends_with_a_status() {
    let message = |sequence: &str, pending: u64| {
        let headers = STORED.replace(": 7", &format!(": {sequence}"));
        reply(&format!("{headers}\r\nNats-Num-Pending: {pending}"), b"hi")
    };
    let end = " 204 EOB\r\nNats-Num-Pending: 5\r\nNats-Last-Sequence: 9\r\nNats-UpTo-Sequence: 20";
    let batch = batch_of([message("7", 6), message("9", 5), reply(end, b"")]).unwrap();
    let sequences: Vec<_> = batch.msgs.iter().map(Msg::sequence).collect();
    assert_eq!(sequences, [7, 9]);
    assert_eq!(
        (batch.pending, batch.last_sequence, batch.up_to_sequence),
        (5, 9, 20)
    );

    let status = |replies: Vec<Msg>| batch_of(replies).map(|_| ()).unwrap_err().status();
    assert_eq!(status(vec![]), Status::NATS_TIMEOUT);
    assert_eq!(status(vec![message("7", 6)]), Status::NATS_TIMEOUT);
    assert_eq!(
        status(vec![reply(" 404 No Results", b"")]),
        Status::NATS_NOT_FOUND
    );
    assert_eq!(
        status(vec![reply(" 413 Too Many Results", b"")]),
        Status::NATS_LIMIT_REACHED
    );
    assert_eq!(status(vec![reply(" 429 Slow Down", b"")]), Status::NATS_ERR);
    assert_eq!(
        status(vec![reply(STORED, b"hi")]),
        Status::NATS_NO_SERVER_SUPPORT
    );
    assert!(ends_batch(&reply(STORED, b"hi")) && ends_batch(&reply(end, b"")));
    assert!(!ends_batch(&message("7", 6)));
}

#[test]
fn requests() {
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
    let many = BatchGet {
        batch: 10,
        max_bytes: 20,
        sequence: 3,
        multi_last: &["a", "b.>"],
        up_to_sequence: 9,
        up_to_time: Time(1_000_000_000),
        ..Default::default()
    };
    assert_eq!(
        text(many.body().unwrap()),
        r#"{"batch":10,"max_bytes":20,"multi_last":["a","b.>"],"seq":3,"up_to_seq":9,"up_to_time":"1970-01-01T00:00:01Z"}"#
    );
    let from_start = BatchGet {
        batch: 10,
        ..Default::default()
    };
    assert_eq!(text(from_start.body().unwrap()), r#"{"batch":10,"seq":1}"#);
    let none = BatchGet::default().body().unwrap_err();
    assert_eq!(none.status(), Status::NATS_INVALID_ARG);
}
