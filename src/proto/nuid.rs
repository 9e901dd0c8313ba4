//! Unique names: inboxes, and the ids that requests append to them.
//!
//! A random part is drawn once for many ids; the rest is a counter whose step differs from process
//! to process.

use rand::RngExt;
use rand::rngs::StdRng;

use crate::fork::PerProcess;
use crate::locks::Mutex;
use crate::random;

/// The lengths of the random part and of the counter of a unique id.
const RANDOM_LEN: usize = 12;
const COUNT_LEN: usize = 10;

/// Length of a unique id.
pub const NUID_LEN: usize = RANDOM_LEN + COUNT_LEN;

/// The digits of a unique id, by value.
static ID_DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The number of values of the counter.
const COUNTS: u64 = 36u64.pow(COUNT_LEN as u32);

/// Length of a request's id: this many base-62 digits hold any `u64`.
pub const ID_LEN: usize = 11;

/// The beginning of inboxes, unless the program chose another one.
pub const INBOX_PREFIX: &[u8] = b"_INBOX.";

/// The digits of a request's id, by value.
static DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct Sequence {
    beginning: [u8; RANDOM_LEN],
    count: u64,
    step: u64,
}

impl Sequence {
    fn drawn() -> Self {
        random::with(|rng: &mut StdRng| Sequence {
            beginning: std::array::from_fn(|_| ID_DIGITS[rng.random_range(..ID_DIGITS.len())]),
            count: rng.random_range(..COUNTS),
            step: rng.random_range(33..=332),
        })
    }

    fn next(&mut self) -> [u8; NUID_LEN] {
        self.count += self.step;
        if self.count >= COUNTS {
            *self = Sequence::drawn();
        }
        let mut id = [0; NUID_LEN];
        id[..RANDOM_LEN].copy_from_slice(&self.beginning);
        let mut left = self.count;
        for place in id[RANDOM_LEN..].iter_mut().rev() {
            *place = ID_DIGITS[(left % 36) as usize];
            left /= 36;
        }
        id
    }
}

/// A new unique id: 12 random characters and 10 of a sequence, all capital letters or digits. May
/// be called from any thread.
pub fn next() -> [u8; NUID_LEN] {
    static SEQUENCE: PerProcess<Mutex<Option<Sequence>>> = PerProcess::new(Mutex::new(None));
    SEQUENCE
        .get()
        .lock()
        .get_or_insert_with(Sequence::drawn)
        .next()
}

/// A new inbox: `prefix`, which ends with its dot, and a unique id.
pub fn inbox(prefix: &[u8]) -> Vec<u8> {
    [prefix, &next()].concat()
}

/// A request's id as it appears in its reply subject: base 62, least significant digit first.
pub fn base62_id(mut id: u64) -> [u8; ID_LEN] {
    let mut text = [DIGITS[0]; ID_LEN];
    for digit in &mut text {
        // Most ids are small numbers.
        if id == 0 {
            break;
        }
        *digit = DIGITS[(id % 62) as usize];
        id /= 62;
    }
    text
}

/// The id that [`base62_id`] encoded as `text`. `None` for any other text.
pub fn parse_base62_id(text: &[u8]) -> Option<u64> {
    let text: &[u8; ID_LEN] = text.try_into().ok()?;
    let (mut id, mut faults) = (0u64, 0);
    // All digits but the first: they always fit.
    for b in text[1..].iter().rev() {
        let digit = VALUES[usize::from(*b)];
        faults |= digit;
        id = id.wrapping_mul(62).wrapping_add(u64::from(digit));
    }
    let first = VALUES[usize::from(text[0])];
    if (faults | first) & NO_DIGIT != 0 {
        return None;
    }
    id.checked_mul(62)?.checked_add(u64::from(first))
}

/// Set in the values of characters that are no digits.
const NO_DIGIT: u8 = 0x80;

/// The value of each character as a digit.
static VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < DIGITS.len() {
        values[DIGITS[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unique_ids() {
        let (a, b) = (next(), next());
        assert_eq!(a.len(), 22);
        assert!(a.iter().chain(&b).all(|b| ID_DIGITS.contains(b)));
        assert_eq!(a[..RANDOM_LEN], b[..RANDOM_LEN]);
        assert_ne!(a, b);
        let inbox = inbox(INBOX_PREFIX);
        assert!(inbox.starts_with(b"_INBOX."));
        assert_eq!(inbox.len(), 7 + NUID_LEN);
    }

    #[test]
    fn when_all_counts_are_used_up_there_is_a_new_beginning() {
        let mut sequence = Sequence {
            beginning: *b"000000000000",
            count: COUNTS - 2,
            step: 1,
        };
        assert_eq!(&sequence.next(), b"000000000000ZZZZZZZZZZ");
        let next = sequence.next();
        assert_ne!(&next[..RANDOM_LEN], b"000000000000");
        assert_eq!(next[..RANDOM_LEN], sequence.next()[..RANDOM_LEN]);
    }

    #[test]
    fn ids_by_example() {
        assert_eq!(&base62_id(0), b"00000000000");
        assert_eq!(&base62_id(1), b"10000000000");
        assert_eq!(&base62_id(61), b"z0000000000");
        assert_eq!(&base62_id(62), b"01000000000");
        assert_eq!(parse_base62_id(b"zzzzzzzzzzz"), None);
        assert_eq!(parse_base62_id(b"1000000000"), None);
        assert_eq!(parse_base62_id(b"100000000000"), None);
        assert_eq!(parse_base62_id(b"1000000000_"), None);
        assert_eq!(parse_base62_id(&base62_id(u64::MAX)), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn ids_round_trip(id: u64, shift in 0u32..64) {
            prop_assert_eq!(parse_base62_id(&base62_id(id >> shift)), Some(id >> shift));
        }

        #[test]
        fn what_parses_is_what_was_written(text in "[0-9A-Za-z]{11}") {
            if let Some(id) = parse_base62_id(text.as_bytes()) {
                prop_assert_eq!(&base62_id(id)[..], text.as_bytes());
            }
        }
    }
}
