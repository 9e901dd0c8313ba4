//! Texts for TLS failures, without the notation that rustls and webpki use for their values.

use std::fmt::Debug;

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{AlertDescription, CertificateError, InconsistentKeys, OtherError};

use super::x509;
use crate::error::{Error, Status};

/// The supported keys, in certificates and for them.
pub(super) const SUPPORTED_KEYS: &str =
    "RSA from 2048 bits, ECDSA with P-256 or P-384, and Ed25519 are";

/// An error of TLS.
pub(super) fn ssl_error(text: impl Into<String>) -> Error {
    Error::new(Status::NATS_SSL_ERROR, text.into())
}

/// A handshake that failed.
pub(super) fn handshake_error(why: impl std::fmt::Display) -> Error {
    ssl_error(format!("SSL handshake error: {why}"))
}

/// The text for an error of rustls.
pub(super) fn describe(error: &rustls::Error) -> String {
    use rustls::Error::*;
    match error {
        InvalidCertificate(e) => certificate(e),
        InvalidCertRevocationList(e) => {
            format!("invalid certificate revocation list: {}", words_of(e))
        }
        AlertReceived(alert) => format!("the server refuses: {}", self::alert(*alert)),
        InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            "what the server sends is not TLS".to_owned()
        }
        InvalidMessage(e) => format!("what the server sends is malformed: {}", words_of(e)),
        InappropriateMessage { .. } | InappropriateHandshakeMessage { .. } => {
            "the server says something that does not belong there".to_owned()
        }
        DecryptError => "a record of the server cannot be decrypted".to_owned(),
        EncryptError => "a record cannot be encrypted".to_owned(),
        PeerSentOversizedRecord => "a record of the server is too large".to_owned(),
        NoCertificatesPresented => "the server has no certificate".to_owned(),
        UnsupportedNameType => "the name is of an unsupported kind".to_owned(),
        FailedToGetCurrentTime => "the time of day is not to be had".to_owned(),
        FailedToGetRandomBytes => "random numbers are not to be had".to_owned(),
        HandshakeNotComplete => "the handshake is not done".to_owned(),
        InconsistentKeys(self::InconsistentKeys::KeyMismatch) => {
            "the key does not belong to the certificate".to_owned()
        }
        InconsistentKeys(_) => "whether key and certificate belong together is unknown".to_owned(),
        PeerIncompatible(e) => format!("nothing in common with the server: {}", words_of(e)),
        PeerMisbehaved(e) => format!("the server breaks the rules of TLS: {}", words_of(e)),
        General(text) => text.clone(),
        other => words_of(other),
    }
}

/// The words in the name of one of rustls's or webpki's values, without its content.
pub(super) fn words_of(value: &impl Debug) -> String {
    let name = format!("{value:?}");
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next();
    let name = name.unwrap_or_default();
    let mut words = String::new();
    let mut last = '.';
    for (at, c) in name.char_indices() {
        let next_is_small = name[at + 1..].starts_with(|c: char| c.is_ascii_lowercase());
        let begins = c.is_ascii_uppercase() && (!last.is_ascii_uppercase() || next_is_small);
        if begins && at > 0 {
            words.push(' ');
        }
        // Abbreviations stay as they are.
        match begins && next_is_small {
            true => words.push(c.to_ascii_lowercase()),
            false => words.push(c),
        }
        last = c;
    }
    words
}

/// Adds whose certificate an error is about, and the type of its key if that is the error.
pub(super) fn with_names(
    error: &rustls::Error,
    text: String,
    certificate: &CertificateDer<'_>,
) -> String {
    let Some(names) = x509::names(certificate) else {
        return text;
    };
    let or = |name: &str, none| match name {
        "" => String::from(none),
        name => format!("'{name}'"),
    };
    let subject = or(&names.subject, "no name");
    let issuer = or(&names.issuer, "nobody with a name");
    let is_unsupported = matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        )
    );
    let key = names.key.filter(|_| is_unsupported);
    let key = key.map(|kind| format!(", its key is {kind}"));
    let key = key.unwrap_or_default();
    format!("{text} (certificate of {subject}, issued by {issuer}{key})")
}

