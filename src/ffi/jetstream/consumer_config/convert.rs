//! Configurations of consumers from C to the core, and back.

use std::ptr;

use super::jsConsumerConfig;
use crate::error::Result;
use crate::ffi::jetstream::enums::{jsAckPolicyArg, jsDeliverPolicyArg, jsReplayPolicyArg};
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::kept::{self, Kept};
use crate::ffi::jetstream::memory::{
    self, Made, Release, free, free_metadata, free_text, free_texts, numbers, text, texts,
};
use crate::js::api::ConsumerConfig;
use crate::js::time::Time;

/// The number of a policy that is not chosen.
const NOT_CHOSEN: i32 = -1;

/// Reads a program's configuration. Where it was made by [`to_c`], or is a copy of such a one, what C has no place for
/// is in it too.
///
/// # Safety
/// All pointers in `cfg` are NULL or point at what the fields say, with as many items as these say.
pub(in crate::ffi::jetstream) unsafe fn from_c(cfg: &jsConsumerConfig) -> Result<ConsumerConfig> {
    // SAFETY: the contract above.
    let kept = unsafe {
        kept::find(key(cfg), |kept| match kept {
            Kept::Consumer(config) => Some(ConsumerConfig::clone(config)),
            _ => None,
        })
    };
    // SAFETY: likewise.
    unsafe { read(cfg, kept.flatten().as_ref()) }
}

/// The name that a configuration is found again by.
fn key(cfg: &jsConsumerConfig) -> *const std::ffi::c_char {
    match cfg.Name.is_null() {
        true => cfg.Durable,
        false => cfg.Name,
    }
}

/// # Safety
/// As for [`from_c`].
unsafe fn read(cfg: &jsConsumerConfig, kept: Option<&ConsumerConfig>) -> Result<ConsumerConfig> {
    let deliver_policy = match cfg.DeliverPolicy.0 {
        NOT_CHOSEN => None,
        _ => Some(
            cfg.DeliverPolicy
                .get(kept.and_then(|k| k.deliver_policy.as_ref()))?,
        ),
    };
    let ack_policy = match cfg.AckPolicy.0 {
        NOT_CHOSEN => None,
        _ => Some(
            cfg.AckPolicy
                .get(kept.and_then(|k| k.ack_policy.as_ref()))?,
        ),
    };
    let replay_policy = match cfg.ReplayPolicy.0 {
        NOT_CHOSEN => None,
        _ => Some(
            cfg.ReplayPolicy
                .get(kept.and_then(|k| k.replay_policy.as_ref()))?,
        ),
    };
    // SAFETY: the contract of `from_c`.
    unsafe {
        Ok(ConsumerConfig {
            name: given::string(cfg.Name, "the consumer's name")?,
            durable: given::string(cfg.Durable, "the durable name")?,
            description: given::string(cfg.Description, "the description")?,
            deliver_policy,
            opt_start_seq: cfg.OptStartSeq,
            opt_start_time: Time(cfg.OptStartTime),
            ack_policy,
            ack_wait: cfg.AckWait,
            max_deliver: cfg.MaxDeliver,
            backoff: given::array(cfg.BackOff, cfg.BackOffLen, "backoff steps")?.to_vec(),
            filter_subject: given::string(cfg.FilterSubject, "the filter")?,
            filter_subjects: given::strings(cfg.FilterSubjects, cfg.FilterSubjectsLen, "filters")?,
            replay_policy,
            rate_limit: cfg.RateLimit,
            sample_frequency: given::string(cfg.SampleFrequency, "the sample frequency")?,
            max_waiting: cfg.MaxWaiting,
            max_ack_pending: cfg.MaxAckPending,
            flow_control: cfg.FlowControl,
            heartbeat: cfg.Heartbeat,
            headers_only: cfg.HeadersOnly,
            max_request_batch: cfg.MaxRequestBatch,
            max_request_expires: cfg.MaxRequestExpires,
            max_request_max_bytes: cfg.MaxRequestMaxBytes,
            deliver_subject: given::string(cfg.DeliverSubject, "the delivery subject")?,
            deliver_group: given::string(cfg.DeliverGroup, "the delivery group")?,
            inactive_threshold: cfg.InactiveThreshold,
            replicas: cfg.Replicas,
            memory_storage: cfg.MemoryStorage,
            metadata: given::metadata(&cfg.Metadata)?,
            pause_until: Time(cfg.PauseUntil),
            priority_policy: given::string(cfg.PriorityPolicy, "the priority policy")?,
            pinned_ttl: cfg.PinnedTTL,
            priority_groups: given::strings(
                cfg.PriorityGroups,
                cfg.PriorityGroupsLen,
                "priority groups",
            )?,
            rest: kept.map(|k| k.rest.clone()).unwrap_or_default(),
        })
    }
}

