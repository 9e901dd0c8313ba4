//! TLS: whether, and which certificates are trusted. The client's certificate and the ciphers are
//! in `tls_client`.

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

/// Set whether connections must use TLS.
///
/// If TLS is required, a server that does not offer it is refused with
/// `NATS_SECURE_CONNECTION_WANTED` before anything secret is sent. If not, TLS is used with servers
/// that require it; a connection that has met such a server requires TLS of all later ones. Once
/// this function was called, the scheme `tls://` of a URL has no effect on the choice.
///
/// TLS is of version 1.2 or 1.3. Certificates are checked against those that the system trusts,
/// which are read once for each process, and those added by `natsOptions_LoadCATrustedCertificates`
/// and its variants. The environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others in
/// place of the system's, except in a program with set-uid, set-gid or capabilities. Certificates
/// may be for ECDSA with P-256 or P-384, Ed25519, or RSA of at least 2048 bits.
///
/// @param opts The options.
/// @param secure True to require TLS. False, the default, not to require it; then all TLS settings
/// are removed: certificates, keys, ciphers, names.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @note In contrast to the other TLS functions, this one may be called while connections made with
/// the options exist. It does not affect them.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Require TLS, and start it as soon as TCP is connected.
///
/// The server must be configured in the same way (`handshake_first`); otherwise client and server
/// wait for each other until the attempt times out. The option is removed only by
/// `natsOptions_SetSecure` with false.
///
/// @param opts The options.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Allow the verification callback to run several times at once.
///
/// Concerns connections that share these options. Handshakes themselves never wait for each other
/// in this library. The option is removed only by `natsOptions_SetSecure` with false.
///
/// @param opts The options.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetSSLVerificationCallback
///
/// @ingroup nats_tls
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

/// Trust the certificates in a file, in addition to the system's.
///
/// The file is read now, to detect mistakes, and again at each handshake, so that a replaced file
/// takes effect with the next connect or reconnect. It may hold several certificates, also with the
/// labels `X509 CERTIFICATE` and `TRUSTED CERTIFICATE`, and may begin with a byte-order mark.
/// Certificates that cannot be read are skipped, unless none is left; if a handshake then fails
/// because the issuer is unknown, the error names them by number. Revocation lists in the file are
/// applied as `natsOptions_SetCATrustedCertificates` describes. A self-signed server certificate in
/// the file is trusted for its own names and during its validity.
///
/// @param opts The options.
/// @param fileName The name of a PEM file.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `fileName` is NULL or empty.
/// @retval NATS_SSL_ERROR The file cannot be read or holds no usable certificate.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_SetSecure(opts, true);
/// if (s == NATS_OK) s = natsOptions_LoadCATrustedCertificates(opts, "/etc/app/ca.pem");
/// ```
///
/// @ingroup nats_tls
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

/// Trust the certificates in the files of a directory, in addition to the system's.
///
/// The directory is read now and again at each handshake. Each PEM file in it that holds
/// certificates or revocation lists counts, whatever its name. Other files and subdirectories are
/// ignored.
///
/// @param opts The options.
/// @param path The name of the directory.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `path` is NULL or empty.
/// @retval NATS_SSL_ERROR The directory cannot be read or holds no certificate.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Trust the certificates in a text, in addition to the system's.
///
/// If the text has certificate revocation lists, the certificates of the server and of its issuers
/// must not be revoked, and each of their issuers must have a list that has not expired.
///
/// @param opts The options.
/// @param certificates One or more certificates in PEM form, one after the other; copied.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `certificates` is NULL or empty.
/// @retval NATS_SSL_ERROR The text has no usable certificate.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Refuse servers whose certificate was revoked.
///
/// The certificates of the server and of its issuers must not be in the list, and each of their
/// issuers must have a list here that has not expired. The file is read now, to check that it can
/// be, and again at each handshake, so that a replaced list takes effect with the next connect or
/// reconnect.
///
/// @param opts The options.
/// @param fileName The name of a file with one or more lists (PEM, or one list in DER); NULL for
/// none.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `fileName` is empty.
/// @retval NATS_SSL_ERROR The file cannot be read or holds no list.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Set the name that the certificate of the server must have.
///
/// Without this option the name is the host of the server's URL or, for a server that another one
/// announced, the host by which the announcing server was reached. The host of the URL is also sent
/// to the server (SNI); if it is an address, the expected name is sent.
///
/// @param opts The options.
/// @param hostname A host name or an IP address, which is copied; NULL or empty for none.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `hostname` cannot be the name of a
/// host.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Set whether every certificate of a server is accepted.
///
/// For tests only: anyone between the client and the server can read and change the data. Trusted
/// certificates are then not read.
///
/// @param opts The options.
/// @param skip True to check nothing, which also removes a verification callback; the default is
/// false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
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

/// Set a callback that decides whether to accept a server.
///
/// The callback is called once in each handshake with the library's verdict on the certificate.
/// There is no OpenSSL here and therefore no `X509_STORE_CTX`: the second argument is NULL. That
/// the server has the private key of its certificate is checked in any case. A callback switches
/// `natsOptions_SkipServerVerification` off.
///
/// @param opts The options.
/// @param callback The callback, as described for `natsSSLVerifyCb`; NULL for none.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_AllowConcurrentTLSHandshakes
///
/// @ingroup nats_tls
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

/// Changes the TLS settings behind a handle.
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

/// The name of a file or directory, which is required and not empty: else `error`.
///
/// # Safety
/// `name` is NULL or a string.
pub(super) unsafe fn path(name: *const c_char, error: &'static str) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: the contract above.
    let bytes = unsafe { convert::some_bytes(name, error) }?;
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}
