//! What nats.c has no functions for on buckets: settings that `kvConfig` has no place for, changes of a bucket, names.

use std::ptr;

use super::config::{bucket_from_c, kvConfig};
use super::lists::fill_keys;
use super::types::kvKeysList;
use crate::error::{Error, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow_arc, jsCtx, kvStore, new_store};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::plain::{plain, zero};
use crate::ffi::jetstream::stream_config::convert::placement_from_c;
use crate::ffi::jetstream::stream_config::jsPlacement;
use crate::ffi::types::natsMetadata;
use crate::js;
use crate::js::api::Compression;
use crate::kv::Store;
use crate::kv::store::Making;

/// Settings that `kvConfig` has no fields for. An addition of this library: nats.c does not have
/// it.
///
/// Initialize it with `kvExtraConfig_Init`. 0 or NULL in a field stands for the default.
///
/// @ingroup nats_kv_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvExtraConfig {
    /// Whether values are stored compressed.
    pub Compression: bool,
    /// Whether `kvStore_Apply` may change several keys at once. Servers from 2.12.
    pub Transactions: bool,
    /// The servers that the bucket is placed on; NULL for any.
    pub Placement: *mut jsPlacement,
    /// Metadata of the program.
    pub Metadata: natsMetadata,
}

plain!(kvExtraConfig);

/// Initialize the settings that a configuration has no fields for.
///
/// Fills the structure with zeros.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param extra The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `extra` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `extra` is NULL or valid for writing a `kvExtraConfig`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvExtraConfig_Init(extra: *mut kvExtraConfig) -> natsStatus {
    guard("kvExtraConfig_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(extra, "extra") }
    })
}

/// Makes a bucket of a program's configuration, or changes one.
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `js` is NULL or a handle of this library; `cfg` and `extra` are NULL or valid,
/// and so is what their fields point at.
pub(super) unsafe fn make(
    new_kv: *mut *mut kvStore,
    js: *mut jsCtx,
    cfg: *const kvConfig,
    extra: *const kvExtraConfig,
    how: Making,
) -> js::Result<()> {
    required(new_kv, "new_kv")?;
    // SAFETY: the contract above.
    unsafe {
        let context = borrow_arc(js)?;
        let cfg = cfg.as_ref();
        let mut config =
            bucket_from_c(cfg.ok_or_else(|| Error::invalid_arg("cfg cannot be NULL"))?)?;
        if let Some(extra) = extra.as_ref() {
            if extra.Compression {
                config.compression = Compression::S2;
            }
            config.allow_transactions = extra.Transactions;
            config.placement = placement_from_c(extra.Placement, None)?;
            config.metadata = given::metadata(&extra.Metadata)?;
        }
        new_kv.write(new_store(Store::make(&context, &config, how)?));
    }
    Ok(())
}

/// Create a key-value bucket with settings that `kvConfig` has no fields for.
///
/// Creates the stream of the bucket. If the bucket exists with the same configuration, it is
/// opened.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context. It stays alive as long as the bucket's handle.
/// @param cfg The configuration. Read during the call only.
/// @param extra The settings that `cfg` has no fields for; NULL for the defaults. Read during the
/// call only.
///
/// @retval NATS_OK The bucket can be used.
/// @retval NATS_INVALID_ARG As for `js_CreateKeyValue`.
/// @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_CreateOrUpdateKeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `js` is NULL or a handle of this library; `cfg` and
/// `extra` are NULL or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_CreateKeyValueWithExtra(
    new_kv: *mut *mut kvStore,
    js: *mut jsCtx,
    cfg: *mut kvConfig,
    extra: *mut kvExtraConfig,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        make(new_kv, js, cfg, extra, Making::Create)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_CreateKeyValueWithExtra", ptr::null_mut(), body) }
}

/// Change the configuration of a key-value bucket.
///
/// The configuration is replaced as a whole: settings that are 0 or NULL become the defaults.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context. It stays alive as long as the bucket's handle.
/// @param cfg The configuration. Read during the call only.
/// @param extra The settings that `cfg` has no fields for; NULL for the defaults. Read during the
/// call only.
///
/// @retval NATS_OK The bucket has the configuration.
/// @retval NATS_NOT_FOUND The bucket does not exist. The last error is cleared.
/// @retval NATS_INVALID_ARG As for `js_CreateKeyValue`.
/// @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_CreateOrUpdateKeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `js` is NULL or a handle of this library; `cfg` and
/// `extra` are NULL or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_UpdateKeyValue(
    new_kv: *mut *mut kvStore,
    js: *mut jsCtx,
    cfg: *mut kvConfig,
    extra: *mut kvExtraConfig,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        make(new_kv, js, cfg, extra, Making::Update)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_UpdateKeyValue", ptr::null_mut(), body) }
}

/// Create a key-value bucket, or change the configuration of the one that exists.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_kv Receives the bucket, to be released with `kvStore_Destroy`. Written only with
/// `NATS_OK`.
/// @param js The context. It stays alive as long as the bucket's handle.
/// @param cfg The configuration. Read during the call only.
/// @param extra The settings that `cfg` has no fields for; NULL for the defaults. Read during the
/// call only.
///
/// @retval NATS_OK The bucket has the configuration.
/// @retval NATS_INVALID_ARG As for `js_CreateKeyValue`.
/// @retval NATS_NO_SERVER_SUPPORT `LimitMarkerTTL` is set and the server is older than 2.11.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_CreateKeyValue, js_UpdateKeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `js` is NULL or a handle of this library; `cfg` and
/// `extra` are NULL or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_CreateOrUpdateKeyValue(
    new_kv: *mut *mut kvStore,
    js: *mut jsCtx,
    cfg: *mut kvConfig,
    extra: *mut kvExtraConfig,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        make(new_kv, js, cfg, extra, Making::CreateOrUpdate)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_CreateOrUpdateKeyValue", ptr::null_mut(), body) }
}

/// List the names of all key-value buckets of an account.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param list The program's structure, which receives the names, to be released with
/// `kvKeysList_Destroy`. Empty if the call fails.
/// @param js The context.
///
/// @retval NATS_OK The names were written, sorted; NULL and 0 if there are none.
/// @retval NATS_INVALID_ARG `list` is NULL, or `js` is NULL or was destroyed.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_KeyValue
///
/// @ingroup nats_kv_buckets
///
/// # Safety
/// `list` is NULL or valid for writing; `js` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_KeyValueNames(list: *mut kvKeysList, js: *mut jsCtx) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        zero(list, "list")?;
        fill_keys(list, Store::names(&borrow_arc(js)?)?.iter())?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("js_KeyValueNames", ptr::null_mut(), body) }
}
