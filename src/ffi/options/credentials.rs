//! Credentials: NKeys, and JWTs.

use std::ffi::{CStr, OsStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use zeroize::Zeroize;

use super::{edit, set};
use crate::error::{Error, Result, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::{natsSignatureHandler, natsStatusArg, natsUserJWTHandler};
use crate::net::auth::{JwtHandler, SignatureHandler};
use crate::secret::Secret;

/// Set callbacks that supply the user's JWT and sign the server's nonce.
///
/// Both are called for each attempt to connect. A JWT consists of three parts of base64url with
/// dots between them, on one line; blanks around it are ignored. Anything else, and an NKey seed in
/// place of the JWT or of the signature, fails the attempt with `NATS_INVALID_ARG` and is not sent.
/// Replaces credentials from files or memory, and an NKey.
///
/// @param opts The options.
/// @param ujwtCB The callback that supplies the JWT; NULL together with `sigCB` removes JWT
/// credentials of every kind.
/// @param ujwtClosure The last argument of `ujwtCB`. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
/// @param sigCB The callback that signs; not called if there is no JWT.
/// @param sigClosure The last argument of `sigCB`. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or only one of the callbacks is NULL.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_auth
///
/// # Safety
/// `opts` is NULL or a handle of this library; the functions may be called with their closures on
/// any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetUserCredentialsCallbacks(
    opts: *mut natsOptions,
    ujwtCB: natsUserJWTHandler,
    ujwtClosure: *mut c_void,
    sigCB: natsSignatureHandler,
    sigClosure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetUserCredentialsCallbacks", || {
        let jwt = jwt_handler(ujwtCB, ujwtClosure);
        let sign = signature_handler(sigCB, sigClosure);
        let handlers = match (jwt, sign) {
            (Some(jwt), Some(sign)) => Some((jwt, sign)),
            (None, None) => None,
            _ => return Err(Error::invalid_arg("both callbacks are needed, or none")),
        };
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.sign_in.set_handlers(handlers)) }
    })
}

/// Set the files with the user's JWT and with the seed of the user's key.
///
/// The files are read for each attempt to connect and not before, so that a replaced file takes
/// effect with the next attempt. The seed is wiped from memory as soon as it has signed. Each file
/// must be a regular file of at most 1 MiB. If a file cannot be read, or does not hold what it
/// should, the attempt fails with `NATS_ERR` and a text that names the file, the block and the
/// fault.
///
/// In a file the JWT is the line between two lines decorated with dashes (`-----BEGIN NATS USER
/// JWT-----`), and the seed is the line between two others (`-----BEGIN USER NKEY SEED-----`). If
/// the first lines of the blocks say neither `JWT` nor `SEED`, the first block is the JWT and the
/// second the seed. A file without such lines is a bare JWT, or has the seed on a line that begins
/// with `SU`. The JWT must have the form of one: three parts of base64url with dots between them,
/// on one line. A seed in its place is never sent. Replaces other JWT credentials and an NKey.
///
/// @param opts The options.
/// @param userOrChainedFile The path of a file with the JWT, and with the seed if there is no other
/// file; copied. NULL or empty, together with `seedFile`, removes JWT credentials of every kind.
/// @param seedFile The path of a file with the seed; NULL or empty if the first file has it.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or there is a seed file without the
/// other file.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_SetUserCredentialsFromFiles(opts, "/etc/app/user.creds", NULL);
/// ```
///
/// @see natsOptions_SetUserCredentialsFromMemory
///
/// @ingroup nats_auth
///
/// # Safety
/// `opts` is NULL or a handle of this library, the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetUserCredentialsFromFiles(
    opts: *mut natsOptions,
    userOrChainedFile: *const c_char,
    seedFile: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetUserCredentialsFromFiles", || {
        // SAFETY: the caller's contract, above.
        let (user, seed) = unsafe { (path(userOrChainedFile), path(seedFile)) };
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.sign_in.set_files(user, seed)) }
    })
}

