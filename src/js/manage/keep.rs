//! What an update keeps of a configuration although the program could not say it.
//!
//! A program asks for a configuration, changes a field and sends it back. The structs that it has for
//! that cannot hold everything: neither what a newer server has, nor, in C, the transforms and the
//! consumer of a source, or the preferred server of a placement. What they leave unsaid stays as it is.
//!
//! A word that a struct cannot hold is [`Unknown`](crate::js::api::Retention::Unknown) with nothing in
//! it: it stands for the word that is there.

use crate::error::{Error, Result};
use crate::js::api::json::Rest;
use crate::js::api::{
    AckPolicy, Compression, ConsumerConfig, DeliverPolicy, Discard, PersistMode, ReplayPolicy,
    Retention, Storage, StreamConfig, StreamSource,
};

/// Keeps what `config` leaves unsaid of the `current` configuration of the stream.
pub fn stream(config: &mut StreamConfig, current: &StreamConfig) {
    rest(&mut config.rest, &current.rest);
    word(&mut config.retention, &current.retention);
    word(&mut config.discard, &current.discard);
    word(&mut config.storage, &current.storage);
    word(&mut config.compression, &current.compression);
    word(&mut config.persist_mode, &current.persist_mode);
    if let (Some(new), Some(old)) = (&mut config.placement, &current.placement) {
        rest(&mut new.rest, &old.rest);
        if new.preferred.is_empty() && new.cluster == old.cluster {
            new.preferred.clone_from(&old.preferred);
        }
    }
    if let (Some(new), Some(old)) = (&mut config.republish, &current.republish) {
        rest(&mut new.rest, &old.rest);
    }
    if let (Some(new), Some(old)) = (&mut config.subject_transform, &current.subject_transform) {
        rest(&mut new.rest, &old.rest);
    }
    if let (Some(new), Some(old)) = (&mut config.consumer_limits, &current.consumer_limits) {
        rest(&mut new.rest, &old.rest);
    }
    if let (Some(new), Some(old)) = (&mut config.mirror, &current.mirror)
        && is_same(new, old)
    {
        source(new, old);
    }
    // A stream can be a source several times: the first of the new ones is the first of the old ones.
    let mut left: Vec<_> = current.sources.iter().collect();
    for new in &mut config.sources {
        if let Some(at) = left.iter().position(|old| is_same(new, old)) {
            source(new, left.remove(at));
        }
    }
}

/// Do both copy the same stream?
fn is_same(new: &StreamSource, old: &StreamSource) -> bool {
    let api = |source: &StreamSource| source.external.as_ref().map(|e| e.api.clone());
    new.name == old.name
        && api(new) == api(old)
        && (new.filter_subject == old.filter_subject || new.filter_subject.is_empty())
}

fn source(new: &mut StreamSource, old: &StreamSource) {
    rest(&mut new.rest, &old.rest);
    if let (Some(new), Some(old)) = (&mut new.external, &old.external) {
        rest(&mut new.rest, &old.rest);
    }
    if new.subject_transforms.is_empty() && new.filter_subject.is_empty() {
        new.subject_transforms.clone_from(&old.subject_transforms);
    }
    if new.consumer.is_none() {
        new.consumer.clone_from(&old.consumer);
    }
}

/// Keeps what `config` leaves unsaid of the `current` configuration of the consumer.
pub fn consumer(config: &mut ConsumerConfig, current: &ConsumerConfig) {
    rest(&mut config.rest, &current.rest);
    chosen_word(&mut config.deliver_policy, &current.deliver_policy);
    chosen_word(&mut config.ack_policy, &current.ack_policy);
    chosen_word(&mut config.replay_policy, &current.replay_policy);
}

/// What a newer server has is kept unless the program says something else.
fn rest(new: &mut Rest, old: &Rest) {
    for (name, value) in &old.0 {
        if !new.0.contains_key(name) {
            new.0.insert(name.clone(), value.clone());
        }
    }
}

/// A choice among words, one of which may not be known.
trait Words: Clone {
    fn word(&self) -> &str;
}

macro_rules! words {
    ($($type:ident)*) => {
        $(impl Words for $type {
            fn word(&self) -> &str {
                $type::word(self)
            }
        })*
    };
}

words! { Retention Discard Storage Compression PersistMode DeliverPolicy AckPolicy ReplayPolicy }

fn word<T: Words>(new: &mut T, old: &T) {
    if new.word().is_empty() {
        new.clone_from(old);
    }
}

fn chosen_word<T: Words>(new: &mut Option<T>, old: &Option<T>) {
    if new.as_ref().is_some_and(|new| new.word().is_empty()) {
        new.clone_from(old);
    }
}

/// Has each choice of a stream's configuration a word?
pub(super) fn check_stream_words(config: &StreamConfig) -> Result<()> {
    check(&config.retention, "retention policy")?;
    check(&config.discard, "discard policy")?;
    check(&config.storage, "storage type")?;
    check(&config.compression, "storage compression")?;
    check(&config.persist_mode, "persist mode")
}

/// Has each choice of a consumer's configuration a word?
pub(super) fn check_consumer_words(config: &ConsumerConfig) -> Result<()> {
    let policy = config.deliver_policy.as_ref();
    policy.map_or(Ok(()), |p| check(p, "deliver policy"))?;
    let policy = config.ack_policy.as_ref();
    policy.map_or(Ok(()), |p| check(p, "ack policy"))?;
    let policy = config.replay_policy.as_ref();
    policy.map_or(Ok(()), |p| check(p, "replay policy"))
}

fn check(choice: &impl Words, what: &str) -> Result<()> {
    match choice.word() {
        "" => Err(Error::invalid_arg(format!("invalid {what}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
