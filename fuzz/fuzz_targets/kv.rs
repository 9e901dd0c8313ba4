//! Key-value buckets: names, and entries of messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::api::StreamConfig;
use nats_rs::js::api::json::parse;
use nats_rs::kv::bucket::{BucketConfig, Prefixes};
use nats_rs::kv::{fuzzing, names};
use nats_rs::msg::Msg;
use nats_rs::proto::subject;
use nats_rs_fuzz::halves;

const REPLY: &[u8] = b"$JS.ACK.KV_B.c.1.22.3.1700000000123456789.5";

fuzz_target!(|data: &[u8]| {
    let (first, rest) = halves(data);
    let text = String::from_utf8_lossy(first);
    if names::is_bucket(&text) {
        let stream = names::stream_of(&text);
        assert_eq!(names::bucket_of(&stream), text);
        nats_rs::js::names::check_stream(&stream).expect("a bucket is a stream");
    }
    if names::is_key(&text) {
        let of = names::subject_prefix("B") + &text;
        assert!(subject::publish_fault(of.as_bytes()).is_none());
        assert!(
            subject::literal_fault(of.as_bytes()).is_none(),
            "no wildcard"
        );
    }
    let prefix = "$KV.B.";
    let with_prefix = [prefix.as_bytes(), first].concat();
    let block = [b"NATS/1.0\r\n", rest, b"\r\n\r\n"].concat();
    for (subject, headers, reply) in [
        (first, rest, REPLY),
        (&with_prefix[..], &block[..], REPLY),
        (&with_prefix[..], rest, first),
    ] {
        let msg =
            || Msg::create_with(subject, Some(reply), headers, b"v").expect("there is memory");
        if let Ok(entry) = fuzzing::delivered(msg(), prefix) {
            assert!(!entry.key().is_empty());
            let _ = (entry.value(), entry.operation(), entry.revision());
        }
        if let Some(entry) = fuzzing::stored(msg(), prefix) {
            assert_eq!(entry.key(), &subject[prefix.len()..]);
        }
    }
    if let Ok(stream) = parse::<StreamConfig>(data) {
        let _ = Prefixes::of(&stream, "$JS.API");
    }
    let bucket = BucketConfig {
        bucket: text.into_owned(),
        ..Default::default()
    };
    assert_eq!(
        bucket.stream(true).is_ok(),
        names::is_bucket(&bucket.bucket)
    );
});
