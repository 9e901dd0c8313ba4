use super::*;
use crate::js::api::json::parse;
use crate::js::api::{External, SourceConsumer, SubjectTransform};

fn transform(to: &str) -> SubjectTransform {
    SubjectTransform {
        source: "a.>".into(),
        destination: to.into(),
        ..Default::default()
    }
}

fn with_transform(name: &str, to: &str) -> StreamSource {
    StreamSource {
        name: name.into(),
        subject_transforms: vec![transform(to)],
        consumer: Some(SourceConsumer {
            name: "C".into(),
            deliver_subject: "d".into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn plain(name: &str) -> StreamSource {
    StreamSource {
        name: name.into(),
        ..Default::default()
    }
}

#[test]
fn sources_keep_what_c_cannot_say() {
    let current = StreamConfig {
        mirror: Some(with_transform("M", "m.>")),
        sources: vec![
            with_transform("A", "1.>"),
            with_transform("B", "2.>"),
            with_transform("A", "3.>"),
        ],
        ..Default::default()
    };
    let mut config = StreamConfig {
        mirror: Some(plain("M")),
        // Another order, one gone, one new.
        sources: vec![plain("N"), plain("A"), plain("A")],
        ..Default::default()
    };
    stream(&mut config, &current);
    assert_eq!(config.mirror, current.mirror);
    let to = |at: usize| &config.sources[at].subject_transforms;
    assert!(to(0).is_empty() && config.sources[0].consumer.is_none());
    assert_eq!(to(1)[0].destination, "1.>");
    assert_eq!(to(2)[0].destination, "3.>");
}

#[test]
fn what_the_program_says_stands() {
    let current = StreamConfig {
        mirror: Some(with_transform("M", "m.>")),
        sources: vec![with_transform("A", "1.>"), with_transform("B", "2.>")],
        ..Default::default()
    };
    let mut config = StreamConfig {
        mirror: Some(plain("other")),
        sources: vec![
            StreamSource {
                filter_subject: "a.x".into(),
                ..plain("A")
            },
            StreamSource {
                subject_transforms: vec![transform("mine.>")],
                external: None,
                ..plain("B")
            },
            StreamSource {
                external: Some(External {
                    api: "$JS.far.API".into(),
                    ..Default::default()
                }),
                ..plain("B")
            },
        ],
        ..Default::default()
    };
    let before = config.clone();
    stream(&mut config, &current);
    assert_eq!(config.mirror, before.mirror);
    assert_eq!(config.sources[0], before.sources[0]);
    assert_eq!(
        config.sources[1].subject_transforms[0].destination,
        "mine.>"
    );
    assert_eq!(config.sources[2], before.sources[2]);
}

#[test]
fn words_and_fields_of_newer_servers_stay() {
    let current: StreamConfig = parse(
        br#"{"name":"S","retention":"someday","compression":"zstd","new":1,"changed":1,
        "placement":{"cluster":"c","preferred":"p","zone":2},"republish":{"dest":"r","x":3},
        "subject_transform":{"src":"a","dest":"b","x":4},"consumer_limits":{"x":5}}"#,
    )
    .unwrap();
    let mut config: StreamConfig = parse(
        br#"{"name":"S","retention":"","compression":"s2","changed":2,"placement":{"cluster":"c"},
        "republish":{"dest":"r"},"subject_transform":{"src":"a","dest":"b"},"consumer_limits":{}}"#,
    )
    .unwrap();
    check_stream_words(&config).unwrap_err();
    stream(&mut config, &current);
    check_stream_words(&config).unwrap();
    assert_eq!(config.retention.word(), "someday");
    assert_eq!(config.compression, Compression::S2);
    assert_eq!(config.rest.0["new"], 1);
    assert_eq!(config.rest.0["changed"], 2);
    let placement = config.placement.as_ref().unwrap();
    assert_eq!(
        (placement.preferred.as_str(), &placement.rest.0["zone"]),
        ("p", &2.into())
    );
    assert_eq!(config.republish.as_ref().unwrap().rest.0["x"], 3);
    assert_eq!(config.subject_transform.as_ref().unwrap().rest.0["x"], 4);
    assert_eq!(config.consumer_limits.as_ref().unwrap().rest.0["x"], 5);
    // Elsewhere, another server may be preferred.
    let mut moved: StreamConfig = parse(br#"{"placement":{"cluster":"d"}}"#).unwrap();
    stream(&mut moved, &current);
    assert_eq!(moved.placement.as_ref().unwrap().preferred, "");
}

#[test]
fn consumers_keep_theirs() {
    let current: ConsumerConfig =
        parse(br#"{"ack_policy":"sometimes","deliver_policy":"all","new":1}"#).unwrap();
    let mut config: ConsumerConfig =
        parse(br#"{"ack_policy":"","deliver_policy":"last"}"#).unwrap();
    assert_eq!(
        check_consumer_words(&config).unwrap_err().text(),
        "invalid ack policy"
    );
    consumer(&mut config, &current);
    check_consumer_words(&config).unwrap();
    assert_eq!(config.ack_policy.as_ref().unwrap().word(), "sometimes");
    assert_eq!(config.deliver_policy, Some(DeliverPolicy::Last));
    assert_eq!(config.replay_policy, None);
    assert_eq!(config.rest.0["new"], 1);
}
