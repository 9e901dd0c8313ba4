//! The NATS protocol as bytes: what a server sends, what a client sends, and the rules for the
//! names in between.
//!
//! Nothing here opens a socket, takes a lock of its own, starts a thread or is `unsafe`: each
//! module turns bytes into values or values into bytes, and can be tested by itself. The wire
//! format is that of the page "Client Protocol" of the NATS documentation; headers are those of
//! ADR-4.
//!
//! | Module | Turns |
//! |---|---|
//! | [`parser`] | the server's bytes into operations, without copying or allocating |
//! | [`encode`] | publishes and subscriptions into frames |
//! | [`write_buf`] | frames into the buffer that is written to the socket |
//! | [`salvage`] | that buffer into the frames that survive a lost connection |
//! | [`headers`] | a message's header block into a map and back |
//! | [`info`], [`connect`] | the two JSON objects of the handshake |
//! | [`server_error`] | the text of an `-ERR` into the client's reaction |
//! | [`redact`] | lines of the protocol into text that shows no secret |
//! | [`subject`] | checks of subjects, queue groups and inbox prefixes |
//! | [`decimal`] | digits into numbers |
//! | [`nuid`] | unique names for inboxes, and the ids of requests |

#![forbid(unsafe_code)]

mod bytes;
pub mod connect;
pub mod decimal;
pub mod encode;
pub mod headers;
pub mod info;
pub mod nuid;
pub mod parser;
pub mod redact;
pub mod salvage;
pub mod server_error;
pub mod subject;
pub mod write_buf;
