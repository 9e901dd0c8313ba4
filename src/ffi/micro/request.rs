//! `microRequest`: a request while its handler has it.

use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use super::errors::{guard_error, microError, take};
use crate::error::Error as Plain;
use crate::ffi::guard::guard_value;
use crate::ffi::handle::{microService, natsConnection};
use crate::ffi::msg::{borrow_msg, natsMsg};
use crate::micro::request::respond_failed;
use crate::micro::{Endpoint, Result};

/// A request that a handler answers. Opaque to C.
///
/// Given to a `microRequestHandler`, and valid until that returns, together with its message. One thread at a time may
/// use it.
///
/// @ingroup nats_micro_request
pub type microRequest = micro_request_s;

/// The structure behind `microRequest`.
pub struct micro_request_s {
    /// NULL once the handler has returned.
    msg: *mut natsMsg,
    endpoint: *const Endpoint,
    nc: *mut natsConnection,
    service: *mut microService,
    service_state: *mut c_void,
    endpoint_state: *mut c_void,
}

/// A request for the time of its handler's call.
pub(super) struct RequestObject<'a> {
    request: micro_request_s,
    _endpoint: PhantomData<&'a Endpoint>,
}

impl<'a> RequestObject<'a> {
    /// `states`: of the service, and of the endpoint.
    pub(super) fn new(
        endpoint: &'a Arc<Endpoint>,
        msg: *mut natsMsg,
        nc: *mut natsConnection,
        service: *mut microService,
        states: (*mut c_void, *mut c_void),
    ) -> Self {
        RequestObject {
            request: micro_request_s {
                msg,
                endpoint: Arc::as_ptr(endpoint),
                nc,
                service,
                service_state: states.0,
                endpoint_state: states.1,
            },
            _endpoint: PhantomData,
        }
    }

    pub(super) fn pointer(&mut self) -> *mut microRequest {
        &raw mut self.request
    }
}

impl Drop for RequestObject<'_> {
    fn drop(&mut self) {
        self.request.msg = ptr::null_mut();
    }
}

/// Looks at a request of C's.
///
/// # Safety
/// `req` is NULL, or a request whose handler has not returned.
unsafe fn look<'a>(req: *const microRequest) -> Option<&'a micro_request_s> {
    // SAFETY: the contract above.
    unsafe { req.as_ref() }.filter(|req| !req.msg.is_null())
}

/// The message of a request; NULL for NULL.
///
/// # Safety
/// As for [`look`].
pub(super) unsafe fn message(req: *const microRequest) -> *mut natsMsg {
    // SAFETY: the contract above.
    unsafe { look(req) }.map_or(ptr::null_mut(), |req| req.msg)
}

/// Answers a request. The error is taken over, whatever happens.
///
/// # Safety
/// As for [`look`]; `error` is NULL or an error of this library, not used afterwards; with a positive `len`, `data` is NULL
/// or valid for reading so many bytes.
unsafe fn respond(
    req: *mut microRequest,
    error: *mut microError,
    data: *const c_char,
    len: usize,
) -> Result<()> {
    // SAFETY: the contract above.
    let (error, request) = unsafe { (take(error), look(req)) };
    let refused = |text: &'static str| respond_failed(Plain::invalid_arg(text));
    let request = request.ok_or_else(|| refused("the request is NULL"))?;
    let data: &[u8] = match len {
        0 => &[],
        _ if data.is_null() => return Err(refused("the payload is NULL")),
        _ if isize::try_from(len).is_err() => return Err(refused("the payload is too long")),
        // SAFETY: not NULL, hence valid by the contract above.
        _ => unsafe { std::slice::from_raw_parts(data.cast(), len) },
    };
    // SAFETY: the message is the request's, whose handler has not returned.
    let msg = unsafe { borrow_msg(request.msg) }.map_err(respond_failed)?;
    // SAFETY: the endpoint lives as long as the request.
    unsafe { &*request.endpoint }.respond(msg.reply(), data, error)
}

/// Answer a request with data.
///
/// The answer is published on the reply subject of the request, buffered like others. It does not have the headers of
/// the request; for an answer with headers, publish a message on the subject that `microRequest_GetReply` returns.
///
/// @param req The request.
/// @param data The payload, which is copied. Ignored if `len` is 0.
/// @param len The length of the payload in bytes.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
/// is NULL, the request has no reply subject, or `data` is NULL while `len` is not 0; or the reason why publishing
/// failed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @par Example
/// ```c
/// static microError *echo(microRequest *req) {
///     return microRequest_Respond(req, microRequest_GetData(req), (size_t)microRequest_GetDataLength(req));
/// }
/// ```
///
/// @see microRequest_RespondError, microRequest_RespondCustom
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; with a positive `len`, `data` is NULL or valid for reading so
/// many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_Respond(
    req: *mut microRequest,
    data: *const c_char,
    len: usize,
) -> *mut microError {
    // SAFETY: the caller's contract, above.
    guard_error(|| unsafe { respond(req, ptr::null_mut(), data, len) })
}