/// Makes a structure for the program.
pub(in crate::ffi::jetstream) fn to_c(config: &ConsumerConfig) -> Result<Made<jsConsumerConfig>> {
    let mut c = Made::<jsConsumerConfig>::zeroed()?;
    c.Name = text(&config.name)?;
    c.Durable = text(&config.durable)?;
    c.Description = text(&config.description)?;
    if let Some(policy) = &config.deliver_policy {
        c.DeliverPolicy = jsDeliverPolicyArg::of(policy);
    }
    c.OptStartSeq = config.opt_start_seq;
    c.OptStartTime = config.opt_start_time.0;
    if let Some(policy) = &config.ack_policy {
        c.AckPolicy = jsAckPolicyArg::of(policy);
    }
    c.AckWait = config.ack_wait;
    c.MaxDeliver = config.max_deliver;
    (c.BackOff, c.BackOffLen) = numbers(&config.backoff)?;
    c.FilterSubject = text(&config.filter_subject)?;
    if let Some(policy) = &config.replay_policy {
        c.ReplayPolicy = jsReplayPolicyArg::of(policy);
    }
    c.RateLimit = config.rate_limit;
    c.SampleFrequency = text(&config.sample_frequency)?;
    c.MaxWaiting = config.max_waiting;
    c.MaxAckPending = config.max_ack_pending;
    c.FlowControl = config.flow_control;
    c.Heartbeat = config.heartbeat;
    c.HeadersOnly = config.headers_only;
    c.MaxRequestBatch = config.max_request_batch;
    c.MaxRequestExpires = config.max_request_expires;
    c.MaxRequestMaxBytes = config.max_request_max_bytes;
    c.DeliverSubject = text(&config.deliver_subject)?;
    c.DeliverGroup = text(&config.deliver_group)?;
    c.InactiveThreshold = config.inactive_threshold;
    c.Replicas = config.replicas;
    c.MemoryStorage = config.memory_storage;
    let (filters, len) = texts(config.filter_subjects.iter())?;
    (c.FilterSubjects, c.FilterSubjectsLen) = (filters.cast(), len);
    c.Metadata = memory::metadata(&config.metadata)?;
    c.PauseUntil = config.pause_until.0;
    c.PriorityPolicy = text(&config.priority_policy)?;
    c.PinnedTTL = config.pinned_ttl;
    let (groups, len) = texts(config.priority_groups.iter())?;
    (c.PriorityGroups, c.PriorityGroupsLen) = (groups.cast(), len);
    // SAFETY: just made, of strings and arrays that it points at.
    let whole = unsafe { read(&c, None) };
    if whole.as_ref() != Ok(config) {
        let kept = Kept::Consumer(Box::new(config.clone()));
        // SAFETY: the names were just made, as strings.
        unsafe { kept::keep(ptr::from_ref(&*c), key(&c), kept) };
    }
    Ok(c)
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsConsumerConfig {
    unsafe fn release(&mut self) {
        kept::forget(ptr::from_ref(self));
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Name);
            free_text(self.Durable);
            free_text(self.Description);
            free(self.BackOff);
            free_text(self.FilterSubject);
            free_text(self.SampleFrequency);
            free_text(self.DeliverSubject);
            free_text(self.DeliverGroup);
            free_texts(self.FilterSubjects, self.FilterSubjectsLen);
            free_metadata(&self.Metadata);
            free_text(self.PriorityPolicy);
            free_texts(self.PriorityGroups, self.PriorityGroupsLen);
        }
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
