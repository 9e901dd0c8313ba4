//! The digest of an object: SHA-256 of its bytes.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use ring::digest::{Context, SHA256};

const PREFIX: &str = "SHA-256=";

/// The digest of bytes that are added piece by piece.
#[derive(Clone)]
pub struct Digest(Context);

impl Default for Digest {
    fn default() -> Self {
        Digest(Context::new(&SHA256))
    }
}

impl Digest {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest in the form of a description.
    pub fn text(self) -> String {
        PREFIX.to_owned() + &BASE64URL.encode(self.0.finish().as_ref())
    }

    /// Is this the digest in a description? Clients differ in the case of the prefix and in the base64 alphabet.
    pub fn is(self, said: &str) -> bool {
        let Some((prefix, text)) = said.split_at_checked(PREFIX.len()) else {
            return false;
        };
        let ours = self.0.finish();
        let text = text.as_bytes();
        prefix.eq_ignore_ascii_case(PREFIX)
            && [BASE64URL, BASE64URL_NOPAD, BASE64, BASE64_NOPAD]
                .iter()
                .any(|form| form.decode(text).is_ok_and(|d| d == ours.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_pieces_is_that_of_the_whole() {
        let mut digest = Digest::default();
        digest.update(b"he");
        digest.update(b"");
        digest.update(b"llo");
        let text = digest.clone().text();
        assert_eq!(text, "SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
        for said in [
            text.as_str(),
            "sha-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ",
            "SHA-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ] {
            assert!(digest.clone().is(said), "{said}");
        }
        for other in [
            "",
            "SHA-256=",
            "SHA-512=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "SHA-256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCA=",
            "SHA-256é",
        ] {
            assert!(!digest.clone().is(other), "{other}");
        }
    }
}
