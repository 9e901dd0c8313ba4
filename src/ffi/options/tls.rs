//! TLS: whether, and whom to trust. Who the client is, and with which ciphers, is in `tls_client`.

use std::ffi::{c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;

use super::{edit, set};
use crate::error::{Result, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::ffi::types::natsSSLVerifyCb;
use crate::net::tls::{TlsOptions, VerifyHandler};

/// Sets whether connections must use TLS.
///
/// With TLS required, a server that does not offer it is refused with
/// `NATS_SECURE_CONNECTION_WANTED` before anything secret is sent. Without, TLS is used where the
/// server requires it; a connection that has met such a server requires TLS of all later ones.
///
/// A URL that begins with `tls://` requires TLS too, but has no say any more once this function has
/// been called. TLS is of version 1.2 or 1.3. Certificates are checked against the system's trusted
/// ones (the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, except to a
/// program with set-uid, set-gid or capabilities), which are read once for a process, and those added by
/// `natsOptions_LoadCATrustedCertificates` and its siblings. They may be for ECDSA with P-256 or
/// P-384, Ed25519, or RSA of 2048 bits and more.
///
/// @param opts the options.
/// @param secure true to require TLS; false not to, which is the default, and then all settings for
/// TLS are forgotten: certificates, keys, ciphers, names.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed. Unlike the other functions
/// for TLS this one may be called while connections made with the options exist; it does not affect
/// them.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetSecure(opts: *mut natsOptions, secure: bool) -> natsStatus {
    guard("natsOptions_SetSecure", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.set_secure(secure)) }
    })
}

/// Requires TLS, and has it begin as soon as TCP is connected, before the server says anything.
///
/// The server must be configured likewise (`handshake_first`): others wait for the client, or
/// the client for them, until the handshake fails. There is no way to unset it but
/// `natsOptions_SetSecure` with false.
///
/// @param opts the options.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
/// a connection made with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_TLSHandshakeFirst(opts: *mut natsOptions) -> natsStatus {
    guard("natsOptions_TLSHandshakeFirst", || {
        // SAFETY: the caller's contract, above.
        unsafe { edit(opts, |o| o.set_tls_first()) }
    })
}

/// Lets the verification callback of connections that share these options run several times at
/// once.
///
/// Handshakes themselves never wait for each other here. There is no way to unset it but
/// `natsOptions_SetSecure` with false.
///
/// @param opts the options.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
/// a connection made with these options exists.
///
/// @see natsOptions_SetSSLVerificationCallback
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_AllowConcurrentTLSHandshakes(
    opts: *mut natsOptions,
) -> natsStatus {
    guard("natsOptions_AllowConcurrentTLSHandshakes", || {
        let change = |tls: &mut TlsOptions| {
            tls.allow_concurrent_handshakes();
            Ok(())
        };
        // SAFETY: the caller's contract, above.
        unsafe { edit_tls(opts, change) }
    })
}

/// Trusts the certificates in a file, beside the system's.
///
/// The file is read now, to find mistakes, and again at each handshake, so that a file that was
/// replaced counts from the next connect or reconnect on. It may hold several certificates, also with
/// the labels `X509 CERTIFICATE` and `TRUSTED CERTIFICATE`, and a byte-order mark in front; one that
/// cannot be read is left out unless none is left, and is named, by its number, in the error of a
/// handshake that ends with an unknown issuer. Revocation lists in it are applied as
/// `natsOptions_SetCATrustedCertificates` says. A self-signed server certificate is trusted as well
/// if it is in the file, and only under its own names and in its time.
///
/// @param opts the options.
/// @param fileName the name of a PEM file.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `fileName` NULL or empty;
/// `NATS_SSL_ERROR` where the file cannot be read, or holds no certificate that can be used;
/// `NATS_ILLEGAL_STATE` while a connection made with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `fileName` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_LoadCATrustedCertificates(
    opts: *mut natsOptions,
    fileName: *const c_char,
) -> natsStatus {
    guard("natsOptions_LoadCATrustedCertificates", || {
        // SAFETY: the caller's contract, above.
        let file = unsafe { path(fileName, "file name can't be NULL nor empty") }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.load_ca_file(&file)) }
    })
}

/// Trusts the certificates in the files of a directory, beside the system's.
///
/// The directory is read now and at each handshake: each PEM file in it that holds certificates or
/// revocation lists, whatever its name. Other files are passed over, and so are directories in it.
///
/// @param opts the options.
/// @param path the directory.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `path` NULL or empty;
/// `NATS_SSL_ERROR` where the directory cannot be read, or there is no certificate in it;
/// `NATS_ILLEGAL_STATE` while a connection made with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `path` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_LoadCATrustedCertificatesPath(
    opts: *mut natsOptions,
    path: *const c_char,
) -> natsStatus {
    guard("natsOptions_LoadCATrustedCertificatesPath", || {
        // SAFETY: the caller's contract, above.
        let dir = unsafe { self::path(path, "path can't be NULL nor empty") }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.load_ca_dir(&dir)) }
    })
}

