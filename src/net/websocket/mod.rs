//! WebSocket (RFC 6455) as a byte stream: what NATS says goes in binary frames, whose borders mean
//! nothing.
//!
//! | Module | Holds |
//! |---|---|
//! | [`headers`] | what the program adds to the request |
//! | `upgrade` | the HTTP handshake, bounded by the attempt's deadline |
//! | `frame` | frames: out of bytes and into bytes, no sockets |
//! | `stream` | both directions of a connection, for reading and writing threads |
//!
//! Extensions such as compression are not offered, so the server must not use any. Whatever the
//! server does against the rules is `NATS_PROTOCOL_ERROR`.

mod frame;
pub mod headers;
mod stream;
mod upgrade;

pub use self::headers::Headers;
pub(super) use self::stream::WebSocket;
pub(super) use self::upgrade::upgrade;

#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod tests;
