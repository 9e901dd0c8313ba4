//! Decimal numbers of many digits, eight digits at a time.

/// A word with the lowest bit of each byte set.
const ONES: u64 = u64::MAX / 255;
/// What as many digits as the index multiply a number by.
const SHIFTS: [u64; 9] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// How many of the first bytes of a little-endian word are digits.
#[inline(always)]
const fn digits(word: u64) -> u32 {
    let from_zero = word ^ (ONES * 0x30);
    // A sum above 0x7f marks what is no digit. It may carry into the bytes above, whose marks are then of no meaning;
    // the lowest mark always is exact.
    let marks = (from_zero.wrapping_add(ONES * 0x76) | from_zero) & (ONES << 7);
    marks.trailing_zeros() / 8
}

/// The value of eight digits, the first of which is the lowest byte. Bytes of zero count as the digit 0.
#[inline(always)]
const fn eight(word: u64) -> u64 {
    let word = (word & (ONES * 0x0f)).wrapping_mul(2561) >> 8;
    let word = (word & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    (word & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32
}

/// The eight bytes of `text` from `at` on, the first of which is the lowest. Bytes that are missing are zero.
#[inline(always)]
fn word(text: &[u8], at: usize) -> u64 {
    let missing = (at + 8).saturating_sub(text.len());
    if missing == 0
        && let Some(chunk) = text[at..].first_chunk()
    {
        return u64::from_le_bytes(*chunk);
    }
    match text.last_chunk() {
        Some(chunk) if missing < 8 => u64::from_le_bytes(*chunk) >> (8 * missing),
        _ => {
            let rest = text.get(at..).unwrap_or_default();
            let shifted = |word, byte: &u8| word << 8 | u64::from(*byte);
            rest.iter().rev().fold(0, shifted)
        }
    }
}

/// The number whose digits begin at `at`, and the index of the first byte behind it. `None` where there is no digit, or
/// the number does not fit.
#[inline(always)]
pub fn leading(text: &[u8], at: usize) -> Option<(u64, usize)> {
    let (mut value, mut end) = (0u64, at);
    loop {
        let word = word(text, end);
        let count = digits(word);
        if count == 0 {
            break;
        }
        // The digits move to the end of the word, behind zeros.
        let part = eight(word << (64 - 8 * count));
        value = value
            .checked_mul(SHIFTS[count as usize])?
            .checked_add(part)?;
        end += count as usize;
        if count < 8 {
            break;
        }
    }
    (end > at).then_some((value, end))
}

/// The number that `text` is. `None` where there is anything but digits, or it does not fit.
#[inline]
pub fn whole(text: &[u8]) -> Option<u64> {
    let (value, end) = leading(text, 0)?;
    (end == text.len()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_at_the_edges() {
        assert_eq!(whole(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(whole(b"18446744073709551616"), None);
        assert_eq!(whole(b"99999999999999999999999999"), None);
        assert_eq!(whole(b"0000000000000000000000000000007"), Some(7));
        for none in [
            &b""[..],
            b"-1",
            b"1 ",
            b"\x001",
            b"1234567\xff",
            b"12345678/",
            b"\xff234",
        ] {
            assert_eq!(whole(none), None, "{none:?}");
        }
        assert_eq!(leading(b"12.34", 0), Some((12, 2)));
        assert_eq!(leading(b"12.34", 3), Some((34, 5)));
        assert_eq!(leading(b"a.12345678.4", 2), Some((12_345_678, 10)));
        assert_eq!(leading(b"a.12345678.4", 11), Some((4, 12)));
        for none in [1, 12, 13, 99] {
            assert_eq!(leading(b"a.12345678.4", none), None);
        }
    }

    proptest! {
        #[test]
        fn amid_other_bytes(n: u64, shift in 0u32..64, before: Vec<u8>, behind: Vec<u8>) {
            let n = n >> shift;
            let digits = n.to_string();
            let text = [&before[..], digits.as_bytes(), &behind[..]].concat();
            if !behind.first().is_some_and(u8::is_ascii_digit) {
                let end = before.len() + digits.len();
                prop_assert_eq!(leading(&text, before.len()), Some((n, end)));
            }
        }

        #[test]
        fn as_the_library_of_the_language(text in "[0-9/:x]{0,24}") {
            prop_assert_eq!(whole(text.as_bytes()), text.parse().ok());
        }
    }
}
