//! The structures of object stores.

use std::ffi::{c_char, c_int, c_void};

use crate::error::natsStatus;
use crate::ffi::guard::guard;
use crate::ffi::header::natsHeader;
use crate::ffi::jetstream::enums::jsStorageTypeArg;
use crate::ffi::jetstream::plain::{plain, zero};
use crate::ffi::jetstream::stream_config::jsPlacement;
use crate::ffi::jetstream::stream_info::jsStreamInfo;
use crate::ffi::types::natsMetadata;

/// The configuration of a store. Initialize it with `objStoreConfig_Init`.
///
/// @ingroup nats_obj_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreConfig {
    /// The name: letters, digits, `_`, `-`.
    pub Bucket: *const c_char,
    /// A description; NULL for none.
    pub Description: *const c_char,
    /// The maximum age of objects in milliseconds; 0 for no limit.
    pub TTL: i64,
    /// The maximum size of the store in bytes; 0 or -1 for no limit.
    pub MaxBytes: i64,
    /// Where the objects are stored.
    pub Storage: jsStorageTypeArg,
    /// The number of servers that store the objects; 0 for one.
    pub Replicas: c_int,
    /// The servers that the bucket is placed on; NULL for any.
    pub Placement: *mut jsPlacement,
    /// Whether the objects are stored compressed.
    pub Compression: bool,
    /// Metadata of the program.
    pub Metadata: natsMetadata,
}

/// Names of stores. Released with `objStoreNamesList_Destroy`; to keep a name, take it, write NULL in its place, and
/// release it with `free()`.
///
/// @ingroup nats_obj_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreNamesList {
    /// The names.
    pub List: *mut *mut c_char,
    /// The number of elements.
    pub Count: c_int,
}

/// The configuration and state of a store. Released with `objStoreStatus_Destroy`.
///
/// @ingroup nats_obj_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreStatus {
    /// The name.
    pub Bucket: *const c_char,
    /// The description; belongs to `StreamInfo`.
    pub Description: *const c_char,
    /// The maximum age of objects in milliseconds; 0 for no limit.
    pub TTL: i64,
    /// Where the objects are stored.
    pub Storage: jsStorageTypeArg,
    /// The number of servers that store the objects.
    pub Replicas: c_int,
    /// Whether the store refuses all changes.
    pub Sealed: bool,
    /// The size of the store in bytes, descriptions of objects included.
    pub Size: u64,
    /// `"JetStream"`.
    pub BackingStore: *const c_char,
    /// The metadata; they belong to `StreamInfo`.
    pub Metadata: natsMetadata,
    /// The stream of the store.
    pub StreamInfo: *mut jsStreamInfo,
    /// Whether the objects are stored compressed.
    pub IsCompressed: bool,
}

/// The statuses of stores. Released with `objStoreStatusesList_Destroy`; to keep an element, take it and write NULL in
/// its place.
///
/// @ingroup nats_obj_buckets
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreStatusesList {
    /// The statuses.
    pub List: *mut *mut objStoreStatus,
    /// The number of elements.
    pub Count: c_int,
}

/// The target of a link.
///
/// @ingroup nats_obj_objects
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreLink {
    /// The store.
    pub Bucket: *const c_char,
    /// The object; NULL for the store as a whole.
    pub Name: *const c_char,
}

/// How an object is stored.
///
/// @ingroup nats_obj_objects
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreMetaOptions {
    /// The target of the link; NULL if the object is not a link.
    pub Link: *mut objStoreLink,
    /// The maximum size of a chunk in bytes; 0 for 131072.
    pub ChunkSize: u32,
}

/// The description of an object by the program. Initialize it with `objStoreMeta_Init`.
///
/// @ingroup nats_obj_objects
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreMeta {
    /// The name: any text.
    pub Name: *const c_char,
    /// A description; NULL for none.
    pub Description: *const c_char,
    /// Headers; NULL for none.
    pub Headers: *mut natsHeader,
    /// Metadata of the program.
    pub Metadata: natsMetadata,
    /// How it is stored.
    pub Opts: objStoreMetaOptions,
}

/// An object as its store describes it.
///
/// @ingroup nats_obj_objects
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreInfo {
    /// The description by the program that stored the object.
    pub Meta: objStoreMeta,
    /// The store.
    pub Bucket: *const c_char,
    /// The unique id of the object's content: the end of the subject of its chunks.
    pub NUID: *const c_char,
    /// The size of the object in bytes.
    pub Size: u64,
    /// The time of the last change, in nanoseconds since the epoch.
    pub ModTime: i64,
    /// The number of chunks.
    pub Chunks: u32,
    /// The digest of the content: `SHA-256=` and base64; NULL for none.
    pub Digest: *const c_char,
    /// Whether the object was deleted.
    pub Deleted: bool,
}

