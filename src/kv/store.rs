//! Buckets: create, open, delete, list; their status.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::bucket::{BucketConfig, Prefixes};
use super::codec::{Codecs, Decode};
use super::entry::Entry;
use super::names::{STREAM_PREFIX, bucket_of, check_bucket, is_bucket, stream_of};
use crate::error::{Error as Plain, Result as PlainResult, Status};
use crate::js::api::{Compression, ErrCode, StreamConfig, StreamInfo};
use crate::js::{Call, CallOptions, Context, Error, Result};

/// The properties of a bucket that its functions need.
pub struct Store {
    context: Arc<Context>,
    bucket: String,
    stream: String,
    prefixes: Prefixes,
    /// All of its servers answer direct gets.
    direct: bool,
    /// The stream that what is written goes to, if its configuration can be asked for.
    written: Option<String>,
    /// That one is known to take several messages at once.
    atomic: AtomicBool,
    /// What keys and values are stored as.
    codecs: Codecs,
}

/// The operation on the stream of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// Create it. If it exists with the same configuration, that is no error.
    Create,
    /// Update the configuration of an existing one.
    Update,
    /// Either of the two.
    CreateOrUpdate,
}

impl Store {
    /// Creates a bucket, or changes the configuration of one.
    pub fn make(context: &Arc<Context>, config: &BucketConfig, how: Making) -> Result<Arc<Store>> {
        // Older servers would not store this setting.
        let discard_new = context.connection().server_at_least(2, 7, 2);
        let stream = config.stream(discard_new)?;
        let call = context.call(&CallOptions::default());
        if stream.allow_msg_ttl && call.account_info()?.api.level < 1 {
            let text = "LimitMarkerTTL needs a server of 2.11 or later";
            return Err(Plain::new(Status::NATS_NO_SERVER_SUPPORT, text).into());
        }
        let info = match how {
            Making::Create => call.create_stream(&stream),
            Making::Update => call.replace_stream(&stream),
            Making::CreateOrUpdate => call.create_or_update_stream(&stream),
        }?;
        Ok(Store::of(context, &info.config.unwrap_or(stream)))
    }

    /// Opens a bucket that exists.
    pub fn open(context: &Arc<Context>, bucket: &str) -> Result<Arc<Store>> {
        check_bucket(bucket)?;
        let info = context
            .call(&CallOptions::default())
            .stream_info(&stream_of(bucket))?;
        let config = info.config.unwrap_or_default();
        if config.max_msgs_per_subject < 1 {
            return Err(Plain::invalid_arg("bucket not valid key-value store").into());
        }
        let named = StreamConfig {
            name: stream_of(bucket),
            ..config
        };
        Ok(Store::of(context, &named))
    }

    /// Deletes a bucket with all its values.
    pub fn delete_bucket(context: &Arc<Context>, bucket: &str) -> Result<()> {
        if !is_bucket(bucket) {
            return Err(Plain::invalid_arg("bucket not valid key-value store").into());
        }
        context
            .call(&CallOptions::default())
            .delete_stream(&stream_of(bucket))
    }

    /// The names of all buckets of the account.
    pub fn names(context: &Arc<Context>) -> Result<Vec<String>> {
        // Mirrors have no subjects by which they could be selected.
        let streams = context.call(&CallOptions::default()).stream_names()?;
        let buckets = streams
            .iter()
            .filter_map(|stream| stream.strip_prefix(STREAM_PREFIX))
            .filter(|bucket| is_bucket(bucket));
        Ok(buckets.map(str::to_owned).collect())
    }

    fn of(context: &Arc<Context>, config: &StreamConfig) -> Arc<Store> {
        Arc::new(Store {
            context: context.clone(),
            bucket: bucket_of(&config.name).to_owned(),
            stream: config.name.clone(),
            prefixes: Prefixes::of(config, context.prefix()),
            direct: config.allow_direct,
            written: match &config.mirror {
                None => Some(config.name.clone()),
                Some(mirror) if mirror.external.is_none() => Some(mirror.name.clone()),
                Some(_) => None,
            },
            atomic: AtomicBool::new(config.allow_atomic),
            codecs: Codecs::default(),
        })
    }

    /// The same bucket, with codecs in front of those that this has.
    pub fn with_codecs(&self, codecs: Codecs) -> Arc<Store> {
        Arc::new(Store {
            context: self.context.clone(),
            bucket: self.bucket.clone(),
            stream: self.stream.clone(),
            prefixes: self.prefixes.clone(),
            direct: self.direct,
            written: self.written.clone(),
            atomic: AtomicBool::new(self.atomic.load(Ordering::Relaxed)),
            codecs: codecs.before(&self.codecs),
        })
    }

    /// What keys and values are stored as.
    pub fn codecs(&self) -> &Codecs {
        &self.codecs
    }

    /// An entry as the program knows it.
    pub(super) fn shown(&self, entry: Entry, decode: Decode) -> PlainResult<Entry> {
        self.codecs.shown(entry, self.read_prefix(), decode)
    }

    /// Its name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Its stream.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The context that it was opened with.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The prefix of the subjects of stored keys.
    pub fn read_prefix(&self) -> &str {
        &self.prefixes.read
    }

    /// The prefix of the subjects to which keys are published.
    pub fn write_prefix(&self) -> &str {
        &self.prefixes.write
    }

    pub(super) fn is_direct(&self) -> bool {
        self.direct
    }

    /// Fails where several keys cannot be changed at once. A server that knows no batches would store
    /// the first change by itself, so it must not get it.
    pub(super) fn check_atomic(&self) -> Result<()> {
        let Some(stream) = &self.written else {
            return Ok(());
        };
        if self.atomic.load(Ordering::Relaxed) {
            return Ok(());
        }
        let config = self.call().stream_info(stream)?.config;
        if config.is_some_and(|config| config.allow_atomic) {
            self.atomic.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let (status, text) = match self.context.connection().server_at_least(2, 12, 0) {
            true => (
                Status::NATS_ERR,
                "the bucket was created without Transactions",
            ),
            false => (
                Status::NATS_NO_SERVER_SUPPORT,
                "transactions need a server of 2.12 or later",
            ),
        };
        Err(Plain::new(status, text).into())
    }

    pub(super) fn call(&self) -> Call<'_> {
        self.context.call(&CallOptions::default())
    }

    /// The present status of the bucket.
    pub fn status(&self) -> Result<BucketStatus> {
        let info = self.call().stream_info(&self.stream)?;
        Ok(BucketStatus {
            bucket: self.bucket.clone(),
            info,
        })
    }
}

/// The status of a bucket.
#[derive(Debug, Clone)]
pub struct BucketStatus {
    bucket: String,
    info: StreamInfo,
}

impl BucketStatus {
    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The info of its stream.
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// The configuration of its stream.
    pub fn config(&self) -> Option<&StreamConfig> {
        self.info.config.as_ref()
    }

    /// Are its values compressed?
    pub fn is_compressed(&self) -> bool {
        let compression = self.config().map(|config| &config.compression);
        compression.is_some_and(|c| *c != Compression::None)
    }
}

/// Has a server refused a change because a key had another revision than expected? Replicated streams report this with
/// a code of their own, and a text without a number.
pub fn is_wrong_revision(error: &Error) -> bool {
    error.code() == ErrCode::STREAM_WRONG_LAST_SEQUENCE
        || error.code() == ErrCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
}
