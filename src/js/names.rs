//! Valid names of streams, consumers and priority groups.
//!
//! The names become tokens of subjects and names of files on the server.

use crate::error::{Error, Result};
use crate::words::shown;

/// The longest name of a priority group.
const GROUP_MAX: usize = 16;

/// Is this a valid name of a stream?
pub fn check_stream(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid_arg("stream name is required"));
    }
    check("stream", name)
}

/// Is this a valid name of a consumer?
pub fn check_consumer(name: &str) -> Result<()> {
    check_consumer_as("consumer", name)
}

/// Is this a valid name of a durable consumer?
pub fn check_durable(name: &str) -> Result<()> {
    check_consumer_as("durable", name)
}

fn check_consumer_as(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid_arg("consumer name is required"));
    }
    check(what, name)
}

/// Does the name contain a character that is not allowed in any name?
fn check(what: &str, name: &str) -> Result<()> {
    let refused =
        |c: char| matches!(c, '.' | '*' | '>' | '/' | '\\') || c.is_whitespace() || c.is_control();
    match name.chars().find(|c| refused(*c)) {
        None => Ok(()),
        Some(c) => {
            let c = c.to_string();
            Err(Error::invalid_arg(format!(
                "invalid {what} name '{}' (cannot contain '{}')",
                shown(name.as_bytes()),
                shown(c.as_bytes())
            )))
        }
    }
}

/// Is this a valid name of a priority group?
pub fn check_group(name: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_/=".contains(&b);
    let fault = match name {
        "" => "group must not be empty",
        _ if name.len() > GROUP_MAX => "group must not be longer than 16 characters",
        _ if !name.bytes().all(allowed) => "group must contain only [A-Za-z0-9-_/=]",
        _ => return Ok(()),
    };
    Err(Error::invalid_arg(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(result: Result<()>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.status(), crate::error::Status::NATS_INVALID_ARG);
        error.text().to_owned()
    }

    #[test]
    fn names() {
        for good in ["a", "größe", "A-b_c=1", "$x", "a,b:c"] {
            assert_eq!(check_stream(good), Ok(()));
            assert_eq!(check_consumer(good), Ok(()));
        }
        for bad in [
            "a.b", "a b", "*", ">", "a/b", "a\\b", "a\tb", "a\0", "\u{85}",
        ] {
            check_stream(bad).unwrap_err();
            check_consumer(bad).unwrap_err();
            check_durable(bad).unwrap_err();
        }
        assert_eq!(text(check_stream("")), "stream name is required");
        assert_eq!(text(check_consumer("")), "consumer name is required");
        assert_eq!(
            text(check_stream("a.b")),
            "invalid stream name 'a.b' (cannot contain '.')"
        );
        assert_eq!(
            text(check_durable("a b")),
            "invalid durable name 'a b' (cannot contain ' ')"
        );
        assert_eq!(
            text(check_consumer("a\nb")),
            "invalid consumer name 'a\\nb' (cannot contain '\\n')"
        );
    }

    #[test]
    fn groups() {
        assert_eq!(check_group("A-b_c/d=12345678"), Ok(()));
        assert_eq!(text(check_group("")), "group must not be empty");
        assert!(text(check_group("A-b_c/d=123456789")).contains("longer than 16"));
        for bad in ["a b", "ä", "a.b", "a+b"] {
            assert!(text(check_group(bad)).contains("must contain only"));
        }
    }
}
