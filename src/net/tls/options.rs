//! What a program asks of TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::race::OnceBox;
use rustix::process::{getegid, geteuid, getgid, getuid};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SupportedCipherSuite};

use super::text::ssl_error;
use super::{ciphers, pem};
use crate::error::{Error, Result};
use crate::locks::ReentrantLock;

/// Has the last word on a server's certificate: called with whether the library trusts it, returns
/// whether to go on.
pub type VerifyHandler = Arc<dyn Fn(bool) -> bool + Send + Sync>;

/// What the client shows to a server that asks who it is.
#[derive(Clone, Debug, Default)]
pub(super) enum ClientCertificate {
    #[default]
    None,
    /// Loaded once.
    Loaded(Arc<CertifiedKey>),
    /// Read from these files at each handshake.
    Files { chain: PathBuf, key: PathBuf },
}

/// The settings for TLS. Connections share those of the options they were made with, so they can
/// be changed only while nobody else has them; `Arc::get_mut` is the way to see that.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Trusted beside the system's.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    pub(super) revocation_lists: Vec<CertificateRevocationListDer<'static>>,
    /// A file with more of them, read at each handshake.
    pub(super) revocation_file: Option<PathBuf>,
    pub(super) client: ClientCertificate,
    pub(super) suites12: Option<Vec<SupportedCipherSuite>>,
    pub(super) suites13: Option<Vec<SupportedCipherSuite>>,
    pub(super) expected_host: Option<ServerName<'static>>,
    pub(super) skip_verification: bool,
    pub(super) verify: Option<VerifyHandler>,
    concurrent: bool,
    /// Held while the program's verification callback runs, so that it runs once at a time.
    turn: Arc<ReentrantLock>,
    /// All that is trusted, made at the first handshake.
    roots: Arc<OnceBox<Arc<RootCertStore>>>,
}

impl TlsOptions {
    /// Trust the certificates of a PEM file too.
    pub fn load_ca_file(&mut self, path: &Path) -> Result<()> {
        self.add_ca_file(path).map_err(|why| {
            let path = path.display();
            ssl_error(format!(
                "Error loading trusted certificates '{path}': {why}"
            ))
        })
    }

    fn add_ca_file(&mut self, path: &Path) -> Result<(), pem::Why> {
        let bytes = pem::read_file(path)?;
        self.add_trust(&bytes)
    }

    /// Trust the certificates in the PEM files of a directory too. Files without certificates are
    /// passed over.
    pub fn load_ca_dir(&mut self, path: &Path) -> Result<()> {
        self.add_ca_dir(path).map_err(|why| {
            let path = path.display();
            let text = "Error loading trusted certificates in path";
            ssl_error(format!("{text} '{path}': {why}"))
        })
    }

    fn add_ca_dir(&mut self, path: &Path) -> Result<(), pem::Why> {
        let mut found = pem::Trust::default();
        for entry in std::fs::read_dir(path).map_err(|e| e.to_string())? {
            let file = entry.map_err(|e| e.to_string())?.path();
            if !file.is_file() {
                continue;
            }
            // Such directories hold keys, links to nowhere and notes as well.
            let trust = pem::read_file(&file).and_then(|bytes| pem::trust(&bytes));
            if let Ok(trust) = trust {
                found.certificates.extend(trust.certificates);
                found.revocation_lists.extend(trust.revocation_lists);
            }
        }
        self.add(found)
    }

    /// Trust the certificates of a PEM text too. Revocation lists in it are applied.
    pub fn add_ca(&mut self, text: &[u8]) -> Result<()> {
        self.add_trust(text)
            .map_err(|why| ssl_error(format!("Error loading trusted certificates: {why}")))
    }

    fn add_trust(&mut self, text: &[u8]) -> Result<(), pem::Why> {
        self.add(pem::trust(text)?)
    }

    fn add(&mut self, found: pem::Trust) -> Result<(), pem::Why> {
        if found.certificates.is_empty() && found.revocation_lists.is_empty() {
            return Err("no certificate found".to_owned());
        }
        self.certificates.extend(found.certificates);
        self.revocation_lists.extend(found.revocation_lists);
        self.roots = Arc::default();
        Ok(())
    }

    /// Refuse certificates that the revocation lists of a file revoke. The file is read now, to see
    /// that it can be, and again at each handshake.
    pub fn set_revocation_file(&mut self, path: Option<&Path>) -> Result<()> {
        if let Some(path) = path {
            pem::revocation_lists(path).map_err(|why| revocation_error(path, &why))?;
        }
        self.revocation_file = path.map(Path::to_owned);
        Ok(())
    }

    /// Show this certificate chain to servers that ask for one; the files are read now.
    pub fn load_client_files(&mut self, chain: &Path, key: &Path) -> Result<()> {
        let loaded = pem::certified_key_files(chain, key).map_err(|why| client_error(&why))?;
        self.client = ClientCertificate::Loaded(loaded);
        Ok(())
    }

