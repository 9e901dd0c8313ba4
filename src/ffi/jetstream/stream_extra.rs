//! What `jsStreamConfig` has no place for: settings of sources and mirrors.

use std::ffi::{c_char, c_int};

use super::call::guard_answer;
use super::err_code::jsErrCodeArg;
use super::given;
use super::memory::{self, Made, Release, free_text, free_values, text, values};
use super::options::jsOptions;
use super::plain::{plain, zero};
use super::stream_config::convert::{source_from_c, transform_from_c, transform_to_c};
use super::stream_config::{jsStreamConfig, jsStreamSource, jsSubjectTransformConfig};
use super::stream_info::convert::to_c;
use super::stream_info::jsStreamInfo;
use super::streams::config;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::required;
use crate::ffi::guard::{guard, guard_void};
use crate::ffi::handle::jsCtx;
use crate::js;
use crate::js::api::{SourceConsumer, StreamConfig, StreamSource};

/// Settings that `jsStreamSource` has no fields for. An addition of this library: nats.c does not
/// have it.
///
/// Initialize it with `jsSourceExtra_Init`. It is copied and remains the program's.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsSourceExtra {
    /// The subjects to copy and the subjects that they are changed to. Not together with `FilterSubject` of the
    /// source.
    pub SubjectTransforms: *mut jsSubjectTransformConfig,
    /// The number of transforms.
    pub SubjectTransformsLen: c_int,
    /// The name of an existing consumer to use; NULL for one that the server creates. Servers from 2.14.
    pub ConsumerName: *const c_char,
    /// The subject that this consumer delivers to.
    pub ConsumerDeliverSubject: *const c_char,
}

/// Settings that `jsStreamConfig` has no fields for. An addition of this library: nats.c does not
/// have it.
///
/// Initialize it with `jsStreamExtra_Init`.
///
/// @ingroup nats_js_streams
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsStreamExtra {
    /// For `Mirror` of the configuration; NULL for nothing.
    pub Mirror: *mut jsSourceExtra,
    /// For the `Sources` of the configuration, in their order. Elements may be NULL.
    pub Sources: *mut *mut jsSourceExtra,
    /// The number of elements, at most the number of sources of the configuration.
    pub SourcesLen: c_int,
}

plain!(jsSourceExtra, jsStreamExtra);

/// Initialize the settings that the structure of a source has no fields for.
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
/// @ingroup nats_js_streams
///
/// # Safety
/// `extra` is NULL or valid for writing a `jsSourceExtra`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsSourceExtra_Init(extra: *mut jsSourceExtra) -> natsStatus {
    guard("jsSourceExtra_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(extra, "extra") }
    })
}

/// Initialize the settings that the configuration of a stream has no fields for.
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
/// @ingroup nats_js_streams
///
/// # Safety
/// `extra` is NULL or valid for writing a `jsStreamExtra`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamExtra_Init(extra: *mut jsStreamExtra) -> natsStatus {
    guard("jsStreamExtra_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(extra, "extra") }
    })
}

/// Reads a configuration and what it has no place for.
///
/// # Safety
/// `cfg` and `extra` are NULL or structures whose pointers are NULL or point at what their fields say.
unsafe fn config_with(
    cfg: *const jsStreamConfig,
    extra: *const jsStreamExtra,
) -> js::Result<StreamConfig> {
    // SAFETY: the contract above.
    let (mut config, extra) = unsafe { (config(cfg)?, extra.as_ref()) };
    let Some(extra) = extra else {
        return Ok(config);
    };
    // SAFETY: likewise.
    if let Some(extra) = unsafe { extra.Mirror.as_ref() } {
        let mirror = config.mirror.as_mut();
        let mirror = mirror.ok_or_else(|| Error::invalid_arg("the stream has no mirror"))?;
        // SAFETY: likewise.
        unsafe { apply(extra, mirror) }?;
    }
    // SAFETY: likewise.
    let extras = unsafe { given::array(extra.Sources, extra.SourcesLen, "sources") }?;
    if extras.len() > config.sources.len() {
        let (extras, sources) = (extras.len(), config.sources.len());
        let text = format!("settings for {extras} sources, of which the stream has {sources}");
        return Err(Error::invalid_arg(text).into());
    }
    for (extra, source) in extras.iter().zip(&mut config.sources) {
        // SAFETY: likewise.
        unsafe {
            if let Some(extra) = extra.as_ref() {
                apply(extra, source)?;
            }
        }
    }
    Ok(config)
}

