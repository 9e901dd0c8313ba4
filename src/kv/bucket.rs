//! The configuration of a bucket, and that of its stream.

use super::names::{STREAM_PREFIX, bucket_of, check_bucket, stream_of, subject_prefix};
use crate::error::{Error, Result};
use crate::js::api::json::Metadata;
use crate::js::api::{
    Compression, Discard, Placement, Republish, Storage, StreamConfig, StreamSource,
    SubjectTransform,
};

/// The largest number of revisions of a key that a bucket can keep.
const MOST_HISTORY: u8 = 64;
/// The shortest time to live that servers accept, in nanoseconds.
const SHORTEST_MARKER_TTL: i64 = 1_000_000_000;
/// The prefix of the API's subjects if no domain or prefix is set.
const DEFAULT_API: &str = "$JS.API";

/// The configuration of a bucket. Zero or empty fields mean the default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BucketConfig {
    /// Its name.
    pub bucket: String,
    /// A description for people.
    pub description: String,
    /// The size of the largest value, in bytes; 0 for no limit.
    pub max_value_size: i64,
    /// The number of revisions that are kept of each key; 0 for 1.
    pub history: u8,
    /// The maximum age of values, in nanoseconds; 0 for no limit.
    pub ttl: i64,
    /// The maximum size of the bucket, in bytes; 0 for no limit.
    pub max_bytes: i64,
    /// The type of storage.
    pub storage: Storage,
    /// The number of replicas; 0 for 1.
    pub replicas: i64,
    /// The configuration for publishing stored messages again.
    pub republish: Option<Republish>,
    /// The bucket that this one mirrors.
    pub mirror: Option<StreamSource>,
    /// The buckets that it collects entries of; not together with `mirror`.
    pub sources: Vec<StreamSource>,
    /// The lifetime of the markers that say that a key has expired, in nanoseconds; 0 for no markers, and then single
    /// values cannot have a time to live.
    pub limit_marker_ttl: i64,
    /// The compression of stored values.
    pub compression: Compression,
    /// The placement in the cluster.
    pub placement: Option<Placement>,
    /// Metadata of the program.
    pub metadata: Metadata,
    /// Allow changing several keys atomically.
    pub allow_transactions: bool,
}

impl BucketConfig {
    /// The configuration of the stream. With `discard_new`, the server refuses values for which there is no room.
    pub fn stream(&self, discard_new: bool) -> Result<StreamConfig> {
        check_bucket(&self.bucket)?;
        if self.history > MOST_HISTORY {
            // The two blanks are part of the text that programs have seen so far.
            return Err(Error::invalid_arg("history limited to a max of  64"));
        }
        if self.limit_marker_ttl > 0 && self.limit_marker_ttl < SHORTEST_MARKER_TTL {
            return Err(Error::invalid_arg(
                "LimitMarkerTTL must be at least one second",
            ));
        }
        for origin in self.mirror.iter().chain(&self.sources) {
            // Without a name, the server would accept a copy of a stream that cannot exist.
            check_bucket(bucket_of(&origin.name))
                .map_err(|_| Error::invalid_arg("invalid bucket name of a mirror or source"))?;
        }
        let or = |value: i64, default: i64| if value == 0 { default } else { value };
        let mut config = StreamConfig {
            name: stream_of(&self.bucket),
            description: self.description.clone(),
            max_msgs_per_subject: self.history.max(1).into(),
            max_bytes: or(self.max_bytes, -1),
            max_age: self.ttl,
            max_msg_size: or(self.max_value_size, -1),
            storage: self.storage.clone(),
            replicas: self.replicas.max(1),
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            republish: self.republish.clone(),
            discard: match discard_new {
                true => Discard::New,
                false => Discard::Old,
            },
            compression: self.compression.clone(),
            placement: self.placement.clone(),
            metadata: self.metadata.clone(),
            allow_atomic: self.allow_transactions,
            ..StreamConfig::default()
        };
        if self.limit_marker_ttl > 0 {
            config.allow_msg_ttl = true;
            config.subject_delete_marker_ttl = self.limit_marker_ttl;
        }
        if let Some(mirror) = &self.mirror {
            config.mirror = Some(with_stream_name(mirror));
            config.mirror_direct = true;
        } else {
            config.subjects = vec![subject_prefix(&self.bucket) + ">"];
            let source = |source| renaming(with_stream_name(source), &self.bucket);
            config.sources = self.sources.iter().map(source).collect();
        }
        Ok(config)
    }
}

