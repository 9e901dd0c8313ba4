//! TLS: the client's own certificate, and the ciphers.

use std::ffi::c_char;

use super::tls::{edit_tls, path};
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;
use crate::net::tls::TlsOptions;

const NO_FILES: &str = "certificate and key file names can't be NULL nor empty";
const NO_TEXTS: &str = "certificate and key can't be NULL nor empty";

/// Set the client's certificate and key from files.
///
/// The certificate is shown to servers that ask for one. The files are read now. The certificate
/// comes first, then those of its issuers. The key is in PKCS#8, PKCS#1 or SEC1 form and not
/// encrypted: RSA of at least 2048 bits, ECDSA with P-256 or P-384, or Ed25519.
///
/// @param opts The options.
/// @param certsFileName The name of a PEM file with the certificates.
/// @param keyFileName The name of a PEM file with the key; it may be the same file.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a name is NULL or empty.
/// @retval NATS_SSL_ERROR A file cannot be read or used, or the key does not belong to the
/// certificate.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsOptions_LoadCertificatesChain(opts, "client.pem", "client-key.pem");
/// ```
///
/// @see natsOptions_LoadCertificatesChainDynamic
///
/// @ingroup nats_tls
///
/// # Safety
/// `opts` is NULL or a handle of this library, the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_LoadCertificatesChain(
    opts: *mut natsOptions,
    certsFileName: *const c_char,
    keyFileName: *const c_char,
) -> natsStatus {
    guard("natsOptions_LoadCertificatesChain", || {
        // SAFETY: the caller's contract, above.
        let chain = unsafe { path(certsFileName, NO_FILES) }?;
        // SAFETY: likewise.
        let key = unsafe { path(keyFileName, NO_FILES) }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.load_client_files(&chain, &key)) }
    })
}

/// Set the client's certificate and key from files that are read at each handshake.
///
/// A renewed certificate is used from the next connect or reconnect on. Nothing is read now: files
/// that cannot be read or used fail the attempt with `NATS_SSL_ERROR`.
///
/// @param opts The options.
/// @param certsFileName The name of a PEM file, as for `natsOptions_LoadCertificatesChain`.
/// @param keyFileName The name of a PEM file with the key.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a name is NULL or empty.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
///
/// # Safety
/// `opts` is NULL or a handle of this library, the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_LoadCertificatesChainDynamic(
    opts: *mut natsOptions,
    certsFileName: *const c_char,
    keyFileName: *const c_char,
) -> natsStatus {
    guard("natsOptions_LoadCertificatesChainDynamic", || {
        // SAFETY: the caller's contract, above.
        let chain = unsafe { path(certsFileName, NO_FILES) }?;
        // SAFETY: likewise.
        let key = unsafe { path(keyFileName, NO_FILES) }?;
        let change = |tls: &mut TlsOptions| {
            tls.set_client_files(&chain, &key);
            Ok(())
        };
        // SAFETY: likewise.
        unsafe { edit_tls(opts, change) }
    })
}

/// Set the client's certificate and key from memory.
///
/// The certificate is shown to servers that ask for one.
///
/// @param opts The options.
/// @param cert The certificate in PEM form, followed by those of its issuers if necessary; copied.
/// @param key The key in PEM form, as for `natsOptions_LoadCertificatesChain`; copied.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or a text is NULL or empty.
/// @retval NATS_SSL_ERROR A text cannot be used, or the key does not belong to the certificate.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tls
///
/// # Safety
/// `opts` is NULL or a handle of this library, the other two are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetCertificatesChain(
    opts: *mut natsOptions,
    cert: *const c_char,
    key: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetCertificatesChain", || {
        // SAFETY: the caller's contract, above.
        let cert = unsafe { convert::some_bytes(cert, NO_TEXTS) }?;
        // SAFETY: likewise.
        let key = unsafe { convert::some_bytes(key, NO_TEXTS) }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.set_client(cert, key)) }
    })
}

/// Set the ciphers for TLS 1.2, in order of preference.
///
/// The syntax is that of OpenSSL: names separated by colons, such as
/// `ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305`, and groups such as `DEFAULT`,
/// `HIGH`, `ECDHE+AESGCM`, with `!` or `-` before what is left out. Six ciphers exist: `ECDHE` with
/// `ECDSA` or `RSA`, each with `AES256-GCM-SHA384`, `AES128-GCM-SHA256` or `CHACHA20-POLY1305`.
///
/// @param opts The options.
/// @param ciphers The list.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `ciphers` is NULL or empty.
/// @retval NATS_SSL_ERROR A name is unknown or not supported (the last error has the name), or no
/// cipher is left.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetCipherSuites
///
/// @ingroup nats_tls
///
/// # Safety
/// `opts` is NULL or a handle of this library, `ciphers` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetCiphers(
    opts: *mut natsOptions,
    ciphers: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetCiphers", || {
        // SAFETY: the caller's contract, above.
        let list = unsafe { list(ciphers) }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.set_ciphers(list)) }
    })
}

/// Set the cipher suites for TLS 1.3, in order of preference.
///
/// @param opts The options.
/// @param ciphers Names separated by colons, from `TLS_AES_256_GCM_SHA384`,
/// `TLS_AES_128_GCM_SHA256` and `TLS_CHACHA20_POLY1305_SHA256`.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `ciphers` is NULL or empty.
/// @retval NATS_SSL_ERROR A name is unknown; the last error has it.
/// @retval NATS_ILLEGAL_STATE A connection was made with these options when they had TLS settings, and
/// it or one of its subscriptions is not destroyed yet.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetCiphers
///
/// @ingroup nats_tls
///
/// # Safety
/// `opts` is NULL or a handle of this library, `ciphers` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetCipherSuites(
    opts: *mut natsOptions,
    ciphers: *const c_char,
) -> natsStatus {
    guard("natsOptions_SetCipherSuites", || {
        // SAFETY: the caller's contract, above.
        let list = unsafe { list(ciphers) }?;
        // SAFETY: likewise.
        unsafe { edit_tls(opts, |tls| tls.set_cipher_suites(list)) }
    })
}

/// A list of ciphers.
///
/// # Safety
/// `ciphers` is NULL or a string that does not change during `'a`.
unsafe fn list<'a>(ciphers: *const c_char) -> Result<&'a str> {
    // SAFETY: the contract above.
    unsafe { convert::text(ciphers, "ciphers") }?
        .filter(|list| !list.is_empty())
        .ok_or(Error::invalid_arg("ciphers can't be NULL nor empty"))
}
