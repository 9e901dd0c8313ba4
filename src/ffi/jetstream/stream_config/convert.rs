//! Configurations of streams from C to the core, and back.

use std::ffi::c_int;
use std::ptr;

use super::{
    jsExternalStream, jsPlacement, jsRePublish, jsStreamConfig, jsStreamConsumerLimits,
    jsStreamSource, jsSubjectTransformConfig,
};
use crate::error::Result;
use crate::ffi::jetstream::enums::{
    jsDiscardPolicyArg, jsPersistModeTypeArg, jsRetentionPolicyArg, jsStorageCompressionArg,
    jsStorageTypeArg,
};
use crate::ffi::jetstream::given;
use crate::ffi::jetstream::kept::{self, Kept};
use crate::ffi::jetstream::memory::{
    self, Made, Release, clamped, free_metadata, free_pointers, free_text, free_texts, optional,
    pointers, text, texts,
};
use crate::js::api::{
    ConsumerLimits, External, Placement, Republish, StreamConfig, StreamSource, SubjectTransform,
};
use crate::js::time::Time;

/// Reads a program's configuration. Where it was made by [`to_c`], or is a copy of such a one, what C has no place for
/// is in it too.
///
/// # Safety
/// All pointers in `cfg` are NULL or point at what the fields say, with as many items as these say.
pub(in crate::ffi::jetstream) unsafe fn from_c(cfg: &jsStreamConfig) -> Result<StreamConfig> {
    // SAFETY: the contract above.
    let kept = unsafe {
        kept::find(cfg.Name, |kept| match kept {
            Kept::Stream(config) => Some(StreamConfig::clone(config)),
            _ => None,
        })
    };
    // SAFETY: likewise.
    unsafe { read(cfg, kept.flatten().as_ref()) }
}

/// # Safety
/// As for [`from_c`].
unsafe fn read(cfg: &jsStreamConfig, kept: Option<&StreamConfig>) -> Result<StreamConfig> {
    // SAFETY: the contract of `from_c`.
    let mirror = unsafe { cfg.Mirror.as_ref().map(|s| source_from_c(s)).transpose() }?;
    // SAFETY: likewise.
    let sources = unsafe { given::array(cfg.Sources, cfg.SourcesLen, "sources") }?;
    let source = |source: &*mut jsStreamSource| {
        // SAFETY: likewise.
        unsafe { source.as_ref() }
            .ok_or_else(|| crate::error::Error::invalid_arg("one of the sources is NULL"))
            // SAFETY: likewise.
            .and_then(|source| unsafe { source_from_c(source) })
    };
    let sources = sources.iter().map(source).collect::<Result<_>>()?;
    // SAFETY: likewise.
    unsafe {
        Ok(StreamConfig {
            name: given::string(cfg.Name, "the stream's name")?,
            description: given::string(cfg.Description, "the description")?,
            subjects: given::strings(cfg.Subjects, cfg.SubjectsLen, "subjects")?,
            retention: cfg.Retention.get(kept.map(|k| &k.retention))?,
            max_consumers: cfg.MaxConsumers,
            max_msgs: cfg.MaxMsgs,
            max_bytes: cfg.MaxBytes,
            max_age: cfg.MaxAge,
            max_msgs_per_subject: cfg.MaxMsgsPerSubject,
            max_msg_size: cfg.MaxMsgSize.into(),
            discard: cfg.Discard.get(kept.map(|k| &k.discard))?,
            storage: cfg.Storage.get(kept.map(|k| &k.storage))?,
            replicas: cfg.Replicas,
            no_ack: cfg.NoAck,
            template: given::string(cfg.Template, "the template")?,
            duplicates: cfg.Duplicates,
            placement: placement_from_c(cfg.Placement, kept)?,
            mirror,
            sources,
            sealed: cfg.Sealed,
            deny_delete: cfg.DenyDelete,
            deny_purge: cfg.DenyPurge,
            allow_rollup: cfg.AllowRollup,
            republish: republish_from_c(cfg.RePublish, kept)?,
            allow_direct: cfg.AllowDirect,
            mirror_direct: cfg.MirrorDirect,
            discard_new_per_subject: cfg.DiscardNewPerSubject,
            metadata: given::metadata(&cfg.Metadata)?,
            compression: cfg.Compression.get(kept.map(|k| &k.compression))?,
            first_seq: cfg.FirstSeq,
            subject_transform: transform_from_c(
                &cfg.SubjectTransform,
                kept.and_then(|k| k.subject_transform.as_ref()),
            )?,
            consumer_limits: limits_from_c(
                &cfg.ConsumerLimits,
                kept.and_then(|k| k.consumer_limits.as_ref()),
            ),
            allow_msg_ttl: cfg.AllowMsgTTL,
            subject_delete_marker_ttl: cfg.SubjectDeleteMarkerTTL,
            persist_mode: cfg.PersistMode.get(kept.map(|k| &k.persist_mode))?,
            allow_atomic: cfg.AllowAtomic,
            allow_msg_counter: cfg.AllowMsgCounter,
            allow_msg_schedules: cfg.AllowMsgSchedules,
            allow_batched: cfg.AllowBatched,
            rest: kept.map(|k| k.rest.clone()).unwrap_or_default(),
        })
    }
}