/// Sets the stream of a source or mirror that is given by the name of its bucket.
fn with_stream_name(source: &StreamSource) -> StreamSource {
    let mut source = source.clone();
    if !source.name.starts_with(STREAM_PREFIX) {
        source.name = stream_of(&source.name);
    }
    source
}

/// A source whose keys are moved to this bucket (ADR-57), unless the program has set subject transforms. Filters are
/// part of a transform, so a source has either of the two.
fn renaming(mut source: StreamSource, bucket: &str) -> StreamSource {
    if !source.subject_transforms.is_empty() {
        return source;
    }
    let from = subject_prefix(bucket_of(&source.name));
    let keys = match source.filter_subject.as_str() {
        "" => ">",
        filter => match filter.strip_prefix(&from) {
            Some(keys) => keys,
            // The filter matches no key of that bucket.
            None => return source,
        },
    };
    source.subject_transforms = vec![SubjectTransform {
        source: format!("{from}{keys}"),
        destination: subject_prefix(bucket) + &numbered(keys),
        ..SubjectTransform::default()
    }];
    source.filter_subject.clear();
    source
}

/// A pattern as the destination of a transform, in which wildcards of one token have numbers.
fn numbered(pattern: &str) -> String {
    let mut number = 0;
    let tokens: Vec<String> = pattern
        .split('.')
        .map(|token| match token {
            "*" => {
                number += 1;
                format!("{{{{wildcard({number})}}}}")
            }
            token => token.to_owned(),
        })
        .collect();
    tokens.join(".")
}

/// The prefixes of the subjects of a bucket's keys, for reading and for writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefixes {
    /// The prefix of stored subjects.
    pub read: String,
    /// The prefix for publishing.
    pub write: String,
}

