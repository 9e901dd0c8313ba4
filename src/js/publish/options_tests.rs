use super::*;
use crate::error::Status;

fn text(options: &PubOptions<'_>) -> String {
    String::from_utf8(options.block().unwrap().to_vec()).unwrap()
}

#[test]
fn nothing_said_is_no_header() {
    assert_eq!(text(&PubOptions::default()), "");
    let mut msg = Msg::create(b"s", None, b"").unwrap();
    PubOptions::default().set_on(&mut msg).unwrap();
    assert!(msg.headers().unwrap().is_none());
}

#[test]
fn each_option_has_its_header() {
    let options = PubOptions {
        msg_id: b"id",
        expect_stream: b"S",
        expect_last_msg_id: b"before",
        expect_last_seq: u64::MAX,
        expect_last_subject_seq: 7,
        expect_last_subject_seq_subject: b"a.*",
        expect_no_message: false,
        ttl_ms: 90_000,
        schedule: Schedule {
            schedule: b"@every 1m",
            target: b"t",
            source: b"from",
            ttl_ms: 1500,
            time_zone: b"Europe/Rome",
            rollup: true,
            cancel_scheduled_subject: b"",
        },
    };
    let expected = "NATS/1.0\r\n\
        Nats-Msg-Id: id\r\n\
        Nats-Expected-Last-Msg-Id: before\r\n\
        Nats-Expected-Stream: S\r\n\
        Nats-Expected-Last-Sequence: 18446744073709551615\r\n\
        Nats-Expected-Last-Subject-Sequence: 7\r\n\
        Nats-Expected-Last-Subject-Sequence-Subject: a.*\r\n\
        Nats-TTL: 1m30s\r\n\
        Nats-Schedule: @every 1m\r\n\
        Nats-Schedule-Target: t\r\n\
        Nats-Schedule-Source: from\r\n\
        Nats-Schedule-TTL: 1.5s\r\n\
        Nats-Schedule-Time-Zone: Europe/Rome\r\n\
        Nats-Schedule-Rollup: sub\r\n\
        \r\n";
    assert_eq!(text(&options), expected);
    // The same on a message, in place of what it has.
    let mut msg = Msg::create(b"s", None, b"").unwrap();
    msg.headers_mut().unwrap().add(MSG_ID, Some(b"other"));
    msg.headers_mut().unwrap().add(MSG_ID, Some(b"third"));
    options.set_on(&mut msg).unwrap();
    let block = msg.header_block().unwrap().to_vec();
    assert_eq!(String::from_utf8(block).unwrap(), expected);
}

#[test]
fn no_message_wins_over_a_sequence_and_goes_with_a_subject() {
    let options = PubOptions {
        expect_no_message: true,
        expect_last_subject_seq: 7,
        expect_last_subject_seq_subject: b"a.*",
        ..PubOptions::default()
    };
    let expected = "NATS/1.0\r\n\
        Nats-Expected-Last-Subject-Sequence: 0\r\n\
        Nats-Expected-Last-Subject-Sequence-Subject: a.*\r\n\r\n";
    assert_eq!(text(&options), expected);
    let alone = PubOptions {
        expect_last_subject_seq_subject: b"a.*",
        ..PubOptions::default()
    };
    assert_eq!(text(&alone), "", "a subject alone expects nothing");
}

#[test]
fn ending_a_schedule_goes_alone() {
    let mut options = PubOptions::default();
    options.schedule.cancel_scheduled_subject = b"orders.later";
    let expected = "NATS/1.0\r\n\
        Nats-Scheduler: orders.later\r\n\
        Nats-Schedule-Next: purge\r\n\r\n";
    assert_eq!(text(&options), expected);
    options.schedule.rollup = true;
    let error = options.block().unwrap_err();
    assert_eq!(
        (error.status(), error.text()),
        (
            Status::NATS_INVALID_ARG,
            "option 'Schedule.CancelScheduledSubject' (orders.later) cannot be used with other schedule options"
        )
    );
}

#[test]
fn durations_below_zero_are_refused() {
    let mut options = PubOptions {
        ttl_ms: -3,
        ..PubOptions::default()
    };
    let error = options.block().unwrap_err();
    assert_eq!(error.text(), "option 'MsgTTL' (-3) cannot be negative");
    options.ttl_ms = 0;
    options.schedule.ttl_ms = -4;
    let mut msg = Msg::create(b"s", None, b"").unwrap();
    let error = options.set_on(&mut msg).unwrap_err();
    assert_eq!(
        error.text(),
        "option 'Schedule.TTL' (-4) cannot be negative"
    );
}

#[test]
fn a_line_end_in_a_value_begins_no_header() {
    let options = PubOptions {
        msg_id: b"a\r\nNats-TTL: 1s",
        ..PubOptions::default()
    };
    assert_eq!(
        text(&options),
        "NATS/1.0\r\nNats-Msg-Id: a  Nats-TTL: 1s\r\n\r\n"
    );
}
