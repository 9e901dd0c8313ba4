//! The NATS protocol as bytes: what a server sends, what a client sends, and the rules for the
//! names in between.
//!
//! Nothing here opens a socket, takes a lock of its own or starts a thread, and nothing is
//! `unsafe`: each module turns bytes into values or values into bytes, so that all of it can be
//! tested by itself. The wire format is that of the NATS documentation's "Client Protocol" page,
//! headers are those of ADR-4.
//!
//! | Module | Turns |
//! |---|---|
//! | [`parser`] | the server's bytes into operations, without copying or allocating |
//! | [`encode`] | publishes and subscriptions into frames; saves frames after a lost connection |
//! | [`write_buf`] | frames into the buffer they leave from |
//! | [`salvage`] | frames in that buffer, and which of them outlive a lost connection |
//! | [`headers`] | a message's header block into a map and back |
//! | [`info`], [`connect`] | the two JSON objects of the handshake |
//! | [`server_error`] | the text of an `-ERR` into what the client has to do about it |
//! | [`subject`] | checks of subjects, queue groups and inbox prefixes |
//! | [`nuid`] | unique names for inboxes, and the ids of requests |

#![forbid(unsafe_code)]

mod bytes;
pub mod connect;
pub mod encode;
pub mod headers;
pub mod info;
pub mod nuid;
pub mod parser;
pub mod salvage;
pub mod server_error;
pub mod subject;
pub mod write_buf;
