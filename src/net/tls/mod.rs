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

/// What reads PEM texts, for the programs in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::pem;

    /// How many certificates and revocation lists a text has, and what is said of those that were skipped.
    pub fn trust(text: &[u8]) -> Result<(usize, usize, Vec<String>), String> {
        let trust = pem::trust(text)?;
        Ok((
            trust.certificates.len(),
            trust.revocation_lists.len(),
            trust.skipped,
        ))
    }

    /// Reads a chain and its key.
    pub fn certified_key(chain: &[u8], key: &[u8]) -> Result<(), String> {
        pem::certified_key(chain, key).map(drop)
    }
}

#[cfg(test)]
mod tests;
