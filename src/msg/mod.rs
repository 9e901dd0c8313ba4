//! The message, and the memory it lives in.
//!
//! A received message is not copied: it stays in the block (`block.rs`) that the socket was read into,
//! and a 64-byte descriptor in the same block says where its parts are. What lives keeps its cell of
//! the block, not all of it; `pool.rs` has the rest used again. [`receive`] is the reading end of that,
//! [`message`] what everyone else sees, [`list`] how messages queue without allocating. [`owner`] is
//! what a message was received through, for those that are answered later, and [`status`] what a
//! server says by a message without a payload.
//!
//! This is one of the two places of the crate that hold `unsafe` code; none of it is visible
//! from outside except [`Msg::from_raw`] and [`Msg::borrow_raw`], for pointers that went to C.

mod block;
pub mod list;
pub mod message;
pub mod owner;
mod pool;
pub mod receive;
pub mod status;

pub use list::MsgList;
pub use message::{Desc, Msg};
pub use owner::Owner;
pub use pool::{Usage, release_unused, trim, usage, wants_trim};
pub use receive::Receiver;
pub use status::MsgStatus;
