//! The structures of object stores, from C to the core and back.

use std::ptr;

use super::types::*;
use crate::error::{Error, Result};
use crate::ffi::convert::malloc_string;
use crate::ffi::header;
use crate::ffi::jetstream::enums::jsStorageTypeArg;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::memory::{
    Made, Release, clamped, free_metadata, free_pointers, free_text, free_texts, metadata,
    optional, pointers, text, texts,
};
use crate::ffi::jetstream::plain::Plain;
use crate::ffi::jetstream::stream_config::convert::placement_from_c;
use crate::ffi::jetstream::stream_info::convert::to_c as stream_to_c;
use crate::ffi::types::natsMetadata;
use crate::js::api::{Compression, StreamInfo};
use crate::obj::change::NewMeta;
use crate::obj::meta::Headers;
use crate::obj::{Config, Description, Info, Link, names};
use crate::proto::headers::HeaderMap;

const NANOS: i64 = 1_000_000;

/// # Safety
/// `cfg` is NULL or a configuration whose pointers are NULL or point at what the fields say.
pub(super) unsafe fn config(cfg: *const objStoreConfig) -> Result<Config> {
    // SAFETY: the contract above.
    let cfg = unsafe { cfg.as_ref() }.ok_or(Error::invalid_arg("cfg cannot be NULL"))?;
    // SAFETY: likewise.
    unsafe {
        Ok(Config {
            bucket: given::string(cfg.Bucket, "Bucket")?,
            description: given::string(cfg.Description, "Description")?,
            max_age: cfg.TTL.saturating_mul(NANOS),
            max_bytes: cfg.MaxBytes,
            storage: cfg.Storage.get(None)?,
            replicas: cfg.Replicas.into(),
            placement: placement_from_c(cfg.Placement, None)?,
            compression: cfg.Compression,
            metadata: given::metadata(&cfg.Metadata)?,
        })
    }
}

/// # Safety
/// `headers` is NULL or from `natsHeader_New`, and nobody changes it meanwhile.
unsafe fn headers(headers: *const header::natsHeader) -> Result<Headers> {
    // SAFETY: the contract above.
    let Some(map) = (unsafe { header::map_of(headers) }) else {
        return Ok(Headers::default());
    };
    let utf8 = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::invalid_arg("Headers must be UTF-8")),
    };
    let mut all = Headers::default();
    for key in map.keys() {
        let values = map.values(key.as_bytes()).unwrap_or_default();
        let value = |v: &Option<crate::proto::headers::ZString>| match v {
            Some(v) => utf8(v.as_bytes()),
            None => Ok(String::new()),
        };
        let values = values.iter().map(value).collect::<Result<_>>()?;
        all.0.insert(utf8(key.as_bytes())?, values);
    }
    Ok(all)
}

/// # Safety
/// As for [`description`].
pub(super) unsafe fn new_meta(meta: &objStoreMeta) -> Result<NewMeta> {
    // SAFETY: the contract above.
    unsafe {
        Ok(NewMeta {
            name: given::string(meta.Name, "Name")?,
            description: given::string(meta.Description, "Description")?,
            headers: headers(meta.Headers)?,
            metadata: given::metadata(&meta.Metadata)?,
        })
    }
}

/// # Safety
/// The pointers of `meta` are NULL or point at what the fields say.
pub(super) unsafe fn description(meta: &objStoreMeta) -> Result<Description> {
    if !meta.Opts.Link.is_null() {
        let text = "link cannot be set when putting the object in bucket";
        return Err(Error::invalid_arg(text));
    }
    // SAFETY: the contract above.
    let new = unsafe { new_meta(meta) }?;
    Ok(Description {
        name: new.name,
        description: new.description,
        headers: new.headers,
        metadata: new.metadata,
        chunk_size: meta.Opts.ChunkSize,
        expected: 0,
    })
}

/// The object that an info of the program's describes, as far as links need it.
///
/// # Safety
/// The pointers of `info` are NULL or point at what the fields say.
pub(super) unsafe fn target(info: &objStoreInfo) -> Result<Info> {
    // SAFETY: the contract above.
    unsafe {
        let mut target = Info {
            name: given::string(info.Meta.Name, "Name")?,
            bucket: given::string(info.Bucket, "Bucket")?,
            deleted: info.Deleted,
            ..Info::default()
        };
        if !info.Meta.Opts.Link.is_null() {
            target.options.link = Some(Link::default());
        }
        Ok(target)
    }
}

