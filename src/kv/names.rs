//! Names of buckets and keys, and the subjects for them.

use crate::error::{Error, Result};

/// The prefix of the names of buckets' streams.
pub const STREAM_PREFIX: &str = "KV_";

/// Is this a valid name of a bucket?
pub fn is_bucket(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    !name.is_empty() && name.bytes().all(allowed)
}

/// Fails unless this is a valid name of a bucket.
pub fn check_bucket(name: &str) -> Result<()> {
    match is_bucket(name) {
        true => Ok(()),
        false => Err(Error::invalid_arg("invalid bucket name")),
    }
}

/// Is this a valid key? It becomes one or more tokens of a subject.
pub fn is_key(key: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b'\\' | b'=');
    key.bytes().all(allowed) && key.split('.').all(|token| !token.is_empty())
}

/// Fails unless this is a valid key.
pub fn check_key(key: &str) -> Result<()> {
    match is_key(key) {
        true => Ok(()),
        false => Err(Error::invalid_arg("invalid key")),
    }
}

/// The name of a bucket's stream.
pub fn stream_of(bucket: &str) -> String {
    format!("{STREAM_PREFIX}{bucket}")
}

/// The name of a stream's bucket; the stream's own name if it does not have the prefix.
pub fn bucket_of(stream: &str) -> &str {
    stream.strip_prefix(STREAM_PREFIX).unwrap_or(stream)
}

/// The prefix of the subjects of a bucket's keys, including the dot at its end.
pub fn subject_prefix(bucket: &str) -> String {
    format!("$KV.{bucket}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets() {
        for good in ["a", "A-b_9", "_", "-"] {
            assert_eq!(check_bucket(good), Ok(()));
        }
        for bad in ["", "a.b", "a b", "*", ">", "a/b", "ä", "a\0"] {
            assert_eq!(check_bucket(bad).unwrap_err().text(), "invalid bucket name");
        }
    }

    #[test]
    fn keys() {
        for good in ["a", "a.b", "A-b_/\\=9.0", "=", "-"] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        for bad in [
            "", ".", ".a", "a.", "a..b", "a b", "*", "a.>", "ä", "a\n", "a:b",
        ] {
            assert_eq!(check_key(bad).unwrap_err().text(), "invalid key", "{bad}");
        }
    }

    #[test]
    fn streams() {
        assert_eq!(stream_of("a"), "KV_a");
        assert_eq!(bucket_of("KV_a"), "a");
        assert_eq!(bucket_of("a"), "a");
        assert_eq!(subject_prefix("a"), "$KV.a.");
    }

    proptest! {
        #[test]
        fn a_key_is_a_subject_without_wildcards(key in "[ -~]{0,12}") {
            if is_key(&key) {
                prop_assert!(!key.contains(['*', '>', ' ', '\t']));
                prop_assert!(key.split('.').all(|token| !token.is_empty()));
            }
        }
    }
}