/// # Safety
/// As for [`from_c`].
pub(in crate::ffi) unsafe fn placement_from_c(
    placement: *const jsPlacement,
    kept: Option<&StreamConfig>,
) -> Result<Option<Placement>> {
    // SAFETY: the contract above.
    let Some(placement) = (unsafe { placement.as_ref() }) else {
        return Ok(None);
    };
    let kept = kept.and_then(|k| k.placement.clone()).unwrap_or_default();
    // SAFETY: likewise.
    unsafe {
        Ok(Some(Placement {
            cluster: given::string(placement.Cluster, "the cluster")?,
            tags: given::strings(placement.Tags, placement.TagsLen, "tags")?,
            ..kept
        }))
    }
}

/// # Safety
/// As for [`from_c`].
pub(in crate::ffi) unsafe fn republish_from_c(
    republish: *const jsRePublish,
    kept: Option<&StreamConfig>,
) -> Result<Option<Republish>> {
    // SAFETY: the contract above.
    let Some(republish) = (unsafe { republish.as_ref() }) else {
        return Ok(None);
    };
    let kept = kept.and_then(|k| k.republish.clone()).unwrap_or_default();
    // SAFETY: likewise.
    let (source, destination) = unsafe {
        (
            given::string(republish.Source, "the source to publish again")?,
            given::string(republish.Destination, "the destination to publish again on")?,
        )
    };
    Ok((!destination.is_empty()).then_some(Republish {
        source,
        destination,
        headers_only: republish.HeadersOnly,
        ..kept
    }))
}

/// # Safety
/// As for [`from_c`].
pub(in crate::ffi::jetstream) unsafe fn transform_from_c(
    transform: &jsSubjectTransformConfig,
    kept: Option<&SubjectTransform>,
) -> Result<Option<SubjectTransform>> {
    // SAFETY: the contract above.
    let (source, destination) = unsafe {
        (
            given::string(transform.Source, "the transform's source")?,
            given::string(transform.Destination, "the transform's destination")?,
        )
    };
    let is_set = !(source.is_empty() && destination.is_empty());
    Ok(is_set.then(|| SubjectTransform {
        source,
        destination,
        ..kept.cloned().unwrap_or_default()
    }))
}

fn limits_from_c(
    limits: &jsStreamConsumerLimits,
    kept: Option<&ConsumerLimits>,
) -> Option<ConsumerLimits> {
    let is_set = limits.InactiveThreshold != 0 || limits.MaxAckPending != 0;
    is_set.then(|| ConsumerLimits {
        inactive_threshold: limits.InactiveThreshold,
        max_ack_pending: limits.MaxAckPending.into(),
        ..kept.cloned().unwrap_or_default()
    })
}

