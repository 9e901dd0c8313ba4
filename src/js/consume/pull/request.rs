//! Requests to a pull consumer (ADR-13, ADR-42).

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::msg::Msg;

/// The time by which a request ends at the server before the program stops waiting for it, so that
/// its end is known by then.
const EARLIER: Duration = Duration::from_millis(10);
/// With less time than this the request does not end early.
const WORTH_IT: Duration = Duration::from_millis(20);
/// The longest time that is asked for. Servers count in nanoseconds since 1970 with 63 bits, which end in 2262.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The options of a request other than the number of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullOptions {
    /// The time without a message after which the server sends a heartbeat; zero for never.
    pub heartbeat: Duration,
    /// The request is served only while at least this number of messages is still to be delivered;
    /// 0 for always.
    pub min_pending: i64,
    /// The request is served only while at least this number of messages waits for
    /// acknowledgements; 0 for always.
    pub min_ack_pending: i64,
    /// The priority group; empty for none.
    pub group: String,
    /// The id of the pin; empty for none.
    pub id: String,
    /// The priority in a group, from 0 for the highest to 9.
    pub priority: u8,
}

/// The arguments of a fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchRequest {
    /// The maximum number of messages.
    pub batch: usize,
    /// The maximum number of bytes of subjects, headers and payloads; 0 for no limit.
    pub max_bytes: u64,
    /// The longest time to wait for them.
    pub expires: Duration,
    /// Take what there is.
    pub no_wait: bool,
    /// The other options.
    pub options: PullOptions,
}

/// One request on the wire.
pub(super) struct Body<'a> {
    pub(super) batch: u64,
    pub(super) max_bytes: u64,
    pub(super) expires: Option<Duration>,
    pub(super) no_wait: bool,
    pub(super) id: &'a str,
    /// Heartbeats in this interval; zero for none.
    pub(super) heartbeat: Duration,
    pub(super) options: &'a PullOptions,
}

impl Body<'_> {
    /// Writes the request as JSON. Fields that are zero or empty are left out.
    pub(super) fn write(&self) -> String {
        // The capacity is sufficient for all but the longest, so that the buffer does not grow repeatedly.
        let mut json = String::with_capacity(192);
        let _ = write!(json, "{{\"batch\":{}", self.batch);
        let mut number = |name: &str, value: u128| {
            if value > 0 {
                let _ = write!(json, ",\"{name}\":{value}");
            }
        };
        let positive = |value: i64| u128::from(u64::try_from(value).unwrap_or(0));
        number("max_bytes", u128::from(self.max_bytes));
        let expires = self.expires.map_or(Duration::ZERO, |e| e.min(LONGEST));
        number("expires", expires.as_nanos());
        let heartbeat = self.heartbeat.min(LONGEST / 4);
        number("idle_heartbeat", heartbeat.as_nanos());
        number("min_pending", positive(self.options.min_pending));
        number("min_ack_pending", positive(self.options.min_ack_pending));
        number("priority", u128::from(self.options.priority));
        if self.no_wait {
            json.push_str(",\"no_wait\":true");
        }
        for (name, value) in [("group", self.options.group.as_str()), ("id", self.id)] {
            if !value.is_empty() {
                let value = serde_json::Value::from(value);
                let _ = write!(json, ",\"{name}\":{value}");
            }
        }
        json.push('}');
        json
    }
}

/// The expiry at the server of a request that the program waits for until `deadline`.
pub(super) fn expiry(deadline: Instant, now: Instant) -> Duration {
    let left = deadline.saturating_duration_since(now);
    match left >= WORTH_IT {
        true => left - EARLIER,
        false => left,
    }
}

/// The interval of heartbeats for a request that is repeated in the remaining time: servers refuse
/// an interval longer than half of it, and in a shorter time no missing heartbeat could be
/// detected.
pub(super) fn heartbeat_within(heartbeat: Duration, expires: Option<Duration>) -> Duration {
    match expires {
        Some(expires) if heartbeat > expires / 2 => Duration::ZERO,
        _ => heartbeat,
    }
}