/// Puts into a source what its structure has no place for.
///
/// # Safety
/// The pointers of `extra` are NULL or point at what the fields say.
unsafe fn apply(extra: &jsSourceExtra, source: &mut StreamSource) -> Result<()> {
    // SAFETY: the contract above.
    unsafe {
        let transforms = given::array(
            extra.SubjectTransforms,
            extra.SubjectTransformsLen,
            "subject transforms",
        )?;
        let transform = |transform: &jsSubjectTransformConfig| {
            transform_from_c(transform, None)?
                .ok_or_else(|| Error::invalid_arg("one of the subject transforms is empty"))
        };
        source.subject_transforms = transforms.iter().map(transform).collect::<Result<_>>()?;
        let name = given::string(extra.ConsumerName, "the consumer's name")?;
        let deliver_subject =
            given::string(extra.ConsumerDeliverSubject, "the consumer's subject")?;
        let is_set = !(name.is_empty() && deliver_subject.is_empty());
        source.consumer = is_set.then(|| SourceConsumer {
            name,
            deliver_subject,
            ..Default::default()
        });
    }
    Ok(())
}

/// Create a stream with settings that `jsStreamConfig` has no fields for.
///
/// As `js_AddStream` otherwise.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param si Receives the configuration and state of the stream, to be released with
/// `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param cfg The configuration. Read during the call only.
/// @param extra The settings that `cfg` has no fields for; NULL for none. Read during the call
/// only.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The stream exists.
/// @retval NATS_INVALID_ARG As for `js_AddStream`; or `extra` has settings for a mirror or for sources that the
/// configuration does not have, or an empty transform.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in
/// `errCode`. Or the answer is not JSON.
/// @retval NATS_NO_SERVER_SUPPORT As for `js_AddStream`. Subject transforms of sources need a server of 2.10, and
/// their consumers one of 2.14.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @par Example
/// ```c
/// jsSubjectTransformConfig transform = {"orders.*", "all.orders.{{wildcard(1)}}"};
/// jsSourceExtra sourceExtra, *extras[] = {&sourceExtra};
/// jsStreamSource source, *sources[] = {&source};
/// jsStreamExtra extra;
/// jsStreamConfig cfg;
///
/// jsStreamConfig_Init(&cfg);
/// jsStreamSource_Init(&source);
/// jsSourceExtra_Init(&sourceExtra);
/// jsStreamExtra_Init(&extra);
/// source.Name = "ORDERS";
/// cfg.Name = "ALL";
/// cfg.Sources = sources;
/// cfg.SourcesLen = 1;
/// sourceExtra.SubjectTransforms = &transform;
/// sourceExtra.SubjectTransformsLen = 1;
/// extra.Sources = extras;
/// extra.SourcesLen = 1;
/// natsStatus s = js_AddStreamWithExtra(NULL, js, &cfg, &extra, NULL, NULL);
/// ```
///
/// @see js_AddStream, js_UpdateStreamWithExtra
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `cfg` and `extra`
/// are NULL or structures whose pointers are NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_AddStreamWithExtra(
    si: *mut *mut jsStreamInfo,
    js: *mut jsCtx,
    cfg: *mut jsStreamConfig,
    extra: *mut jsStreamExtra,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_AddStreamWithExtra",
            si,
            js,
            opts,
            errCode,
            |call| call.create_stream(&config_with(cfg, extra)?),
            to_c,
        )
    }
}

