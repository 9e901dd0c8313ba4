//! A text for C in memory of its own, which is that of a thread: without allocating, since failures
//! like a timeout are everyday, and without a destructor ([`crate::reentrancy`] says why).

use std::ffi::{CStr, c_char};

/// The number of bytes that are kept, besides the NUL.
const MAX: usize = 255;
const ELLIPSIS: &[u8] = b"...";

/// At most 255 bytes and a NUL.
pub(super) struct ShortText([u8; MAX + 1]);

impl ShortText {
    pub(super) const fn new() -> Self {
        ShortText([0; MAX + 1])
    }

    /// Takes `text` up to the first NUL; a text that is too long is truncated, and ends in `...`.
    pub(super) fn set(&mut self, text: &str) {
        let text = text.split('\0').next().unwrap_or_default();
        let len = if text.len() <= MAX {
            self.0[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        } else {
            let cut = text.floor_char_boundary(MAX - ELLIPSIS.len());
            self.0[..cut].copy_from_slice(&text.as_bytes()[..cut]);
            self.0[cut..cut + ELLIPSIS.len()].copy_from_slice(ELLIPSIS);
            cut + ELLIPSIS.len()
        };
        self.0[len] = 0;
    }

    pub(super) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }

    pub(super) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let kept = |text: &str| {
            let mut short = ShortText::new();
            short.set("what was there before");
            short.set(text);
            short.as_c_str().to_str().unwrap().to_owned()
        };
        assert_eq!(kept(""), "");
        assert_eq!(kept(&"x".repeat(255)), "x".repeat(255));
        assert_eq!(kept(&"x".repeat(256)), "x".repeat(252) + "...");
        assert_eq!(kept(&"é".repeat(200)), "é".repeat(126) + "...");
        assert_eq!(
            kept(&("a".to_owned() + &"é".repeat(200))),
            "a".to_owned() + &"é".repeat(125) + "..."
        );
        assert_eq!(kept("before\0behind"), "before");
    }
}
