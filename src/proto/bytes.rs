//! Small tools on bytes that several modules of this layer share: finding blanks eight bytes at a
//! time, and decimal numbers in both directions.

/// A word with the lowest bit of each byte set.
const ONES: u64 = u64::MAX / 255;
/// A word with the highest bit of each byte set.
const HIGHS: u64 = ONES << 7;

/// Marks bytes of `word` that are at most `b' '`: the highest bit of such a byte is set.
///
/// The lowest mark is exact, and so is "no mark at all". A mark above another one may be false,
/// because the subtraction borrows upwards.
const fn blanks(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x21) & !word & HIGHS
}

/// Non-zero when a byte of `word` is white space, a control character, or DEL.
const fn unprintable(word: u64) -> u64 {
    let del = word ^ (ONES * 0x7f);
    blanks(word) | (del.wrapping_sub(ONES) & !del & HIGHS)
}

/// Index of the first byte from `at` on that is at most `b' '`.
#[inline(always)]
pub(super) fn find_blank(buf: &[u8], mut at: usize) -> Option<usize> {
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
    let (words, rest) = text.as_chunks::<8>();
    words
        .iter()
        .any(|word| unprintable(u64::from_le_bytes(*word)) != 0)
        || rest.iter().any(|&b| b <= b' ' || b == 0x7f)
}

/// The number whose digits start at `at`, and the index of the first byte behind it. `None` without
/// a digit there, and for more digits than surely fit (19).
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

/// The first bytes of `text`, readable, for an error message.
pub(super) fn excerpt(text: &[u8]) -> String {
    const LONGEST: usize = 32;
    String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into_owned()
}

/// Appends `text`, which is short as a rule: then in two overlapping pieces of a length that the
/// compiler knows, each of which is one instruction, where a call of `memcpy` takes thirty.
#[inline]
pub(super) fn push_short(buf: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        8..=16 => push_overlapping::<8>(buf, text),
        17..=32 => push_overlapping::<16>(buf, text),
        _ => buf.extend_from_slice(text),
    }
}

/// Appends `text` of `N` to `2 * N` bytes.
#[inline(always)]
fn push_overlapping<const N: usize>(buf: &mut Vec<u8>, text: &[u8]) {
    let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else {
        return buf.extend_from_slice(text);
    };
    buf.extend_from_slice(first);
    buf.truncate(buf.len() + text.len() - 2 * N);
    buf.extend_from_slice(last);
}

/// Appends a blank and `n` in decimal.
#[inline]
pub(super) fn push_number(buf: &mut Vec<u8>, n: u64) {
    if n < 10_000_000 {
        push_word(buf, n, 0, 0);
    } else {
        push_large_number(buf, n);
    }
}

/// Appends a blank, `n` in decimal, and the end of the line.
#[inline]
pub(super) fn push_last_number(buf: &mut Vec<u8>, n: u64) {
    if n < 100_000 {
        push_word(buf, n, u64::from(u16::from_le_bytes(*b"\r\n")), 2);
    } else {
        push_number(buf, n);
        buf.extend_from_slice(b"\r\n");
    }
}

/// Appends a blank, `n`, and `tail_len` bytes, the lowest first: eight bytes at most. They are put
/// together in a register, the last one first, and appended at once.
#[inline(always)]
fn push_word(buf: &mut Vec<u8>, n: u64, tail: u64, tail_len: usize) {
    let (mut word, mut len, mut rest) = (tail, 2 + tail_len, n);
    loop {
        word = (word << 8) | u64::from(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
        len += 1;
    }
    word = (word << 8) | u64::from(b' ');
    let end = buf.len() + len;
    buf.extend_from_slice(&word.to_le_bytes());
    buf.truncate(end);
}

#[cold]
fn push_large_number(buf: &mut Vec<u8>, n: u64) {
    push_number(buf, n / 1_000_000);
    let low = n % 1_000_000 + 1_000_000;
    let blank = buf.len();
    push_number(buf, low);
    // The blank and the 1 that kept the leading zeros.
    buf.drain(blank..blank + 2);
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
        fn short_text_is_appended_whole(text in proptest::collection::vec(any::<u8>(), 0..50)) {
            let mut buf = b"before".to_vec();
            push_short(&mut buf, &text);
            prop_assert_eq!(&buf[..6], b"before");
            prop_assert_eq!(&buf[6..], text);
        }

        #[test]
        fn numbers_round_trip(n: u64, shift in 0u32..64) {
            let n = n >> shift;
            let mut buf = b"x".to_vec();
            push_number(&mut buf, n);
            let plain = format!("x {n}");
            prop_assert_eq!(&buf, plain.as_bytes());
            prop_assert_eq!(number(&buf[2..]), Some(n));
            let mut line = b"x".to_vec();
            push_last_number(&mut line, n);
            prop_assert_eq!(line, format!("x {n}\r\n").into_bytes());
            if n < 10u64.pow(19) {
                prop_assert_eq!(leading_number(&buf, 2), Some((n, buf.len())));
            }
        }
    }
}
