//! Proof of identity by a key: NKeys, and JWTs with their key. The server sends a nonce with its
//! INFO, and the client answers with its public key or its JWT and the signed nonce ("NKeys" and
//! "JWT-based authentication" of the NATS documentation, ADR-14).
//!
//! Credentials are read again for each attempt to connect, so that replaced files take effect. A
//! seed is in memory only while it signs, except for credentials that the program gave as text;
//! both are wiped, and neither `Debug` nor an error shows any of it.

mod credentials;

use std::ffi::{CStr, CString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use self::credentials::Source;
use super::nkey::{self, SIGNATURE_LEN};
use crate::error::{Error, Result, Status};
use crate::secret::Secret;

/// Supplies the user's JWT, or `None` to connect without one.
pub type JwtHandler = Arc<dyn Fn() -> Result<Option<Secret>> + Send + Sync>;
/// Signs the server's nonce.
pub type SignatureHandler = Arc<dyn Fn(&CStr) -> Result<Vec<u8>> + Send + Sync>;

/// The credentials of a client: none, an NKey, or a JWT and the seed that goes with it. Setting one
/// kind replaces the others.
#[derive(Clone, Default)]
pub struct SignIn(Option<Way>);

#[derive(Clone)]
enum Way {
    Jwt(User),
    NKey(NKey),
}

/// Where a JWT and its signature come from.
#[derive(Clone)]
enum User {
    Handlers(JwtHandler, SignatureHandler),
    /// The file with the JWT, and the one with the seed if it is another file.
    Files(PathBuf, Option<PathBuf>),
    Memory(Arc<Zeroizing<Vec<u8>>>),
}

/// A public key and what signs with it.
#[derive(Clone)]
struct NKey {
    public: String,
    signer: Signer,
}

#[derive(Clone)]
enum Signer {
    Handler(SignatureHandler),
    SeedFile(PathBuf),
}

/// The identity fields of one CONNECT.
#[derive(Default)]
pub struct Proof {
    /// The public key.
    pub nkey: Option<String>,
    /// The user's JWT.
    pub jwt: Option<Secret>,
    /// The signed nonce: base64url without padding.
    pub sig: Option<String>,
}

impl SignIn {
    /// Sets callbacks that supply the JWT and sign; `None` removes JWT credentials of every kind.
    pub fn set_handlers(&mut self, handlers: Option<(JwtHandler, SignatureHandler)>) {
        match handlers {
            Some((jwt, sign)) => self.0 = Some(Way::Jwt(User::Handlers(jwt, sign))),
            None if matches!(self.0, Some(Way::Jwt(_))) => self.0 = None,
            None => {}
        }
    }

    /// Sets a file with a JWT, and one with the seed unless it is in the same file. Without a file
    /// all credentials are removed, an NKey included.
    pub fn set_files(&mut self, user: Option<&Path>, seed: Option<&Path>) -> Result<()> {
        let user = match (user, seed) {
            (None, Some(_)) => {
                return Err(Error::invalid_arg(
                    "user or chained file need to be specified",
                ));
            }
            (None, None) => None,
            (Some(user), seed) => Some(User::Files(user.to_owned(), seed.map(Path::to_owned))),
        };
        self.0 = user.map(Way::Jwt);
        Ok(())
    }

    /// Sets the content of a credentials file, which is looked at when connecting, as a file is. Without content
    /// all credentials are removed, an NKey included.
    pub fn set_memory(&mut self, content: Option<&[u8]>) {
        let memory = |content: &[u8]| User::Memory(Arc::new(Zeroizing::new(content.to_vec())));
        self.0 = content.map(memory).map(Way::Jwt);
    }

    /// Sets a public NKey and what signs with it; `None` removes the NKey.
    pub fn set_nkey(&mut self, key: Option<(String, SignatureHandler)>) -> Result<()> {
        self.set_key(key.map(|(public, handler)| (public, Signer::Handler(handler))))
    }

    /// Sets a public NKey and the file with its seed; `None` removes the NKey.
    pub fn set_nkey_seed_file(&mut self, key: Option<(String, PathBuf)>) -> Result<()> {
        self.set_key(key.map(|(public, file)| (public, Signer::SeedFile(file))))
    }

    fn set_key(&mut self, key: Option<(String, Signer)>) -> Result<()> {
        match key {
            Some((public, signer)) => {
                nkey::check_public_key(&public)?;
                self.0 = Some(Way::NKey(NKey { public, signer }));
            }
            None if matches!(self.0, Some(Way::NKey(_))) => self.0 = None,
            None => {}
        }
        Ok(())
    }

    /// Computes the identity fields for a server that sent this nonce. The NKey is left out if the
    /// server's URL has credentials. Calls callbacks of the program; between two calls `go_on` says
    /// whether to continue.
    pub fn prove(
        &self,
        nonce: &str,
        with_nkey: bool,
        go_on: impl Fn() -> Result<()>,
    ) -> Result<Proof> {
        match &self.0 {
            Some(Way::Jwt(user)) => user.prove(nonce, go_on),
            Some(Way::NKey(nkey)) if with_nkey => nkey.prove(nonce),
            Some(Way::NKey(_)) | None => Ok(Proof::default()),
        }
    }

    /// Signs any message with the seed, if there is one that can be read.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
        let no_seed = || {
            let text = "unable to sign since no user credentials have been set";
            Error::new(Status::NATS_ERR, text)
        };
        match &self.0 {
            Some(Way::Jwt(User::Files(_, Some(file)))) => sign_with_seed_file(file, message),
            Some(Way::Jwt(User::Files(file, None))) => {
                let content = credentials::read(file)?;
                let seed = credentials::seed(&content, Source::File(file), true)?;
                nkey::sign(seed, message)
            }
            Some(Way::Jwt(User::Memory(content))) => {
                let seed = credentials::seed(content, Source::Memory, true)?;
                nkey::sign(seed, message)
            }
            Some(Way::NKey(nkey)) => match &nkey.signer {
                Signer::SeedFile(file) => sign_with_seed_file(file, message),
                Signer::Handler(_) => Err(no_seed()),
            },
            Some(Way::Jwt(User::Handlers(..))) | None => Err(no_seed()),
        }
    }
}

