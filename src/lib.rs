//! libnats_rs: a NATS client as a C-ABI shared library with a Rust core.
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub mod client;
pub mod error;
pub mod ffi;
pub mod msg;
pub mod net;
pub mod proto;
pub mod runtime;
