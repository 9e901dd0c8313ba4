//! Configurations of services, and the types of the program's functions.

use std::ffi::{c_char, c_void};

use super::errors::microError;
use super::request::microRequest;
use crate::error::natsStatus;
use crate::ffi::handle::microService;
use crate::ffi::jetstream::plain::plain;
use crate::ffi::types::natsMetadata;

/// An endpoint of a service, as passed to a `microErrorHandler`. Opaque to C. It can be compared and is valid until
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
/// Called with one request at a time, in order, on a thread of the library; the handlers of other endpoints may run
/// at the same time. It may block, and may call any function on the service and its connection, stopping and
/// destroying them included.
///
/// @param req The request, which is valid until the callback returns.
///
/// @return NULL if the request was answered or needs no answer; otherwise an error, which the library sends as the
/// answer, counts and releases.
///
/// @ingroup nats_micro_request
pub type microRequestHandler =
    Option<unsafe extern "C" fn(req: *mut microRequest) -> *mut microError>;

/// Callback for an error of an endpoint that no call could return, such as a slow consumer.
///
/// Runs after the error handler of the connection, on the same thread. The service stops when the callback has
/// returned.
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

/// The configuration of an endpoint. Fill it with zeros before its fields are set. It is copied.
///
/// @ingroup nats_micro_service
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microEndpointConfig {
    /// The name: letters, digits, `_` and `-`. Required.
    pub Name: *const c_char,
    /// The subject, which follows the prefix of the group; wildcards are allowed. NULL or empty for the name.
    pub Subject: *const c_char,
    /// The queue group, of which one member receives each request; NULL or empty for that of the group or, without
    /// one, of the service or, without one, `q`.
    pub QueueGroup: *const c_char,
    /// Whether to use no queue group: then each instance of the service receives each request.
    pub NoQueueGroup: bool,
    /// The metadata.
    pub Metadata: natsMetadata,
    /// The function that handles the requests. Required.
    pub Handler: microRequestHandler,
    /// A pointer for the handler, which `microRequest_GetEndpointState` returns.
    pub State: *mut c_void,
}

/// The configuration of a group of endpoints. Fill it with zeros before its fields are set. It is
/// copied.
///
/// @ingroup nats_micro_service
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microGroupConfig {
    /// The prefix of the subjects of the endpoints, without a dot at its end. Required.
    pub Prefix: *const c_char,
    /// The queue group of the endpoints; NULL or empty for that of the enclosing group or, without one, of the
    /// service.
    pub QueueGroup: *const c_char,
    /// Whether the endpoints have no queue group.
    pub NoQueueGroup: bool,
}

/// The configuration of a service. Fill it with zeros before its fields are set. It is copied.
///
/// @ingroup nats_micro_service
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microServiceConfig {
    /// The name, which all instances of the service share: letters, digits, `_` and `-`. Required.
    pub Name: *const c_char,
    /// The version, such as `1.2.0`: monitoring tools expect a semantic version. Required.
    pub Version: *const c_char,
    /// The description; may be NULL.
    pub Description: *const c_char,
    /// The queue group of the endpoints; NULL for `q`. Not an empty string.
    pub QueueGroup: *const c_char,
    /// Whether the endpoints have no queue group.
    pub NoQueueGroup: bool,
    /// The metadata.
    pub Metadata: natsMetadata,
    /// A first endpoint; may be NULL.
    pub Endpoint: *mut microEndpointConfig,
    /// A function that answers STATS requests in place of the library; may be NULL. `microService_GetStats` returns
    /// the statistics of the library.
    pub StatsHandler: microRequestHandler,
    /// The callback for errors; may be NULL.
    pub ErrHandler: microErrorHandler,
    /// The callback for the end of the service; may be NULL.
    pub DoneHandler: microDoneHandler,
    /// A pointer for the handlers, which `microService_GetState` and `microRequest_GetServiceState`
    /// return.
    pub State: *mut c_void,
}

plain!(microEndpointConfig, microGroupConfig, microServiceConfig);