/// # Safety
/// As for [`from_c`].
pub(in crate::ffi) unsafe fn source_from_c(source: &jsStreamSource) -> Result<StreamSource> {
    // SAFETY: the contract above.
    let kept = unsafe {
        kept::find(source.Name, |kept| match kept {
            Kept::Source(source) => Some(StreamSource::clone(source)),
            _ => None,
        })
    };
    let mut kept = kept.flatten().unwrap_or_default();
    // SAFETY: likewise.
    unsafe {
        let filter_subject = given::string(source.FilterSubject, "the source's filter")?;
        if filter_subject != kept.filter_subject {
            // A source has a filter or transforms, and the program has chosen.
            kept.subject_transforms = Vec::new();
        }
        let external = match source.External.as_ref() {
            None => None,
            Some(external) => Some(External {
                api: given::string(external.APIPrefix, "the external API's prefix")?,
                deliver: given::string(external.DeliverPrefix, "the external delivery's prefix")?,
                ..kept.external.unwrap_or_default()
            }),
        };
        Ok(StreamSource {
            name: given::string(source.Name, "the source's name")?,
            opt_start_seq: source.OptStartSeq,
            opt_start_time: Time(source.OptStartTime),
            filter_subject,
            external,
            domain: given::string(source.Domain, "the source's domain")?,
            subject_transforms: kept.subject_transforms,
            consumer: kept.consumer,
            rest: kept.rest,
        })
    }
}

/// Makes a structure for the program.
pub(in crate::ffi::jetstream) fn to_c(config: &StreamConfig) -> Result<Made<jsStreamConfig>> {
    let mut c = Made::<jsStreamConfig>::zeroed()?;
    c.Name = text(&config.name)?;
    c.Description = text(&config.description)?;
    let (subjects, len) = texts(config.subjects.iter())?;
    (c.Subjects, c.SubjectsLen) = (subjects.cast(), len);
    c.Retention = jsRetentionPolicyArg::of(&config.retention);
    c.MaxConsumers = config.max_consumers;
    c.MaxMsgs = config.max_msgs;
    c.MaxBytes = config.max_bytes;
    c.MaxAge = config.max_age;
    c.MaxMsgsPerSubject = config.max_msgs_per_subject;
    c.MaxMsgSize = clamped(config.max_msg_size, i32::MIN, i32::MAX);
    c.Discard = jsDiscardPolicyArg::of(&config.discard);
    c.Storage = jsStorageTypeArg::of(&config.storage);
    c.Replicas = config.replicas;
    c.NoAck = config.no_ack;
    c.Template = text(&config.template)?;
    c.Duplicates = config.duplicates;
    c.Placement = optional(config.placement.as_ref(), placement_to_c)?;
    c.Mirror = optional(config.mirror.as_ref(), source_to_c)?;
    (c.Sources, c.SourcesLen) = pointers(config.sources.iter(), source_to_c)?;
    c.Sealed = config.sealed;
    c.DenyDelete = config.deny_delete;
    c.DenyPurge = config.deny_purge;
    c.AllowRollup = config.allow_rollup;
    c.RePublish = optional(config.republish.as_ref(), republish_to_c)?;
    c.AllowDirect = config.allow_direct;
    c.MirrorDirect = config.mirror_direct;
    c.DiscardNewPerSubject = config.discard_new_per_subject;
    c.Metadata = memory::metadata(&config.metadata)?;
    c.Compression = jsStorageCompressionArg::of(&config.compression);
    c.FirstSeq = config.first_seq;
    if let Some(transform) = &config.subject_transform {
        transform_to_c(transform, &mut c.SubjectTransform)?;
    }
    if let Some(limits) = &config.consumer_limits {
        c.ConsumerLimits = jsStreamConsumerLimits {
            InactiveThreshold: limits.inactive_threshold,
            MaxAckPending: clamped(limits.max_ack_pending, c_int::MIN, c_int::MAX),
        };
    }
    c.AllowMsgTTL = config.allow_msg_ttl;
    c.SubjectDeleteMarkerTTL = config.subject_delete_marker_ttl;
    c.PersistMode = jsPersistModeTypeArg::of(&config.persist_mode);
    c.AllowAtomic = config.allow_atomic;
    c.AllowMsgCounter = config.allow_msg_counter;
    c.AllowMsgSchedules = config.allow_msg_schedules;
    c.AllowBatched = config.allow_batched;
    // SAFETY: just made, of strings and structures that it points at.
    let whole = unsafe { read(&c, None) };
    if whole.as_ref() != Ok(config) {
        let kept = Kept::Stream(Box::new(config.clone()));
        // SAFETY: the name was just made, as a string.
        unsafe { kept::keep(ptr::from_ref(&*c), c.Name, kept) };
    }
    Ok(c)
}

