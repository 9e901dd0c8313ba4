//! Buckets: create, update, open, delete, list, seal, status.

use std::sync::Arc;

use super::names;
use super::store::Store;
use crate::error::{Error as Plain, Status};
use crate::js::api::{
    Compression, Discard, Metadata, Placement, Storage, StreamConfig, StreamInfo,
};
use crate::js::{CallOptions, Context, ErrCode, Error, InfoOptions, Result};

/// The configuration of a bucket.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub bucket: String,
    /// A description for people.
    pub description: String,
    /// The maximum age of objects, in nanoseconds; 0 for no limit.
    pub max_age: i64,
    /// The maximum size in bytes; 0 for no limit.
    pub max_bytes: i64,
    /// The type of storage.
    pub storage: Storage,
    /// The number of replicas; 0 for one.
    pub replicas: i64,
    /// The placement in the cluster.
    pub placement: Option<Placement>,
    /// Compress stored data.
    pub compression: bool,
    /// Metadata of the program.
    pub metadata: Metadata,
}

impl Config {
    fn stream(&self) -> Result<StreamConfig> {
        names::check_bucket(&self.bucket)?;
        Ok(StreamConfig {
            name: names::stream(&self.bucket),
            description: self.description.clone(),
            subjects: vec![
                names::every_chunk(&self.bucket),
                names::every_meta(&self.bucket),
            ],
            max_age: self.max_age,
            max_bytes: if self.max_bytes == 0 {
                -1
            } else {
                self.max_bytes
            },
            storage: self.storage.clone(),
            replicas: if self.replicas == 0 { 1 } else { self.replicas },
            placement: self.placement.clone(),
            discard: Discard::New,
            allow_rollup: true,
            allow_direct: true,
            compression: match self.compression {
                true => Compression::S2,
                false => Compression::None,
            },
            metadata: self.metadata.clone(),
            ..StreamConfig::default()
        })
    }
}

/// Creates a bucket. If it exists with the same configuration, that is no error.
pub fn create(context: &Arc<Context>, config: &Config) -> Result<Arc<Store>> {
    let stream = config.stream()?;
    let call = context.call(&CallOptions::default());
    match call.create_stream(&stream) {
        Ok(_) => Ok(Store::new(context, &config.bucket)),
        Err(e) if e.code() == ErrCode::STREAM_NAME_EXIST => {
            let text = format!("bucket name already in use: {}", config.bucket);
            Err(Error::new(Plain::new(Status::NATS_ERR, text), e.code()))
        }
        Err(e) => Err(e),
    }
}

/// Changes the configuration of a bucket.
pub fn update(context: &Arc<Context>, config: &Config) -> Result<Arc<Store>> {
    let stream = config.stream()?;
    let store = Store::new(context, &config.bucket);
    let call = context.call(&CallOptions::default());
    match call.update_stream(&stream) {
        Ok(_) => Ok(store),
        Err(e) if e.status() == Status::NATS_NOT_FOUND => Err(store.gone()),
        Err(e) => Err(e),
    }
}

/// Opens a bucket that exists.
pub fn open(context: &Arc<Context>, bucket: &str) -> Result<Arc<Store>> {
    names::check_bucket(bucket)?;
    let store = Store::new(context, bucket);
    store.stream_info()?;
    Ok(store)
}

/// Deletes a bucket with all its objects.
pub fn delete(context: &Context, bucket: &str) -> Result<()> {
    names::check_bucket(bucket)?;
    let call = context.call(&CallOptions::default());
    call.delete_stream(&names::stream(bucket))
}

fn listing() -> CallOptions<'static> {
    CallOptions {
        info: Some(InfoOptions {
            deleted_details: false,
            subjects_filter: names::ALL_CHUNKS,
        }),
        ..CallOptions::default()
    }
}

/// The names of all buckets.
pub fn list(context: &Context) -> Result<Vec<String>> {
    let names = context.call(&listing()).stream_names()?;
    let bucket = |name: String| name.strip_prefix(names::STREAM_PREFIX).map(str::to_owned);
    Ok(names.into_iter().filter_map(bucket).collect())
}

/// The streams of all buckets.
pub fn statuses(context: &Context) -> Result<Vec<StreamInfo>> {
    let streams = context.call(&listing()).streams()?;
    let is_bucket = |info: &StreamInfo| info.name().starts_with(names::STREAM_PREFIX);
    Ok(streams.items.into_values().filter(is_bucket).collect())
}

impl Store {
    /// The configuration and the state of its stream.
    pub fn stream_info(&self) -> Result<StreamInfo> {
        let options = CallOptions {
            info: Some(InfoOptions::default()),
            ..CallOptions::default()
        };
        self.context.call(&options).stream_info(self.stream())
    }

    /// Seals the bucket: it refuses all changes from now on.
    pub fn seal(&self) -> Result<()> {
        let info = self.stream_info()?;
        let config = info
            .config
            .ok_or_else(|| Plain::new(Status::NATS_ERR, "the stream has no configuration"))?;
        let sealed = StreamConfig {
            sealed: true,
            ..config
        };
        let call = self.context.call(&CallOptions::default());
        call.update_stream(&sealed)?;
        Ok(())
    }
}
