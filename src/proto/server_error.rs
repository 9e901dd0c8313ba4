//! The meaning of a server's `-ERR` for the client.

use super::redact::redact;

/// The longest text that is kept, in bytes.
const LONGEST: usize = 255;

/// An error that the server reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    text: String,
    meaning: Meaning,
}

/// The subject of a server's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A publish or a subscription is not permitted.
    Permissions,
    /// A subscription was refused, because there are too many.
    TooManySubscriptions,
    /// A subject has a form that the server does not accept; for a publish only if the server
    /// checks it.
    InvalidSubject,
    /// The server closed the connection because the client did not answer its PINGs.
    Stale,
    /// The credentials were refused.
    Refused(AuthErrorKind),
    /// The server cannot serve the client at the moment: it has too many, shuts down, or the client was too slow.
    Passing,
    /// A line of the client was too long.
    LineTooLong,
    /// Anything else.
    Unknown,
}

/// The reason why a server refused the credentials. The same reason twice in a row from one server
/// ends reconnecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthErrorKind {
    /// The credentials are wrong.
    AuthorizationViolation,
    /// The credentials have expired.
    AuthenticationExpired,
    /// The account of the credentials has expired.
    AccountExpired,
    /// The credentials have been revoked.
    Revoked,
}

/// The consequence of a server's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// None: the server continues to serve the client.
    None,
    /// The server is going to end the connection and may accept the client again.
    Reconnect,
    /// Unknown: the connection ends, unless an option says otherwise.
    Close,
}

/// Complete texts of servers. Compared without regard to case and quotes.
const TEXTS: [(&str, Meaning); 9] = [
    (
        "maximum subscriptions exceeded",
        Meaning::TooManySubscriptions,
    ),
    ("invalid subject", Meaning::InvalidSubject),
    ("invalid publish subject", Meaning::InvalidSubject),
    ("stale connection", Meaning::Stale),
    ("maximum connections exceeded", Meaning::Passing),
    (
        "maximum account active connections exceeded",
        Meaning::Passing,
    ),
    ("server shutdown", Meaning::Passing),
    ("slow consumer", Meaning::Passing),
    ("authentication timeout", Meaning::Passing),
];

/// Texts that are usually part of a longer text.
const PARTS: [(&str, Meaning); 6] = [
    ("permissions violation", Meaning::Permissions),
    (
        "authorization violation",
        Meaning::Refused(AuthErrorKind::AuthorizationViolation),
    ),
    (
        "user authentication expired",
        Meaning::Refused(AuthErrorKind::AuthenticationExpired),
    ),
    (
        "account authentication expired",
        Meaning::Refused(AuthErrorKind::AccountExpired),
    ),
    (
        "user authentication revoked",
        Meaning::Refused(AuthErrorKind::Revoked),
    ),
    ("maximum control line exceeded", Meaning::LineTooLong),
];

impl ServerError {
    /// Parses the text of an `-ERR`, with or without the operation's name and the line end.
    pub fn parse(raw: &[u8]) -> Self {
        let text = normalise(raw);
        let meaning = meaning(&text.to_ascii_lowercase());
        ServerError { text, meaning }
    }

    /// The text of the server, without quotes around it. Secrets that the server quotes are hidden.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The subject of the error.
    pub fn meaning(&self) -> Meaning {
        self.meaning
    }

    /// The consequence for an established session.
    pub fn consequence(&self) -> Consequence {
        match self.meaning {
            Meaning::Permissions | Meaning::TooManySubscriptions | Meaning::InvalidSubject => {
                Consequence::None
            }
            Meaning::Stale | Meaning::Refused(_) | Meaning::Passing => Consequence::Reconnect,
            Meaning::LineTooLong | Meaning::Unknown => Consequence::Close,
        }
    }

    /// The kind of an error about the client's identity.
    pub fn auth_kind(&self) -> Option<AuthErrorKind> {
        match self.meaning {
            Meaning::Refused(kind) => Some(kind),
            _ => None,
        }
    }
}

fn meaning(lower: &str) -> Meaning {
    let bare = lower.trim_matches(|c: char| c.is_ascii_whitespace() || c == '"');
    let whole = TEXTS.iter().find(|(text, _)| *text == bare);
    let part = || PARTS.iter().find(|(text, _)| lower.contains(text));
    whole
        .or_else(part)
        .map_or(Meaning::Unknown, |(_, meaning)| *meaning)
}

/// The bare text: no operation, no quotes, no blanks around it, no secrets, truncated.
fn normalise(raw: &[u8]) -> String {
    let name = raw
        .first_chunk()
        .is_some_and(|name: &[u8; 4]| name.eq_ignore_ascii_case(b"-ERR"));
    let text = String::from_utf8_lossy(if name { &raw[4..] } else { raw });
    let bare = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\'');
    let mut text = redact(bare.to_owned());
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn meanings() {
        use AuthErrorKind::*;
        use Meaning::*;
        let cases = [
            ("Permissions Violation for Publish to \"a\"", Permissions),
            ("maximum subscriptions exceeded", TooManySubscriptions),
            ("Invalid Subject", InvalidSubject),
            ("Invalid Publish Subject", InvalidSubject),
            ("Stale Connection", Stale),
            ("Authorization Violation", Refused(AuthorizationViolation)),
            (
                "User Authentication Expired",
                Refused(AuthenticationExpired),
            ),
            ("Account Authentication Expired", Refused(AccountExpired)),
            ("User Authentication Revoked", Refused(Revoked)),
            ("maximum connections exceeded", Passing),
            ("maximum account active connections exceeded", Passing),
            ("Server Shutdown", Passing),
            ("Slow Consumer", Passing),
            ("Authentication Timeout", Passing),
            ("maximum control line exceeded", LineTooLong),
            ("Unknown Protocol Operation", Unknown),
            ("Stale Connection, really", Unknown),
            ("", Unknown),
        ];
        for (text, expected) in cases {
            for case in [text.to_owned(), text.to_uppercase(), text.to_lowercase()] {
                for line in [
                    format!(" '{case}'"),
                    format!("-ERR '{case}'\r\n"),
                    format!("-err {case}\r"),
                    case.clone(),
                ] {
                    let error = ServerError::parse(line.as_bytes());
                    assert_eq!(error.meaning(), expected, "{line:?}");
                    assert_eq!(error.text(), case);
                }
            }
        }
        let quoted = ServerError::parse(b"-ERR \"Slow Consumer\"");
        assert_eq!(quoted.meaning(), Passing);
    }

    #[test]
    fn long_and_broken_texts() {
        let long = ServerError::parse("ü".repeat(200).as_bytes());
        assert_eq!(long.text(), "ü".repeat(127));
        assert_eq!(ServerError::parse(b"a\xffb").text(), "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn never_panics_and_never_too_long(raw: Vec<u8>) {
            prop_assert!(ServerError::parse(&raw).text().len() <= LONGEST);
        }
    }
}
