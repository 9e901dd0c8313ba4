//! Names of buckets, and the stream and subjects of a bucket.

use data_encoding::BASE64URL;

use crate::error::{Error, Result};

/// The prefix of the names of buckets' streams.
pub const STREAM_PREFIX: &str = "OBJ_";
/// The subject filter that selects the streams of buckets.
pub const ALL_CHUNKS: &str = "$O.*.C.>";

/// Is this a valid name of a bucket?
pub fn check_bucket(bucket: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    match !bucket.is_empty() && bucket.bytes().all(allowed) {
        true => Ok(()),
        false => Err(Error::invalid_arg("invalid object-store name")),
    }
}

/// The stream of a bucket.
pub fn stream(bucket: &str) -> String {
    format!("{STREAM_PREFIX}{bucket}")
}

/// The subject of the chunks of one put.
pub fn chunks(bucket: &str, nuid: &str) -> String {
    format!("$O.{bucket}.C.{nuid}")
}

/// The subject of the chunks of all puts.
pub fn every_chunk(bucket: &str) -> String {
    chunks(bucket, ">")
}

/// The subject of an object's description. The name is encoded, so any text is allowed.
pub fn meta(bucket: &str, object: &str) -> String {
    format!("$O.{bucket}.M.{}", BASE64URL.encode(object.as_bytes()))
}

/// The subject of the descriptions of all objects.
pub fn every_meta(bucket: &str) -> String {
    format!("$O.{bucket}.M.>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buckets() {
        for good in ["a", "A-b_9"] {
            check_bucket(good).unwrap();
        }
        for bad in ["", "a.b", "a b", "ä", "a>", "a*", "a/b", "a\n"] {
            let error = check_bucket(bad).unwrap_err();
            assert_eq!(error.text(), "invalid object-store name");
        }
    }

    #[test]
    fn names_of_objects_are_encoded() {
        assert_eq!(meta("B", "my file?.txt"), "$O.B.M.bXkgZmlsZT8udHh0");
        assert_eq!(meta("B", "a"), "$O.B.M.YQ==");
        assert_eq!(meta("B", "\u{fb}\u{ff}?>"), "$O.B.M.w7vDvz8-");
    }
}
