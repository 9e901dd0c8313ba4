//! Endpoints of services, and groups of them.

use std::ptr;
use std::sync::Arc;

use super::errors::{guard_error, microError, object};
use super::given;
use super::types::{microEndpointConfig, microGroupConfig};
use crate::ffi::handle::{self, microService, new_group};
use crate::micro::{Error, Group, GroupConfig, Result, Service};

pub use crate::ffi::handle::microGroup;

/// Add an endpoint to a service.
///
/// Its handler is called with the requests on its subject, one at a time; different endpoints run at the same time.
/// If the service has an endpoint with the same subject already, that endpoint takes the new configuration, and its
/// statistics start from zero. Protocol: ADR-32.
///
/// @param m The service.
/// @param config The configuration of the endpoint, which is copied. With NULL the call does
/// nothing.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if `m`
/// is NULL or was destroyed, the name is missing or has other characters than letters, digits, `_` and `-`, the
/// subject cannot be subscribed to or is one of the service's monitoring, or there is no handler; an error without a
/// status if the service is stopped, or the queue group of an endpoint with the same subject differs; or the reason
/// why subscribing failed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microGroup_AddEndpoint, microService_AddGroup
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `m` is NULL or a handle of this library; `config` is NULL or a structure whose pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_AddEndpoint(
    m: *mut microService,
    config: *mut microEndpointConfig,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let service = unsafe { object(m) }?;
        // SAFETY: likewise.
        match unsafe { config.as_ref() } {
            None => Ok(()),
            // SAFETY: likewise.
            Some(config) => service
                .add_endpoint(unsafe { given::endpoint(config) }?)
                .map(drop),
        }
    })
}

/// Add an endpoint to a group.
///
/// Its subject is the prefix of the group, a dot, and the subject of the configuration; the rest is as for
/// `microService_AddEndpoint`. Protocol: ADR-32.
///
/// @param g The group.
/// @param config The configuration of the endpoint, which is copied. With NULL the call does
/// nothing.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: as for
/// `microService_AddEndpoint`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_AddEndpoint
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `g` is NULL or a handle of this library; `config` is NULL or a structure whose pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microGroup_AddEndpoint(
    g: *mut microGroup,
    config: *mut microEndpointConfig,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let group = unsafe { object(g) }?;
        // SAFETY: likewise.
        match unsafe { config.as_ref() } {
            None => Ok(()),
            // SAFETY: likewise.
            Some(config) => group
                .add_endpoint(unsafe { given::endpoint(config) }?)
                .map(drop),
        }
    })
}

/// Add a group to a service: a common prefix of the subjects of some endpoints.
///
/// Protocol: ADR-32.
///
/// @param new_group Receives the group, which belongs to the service and can be used until that is destroyed. Written only
/// with NULL.
/// @param m The service.
/// @param config The configuration of the group, which is copied.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
/// argument is NULL, `m` was destroyed, or the prefix is missing.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static microError *sum(microRequest *req) { return microRequest_Respond(req, "4", 1); }
///
/// microService *service = NULL; // from micro_AddService
/// microGroup *group = NULL;
/// microGroupConfig config = {"math", NULL, false};
/// microEndpointConfig endpoint;
/// memset(&endpoint, 0, sizeof(endpoint));
/// endpoint.Name = "sum";
/// endpoint.Handler = sum;
/// microError *err = microService_AddGroup(&group, service, &config);
/// if (err == NULL) err = microGroup_AddEndpoint(group, &endpoint); // on math.sum
/// microError_Destroy(err);
/// ```
///
/// @see microGroup_AddGroup, microGroup_AddEndpoint
///
/// @ingroup nats_micro_service
///
/// # Safety
/// `new_group` is NULL or valid for writing a pointer; `m` is NULL or a handle of this library; `config` is NULL or a
/// structure whose strings are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microService_AddGroup(
    new_group: *mut *mut microGroup,
    m: *mut microService,
    config: *mut microGroupConfig,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let service = unsafe { object(m) }?;
        // SAFETY: likewise.
        unsafe {
            add_group(new_group, config, &service, |config| {
                service.add_group(config)
            })
        }
    })
}

/// Add a group to a group.
///
/// Its prefix follows that of the outer group and a dot. If its configuration has no setting for queue groups, the
/// setting of the outer group applies. Protocol: ADR-32.
///
/// @param new_group Receives the group, which belongs to the service and can be used until that is destroyed. Written only
/// with NULL.
/// @param parent The outer group.
/// @param config The configuration of the group, which is copied.
///
/// @return NULL for success; otherwise an error to be released with `microError_Destroy`: `NATS_INVALID_ARG` if an
/// argument is NULL, the service was destroyed, or the prefix is missing.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see microService_AddGroup
///
/// @ingroup nats_micro_service
///
/// # Safety
/// As for `microService_AddGroup`; `parent` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn microGroup_AddGroup(
    new_group: *mut *mut microGroup,
    parent: *mut microGroup,
    config: *mut microGroupConfig,
) -> *mut microError {
    guard_error(|| {
        // SAFETY: the caller's contract, above.
        let group = unsafe { object(parent) }?;
        let service = group.service()?;
        // SAFETY: likewise.
        unsafe {
            add_group(new_group, config, &service, |config| {
                group.add_group(config)
            })
        }
    })
}

/// # Safety
/// `out` is NULL or valid for writing a pointer; `config` is NULL or a structure whose strings are NULL or valid.
unsafe fn add_group(
    out: *mut *mut microGroup,
    config: *const microGroupConfig,
    service: &Service,
    make: impl FnOnce(GroupConfig) -> Result<Arc<Group>>,
) -> Result<()> {
    // SAFETY: the contract above.
    let config = unsafe { config.as_ref() }.ok_or(Error::INVALID_ARG)?;
    if out.is_null() {
        return Err(Error::INVALID_ARG);
    }
    // SAFETY: likewise.
    let group = make(unsafe { given::group(config) }?)?;
    let handle = new_group(&group);
    if !service.keep_group(&group) {
        // SAFETY: made above.
        unsafe { handle::destroy(handle) };
        return Err(Error::INVALID_ARG);
    }
    // SAFETY: not NULL, hence valid for writing by the contract above.
    unsafe { ptr::write(out, handle) };
    Ok(())
}
