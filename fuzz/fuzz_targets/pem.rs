//! Certificates, keys and revocation lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::net::tls::fuzzing;
use nats_rs_fuzz::halves;

fuzz_target!(|data: &[u8]| {
    if let Ok((certificates, _, skipped)) = fuzzing::trust(data) {
        assert!(certificates > 0 || skipped.is_empty());
    }
    let (chain, key) = halves(data);
    let _ = fuzzing::certified_key(chain, key);
    let _ = fuzzing::certified_key(data, data);
});
