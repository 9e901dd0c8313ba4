//! `microClient`: requests to services.

use std::ffi::{c_char, c_int};

use super::errors::{guard_error, microError, object};
use crate::ffi::convert::{bytes, payload};
use crate::ffi::guard::guard_void;
use crate::ffi::handle::{self, natsConnection, new_caller};
use crate::ffi::msg::{into_c, natsMsg};
use crate::micro::{Caller, Error};

pub use crate::ffi::handle::microClient;

/// Settings of a client: there are none. Pass NULL.
///
/// @ingroup nats_micro_client
pub type microClientConfig = __for_forward_compatibility_only;

/// The structure behind `microClientConfig`.
pub struct __for_forward_compatibility_only {
    _opaque: [u8; 0],
}

/// Create a client that sends requests to services over a connection.
///
/// @param new_client Receives the client, to be released with `microClient_Destroy`; written only with NULL.
/// @param nc The connection. The client does not keep it open.
/// @param cfg Ignored; pass NULL.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if
/// `new_client` or `nc` is NULL, or `nc` was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microClient_DoRequest
///
/// @ingroup nats_micro_client
///
/// # Safety
/// `new_client` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn micro_NewClient(
    new_client: *mut *mut microClient,
    nc: *mut natsConnection,
    cfg: *mut microClientConfig,
) -> *mut microError {
    let _ = cfg;
    guard_error(|| {
        if new_client.is_null() {
            return Err(Error::INVALID_ARG);
        }
        // SAFETY: the caller's contract, above.
        let connection = unsafe { object(nc) }?;
        let handle = new_caller(&Caller::new(&connection));
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { new_client.write(handle) };
        Ok(())
    })
}

/// Send a request to a service, and wait up to 5 seconds for the answer.
///
/// An answer with the headers of an error (see `microRequest_RespondError`) is returned as an error with its code and text.
/// Protocol: ADR-32.
///
/// @param reply Receives the answer, to be released with `natsMsg_Destroy`; written only with NULL.
/// @param client The client.
/// @param subject The subject of the endpoint.
/// @param data The payload, which is copied. Ignored if `data_len` is 0.
/// @param data_len The length of the payload in bytes; not negative.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: that of the service, with
/// its code; `NATS_INVALID_ARG` if an argument is NULL or negative, or `client` was destroyed; `NATS_NO_RESPONDERS`
/// if no service has the endpoint; `NATS_TIMEOUT`; or the reason why publishing failed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// microClient *client = NULL;
/// natsMsg *reply = NULL;
/// microError *err = micro_NewClient(&client, nc, NULL);
/// if (err == NULL) err = microClient_DoRequest(&reply, client, "hello", "", 0);
/// if (err == NULL) puts(natsMsg_GetData(reply));
/// else printf("code %d\n", microError_Code(err));
/// microError_Destroy(err);
/// natsMsg_Destroy(reply);
/// microClient_Destroy(client);
/// ```
///
/// @see microError_Code
///
/// @ingroup nats_micro_client
///
/// # Safety
/// `reply` is NULL or valid for writing a pointer; `client` is NULL or a handle of this library; `subject` is NULL or a
/// string that ends with a NUL; with a positive `data_len`, `data` is NULL or valid for reading so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microClient_DoRequest(
    reply: *mut *mut natsMsg,
    client: *mut microClient,
    subject: *const c_char,
    data: *const c_char,
    data_len: c_int,
) -> *mut microError {
    guard_error(|| {
        if reply.is_null() || (data.is_null() && data_len > 0) {
            return Err(Error::INVALID_ARG);
        }
        // SAFETY: the caller's contract, above.
        let caller = unsafe { object(client) }?;
        // SAFETY: likewise.
        let (subject, data) = unsafe { (bytes(subject), payload(data.cast(), data_len)) };
        let (subject, data) = (subject.ok_or(Error::INVALID_ARG)?, data?);
        let answer = into_c(caller.request(subject, data)?);
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { reply.write(answer) };
        Ok(())
    })
}

/// Destroy a client.
///
/// Requests that wait in other threads continue.
///
/// @param client The client. NULL and a destroyed client are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see micro_NewClient
///
/// @ingroup nats_micro_client
///
/// # Safety
/// `client` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microClient_Destroy(client: *mut microClient) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        drop(unsafe { handle::destroy(client) });
    });
}
