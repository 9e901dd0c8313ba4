//! The parts of certificates and keys (X.509, PKCS) that error texts need: names and key types. No
//! decision depends on it.

/// The longest name that is shown, in bytes.
const SHOWN: usize = 160;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BITS: u8 = 0x03;
const OID: u8 = 0x06;
const BMP_STRING: u8 = 0x1e;

/// An element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (len, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let len = len.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            (len, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

/// The content of an element with this tag at the start, and what follows it.
fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|e| e.0 == tag).map(|e| (e.1, e.2))
}

/// The elements of a content.
fn elements(mut der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(der)?;
        der = rest;
        Some((tag, content))
    })
}

/// The first element of DER, without what follows it.
pub(super) fn first_element(der: &[u8]) -> Option<&[u8]> {
    let (_, _, rest) = element(der)?;
    Some(&der[..der.len() - rest.len()])
}

/// The subject and issuer of a certificate, in the usual notation.
pub(super) struct Names {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// The kind of its key.
    pub(super) key: Option<String>,
}

/// The subject and issuer of a certificate.
pub(super) fn names(certificate: &[u8]) -> Option<Names> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (body, _) = expect(certificate, SEQUENCE)?;
    // The oldest ones have no version; then follow serial number, algorithm, issuer, validity,
    // subject, key.
    let mut parts = elements(body).skip_while(|(tag, _)| *tag == 0xa0);
    let issuer = parts.nth(2)?;
    let subject = parts.nth(1)?;
    let key = parts.next().and_then(|(_, key)| public_kind(key));
    Some(Names {
        subject: name(subject.1),
        issuer: name(issuer.1),
        key,
    })
}

/// A name: its parts in order.
fn name(der: &[u8]) -> String {
    let mut shown = String::new();
    let sets = elements(der).filter(|(tag, _)| *tag == SET);
    for (_, attribute) in sets.flat_map(|(_, set)| elements(set)) {
        let Some((oid, rest)) = expect(attribute, OID) else {
            continue;
        };
        let (Some(label), Some((tag, value, _))) = (label(oid), element(rest)) else {
            continue;
        };
        if !shown.is_empty() {
            shown.push_str(", ");
        }
        shown.push_str(label);
        shown.push('=');
        shown.push_str(&text(tag, value));
    }
    if shown.len() > SHOWN {
        shown.truncate(shown.floor_char_boundary(SHOWN));
        shown.push_str("...");
    }
    shown
}

fn text(tag: u8, value: &[u8]) -> String {
    let text = if tag == BMP_STRING {
        let (units, _) = value.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|u| u16::from_be_bytes(*u)).collect();
        String::from_utf16_lossy(&units)
    } else {
        String::from_utf8_lossy(value).into_owned()
    };
    text.replace(char::is_control, "?")
}

/// The label of a part of a name (RFC 4514, section 3).
fn label(oid: &[u8]) -> Option<&'static str> {
    Some(match oid {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" => "emailAddress",
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19" => "DC",
        _ => return None,
    })
}

/// The kind of a public key, from the content of its SubjectPublicKeyInfo.
fn public_kind(info: &[u8]) -> Option<String> {
    let (algorithm, rest) = expect(info, SEQUENCE)?;
    let key = expect(rest, BITS).and_then(|(bits, _)| bits.get(1..));
    let modulus = || {
        let (key, _) = expect(key?, SEQUENCE)?;
        Some(expect(key, INTEGER)?.0)
    };
    kind(algorithm, modulus)
}

/// The kind of a private key: PKCS#8, or SEC1, or PKCS#1.
pub(super) fn private_kind(key: &[u8]) -> Option<String> {
    let (key, _) = expect(key, SEQUENCE)?;
    let (_version, rest) = expect(key, INTEGER)?;
    match element(rest)? {
        (SEQUENCE, algorithm, rest) => {
            let modulus = || {
                let (inner, _) = expect(rest, OCTETS)?;
                let (inner, _) = expect(inner, SEQUENCE)?;
                let (_version, rest) = expect(inner, INTEGER)?;
                Some(expect(rest, INTEGER)?.0)
            };
            kind(algorithm, modulus)
        }
        (INTEGER, modulus, _) => Some(rsa(modulus)),
        (OCTETS, _, rest) => {
            let (curve, _) = expect(rest, 0xa0)?;
            Some(ecdsa(expect(curve, OID)?.0))
        }
        _ => None,
    }
}

