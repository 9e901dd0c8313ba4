//! Secrets do not appear in a log, whatever text they come with.
//!
//! What the library itself puts into a line has no secrets: servers are shown as host and port, a CONNECT with marks in
//! place of its credentials. Error texts that quote a server are masked in the same way (`proto::redact`). This is the second line of defence, for texts of servers, of the system and of the program:
//! what has the form of a secret is replaced, and so are the secrets that the connection was given.

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// Shorter ones would be found in any text.
const KNOWN_MIN: usize = 4;
/// The shortest run that is taken for a JWT. Its header alone is longer.
const JWT_MIN: usize = 24;
/// The length of a seed.
const SEED_LEN: usize = 58;

/// The text without the known secrets, credentials in URLs, JWTs and seeds.
pub(crate) fn mask<'a>(mut text: String, known: impl IntoIterator<Item = &'a str>) -> String {
    for secret in known {
        if secret.len() >= KNOWN_MIN && text.contains(secret) {
            text = text.replace(secret, MASK);
        }
    }
    if text.contains("://") {
        text = without_user_info(&text);
    }
    if text.len() >= JWT_MIN {
        text = without_runs(&text);
    }
    text
}

/// Replaces what stands between `://` and the last `@` of a word.
fn without_user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        out.push_str(before);
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';');
        let end = behind.find(is_end).unwrap_or(behind.len());
        // A password may contain what looks like an end: then the '@' comes later, before another blank.
        let word = behind.find(char::is_whitespace).unwrap_or(behind.len());
        rest = behind;
        if let Some(sign) = behind[..end]
            .rfind('@')
            .or_else(|| behind[..word].rfind('@'))
        {
            out.push_str(MASK);
            rest = &behind[sign..];
        }
    }
    out + rest
}

/// Replaces runs of characters that are JWTs or seeds.
fn without_runs(text: &str) -> String {
    let in_run = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(in_run) {
        let (before, run) = rest.split_at(start);
        let end = run.find(|c| !in_run(c)).unwrap_or(run.len());
        out.push_str(before);
        out.push_str(match is_secret(&run[..end]) {
            true => MASK,
            false => &run[..end],
        });
        rest = &run[end..];
    }
    out + rest
}

fn is_secret(run: &str) -> bool {
    let is_jwt = run.len() >= JWT_MIN && run.contains("eyJ");
    let base32 = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit();
    let is_seed = |window: &[u8]| window[0] == b'S' && window.iter().all(|c| base32(*c));
    is_jwt || run.as_bytes().windows(SEED_LEN).any(is_seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> String {
        mask(text.to_owned(), [])
    }

    #[test]
    fn what_looks_like_a_secret_is_replaced() {
        assert_eq!(
            of("to nats://me:secret@host:1, then"),
            "to nats://***@host:1, then"
        );
        assert_eq!(of("\"tls://tok@host\""), "\"tls://***@host\"");
        assert_eq!(of("ws://a:b,c@host:80/p"), "ws://***@host:80/p");
        assert_eq!(of("nats://a:1 nats://u@b:2"), "nats://a:1 nats://***@b:2");
        assert_eq!(
            of("nats://host:4222: user@example"),
            "nats://host:4222: user@example"
        );
        let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln";
        assert_eq!(of(&format!("jwt={jwt}!")), "jwt=***!");
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        assert_eq!(of(&format!("'{seed}'")), "'***'");
        assert_eq!(of(&format!("a.{seed}.b c")), "*** c");
        let key = nkeys::KeyPair::new_user().public_key();
        assert_eq!(of(&key), key, "a public key is none");
        for harmless in [
            "",
            "a b",
            "SUB in.box.> 12",
            "PONG",
            "_INBOX.3Rr5QgZ1Qn0E2gY0vVwVwV.*",
        ] {
            assert_eq!(of(harmless), harmless);
        }
    }

    proptest! {
        #[test]
        fn known_secrets_are_replaced_wherever_they_stand(
            secret in "[!-~]{4,40}", before in "[ -~]{0,40}", behind in "[ -~]{0,40}",
        ) {
            prop_assume!(!MASK.contains(secret.as_str()));
            let known = [secret.as_str()];
            let text = mask(format!("{before}{secret}{behind}"), known);
            // The mask may complete another occurrence only of what consists of marks.
            prop_assert!(!text.contains(secret.as_str()) || secret.contains('*'), "{text}");
        }

        #[test]
        fn user_info_is_replaced(user in "[a-zA-Z0-9%.!,;:-]{1,20}", host in "[a-z]{1,10}", around in "[a-z ]{0,9}") {
            let text = of(&format!("{around} nats://{user}@{host}:4222 {around}"));
            prop_assert_eq!(text, format!("{around} nats://***@{host}:4222 {around}"));
        }

        #[test]
        fn any_text_can_be_masked(text in "\\PC{0,200}") {
            of(&text);
        }
    }
}