/// Change the configuration of a stream, with settings that `jsStreamConfig` has no fields for.
///
/// As `js_UpdateStream` otherwise. If `extra` has settings for a source, they replace the previous ones; other
/// sources keep theirs.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param si Receives the configuration and state of the stream, to be released with
/// `jsStreamInfo_Destroy`; NULL if it is not needed. Written only with `NATS_OK`.
/// @param js The context.
/// @param cfg The configuration. Read during the call only.
/// @param extra The settings that `cfg` has no fields for; NULL for none. Read during the call
/// only.
/// @param opts The options of this call; NULL for those of the context. Read during the call only.
/// @param errCode Receives the code of the server's error, or 0 if there is none; NULL if it is not
/// needed.
///
/// @retval NATS_OK The stream has the configuration.
/// @retval NATS_NOT_FOUND The stream does not exist; `errCode` is `JSStreamNotFoundErr`. The last
/// error is cleared.
/// @retval NATS_INVALID_ARG As for `js_AddStreamWithExtra`.
/// @retval NATS_ERR The server refused the request: its text is the last error and its code is in
/// `errCode`. Or the answer is not JSON.
/// @retval NATS_NO_SERVER_SUPPORT As for `js_AddStream`. Subject transforms of sources need a server of 2.10, and
/// their consumers one of 2.14.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled; `errCode` is `JSNotEnabledErr`.
/// @retval NATS_TIMEOUT No answer arrived in time. The server may have carried out the request, or do so later.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is lost, and the reconnect buffer
/// (`natsOptions_SetReconnectBufSize`) is full.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining and sends no requests any more.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see js_UpdateStream, js_AddStreamWithExtra
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `si` is NULL or valid for writing; `js` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings; `errCode` is NULL or valid for writing; `cfg` and `extra`
/// are NULL or structures whose pointers are NULL or point at what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn js_UpdateStreamWithExtra(
    si: *mut *mut jsStreamInfo,
    js: *mut jsCtx,
    cfg: *mut jsStreamConfig,
    extra: *mut jsStreamExtra,
    opts: *mut jsOptions,
    errCode: *mut jsErrCodeArg,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    unsafe {
        guard_answer(
            "js_UpdateStreamWithExtra",
            si,
            js,
            opts,
            errCode,
            |call| call.update_stream(&config_with(cfg, extra)?),
            to_c,
        )
    }
}

/// Get the settings of a source that its structure has no fields for.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param extra Receives the settings, to be released with `jsSourceExtra_Destroy`. Written only with
/// `NATS_OK`.
/// @param source A source or mirror in a configuration that the library returned, or a copy of it.
///
/// @retval NATS_OK `extra` has the settings; all are zero if there are none.
/// @retval NATS_INVALID_ARG `extra` or `source` is NULL, or a string is not UTF-8.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function. No other thread may destroy the configuration during the
/// call.
///
/// @see js_UpdateStreamWithExtra, jsSourceExtra_Destroy
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `extra` is NULL or valid for writing; `source` is NULL or a source whose pointers are NULL or point at what
/// their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsStreamSource_GetExtra(
    extra: *mut *mut jsSourceExtra,
    source: *const jsStreamSource,
) -> natsStatus {
    guard("jsStreamSource_GetExtra", || {
        required(extra, "extra")?;
        required(source.cast_mut(), "source")?;
        // SAFETY: the caller's contract, above; neither is NULL.
        unsafe {
            let source = source_from_c(&*source)?;
            extra.write(extra_to_c(&source)?.into_raw());
        }
        Ok(())
    })
}

/// Destroy the settings of a source.
///
/// Releases them together with their fields.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param extra The settings that `jsStreamSource_GetExtra` returned, not a structure of the
/// program; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, once no other thread uses the object.
///
/// @see jsStreamSource_GetExtra
///
/// @ingroup nats_js_streams
///
/// # Safety
/// `extra` is NULL or from `jsStreamSource_GetExtra`, not destroyed before, and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsSourceExtra_Destroy(extra: *mut jsSourceExtra) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { memory::destroy(extra) });
}

fn extra_to_c(source: &StreamSource) -> Result<Made<jsSourceExtra>> {
    let mut c = Made::<jsSourceExtra>::zeroed()?;
    let transforms = source.subject_transforms.iter();
    (c.SubjectTransforms, c.SubjectTransformsLen) = values(transforms, transform_to_c)?;
    if let Some(consumer) = &source.consumer {
        c.ConsumerName = text(&consumer.name)?;
        c.ConsumerDeliverSubject = text(&consumer.deliver_subject)?;
    }
    Ok(c)
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsSourceExtra {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_values(self.SubjectTransforms, self.SubjectTransformsLen);
            free_text(self.ConsumerName);
            free_text(self.ConsumerDeliverSubject);
        }
    }
}