/// The kind that an AlgorithmIdentifier stands for.
fn kind<'a>(algorithm: &[u8], modulus: impl FnOnce() -> Option<&'a [u8]>) -> Option<String> {
    let (oid, parameters) = expect(algorithm, OID)?;
    Some(match oid {
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" => modulus().map_or("RSA".to_owned(), rsa),
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" => "RSA-PSS".to_owned(),
        b"\x2a\x86\x48\xce\x3d\x02\x01" => match expect(parameters, OID) {
            Some((curve, _)) => ecdsa(curve),
            None => "ECDSA with a curve of its own".to_owned(),
        },
        b"\x2a\x86\x48\xce\x38\x04\x01" => "DSA".to_owned(),
        [0x2b, 0x65, 0x6e] => "X25519".to_owned(),
        [0x2b, 0x65, 0x6f] => "X448".to_owned(),
        [0x2b, 0x65, 0x70] => "Ed25519".to_owned(),
        [0x2b, 0x65, 0x71] => "Ed448".to_owned(),
        _ => "an algorithm that has no name here".to_owned(),
    })
}

fn rsa(modulus: &[u8]) -> String {
    let bytes = modulus.iter().skip_while(|b| **b == 0);
    format!("RSA of {} bits", 8 * bytes.count())
}

fn ecdsa(curve: &[u8]) -> String {
    let curve = match curve {
        b"\x2a\x86\x48\xce\x3d\x03\x01\x01" => "P-192",
        b"\x2a\x86\x48\xce\x3d\x03\x01\x07" => "P-256",
        [0x2b, 0x81, 4, 0, 0x0a] => "secp256k1",
        [0x2b, 0x81, 4, 0, 0x21] => "P-224",
        [0x2b, 0x81, 4, 0, 0x22] => "P-384",
        [0x2b, 0x81, 4, 0, 0x23] => "P-521",
        [0x2b, 0x24, 3, 3, 2, 8, ..] => "a Brainpool curve",
        _ => "a curve that has no name here",
    };
    format!("ECDSA with {curve}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};

    #[test]
    fn names_are_read() {
        let key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, "a root");
        ca.distinguished_name
            .push(DnType::OrganizationName, "Gr\u{f6}\u{df}e\n");
        let issuer = Issuer::from_params(&ca, &key);
        let mut leaf = CertificateParams::new(vec!["h".to_owned()]).unwrap();
        leaf.distinguished_name = rcgen::DistinguishedName::new();
        leaf.distinguished_name.push(DnType::CountryName, "CH");
        leaf.distinguished_name
            .push(DnType::CommonName, "x".repeat(300));
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let names = names(leaf.der()).unwrap();
        assert!(names.issuer.contains("CN=a root"), "{}", names.issuer);
        assert!(
            names.issuer.contains("O=Gr\u{f6}\u{df}e?"),
            "{}",
            names.issuer
        );
        assert!(
            names.subject.starts_with("C=CH, CN=xxx"),
            "{}",
            names.subject
        );
        assert!(names.subject.ends_with("xxx...") && names.subject.len() == SHOWN + 3);
        assert_eq!(names.key.as_deref(), Some("ECDSA with P-256"));
        assert_eq!(
            private_kind(&key.serialize_der()).as_deref(),
            Some("ECDSA with P-256")
        );
        let ed = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        assert_eq!(
            private_kind(&ed.serialize_der()).as_deref(),
            Some("Ed25519")
        );
    }

    proptest! {
        #[test]
        fn anything_can_be_looked_at(der: Vec<u8>, at in 0usize..300, byte: u8) {
            let _ = (names(&der), private_kind(&der), first_element(&der));
            let made = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap();
            let mut certificate = made.cert.der().to_vec();
            if let Some(b) = certificate.get_mut(at) {
                *b = byte;
            }
            let _ = names(&certificate);
        }
    }
}
