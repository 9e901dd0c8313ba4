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

/// What reads a WebSocket server, for the programs in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::{frame, upgrade};
    use crate::error::Result;

    /// Checks what was received of the answer to the handshake.
    pub fn check(head: &[u8], key: &str) -> Result<Option<usize>> {
        upgrade::check(head, key)
    }

    /// What the answer to a key is.
    pub fn accept(key: &str) -> String {
        upgrade::accept(key)
    }

    /// The payload of the frames in `pieces`, and whether nothing more is received: why, where that is a violation.
    pub fn decode(pieces: &mut [&mut [u8]]) -> (Vec<u8>, Option<Option<String>>) {
        let mut decoder = frame::Decoder::new();
        let mut payload = Vec::new();
        for piece in pieces {
            let n = decoder.decode(piece);
            payload.extend_from_slice(&piece[..n]);
            decoder.take_reply();
        }
        let end = decoder.end().map(|end| match end {
            frame::End::Closed => None,
            frame::End::Failed(error) => Some(error.text().to_owned()),
        });
        (payload, end)
    }
}

#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod tests;
