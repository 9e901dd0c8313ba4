//! What an `-ERR` of the server means for the client.

/// The longest text that is kept, in bytes.
const LONGEST: usize = 255;

/// An error that the server reported, by what the client has to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerError {
    /// The server gave the connection up because the client did not answer its PINGs: reconnect.
    Stale,
    /// A publish or a subscription is not permitted: report it, the connection stays.
    Permissions(String),
    /// The credentials are refused: report it, the server will close the connection.
    AuthViolation(String),
    /// The credentials have expired: report it, the server will close the connection.
    AuthExpired(String),
    /// Anything else. The connection is over, also for `Account Authentication Expired` and
    /// `User Authentication Revoked`.
    Other(String),
}

impl ServerError {
    /// Reads the text of an `-ERR`, with or without the operation's name and the line's end.
    pub fn parse(raw: &[u8]) -> Self {
        let text = normalise(raw);
        let lower = text.to_ascii_lowercase();
        if lower == "stale connection" {
            ServerError::Stale
        } else if lower.contains("permissions violation") {
            ServerError::Permissions(text)
        } else if lower.contains("authorization violation") {
            ServerError::AuthViolation(text)
        } else if lower.contains("user authentication expired") {
            ServerError::AuthExpired(text)
        } else {
            ServerError::Other(text)
        }
    }

    /// What the server said, without quotes around it.
    pub fn text(&self) -> &str {
        match self {
            ServerError::Stale => "Stale Connection",
            ServerError::Permissions(text)
            | ServerError::AuthViolation(text)
            | ServerError::AuthExpired(text)
            | ServerError::Other(text) => text,
        }
    }

    /// Is it about who the client is? Then the same error twice from one server is the end.
    pub fn is_auth(&self) -> bool {
        matches!(
            self,
            ServerError::AuthViolation(_) | ServerError::AuthExpired(_)
        )
    }
}

/// The text by itself: no operation, no quotes, no blanks around it, not too long.
fn normalise(raw: &[u8]) -> String {
    let name = raw
        .first_chunk()
        .is_some_and(|name: &[u8; 4]| name.eq_ignore_ascii_case(b"-ERR"));
    let text = String::from_utf8_lossy(if name { &raw[4..] } else { raw });
    let mut text = text
        .trim_matches(|c: char| c.is_ascii_whitespace() || c == '\'')
        .to_owned();
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kinds() {
        use ServerError::*;
        let cases = [
            (" 'Stale Connection'", Stale),
            ("-ERR 'STALE connection'\r\n", Stale),
            (
                " 'Permissions Violation for Publish to \"a\"'\r",
                Permissions("Permissions Violation for Publish to \"a\"".into()),
            ),
            (
                " 'Authorization Violation'",
                AuthViolation("Authorization Violation".into()),
            ),
            (
                "'user authentication EXPIRED'",
                AuthExpired("user authentication EXPIRED".into()),
            ),
            (
                " 'Stale Connection, really'",
                Other("Stale Connection, really".into()),
            ),
            (
                " 'Account Authentication Expired'",
                Other("Account Authentication Expired".into()),
            ),
            (
                " 'User Authentication Revoked'",
                Other("User Authentication Revoked".into()),
            ),
            (" 'x'", Other("x".into())),
            (" ''", Other(String::new())),
            ("", Other(String::new())),
            ("-ERR", Other(String::new())),
        ];
        for (raw, expected) in cases {
            assert_eq!(ServerError::parse(raw.as_bytes()), expected, "{raw:?}");
        }
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
