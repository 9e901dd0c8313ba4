//! `microService`: its beginning, its end, and what it is.

use std::ffi::{c_char, c_void};
use std::ptr;

use super::errors::{guard_error, microError, object};
use super::given;
use super::handler::ProgramEvents;
use super::types::microServiceConfig;
use crate::error::Status;
use crate::ffi::guard::guard_value;
use crate::ffi::handle::{self, EarlyOutput, borrow, microGroup, natsConnection, new_service};
use crate::micro::{Error, Result, Service};

pub use crate::ffi::handle::microService;

/// Add a service to a connection.
///
/// The service answers the requests of monitoring tools on nine subjects below `$SRV` and, if the configuration has
/// an endpoint, the requests to it; more endpoints can be added later. It continues across reconnects and ends with
/// its connection at the latest. Protocol: ADR-32.
///
/// @param new_microservice Receives the service, to be released with `microService_Destroy`. It is written before the
/// first handler runs, and is valid only with NULL.
/// @param nc The connection.
/// @param config The configuration of the service, which is copied.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
/// argument is NULL, `Name` or `Version` is missing, `Name` has other characters than letters, digits, `_` and `-`,
/// `QueueGroup` is empty, or the configuration of the endpoint is not valid; `NATS_CONNECTION_CLOSED` or
/// `NATS_DRAINING` if the connection is closed or draining; or the reason why subscribing failed. After an error the
/// service does not exist.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static microError *hello(microRequest *req) { return microRequest_Respond(req, "hello", 5); }
///
/// microEndpointConfig endpoint;
/// microServiceConfig config;
/// microService *service = NULL;
/// memset(&endpoint, 0, sizeof(endpoint));
/// memset(&config, 0, sizeof(config));
/// endpoint.Name = "hello";
/// endpoint.Handler = hello;
/// config.Name = "greeter";
/// config.Version = "1.0.0";
/// config.Endpoint = &endpoint;
/// microError *err = micro_AddService(&service, nc, &config);
/// if (err == NULL) err = microService_Run(service);
/// microError_Destroy(err);
/// ```
///
/// @see microService_AddEndpoint, microService_Stop, microService_Destroy
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `new_microservice` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library; `config` is NULL or
/// a structure whose pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn micro_AddService(
    new_microservice: *mut *mut microService,
    nc: *mut natsConnection,
    config: *mut microServiceConfig,
) -> *mut microError {
    // SAFETY: the caller's contract, above.
    guard_error(|| unsafe { add(new_microservice, nc, config, ptr::null()) })
}

/// Adds a service whose monitoring has this prefix, the usual one for NULL.
///
/// # Safety
/// As for `micro_AddService`; `prefix` is NULL or a string.
pub(super) unsafe fn add(
    out: *mut *mut microService,
    nc: *mut natsConnection,
    config: *const microServiceConfig,
    prefix: *const c_char,
) -> Result<()> {
    if out.is_null() {
        return Err(Error::INVALID_ARG);
    }
    // SAFETY: the contract above.
    let connection = unsafe { object(nc) }?;
    // SAFETY: likewise.
    let config = unsafe { config.as_ref() }.ok_or(Error::INVALID_ARG)?;
    // SAFETY: likewise.
    let (config, first) = unsafe { given::service(config, prefix) }?;
    let service = Service::new(&connection, config)?;
    // SAFETY: not NULL, hence valid for writing by the contract above; the handle is new.
    let output = unsafe {
        let mut output = EarlyOutput::new(out);
        output.write(new_service(&service));
        output
    };
    output.finish(service.start(first))
}

/// Stop a service, without waiting for its end.
///
/// The endpoints drain: the server sends no more requests, and those that have arrived are handled, for up to 30
/// seconds. Then the endpoints for monitoring end, and `DoneHandler` is called. Further calls do nothing.
///
/// @param m The service.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
/// is NULL or was destroyed; `NATS_DRAINING` if the connection drains, which ends the service as well. The service
/// counts as stopped in any case.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_IsStopped, microService_Destroy, microDoneHandler
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_Stop(m: *mut microService) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        unsafe { object(m) }?.stop()
    })
}

/// Stop a service and release it.
///
/// Does not wait: requests that have arrived are still handled, and `DoneHandler` may be called later. In handlers
/// that are called after this the handle works until they return. The groups of the service cannot be used any more.
///
/// @param m The service.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
/// is NULL or was destroyed; `NATS_DRAINING` if the connection drains: the service counts as stopped then, and a
/// second call releases it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_Stop
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_Destroy(m: *mut microService) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let service = match unsafe { object(m) } {
            Err(error) if error.status() == Status::NATS_ILLEGAL_STATE => {
                // Of another process: its handle ends here, and nothing else.
                // SAFETY: likewise.
                unsafe { handle::destroy(m) };
                return Ok(());
            }
            service => service?,
        };
        service.stop()?;
        // SAFETY: likewise.
        if unsafe { handle::destroy(m) }.is_some() {
            for group in service.take_groups() {
                let handle = ptr::with_exposed_provenance_mut::<microGroup>(group.handle());
                // SAFETY: the handle that the group was given.
                unsafe { handle::destroy(handle) };
            }
        }
        Ok(())
    })
}

/// Wait until a service is stopped.
///
/// Returns when `microService_Stop` has begun, or the connection was closed; `DoneHandler` may be called later.
///
/// @param m The service.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
/// is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, except one that runs the callbacks of the service.
///
/// @see microService_Stop
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_Run(m: *mut microService) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        unsafe { object(m) }?.run();
        Ok(())
    })
}

/// Return whether a service was stopped.
///
/// @param m The service.
///
/// @return True from the moment in which stopping began, and once the connection was closed; also if `m` is NULL or was
/// destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_Stop, microService_Run
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_IsStopped(m: *mut microService) -> bool {
    // SAFETY: the caller's contract, above.
    guard_value(true, || Ok(unsafe { borrow(m) }?.is_stopped()))
}

/// Return the connection that a service is on.
///
/// @param m The service.
///
/// @return The connection: the program's own handle, which may have been destroyed. NULL if `m` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microRequest_GetConnection
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_GetConnection(m: *mut microService) -> *mut natsConnection {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        let service = unsafe { borrow(m) }?;
        Ok(ptr::with_exposed_provenance_mut(
            service.connection().handle(),
        ))
    })
}

/// Return the pointer that the program gave with a service.
///
/// @param m The service.
///
/// @return `State` of the configuration; NULL if `m` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microRequest_GetServiceState
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_GetState(m: *mut microService) -> *mut c_void {
    guard_value(ptr::null_mut(), || {
        // SAFETY: the caller's contract, above.
        Ok(ProgramEvents::state(&*unsafe { borrow(m) }?))
    })
}
