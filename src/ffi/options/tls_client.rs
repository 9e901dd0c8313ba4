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

/// Sets the certificate that the client shows to servers that ask for one, from files.
///
/// The files are read now. The certificate comes first, then those of its issuers; the key is in
/// PKCS#8, PKCS#1 or SEC1 form, and not encrypted. RSA from 2048 bits, ECDSA with P-256 and P-384,
/// and Ed25519 will do.
///
/// @param opts the options.
/// @param certsFileName the name of a PEM file with the certificates.
/// @param keyFileName the name of a PEM file with the key; it may be the same file.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a name is NULL or empty;
/// `NATS_SSL_ERROR` where a file cannot be read or used, or the two do not belong together;
/// `NATS_ILLEGAL_STATE` while a connection made with these options exists.
///
/// @see natsOptions_LoadCertificatesChainDynamic
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

/// Sets the certificate that the client shows to servers that ask for one, from files that are read
/// at each handshake: a certificate that was renewed is used from the next reconnect on.
///
/// Nothing is read now. Files that cannot be read or used then fail that attempt with
/// `NATS_SSL_ERROR`.
///
/// @param opts the options.
/// @param certsFileName the name of a PEM file, as for `natsOptions_LoadCertificatesChain`.
/// @param keyFileName the name of a PEM file with the key.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a name is NULL or empty;
/// `NATS_ILLEGAL_STATE` while a connection made with these options exists.
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

/// Sets the certificate that the client shows to servers that ask for one, from memory.
///
/// @param opts the options.
/// @param cert the certificate in PEM form, and those of its issuers behind it, if need be.
/// @param key the key in PEM form, as for `natsOptions_LoadCertificatesChain`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or a text is NULL or empty;
/// `NATS_SSL_ERROR` where a text cannot be used, or the two do not belong together;
/// `NATS_ILLEGAL_STATE` while a connection made with these options exists.
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

/// Sets which ciphers may be used with TLS 1.2, and in which order of preference.
///
/// The syntax is OpenSSL's: names separated by colons, such as
/// `ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305`, and groups such as `DEFAULT`, `HIGH`,
/// `ECDHE+AESGCM`, with `!` or `-` in front of what to leave out. There are six: `ECDHE` with `ECDSA`
/// or `RSA`, each with `AES256-GCM-SHA384`, `AES128-GCM-SHA256` or `CHACHA20-POLY1305`.
///
/// @param opts the options.
/// @param ciphers the list.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `ciphers` NULL or empty;
/// `NATS_SSL_ERROR` where a name is unknown, or of a cipher that this library does not have (the last
/// error says which), or where nothing is left; `NATS_ILLEGAL_STATE` while a connection made with these
/// options exists.
///
/// @see natsOptions_SetCipherSuites
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

/// Sets which cipher suites may be used with TLS 1.3, and in which order of preference.
///
/// @param opts the options.
/// @param ciphers names separated by colons, out of `TLS_AES_256_GCM_SHA384`,
/// `TLS_AES_128_GCM_SHA256` and `TLS_CHACHA20_POLY1305_SHA256`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or `ciphers` NULL or empty;
/// `NATS_SSL_ERROR` where a name is unknown (the last error says which); `NATS_ILLEGAL_STATE` while a
/// connection made with these options exists.
///
/// @see natsOptions_SetCiphers
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
/// `ciphers` is NULL or a string that stays as it is for `'a`.
unsafe fn list<'a>(ciphers: *const c_char) -> Result<&'a str> {
    // SAFETY: the contract above.
    unsafe { convert::text(ciphers, "ciphers") }?
        .filter(|list| !list.is_empty())
        .ok_or(Error::invalid_arg("ciphers can't be NULL nor empty"))
}
