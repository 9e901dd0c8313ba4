//! Managing streams and consumers of a real server.

use std::sync::Arc;
use std::time::Duration;

use nats_rs::client::{Connection, Options, When};
use nats_rs::error::Status;
use nats_rs::js::api::json::{Json, parse};
use nats_rs::js::api::{
    AckPolicy, Compression, ConsumerConfig, ConsumerLimits, DeliverPolicy, Placement, Republish,
    Retention, Storage, StreamConfig, StreamSource, SubjectTransform,
};
use nats_rs::js::manage::{BatchGet, ConsumerAction, CounterValue, DirectGet, GetMsg};
use nats_rs::js::publish::add_to_counter;
use nats_rs::js::time::Time;
use nats_rs::js::{Call, CallOptions, Context, ContextOptions, ErrCode, InfoOptions, Purge};
use support::{LONG as PATIENCE, STORE, Server, eventually};

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

/// How long a consumer is kept that nobody uses: an hour, in place of the server's 5 s.
const UNUSED: i64 = 3_600_000_000_000;

struct Fixture {
    conn: Arc<Connection>,
    js: Arc<Context>,
    // Last: its connections are closed before it.
    _server: Server,
}

fn fixture() -> Fixture {
    let server = Server::start(&["-js", "-sd", STORE]);
    let mut options = Options::with_library_defaults(Duration::ZERO, false);
    options.set_url(Some(&server.url())).unwrap();
    let conn = Connection::new(&options).unwrap();
    conn.connect().unwrap();
    let options = ContextOptions {
        wait: PATIENCE,
        ..Default::default()
    };
    let js = Context::new(&conn, options);
    // A server that has just started may not have JetStream yet.
    let is_there = || js.call(&CallOptions::default()).account_info().is_ok();
    eventually("JetStream is there", is_there);
    Fixture {
        conn,
        js,
        _server: server,
    }
}

impl Fixture {
    fn call(&self) -> Call<'_> {
        self.js.call(&CallOptions::default())
    }

    fn add(&self, name: &str, subjects: &[&str]) {
        let config = stream(name, subjects);
        self.call().create_stream(&config).unwrap();
    }

    /// Publishes, and waits until it is stored.
    fn publish(&self, subject: &str, payload: &[u8]) {
        let ack = self.conn.request(subject.as_bytes(), payload, PATIENCE);
        let ack = String::from_utf8(ack.unwrap().payload().to_vec()).unwrap();
        assert!(ack.contains("\"seq\":"), "{ack}");
    }
}

fn stream(name: &str, subjects: &[&str]) -> StreamConfig {
    StreamConfig {
        name: name.into(),
        subjects: subjects.iter().map(|s| (*s).into()).collect(),
        allow_direct: true,
        ..Default::default()
    }
}

fn status<T>(result: Result<T, nats_rs::js::Error>) -> (Status, ErrCode) {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => (error.status(), error.code()),
    }
}

