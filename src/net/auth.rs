//! Proving who the client is with a key: NKeys, and JWTs that go with one. The server sends a
//! nonce with its INFO, and the client answers with its public key or its JWT and the nonce,
//! signed ("NKeys" and "JWT-based authentication" of the NATS documentation, ADR-14).
//!
//! What proves it is looked up anew for each attempt to connect, so that files that were replaced
//! meanwhile count. A seed is in memory only while it signs, except for credentials that the
//! program gave as text; both are wiped, and neither `Debug` nor an error shows any of it.

mod credentials;

use std::ffi::{CStr, CString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use super::nkey::{self, SIGNATURE_LEN};
use crate::error::{Error, Result, Status};

/// Gives the user's JWT, or `None` to connect without one.
pub type JwtHandler = Arc<dyn Fn() -> Result<Option<String>> + Send + Sync>;
/// Signs the server's nonce.
pub type SignatureHandler = Arc<dyn Fn(&CStr) -> Result<Vec<u8>> + Send + Sync>;

/// What a client proves itself with: nothing, an NKey, or a JWT and the seed that goes with it.
#[derive(Clone, Default)]
pub struct SignIn {
    user: Option<User>,
    nkey: Option<NKey>,
}

/// Where a JWT and its signature come from.
#[derive(Clone)]
enum User {
    Handlers(JwtHandler, SignatureHandler),
    /// The file with the JWT, and the one with the seed where it is another.
    Files(PathBuf, Option<PathBuf>),
    Memory(Arc<Zeroizing<Vec<u8>>>),
}

/// A public key and who signs with it.
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

/// What goes into one CONNECT.
#[derive(Default)]
pub struct Proof {
    /// The public key.
    pub nkey: Option<String>,
    /// The user's JWT.
    pub jwt: Option<String>,
    /// The signed nonce: base64url without padding.
    pub sig: Option<String>,
}

impl SignIn {
    /// Sets functions that give the JWT and sign, in place of everything else; `None` takes JWT
    /// credentials of any kind out.
    pub fn set_handlers(&mut self, handlers: Option<(JwtHandler, SignatureHandler)>) {
        if handlers.is_some() {
            self.nkey = None;
        }
        self.user = handlers.map(|(jwt, sign)| User::Handlers(jwt, sign));
    }

    /// Sets a file with a JWT, and one with the seed unless it is in the same, in place of
    /// everything else; without a file there are no JWT credentials any more.
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
        *self = SignIn { user, nkey: None };
        Ok(())
    }

    /// Sets the content of a credentials file, in place of everything else; without it there are
    /// no JWT credentials any more.
    pub fn set_memory(&mut self, content: Option<&[u8]>) {
        let content = content.map(|c| Arc::new(Zeroizing::new(c.to_vec())));
        *self = SignIn {
            user: content.map(User::Memory),
            nkey: None,
        };
    }

    /// Sets a public NKey and who signs with it, in place of everything else; `None` takes the NKey
    /// out.
    pub fn set_nkey(&mut self, key: Option<(String, SignatureHandler)>) {
        if key.is_some() {
            self.user = None;
        }
        self.nkey = key.map(|(public, handler)| NKey {
            public,
            signer: Signer::Handler(handler),
        });
    }

    /// Sets a public NKey and the file with its seed. JWT credentials stay, and have to be taken
    /// out before connecting.
    pub fn set_nkey_seed_file(&mut self, key: Option<(String, PathBuf)>) {
        self.nkey = key.map(|(public, file)| NKey {
            public,
            signer: Signer::SeedFile(file),
        });
    }

    /// Makes what to tell a server that sent this nonce. The NKey is left out where the server's
    /// URL says who to be. Calls the program; between two calls `go_on` says whether to.
    pub fn prove(
        &self,
        nonce: &str,
        with_nkey: bool,
        go_on: impl Fn() -> Result<()>,
    ) -> Result<Proof> {
        match (&self.user, &self.nkey) {
            (Some(_), Some(_)) => Err(Error::illegal_state(
                "user JWT callback and NKey cannot be both specified",
            )),
            (Some(user), None) => user.prove(nonce, go_on),
            (None, Some(nkey)) if with_nkey => nkey.prove(nonce),
            (None, _) => Ok(Proof::default()),
        }
    }

    /// Signs any message with the seed, where there is one to be read.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
        match (&self.user, &self.nkey) {
            (Some(User::Files(_, Some(file))), _) => sign_with_seed_file(file, message),
            (Some(User::Files(file, None)), _) => {
                let content = credentials::read(file)?;
                sign(credentials::chained_seed(&content, file)?, message)
            }
            (Some(User::Memory(content)), _) => {
                sign(credentials::seed_in_memory(content)?, message)
            }
            (None, Some(nkey)) => match &nkey.signer {
                Signer::SeedFile(file) => sign_with_seed_file(file, message),
                Signer::Handler(_) => Err(no_seed()),
            },
            (Some(User::Handlers(..)), _) | (None, None) => Err(no_seed()),
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
                (jwt, ask(handler, nonce)?)
            }
            User::Files(file, None) => {
                let content = credentials::read(file)?;
                let jwt = credentials::jwt(&content, file)?.to_owned();
                let seed = credentials::chained_seed(&content, file)?;
                (jwt, sign(seed, nonce.as_bytes())?.to_vec())
            }
            User::Files(file, Some(seed_file)) => {
                let content = credentials::read(file)?;
                let jwt = credentials::jwt(&content, file)?.to_owned();
                let signature = sign_with_seed_file(seed_file, nonce.as_bytes())?;
                (jwt, signature.to_vec())
            }
            User::Memory(content) => {
                let jwt = credentials::jwt_in_memory(content)?.to_owned();
                let seed = credentials::seed_in_memory(content)?;
                (jwt, sign(seed, nonce.as_bytes())?.to_vec())
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
    handler(&nonce)
}

fn sign_with_seed_file(file: &Path, message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
    let content = credentials::read(file)?;
    sign(credentials::seed(&content, file)?, message)
}

fn sign(seed: &[u8], message: &[u8]) -> Result<[u8; SIGNATURE_LEN]> {
    nkey::sign(seed, message)
}

fn no_seed() -> Error {
    Error::new(
        Status::NATS_ERR,
        "unable to sign since no user credentials have been set",
    )
}

/// Shows where things come from, and none of them but the public key.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            None => {}
            Some(User::Handlers(..)) => f.write_str("JWT by functions")?,
            Some(User::Files(user, seed)) => write!(f, "JWT in {user:?}, seed in {seed:?}")?,
            Some(User::Memory(_)) => f.write_str("JWT in memory")?,
        }
        match &self.nkey {
            None => Ok(()),
            Some(NKey { public, signer }) => match signer {
                Signer::Handler(_) => write!(f, "NKey {public} by a function"),
                Signer::SeedFile(file) => write!(f, "NKey {public}, seed in {file:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests;
