//! WebSocket (RFC 6455) as a byte stream: the NATS protocol is sent in binary frames, whose
//! boundaries have no meaning.
//!
//! | Module | Content |
//! |---|---|
//! | [`headers`] | what the program adds to the request |
//! | `upgrade` | the HTTP handshake, bounded by the attempt's deadline |
//! | `frame` | encoding and decoding of frames, without sockets |
//! | `stream` | both directions of a connection, for reading and writing threads |
//!
//! Extensions such as compression are not offered, so the server must not use any. Every violation
//! by the server is `NATS_PROTOCOL_ERROR`.

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