/// The interval of heartbeats for the first request, which the program waits for in the time `asked`: the interval that
/// the program chose, so that the server reports one that is too long. Half of the time is not too long, although the
/// request ends at the server a little earlier than the program asked.
pub(super) fn heartbeat_chosen(
    heartbeat: Duration,
    asked: Option<Duration>,
    expires: Option<Duration>,
) -> Duration {
    match (asked, expires) {
        (Some(asked), Some(expires)) if heartbeat <= asked / 2 => heartbeat.min(expires / 2),
        _ => heartbeat,
    }
}

/// The size of a message as the server counts it for the byte limit.
pub(super) fn weight(msg: &Msg) -> u64 {
    let names = msg.subject().len() + msg.reply().map_or(0, <[u8]>::len);
    (names + msg.size()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_written() {
        let none = PullOptions::default();
        let least = Body {
            batch: 3,
            max_bytes: 0,
            expires: None,
            no_wait: false,
            heartbeat: Duration::ZERO,
            id: "",
            options: &none,
        };
        assert_eq!(least.write(), r#"{"batch":3}"#);
        let all = PullOptions {
            heartbeat: Duration::ZERO,
            min_pending: 1,
            min_ack_pending: -2,
            group: "a\"b".into(),
            id: String::new(),
            priority: 4,
        };
        let most = Body {
            batch: 1,
            max_bytes: 10,
            expires: Some(Duration::from_secs(1)),
            no_wait: true,
            heartbeat: Duration::from_millis(5),
            id: "pin",
            options: &all,
        };
        let read: serde_json::Value = serde_json::from_str(&most.write()).unwrap();
        let expected = serde_json::json!({
            "batch": 1, "max_bytes": 10, "expires": 1_000_000_000, "idle_heartbeat": 5_000_000,
            "min_pending": 1, "priority": 4, "no_wait": true, "group": "a\"b", "id": "pin",
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_time_without_end_is_one_that_servers_can_read() {
        let endless = Body {
            batch: 1,
            max_bytes: 0,
            expires: Some(Duration::MAX),
            no_wait: false,
            heartbeat: Duration::MAX,
            id: "",
            options: &PullOptions::default(),
        };
        let read: serde_json::Value = serde_json::from_str(&endless.write()).unwrap();
        let now = 1_800_000_000_000_000_000_i64;
        let (expires, heartbeat) = (&read["expires"], &read["idle_heartbeat"]);
        assert!(now.checked_add(expires.as_i64().unwrap()).is_some());
        assert!(heartbeat.as_i64().unwrap() <= expires.as_i64().unwrap() / 2);
    }

    #[test]
    fn half_of_the_time_is_a_valid_interval_of_heartbeats() {
        let ms = Duration::from_millis;
        let chosen = |heartbeat, asked, expires| {
            heartbeat_chosen(ms(heartbeat), Some(ms(asked)), Some(ms(expires)))
        };
        assert_eq!(chosen(500, 1000, 990), ms(495));
        assert_eq!(chosen(400, 1000, 990), ms(400));
        // Too long, which the server reports.
        assert_eq!(chosen(501, 1000, 990), ms(501));
        assert_eq!(heartbeat_chosen(ms(501), None, Some(ms(990))), ms(501));
    }

    #[test]
    fn a_request_ends_a_little_earlier_than_the_wait_for_it() {
        let now = Instant::now();
        let after = |ms| expiry(now + Duration::from_millis(ms), now);
        assert_eq!(after(1000), Duration::from_millis(990));
        assert_eq!(after(20), Duration::from_millis(10));
        assert_eq!(after(19), Duration::from_millis(19));
        assert_eq!(expiry(now, now + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn heartbeats_fit_into_the_time_that_is_left() {
        let ms = Duration::from_millis;
        assert_eq!(heartbeat_within(ms(5), None), ms(5));
        assert_eq!(heartbeat_within(ms(5), Some(ms(10))), ms(5));
        assert_eq!(heartbeat_within(ms(5), Some(ms(9))), Duration::ZERO);
        assert_eq!(
            heartbeat_within(ms(5), Some(Duration::ZERO)),
            Duration::ZERO
        );
    }

    #[test]
    fn all_of_a_message_is_weighed() {
        let msg = Msg::create(b"abc", Some(b"de"), b"fghi").unwrap();
        assert_eq!(weight(&msg), 9);
        assert_eq!(weight(&Msg::create(b"abc", None, b"").unwrap()), 3);
    }
}
