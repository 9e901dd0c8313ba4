//! Numbers that a configuration cannot have.
//!
//! A server takes some of them for its default, and others are left out of requests: the program would not learn that
//! they have no effect.

use super::api::{ConsumerConfig, StreamConfig};
use crate::error::{Error, Result};

/// Stands for "no limit" in some fields.
const NO_LIMIT: i64 = -1;

/// Checks fields that cannot be negative, by the names that programs know.
pub fn not_negative(fields: &[(&str, i64)]) -> Result<()> {
    match fields.iter().find(|(_, value)| *value < 0) {
        None => Ok(()),
        Some((name, value)) => Err(Error::invalid_arg(format!(
            "{name} cannot be negative: {value}"
        ))),
    }
}

/// The same of fields in which -1 means that there is no limit.
pub fn limits(fields: &[(&str, i64)]) -> Result<()> {
    match fields.iter().find(|(_, value)| *value < NO_LIMIT) {
        None => Ok(()),
        Some((name, value)) => Err(Error::invalid_arg(format!(
            "{name} cannot be less than -1, which is no limit: {value}"
        ))),
    }
}

/// Checks the numbers of a stream.
pub fn check_stream(config: &StreamConfig) -> Result<()> {
    let consumers = config.consumer_limits.clone().unwrap_or_default();
    limits(&[
        ("MaxConsumers", config.max_consumers),
        ("MaxMsgs", config.max_msgs),
        ("MaxBytes", config.max_bytes),
        ("MaxMsgsPerSubject", config.max_msgs_per_subject),
        ("MaxMsgSize", config.max_msg_size),
        ("ConsumerLimits.MaxAckPending", consumers.max_ack_pending),
    ])?;
    not_negative(&[
        ("MaxAge", config.max_age),
        ("Replicas", config.replicas),
        ("Duplicates", config.duplicates),
        ("SubjectDeleteMarkerTTL", config.subject_delete_marker_ttl),
        (
            "ConsumerLimits.InactiveThreshold",
            consumers.inactive_threshold,
        ),
    ])?;
    let origins = config.mirror.iter().chain(&config.sources);
    let times = origins.map(|origin| ("OptStartTime", origin.opt_start_time.0));
    not_negative(&times.collect::<Vec<_>>())
}

/// Checks the numbers of a consumer.
pub fn check_consumer(config: &ConsumerConfig) -> Result<()> {
    limits(&[
        ("MaxDeliver", config.max_deliver),
        ("MaxAckPending", config.max_ack_pending),
    ])?;
    not_negative(&[
        ("OptStartTime", config.opt_start_time.0),
        ("AckWait", config.ack_wait),
        ("MaxWaiting", config.max_waiting),
        ("Heartbeat", config.heartbeat),
        ("MaxRequestBatch", config.max_request_batch),
        ("MaxRequestExpires", config.max_request_expires),
        ("MaxRequestMaxBytes", config.max_request_max_bytes),
        ("InactiveThreshold", config.inactive_threshold),
        ("Replicas", config.replicas),
        ("PauseUntil", config.pause_until.0),
        ("PinnedTTL", config.pinned_ttl),
    ])?;
    let pauses = config.backoff.iter().map(|pause| ("BackOff", *pause));
    not_negative(&pauses.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    fn text(result: Result<()>) -> String {
        let error = result.expect_err("a number that means nothing");
        assert_eq!(error.status(), Status::NATS_INVALID_ARG);
        error.text().to_owned()
    }

    #[test]
    fn only_limits_may_be_minus_one() {
        let stream = |change: fn(&mut StreamConfig)| {
            let mut config = StreamConfig::default();
            change(&mut config);
            check_stream(&config)
        };
        stream(|c| (c.max_msgs, c.max_bytes, c.max_consumers) = (-1, -1, -1)).unwrap();
        stream(|c| (c.max_msg_size, c.max_msgs_per_subject) = (-1, -1)).unwrap();
        assert_eq!(
            text(stream(|c| c.max_msgs = -2)),
            "MaxMsgs cannot be less than -1, which is no limit: -2"
        );
        assert_eq!(
            text(stream(|c| c.max_age = -1)),
            "MaxAge cannot be negative: -1"
        );
        let before = |c: &mut StreamConfig| {
            c.sources = vec![Default::default(), Default::default()];
            c.sources[1].opt_start_time.0 = i64::MIN;
        };
        assert!(text(stream(before)).starts_with("OptStartTime cannot be negative"));

        let consumer = |change: fn(&mut ConsumerConfig)| {
            let mut config = ConsumerConfig::default();
            change(&mut config);
            check_consumer(&config)
        };
        consumer(|c| (c.max_deliver, c.max_ack_pending) = (-1, -1)).unwrap();
        assert!(text(consumer(|c| c.max_deliver = i64::MIN)).starts_with("MaxDeliver cannot"));
        assert_eq!(
            text(consumer(|c| c.backoff = vec![1, -3])),
            "BackOff cannot be negative: -3"
        );
        assert_eq!(
            text(consumer(|c| c.max_waiting = -1)),
            "MaxWaiting cannot be negative: -1"
        );
    }
}
