use super::*;
use crate::js::api::arbitrary::{any_of, survives};
use crate::js::api::json::parse;
use proptest::prelude::*;

#[test]
fn a_stream_of_a_cluster() {
    let info: StreamInfo = parse(include_bytes!("testdata/stream_info.json")).unwrap();
    assert_eq!(info.name(), "ORDERS");
    let config = info.config.as_ref().unwrap();
    assert_eq!(config.subjects, ["orders.*"]);
    assert_eq!(config.max_age, 3_600_000_000_000);
    assert_eq!(config.metadata["_nats.level"], "2");
    assert_eq!(config.placement.as_ref().unwrap().tags, ["ssd", "eu"]);
    assert_eq!(info.created.to_text(), "2026-11-30T02:44:20.123456789Z");
    let state = &info.state;
    assert_eq!((state.msgs, state.first_seq, state.last_seq), (3, 2, 6));
    assert_eq!(state.first_time, Time(0));
    assert_eq!(state.deleted, [3, 5]);
    assert_eq!(state.subjects["orders.b"], 1);
    assert_eq!(state.lost.as_ref().unwrap().msgs, [4]);
    let cluster = info.cluster.as_ref().unwrap();
    assert_eq!(cluster.leader, "n1");
    assert!(cluster.replicas[1].offline && !cluster.replicas[1].current);
    assert_eq!(cluster.replicas[0].active, 1_234_567);
    let source = &info.sources[0];
    assert_eq!(source.active, -1);
    assert_eq!(source.subject_transforms[0].destination, "x.>");
    assert_eq!(source.error.as_ref().unwrap().err_code, 10045);
    assert_eq!(info.alternates[0].cluster, "east");
    assert_eq!(info.timestamp.to_text(), "2026-11-30T02:44:21Z");
}

#[test]
fn a_consumer_of_a_cluster() {
    let info: ConsumerInfo = parse(
        br#"{"type":"io.nats.jetstream.api.v1.consumer_info_response","stream_name":"S","name":"C",
        "created":"2026-11-30T02:44:20Z","config":{"durable_name":"C","ack_policy":"all",
        "backoff":[1000000000,2000000000],"priority_policy":"pinned_client","priority_groups":["A"]},
        "delivered":{"consumer_seq":7,"stream_seq":9,"last_active":"2026-11-30T02:44:21Z"},
        "ack_floor":{"consumer_seq":5,"stream_seq":6},"num_ack_pending":2,"num_redelivered":1,
        "num_waiting":3,"num_pending":4,"push_bound":false,"paused":true,"pause_remaining":123,
        "priority_groups":[{"group":"A","pinned_client_id":"x","pinned_ts":"2026-11-30T02:44:20Z"}],
        "ts":"2026-11-30T02:44:22Z"}"#,
    )
    .unwrap();
    assert_eq!((info.stream.as_str(), info.name.as_str()), ("S", "C"));
    assert_eq!(info.config.backoff, [1_000_000_000, 2_000_000_000]);
    assert_eq!((info.delivered.consumer, info.delivered.stream), (7, 9));
    assert_eq!(info.ack_floor.last, Time(0));
    assert_eq!((info.num_ack_pending, info.num_redelivered), (2, 1));
    assert_eq!((info.num_waiting, info.num_pending), (3, 4));
    assert!(info.paused && info.pause_remaining == 123);
    assert_eq!(info.priority_groups[0].pinned_client_id, "x");
    // One without a configuration has an empty one.
    let bare: ConsumerInfo = parse(br#"{"name":"C"}"#).unwrap();
    assert_eq!(bare.config, ConsumerConfig::default());
}

proptest! {
    #[test]
    fn infos_survive_their_json(
        stream in any_of::<StreamInfo>(),
        consumer in any_of::<ConsumerInfo>(),
    ) {
        survives(&stream);
        survives(&consumer);
    }

    #[test]
    fn no_text_is_a_panic(info in any_of::<StreamInfo>(), at: usize, byte: u8) {
        let mut text = crate::js::api::json::to_text(&info);
        let at = at % text.len();
        text[at] = byte;
        let _ = parse::<StreamInfo>(&text);
        let _ = parse::<ConsumerInfo>(&text);
    }
}
