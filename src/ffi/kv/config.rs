//! What the program fills in: the configuration of a bucket, the options of watches and purges.

use std::ffi::{c_char, c_int, c_void};

use super::types::kvWatchCb;
use crate::error::{Result, natsStatus};
use crate::ffi::guard::guard;
use crate::ffi::jetstream::enums::jsStorageTypeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::plain::{plain, zero};
use crate::ffi::jetstream::stream_config::convert::{republish_from_c, source_from_c};
use crate::ffi::jetstream::stream_config::{jsRePublish, jsStreamSource};
use crate::kv::{BucketConfig, WatchOptions};

/// The configuration of a bucket. `kvConfig_Init` begins one.
///
/// What is 0 or NULL is the default.
///
/// @ingroup nats_kv_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvConfig {
    /// The name: ASCII letters, digits, `_` and `-`. Required.
    pub Bucket: *const c_char,
    /// Words for people.
    pub Description: *const c_char,
    /// The size of the largest value in bytes; 0 for no limit.
    pub MaxValueSize: i32,
    /// How many revisions of a key are kept, at most 64; 0 for 1.
    pub History: u8,
    /// How old revisions get, in nanoseconds; 0 for ever.
    pub TTL: i64,
    /// How many bytes the bucket can have; 0 for no limit.
    pub MaxBytes: i64,
    /// Where values are stored.
    pub StorageType: jsStorageTypeArg,
    /// On how many servers; 0 for 1.
    pub Replicas: c_int,
    /// What is published again when it has been stored; NULL for nothing.
    pub RePublish: *mut jsRePublish,
    /// The bucket that this one is a copy of, by its name with or without `KV_`; NULL for none. Keys that are put into
    /// this one are put into the other.
    pub Mirror: *mut jsStreamSource,
    /// Buckets whose keys this one has, too; ignored where there is a mirror.
    pub Sources: *mut *mut jsStreamSource,
    /// How many sources.
    pub SourcesLen: c_int,
    /// How long markers live that say that a key has expired, in nanoseconds, at least a second; 0 for no markers, and
    /// then revisions have no time to live of their own. Servers from 2.11.
    pub LimitMarkerTTL: i64,
}

/// What a watcher shows, or a list has. `kvWatchOptions_Init` begins one.
///
/// @ingroup nats_kv_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvWatchOptions {
    /// Not what deletes keys.
    pub IgnoreDeletes: bool,
    /// All revisions that the bucket has of each key, not only the last one.
    pub IncludeHistory: bool,
    /// Without the values.
    pub MetaOnly: bool,
    /// For how long keys and histories are gathered at most, in milliseconds; 0 for as long as it takes. Not used by
    /// watchers.
    pub Timeout: i64,
    /// Only what is stored after the watcher was created; there is no end of initial data then. Wins over
    /// `IncludeHistory`.
    pub UpdatesOnly: bool,
    /// How often the server is heard of while nothing happens, in nanoseconds; 0 for 5 seconds.
    pub Heartbeat: i64,
    /// All revisions from this one on; wins over both. 0 for not at all.
    pub ResumeFromRevision: u64,
    /// The callback that gets the entries; NULL where `kvWatcher_Next` is to return them.
    pub Callback: kvWatchCb,
    /// The last argument of the callback; may be NULL.
    pub Closure: *mut c_void,
}

/// How keys are purged. `kvPurgeOptions_Init` begins one.
///
/// @ingroup nats_kv_values
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvPurgeOptions {
    /// How long to wait, in milliseconds; 0 for as long as the context says.
    pub Timeout: i64,
    /// For `kvStore_PurgeDeletes`: markers that are older are removed too, in nanoseconds; 0 for 30 minutes, less than
    /// 0 for all of them.
    pub DeleteMarkersOlderThan: i64,
    /// For `kvStore_Purge`: how long the marker lives, in milliseconds; 0 for as long as the bucket says.
    pub TTL: i64,
}

plain!(kvConfig, kvWatchOptions, kvPurgeOptions);

/// Reads a program's configuration.
///
/// # Safety
/// All pointers in `cfg` are NULL or point at what the fields say, with as many items as these say.
pub(super) unsafe fn bucket_from_c(cfg: &kvConfig) -> Result<BucketConfig> {
    // SAFETY: the contract above.
    let mirror = unsafe { cfg.Mirror.as_ref().map(|s| source_from_c(s)).transpose() }?;
    // SAFETY: likewise.
    let sources = unsafe { given::array(cfg.Sources, cfg.SourcesLen, "sources") }?;
    let source = |source: &*mut jsStreamSource| {
        // SAFETY: likewise.
        unsafe { source.as_ref() }
            .ok_or_else(|| crate::error::Error::invalid_arg("one of the sources is NULL"))
            // SAFETY: likewise.
            .and_then(|source| unsafe { source_from_c(source) })
    };
    let sources = sources.iter().map(source).collect::<Result<_>>()?;
    // SAFETY: likewise.
    unsafe {
        Ok(BucketConfig {
            bucket: given::string(cfg.Bucket, "the bucket's name")?,
            description: given::string(cfg.Description, "the description")?,
            max_value_size: cfg.MaxValueSize.into(),
            history: cfg.History,
            ttl: cfg.TTL,
            max_bytes: cfg.MaxBytes,
            storage: cfg.StorageType.get(None)?,
            replicas: cfg.Replicas.into(),
            republish: republish_from_c(cfg.RePublish, None)?,
            mirror,
            sources,
            limit_marker_ttl: cfg.LimitMarkerTTL,
            ..BucketConfig::default()
        })
    }
}

/// What a watcher shows.
pub(super) fn watch_from_c(opts: Option<&kvWatchOptions>) -> WatchOptions {
    let Some(opts) = opts else {
        return WatchOptions::default();
    };
    WatchOptions {
        ignore_deletes: opts.IgnoreDeletes,
        include_history: opts.IncludeHistory,
        meta_only: opts.MetaOnly,
        updates_only: opts.UpdatesOnly,
        resume_from: opts.ResumeFromRevision,
        heartbeat: opts.Heartbeat,
        stored_keys: false,
    }
}

/// Initialize the configuration of a bucket.
///
/// Fills the structure with zeros.
///
/// @param cfg The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `cfg` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `cfg` is NULL or valid for writing a `kvConfig`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvConfig_Init(cfg: *mut kvConfig) -> natsStatus {
    guard("kvConfig_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(cfg, "cfg") }
    })
}

/// Initialize the options of a watcher.
///
/// Fills the structure with zeros.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `opts` is NULL or valid for writing a `kvWatchOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvWatchOptions_Init(opts: *mut kvWatchOptions) -> natsStatus {
    guard("kvWatchOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}

/// Initialize the options of a purge.
///
/// Fills the structure with zeros.
///
/// @param opts The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_kv_values
///
/// # Safety
/// `opts` is NULL or valid for writing a `kvPurgeOptions`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvPurgeOptions_Init(opts: *mut kvPurgeOptions) -> natsStatus {
    guard("kvPurgeOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}
