//! The consumer that a subscription uses: an existing one, which must have the requested settings, or one that is
//! created for it.

use super::validate;
use crate::error::{Error as Plain, Status};
use crate::js::api::{AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy, ErrCode};
use crate::js::context::Call;
use crate::js::error::{Error, Result};
use crate::js::manage::ConsumerAction;
use crate::js::names::check_durable;
use crate::words::shown;

/// The request of the program.
#[derive(Debug, Clone, Default)]
pub struct SubOptions {
    /// The stream; empty to find it by the subject.
    pub stream: String,
    /// The consumer to use if it exists; empty for the durable name, if there is one.
    pub consumer: String,
    /// The queue group; empty for none.
    pub queue: String,
    /// The callback acknowledges messages by itself.
    pub manual_ack: bool,
    /// The configuration of a consumer that is created; the settings that an existing one must
    /// have.
    pub config: ConsumerConfig,
    /// All messages are delivered in order and exactly once.
    pub ordered: bool,
}

/// A subscription that is being made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The subjects, of which the first one determines the stream unless it is named.
    pub subjects: &'a [&'a str],
    /// The durable name that a pull subscription was given; `None` where the options have it.
    pub durable: Option<&'a str>,
    /// How messages come.
    pub mode: Mode,
    /// The other options of the program.
    pub options: &'a SubOptions,
}

/// How messages come from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The server sends them.
    Push,
    /// The program asks for them, call by call.
    Fetch,
    /// The library asks for them, ahead of the program.
    Ahead,
}

impl Mode {
    /// Is the consumer a pull one?
    pub fn is_pull(self) -> bool {
        self != Mode::Push
    }
}

/// The stream and the consumer for a [`Wanted`].
#[derive(Debug, Clone)]
pub struct Selection {
    /// The stream.
    pub stream: String,
    /// The consumer.
    pub consumer: Consumer,
    /// The requested configuration of the consumer, with the policies and names that follow from
    /// the options.
    pub config: ConsumerConfig,
}

/// The consumer of a [`Selection`].
#[derive(Debug, Clone)]
pub enum Consumer {
    /// It exists and has the requested settings.
    Found(Box<ConsumerInfo>),
    /// It is assumed to exist under this name: the server did not answer.
    Assumed(String),
    /// It has to be created.
    New,
}

/// The program's options after the checks that need no server.
struct Checked {
    config: ConsumerConfig,
    /// The name to look for; empty for none.
    consumer: String,
    bound: bool,
}

impl Wanted<'_> {
    fn check(&self) -> Result<Checked, Plain> {
        let options = self.options;
        let mut config = options.config.clone();
        if config.inactive_threshold < 0 {
            return Err(Plain::invalid_arg(format!(
                "invalid InactiveThreshold value ({}), needs to be greater or equal to 0",
                config.inactive_threshold
            )));
        }
        choose_start(&mut config);
        let bound = !options.stream.is_empty() && !options.consumer.is_empty();
        if self.subjects.first().is_none_or(|s| s.is_empty()) && !bound {
            return Err(Plain::invalid_arg(
                "a subject is required, or a stream with a consumer",
            ));
        }
        let durable = self.durable.unwrap_or(&config.durable).to_owned();
        if options.ordered {
            self.check_ordered(&durable)?;
        } else if !options.queue.is_empty() {
            validate::queue_with(&config).map_err(Plain::invalid_arg)?;
        }
        config.durable = match durable.is_empty() {
            true => options.queue.clone(),
            false => durable,
        };
        if !config.durable.is_empty() {
            check_durable(&config.durable)?;
        }
        let consumer = match options.consumer.is_empty() {
            true => config.durable.clone(),
            false => options.consumer.clone(),
        };
        Ok(Checked {
            config,
            consumer,
            bound,
        })
    }

    fn check_ordered(&self, durable: &str) -> Result<(), Plain> {
        let options = self.options;
        let config = &options.config;
        let faults = [
            (
                self.mode == Mode::Fetch,
                "can not use pull mode for an ordered consumer",
            ),
            (
                !durable.is_empty(),
                "durable can not be set for an ordered consumer",
            ),
            (
                config.ack_policy.is_some(),
                // The wording is fixed: programs compare it.
                "ack policy can not be set for an ordered consume",
            ),
            (
                config.max_deliver > 1,
                "max deliver can not be set for an ordered consumer",
            ),
            (
                !config.deliver_subject.is_empty(),
                "deliver subject can not be set for an ordered consumer",
            ),
            (
                !options.queue.is_empty(),
                "queue can not be set for an ordered consumer",
            ),
            (
                !options.consumer.is_empty(),
                "can not bind existing consumer for an ordered consumer",
            ),
        ];
        match faults.into_iter().find(|(is, _)| *is) {
            Some((_, text)) => Err(Plain::invalid_arg(text)),
            None => Ok(()),
        }
    }
}

/// A start sequence or start time determines the policy.
pub fn choose_start(config: &mut ConsumerConfig) {
    if config.opt_start_seq > 0 {
        config.deliver_policy = Some(DeliverPolicy::ByStartSequence);
    }
    if config.opt_start_time.0 > 0 {
        config.deliver_policy = Some(DeliverPolicy::ByStartTime);
    }
}

