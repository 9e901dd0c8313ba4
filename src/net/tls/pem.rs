//! Certificates, keys and revocation lists out of PEM text.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use super::config::provider;
use super::text::describe;

/// No sensible file is larger, and reading a wrong one must end.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Why something cannot be loaded.
pub(super) type Why = String;

/// What a text of certificates and revocation lists holds.
#[derive(Default)]
pub(super) struct Trust {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) revocation_lists: Vec<CertificateRevocationListDer<'static>>,
}

/// The bytes of a file; wiped when dropped, since they may be a key.
pub(super) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Why> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err("the file is too large".to_owned());
    }
    Ok(bytes)
}

/// The certificates and revocation lists of a text; other sections are skipped. Each has been
/// looked at: nothing that cannot be used is accepted.
pub(super) fn trust(text: &[u8]) -> Result<Trust, Why> {
    let mut found = Trust::default();
    let mut roots = rustls::RootCertStore::empty();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) = section.map_err(why)?;
        match kind {
            SectionKind::Certificate => {
                let certificate = CertificateDer::from(der);
                roots
                    .add(certificate.clone())
                    .map_err(|e| format!("a certificate cannot be used: {}", describe(&e)))?;
                found.certificates.push(certificate);
            }
            SectionKind::Crl => {
                let list = CertificateRevocationListDer::from(der);
                check_list(&list)?;
                found.revocation_lists.push(list);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Whether a revocation list can be read at all.
fn check_list(list: &CertificateRevocationListDer<'_>) -> Result<(), Why> {
    webpki::BorrowedCertRevocationList::from_der(list)
        .map(|_| ())
        .map_err(|e| format!("a revocation list cannot be used: {e}"))
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

/// A certificate chain and its key, which belong together.
pub(super) fn certified_key(chain: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, Why> {
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| format!("certificate: {}", why(e)))?;
    if chain.is_empty() {
        return Err("no certificate found".to_owned());
    }
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|e| format!("key: {}", key_why(key, e)))?;
    CertifiedKey::from_der(chain, key, &provider())
        .map(Arc::new)
        .map_err(|e| describe(&e))
}

/// The same from two files, which are read now.
pub(super) fn certified_key_files(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, Why> {
    let named = |path: &Path, e: Why| format!("'{}': {e}", path.display());
    let chain_bytes = read_file(chain).map_err(|e| named(chain, e))?;
    let key_bytes = read_file(key).map_err(|e| named(key, e))?;
    certified_key(&chain_bytes, &key_bytes)
}

fn why(error: pem::Error) -> Why {
    match error {
        pem::Error::MissingSectionEnd { .. } => "the PEM text ends too early".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a PEM section is malformed".to_owned(),
        pem::Error::Base64Decode(_) => "a PEM section is not Base64".to_owned(),
        pem::Error::NoItemsFound => "nothing found in the PEM text".to_owned(),
        other => format!("{other:?}"),
    }
}

fn key_why(text: &[u8], error: pem::Error) -> Why {
    match error {
        pem::Error::NoItemsFound if memchr::memmem::find(text, b"ENCRYPTED").is_some() => {
            "the key is encrypted, which is not supported".to_owned()
        }
        pem::Error::NoItemsFound => "no private key found".to_owned(),
        other => why(other),
    }
}
