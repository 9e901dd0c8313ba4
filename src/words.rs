//! Building blocks of the texts that people read: how values of a program, errors of the operating
//! system and lists of failures are shown.
//!
//! A text states its object (a subject, a server's address, an option), the position of the fault,
//! the limit that was reached together with the actual value, and, where it is not obvious, what to
//! check next. No text contains a password, a token, a seed or a JWT.

use std::fmt::{self, Write};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::{Error, Status};

/// The largest part of a value that is shown, in bytes.
const SHOWN: usize = 80;
/// How much of the beginning of a longer value is shown, and how much before the position that a text refers to.
const BEGINNING: usize = 16;
const BEFORE: usize = 24;
const ELLIPSIS: &str = "...";

/// The operating system's description of an error: the text of `strerror` and nothing else.
pub(crate) fn os(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|n| format!(" (os error {n})"));
    match number.and_then(|number| Some(text.strip_suffix(&number)?.to_owned())) {
        Some(words) => words,
        None => text,
    }
}

/// An error of the library for a failed system call.
pub(crate) fn system(what: &str, error: impl Into<io::Error>) -> Error {
    let why = os(&error.into());
    Error::new(Status::NATS_SYS_ERROR, format!("{what}: {why}"))
}

/// A value from a program or a server in a form that fits into one line: truncated, and with
/// escapes in place of unprintable bytes.
pub(crate) struct Shown<'a> {
    bytes: &'a [u8],
    from: usize,
}

/// Shows the beginning of a value.
pub(crate) fn shown(bytes: &[u8]) -> Shown<'_> {
    Shown { bytes, from: 0 }
}

/// Shows a value so that the byte at `at` is visible.
pub(crate) fn shown_around(bytes: &[u8], at: usize) -> Shown<'_> {
    // A fault at the end, such as a missing token, is beyond the last byte.
    let from = match at.min(bytes.len()) {
        0..SHOWN => 0,
        at => at - BEFORE,
    };
    Shown { bytes, from }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from > 0 {
            show(&self.bytes[..BEGINNING], BEGINNING, f)?;
            f.write_str(ELLIPSIS)?;
        }
        let (rest, room) = match self.from {
            0 => (self.bytes, SHOWN),
            from => (&self.bytes[from..], SHOWN - BEGINNING),
        };
        if !show(rest, room, f)? {
            f.write_str(ELLIPSIS)?;
        }
        Ok(())
    }
}

/// Shows up to `left` bytes of a value; false if the value is longer.
fn show(bytes: &[u8], mut left: usize, f: &mut fmt::Formatter<'_>) -> Result<bool, fmt::Error> {
    // The common case: all bytes are printable.
    if bytes.len() <= left
        && bytes.iter().all(|b| matches!(b, b' '..=b'~'))
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        f.write_str(text)?;
        return Ok(true);
    }
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if left < c.len_utf8() {
                return Ok(false);
            }
            left -= c.len_utf8();
            match c {
                '\t' | '\n' | '\r' => write!(f, "{}", c.escape_default())?,
                c if c.is_ascii_control() => write!(f, "\\x{:02x}", c as u32)?,
                c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        for byte in chunk.invalid() {
            if left == 0 {
                return Ok(false);
            }
            left -= 1;
            write!(f, "\\x{byte:02x}")?;
        }
    }
    Ok(true)
}

/// A time as it appears in texts: in milliseconds, whatever its length.
pub(crate) fn ms(time: Duration) -> impl fmt::Display {
    struct Ms(Duration);
    impl fmt::Display for Ms {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} ms", self.0.as_millis())
        }
    }
    Ms(time)
}

/// A moment in UTC with microseconds, as RFC 3339 writes it.
pub(crate) fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let micros = since.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The date of a day, counted from the beginning of 1970.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (year * 365 + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    match month {
        0..10 => (era * 400 + year, month + 3, day),
        _ => (era * 400 + year + 1, month - 9, day),
    }
}

