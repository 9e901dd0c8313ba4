//! Object stores: names, descriptions and digests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::js::api::json::parse;
use nats_rs::msg::Msg;
use nats_rs::obj::digest::Digest;
use nats_rs::obj::{Info, names};
use nats_rs::proto::subject;
use nats_rs_fuzz::halves;

fuzz_target!(|data: &[u8]| {
    let msg = Msg::create(b"$O.B.M.x", None, data).expect("there is memory");
    if let Ok(info) = Info::of(&msg) {
        assert!(!info.name.is_empty());
        let _ = info.is_link();
        let mut again: Info = parse(&info.to_text()).expect("what is written can be read");
        again.mod_time = info.mod_time;
        assert_eq!(again, info);
    }
    let (first, rest) = halves(data);
    let said = String::from_utf8_lossy(first);
    let mut digest = Digest::default();
    digest.update(rest);
    let _ = digest.clone().is(&said);
    assert!(digest.clone().is(&digest.text()));
    if names::check_bucket(&said).is_ok() {
        nats_rs::js::names::check_stream(&names::stream(&said)).expect("a bucket is a stream");
    }
    if !said.is_empty() {
        let of = names::meta("B", &said);
        assert!(
            subject::literal_fault(of.as_bytes()).is_none(),
            "any name makes one token"
        );
        assert_eq!(of.split('.').count(), 4);
    }
});
