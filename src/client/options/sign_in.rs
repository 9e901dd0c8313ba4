//! User, password and token of the options, and the handlers that supply them.

use super::{Options, TokenHandler, UserHandler};
use crate::error::{Error, Result};
use crate::net::nkey;
use crate::secret::Secret;

impl Options {
    /// Sets the token; `None` for none. Fails if a token handler is set.
    pub fn set_token(&mut self, token: Option<&str>) -> Result<()> {
        if token.is_some() && self.token_handler.is_some() {
            return Err(Error::illegal_state(
                "Cannot set a token if a token handler has already been set",
            ));
        }
        nkey::refuse_seed(token.unwrap_or_default().as_bytes(), "the token")?;
        self.token = token.map(Secret::from);
        Ok(())
    }

    /// Sets the handler that supplies user and password; `None` for none. Fails if a user is set.
    pub fn set_user_handler(&mut self, handler: Option<UserHandler>) -> Result<()> {
        if handler.is_some() && self.user.is_some() {
            return Err(Error::illegal_state(
                "a callback that supplies the user cannot be set, because a user is set",
            ));
        }
        self.user_handler = handler;
        Ok(())
    }

    /// Sets user and password; `None` for none. Fails if a handler that supplies them is set.
    pub fn set_user(&mut self, user: Option<&str>, password: Option<&str>) -> Result<()> {
        if user.is_some() && self.user_handler.is_some() {
            return Err(Error::illegal_state(
                "a user cannot be set, because a callback that supplies the user is set",
            ));
        }
        nkey::refuse_seed(user.unwrap_or_default().as_bytes(), "the user")?;
        nkey::refuse_seed(password.unwrap_or_default().as_bytes(), "the password")?;
        self.user = user.map(Secret::from);
        self.password = password.map(Secret::from);
        Ok(())
    }

    /// Sets the handler that supplies the token; `None` for none. Fails if a token is set.
    pub fn set_token_handler(&mut self, handler: Option<TokenHandler>) -> Result<()> {
        if handler.is_some() && self.token.is_some() {
            return Err(Error::illegal_state(
                "Cannot set a token handler if a token has already been set",
            ));
        }
        self.token_handler = handler;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::Status;

    #[test]
    fn a_token_and_a_token_handler_exclude_each_other() {
        let mut opts = Options::default();
        opts.set_token(Some("t")).unwrap();
        let handler: TokenHandler = Arc::new(|| Ok(None));
        let refused = opts.set_token_handler(Some(handler.clone())).unwrap_err();
        assert_eq!(refused.status(), Status::NATS_ILLEGAL_STATE);
        opts.set_token_handler(None).unwrap();
        assert_eq!(opts.token.as_deref(), Some("t"));

        opts.set_token(None).unwrap();
        opts.set_token_handler(Some(handler)).unwrap();
        assert_eq!(
            opts.set_token(Some("t")).unwrap_err().status(),
            Status::NATS_ILLEGAL_STATE
        );
        opts.set_token(None).unwrap();
        assert!(opts.token.is_none() && opts.token_handler.is_some());
    }
}
