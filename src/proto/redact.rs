//! Hides what may be secret in lines of the protocol before they become part of a text for people.
//!
//! A server that quotes what it was sent, or a peer that echoes it, must not put a password into an error text or a
//! log. A line is judged by its form, because a text may be created long after the credentials were wiped: everything
//! behind `CONNECT`, the values of the members of CONNECT that are secret, and what [`mask`] finds: JWTs, seeds, credentials in URLs.

use crate::log::{MASK, mask};

/// The members of CONNECT that are secret, as they are written.
const MEMBERS: [&str; 4] = ["\"pass\"", "\"auth_token\"", "\"jwt\"", "\"sig\""];

/// The text without secrets. Text that has none is returned as it is.
pub fn redact(mut text: String) -> String {
    if let Some(at) = find_connect(&text) {
        text.truncate(at);
        text.push_str(MASK);
    }
    for member in MEMBERS {
        hide_values(&mut text, member);
    }
    mask(text, [])
}

/// The position of the object of a CONNECT.
fn find_connect(text: &str) -> Option<usize> {
    const NAME: &[u8] = b"CONNECT";
    let bytes = text.as_bytes();
    bytes
        .windows(NAME.len())
        .enumerate()
        .filter(|(_, word)| word.eq_ignore_ascii_case(NAME))
        .find_map(|(at, _)| {
            let behind = at + NAME.len();
            let blanks = bytes[behind..]
                .iter()
                .take_while(|b| b.is_ascii_whitespace())
                .count();
            (bytes.get(behind + blanks) == Some(&b'{')).then_some(behind + blanks)
        })
}

/// Hides the value of each member of this name: up to the quote that ends it, or to the end of a truncated text.
fn hide_values(text: &mut String, member: &str) {
    let mut from = 0;
    while let Some(at) = text[from..].find(member) {
        let behind = from + at + member.len();
        let before_value = text[behind..]
            .find(|c: char| c != ':' && c != '"' && !c.is_ascii_whitespace())
            .map_or(text.len(), |skipped| behind + skipped);
        let end = end_of_string(text, before_value);
        text.replace_range(before_value..end, MASK);
        from = before_value + MASK.len();
    }
}

/// The position of the quote that ends the JSON string whose content begins at `from`.
fn end_of_string(text: &str, from: usize) -> usize {
    let mut escaped = false;
    text[from..]
        .find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })
        .map_or(text.len(), |len| from + len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::connect::Connect;
    use proptest::prelude::*;

    #[test]
    fn what_is_hidden() {
        for (text, shown) in [
            ("Authorization Violation", "Authorization Violation"),
            ("CONNECT {\"pass\":\"hush\"}", "CONNECT ***"),
            ("unknown: connect{\"pa", "unknown: connect***"),
            ("CONNECT was expected", "CONNECT was expected"),
            (
                "\"pass\" : \"hu\\\"sh\", \"a\":1",
                "\"pass\" : \"***\", \"a\":1",
            ),
            (
                "\"user\":\"u\",\"auth_token\":\"hus",
                "\"user\":\"u\",\"auth_token\":\"***",
            ),
            ("\"pass\":", "\"pass\":***"),
            (
                "bad JWT 'eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5.eyJhIjoxfQ.c2ln'",
                "bad JWT '***'",
            ),
            ("eyJ is no JWT", "eyJ is no JWT"),
        ] {
            assert_eq!(redact(text.to_owned()), shown);
        }
    }

    proptest! {
        /// Whatever part of our CONNECT a peer sends back, from the member names on.
        #[test]
        fn no_part_of_a_connect_shows_a_secret(pass in "[a-zA-Z0-9\"\\\\{}: ü]{6,40}", cut in 0usize..60, len in 0usize..400) {
            let mark = "SECRET";
            let pass = format!("{mark}{pass}");
            let line = Connect {
                user: Some("u"),
                pass: Some(&pass),
                auth_token: Some(&pass),
                sig: Some(mark),
                jwt: Some(mark),
                nkey: None,
                verbose: false,
                pedantic: false,
                tls_required: false,
                name: "n",
                lang: Connect::LANG,
                version: "0",
                protocol: Connect::PROTOCOL,
                echo: true,
                headers: true,
                no_responders: true,
            }
            .encode(b"");
            let line = String::from_utf8_lossy(&line).into_owned();
            let mut from = cut.min(line.find("\"jwt\"").unwrap());
            while !line.is_char_boundary(from) { from += 1; }
            let mut to = (from + len).min(line.len());
            while !line.is_char_boundary(to) { to -= 1; }
            prop_assert!(!redact(line[from..to].to_owned()).contains(mark));
        }
    }
}