fn alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => "it requires a client certificate".to_owned(),
        AlertDescription::BadCertificate => "bad certificate".to_owned(),
        AlertDescription::CertificateExpired => "the client certificate has expired".to_owned(),
        AlertDescription::CertificateRevoked => "the client certificate was revoked".to_owned(),
        AlertDescription::UnknownCA => "it does not know who issued the certificate".to_owned(),
        AlertDescription::HandshakeFailure => "handshake failure".to_owned(),
        AlertDescription::ProtocolVersion => "it does not speak this version of TLS".to_owned(),
        AlertDescription::Unknown(number) => format!("alert {number}"),
        other => words_of(&other),
    }
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError::*;
    match error {
        Expired => "the certificate has expired".to_owned(),
        ExpiredContext { time, not_after } => {
            format!("the certificate has expired {}", ago(*time, *not_after))
        }
        NotValidYet => "the certificate is not valid yet".to_owned(),
        NotValidYetContext { time, not_before } => format!(
            "the certificate is not valid yet, but in {} seconds",
            not_before.as_secs().saturating_sub(time.as_secs())
        ),
        Revoked => "the certificate was revoked".to_owned(),
        UnknownIssuer => "unknown issuer: the certificate is not from a trusted authority".into(),
        UnknownRevocationStatus => {
            "no certificate revocation list is from the certificate's issuer".to_owned()
        }
        ExpiredRevocationList => "the certificate revocation list has expired".to_owned(),
        ExpiredRevocationListContext { time, next_update } => format!(
            "the certificate revocation list has expired {}",
            ago(*time, *next_update)
        ),
        BadSignature => "the certificate's signature is wrong".to_owned(),
        NotValidForName => "hostname mismatch: the certificate is for another name".to_owned(),
        NotValidForNameContext {
            expected,
            presented,
        } => {
            let expected = expected.to_str();
            let names = presented_names(presented);
            format!("hostname mismatch: expected={expected}, the certificate is for {names}")
        }
        InvalidPurpose | InvalidPurposeContext { .. } => {
            "the certificate is not one for servers".to_owned()
        }
        ApplicationVerificationFailure => {
            "the program's verification callback refused the certificate".to_owned()
        }
        BadEncoding => "the certificate is malformed".to_owned(),
        Other(OtherError(other)) => match other.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => {
                "the certificate is one of an authority, and not itself trusted".to_owned()
            }
            Some(e) => format!("the certificate cannot be used: {}", words_of(e)),
            None => "the certificate cannot be used".to_owned(),
        },
        UnsupportedSignatureAlgorithmContext { .. }
        | UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            format!(
                "it is signed in a way that is not supported; {SUPPORTED_KEYS}, with SHA-256 or better"
            )
        }
        other => format!("the certificate cannot be used: {}", words_of(other)),
    }
}

/// The names in a certificate, from webpki's notation: `DnsName("a.b")`.
fn presented_names(presented: &[String]) -> String {
    let plain = |name: &String| match name.split_once("(\"") {
        Some((_, rest)) => rest.trim_end_matches(')').trim_end_matches('"').to_owned(),
        None => match name.split_once('(') {
            Some((_, rest)) => rest.trim_end_matches(')').to_owned(),
            None => name.clone(),
        },
    };
    match presented {
        [] => "no name at all".to_owned(),
        names => names.iter().map(plain).collect::<Vec<_>>().join(", "),
    }
}

fn ago(now: UnixTime, then: UnixTime) -> String {
    let seconds = now.as_secs().saturating_sub(then.as_secs());
    format!("{seconds} seconds ago")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{CertRevocationListError, InvalidMessage, PeerIncompatible, PeerMisbehaved};

    #[test]
    fn values_are_said_in_words() {
        for (value, words) in [
            (
                words_of(&PeerIncompatible::NoCipherSuitesInCommon),
                "no cipher suites in common",
            ),
            (
                words_of(&PeerMisbehaved::TooManyKeyUpdateRequests),
                "too many key update requests",
            ),
            (
                words_of(&AlertDescription::UnrecognisedName),
                "unrecognised name",
            ),
            (
                words_of(&AlertDescription::UnknownPSKIdentity),
                "unknown PSK identity",
            ),
            (words_of(&InvalidMessage::MissingData("X")), "missing data"),
            (
                words_of(&webpki::Error::UnsupportedCertVersion),
                "unsupported cert version",
            ),
        ] {
            assert_eq!(value, words);
        }
        let tls = "Tls12NotOffered";
        assert_eq!(
            words_of(&PeerIncompatible::Tls12NotOffered),
            "tls12 not offered",
            "{tls}"
        );
    }

    #[test]
    fn no_text_has_a_value_of_rust_in_it() {
        let other = CertificateError::Other(OtherError(std::sync::Arc::new(
            webpki::Error::UnsupportedCertVersion,
        )));
        for error in [
            rustls::Error::InvalidCertificate(other),
            rustls::Error::InvalidCertificate(CertificateError::UnhandledCriticalExtension),
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                expected: "b".try_into().unwrap(),
                presented: vec![
                    "DnsName(\"a.b\")".to_owned(),
                    "IpAddress(10.0.0.1)".to_owned(),
                ],
            }),
            rustls::Error::InvalidCertRevocationList(CertRevocationListError::BadSignature),
            rustls::Error::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
            rustls::Error::PeerMisbehaved(PeerMisbehaved::MissingKeyShare),
            rustls::Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            rustls::Error::AlertReceived(AlertDescription::Unknown(200)),
            rustls::Error::NoApplicationProtocol,
        ] {
            let text = describe(&error);
            assert!(
                !text.contains(['(', '"', '{', '_']) && !text.contains("::"),
                "{text}"
            );
            let camel = text.as_bytes().windows(2);
            let camel = camel.filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase());
            assert_eq!(camel.count(), 0, "{text}");
        }
        assert_eq!(
            presented_names(&["DnsName(\"a.b\")".to_owned(), "c".to_owned()]),
            "a.b, c"
        );
    }
}
