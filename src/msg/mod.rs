//! The message, and the memory that it is in.
//!
//! A received message is not copied: it stays in the block (`block.rs`) that the socket was read into, and a
//! descriptor of 64 bytes in the same block says where its parts are. A living message keeps its cell of the block,
//! not all of it; `pool.rs` makes the rest available again. [`receive`] is the receiving end, [`message`] the type
//! that everything else uses, [`list`] a queue of messages that allocates nothing. [`owner`] is what a message was
//! received through, for messages that are answered later, and [`status`] reads what a server says by a message
//! without a payload. [`MsgCell`] is a place where threads leave and take a message without a lock.
//!
//! This is one of the two places of the crate with `unsafe` code. None of it is visible from outside except
//! [`Msg::from_raw`] and [`Msg::borrow_raw`], for pointers that were given to C.

mod block;
mod cell;
pub mod list;
pub mod message;
pub mod owner;
mod pool;
pub mod receive;
pub mod status;

pub use cell::MsgCell;
pub use list::MsgList;
pub use message::{Desc, Msg};
pub use owner::Owner;
pub use pool::{Usage, release_unused, trim, usage, wants_trim};
pub use receive::Receiver;
pub use status::MsgStatus;
