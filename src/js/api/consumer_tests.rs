use super::*;
use crate::js::api::arbitrary::{any_of, survives};
use crate::js::api::json::{parse, to_text};
use proptest::prelude::*;

fn text(config: &ConsumerConfig) -> String {
    String::from_utf8(to_text(config)).unwrap()
}

#[test]
fn an_empty_config_has_the_policies() {
    assert_eq!(
        text(&ConsumerConfig::default()),
        r#"{"ack_policy":"explicit","deliver_policy":"all","replay_policy":"instant"}"#
    );
}

#[test]
fn no_limit_is_said() {
    let config = ConsumerConfig {
        max_deliver: -1,
        max_ack_pending: -1,
        max_waiting: -1,
        ack_wait: -1,
        replicas: -1,
        ..Default::default()
    };
    assert_eq!(
        text(&config),
        r#"{"ack_policy":"explicit","deliver_policy":"all","max_ack_pending":-1,"max_deliver":-1,"replay_policy":"instant"}"#
    );
}

#[test]
fn consumers_of_newer_servers_are_read() {
    let json = br#"{"name":"C","ack_policy":"flow_control","deliver_policy":"tomorrow",
        "direct":true,"sourcing":true}"#;
    let config: ConsumerConfig = parse(json).unwrap();
    assert_eq!(config.ack_policy, Some(AckPolicy::FlowControl));
    assert_eq!(
        config.deliver_policy,
        Some(DeliverPolicy::Unknown("tomorrow".into()))
    );
    assert_eq!(config.replay_policy, None);
    assert_eq!(config.rest.0.len(), 2);
    assert!(text(&config).contains(r#""deliver_policy":"tomorrow","direct":true"#));
}

proptest! {
    #[test]
    fn configs_survive_their_json(config in any_of::<ConsumerConfig>()) {
        survives(&config);
    }
}