impl User {
    fn prove(&self, nonce: &str, go_on: impl Fn() -> Result<()>) -> Result<Proof> {
        let (jwt, signature) = match self {
            User::Handlers(jwt, handler) => {
                let jwt = jwt()?;
                go_on()?;
                let Some(jwt) = jwt.filter(|jwt| !jwt.is_empty()) else {
                    return Ok(Proof::default());
                };
                let jwt = credentials::check_given(&jwt).map_err(|why| {
                    Error::invalid_arg(format!("what the program's function gave as a JWT: {why}"))
                })?;
                (jwt.into(), ask(handler, nonce)?)
            }
            User::Files(file, seed_file) => {
                let content = credentials::read(file)?;
                let jwt = credentials::jwt(&content, Source::File(file))?.into();
                let signature = match seed_file {
                    Some(seed_file) => sign_with_seed_file(seed_file, nonce.as_bytes())?,
                    None => {
                        let seed = credentials::seed(&content, Source::File(file), true)?;
                        nkey::sign(seed, nonce.as_bytes())?
                    }
                };
                (jwt, signature.to_vec())
            }
            User::Memory(content) => {
                let jwt = credentials::jwt(content, Source::Memory)?.into();
                let seed = credentials::seed(content, Source::Memory, true)?;
                (jwt, nkey::sign(seed, nonce.as_bytes())?.to_vec())
            }
        };
        Ok(Proof {
            nkey: None,
            jwt: Some(jwt),
            sig: Some(BASE64URL_NOPAD.encode(&signature)),
        })
    }
}

impl NKey {
    fn prove(&self, nonce: &str) -> Result<Proof> {
        let signature = match &self.signer {
            Signer::Handler(handler) => ask(handler, nonce)?,
            Signer::SeedFile(file) => sign_with_seed_file(file, nonce.as_bytes())?.to_vec(),
        };
        Ok(Proof {
            nkey: Some(self.public.clone()),
            jwt: None,
            sig: Some(BASE64URL_NOPAD.encode(&signature)),
        })
    }
}

fn ask(handler: &SignatureHandler, nonce: &str) -> Result<Vec<u8>> {
    let nonce = CString::new(nonce).map_err(|_| Error::protocol("the nonce holds a NUL"))?;
    let signature = Zeroizing::new(handler(&nonce)?);
    nkey::refuse_seed(
        &signature,
        "what the program's function gave as a signature",
    )?;
    Ok(signature.to_vec())
}

fn sign_with_seed_file(file: &Path, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
    let content = credentials::read(file)?;
    let seed = credentials::seed(&content, Source::File(file), false)?;
    nkey::sign(seed, message)
}

/// Shows where credentials come from, and nothing of them except the public key.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => Ok(()),
            Some(Way::Jwt(User::Handlers(..))) => f.write_str("JWT by functions"),
            Some(Way::Jwt(User::Files(user, seed))) => {
                write!(f, "JWT in {user:?}, seed in {seed:?}")
            }
            Some(Way::Jwt(User::Memory(_))) => f.write_str("JWT in memory"),
            Some(Way::NKey(NKey { public, signer })) => match signer {
                Signer::Handler(_) => write!(f, "NKey {public} by a function"),
                Signer::SeedFile(file) => write!(f, "NKey {public}, seed in {file:?}"),
            },
        }
    }
}

/// What reads credentials, for the programs in `fuzz/`.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::credentials::{self, Source};
    use crate::error::Result;

    /// The JWT in the content of a file.
    pub fn jwt(content: &[u8]) -> Result<&str> {
        credentials::jwt(content, Source::Memory)
    }

    /// The seed in the content of a file.
    pub fn seed(content: &[u8], chained: bool) -> Result<&[u8]> {
        credentials::seed(content, Source::Memory, chained)
    }
}

#[cfg(test)]
mod tests;