/// Trusts the certificates in a text, beside the system's.
///
/// With certificate revocation lists in the text, the server's certificate and those it is issued
/// with must not be revoked, and each of their issuers must have a list that has not expired.
///
/// @param opts the options.
/// @param certificates one or more certificates in PEM form, one after the other.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `certificates` NULL or
/// empty; `NATS_SSL_ERROR` where nothing in it can be used; `NATS_ILLEGAL_STATE` while a connection made
/// with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `certificates` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetCATrustedCertificates(
    opts: *mut natsOptions,
    certificates: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetCATrustedCertificates", || {
        // SAFETY: the caller's contract, above.
        let text = unsafe {
            convert::some_bytes(certificates, "CA certificates can't be NULL nor empty")
        }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.add_ca(text)) }
    })
}

/// Refuses servers whose certificate has been revoked. An addition to the interface of nats.c.
///
/// The server's certificate and those it is issued with must not be in the list, and each of their
/// issuers must have a list here that has not expired. The file is read now, to see that it can be,
/// and again at each handshake: a list that was replaced holds from the next connect or reconnect.
///
/// @param opts the options.
/// @param fileName a file with one or more lists (PEM, or one in DER); NULL for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `fileName` is empty;
/// `NATS_SSL_ERROR` where the file cannot be read or holds no list; `NATS_ILLEGAL_STATE` while a
/// connection made with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `fileName` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetTLSRevocationListFile(
    opts: *mut natsOptions,
    fileName: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetTLSRevocationListFile", || {
        let file = if fileName.is_null() {
            None
        } else {
            // SAFETY: the caller's contract, above.
            Some(unsafe { path(fileName, "file name can't be empty") }?)
        };
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.set_revocation_file(file.as_deref())) }
    })
}

/// Sets the name that the server's certificate must have.
///
/// Without it, that is the host of the server's URL; for a server that another one announced, the
/// name by which that other one was reached. The server is told the host of its URL (SNI), or, where
/// that is an address, the name that its certificate must have.
///
/// @param opts the options.
/// @param hostname a host name or an IP address; NULL or empty for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `hostname` cannot be the
/// name of a host; `NATS_ILLEGAL_STATE` while a connection made with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library, `hostname` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetExpectedHostname(
    opts: *mut natsOptions,
    hostname: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetExpectedHostname", || {
        // SAFETY: the caller's contract, above.
        let host = unsafe { convert::text(hostname, "hostname") }?.filter(|name| !name.is_empty());
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.set_expected_host(host)) }
    })
}

/// Sets whether to accept any certificate, whoever it is from; none that are trusted are read then.
/// Whoever sits between the client and
/// the server can then read and change everything: for tests only.
///
/// @param opts the options.
/// @param skip true to check nothing, and then a verification callback that was set is forgotten;
/// the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
/// a connection made with these options exists.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SkipServerVerification(
    opts: *mut natsOptions,
    skip: bool,
) -> natsStatus {
    guard("natsOptions_SkipServerVerification", || {
        let change = |tls: &mut TlsOptions| {
            tls.set_skip_verification(skip);
            Ok(())
        };
        // SAFETY: the caller's contract, above.
        unsafe { edit_tls(opts, change) }
    })
}

/// Gives the program the last word on a server's certificate.
///
/// The function is called once in each handshake, with whether the library trusts the certificate.
/// There is no OpenSSL here, so there is no `X509_STORE_CTX` to hand over: its second argument is
/// NULL. That the server has the key of its certificate is checked whatever the function says.
///
/// Switches skipping the verification off, unless `callback` is NULL.
///
/// @param opts the options.
/// @param callback the function, as `natsSSLVerifyCb` describes; NULL for none.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed; `NATS_ILLEGAL_STATE` while
/// a connection made with these options exists.
///
/// @see natsOptions_AllowConcurrentTLSHandshakes
///
/// # Safety
/// `opts` is NULL or a handle of this library; `callback` may be called on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetSSLVerificationCallback(
    opts: *mut natsOptions,
    callback: natsSSLVerifyCb,
) -> natsStatus {
    guard("natsOptions_SetSSLVerificationCallback", || {
        let handler = verify_handler(callback);
        let change = |tls: &mut TlsOptions| {
            tls.set_verify(handler);
            Ok(())
        };
        // SAFETY: the caller's contract, above.
        unsafe { edit_tls(opts, change) }
    })
}

fn verify_handler(function: natsSSLVerifyCb) -> Option<VerifyHandler> {
    let callback = Callback::new(function, ptr::null_mut())?;
    Some(Arc::new(move |trusted| {
        let (function, nothing): (_, *mut c_void) = callback.parts();
        // SAFETY: the program's function; its second argument is documented to be NULL.
        unsafe { function.call((c_int::from(trusted), nothing)) != 0 }
    }))
}

/// Changes the settings for TLS behind a handle.
///
/// # Safety
/// `opts` is NULL or a handle of this library.
pub(super) unsafe fn edit_tls(
    opts: *mut natsOptions,
    change: impl FnOnce(&mut TlsOptions) -> Result<()>,
) -> Result<()> {
    // SAFETY: the contract above.
    unsafe { edit(opts, |o| change(o.tls_mut()?)) }
}

/// The name of a file or directory, which must not be left out nor be empty: else `error`.
///
/// # Safety
/// `name` is NULL or a string.
pub(super) unsafe fn path(name: *const c_char, error: &'static str) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: the contract above.
    let bytes = unsafe { convert::some_bytes(name, error) }?;
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}