/// Set the user's JWT and seed as the text of a credentials file.
///
/// The blocks have the form that `natsOptions_SetUserCredentialsFromFiles` describes. The library's
/// copy is wiped when the options and all connections made with them are gone. Replaces other JWT
/// credentials and an NKey. The text is looked at when connecting: an attempt fails with
/// `NATS_NOT_FOUND` if it has no JWT or no seed, and with `NATS_INVALID_ARG` if one of them is not
/// valid.
///
/// @param opts The options.
/// @param jwtAndSeedContent The text, which is copied; NULL removes JWT credentials of every kind.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_auth
///
/// # Safety
/// `opts` is NULL or a handle of this library, `jwtAndSeedContent` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetUserCredentialsFromMemory(
    opts: *mut natsOptions,
    jwtAndSeedContent: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetUserCredentialsFromMemory", || {
        // SAFETY: the caller's contract, above.
        let content = unsafe { convert::bytes(jwtAndSeedContent) };
        // SAFETY: likewise.
        unsafe { set(opts, |o| o.sign_in.set_memory(content)) }
    })
}

/// Set an NKey and a callback that signs the server's nonce with it.
///
/// The callback is called for each attempt to connect, except to servers whose URL has a user or a
/// token. If it returns a seed in place of a signature, the seed is not sent and the attempt fails
/// with `NATS_INVALID_ARG`. A key replaces JWT credentials; removing the key leaves them.
///
/// @param opts The options.
/// @param pubKey The public key, `U...`, which is copied; NULL or empty removes the NKey.
/// @param sigCB The callback that signs.
/// @param sigClosure The last argument of the callback. It must stay valid until
/// connections made with these options make no more callbacks (`natsOptions_SetReleasedCB`).
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the key is not UTF-8, is a seed
/// (begins with `S`), or has no callback.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetNKeyFromSeed
///
/// @ingroup nats_auth
///
/// # Safety
/// `opts` is NULL or a handle of this library, `pubKey` is NULL or a string; `sigCB` may be called
/// with `sigClosure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetNKey(
    opts: *mut natsOptions,
    pubKey: *const c_char,
    sigCB: natsSignatureHandler,
    sigClosure: *mut c_void,
) -> natsStatus {
    guard("natsOptions_SetNKey", || {
        // SAFETY: the caller's contract, above.
        let key = match unsafe { public_key(pubKey) }? {
            None => None,
            Some(public) => match signature_handler(sigCB, sigClosure) {
                Some(sign) => Some((public, sign)),
                None => return Err(Error::invalid_arg("a key needs a callback that signs")),
            },
        };
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.sign_in.set_nkey(key)) }
    })
}

/// Set an NKey and the file with its seed.
///
/// The file is read for each attempt to connect and not before, with the rules of
/// `natsOptions_SetUserCredentialsFromFiles`. A key replaces JWT credentials; removing the key
/// leaves them.
///
/// @param opts The options.
/// @param pubKey The public key, `U...`, which is copied; NULL or empty removes the NKey.
/// @param seedFile The path of the file, which is copied.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the key is not UTF-8, is a seed
/// (begins with `S`), or has no file.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_SetNKeyFromSeed(opts, getenv("NATS_NKEY"), "/etc/app/user.nk");
/// ```
///
/// @see natsOptions_SetNKey
///
/// @ingroup nats_auth
///
/// # Safety
/// `opts` is NULL or a handle of this library, the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetNKeyFromSeed(
    opts: *mut natsOptions,
    pubKey: *const c_char,
    seedFile: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetNKeyFromSeed", || {
        // SAFETY: the caller's contract, above.
        let (public, file) = unsafe { (public_key(pubKey)?, path(seedFile)) };
        let key = match (public, file) {
            (None, _) => None,
            (Some(public), Some(file)) => Some((public, file.to_owned())),
            (Some(_), None) => return Err(Error::invalid_arg("a key needs a seed file")),
        };
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.sign_in.set_nkey_seed_file(key)) }
    })
}

