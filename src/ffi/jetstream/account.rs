//! `jsAccountInfo`: what an account uses, and may use.

use std::ffi::{c_char, c_int};

use super::plain::plain;

/// How an account has used the JetStream API.
///
/// @ingroup nats_js_context
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jsAPIStats {
    /// How many requests it has made.
    pub Total: u64,
    /// How many of these have failed.
    pub Errors: u64,
}

/// What an account may use; -1 for no limit.
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
    /// Messages that await their ack, of a consumer.
    pub MaxAckPending: i64,
    /// Bytes of a stream in memory.
    pub MemoryMaxStreamBytes: i64,
    /// Bytes of a stream in files.
    pub StoreMaxStreamBytes: i64,
    /// Whether streams must have a limit of bytes.
    pub MaxBytesRequired: bool,
}

/// What an account uses, and may use, in one tier: of streams with a certain number of replicas.
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
    /// What it may use.
    pub Limits: jsAccountLimits,
}

/// What an account uses, and may use. Released with `jsAccountInfo_Destroy`, with all that is in it.
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
    /// How it has used the API.
    pub API: jsAPIStats,
    /// What it may use, where there are no tiers.
    pub Limits: jsAccountLimits,
    /// The tiers, in the order of their names.
    pub Tiers: *mut *mut jsTier,
    /// How many tiers there are.
    pub TiersLen: c_int,
}

plain!(jsAPIStats, jsAccountLimits, jsTier, jsAccountInfo);