/// Objects, as returned by `objStore_List`. Released with `objStoreInfoList_Destroy`; to keep an element, take it and
/// write NULL in its place.
///
/// @ingroup nats_obj_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreInfoList {
    /// The objects.
    pub List: *mut *mut objStoreInfo,
    /// The number of elements.
    pub Count: c_int,
}

/// The objects that a function takes into account. Initialize it with `objStoreOptions_Init`.
///
/// @ingroup nats_obj_objects
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreOptions {
    /// Whether deleted objects are included.
    pub ShowDeleted: bool,
}

/// Options of a watcher. Initialize it with `objStoreWatchOptions_Init`.
///
/// @ingroup nats_obj_watch
#[repr(C)]
#[derive(Clone, Copy)]
pub struct objStoreWatchOptions {
    /// Whether to leave out deleted objects.
    pub IgnoreDeletes: bool,
    /// Whether to leave out objects that existed before the watcher was created.
    pub UpdatesOnly: bool,
}

plain!(
    objStoreConfig,
    objStoreNamesList,
    objStoreStatus,
    objStoreStatusesList,
    objStoreLink,
    objStoreMetaOptions,
    objStoreMeta,
    objStoreInfo,
    objStoreInfoList,
    objStoreOptions,
    objStoreWatchOptions,
);

/// Callback that reports each chunk of a put or a get. An addition of this library.
///
/// Called on the thread that stores or reads, during its call, with no lock held. `name` is the name of the object,
/// `bytes` the number of bytes that were sent or read so far, and `total` the size of the object, 0 if it is not
/// known (when an object is stored in pieces). The callback may call any function.
///
/// @ingroup nats_obj_objects
pub type objStoreProgressHandler =
    Option<unsafe extern "C" fn(name: *const c_char, bytes: u64, total: u64, closure: *mut c_void)>;

/// Initialize the configuration of a store.
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
/// @ingroup nats_obj_buckets
///
/// # Safety
/// `cfg` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreConfig_Init(cfg: *mut objStoreConfig) -> natsStatus {
    guard("objStoreConfig_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(cfg, "cfg") }
    })
}

/// Initialize the description of an object.
///
/// Fills the structure with zeros.
///
/// @param meta The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `meta` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_obj_objects
///
/// # Safety
/// `meta` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreMeta_Init(meta: *mut objStoreMeta) -> natsStatus {
    guard("objStoreMeta_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(meta, "meta") }
    })
}

/// Initialize the options for objects.
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
/// @ingroup nats_obj_objects
///
/// # Safety
/// `opts` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreOptions_Init(opts: *mut objStoreOptions) -> natsStatus {
    guard("objStoreOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
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
/// @ingroup nats_obj_watch
///
/// # Safety
/// `opts` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn objStoreWatchOptions_Init(opts: *mut objStoreWatchOptions) -> natsStatus {
    guard("objStoreWatchOptions_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(opts, "opts") }
    })
}

#[cfg(all(target_pointer_width = "64", target_os = "linux"))]
mod layout {
    use std::mem::offset_of;

    use super::*;

    macro_rules! layouts {
        ($($name:ident $size:literal $align:literal { $($field:ident $offset:literal),+ $(,)? })+) => {$(
            const _: () = {
                assert!(size_of::<$name>() == $size);
                assert!(align_of::<$name>() == $align);
                $(assert!(offset_of!($name, $field) == $offset);)+
            };
        )+};
    }

    layouts! {
        objStoreConfig 72 8 { Bucket 0, Description 8, TTL 16, MaxBytes 24, Storage 32, Replicas 36, Placement 40, Compression 48, Metadata 56 }
        objStoreNamesList 16 8 { List 0, Count 8 }
        objStoreStatus 88 8 { Bucket 0, Description 8, TTL 16, Storage 24, Replicas 28, Sealed 32, Size 40, BackingStore 48, Metadata 56, StreamInfo 72, IsCompressed 80 }
        objStoreStatusesList 16 8 { List 0, Count 8 }
        objStoreLink 16 8 { Bucket 0, Name 8 }
        objStoreMetaOptions 16 8 { Link 0, ChunkSize 8 }
        objStoreMeta 56 8 { Name 0, Description 8, Headers 16, Metadata 24, Opts 40 }
        objStoreInfo 112 8 { Meta 0, Bucket 56, NUID 64, Size 72, ModTime 80, Chunks 88, Digest 96, Deleted 104 }
        objStoreInfoList 16 8 { List 0, Count 8 }
        objStoreOptions 1 1 { ShowDeleted 0 }
        objStoreWatchOptions 2 1 { IgnoreDeletes 0, UpdatesOnly 1 }
    }
}