/// Finds the stream and the consumer of a subscription that is being made.
pub fn select(call: &Call<'_>, wanted: &Wanted<'_>) -> Result<Selection> {
    let checked = wanted.check()?;
    let options = wanted.options;
    let stream = match options.stream.is_empty() {
        false => options.stream.clone(),
        true => {
            let subject = wanted.subjects.first().copied().unwrap_or_default();
            call.stream_of_subject(subject)?
                .ok_or_else(|| Plain::new(Status::NATS_ERR, "no stream matches subject"))?
        }
    };
    let consumer = match checked.consumer.is_empty() {
        true => Consumer::New,
        false => look_up(call, wanted, &stream, &checked)?,
    };
    let mut config = checked.config;
    fill_in(&mut config, wanted);
    Ok(Selection {
        stream,
        consumer,
        config,
    })
}

fn look_up(
    call: &Call<'_>,
    wanted: &Wanted<'_>,
    stream: &str,
    checked: &Checked,
) -> Result<Consumer> {
    match call.named_consumer_info(stream, &checked.consumer) {
        Ok(info) => {
            validate::attach(wanted, &checked.config, &info)?;
            Ok(Consumer::Found(Box::new(info)))
        }
        Err(e) if e.code() == ErrCode::CONSUMER_NOT_FOUND && !checked.bound => Ok(Consumer::New),
        // Accounts that may pull do not necessarily have the permission to request infos.
        Err(e) if wanted.mode.is_pull() && checked.bound && is_silence(&e) => {
            Ok(Consumer::Assumed(checked.consumer.clone()))
        }
        Err(e) => Err(e),
    }
}

fn is_silence(error: &Error) -> bool {
    error.status() == Status::NATS_TIMEOUT || error.code() == ErrCode::NOT_ENABLED
}

/// Completes the configuration of a consumer that is to be created.
fn fill_in(config: &mut ConsumerConfig, wanted: &Wanted<'_>) {
    config.deliver_subject.clear();
    config.deliver_group = match wanted.mode.is_pull() {
        true => String::new(),
        false => wanted.options.queue.clone(),
    };
    config.filter_subject.clear();
    config.filter_subjects.clear();
    match wanted.subjects {
        [] => {}
        [one] => config.filter_subject = (*one).to_owned(),
        several => {
            config.filter_subjects = several.iter().map(|s| (*s).to_owned()).collect();
        }
    }
    if wanted.options.ordered {
        config.ack_policy = Some(AckPolicy::None);
        config.memory_storage = true;
        config.replicas = 1;
        match wanted.mode.is_pull() {
            true => fill_in_ordered_pull(config),
            false => fill_in_ordered_push(config),
        }
    }
}

fn fill_in_ordered_push(config: &mut ConsumerConfig) {
    config.max_deliver = 1;
    config.ack_wait = ORDERED_ACK_WAIT;
    config.flow_control = true;
    if config.heartbeat <= 0 {
        config.heartbeat = ORDERED_HEARTBEAT;
    }
}

/// Each pull request asks for heartbeats. While a program processes the messages of its last request, the server has
/// no request of it, which counts as inactivity.
fn fill_in_ordered_pull(config: &mut ConsumerConfig) {
    config.heartbeat = 0;
    config.flow_control = false;
    if config.inactive_threshold == 0 {
        config.inactive_threshold = ORDERED_INACTIVE;
    }
}

/// 24 hours, in nanoseconds: nothing of an ordered consumer is acknowledged.
const ORDERED_ACK_WAIT: i64 = 24 * 60 * 60 * 1_000_000_000;
/// In nanoseconds.
const ORDERED_HEARTBEAT: i64 = 5 * 1_000_000_000;
/// 5 minutes, in nanoseconds (ADR-37).
const ORDERED_INACTIVE: i64 = 5 * 60 * 1_000_000_000;

impl Selection {
    /// The name of the subscription in texts.
    #[cold]
    pub(super) fn called(&self, wanted: &Wanted<'_>) -> String {
        let subjects = wanted.subjects.join(",");
        match subjects.is_empty() {
            true => format!("subscribe to stream '{}'", self.stream),
            false => {
                let subjects = shown(subjects.as_bytes());
                format!("subscribe to '{subjects}' of stream '{}'", self.stream)
            }
        }
    }

    /// Creates the consumer. If another client has just created it, it is used if it has the
    /// requested settings. Returns whether this call created it.
    pub fn create(
        &self,
        call: &Call<'_>,
        wanted: &Wanted<'_>,
        config: &ConsumerConfig,
    ) -> Result<(ConsumerInfo, bool)> {
        match call.put_consumer(&self.stream, config, ConsumerAction::CreateOrUpdate) {
            Ok(info) => Ok((info, true)),
            Err(e) if is_race(&e) && !wanted.options.ordered => {
                Ok((self.find_again(call, wanted)?, false))
            }
            Err(e) => Err(e),
        }
    }

    fn find_again(&self, call: &Call<'_>, wanted: &Wanted<'_>) -> Result<ConsumerInfo> {
        let name = match self.config.name.is_empty() {
            true => &self.config.durable,
            false => &self.config.name,
        };
        let info = call.named_consumer_info(&self.stream, name)?;
        validate::attach(wanted, &wanted.check()?.config, &info)?;
        Ok(info)
    }
}

fn is_race(error: &Error) -> bool {
    error.code() == ErrCode::CONSUMER_EXISTING_ACTIVE
        || error.code() == ErrCode::CONSUMER_NAME_EXIST
}