/// Combines several failures in one text of at most `most` bytes: all of them in full if they fit, else the beginning
/// of each, and if there are many, only the first ones and the number of the others.
pub(crate) fn list(failures: &[String], most: usize) -> String {
    const SEPARATOR: &str = "; ";
    /// Fewer bytes than this of a failure are not informative.
    const LEAST: usize = 48;
    let whole = failures.join(SEPARATOR);
    if whole.len() <= most {
        return whole;
    }
    let mut shown = failures.len();
    let more = |shown: usize| match failures.len() - shown {
        0 => String::new(),
        more => format!("{SEPARATOR}and {more} more"),
    };
    let share = |shown: usize| {
        let room = most.saturating_sub(more(shown).len());
        (room / shown).saturating_sub(SEPARATOR.len())
    };
    while shown > 1 && share(shown) < LEAST {
        shown -= 1;
    }
    let mut text = String::with_capacity(most);
    // Room that one failure does not need is available for the next.
    let mut spare = 0;
    for (n, failure) in failures[..shown].iter().enumerate() {
        if n > 0 {
            text.push_str(SEPARATOR);
        }
        let room = share(shown) + spare;
        text.push_str(&cut(failure, room));
        spare = room.saturating_sub(failure.len());
    }
    text + &more(shown)
}

/// Truncates a text to `most` bytes at a character boundary and marks that something is missing.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most.saturating_sub(ELLIPSIS.len()));
    text[..end].to_owned() + ELLIPSIS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_of_the_system_have_its_words_only() {
        let of = |n| os(&io::Error::from_raw_os_error(n));
        assert_eq!(of(libc::ENOENT), "No such file or directory");
        assert_eq!(of(libc::ECONNREFUSED), "Connection refused");
        assert_eq!(os(&io::Error::other("by hand")), "by hand");
        assert_eq!(
            system("poll", rustix::io::Errno::NOMEM).text(),
            "poll: Cannot allocate memory"
        );
    }

    #[test]
    fn values_stay_in_one_line_and_short() {
        let text = |bytes: &[u8]| shown(bytes).to_string();
        assert_eq!(text(b"a b"), "a b");
        assert_eq!(text(b"a\r\nPUB\t\x1b\x7f"), "a\\r\\nPUB\\t\\x1b\\x7f");
        assert_eq!(
            text("gr\u{f6}\u{df}e\u{85}".as_bytes()),
            "gr\u{f6}\u{df}e\\u{85}"
        );
        assert_eq!(text(b"\xff\xfea"), "\\xff\\xfea");
        assert_eq!(text(&[b'x'; 80]), "x".repeat(80));
        assert_eq!(text(&[b'x'; 81]), "x".repeat(80) + "...");
    }

    #[test]
    fn the_place_in_question_is_shown() {
        let mut long = vec![b'a'; 300];
        long[200] = b' ';
        let text = shown_around(&long, 200).to_string();
        assert_eq!(
            text,
            format!(
                "{}...{} {}...",
                "a".repeat(16),
                "a".repeat(24),
                "a".repeat(39)
            )
        );
        assert_eq!(shown_around(b"a b", 1).to_string(), "a b");
    }

    #[test]
    fn moments_are_dates_and_times() {
        let at = |seconds, micros: u32| UNIX_EPOCH + Duration::new(seconds, micros * 1000);
        assert_eq!(utc(at(0, 0)), "1970-01-01T00:00:00.000000Z");
        assert_eq!(utc(at(1_709_210_096, 7)), "2024-02-29T12:34:56.000007Z");
    }

    #[test]
    fn failures_are_listed_as_far_as_they_fit() {
        let one = ["127.0.0.1:4222: Connection refused".to_owned()];
        assert_eq!(list(&one, 255), one[0]);
        let two = [one[0].clone(), "b:1: no such host".to_owned()];
        assert_eq!(
            list(&two, 255),
            "127.0.0.1:4222: Connection refused; b:1: no such host"
        );
        let mixed = [
            "a:1: refused".to_owned(),
            "b:1: ".to_owned() + &"long ".repeat(80),
        ];
        let text = list(&mixed, 255);
        assert!(text.starts_with("a:1: refused; b:1: long"), "{text}");
        assert!(text.len() > 230 && text.ends_with("..."), "{text}");
        let many: Vec<_> = (0..40)
            .map(|n| format!("host{n}:4222: {}", "x".repeat(100)))
            .collect();
        let text = list(&many, 255);
        assert!(text.starts_with("host0:4222: x"), "{text}");
        assert!(
            text.contains("host3:4222: x") && text.ends_with("; and 36 more"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn lists_are_never_too_long(failures in prop::collection::vec("\\PC{0,120}", 1..60), most in 60usize..400) {
            prop_assert!(list(&failures, most).len() <= most);
        }

        #[test]
        fn values_never_break_a_line(bytes: Vec<u8>, at in 0usize..200) {
            for text in [shown(&bytes).to_string(), shown_around(&bytes, at).to_string()] {
                prop_assert!(!text.contains(char::is_control));
                prop_assert!(text.len() <= 4 * SHOWN + 2 * ELLIPSIS.len() + 8);
            }
        }
    }
}
