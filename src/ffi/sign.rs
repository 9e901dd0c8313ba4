//! Signing with an NKey seed: a given one, or that of a connection's credentials.

use std::ffi::{c_char, c_int, c_uchar};

use super::convert;
use super::guard::guard;
use super::handle::{borrow_arc, natsConnection};
use crate::error::{Error, natsStatus};
use crate::net::nkey;

/// Sign a string with the seed of an NKey (Ed25519).
///
/// The library keeps no copy of the seed. Does not need the library to be open.
///
/// @param encodedSeed The encoded seed, `S...`, of a user, account, server or cluster.
/// @param input The string to sign; not empty.
/// @param signature Receives the signature, which the caller releases with `free()`. Written only
/// with `NATS_OK`.
/// @param signatureLength Receives the length of the signature in bytes, which is 64. Written only
/// with `NATS_OK`.
///
/// @retval NATS_OK The signature was made.
/// @retval NATS_INVALID_ARG An argument is NULL or a string is empty.
/// @retval NATS_ERR The seed is not valid; `nats_GetLastError` has the reason.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Sign
///
/// @ingroup nats_auth
///
/// # Safety
/// The strings are NULL or end with a NUL; the outputs are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_Sign(
    encodedSeed: *const c_char,
    input: *const c_char,
    signature: *mut *mut c_uchar,
    signatureLength: *mut c_int,
) -> natsStatus {
    guard("nats_Sign", || {
        // SAFETY: the caller's contract, above.
        let seed = unsafe { convert::some_bytes(encodedSeed, "seed cannot be empty") }?;
        // SAFETY: likewise.
        let input = unsafe { convert::some_bytes(input, "input cannot be empty") }?;
        if signature.is_null() || signatureLength.is_null() {
            let text = "signature and/or signatureLength cannot be NULL";
            return Err(Error::invalid_arg(text));
        }
        let signed = convert::malloc_array(&nkey::sign(seed, input)?)?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe {
            signature.write(signed);
            signatureLength.write(nkey::SIGNATURE_LEN as c_int);
        }
        Ok(())
    })
}

/// Sign a message with the seed of a connection's credentials (Ed25519).
///
/// Uses the seed of `natsOptions_SetUserCredentialsFromFiles`,
/// `natsOptions_SetUserCredentialsFromMemory` or `natsOptions_SetNKeyFromSeed`; a file is read
/// again. Signature callbacks (`natsOptions_SetNKey`, `natsOptions_SetUserCredentialsCallbacks`)
/// are only for the nonce of the server and are not called. Works on a closed connection too.
///
/// @param nc The connection.
/// @param message The message; may be empty.
/// @param messageLen Its length in bytes; 0 for a message that ends with a NUL.
/// @param sig Receives the signature of 64 bytes. Written only with `NATS_OK`.
///
/// @retval NATS_OK The signature was made.
/// @retval NATS_INVALID_ARG An argument is NULL, `messageLen` is negative, or `nc` was destroyed.
/// @retval NATS_ERR The connection has no such credentials, their file cannot be read, or the seed
/// is not valid.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see nats_Sign
///
/// @ingroup nats_auth
///
/// # Safety
/// `nc` is NULL or a handle of this library; `message` is NULL, valid for reading `messageLen`
/// bytes, or with 0 a string that ends with a NUL; `sig` is NULL or valid for writing 64 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Sign(
    nc: *mut natsConnection,
    message: *const c_uchar,
    messageLen: c_int,
    sig: *mut c_uchar,
) -> natsStatus {
    guard("natsConnection_Sign", || {
        let text = message.cast::<c_char>();
        let message = match messageLen {
            // SAFETY: the caller's contract, above.
            0 => unsafe { convert::bytes(text) }
                .ok_or(Error::invalid_arg("message cannot be NULL"))?,
            // SAFETY: likewise.
            len => unsafe { convert::payload(message.cast(), len) }?,
        };
        convert::required(sig, "sig")?;
        // SAFETY: likewise. Reading a file may take its time.
        let signature = unsafe { borrow_arc(nc) }?.sign(message)?;
        // SAFETY: not NULL, hence valid for writing 64 bytes by the caller's contract.
        unsafe { sig.cast::<[u8; nkey::SIGNATURE_LEN]>().write(signature) };
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;
    use crate::ffi::last_error;
    use std::ffi::CString;
    use std::ptr;

    #[test]
    fn a_seed_signs_and_arguments_are_checked() {
        let pair = nkeys::KeyPair::new_user();
        let seed = CString::new(pair.seed().unwrap()).unwrap();
        let (mut signature, mut len) = (ptr::null_mut(), 0);
        let mut sign = |seed: *const c_char, input: *const c_char| {
            // SAFETY: NULLs, live strings and live locals.
            unsafe { nats_Sign(seed, input, &mut signature, &mut len) }
        };
        let text = || last_error::with(|_, text, _| text.to_owned()).unwrap();
        assert_eq!(sign(ptr::null(), c"x".as_ptr()), Status::NATS_INVALID_ARG);
        assert_eq!(text(), "seed cannot be empty");
        assert_eq!(sign(seed.as_ptr(), c"".as_ptr()), Status::NATS_INVALID_ARG);
        assert_eq!(text(), "input cannot be empty");
        assert_eq!(sign(c"S1".as_ptr(), c"x".as_ptr()), Status::NATS_ERR);
        assert_eq!(text(), "base32: invalid data at location 2");
        assert_eq!(sign(seed.as_ptr(), c"x".as_ptr()), Status::NATS_OK);
        assert_eq!(len, 64);
        // SAFETY: 64 bytes from malloc, freed once; NULL outputs are refused.
        unsafe {
            pair.verify(b"x", std::slice::from_raw_parts(signature, 64))
                .unwrap();
            libc::free(signature.cast());
            let (seed, x) = (seed.as_ptr(), c"x".as_ptr());
            let refused = nats_Sign(seed, x, ptr::null_mut(), ptr::null_mut());
            assert_eq!(refused, Status::NATS_INVALID_ARG);
        }
        assert_eq!(text(), "signature and/or signatureLength cannot be NULL");
        last_error::clear();
    }
}
