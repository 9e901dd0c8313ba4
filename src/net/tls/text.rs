//! Why TLS failed, in words.

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InconsistentKeys, OtherError};

use crate::error::{Error, Status};

/// An error of TLS.
pub(super) fn ssl_error(text: impl Into<String>) -> Error {
    Error::new(Status::NATS_SSL_ERROR, text.into())
}

/// A handshake that failed.
pub(super) fn handshake_error(why: impl std::fmt::Display) -> Error {
    ssl_error(format!("SSL handshake error: {why}"))
}

/// What rustls says, for people.
pub(super) fn describe(error: &rustls::Error) -> String {
    use rustls::Error::*;
    match error {
        InvalidCertificate(e) => certificate(e),
        InvalidCertRevocationList(e) => format!("invalid certificate revocation list: {e:?}"),
        AlertReceived(alert) => format!("the server refuses: {}", self::alert(*alert)),
        InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            "what the server sends is not TLS".to_owned()
        }
        DecryptError => "a record of the server cannot be decrypted".to_owned(),
        NoCertificatesPresented => "the server has no certificate".to_owned(),
        InconsistentKeys(self::InconsistentKeys::KeyMismatch) => {
            "the key does not belong to the certificate".to_owned()
        }
        PeerIncompatible(e) => format!("nothing in common with the server: {e:?}"),
        PeerMisbehaved(e) => format!("the server misbehaves: {e:?}"),
        General(text) => text.clone(),
        other => other.to_string(),
    }
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
        other => format!("alert {other:?}"),
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
            let names = match presented.as_slice() {
                [] => "no name at all".to_owned(),
                names => names.join(", "),
            };
            let expected = expected.to_str();
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
            _ => format!("the certificate cannot be used: {other}"),
        },
        other => other.to_string(),
    }
}

fn ago(now: UnixTime, then: UnixTime) -> String {
    let seconds = now.as_secs().saturating_sub(then.as_secs());
    format!("{seconds} seconds ago")
}
