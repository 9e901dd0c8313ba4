//! The way to a server: URLs and the list of them, name resolution, TCP connections, and the byte
//! stream of a session.
//!
//! Everything here is about one server and one socket at a time, and knows neither the NATS
//! protocol nor a connection's state: [`ServerPool`] decides which server is next, [`dial()`]
//! returns a connected socket, and from then on the session uses a [`Stream`].
//!
//! Three rules hold in the whole layer:
//!
//! - All sockets are non-blocking. A function that waits takes one monotonic deadline, and polls
//!   the [`Cancel`] of its owner together with the socket, so that closing a connection never
//!   waits.
//! - An interrupted system call is retried, and no write ever raises `SIGPIPE`.
//! - User names, passwords and tokens never appear in `Debug` output, and nothing of a URL that may
//!   be one of them in the text of an error. They are kept in a [`Secret`](crate::secret::Secret).

#![forbid(unsafe_code)]

pub mod auth;
pub mod cancel;
pub mod dial;
mod dns;
pub mod nkey;
pub mod proxy;
pub mod resolve;
pub mod servers;
pub mod stream;
pub mod tls;
pub mod url;
mod wait;
pub mod websocket;

pub use self::cancel::Cancel;
pub use self::dial::{DialOptions, adopt, dial};
pub use self::dns::on_thread_start;
pub use self::resolve::{IpOrder, resolve};
pub use self::servers::{AuthErrorKind, PassCounter, Pause, Server, ServerPool};
pub use self::stream::Stream;
pub use self::url::ServerUrl;

/// A socket that children made by `fork` close.
pub type Socket = crate::fork::Descriptor<socket2::Socket>;

/// A text without the byte-order mark that some editors put in front of it.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
