//! The TLS settings of a program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::race::OnceBox;
use rustix::process::{getegid, geteuid, getgid, getuid};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, SupportedCipherSuite};

use super::text::ssl_error;
use super::{ciphers, pem};
use crate::error::{Error, Result};
use crate::locks::{Mutex, ReentrantLock};
use crate::words;

/// Makes the final decision on a server's certificate: called with whether the library trusts it,
/// returns whether to continue.
pub type VerifyHandler = Arc<dyn Fn(bool) -> bool + Send + Sync>;

/// The client's certificate for servers that ask for one.
#[derive(Clone, Debug, Default)]
pub(super) enum ClientCertificate {
    #[default]
    None,
    /// Loaded once.
    Loaded(Arc<CertifiedKey>),
    /// Read from these files at each handshake.
    Files { chain: PathBuf, key: PathBuf },
}

/// The sources of trusted certificates and revocation lists. Files and directories are read when they are set, to
/// detect mistakes, and at each handshake, so that replacements take effect.
#[derive(Clone)]
enum Authority {
    File(PathBuf),
    Directory(PathBuf),
    Text(pem::Trust),
}

/// Everything that is trusted in one handshake.
pub(super) struct Trusted {
    /// The certificates of the program, and the revocation lists that apply.
    pub(super) own: pem::Trust,
    /// The certificates of the system and the program.
    pub(super) roots: Arc<RootCertStore>,
}

/// The program's certificates, and all certificates that are trusted together with them.
type Roots = (Vec<CertificateDer<'static>>, Arc<RootCertStore>);

/// The TLS settings. Connections share those of the options they were made with, so they can be
/// changed only while nobody else has them; `Arc::get_mut` checks that.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Trusted in addition to the system's.
    authorities: Vec<Authority>,
    /// A file with revocation lists, read at each handshake.
    pub(super) revocation_file: Option<PathBuf>,
    pub(super) client: ClientCertificate,
    pub(super) suites12: Option<Vec<SupportedCipherSuite>>,
    pub(super) suites13: Option<Vec<SupportedCipherSuite>>,
    pub(super) expected_host: Option<ServerName<'static>>,
    pub(super) skip_verification: bool,
    pub(super) verify: Option<VerifyHandler>,
    concurrent: bool,
    /// Held while the program's verification callback runs, so that calls do not overlap.
    turn: Arc<ReentrantLock>,
    /// What was trusted in the last handshake, and the program's part of it: connections share it
    /// while the files do not change.
    roots: Arc<Mutex<Option<Roots>>>,
}

impl TlsOptions {
    /// Also trusts the certificates of a PEM file.
    pub fn load_ca_file(&mut self, path: &Path) -> Result<()> {
        self.add(Authority::File(path.to_owned()))
    }

    /// Also trusts the certificates in the PEM files of a directory. Files without certificates are
    /// skipped.
    pub fn load_ca_dir(&mut self, path: &Path) -> Result<()> {
        self.add(Authority::Directory(path.to_owned()))
    }

    /// Also trusts the certificates of a PEM text. Revocation lists in it are applied.
    pub fn add_ca(&mut self, text: &[u8]) -> Result<()> {
        let trust = pem::trust(text)
            .map_err(|why| ssl_error(format!("Error loading trusted certificates: {why}")))?;
        self.add(Authority::Text(trust))
    }

    fn add(&mut self, authority: Authority) -> Result<()> {
        authority.load()?;
        self.authorities.push(authority);
        Ok(())
    }

    /// Refuses certificates that the revocation lists of a file revoke. The file is read now, to
    /// check that it can be, and again at each handshake.
    pub fn set_revocation_file(&mut self, path: Option<&Path>) -> Result<()> {
        if let Some(path) = path {
            pem::revocation_lists(path).map_err(|why| revocation_error(path, &why))?;
        }
        self.revocation_file = path.map(Path::to_owned);
        Ok(())
    }

    /// Sets the certificate chain for servers that ask for one; the files are read now.
    pub fn load_client_files(&mut self, chain: &Path, key: &Path) -> Result<()> {
        let loaded = pem::certified_key_files(chain, key).map_err(|why| client_error(&why))?;
        self.client = ClientCertificate::Loaded(loaded);
        Ok(())
    }

    /// The same, with files that are read at each handshake and not now.
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

    /// Allows only these ciphers with TLS 1.2, see [`ciphers::tls12`].
    pub fn set_ciphers(&mut self, list: &str) -> Result<()> {
        self.suites12 = Some(ciphers::tls12(list)?);
        Ok(())
    }

    /// Allows only these cipher suites with TLS 1.3, see [`ciphers::tls13`].
    pub fn set_cipher_suites(&mut self, list: &str) -> Result<()> {
        self.suites13 = Some(ciphers::tls13(list)?);
        Ok(())
    }

    /// Sets the name that the server's certificate must have in place of that of its URL.
    pub fn set_expected_host(&mut self, host: Option<&str>) -> Result<()> {
        self.expected_host = host
            .map(|host| {
                ServerName::try_from(host.to_owned())
                    .map_err(|_| Error::invalid_arg(format!("invalid host name '{host}'")))
            })
            .transpose()?;
        Ok(())
    }

    /// Accepts any certificate. Excludes the verification callback.
    pub fn set_skip_verification(&mut self, skip: bool) {
        self.skip_verification = skip;
        if skip {
            self.verify = None;
        }
    }

