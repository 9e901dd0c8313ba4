//! `jsAccountInfo`: what an account uses, and may use.

use std::ffi::{c_char, c_int};

use super::beyond::{self, Beyond};
use super::memory::{Made, Release, free, free_pointers, free_text, pointers, text};
use super::plain::plain;
use crate::error::Result;
use crate::js::api::{AccountInfo, AccountLimits, Tier};

/// The use of the JetStream API by an account.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsAPIStats {
    /// The number of requests.
    pub Total: u64,
    /// The number of requests that failed.
    pub Errors: u64,
}

/// The limits of an account; -1 for no limit.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsAccountLimits {
    /// Bytes in memory.
    pub MaxMemory: i64,
    /// Bytes in files.
    pub MaxStore: i64,
    /// Streams.
    pub MaxStreams: i64,
    /// Consumers of a stream.
    pub MaxConsumers: i64,
    /// Messages of a consumer that wait for acknowledgements.
    pub MaxAckPending: i64,
    /// Bytes of a stream in memory.
    pub MemoryMaxStreamBytes: i64,
    /// Bytes of a stream in files.
    pub StoreMaxStreamBytes: i64,
    /// Whether streams must have a limit of bytes.
    pub MaxBytesRequired: bool,
}

/// The use and limits of an account in one tier: for streams with a certain number of replicas.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsTier {
    /// The tier's name, such as `R3`.
    pub Name: *const c_char,
    /// Bytes in memory.
    pub Memory: u64,
    /// Bytes in files.
    pub Store: u64,
    /// Streams.
    pub Streams: i64,
    /// Consumers.
    pub Consumers: i64,
    /// The limits.
    pub Limits: jsAccountLimits,
}

/// The use and limits of an account. `jsAccountInfo_Destroy` releases it together with its fields.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsAccountInfo {
    /// Bytes in memory.
    pub Memory: u64,
    /// Bytes in files.
    pub Store: u64,
    /// Streams.
    pub Streams: i64,
    /// Consumers.
    pub Consumers: i64,
    /// The servers' domain; NULL for none.
    pub Domain: *mut c_char,
    /// The use of the API.
    pub API: jsAPIStats,
    /// The limits, if there are no tiers.
    pub Limits: jsAccountLimits,
    /// The tiers, in the order of their names.
    pub Tiers: *mut *mut jsTier,
    /// The number of tiers.
    pub TiersLen: c_int,
}

plain!(jsAPIStats, jsAccountLimits, jsTier, jsAccountInfo);

/// Makes what an account uses for the program.
pub(super) fn to_c(info: &AccountInfo) -> Result<Made<jsAccountInfo>> {
    let mut c = Made::<jsAccountInfo>::zeroed()?;
    c.Memory = info.memory;
    c.Store = info.store;
    c.Streams = info.streams;
    c.Consumers = info.consumers;
    c.Domain = text(&info.domain)?;
    c.API = jsAPIStats {
        Total: info.api.total,
        Errors: info.api.errors,
    };
    c.Limits = limits_to_c(&info.limits);
    (c.Tiers, c.TiersLen) = pointers(info.tiers.iter(), tier_to_c)?;
    beyond::keep(&*c, Beyond::of_account(info));
    Ok(c)
}

fn tier_to_c((name, tier): (&String, &Tier)) -> Result<Made<jsTier>> {
    let mut c = Made::<jsTier>::zeroed()?;
    c.Name = text(name)?;
    c.Memory = tier.memory;
    c.Store = tier.store;
    c.Streams = tier.streams;
    c.Consumers = tier.consumers;
    c.Limits = limits_to_c(&tier.limits);
    Ok(c)
}

fn limits_to_c(limits: &AccountLimits) -> jsAccountLimits {
    jsAccountLimits {
        MaxMemory: limits.max_memory,
        MaxStore: limits.max_store,
        MaxStreams: limits.max_streams,
        MaxConsumers: limits.max_consumers,
        MaxAckPending: limits.max_ack_pending,
        MemoryMaxStreamBytes: limits.memory_max_stream_bytes,
        StoreMaxStreamBytes: limits.store_max_stream_bytes,
        MaxBytesRequired: limits.max_bytes_required,
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsAccountInfo {
    unsafe fn release(&mut self) {
        beyond::forget(self);
        // SAFETY: the contract of the trait.
        unsafe {
            free(self.Domain);
            free_pointers(self.Tiers, self.TiersLen);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsTier {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe { free_text(self.Name) };
    }
}
