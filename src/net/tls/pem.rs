//! Certificates, keys and revocation lists from PEM text.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::provider::provider;
use super::text::{SUPPORTED_KEYS, describe, words_of};
use super::x509;
use crate::net::without_mark;
use crate::words;

/// No sensible file is larger, and reading a wrong one must end.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Why something cannot be loaded.
pub(super) type Why = String;

/// The certificates and revocation lists of a text.
#[derive(Clone, Default)]
pub(super) struct Trust {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    /// The certificates that cannot be read, by number, with the reason.
    pub(super) skipped: Vec<Why>,
}

impl Trust {
    /// Adds the content of another text.
    pub(super) fn extend(&mut self, other: Trust) {
        self.certificates.extend(other.certificates);
        self.revocation_lists.extend(other.revocation_lists);
        self.skipped.extend(other.skipped);
    }
}

/// The bytes of a file; wiped when dropped, because they may be a key.
pub(super) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Why> {
    let file = File::open(path).map_err(|e| words::os(&e))?;
    // In one allocation: a buffer that grows leaves copies behind.
    let expected = file.metadata().map_or(0, |m| m.len()).min(MAX_FILE) as usize;
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.max(64) + 1));
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| words::os(&e))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err("the file is too large".to_owned());
    }
    Ok(bytes)
}

/// A section of a text: its label and its bytes.
struct Section<'a> {
    label: &'a [u8],
    der: Result<Vec<u8>, Why>,
}

impl Section<'_> {
    /// Its bytes, if it is a certificate by one of the labels that tools use.
    fn certificate(self) -> Option<Result<CertificateDer<'static>, Why>> {
        let has_more = match self.label {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => false,
            // OpenSSL's form: the certificate is followed by what it is trusted for.
            b"TRUSTED CERTIFICATE" => true,
            _ => return None,
        };
        Some(self.der.map(|der| match x509::first_element(&der) {
            Some(first) if has_more => CertificateDer::from(first.to_vec()),
            _ => CertificateDer::from(der),
        }))
    }
}

/// The sections of a text. A broken one does not hide those behind it.
fn sections(text: &[u8]) -> Vec<Section<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    let unfinished = |label| Section {
        label,
        der: Err("its last line is missing".to_owned()),
    };
    let marked = |line: &'_ [u8], word: &[u8]| -> Option<std::ops::Range<usize>> {
        let inner = line.strip_prefix(word)?.strip_suffix(b"-----")?;
        Some(word.len()..word.len() + inner.len())
    };
    for line in without_mark(text).split(|b| matches!(b, b'\n' | b'\r')) {
        let line = line.trim_ascii();
        if let Some(label) = marked(line, b"-----BEGIN ") {
            found.extend(open.take().map(|(label, _)| unfinished(label)));
            open = Some((&line[label], Vec::new()));
        } else if marked(line, b"-----END ").is_some() {
            if let Some((label, base64)) = open.take() {
                let der = BASE64.decode(&base64);
                let der = der.map_err(|_| "it is not Base64".to_owned());
                found.push(Section { label, der });
            }
        } else if let Some((_, base64)) = &mut open {
            // Lines with a colon are headers.
            if !line.contains(&b':') {
                base64.extend(line.iter().filter(|b| !b.is_ascii_whitespace()));
            }
        }
    }
    found.extend(open.map(|(label, _)| unfinished(label)));
    found
}