    /// Is a callback of the program called in a handshake?
    pub fn asks_the_program(&self) -> bool {
        self.verify.is_some()
    }

    /// Lets the program make the final decision. Excludes skipping the verification.
    pub fn set_verify(&mut self, verify: Option<VerifyHandler>) {
        if verify.is_some() {
            self.skip_verification = false;
        }
        self.verify = verify;
    }

    /// Lets the verification callback run for several handshakes at once.
    pub fn allow_concurrent_handshakes(&mut self) {
        self.concurrent = true;
    }

    /// Asks the program, if it has a callback.
    pub(super) fn ask(&self, trusted: bool) -> Option<bool> {
        let verify = self.verify.as_ref()?;
        let _turn = (!self.concurrent).then(|| self.turn.lock());
        Some(verify(trusted))
    }

    /// Everything that is trusted, with files and directories as they are now. Nothing is read if
    /// nothing is verified.
    pub(super) fn trusted(&self) -> Result<Trusted> {
        if self.skip_verification {
            return Ok(Trusted {
                own: pem::Trust::default(),
                roots: Arc::new(RootCertStore::empty()),
            });
        }
        let mut own = pem::Trust::default();
        for authority in &self.authorities {
            own.extend(authority.load()?);
        }
        if let Some(path) = &self.revocation_file {
            let lists = pem::revocation_lists(path).map_err(|why| revocation_error(path, &why))?;
            own.revocation_lists.extend(lists);
        }
        let roots = self.roots(&own.certificates);
        Ok(Trusted { own, roots })
    }

    fn roots(&self, own: &[CertificateDer<'static>]) -> Arc<RootCertStore> {
        let system = system_roots();
        if own.is_empty() {
            return system;
        }
        // Not waited for: in a child made by `fork`, nobody may exist who would release it.
        let mut last = self.roots.try_lock();
        if let Some(Some((certificates, roots))) = last.as_deref()
            && certificates == own
        {
            return roots.clone();
        }
        let mut roots = RootCertStore::clone(&system);
        roots.add_parsable_certificates(own.iter().cloned());
        let roots = Arc::new(roots);
        if let Some(last) = &mut last {
            **last = Some((own.to_vec(), roots.clone()));
        }
        roots
    }
}

impl Authority {
    /// The present content, which must not be empty.
    fn load(&self) -> Result<pem::Trust> {
        let what = "Error loading trusted certificates";
        let (found, what) = match self {
            Authority::File(path) => {
                let found = pem::read_file(path).and_then(|bytes| pem::trust(&bytes));
                (found, format!("{what} '{}'", path.display()))
            }
            Authority::Directory(path) => (
                read_directory(path),
                format!("{what} in path '{}'", path.display()),
            ),
            Authority::Text(found) => (Ok(found.clone()), what.to_owned()),
        };
        match found {
            Err(why) => Err(ssl_error(format!("{what}: {why}"))),
            Ok(found) if found.certificates.is_empty() && found.revocation_lists.is_empty() => {
                Err(ssl_error(format!("{what}: no certificate found")))
            }
            Ok(mut found) => {
                for skipped in &mut found.skipped {
                    if let Authority::File(path) = self {
                        *skipped = in_file(path, skipped);
                    }
                }
                Ok(found)
            }
        }
    }
}

/// Names the file without its directory: the texts that it is for have little room.
fn in_file(path: &Path, what: &str) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    format!("'{}', {what}", name.display())
}

fn read_directory(path: &Path) -> Result<pem::Trust, pem::Why> {
    let mut found = pem::Trust::default();
    for entry in std::fs::read_dir(path).map_err(|e| words::os(&e))? {
        let file = entry.map_err(|e| words::os(&e))?.path();
        if !file.is_file() {
            continue;
        }
        // Such directories also contain keys, broken links and notes.
        if let Ok(mut trust) = pem::read_file(&file).and_then(|bytes| pem::trust(&bytes)) {
            for skipped in &mut trust.skipped {
                *skipped = in_file(&file, skipped);
            }
            found.extend(trust);
        }
    }
    Ok(found)
}

/// The system's certificates, read once for each process.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceBox<Arc<RootCertStore>> = OnceBox::new();
    ROOTS
        .get_or_init(|| {
            let mut roots = RootCertStore::empty();
            // What cannot be read is not trusted, which is the safe side; a server that needs it is
            // refused with "unknown issuer".
            roots.add_parsable_certificates(system_certificates());
            Box::new(Arc::new(roots))
        })
        .clone()
}

/// The certificates that the system trusts, wherever it keeps them. `SSL_CERT_FILE` and `SSL_CERT_DIR` name the
/// place, unless the process has more rights than the user who started it and may have set them.
fn system_certificates() -> Vec<CertificateDer<'static>> {
    if !has_others_rights() {
        return rustls_native_certs::load_native_certs().certs;
    }
    let load = |folder| rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs;
    openssl_probe::candidate_cert_dirs()
        .flat_map(load)
        .collect()
}

/// Is the program set-uid or set-gid, or does it have capabilities? `AT_SECURE` of `getauxval(3)`
/// tells, and if that cannot be read, the ids do.
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
            .field("authorities", &self.authorities.len())
            .field("expected_host", &self.expected_host)
            .field("skip_verification", &self.skip_verification)
            .finish_non_exhaustive()
    }
}
