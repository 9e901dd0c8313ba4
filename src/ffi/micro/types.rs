//! Configurations of services, and the types of the program's functions.

use std::ffi::{c_char, c_void};

use super::errors::microError;
use super::request::microRequest;
use crate::error::natsStatus;
use crate::ffi::handle::microService;
use crate::ffi::jetstream::plain::plain;
use crate::ffi::types::natsMetadata;

/// An endpoint of a service, opaque to C: what a `microErrorHandler` is told about. It can be compared, and is valid until
/// the handler returns.
///
/// @ingroup nats_micro_service
pub type microEndpoint = micro_endpoint_s;

/// The structure behind `microEndpoint`.
pub struct micro_endpoint_s {
    _opaque: [u8; 0],
}

/// Callback that handles the requests of an endpoint.
///
/// Called with one request at a time, in order, on a thread of the library; those of other endpoints run meanwhile. It
/// may block, and may call any function on the service and its connection, stopping and destroying them included.
///
/// @param req The request, which is valid until the callback returns.
///
/// @return NULL if the request was answered, or is not to be; else an error, which the library sends as the answer, counts
/// and releases.
///
/// @ingroup nats_micro_request
pub type microRequestHandler =
    Option<unsafe extern "C" fn(req: *mut microRequest) -> *mut microError>;

/// Callback for an error of an endpoint that no call could return, such as a slow consumer.
///
/// Runs after the error handler of the connection, on the same thread. The service stops when it has returned.
///
/// @param m The service: the program's own handle.
/// @param ep The endpoint; never NULL.
/// @param s The error.
///
/// @ingroup nats_micro_service
pub type microErrorHandler =
    Option<unsafe extern "C" fn(m: *mut microService, ep: *mut microEndpoint, s: natsStatus)>;

/// Callback for the end of a service: its last endpoint is gone, and none of its handlers runs or will run.
///
/// Called once, on a thread that runs handlers. It may destroy the service.
///
/// @param m The service: the program's own handle.
///
/// @ingroup nats_micro_service
pub type microDoneHandler = Option<unsafe extern "C" fn(m: *mut microService)>;

/// What an endpoint is to be. Filled with zeros by the program; all is copied.
///
/// @ingroup nats_micro_service
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microEndpointConfig {
    /// Its name: letters, digits, `_` and `-`. Required.
    pub Name: *const c_char,
    /// Its subject, behind the prefix of its group; wildcards are allowed. NULL or empty for the name.
    pub Subject: *const c_char,
    /// Its queue group, of which one member gets each request; NULL or empty for that of its group, else of its service,
    /// else `q`.
    pub QueueGroup: *const c_char,
    /// No queue group: each instance of the service gets each request.
    pub NoQueueGroup: bool,
    /// Its metadata.
    pub Metadata: natsMetadata,
    /// The function that handles its requests. Required.
    pub Handler: microRequestHandler,
    /// For the handler: `microRequest_GetEndpointState`.
    pub State: *mut c_void,
}

/// What a group of endpoints is to be. Filled with zeros by the program; all is copied.
///
/// @ingroup nats_micro_service
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microGroupConfig {
    /// What the subjects of its endpoints begin with, without a dot at its end. Required.
    pub Prefix: *const c_char,
    /// The queue group of its endpoints; NULL or empty for that of the group around it, else of the service.
    pub QueueGroup: *const c_char,
    /// No queue group for its endpoints.
    pub NoQueueGroup: bool,
}

/// What a service is to be. Filled with zeros by the program; all is copied.
///
/// @ingroup nats_micro_service
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microServiceConfig {
    /// Its name, which its instances share: letters, digits, `_` and `-`. Required.
    pub Name: *const c_char,
    /// Its version, such as `1.2.0`: monitoring tools expect a semantic version. Required.
    pub Version: *const c_char,
    /// What it is for; may be NULL.
    pub Description: *const c_char,
    /// The queue group of its endpoints; NULL for `q`. Not an empty string.
    pub QueueGroup: *const c_char,
    /// No queue group for its endpoints.
    pub NoQueueGroup: bool,
    /// Its metadata.
    pub Metadata: natsMetadata,
    /// A first endpoint; may be NULL.
    pub Endpoint: *mut microEndpointConfig,
    /// A function that answers STATS in place of the library; may be NULL. `microService_GetStats` has what the library
    /// knows.
    pub StatsHandler: microRequestHandler,
    /// A function that is told of errors; may be NULL.
    pub ErrHandler: microErrorHandler,
    /// A function that is told of the end of the service; may be NULL.
    pub DoneHandler: microDoneHandler,
    /// For the handlers: `microService_GetState`, `microRequest_GetServiceState`.
    pub State: *mut c_void,
}

plain!(microEndpointConfig, microGroupConfig, microServiceConfig);
