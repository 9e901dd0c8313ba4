//! Codecs: keys and values that have another form in the bucket than in the program.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use crate::client::in_program;
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::required;
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow_arc, kvStore, new_store};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::plain::{plain, zero};
use crate::ffi::types::natsStatusArg;
use crate::js;
use crate::kv::codec::{Base64, Path};
use crate::kv::{Codecs, KeyCodec, ValueCodec};
use crate::words::shown;

/// The kind of a `kvCodec`. An addition of this library: nats.c does not have it.
///
/// @ingroup nats_kv_codecs
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum kvCodecKind {
    /// A codec of the program, whose functions are in the structure.
    kvCodec_Custom = 0,
    /// Base64 with the alphabet for URLs and without padding; each token of a key is encoded on its own. For keys and
    /// values. Keys may then contain any character except NUL.
    kvCodec_Base64,
    /// Paths: the key `/a/b` is stored as `_root_.a.b`, and `a/b` as `a.b`. A `/` at the end of a key is dropped; a key
    /// with a dot is refused. Only for keys.
    kvCodec_Path,
}

/// A `kvCodecKind` as C passes it: any number.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct kvCodecKindArg(pub c_int);

/// Callback that encodes or decodes a key, a value or a pattern of keys. An addition of this library: nats.c does not have
/// it.
///
/// Runs on the thread that calls the library or, for the entries of a watcher, on a thread of the library. Several
/// threads may call it at the same time. It may block.
///
/// @param out Receives the result: memory from `malloc`, which the library releases. NULL for an empty result.
/// @param outLen Receives the number of bytes of the result. No NUL is needed at its end.
/// @param in The bytes to encode or decode, followed by a NUL.
/// @param inLen The number of bytes in `in`.
/// @param closure The pointer in the codec.
///
/// @return `NATS_OK`; any other status becomes the result of the function that needed the codec.
///
/// @ingroup nats_kv_codecs
pub type kvCodecCb = Option<
    unsafe extern "C" fn(
        out: *mut *mut c_void,
        outLen: *mut c_int,
        r#in: *const c_void,
        inLen: c_int,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Callback for the end of the use of a codec. An addition of this library: nats.c does not have it.
///
/// Called once, when the last object that uses the codec is released: on the thread that has destroyed it, or on a
/// thread of the library.
///
/// @param closure The pointer in the codec.
///
/// @ingroup nats_kv_codecs
pub type kvCodecReleaseCb = Option<unsafe extern "C" fn(closure: *mut c_void)>;

/// The form of keys or values in a bucket. An addition of this library: nats.c does not have it.
///
/// Fill it with zeros before its fields are set, or use `kvCodecs_Init` for the structure that points at it. The
/// other fields are ignored unless `Kind` is `kvCodec_Custom`.
///
/// @ingroup nats_kv_codecs
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvCodec {
    /// Which codec it is.
    pub Kind: kvCodecKindArg,
    /// Encodes a key or value of the program into the stored form. The result for a key must be a valid key of a
    /// bucket, and always the same for the same key.
    pub Encode: kvCodecCb,
    /// Decodes the stored form into the key or value of the program.
    pub Decode: kvCodecCb,
    /// Encodes a pattern of keys, which contains `*` or `>`, into a pattern of stored keys. NULL if wildcards have no
    /// meaning in stored keys; then patterns other than `>` are refused. Ignored for values.
    pub EncodeFilter: kvCodecCb,
    /// Called when the codec is not used any more; may be NULL.
    pub Release: kvCodecReleaseCb,
    /// The last argument of the callbacks; may be NULL.
    pub Closure: *mut c_void,
}

/// The codecs of a bucket's handle. An addition of this library: nats.c does not have it.
///
/// Several codecs are a chain: they encode in their order and decode in the reverse order.
///
/// @ingroup nats_kv_codecs
#[repr(C)]
#[derive(Clone, Copy)]
pub struct kvCodecs {
    /// The codecs of keys.
    pub Keys: *const kvCodec,
    /// The number of codecs of keys; 0 to store keys unchanged.
    pub KeysLen: c_int,
    /// The codecs of values.
    pub Values: *const kvCodec,
    /// The number of codecs of values; 0 to store values unchanged.
    pub ValuesLen: c_int,
}

plain!(kvCodec, kvCodecs);

type CodecFn = unsafe extern "C" fn(
    *mut *mut c_void,
    *mut c_int,
    *const c_void,
    c_int,
    *mut c_void,
) -> natsStatusArg;

/// What the program's function has made, from `malloc`.
struct Output(*mut c_void);

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: NULL or from malloc and not freed before, as the type of the function asks.
        unsafe { libc::free(self.0) };
    }
}