/// A public key; `None` for NULL and for an empty one.
///
/// # Safety
/// `key` is NULL or a string.
unsafe fn public_key(key: *const c_char) -> Result<Option<String>> {
    // SAFETY: the contract above.
    let key = unsafe { convert::text(key, "pubKey") }?;
    Ok(key.filter(|key| !key.is_empty()).map(str::to_owned))
}

/// A path, of any bytes; `None` for NULL and for an empty one.
///
/// # Safety
/// `path` is NULL or a string that does not change during `'a`.
unsafe fn path<'a>(path: *const c_char) -> Option<&'a Path> {
    // SAFETY: the contract above.
    unsafe { convert::bytes(path) }
        .filter(|path| !path.is_empty())
        .map(|path| Path::new(OsStr::from_bytes(path)))
}

/// Memory that the program's callback allocated with `malloc`; wiped and freed when dropped.
pub(super) struct Malloced<T>(pub(super) *mut T);

impl<T> Malloced<T> {
    pub(super) const fn none() -> Self {
        Malloced(ptr::null_mut())
    }
}

impl<T> Drop for Malloced<T> {
    fn drop(&mut self) {
        if self.0.is_null() {
            return;
        }
        // SAFETY: memory from malloc that belongs to the library, as the types of the functions
        // ask, all of which may be written to; only here is it freed.
        unsafe {
            let len = libc::malloc_usable_size(self.0.cast());
            std::slice::from_raw_parts_mut(self.0.cast::<MaybeUninit<u8>>(), len).zeroize();
            libc::free(self.0.cast());
        }
    }
}

impl Malloced<c_char> {
    pub(super) fn text(&self) -> Option<&CStr> {
        // SAFETY: NULL or a string, as the types of the functions ask, that lives as long as this.
        (!self.0.is_null()).then(|| unsafe { CStr::from_ptr(self.0) })
    }
}

/// The meaning of a callback's status and text.
pub(super) fn outcome(status: natsStatusArg, words: &Malloced<c_char>) -> Result<()> {
    status.outcome().map_err(|status| match words.text() {
        Some(text) if !text.is_empty() => Error::new(status, text.to_string_lossy().into_owned()),
        _ => status.into(),
    })
}

fn jwt_handler(function: natsUserJWTHandler, closure: *mut c_void) -> Option<JwtHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move || {
        let (function, closure) = callback.parts();
        let (mut jwt, mut words) = (Malloced::none(), Malloced::none());
        // SAFETY: the program's function, with live locals and the closure it gave for it.
        let status = unsafe { function.call((&raw mut jwt.0, &raw mut words.0, closure)) };
        outcome(status, &words)?;
        let text = |jwt: &CStr| jwt.to_str().map(Secret::from);
        let jwt = jwt.text().map(text).transpose();
        jwt.map_err(|_| Error::invalid_arg("the user's JWT must be UTF-8"))
    }))
}

fn signature_handler(
    function: natsSignatureHandler,
    closure: *mut c_void,
) -> Option<SignatureHandler> {
    let callback = Callback::new(function, closure)?;
    Some(Arc::new(move |nonce: &CStr| {
        let (function, closure) = callback.parts();
        let (mut words, mut signature, mut len) = (Malloced::none(), Malloced::none(), 0);
        // SAFETY: the program's function, with live locals and the closure it gave for it.
        let status = unsafe {
            let out = &raw mut signature.0;
            function.call((&raw mut words.0, out, &raw mut len, nonce.as_ptr(), closure))
        };
        outcome(status, &words)?;
        // SAFETY: NULL, or as many bytes as the function says, which live as long as `signature`.
        let bytes =
            unsafe { convert::payload(signature.0.cast_const().cast(), len) }.map_err(|_| {
                Error::new(
                    Status::NATS_ERR,
                    "the signature callback returned no signature",
                )
            })?;
        Ok(bytes.to_vec())
    }))
}
