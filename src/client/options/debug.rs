//! The options as text, without secrets.

use std::fmt;

use super::Options;
use crate::net::url::ServerUrl;

/// Shows the options without secrets: no password, no token, no credentials in URLs.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("url", &self.url.as_deref().map(without_secrets))
            .field(
                "servers",
                &self
                    .servers
                    .iter()
                    .map(|s| without_secrets(s))
                    .collect::<Vec<_>>(),
            )
            .field("name", &self.name)
            .field("user", &self.user.as_deref())
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("user_handler", &self.user_handler.is_some())
            .field("token_handler", &self.token_handler.is_some())
            .field("sign_in", &self.sign_in)
            .field("inbox_prefix", &String::from_utf8_lossy(&self.inbox_prefix))
            .field("timeout", &self.timeout)
            .field("local_addr", &self.local_addr)
            .field("proxy", &self.proxy)
            .field("websocket_headers", &self.websocket_headers)
            .field("allow_reconnect", &self.allow_reconnect)
            .field("max_reconnect", &self.max_reconnect)
            .field("reconnect_wait", &self.reconnect_wait)
            .field("reconnect_buf_size", &self.reconnect_buf_size)
            .field("retry_on_failed_connect", &self.retry_on_failed_connect)
            .field("ping_interval", &self.ping_interval)
            .field("max_pings_out", &self.max_pings_out)
            .field("write_deadline", &self.write_deadline)
            .field("pending_limits", &self.pending_limits())
            .field("global_delivery", &self.global_delivery)
            .finish_non_exhaustive()
    }
}

/// The URL without its secret parts; empty if it cannot be parsed.
fn without_secrets(url: &str) -> String {
    match ServerUrl::parse(url) {
        Ok(url) => format!("{url:?}"),
        Err(_) => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::net::proxy::{Proxy, ProxyUrl};

    #[test]
    fn debug_output_has_no_secrets() {
        let mut opts = Options::default();
        opts.set_url(Some("  nats://me:secret@host:1\n")).unwrap();
        opts.set_servers(["tok-secret@other", "plain:4222", "me:secret"])
            .unwrap();
        opts.password = Some("secret".into());
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        let memory = format!("------\na.secret.c\n------\n------\n{seed}\n------\n");
        opts.sign_in.set_memory(Some(memory.as_bytes()));
        let proxy = ProxyUrl::parse("http://me:secret@proxy").unwrap();
        opts.proxy = Some(Proxy::Url(Arc::new(proxy)));
        opts.set_token(Some("secret")).unwrap();
        assert_eq!(opts.url.as_deref(), Some("nats://me:secret@host:1"));
        let shown = format!("{opts:?}");
        assert!(!shown.contains("secret"), "{shown}");
        assert!(!shown.contains(&seed), "{shown}");
        assert!(shown.contains("nats://***@host:1") && shown.contains("***@other"));
    }
}
