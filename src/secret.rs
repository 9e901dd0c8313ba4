//! Text that is wiped from memory.

use std::fmt;
use std::ops::Deref;

use zeroize::{Zeroize, Zeroizing};

/// A password, a token, a JWT, or a text that may contain one, such as a URL. Its memory is wiped when it is dropped.
/// Its length never grows, because reallocation would leave copies behind. `Debug` does not show it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret(Zeroizing::new(text.into()))
    }
}

impl From<String> for Secret {
    /// Copies the text into memory of the right size and wipes the original.
    fn from(mut text: String) -> Self {
        let secret = Secret::from(text.as_str());
        text.zeroize();
        secret
    }
}

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<&str> for Secret {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_text_that_debug_hides() {
        let secret = Secret::from("hush");
        assert_eq!((&*secret, secret.len()), ("hush", 4));
        assert_eq!(secret, Secret::from("hush".to_owned()));
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
    }
}
