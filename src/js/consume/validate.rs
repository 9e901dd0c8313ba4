//! Checks whether an existing consumer has the settings that a program asked for.

use std::fmt::Display;

use super::select::Wanted;
use crate::error::{Error, Result, Status};
use crate::js::api::{AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy, ReplayPolicy};

/// Can a queue group use a consumer with these settings? Each message is delivered to one member of
/// the group only, so no member could detect missing messages.
pub(super) fn queue_with(config: &ConsumerConfig) -> Result<(), &'static str> {
    let flow_acks = config.ack_policy == Some(AckPolicy::FlowControl);
    match (config.heartbeat > 0, config.flow_control || flow_acks) {
        (true, _) => Err("a queue subscription cannot be created for a consumer with heartbeat"),
        (_, true) => Err("a queue subscription cannot be created for a consumer with flow control"),
        _ => Ok(()),
    }
}

/// The error for a consumer that has a subscription already.
pub(super) fn already_bound() -> Error {
    let text = "consumer is already bound to a subscription";
    Error::new(Status::NATS_ERR, text)
}

/// Can the subscription use this consumer? `config` has the settings that the program requested.
pub(super) fn attach(
    wanted: &Wanted<'_>,
    config: &ConsumerConfig,
    info: &ConsumerInfo,
) -> Result<()> {
    let refuse = |text: String| Err(Error::new(Status::NATS_ERR, text));
    let is = &info.config;
    let queue = wanted.options.queue.as_str();
    if let Some(text) = subject_fault(wanted.subjects, is) {
        return refuse(text);
    }
    if !queue.is_empty()
        && let Err(text) = queue_with(is)
    {
        return refuse(text.to_owned());
    }
    let is_push = !is.deliver_subject.is_empty();
    let group = is.deliver_group.as_str();
    match (wanted.mode.is_pull(), is_push) {
        (true, true) => return refuse("cannot pull subscribe to push based consumer".into()),
        (false, false) => {
            return refuse("must use pull subscribe to bind to pull based consumer".into());
        }
        (true, false) => {}
        (false, true) => match (group, queue) {
            ("", "") if info.push_bound => return Err(already_bound()),
            ("", "") => {}
            ("", _) => {
                return refuse(
                    "cannot create a queue subscription for a consumer without a deliver group"
                        .into(),
                );
            }
            (group, "") => {
                return refuse(format!(
                    "cannot create a subscription for a consumer with a deliver group {group}"
                ));
            }
            (group, queue) if group != queue => {
                return refuse(format!(
                    "cannot create a queue subscription '{queue}' for a consumer with a deliver group '{group}'"
                ));
            }
            _ => {}
        },
    }
    // A durable name from elsewhere, as the queue group's, only chooses a consumer.
    let asked = ConsumerConfig {
        durable: wanted.options.config.durable.clone(),
        ..config.clone()
    };
    match difference(&asked, is) {
        Some(text) => refuse(text),
        None => Ok(()),
    }
}

/// Requested subjects that the consumer does not deliver.
fn subject_fault(subjects: &[&str], is: &ConsumerConfig) -> Option<String> {
    let mut filters: Vec<&str> = is.filter_subjects.iter().map(String::as_str).collect();
    if !is.filter_subject.is_empty() {
        filters.push(&is.filter_subject);
    }
    let asked: Vec<&&str> = subjects.iter().filter(|s| !s.is_empty()).collect();
    if filters.is_empty() || asked.is_empty() {
        return None;
    }
    let missing = asked.iter().filter(|s| !filters.contains(s)).count();
    match (missing, asked.as_slice(), filters.as_slice()) {
        (0, ..) => None,
        (_, [subject], [filter]) => Some(format!(
            "subject '{subject}' does not match consumer filter subject '{filter}'."
        )),
        (n, ..) => Some(format!(
            "{n} subjects do not match any consumer filter subjects."
        )),
    }
}

