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

/// The configuration of a bucket. Initialize it with `kvConfig_Init`.
///
/// 0 or NULL in a field stands for the default.
///
/// @ingroup nats_kv_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvConfig {
    /// The name: ASCII letters, digits, `_` and `-`. Required.
    pub Bucket: *const c_char,
    /// A description; NULL for none.
    pub Description: *const c_char,
    /// The maximum size of a value in bytes; 0 or -1 for no limit.
    pub MaxValueSize: i32,
    /// The number of revisions that are kept of each key, at most 64; 0 for 1.
    pub History: u8,
    /// The maximum age of revisions in nanoseconds; 0 for no limit.
    pub TTL: i64,
    /// The maximum size of the bucket in bytes; 0 or -1 for no limit.
    pub MaxBytes: i64,
    /// Where values are stored.
    pub StorageType: jsStorageTypeArg,
    /// The number of servers that store the bucket; 0 or less for 1.
    pub Replicas: c_int,
    /// Settings for publishing stored revisions again; NULL not to do that.
    pub RePublish: *mut jsRePublish,
    /// The bucket that this one is a copy of, named with or without `KV_`; NULL for none. Keys that are put into this
    /// bucket are put into the other one.
    pub Mirror: *mut jsStreamSource,
    /// The buckets whose keys are copied into this one; ignored if there is a mirror.
    pub Sources: *mut *mut jsStreamSource,
    /// The number of sources.
    pub SourcesLen: c_int,
    /// The time to live of the markers for expired keys, in nanoseconds, at least one second; 0 for no markers, and
    /// then revisions cannot have a time to live of their own. Servers from 2.11.
    pub LimitMarkerTTL: i64,
}

/// Options of a watcher or a list. Initialize it with `kvWatchOptions_Init`.
///
/// @ingroup nats_kv_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvWatchOptions {
    /// Whether to leave out revisions that delete or purge keys.
    pub IgnoreDeletes: bool,
    /// Whether to include all revisions of each key, not only the last one.
    pub IncludeHistory: bool,
    /// Whether to leave out the values.
    pub MetaOnly: bool,
    /// The longest time for collecting keys and histories, in milliseconds; 0 for no limit. Not used by watchers.
    pub Timeout: i64,
    /// Whether to deliver only changes after the creation of the watcher; then there are no initial data and no
    /// report of their end. Takes precedence over `IncludeHistory`.
    pub UpdatesOnly: bool,
    /// The interval of heartbeats of the server while nothing changes, in nanoseconds; 0 for 5
    /// seconds.
    pub Heartbeat: i64,
    /// The revision from which all revisions are delivered; 0 for none. Takes precedence over
    /// `IncludeHistory` and `UpdatesOnly`.
    pub ResumeFromRevision: u64,
    /// The callback that receives the entries; NULL if `kvWatcher_Next` returns them.
    pub Callback: kvWatchCb,
    /// The last argument of the callback; may be NULL.
    pub Closure: *mut c_void,
}

/// Options of purging keys. Initialize it with `kvPurgeOptions_Init`.
///
/// @ingroup nats_kv_values
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvPurgeOptions {
    /// The longest time to wait in milliseconds; 0 for the time of the context.
    pub Timeout: i64,
    /// For `kvStore_PurgeDeletes`: the age in nanoseconds from which on the markers of deleted keys are removed, too;
    /// 0 for 30 minutes, a negative value to remove all of them.
    pub DeleteMarkersOlderThan: i64,
    /// For `kvStore_Purge`: the time to live of the marker in milliseconds; 0 for that of the bucket.
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