/// What tells the program that its codec is used no more.
struct Release(Option<Callback<unsafe extern "C" fn(*mut c_void)>>);

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(callback) = self.0.take() {
            let (function, closure) = callback.parts();
            // SAFETY: the program gave the function for this, to be called with its closure once.
            unsafe { in_program(|| function.call((closure,))) };
        }
    }
}

/// A codec of the program.
struct Custom {
    encode: Callback<CodecFn>,
    decode: Callback<CodecFn>,
    encode_filter: Option<Callback<CodecFn>>,
    _release: Release,
}

/// Calls a function of the program's codec. `what` is what it does, for the error.
fn call(callback: &Callback<CodecFn>, input: &[u8], what: &str) -> Result<Vec<u8>> {
    let (function, closure) = callback.parts();
    let len = c_int::try_from(input.len())
        .map_err(|_| Error::invalid_arg(format!("{} bytes are too many", input.len())))?;
    let input = [input, b"\0"].concat();
    let mut out = Output(ptr::null_mut());
    let mut out_len: c_int = 0;
    // SAFETY: the program's function, with live locals, as many bytes as are said, and the closure it gave for it.
    let status = in_program(|| unsafe {
        function.call((
            &raw mut out.0,
            &raw mut out_len,
            input.as_ptr().cast::<c_void>(),
            len,
            closure,
        ))
    });
    status.outcome().map_err(|status| {
        let text = format!("the codec could not {what}: {}", status.text());
        Error::new(status, text)
    })?;
    match usize::try_from(out_len) {
        Ok(0) => Ok(Vec::new()),
        Ok(len) if !out.0.is_null() => {
            // SAFETY: not NULL, and of so many bytes, as the type of the function asks.
            Ok(unsafe { std::slice::from_raw_parts(out.0.cast::<u8>(), len) }.to_vec())
        }
        _ => {
            let text = format!("the codec has no result of {out_len} bytes");
            Err(Error::new(Status::NATS_ERR, text))
        }
    }
}

fn call_for_text(callback: &Callback<CodecFn>, input: &str, what: &str) -> Result<String> {
    let what = format!("{what} '{}'", shown(input.as_bytes()));
    String::from_utf8(call(callback, input.as_bytes(), &what)?).map_err(|e| {
        let result = shown(e.as_bytes());
        Error::invalid_arg(format!("invalid key: the codec has made '{result}'"))
    })
}

impl KeyCodec for Custom {
    fn encode(&self, key: &str) -> Result<String> {
        call_for_text(&self.encode, key, "encode the key")
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let what = format!("decode the key '{}'", shown(stored));
        call(&self.decode, stored, &what)
    }

    fn encode_filter(&self, pattern: &str) -> Result<Option<String>> {
        self.encode_filter
            .as_ref()
            .map(|filter| call_for_text(filter, pattern, "encode the pattern"))
            .transpose()
    }
}

impl ValueCodec for Custom {
    fn encode(&self, value: &[u8]) -> Result<Vec<u8>> {
        call(&self.encode, value, "encode a value")
    }

    fn decode(&self, stored: &[u8]) -> Result<Vec<u8>> {
        call(&self.decode, stored, "decode a value")
    }
}

/// What can be wrong with a codec.
fn check(codec: &kvCodec, of_keys: bool) -> Result<()> {
    let is = |kind: kvCodecKind| codec.Kind.0 == kind as c_int;
    if is(kvCodecKind::kvCodec_Custom) {
        if codec.Encode.is_none() || codec.Decode.is_none() {
            return Err(Error::invalid_arg("a codec needs Encode and Decode"));
        }
        return Ok(());
    }
    if is(kvCodecKind::kvCodec_Base64) || (of_keys && is(kvCodecKind::kvCodec_Path)) {
        return Ok(());
    }
    let text = match is(kvCodecKind::kvCodec_Path) {
        true => "kvCodec_Path is not a codec for values".to_owned(),
        false => format!("invalid kind of a codec: {}", codec.Kind.0),
    };
    Err(Error::invalid_arg(text))
}

/// A codec of the program that was checked.
fn custom(codec: &kvCodec) -> Result<Custom> {
    let pair = |function| Callback::new(function, codec.Closure);
    let missing = || Error::invalid_arg("a codec needs Encode and Decode");
    Ok(Custom {
        encode: pair(codec.Encode).ok_or_else(missing)?,
        decode: pair(codec.Decode).ok_or_else(missing)?,
        encode_filter: pair(codec.EncodeFilter),
        _release: Release(Callback::new(codec.Release, codec.Closure)),
    })
}