#[test]
fn a_stream_from_its_creation_to_its_end() {
    let f = fixture();
    let js = f.call();
    let config = StreamConfig {
        description: "with \"quotes\" and ä".into(),
        retention: Retention::Limits,
        storage: Storage::Memory,
        max_msgs: 100,
        max_age: 3_600_000_000_000,
        duplicates: 60_000_000_000,
        metadata: [("owner".to_owned(), "me".to_owned())].into(),
        subject_transform: Some(SubjectTransform {
            source: "a.*".into(),
            destination: "b.{{wildcard(1)}}".into(),
            ..Default::default()
        }),
        republish: Some(Republish {
            source: "b.>".into(),
            destination: "again.b.>".into(),
            headers_only: true,
            ..Default::default()
        }),
        consumer_limits: Some(ConsumerLimits {
            inactive_threshold: 10_000_000_000,
            max_ack_pending: 50,
            ..Default::default()
        }),
        ..stream("S", &["a.*"])
    };
    let info = js.create_stream(&config).unwrap();
    let created = info.config.clone().unwrap();
    assert!(info.created > Time(1_600_000_000_000_000_000));
    assert_eq!(created.description, config.description);
    assert_eq!((created.max_msgs, created.max_age), (100, config.max_age));
    assert_eq!(created.metadata["owner"], "me");
    assert_eq!(created.subject_transform, config.subject_transform);
    assert_eq!(created.republish, config.republish);
    assert_eq!(created.consumer_limits, config.consumer_limits);
    // The same configuration again is not an error, another one is.
    js.create_stream(&config).unwrap();
    let other = StreamConfig {
        max_msgs: 5,
        ..config.clone()
    };
    assert_eq!(
        status(js.create_stream(&other)),
        (Status::NATS_ERR, ErrCode::STREAM_NAME_EXIST)
    );

    f.publish("a.x", b"1");
    f.publish("a.y", b"2");
    let info = js.stream_info("S").unwrap();
    assert_eq!((info.state.msgs, info.state.last_seq), (2, 2));
    assert_eq!(info.state.num_subjects, 2);
    assert!(info.state.subjects.is_empty());

    // A configuration that was read can be changed and sent back.
    let mut changed = info.config.unwrap();
    changed.max_msgs = 7;
    let updated = js.update_stream(&changed).unwrap().config.unwrap();
    assert_eq!(updated.max_msgs, 7);
    assert_eq!(updated.subject_transform, config.subject_transform);

    js.delete_stream("S").unwrap();
    for gone in [
        js.delete_stream("S").map(|_| ()),
        js.stream_info("S").map(|_| ()),
        js.purge_stream("S").map(|_| ()),
        js.update_stream(&changed).map(|_| ()),
        js.delete_msg("S", 1),
        js.consumers("S").map(|_| ()),
        js.delete_consumer("S", "C"),
    ] {
        assert_eq!(
            status(gone),
            (Status::NATS_NOT_FOUND, ErrCode::STREAM_NOT_FOUND)
        );
    }
    assert_eq!(
        status(js.consumer_info("S", "C")),
        (Status::NATS_ERR, ErrCode::STREAM_NOT_FOUND)
    );
    assert_eq!(
        status(js.create_stream(&stream("a.b", &[]))).0,
        Status::NATS_INVALID_ARG
    );
}

