//! What needs a server of a certain version: an older one would take it for something else, and say that all is well.

use crate::client::Connection;
use crate::error::{Error, Result, Status};

/// Refuses what the server that the connection is with is too old for. A server that does not say its version knows
/// everything.
pub fn need_server(conn: &Connection, major: u32, minor: u32, what: &str) -> Result<()> {
    match conn.server_release() {
        Some(has) if (has.major, has.minor) < (major, minor) => {
            let (has_major, has_minor) = (has.major, has.minor);
            let text = format!(
                "{what} need a server of {major}.{minor} or later, not {has_major}.{has_minor}"
            );
            Err(Error::new(Status::NATS_NO_SERVER_SUPPORT, text))
        }
        _ => Ok(()),
    }
}