/// The codecs that the program has given. All are checked before the first one is taken: none is released where one
/// is wrong.
///
/// # Safety
/// The arrays are NULL or have as many codecs as are said, whose functions may be called with the closure on any thread.
unsafe fn codecs_from_c(codecs: &kvCodecs) -> Result<Codecs> {
    // SAFETY: the contract above.
    let (keys, values) = unsafe {
        (
            given::array(codecs.Keys, codecs.KeysLen, "codecs of keys")?,
            given::array(codecs.Values, codecs.ValuesLen, "codecs of values")?,
        )
    };
    keys.iter().try_for_each(|codec| check(codec, true))?;
    values.iter().try_for_each(|codec| check(codec, false))?;
    let is = |codec: &kvCodec, kind: kvCodecKind| codec.Kind.0 == kind as c_int;
    let key = |codec: &kvCodec| -> Result<Arc<dyn KeyCodec>> {
        Ok(match codec {
            c if is(c, kvCodecKind::kvCodec_Base64) => Arc::new(Base64),
            c if is(c, kvCodecKind::kvCodec_Path) => Arc::new(Path),
            c => Arc::new(custom(c)?),
        })
    };
    let value = |codec: &kvCodec| -> Result<Arc<dyn ValueCodec>> {
        Ok(match codec {
            c if is(c, kvCodecKind::kvCodec_Base64) => Arc::new(Base64),
            c => Arc::new(custom(c)?),
        })
    };
    Ok(Codecs {
        keys: keys.iter().map(key).collect::<Result<_>>()?,
        values: values.iter().map(value).collect::<Result<_>>()?,
    })
}

/// Initialize the codecs of a bucket's handle.
///
/// Fills the structure with zeros: keys and values are stored as they are.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param codecs The structure; its former content is ignored.
///
/// @retval NATS_OK The structure was filled.
/// @retval NATS_INVALID_ARG `codecs` is NULL.
///
/// @par Threads
/// One thread at a time may use the structure.
///
/// @ingroup nats_kv_codecs
///
/// # Safety
/// `codecs` is NULL or valid for writing a `kvCodecs`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvCodecs_Init(codecs: *mut kvCodecs) -> natsStatus {
    guard("kvCodecs_Init", || {
        // SAFETY: the caller's contract, above.
        unsafe { zero(codecs, "codecs") }
    })
}

/// Create a handle of a bucket that encodes and decodes keys and values.
///
/// All functions on the new handle, and on watchers and entries created with it, use keys and values in the form of
/// the program, while the bucket stores them encoded. Markers of deleted keys have no value to encode or decode. A
/// key is valid if its encoded form is. If `kv` has codecs, they stay in effect: the new ones encode before them.
/// Source: ADR-54.
///
/// If a key or value of another client cannot be decoded, the function that reads it fails. A watcher reports the
/// error and continues.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param new_kv Receives the handle, to be released with `kvStore_Destroy`. Written only with `NATS_OK`.
/// @param kv The bucket. It is not changed, and may be destroyed before or after the new handle.
/// @param codecs The codecs. The structure is read during the call only; closures must stay valid until `Release` is
/// called or, without it, until the handle and its watchers were destroyed and their callbacks have returned.
///
/// @retval NATS_OK The handle can be used.
/// @retval NATS_INVALID_ARG `new_kv` or `codecs` is NULL, `kv` is NULL or was destroyed, a number of codecs is
/// negative, or a codec has an unknown kind, has no functions, or cannot encode values. `Release` is not called then.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// kvCodec path, base64;
/// kvCodecs codecs;
/// kvStore *kv = NULL, *files = NULL;
/// jsCtx *js = NULL;
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// memset(&path, 0, sizeof(path));
/// path.Kind = kvCodec_Path;
/// memset(&base64, 0, sizeof(base64));
/// base64.Kind = kvCodec_Base64;
/// kvCodecs_Init(&codecs);
/// codecs.Keys = &path;
/// codecs.KeysLen = 1;
/// codecs.Values = &base64;
/// codecs.ValuesLen = 1;
/// if (s == NATS_OK) s = js_KeyValue(&kv, js, "files");
/// if (s == NATS_OK) s = kvStore_WithCodecs(&files, kv, &codecs);
/// if (s == NATS_OK) s = kvStore_PutString(NULL, files, "/etc/motd", "Welcome");
/// kvStore_Destroy(files);
/// kvStore_Destroy(kv);
/// jsCtx_Destroy(js);
/// ```
///
/// @see js_KeyValue
///
/// @ingroup nats_kv_codecs
///
/// # Safety
/// `new_kv` is NULL or valid for writing; `kv` is NULL or a handle of this library; `codecs` is NULL or valid, its arrays
/// have as many codecs as are said, and their functions may be called with the closures on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_WithCodecs(
    new_kv: *mut *mut kvStore,
    kv: *mut kvStore,
    codecs: *const kvCodecs,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        required(new_kv, "new_kv")?;
        let store = borrow_arc(kv)?;
        let codecs = codecs.as_ref();
        let codecs = codecs.ok_or_else(|| Error::invalid_arg("codecs cannot be NULL"))?;
        new_kv.write(new_store(store.with_codecs(codecs_from_c(codecs)?)));
        js::Result::Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_WithCodecs", ptr::null_mut(), body) }
}