impl Prefixes {
    /// The prefixes for a bucket with this stream, through an API with this prefix.
    pub fn of(config: &StreamConfig, api: &str) -> Self {
        let own = subject_prefix(bucket_of(&config.name));
        let through_api = |prefix: &str| match api {
            DEFAULT_API => prefix.to_owned(),
            api => format!("{api}.{prefix}"),
        };
        let Some(mirror) = &config.mirror else {
            return Prefixes {
                write: through_api(&own),
                read: own,
            };
        };
        let origin = subject_prefix(bucket_of(&mirror.name));
        let renamed = |t: &SubjectTransform| t.destination.starts_with(&own);
        Prefixes {
            write: match &mirror.external {
                Some(external) if !external.api.is_empty() => {
                    format!("{}.{origin}", external.api.trim_end_matches('.'))
                }
                _ => through_api(&origin),
            },
            // A mirror has the messages of its origin unchanged, unless the program has set subject transforms.
            read: match mirror.subject_transforms.iter().any(renamed) {
                true => own,
                false => origin,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::api::External;

    fn bucket(name: &str) -> BucketConfig {
        BucketConfig {
            bucket: name.into(),
            ..BucketConfig::default()
        }
    }

    fn source(name: &str) -> StreamSource {
        StreamSource {
            name: name.into(),
            ..StreamSource::default()
        }
    }

    #[test]
    fn defaults() {
        let stream = bucket("B").stream(true).unwrap();
        assert_eq!(stream.name, "KV_B");
        assert_eq!(stream.subjects, ["$KV.B.>"]);
        assert_eq!(
            (
                stream.max_msgs_per_subject,
                stream.max_bytes,
                stream.max_msg_size
            ),
            (1, -1, -1)
        );
        assert_eq!((stream.replicas, stream.max_age), (1, 0));
        assert!(stream.allow_rollup && stream.deny_delete && stream.allow_direct);
        assert!(!stream.allow_msg_ttl && !stream.allow_atomic && !stream.mirror_direct);
        assert_eq!(stream.discard, Discard::New);
        assert_eq!(bucket("B").stream(false).unwrap().discard, Discard::Old);
    }

    #[test]
    fn limits() {
        let refused = |change: fn(&mut BucketConfig)| {
            let mut config = bucket("B");
            change(&mut config);
            config.stream(true).unwrap_err().text().to_owned()
        };
        assert_eq!(refused(|c| c.bucket.clear()), "invalid bucket name");
        assert_eq!(
            refused(|c| c.history = 65),
            "history limited to a max of  64"
        );
        assert!(refused(|c| c.limit_marker_ttl = 999_999_999).contains("one second"));
        for name in ["", "KV_", "a.b", "KV_a b", "*"] {
            let mut config = bucket("B");
            config.mirror = Some(source(name));
            assert!(config.stream(true).is_err(), "{name}");
            config.mirror = None;
            config.sources = vec![source("O"), source(name)];
            assert!(config.stream(true).is_err(), "{name}");
        }
        let mut config = bucket("B");
        config.history = 64;
        config.limit_marker_ttl = 1_000_000_000;
        let stream = config.stream(true).unwrap();
        assert_eq!(stream.max_msgs_per_subject, 64);
        assert_eq!(stream.subject_delete_marker_ttl, 1_000_000_000);
        assert!(stream.allow_msg_ttl);
    }

    #[test]
    fn sources_become_keys_of_the_bucket() {
        let mut config = bucket("B");
        config.sources = vec![source("O"), source("KV_P"), source("Q"), source("R")];
        config.sources[2].filter_subject = "$KV.Q.a.*.b.*.>".into();
        config.sources[3].filter_subject = "elsewhere".into();
        let stream = config.stream(true).unwrap();
        assert_eq!(stream.subjects, ["$KV.B.>"]);
        let of = |n: usize| {
            let source = &stream.sources[n];
            let transform = source.subject_transforms.first();
            let texts = transform.map(|t| (t.source.as_str(), t.destination.as_str()));
            (source.name.as_str(), texts)
        };
        assert_eq!(of(0), ("KV_O", Some(("$KV.O.>", "$KV.B.>"))));
        assert_eq!(of(1), ("KV_P", Some(("$KV.P.>", "$KV.B.>"))));
        let numbered = "$KV.B.a.{{wildcard(1)}}.b.{{wildcard(2)}}.>";
        assert_eq!(of(2), ("KV_Q", Some(("$KV.Q.a.*.b.*.>", numbered))));
        assert_eq!(stream.sources[2].filter_subject, "");
        assert_eq!(of(3), ("KV_R", None));
    }

    #[test]
    fn a_mirror_has_no_subjects() {
        let mut config = bucket("M");
        config.mirror = Some(source("O"));
        config.sources = vec![source("P")];
        let stream = config.stream(true).unwrap();
        assert!(stream.subjects.is_empty() && stream.sources.is_empty() && stream.mirror_direct);
        assert_eq!(stream.mirror.unwrap().name, "KV_O");
    }

    #[test]
    fn prefixes() {
        let stream = |name: &str, mirror: Option<StreamSource>| StreamConfig {
            name: name.into(),
            mirror,
            ..StreamConfig::default()
        };
        let of = |config: &StreamConfig, api: &str| {
            let prefixes = Prefixes::of(config, api);
            (prefixes.read, prefixes.write)
        };
        let pair = |read: &str, write: &str| (read.to_owned(), write.to_owned());
        let plain = stream("KV_B", None);
        assert_eq!(of(&plain, "$JS.API"), pair("$KV.B.", "$KV.B."));
        assert_eq!(of(&plain, "P"), pair("$KV.B.", "P.$KV.B."));
        let mut mirror = source("KV_O");
        let local = stream("KV_M", Some(mirror.clone()));
        assert_eq!(of(&local, "$JS.API"), pair("$KV.O.", "$KV.O."));
        assert_eq!(of(&local, "P"), pair("$KV.O.", "P.$KV.O."));
        mirror.external = Some(External {
            api: "$JS.hub.API".into(),
            ..External::default()
        });
        let external = stream("KV_M", Some(mirror.clone()));
        assert_eq!(of(&external, "P"), pair("$KV.O.", "$JS.hub.API.$KV.O."));
        mirror.external = None;
        mirror.subject_transforms = vec![SubjectTransform {
            source: "$KV.O.>".into(),
            destination: "$KV.M.>".into(),
            ..SubjectTransform::default()
        }];
        let renamed = stream("KV_M", Some(mirror));
        assert_eq!(of(&renamed, "$JS.API"), pair("$KV.M.", "$KV.O."));
    }
}