fn placement_to_c(placement: &Placement) -> Result<Made<jsPlacement>> {
    let mut c = Made::<jsPlacement>::zeroed()?;
    c.Cluster = text(&placement.cluster)?;
    let (tags, len) = texts(placement.tags.iter())?;
    (c.Tags, c.TagsLen) = (tags.cast(), len);
    Ok(c)
}

fn republish_to_c(republish: &Republish) -> Result<Made<jsRePublish>> {
    let mut c = Made::<jsRePublish>::zeroed()?;
    c.Source = text(&republish.source)?;
    c.Destination = text(&republish.destination)?;
    c.HeadersOnly = republish.headers_only;
    Ok(c)
}

/// Fills a transform that is full of zeros.
pub(in crate::ffi::jetstream) fn transform_to_c(
    transform: &SubjectTransform,
    c: &mut jsSubjectTransformConfig,
) -> Result<()> {
    c.Source = text(&transform.source)?;
    c.Destination = text(&transform.destination)?;
    Ok(())
}

fn source_to_c(source: &StreamSource) -> Result<Made<jsStreamSource>> {
    let mut c = Made::<jsStreamSource>::zeroed()?;
    c.Name = text(&source.name)?;
    c.OptStartSeq = source.opt_start_seq;
    c.OptStartTime = source.opt_start_time.0;
    c.FilterSubject = text(&source.filter_subject)?;
    c.External = optional(source.external.as_ref(), external_to_c)?;
    c.Domain = text(&source.domain)?;
    // SAFETY: just made, of strings and structures that it points at.
    let whole = unsafe { source_from_c(&c) };
    if whole.as_ref() != Ok(source) {
        let kept = Kept::Source(Box::new(source.clone()));
        // SAFETY: the name was just made, as a string.
        unsafe { kept::keep(ptr::from_ref(&*c), c.Name, kept) };
    }
    Ok(c)
}

pub(in crate::ffi::jetstream) fn external_to_c(
    external: &External,
) -> Result<Made<jsExternalStream>> {
    let mut c = Made::<jsExternalStream>::zeroed()?;
    c.APIPrefix = text(&external.api)?;
    c.DeliverPrefix = text(&external.deliver)?;
    Ok(c)
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamConfig {
    unsafe fn release(&mut self) {
        kept::forget(ptr::from_ref(self));
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Name);
            free_text(self.Description);
            free_texts(self.Subjects, self.SubjectsLen);
            free_text(self.Template);
            memory::destroy(self.Placement);
            memory::destroy(self.Mirror);
            free_pointers(self.Sources, self.SourcesLen);
            memory::destroy(self.RePublish);
            free_metadata(&self.Metadata);
            self.SubjectTransform.release();
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsPlacement {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Cluster);
            free_texts(self.Tags, self.TagsLen);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsRePublish {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Source);
            free_text(self.Destination);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsSubjectTransformConfig {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Source);
            free_text(self.Destination);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsStreamSource {
    unsafe fn release(&mut self) {
        kept::forget(ptr::from_ref(self));
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.Name);
            free_text(self.FilterSubject);
            memory::destroy(self.External);
            free_text(self.Domain);
        }
    }
}

// SAFETY: everything that it points at is its own.
unsafe impl Release for jsExternalStream {
    unsafe fn release(&mut self) {
        // SAFETY: the contract of the trait.
        unsafe {
            free_text(self.APIPrefix);
            free_text(self.DeliverPrefix);
        }
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