/// The first of the settings that the program requested and that the consumer has with another
/// value.
fn difference(asked: &ConsumerConfig, is: &ConsumerConfig) -> Option<String> {
    let texts = [
        ("durable", &asked.durable, &is.durable),
        ("description", &asked.description, &is.description),
        (
            "sample frequency",
            &asked.sample_frequency,
            &is.sample_frequency,
        ),
    ];
    let policies = [
        (
            "deliver policy",
            asked.deliver_policy.as_ref().map(deliver_number),
            is.deliver_policy.as_ref().map_or(0, deliver_number),
        ),
        (
            "ack policy",
            asked.ack_policy.as_ref().map(ack_number),
            is.ack_policy.as_ref().map_or(0, ack_number),
        ),
        (
            "replay policy",
            asked.replay_policy.as_ref().map(replay_number),
            is.replay_policy.as_ref().map_or(0, replay_number),
        ),
    ];
    let as_number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let numbers = [
        (
            "optional start sequence",
            as_number(asked.opt_start_seq),
            as_number(is.opt_start_seq),
        ),
        (
            "optional start time",
            asked.opt_start_time.0,
            is.opt_start_time.0,
        ),
        ("ack wait", asked.ack_wait, is.ack_wait),
        ("max deliver", asked.max_deliver, is.max_deliver),
        (
            "backoff list length",
            asked.backoff.len() as i64,
            is.backoff.len() as i64,
        ),
        (
            "rate limit",
            as_number(asked.rate_limit),
            as_number(is.rate_limit),
        ),
        ("max waiting", asked.max_waiting, is.max_waiting),
        ("max ack pending", asked.max_ack_pending, is.max_ack_pending),
        ("heartbeat", asked.heartbeat, is.heartbeat),
        (
            "max request batch",
            asked.max_request_batch,
            is.max_request_batch,
        ),
        (
            "max request expires",
            asked.max_request_expires,
            is.max_request_expires,
        ),
        (
            "inactive threshold",
            asked.inactive_threshold,
            is.inactive_threshold,
        ),
        ("replicas", asked.replicas, is.replicas),
    ];
    let switches = [
        ("headers only", asked.headers_only, is.headers_only),
        ("memory storage", asked.memory_storage, is.memory_storage),
    ];
    let say = |field: &str, asked: &dyn Display, is: &dyn Display| {
        format!("configuration requests {field} to be {asked}, but consumer's value is {is}")
    };
    for (field, asked, is) in texts {
        if !asked.is_empty() && asked != is {
            return Some(say(field, &format!("'{asked}'"), &format!("'{is}'")));
        }
    }
    for (field, asked, is) in policies {
        if let Some(asked) = asked
            && asked != is
        {
            return Some(say(field, &asked, &is));
        }
    }
    for (field, asked, is) in numbers {
        if asked > 0 && asked != is {
            return Some(say(field, &asked, &is));
        }
    }
    if asked.flow_control && !is.flow_control {
        return Some(say("flow control", &"'true'", &"'false'"));
    }
    for (field, asked, is) in switches {
        if asked != is {
            return Some(say(field, &i32::from(asked), &i32::from(is)));
        }
    }
    None
}

/// The number of a policy's constant in C, which is what texts show.
fn deliver_number(policy: &DeliverPolicy) -> i32 {
    match policy {
        DeliverPolicy::All => 0,
        DeliverPolicy::Last => 1,
        DeliverPolicy::New => 2,
        DeliverPolicy::ByStartSequence => 3,
        DeliverPolicy::ByStartTime => 4,
        DeliverPolicy::LastPerSubject => 5,
        DeliverPolicy::Unknown(_) => 6,
    }
}

fn ack_number(policy: &AckPolicy) -> i32 {
    match policy {
        AckPolicy::Explicit => 0,
        AckPolicy::None => 1,
        AckPolicy::All => 2,
        AckPolicy::FlowControl => 3,
        AckPolicy::Unknown(_) => 4,
    }
}

