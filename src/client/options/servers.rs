//! The servers of the options.

use super::Options;
use crate::error::{Error, Result};
use crate::net::url;
use crate::secret::Secret;

impl Options {
    /// Sets the server to try first; `None` for none. White space around it is ignored. An unknown scheme is
    /// `NATS_INVALID_ARG` and changes nothing; `tls://` and `wss://` require TLS. The rest of the syntax is checked
    /// when connecting.
    pub fn set_url(&mut self, url: Option<&str>) -> Result<()> {
        let url = url.map(str::trim_ascii);
        let is_tls = url.map_or(Ok(false), asks_for_tls)?;
        self.url = url.map(Secret::from);
        self.refused_servers = None;
        self.security.heed_scheme(is_tls);
        Ok(())
    }

    /// Replaces the list of servers, as for [`Options::set_url`].
    pub fn set_servers<'a>(&mut self, servers: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut list = Vec::new();
        let mut is_tls = false;
        for url in servers {
            let url = url.trim_ascii();
            is_tls |= asks_for_tls(url).map_err(|e| {
                let place = list.len() + 1;
                Error::new(
                    e.status(),
                    format!("server {place} of the list: {}", e.text()),
                )
            })?;
            list.push(url.into());
        }
        self.servers = list;
        self.refused_servers = None;
        self.security.heed_scheme(is_tls);
        Ok(())
    }

    /// The servers to connect to, or the reason why those of the program were refused. Both empty stands for
    /// [`super::DEFAULT_URL`].
    pub(in crate::client) fn accepted_servers(&self) -> Result<(Option<&str>, &[Secret])> {
        match &self.refused_servers {
            Some(error) if self.url.is_none() && self.servers.is_empty() => Err(error.clone()),
            _ => Ok((self.url.as_deref(), &self.servers)),
        }
    }
}

/// Does a URL ask for TLS by its scheme? Fails for unknown schemes.
fn asks_for_tls(url: &str) -> Result<bool> {
    let (scheme, _) = url::split_scheme(url)?;
    Ok(matches!(scheme, "tls" | "wss"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn an_unknown_scheme_changes_nothing() {
        let mut opts = Options::default();
        opts.set_url(Some("nats://a")).unwrap();
        opts.set_servers(["b", "c"]).unwrap();
        for url in ["tsl://u:secret@h", "ssl://h", "https://h", "tls:/h"] {
            let e = opts.set_url(Some(url)).unwrap_err();
            assert_eq!(e.status(), Status::NATS_INVALID_ARG, "{url}");
            let e = opts.set_servers(["tls://b", url]).unwrap_err();
            assert_eq!(e.status(), Status::NATS_INVALID_ARG, "{url}");
            assert!(e.text().starts_with("server 2 of the list: "), "{e}");
            assert!(!e.text().contains("secret"), "{e}");
        }
        assert_eq!(opts.url.as_deref(), Some("nats://a"));
        assert_eq!(opts.servers, ["b", "c"]);
        assert!(!opts.security.is_secure());
    }

    #[test]
    fn refused_servers_are_not_replaced_by_the_default() {
        let mut opts = Options::default();
        assert!(opts.accepted_servers().is_ok());
        let error = opts.set_url(Some("tsl://h")).unwrap_err();
        opts.refused_servers = Some(error.clone());
        assert_eq!(opts.accepted_servers().unwrap_err(), error);
        opts.set_servers(["a"]).unwrap();
        assert_eq!(opts.accepted_servers().unwrap().1.len(), 1);
        opts.set_servers([]).unwrap();
        opts.refused_servers = Some(error);
        opts.set_url(None).unwrap();
        assert!(opts.accepted_servers().is_ok());
    }
}
