use super::*;
use crate::js::api::arbitrary::{any_of, survives};
use crate::js::api::json::{parse, to_text};
use proptest::prelude::*;

#[test]
fn an_account_with_tiers() {
    let info: AccountInfo = parse(
        br#"{"type":"x","memory":1,"storage":2,"reserved_memory":3,"reserved_storage":4,"streams":5,
        "consumers":6,"limits":{"max_memory":-1,"max_storage":100,"max_streams":-1,"max_consumers":-1,
        "max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":7,
        "max_bytes_required":true},"domain":"hub","api":{"level":2,"total":9,"errors":1,"inflight":1},
        "tiers":{"R1":{"memory":1,"storage":2,"streams":1,"consumers":1,"limits":{"max_storage":10}},
        "R3":{}}}"#,
    )
    .unwrap();
    assert_eq!((info.memory, info.store), (1, 2));
    assert_eq!((info.reserved_memory, info.reserved_store), (3, 4));
    assert_eq!((info.api.level, info.api.errors), (2, 1));
    assert_eq!(info.limits.store_max_stream_bytes, 7);
    assert!(info.limits.max_bytes_required);
    assert_eq!(info.tiers["R1"].limits.max_store, 10);
    assert_eq!(info.tiers["R3"], Tier::default());
}

#[test]
fn acknowledgements() {
    let ack: PubAck =
        parse(br#"{"stream":"S","seq":18446744073709551615,"duplicate":true}"#).unwrap();
    assert_eq!((ack.sequence, ack.duplicate), (u64::MAX, true));
    let commit: PubAck =
        parse(br#"{"stream":"S","seq":3,"batch":"b","count":3,"domain":"d","val":"12"}"#).unwrap();
    assert_eq!((commit.batch.as_str(), commit.count), ("b", 3));
    assert_eq!((commit.domain.as_str(), commit.value.as_str()), ("d", "12"));
}

#[test]
fn stored_messages() {
    let msg: StoredMsg = parse(
        br#"{"subject":"a","seq":1,"hdrs":"TkFUUy8xLjANCkE6IDENCg0K","data":"aGk=","time":"2026-11-30T02:44:20Z"}"#,
    )
    .unwrap();
    assert_eq!(msg.headers.0, b"NATS/1.0\r\nA: 1\r\n\r\n");
    assert_eq!(msg.data.0, b"hi");
    let error = parse::<StoredMsg>(br#"{"data":"a-b"}"#).unwrap_err();
    assert!(error.text().starts_with("field 'data': not base64: "));
}

#[test]
fn a_reset_is_a_consumer_and_a_sequence() {
    let reset: ConsumerReset = parse(br#"{"name":"C","reset_seq":5}"#).unwrap();
    assert_eq!((reset.consumer.name.as_str(), reset.reset_seq), ("C", 5));
    assert!(
        String::from_utf8(to_text(&reset))
            .unwrap()
            .contains(r#""reset_seq":5"#)
    );
}

proptest! {
    #[test]
    fn responses_survive_their_json(
        account in any_of::<AccountInfo>(),
        ack in any_of::<PubAck>(),
        msg in any_of::<StoredMsg>(),
        pause in any_of::<ConsumerPause>(),
        done in any_of::<Done>(),
    ) {
        survives(&account);
        survives(&ack);
        survives(&msg);
        survives(&pause);
        survives(&done);
    }
}