#[test]
fn an_update_sends_back_what_was_read() {
    let f = fixture();
    let js = f.call();
    f.add("O", &["o.>"]);
    let config = StreamConfig {
        sources: vec![StreamSource {
            name: "O".into(),
            subject_transforms: vec![SubjectTransform {
                source: "o.>".into(),
                destination: "s.>".into(),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..stream("S", &[])
    };
    js.create_stream(&config).unwrap();
    let mut changed = js.stream_info("S").unwrap().config.unwrap();
    changed.description = "changed".into();
    let updated = js.update_stream(&changed).unwrap().config.unwrap();
    assert_eq!(updated.description, "changed");
    assert_eq!(
        updated.sources[0].subject_transforms,
        config.sources[0].subject_transforms
    );
    // An unknown value goes to the server unchanged.
    changed.retention = Retention::Unknown("someday".into());
    assert_eq!(status(js.update_stream(&changed)).0, Status::NATS_ERR);
}

#[test]
fn create_or_update() {
    let f = fixture();
    let js = f.call();
    let mut config = stream("S", &["a"]);
    js.create_or_update_stream(&config).unwrap();
    config.max_msgs = 5;
    let info = js.create_or_update_stream(&config).unwrap();
    assert_eq!(info.config.unwrap().max_msgs, 5);
    // An update that both refuse is an error, and is not tried for ever.
    config.storage = Storage::Memory;
    assert_eq!(
        status(js.create_or_update_stream(&config)).0,
        Status::NATS_ERR
    );

    let consumer = ConsumerConfig {
        name: "C".into(),
        inactive_threshold: UNUSED,
        ..Default::default()
    };
    let other = ConsumerConfig {
        description: "other".into(),
        ..consumer.clone()
    };
    let put = |config, action| js.put_consumer("S", config, action);
    assert_eq!(
        status(put(&consumer, ConsumerAction::Update)).1,
        ErrCode::CONSUMER_DOES_NOT_EXIST
    );
    put(&consumer, ConsumerAction::Create).unwrap();
    assert_eq!(
        status(put(&other, ConsumerAction::Create)).1,
        ErrCode::CONSUMER_ALREADY_EXISTS
    );
    let info = put(&other, ConsumerAction::Update).unwrap();
    assert_eq!(info.config.description, "other");
    put(&consumer, ConsumerAction::CreateOrUpdate).unwrap();
}

#[test]
fn purges() {
    let f = fixture();
    f.add("S", &["a.*"]);
    for n in 0..10 {
        f.publish(&format!("a.{}", n % 2), b"x");
    }
    let purge = |subject: Option<&'static str>, sequence, keep| {
        let options = CallOptions {
            purge: Purge {
                subject: subject.map(Into::into),
                sequence,
                keep,
            },
            ..Default::default()
        };
        f.js.call(&options).purge_stream("S")
    };
    assert_eq!(purge(Some("a.0"), 4, 0).unwrap(), 2);
    assert_eq!(purge(Some("a.1"), 0, 2).unwrap(), 3);
    assert_eq!(purge(None, 7, 0).unwrap(), 1);
    let both = purge(None, 7, 1).unwrap_err();
    assert_eq!(both.status(), Status::NATS_INVALID_ARG);
    assert!(both.text().contains("mutually exclusive"));
    assert_eq!(purge(None, 0, 0).unwrap(), 4);
    assert_eq!(f.call().stream_info("S").unwrap().state.msgs, 0);
}

#[test]
fn infos_with_subjects_and_deleted() {
    let f = fixture();
    f.add("S", &["a.>"]);
    for n in 0..50 {
        f.publish(&format!("a.{n}"), b"x");
    }
    f.call().delete_msg("S", 3).unwrap();
    f.call().erase_msg("S", 5).unwrap();
    assert_eq!(
        status(f.call().delete_msg("S", 5)),
        (Status::NATS_ERR, ErrCode::SEQUENCE_NOT_FOUND)
    );
    let info = |subjects_filter, deleted_details| {
        let options = CallOptions {
            info: Some(InfoOptions {
                deleted_details,
                subjects_filter,
            }),
            ..Default::default()
        };
        f.js.call(&options).stream_info("S").unwrap()
    };
    let all = info("a.>", true);
    assert_eq!(all.state.subjects.len(), 48);
    assert_eq!(all.state.deleted, [3, 5]);
    let one = info("a.1", false);
    assert_eq!(one.state.subjects["a.1"], 1);
    assert!(one.state.deleted.is_empty() && one.state.num_deleted == 2);
}

#[test]
fn listings_of_many_pages() {
    let f = fixture();
    let js = f.call();
    assert!(js.streams().unwrap().items.is_empty());
    assert!(js.stream_names().unwrap().is_empty());
    f.add("S", &["a.>"]);
    f.add("T", &["b.>"]);
    // A page has 256 of these.
    for n in 0..300 {
        let config = ConsumerConfig {
            name: format!("C{n:03}"),
            memory_storage: true,
            inactive_threshold: UNUSED,
            ..Default::default()
        };
        js.put_consumer("S", &config, ConsumerAction::default())
            .unwrap();
    }
    let listing = js.consumers("S").unwrap();
    assert_eq!(listing.items.len(), 300);
    assert!(listing.missing.is_empty() && listing.offline.is_empty());
    assert_eq!(listing.items["C123"].stream, "S");
    let names = js.consumer_names("S").unwrap();
    assert_eq!((names.len(), names[299].as_str()), (300, "C299"));
    assert!(js.consumers("T").unwrap().items.is_empty());

    assert_eq!(js.stream_names().unwrap(), ["S", "T"]);
    let streams = js.streams().unwrap();
    assert_eq!(streams.items["S"].state.consumers, 300);
    let options = CallOptions {
        info: Some(InfoOptions {
            subjects_filter: "b.x",
            ..Default::default()
        }),
        ..Default::default()
    };
    let filtered = f.js.call(&options);
    assert_eq!(filtered.stream_names().unwrap(), ["T"]);
    assert_eq!(filtered.streams().unwrap().items.len(), 1);
    assert_eq!(js.stream_of_subject("a.b").unwrap().as_deref(), Some("S"));
    assert_eq!(js.stream_of_subject("c").unwrap(), None);
}

#[test]
fn a_consumer_from_its_creation_to_its_end() {
    let f = fixture();
    let js = f.call();
    f.add("S", &["a.>"]);
    let config = ConsumerConfig {
        durable: "D".into(),
        description: "d".into(),
        deliver_policy: Some(DeliverPolicy::ByStartSequence),
        opt_start_seq: 3,
        ack_policy: Some(AckPolicy::All),
        ack_wait: 5_000_000_000,
        max_deliver: 4,
        backoff: vec![1_000_000_000, 2_000_000_000],
        filter_subjects: vec!["a.x".into(), "a.y".into()],
        max_ack_pending: -1,
        max_waiting: 7,
        sample_frequency: "50".into(),
        headers_only: true,
        max_request_batch: 9,
        max_request_expires: 1_000_000_000,
        max_request_max_bytes: 1024,
        inactive_threshold: 60_000_000_000,
        memory_storage: true,
        replicas: 1,
        metadata: [("owner".to_owned(), "me".to_owned())].into(),
        priority_policy: "pinned_client".into(),
        priority_groups: vec!["A".into()],
        pinned_ttl: 3_000_000_000,
        ..Default::default()
    };
    let info = js
        .put_consumer("S", &config, ConsumerAction::default())
        .unwrap();
    assert_eq!((info.stream.as_str(), info.name.as_str()), ("S", "D"));
    let mut got = js.consumer_info("S", "D").unwrap().config;
    // The server selects these.
    got.metadata.retain(|name, _| !name.starts_with("_nats."));
    let expected = ConsumerConfig {
        name: "D".into(),
        replay_policy: Some(Default::default()),
        // With a backoff it is the first of these.
        ack_wait: 1_000_000_000,
        ..config.clone()
    };
    assert_eq!(got, expected);

    let pushed = ConsumerConfig {
        name: "P".into(),
        deliver_subject: "to.me".into(),
        deliver_group: "g".into(),
        heartbeat: 1_000_000_000,
        flow_control: true,
        rate_limit: 1_000_000,
        opt_start_time: Time(1_700_000_000_000_000_000),
        deliver_policy: Some(DeliverPolicy::ByStartTime),
        filter_subject: "a.x".into(),
        ..Default::default()
    };
    let info = js
        .put_consumer("S", &pushed, ConsumerAction::default())
        .unwrap();
    assert_eq!(info.config.opt_start_time, pushed.opt_start_time);
    assert_eq!(info.config.deliver_group, "g");
    assert!(info.config.flow_control && !info.push_bound);

    let nameless = ConsumerConfig::default();
    let info = js
        .put_consumer("S", &nameless, ConsumerAction::default())
        .unwrap();
    assert!(!info.name.is_empty());
    assert_eq!(info.config.ack_policy, Some(AckPolicy::Explicit));

    js.delete_consumer("S", "D").unwrap();
    let gone = (Status::NATS_NOT_FOUND, ErrCode::CONSUMER_NOT_FOUND);
    assert_eq!(status(js.delete_consumer("S", "D")), gone);
    assert_eq!(status(js.consumer_info("S", "D")), gone);
    assert_eq!(status(js.pause_consumer("S", "D", Time(0))), gone);
    assert_eq!(status(js.reset_consumer("S", "D", 0)), gone);
    assert_eq!(status(js.unpin_consumer("S", "D", "A")), gone);
    assert_eq!(
        status(js.consumer_info("S", "a.b")).0,
        Status::NATS_INVALID_ARG
    );
}

#[test]
fn a_consumer_is_updated_paused_reset_and_unpinned() {
    let f = fixture();
    let js = f.call();
    f.add("S", &["a"]);
    for _ in 0..5 {
        f.publish("a", b"x");
    }
    let config = ConsumerConfig {
        durable: "D".into(),
        priority_policy: "pinned_client".into(),
        priority_groups: vec!["A".into()],
        pinned_ttl: 3_000_000_000,
        ..Default::default()
    };
    js.put_consumer("S", &config, ConsumerAction::default())
        .unwrap();
    let mut changed = js.consumer_info("S", "D").unwrap().config;
    changed.max_deliver = 3;
    let info = js
        .put_consumer("S", &changed, ConsumerAction::Update)
        .unwrap();
    assert_eq!(info.config.max_deliver, 3);

    let until = Time(4_000_000_000_000_000_000);
    let pause = js.pause_consumer("S", "D", until).unwrap();
    assert!(pause.paused && pause.pause_remaining > 0);
    assert_eq!(pause.pause_until, until);
    assert!(js.consumer_info("S", "D").unwrap().paused);
    let resumed = js.pause_consumer("S", "D", Time(0)).unwrap();
    assert!(!resumed.paused);

    js.unpin_consumer("S", "D", "A").unwrap();
    assert_eq!(
        status(js.unpin_consumer("S", "D", "too long for a group")).0,
        Status::NATS_INVALID_ARG
    );
    let reset = js.reset_consumer("S", "D", 3).unwrap();
    assert_eq!((reset.consumer.name.as_str(), reset.reset_seq), ("D", 3));
}

#[test]
fn single_messages() {
    let f = fixture();
    let js = f.call();
    f.add("S", &["a.*"]);
    f.publish("a.x", b"one");
    f.publish("a.y", b"");
    f.publish("a.x", b"three");
    let get = |which| js.get_msg("S", which).unwrap();
    let one = get(GetMsg::Sequence(1));
    assert_eq!((one.subject(), one.payload()), (&b"a.x"[..], &b"one"[..]));
    assert!(one.sequence() == 1 && one.time() > 1_600_000_000_000_000_000);
    assert_eq!(get(GetMsg::LastOf("a.x")).payload(), b"three");
    assert_eq!(get(GetMsg::NextOf("a.*", 2)).sequence(), 2);
    let none = (Status::NATS_NOT_FOUND, ErrCode::NO_MESSAGE_FOUND);
    assert_eq!(status(js.get_msg("S", GetMsg::Sequence(9))), none);
    assert_eq!(status(js.get_msg("S", GetMsg::LastOf("a.z"))), none);
    assert_eq!(
        status(js.get_msg("S", GetMsg::Sequence(0))).0,
        Status::NATS_INVALID_ARG
    );
    assert_eq!(
        status(js.get_msg("none", GetMsg::Sequence(1))),
        (Status::NATS_ERR, ErrCode::STREAM_NOT_FOUND)
    );

    let direct = |which: DirectGet<'_>| js.direct_get("S", &which);
    let by_sequence = |sequence| DirectGet {
        sequence,
        ..Default::default()
    };
    let two = direct(by_sequence(2)).unwrap();
    assert_eq!((two.subject(), two.payload()), (&b"a.y"[..], &b""[..]));
    assert_eq!(
        (two.sequence(), two.header(b"Nats-Stream")),
        (2, Some(&b"S"[..]))
    );
    assert!(two.time() > 1_600_000_000_000_000_000);
    let last = DirectGet {
        last_by_subject: "a.x",
        ..Default::default()
    };
    assert_eq!(direct(last).unwrap().sequence(), 3);
    let next = DirectGet {
        next_by_subject: "a.x",
        sequence: 2,
        ..Default::default()
    };
    assert_eq!(direct(next).unwrap().sequence(), 3);
    let since = DirectGet {
        start_time: Time(two.time()),
        ..Default::default()
    };
    assert_eq!(direct(since).unwrap().sequence(), 2);
    let bare = DirectGet {
        no_headers: true,
        ..last
    };
    assert_eq!(direct(bare).unwrap().payload(), b"three");
    assert_eq!(
        status(direct(by_sequence(9))),
        (Status::NATS_NOT_FOUND, ErrCode::NONE)
    );
    assert_eq!(status(direct(DirectGet::default())).0, Status::NATS_ERR);
}

#[test]
fn many_messages_at_once() {
    let f = fixture();
    let js = f.call();
    f.add("S", &["a.>"]);
    for n in 0..30 {
        f.publish(&format!("a.{}", n % 10), format!("{n}").as_bytes());
    }
    let sequences = |msgs: &[nats_rs::msg::Msg]| -> Vec<u64> {
        msgs.iter().map(nats_rs::msg::Msg::sequence).collect()
    };
    let batch = |which: BatchGet<'_>| js.direct_get_batch("S", &which);
    let first = batch(BatchGet {
        batch: 12,
        ..Default::default()
    })
    .unwrap();
    assert_eq!(sequences(&first.msgs), (1..=12).collect::<Vec<_>>());
    assert_eq!(first.msgs[3].payload(), b"3");
    assert_eq!((first.pending, first.last_sequence), (18, 12));
    let filtered = batch(BatchGet {
        batch: 100,
        sequence: 2,
        next_by_subject: "a.0",
        ..Default::default()
    })
    .unwrap();
    assert_eq!(
        (sequences(&filtered.msgs), filtered.pending),
        (vec![11, 21], 0)
    );
    let none = batch(BatchGet {
        batch: 1,
        sequence: 99,
        ..Default::default()
    });
    assert_eq!(status(none.map(|_| ())).0, Status::NATS_NOT_FOUND);

    // The last of each subject, and the last up to a sequence.
    let last = batch(BatchGet {
        multi_last: &["a.1", "a.2", "a.none"],
        ..Default::default()
    })
    .unwrap();
    assert_eq!((sequences(&last.msgs), last.pending), (vec![22, 23], 0));
    let before = batch(BatchGet {
        multi_last: &["a.>"],
        up_to_sequence: 15,
        batch: 4,
        ..Default::default()
    })
    .unwrap();
    assert_eq!(sequences(&before.msgs), [6, 7, 8, 9]);
    assert_eq!((before.pending, before.up_to_sequence), (6, 15));
    let all = js.direct_get_last("S", &["a.>"]).unwrap();
    assert_eq!(sequences(&all), (21..=30).collect::<Vec<_>>());
    assert_eq!(
        status(js.direct_get_last("none", &["a.>"]).map(|_| ())),
        (Status::NATS_NO_RESPONDERS, ErrCode::NONE)
    );

    // More than a server looks up at once.
    for n in 0..1025 {
        let subject = format!("a.many.{n}");
        f.conn
            .publish(subject.as_bytes(), None, b"x", When::Buffered)
            .unwrap();
    }
    f.publish("a.0", b"x");
    assert_eq!(
        status(js.direct_get_last("S", &["a.>"]).map(|_| ())).0,
        Status::NATS_LIMIT_REACHED
    );
    let many = batch(BatchGet {
        batch: 2000,
        next_by_subject: "a.many.*",
        ..Default::default()
    })
    .unwrap();
    assert_eq!(many.msgs.len(), 1025);
}

#[test]
fn counters() {
    let f = fixture();
    let js = f.call();
    let config = StreamConfig {
        allow_msg_counter: true,
        ..stream("COUNT", &["count.*"])
    };
    js.create_stream(&config).unwrap();
    let add = |subject: &str, number: &str| {
        let (subject, number) = (subject.as_bytes(), number.as_bytes());
        let policy = f.js.publishing().policy();
        let sum = add_to_counter(&f.conn, subject, number, PATIENCE, policy);
        sum.map(|sum| String::from_utf8(sum).unwrap())
    };
    assert_eq!(
        status(js.counter("COUNT", "count.a")).0,
        Status::NATS_NOT_FOUND
    );
    assert_eq!(add("count.a", "5").unwrap(), "5");
    assert_eq!(add("count.a", "-7").unwrap(), "-2");
    let large = "100000000000000000000000000000";
    let sum = add("count.a", large).unwrap();
    assert_eq!(sum, "99999999999999999999999999998");
    let counter = js.counter("COUNT", "count.a").unwrap();
    assert_eq!(counter.value.as_str(), sum);
    assert_eq!(counter.increment, Some(CounterValue::parse(large).unwrap()));
    assert_eq!((counter.subject.as_str(), counter.sequence), ("count.a", 3));
    assert!(counter.sources.is_empty());
    add("count.b", "3").unwrap();
    let all = js.counters("COUNT", &["count.*"]).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].subject, "count.b");
    assert_eq!(all[1].value.to_i64(), Some(3));
}

#[test]
fn the_account() {
    let f = fixture();
    f.add("S", &["a"]);
    f.publish("a", &[0; 100]);
    let info = f.call().account_info().unwrap();
    assert_eq!((info.streams, info.consumers), (1, 0));
    assert!(info.store > 100 && info.api.total >= 1);
    assert!(info.api.level >= 1, "a server of today: {}", info.api.level);
    assert_eq!(info.limits.max_streams, -1);
}

#[test]
fn a_level_that_the_server_does_not_have() {
    let f = fixture();
    let options = CallOptions {
        required_level: 9999,
        ..Default::default()
    };
    let call = f.js.call(&options);
    assert_eq!(
        status(call.account_info()),
        (Status::NATS_ERR, ErrCode::REQUIRED_API_LEVEL)
    );
    let low = CallOptions {
        required_level: 1,
        ..Default::default()
    };
    f.js.call(&low).account_info().unwrap();
}

#[test]
fn nobody_answers() {
    let f = fixture();
    let far = CallOptions {
        domain: "far",
        ..Default::default()
    };
    assert_eq!(
        status(f.js.call(&far).account_info()),
        (Status::NATS_NO_RESPONDERS, ErrCode::NOT_ENABLED)
    );
    // A subscriber that does not answer, or gives invalid answers.
    let silent = CallOptions {
        prefix: "silent",
        wait: Duration::from_millis(50),
        ..Default::default()
    };
    let args = nats_rs::client::SubscribeArgs::new(b"silent.>");
    let sub = f.conn.prepare_subscription(args).unwrap();
    f.conn.start_subscription(&sub).unwrap();
    let call = f.js.call(&silent);
    assert_eq!(
        status(call.streams()),
        (Status::NATS_TIMEOUT, ErrCode::NONE)
    );
    let answers: [(&[u8], Option<Status>); 4] = [
        (b"{\"total\":", Some(Status::NATS_ERR)),
        (b"[]", Some(Status::NATS_INVALID_ARG)),
        (
            b"{\"error\":{\"code\":500,\"err_code\":77}}",
            Some(Status::NATS_ERR),
        ),
        // Items that cannot be read do not hide the others.
        (b"{\"streams\":[7]}", None),
    ];
    let long = CallOptions {
        wait: PATIENCE,
        ..silent
    };
    sub.next_msg(PATIENCE).unwrap();
    for (answer, expected) in answers {
        std::thread::scope(|threads| {
            threads.spawn(|| {
                let request = sub.next_msg(PATIENCE).unwrap();
                let reply = request.reply().unwrap();
                f.conn.publish(reply, None, answer, When::Now).unwrap();
            });
            let listed = f.js.call(&long).streams();
            match expected {
                Some(expected) => assert_eq!(status(listed).0, expected),
                None => {
                    let listed = listed.expect("a list without what cannot be read");
                    assert_eq!((listed.items.len(), listed.nameless), (0, 1));
                }
            }
        });
    }
}

#[test]
fn configurations_as_the_server_writes_them() {
    let f = fixture();
    let js = f.call();
    let config = StreamConfig {
        compression: Compression::S2,
        placement: Some(Placement {
            tags: Vec::new(),
            ..Default::default()
        }),
        max_msgs_per_subject: 3,
        first_seq: 10,
        allow_msg_ttl: true,
        subject_delete_marker_ttl: 2_000_000_000,
        allow_rollup: true,
        deny_delete: true,
        allow_atomic: true,
        allow_msg_schedules: true,
        allow_batched: true,
        ..stream("S", &["a"])
    };
    let got = js.create_stream(&config).unwrap().config.unwrap();
    assert_eq!(got.compression, Compression::S2);
    assert_eq!((got.first_seq, got.max_msgs_per_subject), (10, 3));
    assert!(got.allow_msg_ttl && got.allow_rollup && got.deny_delete);
    assert!(got.allow_atomic && got.allow_msg_schedules && got.allow_batched);
    assert_eq!(got.subject_delete_marker_ttl, 2_000_000_000);
    // No field is lost, and the server accepts the configuration again.
    assert_eq!(
        parse::<StreamConfig>(&got.write().to_string().into_bytes()).unwrap(),
        got
    );
    assert!(got.rest.0.is_empty(), "not modelled: {:?}", got.rest);
    js.update_stream(&got).unwrap();
}