fn replay_number(policy: &ReplayPolicy) -> i32 {
    match policy {
        ReplayPolicy::Instant => 0,
        ReplayPolicy::Original => 1,
        ReplayPolicy::Unknown(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::consume::select::{Mode, SubOptions};

    fn push_consumer() -> ConsumerInfo {
        ConsumerInfo {
            config: ConsumerConfig {
                durable: "d".into(),
                deliver_subject: "x".into(),
                filter_subject: "a".into(),
                ..ConsumerConfig::default()
            },
            ..ConsumerInfo::default()
        }
    }

    fn text(
        subjects: &[&str],
        options: &SubOptions,
        pull: bool,
        info: &ConsumerInfo,
    ) -> Option<String> {
        let wanted = Wanted {
            subjects,
            durable: None,
            mode: if pull { Mode::Fetch } else { Mode::Push },
            options,
        };
        let error = attach(&wanted, &options.config, info).err()?;
        assert_eq!(error.status(), Status::NATS_ERR);
        Some(error.text().to_owned())
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        let plain = SubOptions::default();
        let queue = SubOptions {
            queue: "q".into(),
            ..SubOptions::default()
        };
        let push = push_consumer();
        let with = |change: fn(&mut ConsumerInfo)| {
            let mut info = push_consumer();
            change(&mut info);
            info
        };
        assert_eq!(text(&["a"], &plain, false, &push), None);
        assert_eq!(text(&[], &plain, false, &push), None);
        for (got, expected) in [
            (
                text(&["b"], &plain, false, &push),
                "subject 'b' does not match consumer filter subject 'a'.",
            ),
            (
                text(&["b", "a", "c"], &plain, false, &push),
                "2 subjects do not match any consumer filter subjects.",
            ),
            (
                text(&["a"], &queue, false, &with(|i| i.config.heartbeat = 1)),
                "a queue subscription cannot be created for a consumer with heartbeat",
            ),
            (
                text(&["a"], &plain, true, &push),
                "cannot pull subscribe to push based consumer",
            ),
            (
                text(
                    &["a"],
                    &plain,
                    false,
                    &with(|i| i.config.deliver_subject.clear()),
                ),
                "must use pull subscribe to bind to pull based consumer",
            ),
            (
                text(&["a"], &queue, false, &push),
                "cannot create a queue subscription for a consumer without a deliver group",
            ),
            (
                text(&["a"], &plain, false, &with(|i| i.push_bound = true)),
                "consumer is already bound to a subscription",
            ),
            (
                text(
                    &["a"],
                    &plain,
                    false,
                    &with(|i| i.config.deliver_group = "g".into()),
                ),
                "cannot create a subscription for a consumer with a deliver group g",
            ),
            (
                text(
                    &["a"],
                    &queue,
                    false,
                    &with(|i| i.config.deliver_group = "g".into()),
                ),
                "cannot create a queue subscription 'q' for a consumer with a deliver group 'g'",
            ),
        ] {
            assert_eq!(got.as_deref(), Some(expected));
        }
        let bound = with(|i| {
            i.config.deliver_group = "q".into();
            i.push_bound = true;
        });
        assert_eq!(text(&["a"], &queue, false, &bound), None);
    }

    #[test]
    fn only_the_durable_name_in_the_options_is_compared() {
        let mut options = SubOptions {
            queue: "q".into(),
            ..SubOptions::default()
        };
        let mut info = push_consumer();
        info.config.deliver_group = "q".into();
        let attached = |options: &SubOptions| {
            let wanted = Wanted {
                subjects: &["a"],
                durable: None,
                mode: Mode::Push,
                options,
            };
            let config = ConsumerConfig {
                durable: "q".into(),
                ..options.config.clone()
            };
            attach(&wanted, &config, &info)
        };
        assert!(attached(&options).is_ok());
        options.config.durable = "q".into();
        assert!(attached(&options).is_err());
    }

    #[test]
    fn only_what_was_chosen_is_compared() {
        let is = ConsumerConfig {
            durable: "d".into(),
            ack_policy: Some(AckPolicy::All),
            ack_wait: 5,
            max_deliver: 3,
            ..ConsumerConfig::default()
        };
        assert_eq!(difference(&ConsumerConfig::default(), &is), None);
        let asks = |change: fn(&mut ConsumerConfig)| {
            let mut asked = ConsumerConfig::default();
            change(&mut asked);
            difference(&asked, &is)
        };
        let with_metadata = |c: &mut ConsumerConfig| {
            c.metadata
                .insert("_nats.req.level".to_owned(), "9".to_owned());
        };
        assert_eq!(asks(with_metadata), None);
        assert_eq!(asks(|c| c.ack_wait = 5), None);
        assert_eq!(
            asks(|c| c.max_deliver = 4).as_deref(),
            Some("configuration requests max deliver to be 4, but consumer's value is 3")
        );
        assert_eq!(
            asks(|c| c.ack_policy = Some(AckPolicy::None)).as_deref(),
            Some("configuration requests ack policy to be 1, but consumer's value is 2")
        );
        assert_eq!(
            asks(|c| c.durable = "e".into()).as_deref(),
            Some("configuration requests durable to be 'e', but consumer's value is 'd'")
        );
        assert_eq!(
            asks(|c| c.flow_control = true).as_deref(),
            Some(
                "configuration requests flow control to be 'true', but consumer's value is 'false'"
            )
        );
        assert_eq!(
            asks(|c| c.headers_only = true).as_deref(),
            Some("configuration requests headers only to be 1, but consumer's value is 0")
        );
    }
}
