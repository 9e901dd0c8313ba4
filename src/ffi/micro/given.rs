//! What the program gives in structures.

use std::ffi::c_char;
use std::sync::Arc;

use super::handler::{Program, ProgramEvents};
use super::types::{microEndpointConfig, microGroupConfig, microServiceConfig};
use crate::ffi::convert;
use crate::ffi::jetstream::given;
use crate::micro::config::API_PREFIX;
use crate::micro::{
    EndpointConfig, Error, GroupConfig, Handler, QueueChoice, Result, ServiceConfig,
};

/// A string; empty for NULL.
///
/// # Safety
/// `text` is NULL or a string.
pub(super) unsafe fn string(text: *const c_char, what: &str) -> Result<String> {
    // SAFETY: the contract above.
    Ok(unsafe { given::string(text, what) }?)
}

/// # Safety
/// `group` is NULL or a string.
unsafe fn queue(group: *const c_char, none: bool) -> Result<QueueChoice> {
    // SAFETY: the contract above.
    let group = unsafe { string(group, "queue group") }?;
    Ok(QueueChoice { group, none })
}

/// # Safety
/// The strings and the metadata are NULL or valid.
pub(super) unsafe fn group(config: &microGroupConfig) -> Result<GroupConfig> {
    // SAFETY: the contract above.
    unsafe {
        Ok(GroupConfig {
            prefix: string(config.Prefix, "prefix")?,
            queue: queue(config.QueueGroup, config.NoQueueGroup)?,
        })
    }
}

/// # Safety
/// The strings and the metadata are NULL or valid, and so is the function.
pub(super) unsafe fn endpoint(config: &microEndpointConfig) -> Result<EndpointConfig> {
    let handler = Program::handler(config.Handler, config.State);
    // SAFETY: the contract above.
    unsafe {
        Ok(EndpointConfig {
            name: string(config.Name, "endpoint name")?,
            subject: string(config.Subject, "endpoint subject")?,
            queue: queue(config.QueueGroup, config.NoQueueGroup)?,
            metadata: given::metadata(&config.Metadata)?,
            handler: handler.map(|handler| Arc::new(handler) as Arc<dyn Handler>),
        })
    }
}

/// A service and its first endpoint. `prefix` may be NULL.
///
/// # Safety
/// The strings, the metadata and the endpoint are NULL or valid, and so are the functions.
pub(super) unsafe fn service(
    config: &microServiceConfig,
    prefix: *const c_char,
) -> Result<(ServiceConfig, Option<EndpointConfig>)> {
    // SAFETY: the contract above.
    if unsafe { convert::bytes(config.QueueGroup) }.is_some_and(<[u8]>::is_empty) {
        return Err(Error::INVALID_ARG);
    }
    let stats_handler = Program::handler(config.StatsHandler, std::ptr::null_mut());
    // SAFETY: likewise.
    unsafe {
        let first = config.Endpoint.as_ref().map(|first| endpoint(first));
        let service = ServiceConfig {
            name: string(config.Name, "service name")?,
            version: string(config.Version, "version")?,
            description: string(config.Description, "description")?,
            queue: queue(config.QueueGroup, config.NoQueueGroup)?,
            metadata: given::metadata(&config.Metadata)?,
            prefix: match prefix.is_null() {
                true => API_PREFIX.to_owned(),
                false => string(prefix, "prefix")?,
            },
            stats_handler: stats_handler.map(|handler| Arc::new(handler) as Arc<dyn Handler>),
            events: Box::new(ProgramEvents::of(config)),
        };
        Ok((service, first.transpose()?))
    }
}