/// The certificates and revocation lists of a text; other sections are skipped. All are checked:
/// certificates that cannot be used are left out, unless none is left. A revocation list that
/// cannot be used is an error, because what it revokes would be accepted.
pub(super) fn trust(text: &[u8]) -> Result<Trust, Why> {
    let mut found = Trust::default();
    let mut roots = rustls::RootCertStore::empty();
    let mut number = 0;
    for section in sections(text) {
        if matches!(section.label, b"X509 CRL") {
            let list = section
                .der
                .map_err(|why| format!("revocation list: {why}"))?;
            let list = CertificateRevocationListDer::from(list);
            check_list(&list)?;
            found.revocation_lists.push(list);
        } else if let Some(certificate) = section.certificate() {
            number += 1;
            let usable = certificate.and_then(|certificate| {
                let added = roots.add(certificate.clone());
                added.map(|()| certificate).map_err(|e| describe(&e))
            });
            match usable {
                Ok(certificate) => found.certificates.push(certificate),
                Err(why) => found.skipped.push(format!("certificate {number}: {why}")),
            }
        }
    }
    if found.certificates.is_empty() && !found.skipped.is_empty() {
        return Err(found.skipped.join("; "));
    }
    Ok(found)
}

/// Whether a revocation list can be read at all.
fn check_list(list: &CertificateRevocationListDer<'_>) -> Result<(), Why> {
    webpki::BorrowedCertRevocationList::from_der(list)
        .map(|_| ())
        .map_err(|e| format!("a revocation list cannot be used: {}", words_of(&e)))
}

/// The revocation lists of a file: PEM, or a single one in DER.
pub(super) fn revocation_lists(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Why> {
    let bytes = read_file(path)?;
    let mut lists = trust(&bytes)?.revocation_lists;
    if lists.is_empty() && bytes.first() == Some(&0x30) {
        let list = CertificateRevocationListDer::from(bytes.to_vec());
        check_list(&list)?;
        lists.push(list);
    }
    if lists.is_empty() {
        return Err("no revocation list found".to_owned());
    }
    Ok(lists)
}

/// A certificate chain and its key, which have to match.
pub(super) fn certified_key(chain: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, Why> {
    let certificates = sections(chain).into_iter().filter_map(Section::certificate);
    let chain = certificates
        .zip(1..)
        .map(|(certificate, n)| certificate.map_err(|why| format!("certificate {n}: {why}")))
        .collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err("no certificate found".to_owned());
    }
    let text = without_mark(key);
    let key =
        PrivateKeyDer::from_pem_slice(text).map_err(|e| format!("key: {}", key_why(text, e)))?;
    let kind = x509::private_kind(key.secret_der());
    CertifiedKey::from_der(chain, key, &provider())
        .map(Arc::new)
        .map_err(|e| match (e, kind) {
            // The error does not say more than that the key is of no known kind.
            (rustls::Error::General(_), Some(kind)) => unsupported(&kind),
            (e, _) => describe(&e),
        })
}

/// The same from two files, which are read now.
pub(super) fn certified_key_files(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Why> {
    let named = |path: &Path, e: Why| format!("'{}': {e}", path.display());
    let chain_bytes = read_file(chain).map_err(|e| named(chain, e))?;
    let key_bytes = read_file(key).map_err(|e| named(key, e))?;
    certified_key(&chain_bytes, &key_bytes)
}

fn unsupported(kind: &str) -> Why {
    format!("the key is {kind}, which is not supported; {SUPPORTED_KEYS}")
}

fn key_why(text: &[u8], error: pem::Error) -> Why {
    match error {
        pem::Error::MissingSectionEnd { .. } => "its last line is missing".to_owned(),
        pem::Error::Base64Decode(_) => "it is not Base64".to_owned(),
        pem::Error::NoItemsFound => {
            let says = |word: &[u8]| memchr::memmem::find(text, word).is_some();
            if says(b"ENCRYPTED") {
                "it is encrypted, which is not supported".to_owned()
            } else if says(b"BEGIN DSA PRIVATE KEY") {
                unsupported("DSA")
            } else if says(b"BEGIN OPENSSH PRIVATE KEY") {
                "it is in OpenSSH's form, which is not supported: PKCS#8, PKCS#1 and SEC1 are"
                    .to_owned()
            } else {
                "no private key found".to_owned()
            }
        }
        _ => "its PEM text is malformed".to_owned(),
    }
}