/// Answer a request with an error.
///
/// The answer is empty and has the headers `Nats-Service-Error`, the text of the error without its causes,
/// `Nats-Service-Error-Code`, its code, and, if it has a status, `Nats-Status`. The error counts in the statistics of the
/// endpoint. A handler that returns an error need not call this. Protocol: ADR-32.
///
/// @param req The request.
/// @param err The error, which is released in any case. With NULL the answer is an empty message.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
/// is NULL or the request has no reply subject; or the reason why publishing failed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_RespondCustom, micro_ErrorfCode
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned; `err` is NULL or an error of this library, not used
/// afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_RespondError(
    req: *mut microRequest,
    err: *mut microError,
) -> *mut microError {
    // SAFETY: the caller's contract, above.
    guard_error(|| unsafe { respond(req, err, ptr::null(), 0) })
}

/// Answer a request with data and an error.
///
/// The answer has the data, and the headers that `microRequest_RespondError` describes if there is an error.
///
/// @param req The request.
/// @param err The error, which is released in any case; NULL for none.
/// @param data The payload, which is copied. Ignored if `len` is 0.
/// @param len The length of the payload in bytes.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `req`
/// is NULL, the request has no reply subject, or `data` is NULL while `len` is not 0; or the reason why publishing
/// failed.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_Respond, microRequest_RespondError
///
/// @ingroup nats_micro_request
///
/// # Safety
/// As for `microRequest_Respond` and `microRequest_RespondError`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_RespondCustom(
    req: *mut microRequest,
    err: *mut microError,
    data: *const c_char,
    len: usize,
) -> *mut microError {
    // SAFETY: the caller's contract, above.
    guard_error(|| unsafe { respond(req, err, data, len) })
}

/// Return the message of a request.
///
/// @param req The request.
///
/// @return The message, which belongs to the request: destroying it does nothing. NULL if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetData
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetMsg(req: *mut microRequest) -> *mut natsMsg {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { look(req) }.map_or(ptr::null_mut(), |req| req.msg))
    })
}

/// Return the connection over which a request was received.
///
/// @param req The request.
///
/// @return The connection: the program's own handle. NULL if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetService
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetConnection(req: *mut microRequest) -> *mut natsConnection {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { look(req) }.map_or(ptr::null_mut(), |req| req.nc))
    })
}

/// Return the service that a request is for.
///
/// @param req The request.
///
/// @return The service: the program's own handle. NULL if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetServiceState
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetService(req: *mut microRequest) -> *mut microService {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { look(req) }.map_or(ptr::null_mut(), |req| req.service))
    })
}

/// Return the pointer that the program gave with the service.
///
/// @param req The request.
///
/// @return `State` of the service's configuration; NULL if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microService_GetState
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetServiceState(req: *mut microRequest) -> *mut c_void {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { look(req) }.map_or(ptr::null_mut(), |req| req.service_state))
    })
}

/// Return the pointer that the program gave with the endpoint.
///
/// @param req The request.
///
/// @return `State` of the endpoint's configuration; NULL for requests of a `StatsHandler`, and if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetServiceState
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetEndpointState(req: *mut microRequest) -> *mut c_void {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        Ok(unsafe { look(req) }.map_or(ptr::null_mut(), |req| req.endpoint_state))
    })
}

/// Return the subject of a request.
///
/// @param req The request.
///
/// @return The subject, which belongs to the request; NULL if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see natsMsg_GetSubject
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetSubject(req: *mut microRequest) -> *const c_char {
    guard_value(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(message(req)) }?;
        Ok(msg.subject_ptr())
    })
}

/// Return the subject on which the answer to a request is expected.
///
/// @param req The request.
///
/// @return The reply subject, which belongs to the request; NULL if it has none or `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see natsMsg_GetReply
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetReply(req: *mut microRequest) -> *const c_char {
    guard_value(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(message(req)) }?;
        Ok(msg.reply_ptr())
    })
}

/// Return the payload of a request.
///
/// @param req The request.
///
/// @return The payload, followed by a NUL, which belongs to the request; NULL if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetDataLength
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetData(req: *mut microRequest) -> *const c_char {
    guard_value(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(message(req)) }?;
        Ok(msg.payload_ptr())
    })
}

/// Return the length of the payload of a request.
///
/// @param req The request.
///
/// @return The length in bytes; 0 if `req` is NULL.
///
/// @par Threads
/// One thread at a time may use a request, until its handler returns.
///
/// @see microRequest_GetData
///
/// @ingroup nats_micro_request
///
/// # Safety
/// `req` is NULL or a request whose handler has not returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microRequest_GetDataLength(req: *mut microRequest) -> c_int {
    guard_value(0, || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(message(req)) }?;
        Ok(c_int::try_from(msg.payload().len()).unwrap_or(c_int::MAX))
    })
}
