//! The message, and the memory that it is in.
//!
//! A received message is not copied: it stays in the block that the socket was read into, and a descriptor of
//! 64 bytes in the same block says where its parts are. A living message keeps its cell of the block, not all of it;
//! the rest of the block is used for other messages.
//!
//! | File | Subject |
//! |---|---|
//! | `block.rs` | the layout of a block, its cells, and their counters |
//! | `pool.rs` | the blocks that no thread fills |
//! | `release.rs` | dropping the references of messages |
//! | `filling.rs` | a block that is being filled, and the descriptors in it |
//! | [`owner`] | what a message was received through, for messages that are answered later |
//! | `desc.rs` | the descriptor |
//! | [`message`], `lend.rs` | the type that everything else uses; lending a message to a callback |
//! | `drop_many.rs` | dropping many messages |
//! | `create.rs` | messages of parts that are in a block, or copied into one |
//! | [`receive`] | the receiving end |
//! | [`list`], `cell.rs` | a queue of messages that allocates nothing; a place where threads leave and take one message without a lock |
//! | [`status`] | what a server says by a message without a payload |
//!
//! Each file imports only files above it in this table.
//!
//! This is one of the two places of the crate with `unsafe` code. None of it is visible from outside except
//! [`Msg::from_raw`] and [`Msg::borrow_raw`], for pointers that were given to C.

mod block;
mod cell;
mod create;
mod desc;
mod drop_many;
mod filling;
mod lend;
pub mod list;
pub mod message;
pub mod owner;
#[cfg(test)]
mod owner_tests;
mod pool;
pub mod receive;
mod release;
#[cfg(all(test, not(miri)))]
mod reordered;
pub mod status;

pub use cell::MsgCell;
pub use desc::Desc;
pub use drop_many::DropMany;
pub use list::MsgList;
pub use message::Msg;
pub use owner::{Owner, OwnerRef, Owners};
pub use pool::{Usage, trim, usage, wants_trim};
pub use receive::Receiver;
pub use status::{ACK_PREFIX, MsgStatus};

use crate::sync;

/// Returns all unused blocks to the system, when the library closes.
pub fn release_unused() {
    create::release_shared();
    pool::release_unused();
}
