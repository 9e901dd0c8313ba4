//! Whether a connection uses TLS, and with which settings.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::client::connection::Connection;
use crate::client::incoming::link::{Link, Reader};
use crate::client::options::Options;
use crate::client::session::handshake::Attempt;
use crate::error::{Error, Result, Status};
use crate::net::tls::{Peer, TlsOptions};
use crate::proto::info::ServerInfo;

/// What options say about TLS. Change it with the methods of [`Options`].
#[derive(Debug, Clone, Default)]
pub struct Security {
    /// TLS is required.
    secure: bool,
    /// The program said so, or said no: URLs have no say any more.
    explicit: bool,
    /// TLS comes before anything else, the server's INFO included.
    first: bool,
    /// The settings, which connections share with the options they were made with.
    settings: Option<Arc<TlsOptions>>,
}

impl Security {
    /// Is TLS required?
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Is TLS the first thing on the wire?
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// Is TLS likely, so that whole crowds reconnecting cost the server more?
    pub(in crate::client) fn is_costly(&self) -> bool {
        self.secure || self.settings.is_some()
    }
}

impl Options {
    /// Requires TLS, or does not and forgets all settings for it. `tls://` URLs have no say from
    /// now on.
    pub fn set_secure(&mut self, secure: bool) {
        self.security.explicit = true;
        if secure {
            self.require_tls();
        } else {
            self.security = Security {
                explicit: true,
                ..Security::default()
            };
        }
    }

    /// The settings for TLS, to be changed. `NATS_ILLEGAL_STATE` while a connection uses them.
    pub fn tls_mut(&mut self) -> Result<&mut TlsOptions> {
        let settings = self.security.settings.get_or_insert_default();
        Arc::get_mut(settings).ok_or(Error::illegal_state(
            "This natsOptions object can't be modified because it is configured for SSL and is \
             currently used by connection(s)!",
        ))
    }

    /// A copy to be changed, which takes the place of these. Unless a connection uses the settings for TLS, it has
    /// them for itself; in a child of the process that set them it always does, with connections of its own.
    pub(crate) fn copy_to_edit(&self, inherited: bool) -> Options {
        let mut copy = self.clone();
        if let Some(settings) = &mut copy.security.settings
            && (inherited || Arc::strong_count(settings) == 2)
        {
            *settings = Arc::new(TlsOptions::clone(settings));
        }
        copy
    }

    /// Requires TLS, and has it come before the server's INFO.
    pub fn set_tls_first(&mut self) -> Result<()> {
        self.tls_mut()?;
        self.security.first = true;
        self.require_tls();
        Ok(())
    }

    /// Servers that ask for TLS by the scheme of their URL get it, unless the program said
    /// otherwise.
    pub(in crate::client) fn heed_scheme(&mut self, is_tls: bool) {
        if is_tls && !self.security.explicit {
            self.require_tls();
        }
    }

    fn require_tls(&mut self) {
        self.security.secure = true;
        self.security.settings.get_or_insert_default();
    }
}

impl Connection {
    /// Is TLS to be the first thing on the wire?
    pub(in crate::client) fn is_tls_first(&self) -> bool {
        self.opts.security.first
    }

    /// Whether to go on with TLS, having heard what the server says about it. A connection that
    /// once had to use it requires it from then on: no later server can talk it out of that.
    pub(in crate::client) fn wants_tls(&self, info: &ServerInfo) -> Result<bool> {
        if info.tls_required {
            self.secure.store(true, Ordering::Relaxed);
        }
        let wanted = self.opts.security.secure || self.secure.load(Ordering::Relaxed);
        if wanted && !info.tls_required && !info.tls_available {
            let text = "TLS is required by the client (natsOptions_SetSecure, tls://), and the server offers none";
            return Err(Error::new(Status::NATS_SECURE_CONNECTION_WANTED, text));
        }
        Ok(wanted)
    }

    /// Goes on with TLS. What was received in plain must have been used up.
    pub(in crate::client) fn start_tls(
        &self,
        link: &Link,
        reader: &Reader,
        attempt: &Attempt,
    ) -> Result<()> {
        if !reader.receiver.unparsed().is_empty() {
            return Err(Error::protocol(
                "the server sent more than its INFO before TLS began",
            ));
        }
        let settings = self.opts.security.settings.clone().unwrap_or_default();
        let peer = Peer {
            host: &attempt.url.host,
            name: attempt.tls_name.as_deref(),
        };
        let start = || {
            let (deadline, cancel) = (attempt.deadline, &attempt.cancel);
            link.stream.start_tls(&settings, peer, deadline, cancel)
        };
        match settings.asks_the_program() {
            true => self.callbacks.life.ask(start),
            false => start(),
        }
    }
}

impl Connection {
    /// Goes on with WebSocket, before anything of NATS. Whether there is TLS below it is the URL's
    /// to say; where TLS is required all the same, nothing is sent without it.
    pub(in crate::client) fn start_websocket(
        &self,
        link: &Link,
        reader: &Reader,
        attempt: &Attempt,
    ) -> Result<()> {
        if attempt.url.is_tls() {
            self.start_tls(link, reader, attempt)?;
        } else if self.opts.security.secure || self.secure.load(Ordering::Relaxed) {
            let text = "TLS is required, which a server with ws:// in its URL cannot have";
            return Err(Error::new(Status::NATS_SECURE_CONNECTION_WANTED, text));
        }
        link.stream.start_websocket(
            &attempt.url,
            &self.opts.websocket_headers,
            attempt.deadline,
            &attempt.cancel,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_a_say_until_the_program_says_something() {
        let mut opts = Options::default();
        opts.set_url(Some("nats://a")).unwrap();
        assert!(!opts.security.is_secure());
        opts.set_url(Some(" TLS://a")).unwrap();
        assert!(opts.security.is_secure());
        opts.set_url(Some("nats://a")).unwrap();
        assert!(opts.security.is_secure(), "it does not go away again");

        let mut opts = Options::default();
        opts.set_secure(false);
        opts.set_servers(["nats://a", "tls://b"]).unwrap();
        assert!(!opts.security.is_secure());
        let mut opts = Options::default();
        opts.set_servers(["nats://a", "tls://b"]).unwrap();
        assert!(opts.security.is_secure());
    }

    #[test]
    fn shared_settings_cannot_be_changed() {
        let mut opts = Options::default();
        opts.tls_mut().unwrap().set_skip_verification(true);
        assert!(!opts.security.is_secure() && opts.security.is_costly());
        let connection = opts.clone();
        let refused = opts.tls_mut().err().unwrap();
        assert_eq!(refused.status(), Status::NATS_ILLEGAL_STATE);
        assert_eq!(
            opts.set_tls_first().unwrap_err().status(),
            Status::NATS_ILLEGAL_STATE
        );
        opts.set_secure(true);
        assert!(opts.tls_mut().is_err());
        opts.set_secure(false);
        opts.tls_mut().unwrap();
        drop(connection);
        assert!(!opts.security.is_secure());
    }
}
