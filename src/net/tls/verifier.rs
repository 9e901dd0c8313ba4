//! Verification of a server's certificate.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use super::options::{TlsOptions, Trusted};
use super::provider::provider;
use super::text::{describe, handshake_error, with_names, words_of};
use crate::error::Result;
use crate::locks::Mutex;

/// Checks chain, time, revocation and name, and asks the program if it has a callback. That the
/// server has the certificate's key is checked in any case.
#[derive(Debug)]
pub(super) struct Verifier {
    options: Arc<TlsOptions>,
    /// `None`: nothing is trusted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The program's certificates, one of which may be the server's own.
    certificates: Vec<CertificateDer<'static>>,
    /// The name that the certificate must have; SNI may have another.
    name: ServerName<'static>,
    findings: Arc<Findings>,
}

/// What is learned about a certificate in a handshake, for the text of its failure.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The certificate that was refused.
    refused: Mutex<Option<CertificateDer<'static>>>,
    /// Trusted certificates that could not be read.
    skipped: Mutex<Vec<String>>,
}

impl Findings {
    /// Notes which of the program's certificates could not be read.
    pub(super) fn skipped(&self, skipped: &[String]) {
        self.skipped.lock().extend_from_slice(skipped);
    }

    /// Why a handshake failed: also whose certificate it was, and which of the program's unreadable
    /// certificates may have been its issuer.
    pub(super) fn explain(&self, error: &rustls::Error) -> crate::error::Error {
        let mut text = describe(error);
        if let Some(certificate) = &*self.refused.lock() {
            text = with_names(error, text, certificate);
        }
        let is_unknown = matches!(
            error,
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
        );
        let skipped = self.skipped.lock();
        if is_unknown && !skipped.is_empty() {
            text = format!("{text}; not read: {}", skipped.join("; "));
        }
        handshake_error(text)
    }
}

impl Verifier {
    pub(super) fn new(
        options: Arc<TlsOptions>,
        trusted: Trusted,
        name: ServerName<'static>,
        findings: Arc<Findings>,
    ) -> Result<Self> {
        let chain = if trusted.roots.is_empty() {
            None
        } else {
            let mut builder =
                WebPkiServerVerifier::builder_with_provider(trusted.roots, provider());
            let lists = trusted.own.revocation_lists;
            if !lists.is_empty() {
                builder = builder.with_crls(lists).enforce_revocation_expiration();
            }
            let unusable = |e| handshake_error(format!("what is trusted: {}", words_of(&e)));
            Some(builder.build().map_err(unusable)?)
        };
        Ok(Verifier {
            options,
            chain,
            certificates: trusted.own.certificates,
            name,
            findings,
        })
    }

    fn verdict(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let Some(chain) = &self.chain else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        match chain.verify_server_cert(end_entity, intermediates, &self.name, ocsp, now) {
            Ok(_) => Ok(()),
            // A self-signed certificate that is marked as an authority and is one that the program
            // trusts: its time has been checked by then, its name has not.
            Err(e) if is_authority(&e) && self.is_trusted_itself(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, &self.name)
            }
            Err(e) => Err(e),
        }
    }

    fn is_trusted_itself(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates.contains(certificate)
    }
}

/// Is the error that the server's certificate is marked as an authority?
fn is_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other))) = error
    else {
        return false;
    };
    matches!(
        other.downcast_ref::<webpki::Error>(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.options.skip_verification {
            return Ok(ServerCertVerified::assertion());
        }
        let verdict = self.verdict(end_entity, intermediates, ocsp, now);
        // For the text, if this ends the handshake.
        *self.findings.refused.lock() = Some(end_entity.clone().into_owned());
        match self.options.ask(verdict.is_ok()) {
            None => verdict?,
            Some(true) => {}
            Some(false) => {
                let refused = CertificateError::ApplicationVerificationFailure.into();
                // The library's finding says more than that the program agreed with it.
                return Err(verdict.err().unwrap_or(refused));
            }
        }
        *self.findings.refused.lock() = None;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The name that a certificate must have, or that a server is asked for.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>> {
    // A zone is local to this machine, a dot at the end is for the resolver.
    let plain = host.split_once('%').map_or(host, |(address, _)| address);
    let plain = plain.strip_suffix('.').unwrap_or(plain);
    ServerName::try_from(plain.to_owned())
        .map_err(|_| handshake_error(format!("'{host}' cannot be the name of a certificate")))
}

/// As [`describe`], for a handshake.
pub(super) fn failure(error: &rustls::Error) -> crate::error::Error {
    handshake_error(describe(error))
}
