//! Options about TLS.

use super::Options;
use crate::error::Result;
use crate::net::tls::TlsOptions;

impl Options {
    /// Requires TLS, or does not require it and drops all settings for it. `tls://` URLs have no effect from now on.
    pub fn set_secure(&mut self, secure: bool) {
        self.security.set_secure(secure);
    }

    /// The TLS settings, for changes. `NATS_ILLEGAL_STATE` while a connection uses them.
    pub fn tls_mut(&mut self) -> Result<&mut TlsOptions> {
        self.security.settings_mut()
    }

    /// Copies the options for a change; the copy replaces the original. The copy has TLS settings of its own unless a
    /// connection uses them; in a child of the process that set them it always has, and so do the child's connections.
    pub(crate) fn copy_to_edit(&self, inherited: bool) -> Options {
        let mut copy = self.clone();
        copy.security.unshare(inherited);
        copy
    }

    /// Requires TLS, and starts it before the server's INFO.
    pub fn set_tls_first(&mut self) -> Result<()> {
        self.security.set_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

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
        assert!(!opts.security.is_secure());
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