    /// The same, with the files read at each handshake and not now.
    pub fn set_client_files(&mut self, chain: &Path, key: &Path) {
        self.client = ClientCertificate::Files {
            chain: chain.to_owned(),
            key: key.to_owned(),
        };
    }

    /// The same, from PEM texts.
    pub fn set_client(&mut self, chain: &[u8], key: &[u8]) -> Result<()> {
        let loaded = pem::certified_key(chain, key).map_err(|why| client_error(&why))?;
        self.client = ClientCertificate::Loaded(loaded);
        Ok(())
    }

    /// Allow only these ciphers with TLS 1.2, see [`ciphers::tls12`].
    pub fn set_ciphers(&mut self, list: &str) -> Result<()> {
        self.suites12 = Some(ciphers::tls12(list)?);
        Ok(())
    }

    /// Allow only these cipher suites with TLS 1.3, see [`ciphers::tls13`].
    pub fn set_cipher_suites(&mut self, list: &str) -> Result<()> {
        self.suites13 = Some(ciphers::tls13(list)?);
        Ok(())
    }

    /// Look for this name in the server's certificate rather than that of its URL.
    pub fn set_expected_host(&mut self, host: Option<&str>) -> Result<()> {
        self.expected_host = host
            .map(|host| {
                ServerName::try_from(host.to_owned())
                    .map_err(|_| Error::invalid_arg(format!("invalid host name '{host}'")))
            })
            .transpose()?;
        Ok(())
    }

    /// Accept any certificate. Excludes the verification callback.
    pub fn set_skip_verification(&mut self, skip: bool) {
        self.skip_verification = skip;
        if skip {
            self.verify = None;
        }
    }

    /// Is a function of the program's called in a handshake?
    pub fn asks_the_program(&self) -> bool {
        self.verify.is_some()
    }

    /// Let the program have the last word. Excludes skipping the verification.
    pub fn set_verify(&mut self, verify: Option<VerifyHandler>) {
        if verify.is_some() {
            self.skip_verification = false;
        }
        self.verify = verify;
    }

    /// Let the verification callback run for several handshakes at once.
    pub fn allow_concurrent_handshakes(&mut self) {
        self.concurrent = true;
    }

    /// Asks the program, if it wants to be asked.
    pub(super) fn ask(&self, trusted: bool) -> Option<bool> {
        let verify = self.verify.as_ref()?;
        let _turn = (!self.concurrent).then(|| self.turn.lock());
        Some(verify(trusted))
    }

    /// All that is trusted: the system's certificates and the program's.
    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        self.roots
            .get_or_init(|| {
                let mut roots = RootCertStore::empty();
                // What cannot be read there is not trusted, which is the safe side; a server that
                // needs it is refused with "unknown issuer".
                roots.add_parsable_certificates(system_certificates());
                roots.add_parsable_certificates(self.certificates.iter().cloned());
                Box::new(Arc::new(roots))
            })
            .clone()
    }
}

/// The certificates that the system trusts, wherever it keeps them. `SSL_CERT_FILE` and `SSL_CERT_DIR`
/// say where, unless the process has more rights than who started it, and who might have set them.
fn system_certificates() -> Vec<CertificateDer<'static>> {
    if !has_others_rights() {
        return rustls_native_certs::load_native_certs().certs;
    }
    let load = |folder| rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs;
    openssl_probe::candidate_cert_dirs()
        .flat_map(load)
        .collect()
}

/// Was the program's file set-uid or set-gid, or did it bring capabilities? `AT_SECURE` of
/// `getauxval(3)` tells, and where that cannot be read, the ids do.
fn has_others_rights() -> bool {
    const AT_SECURE: usize = 23;
    const WORD: usize = size_of::<usize>();
    let vector = std::fs::read("/proc/self/auxv").unwrap_or_default();
    let (words, _) = vector.as_chunks::<WORD>();
    let mut entries = words
        .chunks_exact(2)
        .map(|pair| (usize::from_ne_bytes(pair[0]), usize::from_ne_bytes(pair[1])));
    match entries.find(|(kind, _)| *kind == AT_SECURE) {
        Some((_, secure)) => secure != 0,
        None => getuid() != geteuid() || getgid() != getegid(),
    }
}

pub(super) fn revocation_error(path: &Path, why: &str) -> Error {
    let path = path.display();
    ssl_error(format!("Error loading revocation list '{path}': {why}"))
}

pub(super) fn client_error(why: &str) -> Error {
    ssl_error(format!("Error loading certificate chain: {why}"))
}

/// Shows no certificates and no keys.
impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsOptions")
            .field("certificates", &self.certificates.len())
            .field("expected_host", &self.expected_host)
            .field("skip_verification", &self.skip_verification)
            .finish_non_exhaustive()
    }
}
