//! TLS by rustls with *ring*: no OpenSSL, no C code except ring's own.
//!
//! | Module | Content |
//! |---|---|
//! | [`options`] | the TLS settings of a program, shared by the connections made with it |
//! | `pem` | certificates, keys and revocation lists from files and memory |
//! | [`ciphers`] | OpenSSL's names for cipher suites |
//! | `config` | rustls's configuration for one attempt |
//! | `verifier` | verification of a server's certificate, with the program's decision |
//! | `session` | the records of one connection: sealing and opening bytes |
//! | [`stream`](self::stream::TlsStream) | the session and its socket, for reading and writing threads |
//! | `handshake` | the handshake, bounded by the attempt's deadline |
//! | `text` | texts for failures |
//! | `x509` | the names and key types of certificates, for those texts |
//!
//! All failures are `NATS_SSL_ERROR`, and those of a handshake begin with `SSL handshake error: `.

pub mod ciphers;
mod config;
mod handshake;
pub mod options;
mod pem;
mod provider;
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
