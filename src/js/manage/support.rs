//! What servers can do, and what they are asked for only where they can.
//!
//! A server before 2.12 ignores fields that it does not know: it would store a stream without the settings that the
//! program relies on, and say that all is well. So a configuration with a setting that the server is too old for is not
//! sent. The server that answers need not be the one that the connection is with (a JetStream domain, a cluster in the
//! middle of an upgrade): the answer has to have the settings as well.

use super::Call;
use crate::error::{Error as Plain, Status};
use crate::js::api::json::Fields;
use crate::js::api::{
    AckPolicy, Compression, ConsumerConfig, PersistMode, StreamConfig, StreamSource,
};
use crate::js::error::Result;
use crate::js::needs::need_server;

impl Call<'_> {
    /// As the function of this name, for the connection of the call.
    pub(super) fn need_server(&self, major: u32, minor: u32, what: &str) -> Result<()> {
        Ok(need_server(
            self.context().connection(),
            major,
            minor,
            what,
        )?)
    }

    /// Asks that the server refuse a configuration instead of adjusting it, where the context says so.
    pub(super) fn mark_pedantic(&self, request: &mut Fields) -> Result<()> {
        if self.pedantic() {
            self.need_server(2, 11, "pedantic requests")?;
            request.insert("pedantic".to_owned(), true.into());
        }
        Ok(())
    }
}

/// A setting, by the name that programs know it by, the version 2.x that knows it, and whether a configuration has it.
type Setting<T> = (&'static str, u32, fn(&T) -> bool);

/// The settings of streams that servers before 2.14 do not all know, the newest first.
const OF_STREAMS: &[Setting<StreamConfig>] = &[
    ("AllowBatched", 14, |c| c.allow_batched),
    ("a source's consumer", 14, |c| {
        any_source(c, |s| s.consumer.is_some())
    }),
    ("PersistMode", 12, |c| {
        c.persist_mode != PersistMode::Default
    }),
    ("AllowAtomic", 12, |c| c.allow_atomic),
    ("AllowMsgCounter", 12, |c| c.allow_msg_counter),
    ("AllowMsgSchedules", 12, |c| c.allow_msg_schedules),
    ("AllowMsgTTL", 11, |c| c.allow_msg_ttl),
    ("SubjectDeleteMarkerTTL", 11, |c| {
        c.subject_delete_marker_ttl > 0
    }),
    ("Metadata", 10, |c| !c.metadata.is_empty()),
    ("Compression", 10, |c| c.compression != Compression::None),
    ("FirstSeq", 10, |c| c.first_seq > 1),
    ("SubjectTransform", 10, |c| c.subject_transform.is_some()),
    ("ConsumerLimits", 10, |c| {
        let limits = c.consumer_limits.as_ref();
        limits.is_some_and(|l| l.inactive_threshold > 0 || l.max_ack_pending > 0)
    }),
    ("a source's SubjectTransforms", 10, |c| {
        any_source(c, |s| !s.subject_transforms.is_empty())
    }),
];

/// The same of consumers.
const OF_CONSUMERS: &[Setting<ConsumerConfig>] = &[
    ("js_AckFlowControl", 14, |c| {
        c.ack_policy == Some(AckPolicy::FlowControl)
    }),
    ("the priority policy 'prioritized'", 12, |c| {
        c.priority_policy == "prioritized"
    }),
    ("PauseUntil", 11, |c| c.pause_until.0 > 0),
    ("PriorityGroups", 11, |c| !c.priority_groups.is_empty()),
    ("PriorityPolicy", 11, |c| !c.priority_policy.is_empty()),
    ("Metadata", 10, |c| !c.metadata.is_empty()),
];

/// The consumers that filter by several subjects are refused with a status of their own, as ever.
const FILTERS: &[Setting<ConsumerConfig>] =
    &[("FilterSubjects", 10, |c| !c.filter_subjects.is_empty())];

fn any_source(config: &StreamConfig, has: fn(&StreamSource) -> bool) -> bool {
    config.mirror.iter().chain(&config.sources).any(has)
}

/// The name and the version of the newest setting of these that `asked` has and `has` has not.
fn missing<T>(
    settings: &[Setting<T>],
    asked: &T,
    has: impl Fn(&Setting<T>) -> bool,
) -> Option<(&'static str, u32)> {
    let lacks = |setting: &&Setting<T>| (setting.2)(asked) && !has(setting);
    settings
        .iter()
        .find(lacks)
        .map(|(name, minor, _)| (*name, *minor))
}

/// A server took a configuration and ignored a setting.
fn ignored(what: &str, name: &str, minor: u32) -> Plain {
    let text = format!(
        "the server ignored {name}, which needs 2.{minor} or later: the {what} exists without it"
    );
    Plain::new(Status::NATS_NO_SERVER_SUPPORT, text)
}

/// Filters by several subjects are not known to the server.
fn no_filters() -> Plain {
    Plain::invalid_arg("multiple consumer filter subjects not supported by the server")
}

impl Call<'_> {
    /// Does the connection's server know this version's settings? One that does not say its version does.
    fn knows(&self, minor: u32) -> bool {
        let version = self.context().connection().server_release();
        version.is_none_or(|v| (v.major, v.minor) >= (2, minor))
    }

    /// Refuses a stream with settings that the connection's server is too old for.
    pub(super) fn check_stream_settings(&self, config: &StreamConfig) -> Result<()> {
        match missing(OF_STREAMS, config, |setting| self.knows(setting.1)) {
            Some((name, minor)) => self.need_server(2, minor, &format!("streams with {name}")),
            None => Ok(()),
        }
    }

    /// Refuses a consumer with settings that the connection's server is too old for.
    pub(in crate::js) fn check_consumer_settings(&self, config: &ConsumerConfig) -> Result<()> {
        if missing(FILTERS, config, |setting| self.knows(setting.1)).is_some() {
            return Err(no_filters().into());
        }
        match missing(OF_CONSUMERS, config, |setting| self.knows(setting.1)) {
            Some((name, minor)) => self.need_server(2, minor, &format!("consumers with {name}")),
            None => Ok(()),
        }
    }
}

