//! TLS by rustls with *ring*: no OpenSSL, no C code but ring's own.
//!
//! | Module | Holds |
//! |---|---|
//! | [`options`] | what a program asks for, shared by the connections made with it |
//! | `pem` | certificates, keys and revocation lists out of files and memory |
//! | [`ciphers`] | OpenSSL's names for cipher suites |
//! | `config` | rustls's configuration for one attempt |
//! | `verifier` | whether a server's certificate is good, with the program's say |
//! | `session` | the records of one connection: sealing and opening bytes |
//! | [`stream`](self::stream::TlsStream) | the session and its socket, for reading and writing threads |
//! | `handshake` | the first bytes, bounded by the attempt's deadline |
//! | `text` | why it failed, in words |
//! | `x509` | whose a certificate is and of which kind a key, for those words |
//!
//! All failures are `NATS_SSL_ERROR`, and those of a handshake begin with `SSL handshake error: `.

pub mod ciphers;
mod config;
mod handshake;
pub mod options;
mod pem;
mod session;
pub mod stream;
mod text;
mod verifier;
mod x509;

pub use self::config::Peer;
pub use self::options::{TlsOptions, VerifyHandler};
pub use self::stream::TlsStream;

#[cfg(test)]
mod tests;
