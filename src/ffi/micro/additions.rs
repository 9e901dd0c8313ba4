//! What nats.c does not have: another prefix for monitoring, statistics that start again, data in statistics.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;

use super::errors::{guard_error, microError, object, take};
use super::given;
use super::service::{add, microService};
use super::types::microServiceConfig;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::bytes;
use crate::ffi::handle::{hold_service, natsConnection};
use crate::micro::{Endpoint, Error, Result, Service, StatsData};

/// Callback that adds data to the statistics of an endpoint when they are requested.
///
/// Called on a thread of the library, possibly at the same time as the handler of the endpoint.
///
/// @param data Receives a JSON object as a string from `malloc`, which the library releases; left NULL for no data.
/// @param m The service: the program's own handle.
/// @param subject The complete subject of the endpoint.
/// @param closure The pointer that was given with the callback.
///
/// @return NULL, or an error, which counts in the statistics of the endpoint; the data are left out then.
///
/// @ingroup nats_micro_stats
pub type microStatsDataHandler = Option<
    unsafe extern "C" fn(
        data: *mut *mut c_char,
        m: *mut microService,
        subject: *const c_char,
        closure: *mut c_void,
    ) -> *mut microError,
>;

/// Add a service whose monitoring has another prefix than `$SRV`.
///
/// For accounts that import the monitoring of other accounts under subjects of their own. The rest is as for
/// `micro_AddService`. Protocol: ADR-32.
///
/// @param new_microservice Receives the service, to be released with `microService_Destroy`. It is written before the
/// first handler runs, and is valid only with NULL.
/// @param nc The connection.
/// @param config The configuration of the service, which is copied.
/// @param prefix The prefix, a subject without wildcards; NULL for `$SRV`.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: as for `micro_AddService`,
/// and `NATS_INVALID_ARG` if the prefix is not a valid subject.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see micro_AddService
///
/// @ingroup nats_micro_service
///
/// # Safety
/// As for `micro_AddService`; `prefix` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn micro_AddServiceWithPrefix(
    new_microservice: *mut *mut microService,
    nc: *mut natsConnection,
    config: *mut microServiceConfig,
    prefix: *const c_char,
) -> *mut microError {
    // SAFETY: the caller's contract, above.
    guard_error(|| unsafe { add(new_microservice, nc, config, prefix) })
}

/// Set the statistics of all endpoints of a service to zero.
///
/// Requests that are being handled during the call do not count in the new statistics. Protocol:
/// ADR-32.
///
/// @param m The service.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
/// is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see microService_GetStats
///
/// @ingroup nats_micro_stats
///
/// # Safety
/// `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_Reset(m: *mut microService) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        unsafe { object(m) }?.reset();
        Ok(())
    })
}

/// Set a callback that adds data to the statistics of one endpoint.
///
/// The JSON object that it returns becomes `data` in the answer to STATS. Protocol: ADR-32.
///
/// @param m The service.
/// @param subject The complete subject of the endpoint, with the prefixes of its groups.
/// @param handler The callback; NULL for no data. A callback that was set before may still be running when the call
/// returns.
/// @param closure The last argument of `handler`; may be NULL.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
/// or `subject` is NULL or `m` was destroyed; `NATS_NOT_FOUND` if the service has no endpoint with this subject.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Example
/// ```c
/// static microError *cache_size(char **data, microService *m, const char *subject, void *closure) {
///     *data = strdup("{\"cached\":42}");
///     return NULL;
/// }
///
/// microService *service = NULL; // from micro_AddService
/// microError_Destroy(microService_SetStatsDataHandler(service, "math.sum", cache_size, NULL));
/// ```
///
/// @see microService_AddEndpoint
///
/// @ingroup nats_micro_stats
///
/// # Safety
/// `m` is NULL or a handle of this library; `subject` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_SetStatsDataHandler(
    m: *mut microService,
    subject: *const c_char,
    handler: microStatsDataHandler,
    closure: *mut c_void,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let service = unsafe { object(m) }?;
        if subject.is_null() {
            return Err(Error::INVALID_ARG);
        }
        // SAFETY: likewise.
        let subject = unsafe { given::string(subject, "subject") }?;
        let data = Callback::new(handler, closure).map(|callback| {
            let data: StatsData = Arc::new(move |service: &Arc<Service>, endpoint: &Endpoint| {
                call(&callback, service, endpoint)
            });
            data
        });
        service.set_stats_data(&subject, data)
    })
}

type DataFn = unsafe extern "C" fn(
    *mut *mut c_char,
    *mut microService,
    *const c_char,
    *mut c_void,
) -> *mut microError;

fn call(
    callback: &Callback<DataFn>,
    service: &Arc<Service>,
    endpoint: &Endpoint,
) -> Result<Option<String>> {
    let (function, closure) = callback.parts();
    let m = hold_service(service);
    let subject = CString::new(endpoint.subject()).unwrap_or_default();
    let mut data: *mut c_char = ptr::null_mut();
    // SAFETY: the program's function, with a handle that is held, a string and a place that live, and its closure.
    let error = unsafe { function.call((&raw mut data, *m, subject.as_ptr(), closure)) };
    // SAFETY: NULL or a string that the program has given away.
    let text = unsafe { bytes(data) }.map(|text| String::from_utf8_lossy(text).into_owned());
    // SAFETY: likewise, from `malloc`.
    unsafe { libc::free(data.cast()) };
    // SAFETY: an error that the program gives away, or NULL.
    unsafe { take(error) }.map_or(Ok(text), Err)
}
