use super::*;
use crate::js::api::arbitrary::{any_of, survives};
use crate::js::api::json::{parse, to_text};
use proptest::prelude::*;

fn text(config: &StreamConfig) -> String {
    String::from_utf8(to_text(config)).unwrap()
}

#[test]
fn a_config_with_a_name_only() {
    let config = StreamConfig {
        name: "S".into(),
        ..Default::default()
    };
    assert_eq!(
        text(&config),
        r#"{"discard":"old","max_age":0,"max_bytes":-1,"max_consumers":-1,"max_msg_size":-1,"max_msgs":-1,"max_msgs_per_subject":0,"name":"S","num_replicas":1,"retention":"limits","storage":"file"}"#
    );
}

#[test]
fn what_servers_of_today_refuse_is_never_sent() {
    let old: StreamConfig = parse(br#"{"name":"S","template_owner":"T"}"#).unwrap();
    assert_eq!(old.template, "T");
    assert!(!text(&old).contains("template_owner"));
    let negative = StreamConfig {
        subject_delete_marker_ttl: -1,
        ..Default::default()
    };
    assert!(!text(&negative).contains("marker"));
}

#[test]
fn metadata_that_are_no_object_count_as_absent() {
    for strange in ["5", "\"x\"", "[]", "null"] {
        let text = format!(r#"{{"name":"S","metadata":{strange}}}"#);
        let config: StreamConfig = parse(text.as_bytes()).unwrap();
        assert!(config.metadata.is_empty(), "{strange}");
    }
    assert!(parse::<StreamConfig>(br#"{"name":"S","metadata":{"a":5}}"#).is_err());
}

#[test]
fn a_domain_is_no_part_of_a_source() {
    let source = StreamSource {
        name: "O".into(),
        domain: "D".into(),
        ..Default::default()
    };
    assert_eq!(to_text(&source), br#"{"name":"O"}"#);
    let read: StreamSource = parse(br#"{"name":"O","domain":"D"}"#).unwrap();
    assert_eq!(read.domain, "");
    assert_eq!(read.rest.0["domain"], "D");
}

#[test]
fn what_is_not_known_survives_an_update() {
    let from_server = r#"{"name":"S","subjects":["a"],"retention":"someday","max_consumers":-1,"max_msgs":5,
        "max_bytes":-1,"max_age":0,"max_msgs_per_subject":-1,"max_msg_size":-1,"discard":"old",
        "storage":"file","num_replicas":1,"compression":"zstd","new_limit":7,
        "sources":[{"name":"O","subject_transforms":[{"src":"a.>","dest":"b.>","when":"now"}],
            "consumer":{"name":"C","deliver_subject":"d","extra":1},"filter_x":true}],
        "placement":{"cluster":"c","preferred":"p","zone":"z"}}"#;
    let mut config: StreamConfig = parse(from_server.as_bytes()).unwrap();
    assert_eq!(config.retention, Retention::Unknown("someday".into()));
    config.max_msgs = 6;
    let mut expected: serde_json::Value = serde_json::from_str(from_server).unwrap();
    expected["max_msgs"] = 6.into();
    assert_eq!(config.write(), expected);
}

proptest! {
    #[test]
    fn configs_survive_their_json(config in any_of::<StreamConfig>()) {
        survives(&config);
    }

    #[test]
    fn parts_survive_their_json(
        placement in any_of::<Placement>(),
        source in any_of::<StreamSource>(),
        republish in any_of::<Republish>(),
        transform in any_of::<SubjectTransform>(),
        limits in any_of::<ConsumerLimits>(),
    ) {
        survives(&placement);
        survives(&source);
        survives(&republish);
        survives(&transform);
        survives(&limits);
    }
}
