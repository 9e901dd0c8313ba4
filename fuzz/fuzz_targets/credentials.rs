//! Credentials files, seeds and public keys. No text of an error shows a seed, and no seed passes for a JWT.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::net::auth::fuzzing;
use nats_rs::net::nkey;

/// A seed of nobody: the inputs have it in many places.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";

fn holds(text: &str) -> bool {
    nkey::holds_seed(text.as_bytes())
}

fuzz_target!(|data: &[u8]| {
    // "@" stands for the seed.
    let content: Vec<u8> = data
        .iter()
        .flat_map(|b| match b {
            b'@' => SEED.as_bytes(),
            b => std::slice::from_ref(b),
        })
        .copied()
        .collect();
    match fuzzing::jwt(&content) {
        Ok(jwt) => assert!(!holds(jwt) && jwt.split('.').count() == 3),
        Err(error) => assert!(!holds(error.text())),
    }
    for chained in [false, true] {
        match fuzzing::seed(&content, chained) {
            Ok(seed) => {
                assert!(nkey::check_seed(seed).is_ok());
                assert_eq!(nkey::sign(seed, b"nonce").expect("it is a seed").len(), 64);
            }
            Err(error) => assert!(!holds(error.text())),
        }
    }
    if nkey::check_seed(&content).is_ok() {
        assert!(nkey::holds_seed(&content) && nkey::refuse_seed(&content, "x").is_err());
    }
    if let Ok(key) = std::str::from_utf8(&content)
        && nkey::check_public_key(key).is_ok()
    {
        assert!(!holds(key));
    }
});
