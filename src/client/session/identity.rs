//! The identity of the client: user and password, token, NKey, JWT.

use std::sync::Arc;

use crate::client::callbacks::life::Life;
use crate::client::session::config::Config;
use crate::client::session::handshake::Attempt;
use crate::error::{Error, Result};
use crate::net::auth::{Proof, SignIn};
use crate::net::nkey;
use crate::net::url::ServerUrl;
use crate::secret::Secret;

/// Called at each attempt to connect, for the token to use.
pub type TokenHandler = Arc<dyn Fn() -> Result<Option<Secret>> + Send + Sync>;

/// Called at each attempt to connect, for the user and password to use.
pub type UserHandler = Arc<dyn Fn() -> Result<Option<(Secret, Option<Secret>)>> + Send + Sync>;

/// The program's settings for servers whose URLs have no user info.
#[derive(Default)]
pub(in crate::client) struct Credentials {
    pub(in crate::client) user: Option<Secret>,
    pub(in crate::client) password: Option<Secret>,
    pub(in crate::client) user_handler: Option<UserHandler>,
    pub(in crate::client) token: Option<Secret>,
    pub(in crate::client) token_handler: Option<TokenHandler>,
    pub(in crate::client) sign_in: SignIn,
}

/// The fields of a CONNECT that identify the client.
#[derive(Default)]
pub(in crate::client) struct Identity {
    pub(in crate::client) user: Option<Secret>,
    pub(in crate::client) password: Option<Secret>,
    pub(in crate::client) token: Option<Secret>,
    pub(in crate::client) proof: Proof,
}

impl Identity {
    /// Chooses the identity for a server. The user info of its URL comes first, then the options, then the first URL
    /// that has user info; that is how servers that were discovered get theirs. A JWT is independent of those, and so
    /// is a token handler. Calls the program where it has set functions.
    pub(super) fn for_attempt(
        config: &Config,
        life: &Life,
        attempt: &Attempt,
        nonce: &str,
    ) -> Result<Self> {
        let opts = &config.credentials;
        let own = attempt.url.has_credentials();
        if attempt.url.token.is_some() && opts.token_handler.is_some() {
            return Err(Error::illegal_state(
                "Token and token handler options cannot be both set",
            ));
        }
        if attempt.url.user.is_some() && opts.user_handler.is_some() {
            return Err(Error::illegal_state(
                "the URL has a user, and the options have a callback that supplies one",
            ));
        }
        let by_options = opts.user.is_some()
            || opts.user_handler.is_some()
            || opts.token.is_some()
            || opts.token_handler.is_some();
        let mut identity = if own {
            Identity::from_url(&attempt.url)
        } else if by_options {
            Identity {
                user: opts.user.clone(),
                password: opts.password.clone(),
                token: opts.token.clone(),
                ..Identity::default()
            }
        } else {
            attempt
                .fallback
                .as_deref()
                .map_or_else(Identity::default, Identity::from_url)
        };
        if let Some(handler) = opts.user_handler.as_ref().filter(|_| !own) {
            let (user, password) = life.call_program(|| handler())?.unzip();
            (identity.user, identity.password) = (user, password.flatten());
            attempt.cancel.check()?;
        }
        // In addition to everything else: the server ignores what it does not use.
        if let Some(handler) = &opts.token_handler {
            identity.token = life.call_program(|| handler())?;
        }
        attempt.cancel.check()?;
        identity.proof =
            life.call_program(|| opts.sign_in.prove(nonce, !own, || attempt.cancel.check()))?;
        attempt.cancel.check()?;
        identity.refuse_seeds(config)?;
        Ok(identity)
    }

    /// Lists the kinds of credentials, without their content.
    pub(in crate::client) fn kinds(&self) -> String {
        let proof = &self.proof;
        let kinds = [
            ("user and password", self.user.is_some()),
            ("token", self.token.is_some()),
            ("JWT", proof.jwt.is_some()),
            ("NKey", proof.nkey.is_some()),
        ];
        let sent: Vec<_> = kinds
            .iter()
            .filter(|(_, is)| *is)
            .map(|(kind, _)| *kind)
            .collect();
        match sent.is_empty() {
            true => "no credentials".to_owned(),
            false => sent.join(", "),
        }
    }

    /// The values that no text may show.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let proof = &self.proof;
        [
            self.password.as_deref(),
            self.token.as_deref(),
            proof.jwt.as_deref(),
            proof.sig.as_deref(),
        ]
        .into_iter()
        .flatten()
    }

    /// Checks that nothing that is about to be sent is a seed, wherever it came from. `words` names the field of
    /// CONNECT.
    fn refuse_seeds(&self, config: &Config) -> Result<()> {
        let name = config.name.as_ref().map(|name| name.to_bytes());
        for (what, text) in [
            ("the user", self.user.as_ref().map(|text| text.as_bytes())),
            (
                "the password",
                self.password.as_ref().map(|text| text.as_bytes()),
            ),
            ("the token", self.token.as_ref().map(|text| text.as_bytes())),
            (
                "the public key",
                self.proof.nkey.as_ref().map(|text| text.as_bytes()),
            ),
            ("the JWT", self.proof.jwt.as_ref().map(|jwt| jwt.as_bytes())),
            (
                "the signature",
                self.proof.sig.as_ref().map(|text| text.as_bytes()),
            ),
            ("the connection's name", name),
        ] {
            nkey::refuse_seed(text.unwrap_or_default(), what)?;
        }
        Ok(())
    }

    fn from_url(url: &ServerUrl) -> Self {
        Identity {
            user: url.user.clone(),
            password: url.password.clone(),
            token: url.token.clone(),
            proof: Proof::default(),
        }
    }
}
