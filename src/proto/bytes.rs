//! Operations on bytes that several modules of this layer share: finding blanks eight or sixteen
//! bytes at a time, and parsing decimal numbers.

#[cfg(target_arch = "x86_64")]
use crate::simd;

/// A word with the lowest bit of each byte set.
const ONES: u64 = u64::MAX / 255;
/// A word with the highest bit of each byte set.
const HIGHS: u64 = ONES << 7;

/// Marks the bytes of `word` that are at most `b' '`: the highest bit of such a byte is set.
///
/// The lowest mark is exact, and so is "no mark at all". A mark above another one may be false,
/// because the subtraction borrows upwards.
const fn blanks(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x21) & !word & HIGHS
}

/// Non-zero if a byte of `word` is white space, a control character, or DEL.
const fn unprintable(word: u64) -> u64 {
    let del = word ^ (ONES * 0x7f);
    blanks(word) | (del.wrapping_sub(ONES) & !del & HIGHS)
}

/// Index of the first byte from `at` on that is at most `b' '`.
#[inline(always)]
pub(super) fn find_blank(buf: &[u8], mut at: usize) -> Option<usize> {
    // Reply subjects of JetStream are long.
    #[cfg(target_arch = "x86_64")]
    while let Some(chunk) = buf.get(at..)?.first_chunk() {
        let marks = simd::blanks(chunk);
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize);
        }
        at += 16;
    }
    while let Some(chunk) = buf.get(at..)?.first_chunk() {
        let marks = blanks(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    (at..buf.len()).find(|&i| buf[i] <= b' ')
}

/// Is there white space, a control character or DEL in `text`?
#[inline]
pub(super) fn has_unprintable(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().any(|&b| b <= b' ' || b == 0x7f);
    };
    // The last word overlaps the one before it if the length is not a multiple of eight.
    let (words, _) = text.as_chunks::<8>();
    words
        .iter()
        .chain([last])
        .any(|word| unprintable(u64::from_le_bytes(*word)) != 0)
}

/// The number whose digits start at `at`, and the index of the first byte behind it. `None` if
/// there is no digit, or more digits than are sure to fit (19).
#[inline(always)]
pub(super) fn leading_number(buf: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    let mut end = at;
    while let Some(digit) = buf.get(end).map(|b| b.wrapping_sub(b'0'))
        && digit <= 9
    {
        if end - at == 19 {
            return None;
        }
        value = value * 10 + u64::from(digit);
        end += 1;
    }
    (end > at).then_some((value, end))
}

/// The value of `text`, which must be digits only and fit.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// The first bytes of `text` in readable form, for an error message.
pub(super) fn excerpt(text: &[u8]) -> String {
    const LONGEST: usize = 32;
    String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_at_the_edges() {
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(b"18446744073709551616"), None);
        assert_eq!(number(b"0000000000000000000000000000007"), Some(7));
        assert_eq!(number(b""), None);
        assert_eq!(number(b"-1"), None);
        assert_eq!(
            leading_number(b"9999999999999999999 ", 0),
            Some((9_999_999_999_999_999_999, 19))
        );
        assert_eq!(leading_number(b"10000000000000000000", 0), None);
        assert_eq!(leading_number(b"ab", 0), None);
        assert_eq!(leading_number(b"12", 9), None);
    }

    proptest! {
        #[test]
        fn words_agree_with_single_bytes(text: Vec<u8>, at in 0usize..20) {
            let plain = (at..text.len()).find(|&i| text[i] <= b' ');
            prop_assert_eq!(find_blank(&text, at), plain);
            let bad = text.iter().any(|&b| b <= b' ' || b == 0x7f);
            prop_assert_eq!(has_unprintable(&text), bad);
        }

        #[test]
        fn long_clean_text_and_one_odd_byte(len in 0usize..40, at in 0usize..40, odd: u8) {
            let mut text = vec![b'~'; len];
            if let Some(b) = text.get_mut(at) {
                *b = odd;
            }
            prop_assert_eq!(find_blank(&text, 0), text.iter().position(|&b| b <= b' '));
            prop_assert_eq!(has_unprintable(&text), text.iter().any(|&b| b <= b' ' || b == 0x7f));
        }

        #[test]
        fn numbers_round_trip(n: u64, shift in 0u32..64) {
            let text = format!("{}", n >> shift);
            prop_assert_eq!(number(text.as_bytes()), Some(n >> shift));
            if n >> shift < 10u64.pow(19) {
                prop_assert_eq!(leading_number(text.as_bytes(), 0), Some((n >> shift, text.len())));
            }
        }
    }
}
