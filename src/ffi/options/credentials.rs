//! Proving who the client is: NKeys, and JWTs.

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

/// Sets functions that give the user's JWT and sign the server's nonce.
///
/// Both are called for each attempt to connect. A JWT is three parts of base64url with dots between
/// them, on one line, and blanks around it do not count; anything else, and an NKey seed in place of
/// the JWT or of the signature, fails the attempt with `NATS_INVALID_ARG` and is not sent. Takes the
/// place of credentials from files or memory and of an NKey.
///
/// @param opts the options.
/// @param ujwtCB gives the JWT; NULL, together with `sigCB`, takes JWT credentials of any kind out.
/// @param ujwtClosure what that function gets.
/// @param sigCB signs; not called where there is no JWT.
/// @param sigClosure what that function gets. Both closures must stay valid as long as connections
/// made with these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or only one of the
/// functions is NULL.
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
            _ => return Err(Error::invalid_arg("both functions are needed, or none")),
        };
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.sign_in.set_handlers(handlers)) }
    })
}

/// Sets the files with the user's JWT and with the seed of the user's key.
///
/// They are read for each attempt to connect and not before, so that files that were replaced
/// count; a seed is wiped from memory as soon as it has signed. Each must be a regular file of at
/// most 1 MiB; otherwise, or where it does not hold what it should, the attempt fails with
/// `NATS_ERR` and words that name the file, the block, and what is wrong with it.
///
/// In a file the JWT is the line between two lines decorated with dashes
/// (`-----BEGIN NATS USER JWT-----`), and the seed is the line between two others
/// (`-----BEGIN USER NKEY SEED-----`); blocks whose first lines say neither `JWT` nor `SEED` are the
/// JWT's and then the seed's. A file without such lines is a bare JWT, or has the seed on a line that
/// begins with `SU`. What is taken for the JWT must be one: three parts of base64url with dots between
/// them, on one line. A seed in its place is never sent. Takes the place of other JWT credentials and
/// of an NKey.
///
/// @param opts the options.
/// @param userOrChainedFile the path of a file with the JWT, and the seed where there is no other
/// file; copied. NULL or empty, together with `seedFile`, takes JWT credentials of any kind out.
/// @param seedFile the path of a file with the seed; NULL or empty where the first file has it.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or there is a seed file
/// without the other.
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

/// Sets the user's JWT and seed as the text that a credentials file would have.
///
/// What is in a block must be what `natsOptions_SetUserCredentialsFromFiles` describes. The library's
/// copy is wiped when the options and all connections made with them are gone. Takes the place of
/// other JWT credentials and of an NKey.
///
/// @param opts the options.
/// @param jwtAndSeedContent the text, which is copied; NULL takes JWT credentials of any kind out.
/// @return `NATS_OK`; `NATS_NOT_FOUND` where there is no JWT or no seed in the text; `NATS_INVALID_ARG`
/// where one of them is not what it should be, or `opts` is NULL or destroyed. The options stay as
/// they were then.
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
        unsafe { edit(opts, |o| o.sign_in.set_memory(content)) }
    })
}

/// Sets an NKey and a function that signs the server's nonce with it.
///
/// The function is called for each attempt to connect, except at servers whose URL has a user or a
/// token; a seed that it gives in place of a signature is not sent, and fails the attempt with
/// `NATS_INVALID_ARG`. A key takes the place of JWT credentials; taking it out leaves them.
///
/// @param opts the options.
/// @param pubKey the public key, `U...`, which is copied; NULL or empty takes an NKey out.
/// @param sigCB signs.
/// @param sigClosure what the function gets; it must stay valid as long as connections made with
/// these options exist.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, the key is not UTF-8, is a
/// seed (begins with `S`), or there is a key and no function.
///
/// @see natsOptions_SetNKeyFromSeed
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
                None => return Err(Error::invalid_arg("a key needs a function that signs")),
            },
        };
        // SAFETY: likewise.
        unsafe { edit(opts, |o| o.sign_in.set_nkey(key)) }
    })
}

/// Sets an NKey and the file with its seed.
///
/// The file is read for each attempt to connect and not before, under the rules of
/// `natsOptions_SetUserCredentialsFromFiles`. A key takes the place of JWT credentials; taking it out
/// leaves them.
///
/// @param opts the options.
/// @param pubKey the public key, `U...`, which is copied; NULL or empty takes an NKey out.
/// @param seedFile the path of the file, which is copied.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, the key is not UTF-8, is a
/// seed (begins with `S`), or there is a key and no file.
///
/// @see natsOptions_SetNKey
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
/// `path` is NULL or a string that stays as it is for `'a`.
unsafe fn path<'a>(path: *const c_char) -> Option<&'a Path> {
    // SAFETY: the contract above.
    unsafe { convert::bytes(path) }
        .filter(|path| !path.is_empty())
        .map(|path| Path::new(OsStr::from_bytes(path)))
}

/// Memory that the program's function got from `malloc`; wiped and freed at the end.
struct Malloced<T>(*mut T);

impl<T> Malloced<T> {
    const fn none() -> Self {
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
    fn text(&self) -> Option<&CStr> {
        // SAFETY: NULL or a string, as the types of the functions ask, that lives as long as this.
        (!self.0.is_null()).then(|| unsafe { CStr::from_ptr(self.0) })
    }
}

/// What a function's status and words mean.
fn outcome(status: natsStatusArg, words: &Malloced<c_char>) -> Result<()> {
    let status = match status.get() {
        Status::NATS_OK => return Ok(()),
        Status::NATS_MAX_STATUS_VALUE => Status::NATS_ERR,
        status => status,
    };
    Err(match words.text() {
        Some(text) => Error::new(status, text.to_string_lossy().into_owned()),
        None => status.into(),
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
        let bytes = unsafe { convert::payload(signature.0.cast_const().cast(), len) }
            .map_err(|_| Error::new(Status::NATS_ERR, "the signature handler gave no signature"))?;
        Ok(bytes.to_vec())
    }))
}