pub(super) fn info_to_c(info: &Info) -> Result<Made<objStoreInfo>> {
    let mut c = Made::<objStoreInfo>::zeroed()?;
    c.Meta.Name = text(&info.name)?;
    c.Meta.Description = text(&info.description)?;
    if !info.headers.0.is_empty() {
        let mut map = HeaderMap::new();
        for (name, values) in &info.headers.0 {
            for value in values {
                map.add(name.as_bytes(), Some(value.as_bytes()));
            }
        }
        c.Meta.Headers = header::made_of(map);
    }
    c.Meta.Metadata = metadata(&info.metadata)?;
    c.Meta.Opts.ChunkSize = u32::try_from(info.options.chunk_size).unwrap_or(u32::MAX);
    c.Meta.Opts.Link = optional(info.options.link.as_ref(), link_to_c)?;
    c.Bucket = text(&info.bucket)?;
    c.NUID = text(&info.nuid)?;
    c.Size = info.size;
    c.ModTime = info.mod_time;
    c.Chunks = u32::try_from(info.chunks).unwrap_or(u32::MAX);
    c.Digest = text(&info.digest)?;
    c.Deleted = info.deleted;
    Ok(c)
}

fn link_to_c(link: &Link) -> Result<Made<objStoreLink>> {
    let mut c = Made::<objStoreLink>::zeroed()?;
    c.Bucket = text(&link.bucket)?;
    c.Name = text(&link.name)?;
    Ok(c)
}

pub(super) fn list_to_c(infos: &[Info]) -> Result<Made<objStoreInfoList>> {
    let mut c = Made::<objStoreInfoList>::zeroed()?;
    (c.List, c.Count) = pointers(infos.iter(), info_to_c)?;
    Ok(c)
}

pub(super) fn names_to_c(names: &[String]) -> Result<Made<objStoreNamesList>> {
    let mut c = Made::<objStoreNamesList>::zeroed()?;
    (c.List, c.Count) = texts(names.iter())?;
    Ok(c)
}

pub(super) fn status_to_c(info: &StreamInfo) -> Result<Made<objStoreStatus>> {
    let mut c = Made::<objStoreStatus>::zeroed()?;
    let name = info.name();
    c.Bucket = text(name.strip_prefix(names::STREAM_PREFIX).unwrap_or(name))?;
    c.BackingStore = malloc_string(b"JetStream")?;
    c.StreamInfo = stream_to_c(info)?.into_raw();
    c.Size = info.state.bytes;
    if let Some(config) = &info.config {
        c.TTL = config.max_age / NANOS;
        c.Storage = jsStorageTypeArg::of(&config.storage);
        c.Replicas = clamped(config.replicas, i32::MIN, i32::MAX);
        c.Sealed = config.sealed;
        c.IsCompressed = config.compression != Compression::None;
        // SAFETY: the info was just made, and has a configuration as the core's has.
        if let Some(config) = unsafe { (*c.StreamInfo).Config.as_ref() } {
            c.Description = config.Description;
            c.Metadata = config.Metadata;
        }
    }
    Ok(c)
}

pub(super) fn statuses_to_c(infos: &[StreamInfo]) -> Result<Made<objStoreStatusesList>> {
    let mut c = Made::<objStoreStatusesList>::zeroed()?;
    (c.List, c.Count) = pointers(infos.iter(), status_to_c)?;
    Ok(c)
}

macro_rules! release {
    ($($name:ident: |$value:ident| $free:block)*) => {$(
        // SAFETY: everything that it frees is its own.
        unsafe impl Release for $name {
            unsafe fn release(&mut self) {
                let $value = self;
                // SAFETY: the contract of the trait.
                unsafe { $free }
            }
        }
    )*};
}

release! {
    objStoreLink: |link| {
        free_text(link.Bucket);
        free_text(link.Name);
    }
    objStoreInfo: |info| {
        free_text(info.Meta.Name);
        free_text(info.Meta.Description);
        header::natsHeader_Destroy(info.Meta.Headers);
        free_metadata(&info.Meta.Metadata);
        crate::ffi::jetstream::memory::destroy(info.Meta.Opts.Link);
        free_text(info.Bucket);
        free_text(info.NUID);
        free_text(info.Digest);
    }
    objStoreInfoList: |list| {
        free_pointers(list.List, list.Count);
    }
    objStoreNamesList: |list| {
        free_texts(list.List.cast(), list.Count);
    }
    objStoreStatus: |status| {
        free_text(status.Bucket);
        free_text(status.BackingStore);
        crate::ffi::jetstream::memory::destroy(status.StreamInfo);
        status.Description = ptr::null();
        status.Metadata = natsMetadata { List: ptr::null_mut(), Count: 0 };
    }
    objStoreStatusesList: |list| {
        free_pointers(list.List, list.Count);
    }
}

const _: fn() = || {
    fn is_plain<T: Plain>() {}
    is_plain::<objStoreInfo>();
};
