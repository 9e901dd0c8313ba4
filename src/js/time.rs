//! Times in the form of the API (RFC 3339), and durations in the form of its headers.

use serde_json::Value;

use super::api::json::{Json, Mismatch};
use crate::words::{civil, shown};

const NANOS: i64 = 1_000_000_000;
/// The API's text for an unset time.
const NONE: &str = "0001-01-01T00:00:00Z";

/// A time, in nanoseconds since the beginning of 1970 (UTC). 0 means unset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// It is shorter than the shortest form.
    #[error("time '{0}' too small")]
    TooShort(String),
    /// It is longer than the longest form.
    #[error("time '{0}' too long")]
    TooLong(String),
    /// It ends neither with `Z` nor with hours and minutes.
    #[error("time '{0}' has invalid UTC offset")]
    Offset(String),
    /// The fraction of a second has more than nine digits.
    #[error("time '{0}' second fraction too big")]
    Fraction(String),
    /// Any other fault.
    #[error("time '{0}' is invalid")]
    Invalid(String),
}

impl Time {
    /// Parses `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`. A time that does not fit 64 bits of nanoseconds becomes the
    /// nearest one that does.
    pub fn parse(text: &str) -> Result<Time, TimeError> {
        let error = |kind: fn(String) -> TimeError| kind(shown(text.as_bytes()).to_string());
        if text == NONE {
            return Ok(Time(0));
        }
        match text.len() {
            0..20 => return Err(error(TimeError::TooShort)),
            20..=35 => {}
            _ => return Err(error(TimeError::TooLong)),
        }
        let invalid = || error(TimeError::Invalid);
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            bytes[from..to].iter().try_fold(0, |n, b| {
                b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0'))
            })
        };
        let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if marks.iter().any(|(at, mark)| bytes[*at] != *mark) || !matches!(bytes[10], b'T' | b't') {
            return Err(invalid());
        }
        let field = |from: usize, to: usize, least: i64, most: i64| {
            number(from, to)
                .filter(|n| (least..=most).contains(n))
                .ok_or_else(invalid)
        };
        let (year, month) = (field(0, 4, 0, 9999)?, field(5, 7, 1, 12)?);
        let day = field(8, 10, 1, days_in(year, month))?;
        let (hour, minute) = (field(11, 13, 0, 23)?, field(14, 16, 0, 59)?);
        // A leap second is treated as the second after it.
        let second = field(17, 19, 0, 60)?;
        let mut at = 19;
        let mut fraction = 0;
        if bytes[at] == b'.' {
            at += 1;
            let digits = bytes[at..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
            match digits {
                0 => return Err(invalid()),
                1..=9 => {}
                _ => return Err(error(TimeError::Fraction)),
            }
            fraction = number(at, at + digits).ok_or_else(invalid)? * 10i64.pow(9 - digits as u32);
            at += digits;
        }
        let bad_offset = || error(TimeError::Offset);
        let offset = match &bytes[at..] {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let hours = number(at + 1, at + 3).filter(|h| *h < 24);
                let minutes = number(at + 4, at + 6).filter(|m| *m < 60);
                let (Some(hours), Some(minutes)) = (hours, minutes) else {
                    return Err(bad_offset());
                };
                let offset = hours * 3600 + minutes * 60;
                if *sign == b'-' { -offset } else { offset }
            }
            _ => return Err(bad_offset()),
        };
        let seconds =
            days_from_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
                - offset;
        let nanos = i128::from(seconds) * i128::from(NANOS) + i128::from(fraction);
        let nearest = nanos.clamp(i64::MIN.into(), i64::MAX.into());
        Ok(Time(i64::try_from(nearest).unwrap_or_default()))
    }

    /// The time in the form of the API.
    pub fn to_text(self) -> String {
        if self.0 == 0 {
            return NONE.to_owned();
        }
        let (seconds, fraction) = (self.0.div_euclid(NANOS), self.0.rem_euclid(NANOS));
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if fraction != 0 {
            let digits = format!(".{fraction:09}");
            text.push_str(digits.trim_end_matches('0'));
        }
        text.push('Z');
        text
    }
}

impl Json for Time {
    fn empty() -> Self {
        Time(0)
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        let text = String::read(value)?;
        Time::parse(&text).map_err(|e| Mismatch::new(e.to_string()))
    }

    fn write(&self) -> Value {
        Value::String(self.to_text())
    }

    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of days since the beginning of 1970. Years are counted from March, so that a leap day is the last of its
/// year; 400 years have 146,097 days.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = match month {
        3.. => (year, month - 3),
        _ => (year - 1, month + 9),
    };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// A duration in milliseconds in the form of headers: `1m30s`, `1.5s`, `500ms`.
pub fn header_duration(millis: i64) -> String {
    let (sign, all) = match millis {
        0 => return "0s".to_owned(),
        ..0 => ("-", millis.unsigned_abs()),
        _ => ("", millis.unsigned_abs()),
    };
    if all < 1000 {
        return format!("{sign}{all}ms");
    }
    let (seconds, fraction) = (all / 1000, all % 1000);
    let mut last = (seconds % 60).to_string();
    if fraction != 0 {
        last.push_str(format!(".{fraction:03}").trim_end_matches('0'));
    }
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{sign}{last}s"),
        (0, minutes) => format!("{sign}{minutes}m{last}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{last}s"),
    }
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
