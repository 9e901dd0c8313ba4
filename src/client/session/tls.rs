//! Decides whether a connection uses TLS, and with which settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::client::callbacks::life::Life;
use crate::client::session::handshake::Attempt;
use crate::error::{Error, Result, Status};
use crate::msg::Receiver;
use crate::net::stream::Stream;
use crate::net::tls::{Peer, TlsOptions};
use crate::net::websocket;
use crate::proto::info::ServerInfo;

/// The TLS settings of options.
#[derive(Debug, Clone, Default)]
pub struct Security {
    /// TLS is required.
    secure: bool,
    /// The program has required TLS or turned it off, so URLs do not decide any more.
    explicit: bool,
    /// TLS is started before anything else, including the server's INFO.
    first: bool,
    /// The settings, which connections share with the options that they were created with.
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

    /// Is TLS likely, so that many clients reconnecting at once cost the server more?
    fn is_costly(&self) -> bool {
        self.secure || self.settings.is_some()
    }

    /// Requires TLS, or turns it off and forgets all its settings. `tls://` URLs do not decide any more.
    pub(in crate::client) fn set_secure(&mut self, secure: bool) {
        self.explicit = true;
        if secure {
            self.require();
        } else {
            *self = Security {
                explicit: true,
                ..Security::default()
            };
        }
    }

    /// The settings, to be changed. Fails with `NATS_ILLEGAL_STATE` while a connection uses them.
    pub(in crate::client) fn settings_mut(&mut self) -> Result<&mut TlsOptions> {
        let settings = self.settings.get_or_insert_default();
        Arc::get_mut(settings).ok_or(Error::illegal_state(
            "This natsOptions object can't be modified because it is configured for SSL and is \
             currently used by connection(s)!",
        ))
    }

    /// Called on a copy of options that takes their place. The copy gets settings of its own if no connection uses
    /// them, and always if they are `inherited`.
    pub(in crate::client) fn unshare(&mut self, inherited: bool) {
        if let Some(settings) = &mut self.settings
            && (inherited || Arc::strong_count(settings) == 2)
        {
            *settings = Arc::new(TlsOptions::clone(settings));
        }
    }

    /// Requires TLS, started before the server's INFO.
    pub(in crate::client) fn set_first(&mut self) -> Result<()> {
        self.settings_mut()?;
        self.first = true;
        self.require();
        Ok(())
    }

    /// Requires TLS for servers whose URL has the scheme for it, unless the program has decided otherwise.
    pub(in crate::client) fn heed_scheme(&mut self, is_tls: bool) {
        if is_tls && !self.explicit {
            self.require();
        }
    }

    fn require(&mut self) {
        self.secure = true;
        self.settings.get_or_insert_default();
    }
}

/// The decision for the sessions of one connection.
pub(in crate::client) struct TlsPolicy {
    security: Security,
    /// A server required TLS, so it is required for all others.
    seen_required: AtomicBool,
}

impl TlsPolicy {
    pub(in crate::client) fn new(security: Security) -> Self {
        TlsPolicy {
            security,
            seen_required: AtomicBool::new(false),
        }
    }

    /// Is TLS to be started first?
    pub(super) fn is_first(&self) -> bool {
        self.security.first
    }

    /// Is TLS likely, so that many clients reconnecting at once cost the server more?
    pub(in crate::client) fn is_costly(&self) -> bool {
        self.security.is_costly() || self.seen_required.load(Ordering::Relaxed)
    }

    /// Takes new servers into account: if one requires TLS by the scheme of its URL, all connections use it, unless the
    /// program has decided otherwise.
    pub(super) fn heed_scheme(&self, is_tls: bool) {
        if is_tls && !self.security.explicit {
            self.seen_required.store(true, Ordering::Relaxed);
        }
    }

    fn is_required(&self) -> bool {
        self.security.secure || self.seen_required.load(Ordering::Relaxed)
    }

    /// Decides whether to start TLS, after the server's INFO. A connection that had to use TLS once requires it from
    /// then on: no later server can prevent it.
    pub(super) fn heed(&self, info: &ServerInfo) -> Result<bool> {
        if info.tls_required {
            self.seen_required.store(true, Ordering::Relaxed);
        }
        let wanted = self.is_required();
        if wanted && !info.tls_required && !info.tls_available {
            let text = "TLS is required by the client (natsOptions_SetSecure, tls://), and the server offers none";
            return Err(Error::new(Status::NATS_SECURE_CONNECTION_WANTED, text));
        }
        Ok(wanted)
    }

    /// Starts TLS. All bytes that were received in plain text must have been consumed.
    pub(super) fn start(
        &self,
        stream: &Stream,
        received: &Receiver,
        attempt: &Attempt,
        life: &Life,
    ) -> Result<()> {
        if !received.unparsed().is_empty() {
            return Err(Error::protocol(
                "the server sent more than its INFO before TLS began",
            ));
        }
        let settings = self.security.settings.clone().unwrap_or_default();
        let peer = Peer {
            host: &attempt.url.host,
            name: attempt.tls_name.as_deref(),
        };
        let start = || {
            let (deadline, cancel) = (attempt.deadline, &attempt.cancel);
            stream.start_tls(&settings, peer, deadline, cancel)
        };
        match settings.asks_the_program() {
            true => life.call_program(start),
            false => start(),
        }
    }

    /// Starts WebSocket, before any NATS protocol. The URL decides whether TLS is used below it; if TLS is required but
    /// not used, nothing is sent.
    pub(super) fn start_websocket(
        &self,
        headers: &websocket::Headers,
        stream: &Stream,
        received: &Receiver,
        attempt: &Attempt,
        life: &Life,
    ) -> Result<()> {
        if attempt.url.is_tls() {
            self.start(stream, received, attempt, life)?;
        } else if self.is_required() {
            let text = "TLS is required, which a server with ws:// in its URL cannot have";
            return Err(Error::new(Status::NATS_SECURE_CONNECTION_WANTED, text));
        }
        stream.start_websocket(&attempt.url, headers, attempt.deadline, &attempt.cancel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_requires_tls_binds_those_after_it() {
        let policy = TlsPolicy::new(Security::default());
        let info = |required, available| ServerInfo {
            tls_required: required,
            tls_available: available,
            ..ServerInfo::default()
        };
        assert!(!policy.heed(&info(false, true)).unwrap());
        assert!(!policy.heed(&info(false, false)).unwrap());
        assert!(policy.heed(&info(true, false)).unwrap());
        assert!(policy.heed(&info(false, true)).unwrap());
        let refused = policy.heed(&info(false, false)).unwrap_err();
        assert_eq!(refused.status(), Status::NATS_SECURE_CONNECTION_WANTED);
        assert!(policy.is_costly());
    }
}
