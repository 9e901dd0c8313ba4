//! Arbitrary values of all types of the API, for property tests; [`object!`](super::json::object) knows the fields of
//! each.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestRng;
use serde_json::Value;

use super::json::{Json, Rest};
use super::policy::*;
use super::response::Base64;
use crate::js::time::Time;

/// A type with arbitrary values.
pub(crate) trait Arbitrary: Json {
    fn arbitrary(rng: &mut TestRng) -> Self;

    /// A value that survives encoding although an empty one would be omitted.
    fn present(rng: &mut TestRng) -> Self {
        Self::arbitrary(rng)
    }
}

/// Any value of a type.
pub(crate) fn any_of<T: Arbitrary + std::fmt::Debug>() -> impl Strategy<Value = T> {
    Just(()).prop_perturb(|(), mut rng| T::arbitrary(&mut rng))
}

/// An encoded value is parsed as the same value.
pub(crate) fn survives<T: Json + PartialEq + std::fmt::Debug>(value: &T) {
    let text = super::json::to_text(value);
    let read: T = super::json::parse(&text).unwrap();
    assert_eq!(&read, value, "{}", String::from_utf8_lossy(&text));
}

pub(crate) fn rest(rng: &mut TestRng) -> Rest {
    let mut rest = Rest::default();
    for n in 0..rng.random_range(0..3) {
        let value = match n {
            0 => Value::from(rng.random::<i32>()),
            _ => serde_json::json!({"deep": [rng.random::<bool>(), null_or_text(rng)]}),
        };
        rest.0.insert(format!("unknown_{n}"), value);
    }
    rest
}

fn null_or_text(rng: &mut TestRng) -> Value {
    match rng.random::<bool>() {
        true => Value::Null,
        false => text(rng).into(),
    }
}

fn text(rng: &mut TestRng) -> String {
    const CHARS: [char; 12] = [
        'a', 'Z', '9', '.', '"', '\\', '\n', '\0', 'ß', '\u{2028}', '😀', '>',
    ];
    let len = rng.random_range(0..8);
    (0..len)
        .map(|_| CHARS[rng.random_range(0..CHARS.len())])
        .collect()
}

fn some<T: Arbitrary>(rng: &mut TestRng) -> Vec<T> {
    let len = rng.random_range(0..4);
    (0..len).map(|_| T::arbitrary(rng)).collect()
}

macro_rules! arbitrary {
    ($($type:ty: |$rng:ident| $make:expr;)*) => {
        $(impl Arbitrary for $type {
            fn arbitrary($rng: &mut TestRng) -> Self {
                $make
            }
        })*
    };
}

macro_rules! words {
    ($($type:ident: $($variant:ident)*;)*) => {
        arbitrary! { $($type: |rng| {
            let all = [$($type::$variant,)* $type::Unknown("of a newer server".into())];
            all[rng.random_range(0..all.len())].clone()
        };)* }
    };
}

arbitrary! {
    bool: |rng| rng.random();
    i64: |rng| if rng.random() { rng.random() } else { rng.random_range(-1..3) };
    u64: |rng| if rng.random() { rng.random() } else { rng.random_range(0..3) };
    String: |rng| text(rng);
    Time: |rng| Time(i64::arbitrary(rng));
    Base64: |rng| Base64(text(rng).into_bytes());
    Value: |rng| null_or_text(rng);
}

words! {
    Retention: Limits Interest WorkQueue;
    Discard: Old New;
    Storage: File Memory;
    Compression: None S2;
    PersistMode: Default Async;
    DeliverPolicy: All Last New ByStartSequence ByStartTime LastPerSubject;
    AckPolicy: Explicit None All FlowControl;
    ReplayPolicy: Instant Original;
}

impl<T: Arbitrary> Arbitrary for Vec<T> {
    fn arbitrary(rng: &mut TestRng) -> Self {
        some(rng)
    }
}

impl<T: Arbitrary> Arbitrary for BTreeMap<String, T> {
    fn arbitrary(rng: &mut TestRng) -> Self {
        let values = some(rng);
        values.into_iter().map(|value| (text(rng), value)).collect()
    }
}

impl<T: Arbitrary> Arbitrary for Option<T> {
    fn arbitrary(rng: &mut TestRng) -> Self {
        match rng.random::<bool>() {
            true => None,
            false => Self::present(rng),
        }
    }

    fn present(rng: &mut TestRng) -> Self {
        Some(T::present(rng))
    }
}