/// Says whether the server that answered ignored a setting of the stream.
pub(super) fn check_stream_answer(asked: &StreamConfig, got: &StreamConfig) -> Result<()> {
    match missing(OF_STREAMS, asked, |setting| (setting.2)(got)) {
        Some((name, minor)) => Err(ignored("stream", name, minor).into()),
        None => Ok(()),
    }
}

/// Says whether the server that answered ignored a setting of the consumer.
pub(super) fn check_consumer_answer(asked: &ConsumerConfig, got: &ConsumerConfig) -> Result<()> {
    if missing(FILTERS, asked, |setting| (setting.2)(got)).is_some() {
        return Err(no_filters().into());
    }
    match missing(OF_CONSUMERS, asked, |setting| (setting.2)(got)) {
        Some((name, minor)) => Err(ignored("consumer", name, minor).into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::js::api::Json;

    #[test]
    fn what_a_server_ignored_is_named() {
        let asked = StreamConfig {
            compression: Compression::S2,
            allow_atomic: true,
            ..Default::default()
        };
        let error = check_stream_answer(&asked, &StreamConfig::default()).unwrap_err();
        assert_eq!(error.status(), Status::NATS_NO_SERVER_SUPPORT);
        assert!(error.text().contains("AllowAtomic, which needs 2.12"));
        let half = StreamConfig {
            allow_atomic: true,
            ..Default::default()
        };
        let error = check_stream_answer(&asked, &half).unwrap_err();
        assert!(error.text().contains("Compression, which needs 2.10"));
        check_stream_answer(&asked, &asked).unwrap();
        check_stream_answer(&StreamConfig::default(), &asked).unwrap();
    }

    #[test]
    fn several_filters_have_their_own_status() {
        let asked = ConsumerConfig {
            filter_subjects: vec!["a".into(), "b".into()],
            ..Default::default()
        };
        let error = check_consumer_answer(&asked, &ConsumerConfig::empty()).unwrap_err();
        assert_eq!(error.status(), Status::NATS_INVALID_ARG);
        let paused = ConsumerConfig {
            pause_until: crate::js::time::Time(1),
            ..Default::default()
        };
        let error = check_consumer_answer(&paused, &ConsumerConfig::empty()).unwrap_err();
        assert!(error.text().contains("PauseUntil, which needs 2.11"));
    }

    #[test]
    fn the_newest_setting_comes_first() {
        let in_order = |minors: Vec<u32>| assert!(minors.is_sorted_by(|a, b| a >= b));
        in_order(OF_STREAMS.iter().map(|setting| setting.1).collect());
        in_order(OF_CONSUMERS.iter().map(|setting| setting.1).collect());
    }
}
