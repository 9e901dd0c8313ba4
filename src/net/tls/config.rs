//! rustls's configuration for one attempt.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;

use super::options::{ClientCertificate, TlsOptions, client_error};
use super::pem;
use super::provider::provider;
use super::text::{describe, handshake_error};
use super::verifier::{Findings, Verifier, server_name};
use crate::error::Result;

/// The expected server.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    /// The host of its URL, which is sent to it (SNI) if it is a name.
    pub host: &'a str,
    /// The name that its certificate must have if that is not the host.
    pub name: Option<&'a str>,
}

/// The parameters of one handshake.
pub(super) struct Setup {
    pub(super) config: Arc<ClientConfig>,
    /// The name to send to the server.
    pub(super) sni: ServerName<'static>,
    /// What is learned about the server's certificate during the handshake.
    pub(super) findings: Arc<Findings>,
}

/// Prepares one handshake. Files that have to be read at each handshake are read here.
pub(super) fn build(options: &Arc<TlsOptions>, peer: Peer<'_>) -> Result<Setup> {
    let host = server_name(peer.host)?;
    let name = match (&options.expected_host, peer.name) {
        (Some(expected), _) => expected.clone(),
        (None, Some(name)) => server_name(name)?,
        (None, None) => host.clone(),
    };
    // An address cannot be sent, so a server with several certificates would not know which to use.
    let sni = match &host {
        ServerName::IpAddress(_) => name.clone(),
        _ => host,
    };
    let findings = Arc::new(Findings::default());
    let trusted = options.trusted()?;
    findings.skipped(&trusted.own.skipped);
    let verifier = Verifier::new(options.clone(), trusted, name, findings.clone())?;
    let mut provider = CryptoProvider::clone(&provider());
    let (all13, all12): (Vec<_>, Vec<_>) = provider
        .cipher_suites
        .iter()
        .copied()
        .partition(|suite| suite.tls13().is_some());
    let suites13 = options.suites13.clone().unwrap_or(all13);
    let suites12 = options.suites12.clone().unwrap_or(all12);
    provider.cipher_suites = [suites13, suites12].concat();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| handshake_error(describe(&e)))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &options.client {
        ClientCertificate::None => builder.with_no_client_auth(),
        ClientCertificate::Loaded(key) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone())))
        }
        ClientCertificate::Files { chain, key } => {
            let loaded = pem::certified_key_files(chain, key).map_err(|why| client_error(&why))?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(loaded)))
        }
    };
    // Every connection authenticates both ends again.
    config.resumption = Resumption::disabled();
    Ok(Setup {
        config: Arc::new(config),
        sni,
        findings,
    })
}
