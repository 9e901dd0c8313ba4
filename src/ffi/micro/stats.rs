//! What services tell about themselves: information and statistics.

use std::ffi::{c_char, c_int};
use std::sync::Arc;

use super::errors::{guard_error, microError, object};
use crate::ffi::guard::guard_void;
use crate::ffi::handle::microService;
use crate::ffi::jetstream::memory::{
    Made, Release, destroy, free_metadata, free_text, free_values, metadata, text, values,
};
use crate::ffi::jetstream::plain::plain;
use crate::ffi::types::natsMetadata;
use crate::micro::monitor::{INFO_TYPE, STATS_TYPE};
use crate::micro::{Endpoint, Error, Service};

/// A description of an endpoint.
///
/// @ingroup nats_micro_stats
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microEndpointInfo {
    /// The name.
    pub Name: *const c_char,
    /// The complete subject.
    pub Subject: *const c_char,
    /// The queue group; NULL for none.
    pub QueueGroup: *const c_char,
    /// The metadata.
    pub Metadata: natsMetadata,
}

/// A description of a service. `microServiceInfo_Destroy` releases it together with its fields.
///
/// @ingroup nats_micro_stats
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microServiceInfo {
    /// `MICRO_INFO_RESPONSE_TYPE`.
    pub Type: *const c_char,
    /// The name.
    pub Name: *const c_char,
    /// The version.
    pub Version: *const c_char,
    /// The description; NULL for none.
    pub Description: *const c_char,
    /// The id of the instance.
    pub Id: *const c_char,
    /// The metadata.
    pub Metadata: natsMetadata,
    /// The endpoints, the newest first.
    pub Endpoints: *mut microEndpointInfo,
    /// The number of endpoints.
    pub EndpointsLen: c_int,
}

/// The statistics of an endpoint.
///
/// @ingroup nats_micro_stats
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microEndpointStats {
    /// The name.
    pub Name: *const c_char,
    /// The complete subject.
    pub Subject: *const c_char,
    /// The queue group; NULL for none.
    pub QueueGroup: *const c_char,
    /// The number of requests that the handler was called with.
    pub NumRequests: i64,
    /// The number of errors that were sent as answers or that the endpoint reported.
    pub NumErrors: i64,
    /// The processing time of all requests: the whole seconds.
    pub ProcessingTimeSeconds: i64,
    /// The rest of the processing time in nanoseconds, less than a second.
    pub ProcessingTimeNanoseconds: i64,
    /// The average processing time of a request in nanoseconds; 0 without requests.
    pub AverageProcessingTimeNanoseconds: i64,
    /// The last error; an empty string if there was none.
    pub LastErrorString: [c_char; 2048],
}

/// The statistics of a service. `microServiceStats_Destroy` releases them together with their
/// fields.
///
/// @ingroup nats_micro_stats
#[repr(C)]
#[derive(Clone, Copy)]
pub struct microServiceStats {
    /// `MICRO_STATS_RESPONSE_TYPE`.
    pub Type: *const c_char,
    /// The name.
    pub Name: *const c_char,
    /// The version.
    pub Version: *const c_char,
    /// The id of the instance.
    pub Id: *const c_char,
    /// The time at which the service was created, in nanoseconds since the epoch, with a precision
    /// of milliseconds.
    pub Started: i64,
    /// The endpoints, the newest first.
    pub Endpoints: *mut microEndpointStats,
    /// The number of endpoints.
    pub EndpointsLen: c_int,
}

plain!(
    microEndpointInfo,
    microServiceInfo,
    microEndpointStats,
    microServiceStats
);

// SAFETY: everything that it points at is its own.
unsafe impl Release for microEndpointInfo {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Name);
            free_text(self.Subject);
            free_text(self.QueueGroup);
            free_metadata(&self.Metadata);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for microServiceInfo {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Type);
            free_text(self.Name);
            free_text(self.Version);
            free_text(self.Description);
            free_text(self.Id);
            free_metadata(&self.Metadata);
            free_values(self.Endpoints, self.EndpointsLen);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for microEndpointStats {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Name);
            free_text(self.Subject);
            free_text(self.QueueGroup);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for microServiceStats {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Type);
            free_text(self.Name);
            free_text(self.Version);
            free_text(self.Id);
            free_values(self.Endpoints, self.EndpointsLen);
        }
    }
}

