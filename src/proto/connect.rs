//! CONNECT: what the client says about itself, in answer to the first INFO.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::log::MASK;

/// The fields of a CONNECT, in the order in which they are sent. `None` is not sent.
///
/// All text is borrowed, so that the bytes that are sent are the only copy of a secret. `Debug`
/// shows no secret.
#[derive(Clone, Copy, Serialize)]
pub struct Connect<'a> {
    /// Should the server acknowledge everything with +OK?
    pub verbose: bool,
    /// Should the server check subjects strictly?
    pub pedantic: bool,
    /// The public NKey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nkey: Option<&'a str>,
    /// The user's JWT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<&'a str>,
    /// The server's nonce, signed: base64url without padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sig: Option<&'a str>,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a str>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass: Option<&'a str>,
    /// A token instead of user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_token: Option<&'a str>,
    /// Is TLS in use?
    pub tls_required: bool,
    /// The connection's name; may be empty.
    pub name: &'a str,
    /// The client's language: [`Connect::LANG`].
    pub lang: &'a str,
    /// The client's version.
    pub version: &'a str,
    /// The version of the protocol: [`Connect::PROTOCOL`].
    pub protocol: u32,
    /// Should the server send the client's own messages back to it?
    pub echo: bool,
    /// Does the client support message headers?
    pub headers: bool,
    /// Should the server report that nobody is subscribed to a request's subject?
    pub no_responders: bool,
}

impl Connect<'_> {
    /// The language that this client reports.
    pub const LANG: &'static str = "rust-c";

    /// This client accepts an INFO at any time.
    pub const PROTOCOL: u32 = 1;

    /// The same without what proves the client's identity, to be shown.
    pub fn masked(&self) -> Self {
        let hidden = |secret: Option<&str>| secret.map(|_| MASK);
        Connect {
            nkey: hidden(self.nkey),
            jwt: hidden(self.jwt),
            sig: hidden(self.sig),
            pass: hidden(self.pass),
            auth_token: hidden(self.auth_token),
            ..*self
        }
    }

    /// `CONNECT {...}`, the end of the line, and `behind`, which are wiped when dropped. The buffer
    /// is allocated in the right size, because growing would leave copies of the secrets behind.
    pub fn encode(&self, behind: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut size = Count(0);
        self.write(&mut size, behind);
        let mut line = Zeroizing::new(Vec::with_capacity(size.0));
        self.write(&mut *line, behind);
        line
    }

    fn write(&self, mut to: impl Write, behind: &[u8]) {
        to.write_all(b"CONNECT ")
            .and_then(|()| serde_json::to_writer(&mut to, self).map_err(Into::into))
            .and_then(|()| to.write_all(b"\r\n"))
            .and_then(|()| to.write_all(behind))
            .expect("text, numbers and booleans can always be written to memory");
    }
}

/// Counts the bytes that are written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Default for Connect<'_> {
    /// The defaults of a connection: no credentials, own messages are sent back.
    fn default() -> Self {
        Connect {
            verbose: false,
            pedantic: false,
            nkey: None,
            jwt: None,
            sig: None,
            user: None,
            pass: None,
            auth_token: None,
            tls_required: false,
            name: "",
            lang: Self::LANG,
            version: "",
            protocol: Self::PROTOCOL,
            echo: true,
            headers: false,
            no_responders: false,
        }
    }
}

impl fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: Option<&str>| secret.map(|_| "***");
        f.debug_struct("Connect")
            .field("name", &self.name)
            .field("nkey", &self.nkey)
            .field("user", &self.user)
            .field("jwt", &hidden(self.jwt))
            .field("sig", &hidden(self.sig))
            .field("pass", &hidden(self.pass))
            .field("auth_token", &hidden(self.auth_token))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(connect: &Connect<'_>) -> String {
        let line = connect.encode(b"");
        assert_eq!(line.len(), line.capacity());
        String::from_utf8(line.to_vec()).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_shown_has_no_secrets(
            nkey in option("[A-Z2-7]{8,56}"), jwt in option("[A-Za-z0-9_.-]{8,60}"), sig in option("[A-Za-z0-9_-]{8,86}"),
            pass in option("[!-~]{8,30}"), token in option("[!-~]{8,30}"), user in "[a-z]{0,7}",
        ) {
            let connect = Connect {
                nkey: nkey.as_deref(),
                jwt: jwt.as_deref(),
                sig: sig.as_deref(),
                pass: pass.as_deref(),
                auth_token: token.as_deref(),
                user: Some(&user),
                ..Connect::default()
            };
            let (all, none) = (line(&connect), line(&Connect::default()));
            let shown = line(&connect.masked());
            for secret in [&nkey, &jwt, &sig, &pass, &token].into_iter().flatten() {
                let json = serde_json::to_string(secret).unwrap();
                prop_assert!(all.contains(&json));
                // Unless the text has it anyway.
                prop_assert!(none.contains(secret.as_str()) || !shown.contains(secret.as_str()), "{shown}");
                prop_assert!(none.contains(secret.as_str()) || !shown.contains(json.trim_matches('"')), "{shown}");
            }
            let user = format!("\"user\":\"{user}\"");
            prop_assert!(shown.contains(&user), "{shown}");
        }
    }

    /// A text, or none.
    fn option(pattern: &'static str) -> impl Strategy<Value = Option<String>> {
        prop::option::of(pattern)
    }

    #[test]
    fn fields_and_their_order() {
        let least = Connect {
            version: "3.14.0",
            ..Connect::default()
        };
        assert_eq!(
            line(&least),
            concat!(
                r#"CONNECT {"verbose":false,"pedantic":false,"tls_required":false,"name":"","#,
                r#""lang":"rust-c","version":"3.14.0","protocol":1,"echo":true,"headers":false,"#,
                r#""no_responders":false}"#,
                "\r\n"
            )
        );
        let most = Connect {
            nkey: Some("K"),
            jwt: Some("J"),
            sig: Some("S"),
            user: Some(""),
            pass: Some("p\"\\\n"),
            auth_token: Some("t"),
            headers: true,
            ..Connect::default()
        };
        assert!(line(&most).contains(
            r#""nkey":"K","jwt":"J","sig":"S","user":"","pass":"p\"\\\n","auth_token":"t","tls_required""#
        ));
    }

    #[test]
    fn debug_keeps_secrets() {
        let secret = Some("hush-hush");
        let connect = Connect {
            jwt: secret,
            sig: secret,
            pass: secret,
            auth_token: secret,
            ..Connect::default()
        };
        assert!(!format!("{connect:?} {connect:#?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn any_text_stays_on_the_line_and_comes_back(name: String, pass: String) {
            let connect = Connect { name: &name, pass: Some(&pass), ..Connect::default() };
            let line = line(&connect);
            let json = line.strip_prefix("CONNECT ").and_then(|l| l.strip_suffix("\r\n")).unwrap();
            prop_assert!(!json.contains(['\r', '\n']));
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            prop_assert_eq!(value["name"].as_str(), Some(name.as_str()));
            prop_assert_eq!(value["pass"].as_str(), Some(pass.as_str()));
        }
    }
}