fn info_to_c(service: &Service) -> crate::error::Result<Made<microServiceInfo>> {
    let mut c = Made::<microServiceInfo>::zeroed()?;
    c.Type = text(INFO_TYPE)?;
    c.Name = text(service.name())?;
    c.Version = text(service.version())?;
    c.Description = text(service.description())?;
    c.Id = text(service.id())?;
    c.Metadata = metadata(service.metadata())?;
    let endpoint = |endpoint: Arc<Endpoint>, c: &mut microEndpointInfo| {
        c.Name = text(endpoint.name())?;
        c.Subject = text(endpoint.subject())?;
        c.QueueGroup = text(endpoint.queue_group().unwrap_or_default())?;
        c.Metadata = metadata(&endpoint.metadata())?;
        Ok(())
    };
    (c.Endpoints, c.EndpointsLen) = values(service.endpoints().into_iter(), endpoint)?;
    Ok(c)
}

fn stats_to_c(service: &Service) -> crate::error::Result<Made<microServiceStats>> {
    let mut c = Made::<microServiceStats>::zeroed()?;
    c.Type = text(STATS_TYPE)?;
    c.Name = text(service.name())?;
    c.Version = text(service.version())?;
    c.Id = text(service.id())?;
    c.Started = service.started();
    let endpoint = |endpoint: Arc<Endpoint>, c: &mut microEndpointStats| {
        let stats = endpoint.stats();
        c.Name = text(endpoint.name())?;
        c.Subject = text(endpoint.subject())?;
        c.QueueGroup = text(endpoint.queue_group().unwrap_or_default())?;
        c.NumRequests = number(stats.requests.into());
        c.NumErrors = number(stats.errors.into());
        c.ProcessingTimeSeconds = number(stats.time.as_secs().into());
        c.ProcessingTimeNanoseconds = stats.time.subsec_nanos().into();
        c.AverageProcessingTimeNanoseconds = number(stats.average().as_nanos());
        let last = &stats.last_error;
        let kept = &last.as_bytes()[..last.floor_char_boundary(c.LastErrorString.len() - 1)];
        // The rest is zero.
        for (place, byte) in c.LastErrorString.iter_mut().zip(kept) {
            *place = *byte as c_char;
        }
        Ok(())
    };
    (c.Endpoints, c.EndpointsLen) = values(service.endpoints().into_iter(), endpoint)?;
    Ok(c)
}

fn number(n: u128) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Get the info of a service and its endpoints.
///
/// @param new_info Receives the information, to be released with `microServiceInfo_Destroy`; written only with NULL.
/// @param m The service.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
/// argument is NULL or `m` was destroyed; `NATS_NO_MEMORY`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_GetStats
///
/// @ingroup nats_micro_stats
///
/// # Safety
/// `new_info` is NULL or valid for writing a pointer; `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_GetInfo(
    new_info: *mut *mut microServiceInfo,
    m: *mut microService,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let service = unsafe { object(m) }?;
        if new_info.is_null() {
            return Err(Error::INVALID_ARG);
        }
        let made = info_to_c(&service)?.into_raw();
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { new_info.write(made) };
        Ok(())
    })
}

/// Read the statistics of a service's endpoints.
///
/// The endpoints for monitoring are not included. After `microService_Stop` the endpoints disappear one by one.
///
/// @param new_stats Receives the statistics, to be released with `microServiceStats_Destroy`; written only with NULL.
/// @param m The service.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
/// argument is NULL or `m` was destroyed; `NATS_NO_MEMORY`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_GetInfo, microService_Reset
///
/// @ingroup nats_micro_stats
///
/// # Safety
/// `new_stats` is NULL or valid for writing a pointer; `m` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_GetStats(
    new_stats: *mut *mut microServiceStats,
    m: *mut microService,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let service = unsafe { object(m) }?;
        if new_stats.is_null() {
            return Err(Error::INVALID_ARG);
        }
        let made = stats_to_c(&service)?.into_raw();
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { new_stats.write(made) };
        Ok(())
    })
}

/// Destroy the result of `microService_GetInfo`.
///
/// @param info The information; NULL is ignored.
///
/// @par Threads
/// It belongs to one thread at a time.
///
/// @ingroup nats_micro_stats
///
/// # Safety
/// `info` is NULL or from `microService_GetInfo`, not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microServiceInfo_Destroy(info: *mut microServiceInfo) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { destroy(info) });
}

/// Destroy the result of `microService_GetStats`.
///
/// @param stats The statistics; NULL is ignored.
///
/// @par Threads
/// They belong to one thread at a time.
///
/// @ingroup nats_micro_stats
///
/// # Safety
/// `stats` is NULL or from `microService_GetStats`, not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microServiceStats_Destroy(stats: *mut microServiceStats) {
    // SAFETY: the caller's contract, above.
    guard_void(|| unsafe { destroy(stats) });
}
