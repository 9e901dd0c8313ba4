//! The configurations of services, groups and endpoints: names, subjects, queue groups.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, Weak};

use super::Result;
use super::endpoint::Endpoint;
use super::error::Error;
use super::request::Handler;
use super::service::{Events, Service};
use crate::client::ForeignHandle;
use crate::proto::subject;
use crate::words::shown;

/// The default prefix of the subjects for monitoring.
pub const API_PREFIX: &str = "$SRV";
/// The default queue group of endpoints.
pub const DEFAULT_QUEUE_GROUP: &str = "q";

/// The setting for queue groups at one level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueChoice {
    /// The name of the group; empty if it is not set.
    pub group: String,
    /// No queue group: each instance receives each request.
    pub none: bool,
}

impl QueueChoice {
    /// Is it set?
    fn is_made(&self) -> bool {
        self.none || !self.group.is_empty()
    }

    /// The queue group that results from the settings of these levels, the innermost first.
    pub(super) fn resolve<'a>(levels: impl IntoIterator<Item = &'a QueueChoice>) -> Option<String> {
        match levels.into_iter().find(|level| level.is_made()) {
            None => Some(DEFAULT_QUEUE_GROUP.to_owned()),
            Some(level) if level.none => None,
            Some(level) => Some(level.group.clone()),
        }
    }
}

/// The configuration of a service.
pub struct ServiceConfig {
    /// Its name: ASCII letters, digits, `_` and `-`.
    pub name: String,
    /// Its version; not empty.
    pub version: String,
    /// A description for people.
    pub description: String,
    /// The queue group of its endpoints.
    pub queue: QueueChoice,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// The prefix of the subjects for its monitoring.
    pub prefix: String,
    /// Answers STATS instead of the library.
    pub stats_handler: Option<Arc<dyn Handler>>,
    /// The observer of its events.
    pub events: Box<dyn Events>,
}

impl ServiceConfig {
    pub(super) fn check(&self) -> Result<()> {
        let prefix = self.prefix.as_bytes();
        if !is_name(&self.name)
            || self.version.is_empty()
            || subject::literal_fault(prefix).is_some()
        {
            return Err(Error::INVALID_ARG);
        }
        Ok(())
    }
}

/// The configuration of an endpoint.
#[derive(Clone, Default)]
pub struct EndpointConfig {
    /// Its name: ASCII letters, digits, `_` and `-`.
    pub name: String,
    /// Its subject, appended to that of its group; empty for its name.
    pub subject: String,
    /// Its queue group.
    pub queue: QueueChoice,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// Its handler; required.
    pub handler: Option<Arc<dyn Handler>>,
}

impl EndpointConfig {
    /// The complete subject, in a group with this prefix.
    pub(super) fn full_subject(&self, prefix: Option<&str>) -> Result<String> {
        let own = match self.subject.as_str() {
            "" => self.name.as_str(),
            subject => subject,
        };
        if own.is_empty() {
            return Err(Error::INVALID_ARG);
        }
        let full = match prefix {
            Some(prefix) => format!("{prefix}.{own}"),
            None => own.to_owned(),
        };
        let early_rest = full.find('>').is_some_and(|at| at + 1 < full.len());
        if early_rest || subject::subscribe_fault(full.as_bytes()).is_some() {
            let text = format!(
                "invalid subject '{}' for endpoint '{}'",
                shown(full.as_bytes()),
                shown(self.name.as_bytes())
            );
            return Err(Error::INVALID_ARG.wrap(text));
        }
        Ok(full)
    }

    /// The handler, if the configuration is valid otherwise.
    pub(super) fn checked_handler(&self) -> Result<Arc<dyn Handler>> {
        if !is_name(&self.name) {
            let text = format!("invalid endpoint name '{}'", shown(self.name.as_bytes()));
            return Err(Error::INVALID_ARG.wrap(text));
        }
        self.handler.clone().ok_or_else(|| {
            let text = format!("NULL endpoint request handler for '{}'", self.name);
            Error::INVALID_ARG.wrap(text)
        })
    }
}

/// Is this a valid name of a service or an endpoint?
pub fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    !name.is_empty() && name.bytes().all(allowed)
}

/// The configuration of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupConfig {
    /// The prefix of the subjects of its endpoints; not empty.
    pub prefix: String,
    /// The queue group of its endpoints.
    pub queue: QueueChoice,
}

/// A common prefix of the subjects of some endpoints of a service.
pub struct Group {
    service: Weak<Service>,
    prefix: String,
    queue: QueueChoice,
    handle: OnceLock<ForeignHandle>,
}

impl Group {
    /// A group of a service, or of another group.
    fn new(service: &Weak<Service>, parent: Option<&Group>, config: GroupConfig) -> Result<Group> {
        if config.prefix.is_empty() {
            return Err(Error::INVALID_ARG);
        }
        let prefix = match parent {
            Some(parent) => format!("{}.{}", parent.prefix, config.prefix),
            None => config.prefix,
        };
        let queue = match parent {
            Some(parent) if !config.queue.is_made() => parent.queue.clone(),
            _ => config.queue,
        };
        Ok(Group {
            service: service.clone(),
            prefix,
            queue,
            handle: OnceLock::new(),
        })
    }

    /// A group inside this one.
    pub fn add_group(&self, config: GroupConfig) -> Result<Arc<Group>> {
        Ok(Arc::new(Group::new(&self.service, Some(self), config)?))
    }

    /// An endpoint in this group. See [`Service::add_endpoint`].
    pub fn add_endpoint(&self, config: EndpointConfig) -> Result<Arc<Endpoint>> {
        self.service()?
            .add(config, Some((&self.prefix, &self.queue)))
    }

    /// The service, while it exists.
    pub fn service(&self) -> Result<Arc<Service>> {
        self.service.upgrade().ok_or(Error::INVALID_ARG)
    }

    /// Stores the handle by which a foreign caller knows the group.
    pub fn set_handle(&self, handle: ForeignHandle) {
        let _ = self.handle.set(handle);
    }

    /// The address by which a foreign caller knows the group; 0 if there is none.
    pub fn handle(&self) -> usize {
        self.handle.get().map_or(0, |handle| handle.address())
    }
}

impl Service {
    /// A group of this service.
    pub fn add_group(self: &Arc<Self>, config: GroupConfig) -> Result<Arc<Group>> {
        Ok(Arc::new(Group::new(&Arc::downgrade(self), None, config)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(group: &str, none: bool) -> QueueChoice {
        QueueChoice {
            group: group.to_owned(),
            none,
        }
    }

    #[test]
    fn the_innermost_choice_of_a_queue_group_counts() {
        let resolve = |levels: &[QueueChoice]| QueueChoice::resolve(levels);
        let unset = choice("", false);
        assert_eq!(resolve(&[]).as_deref(), Some("q"));
        assert_eq!(
            resolve(&[unset.clone(), unset.clone()]).as_deref(),
            Some("q")
        );
        assert_eq!(
            resolve(&[unset.clone(), choice("b", false), choice("c", true)]).as_deref(),
            Some("b")
        );
        assert_eq!(resolve(&[choice("a", true), choice("b", false)]), None);
        assert_eq!(
            resolve(&[unset, choice("b", true), choice("c", false)]),
            None
        );
    }

    #[test]
    fn a_group_in_a_group_inherits_all_or_nothing() {
        let group = |parent: Option<&Group>, prefix: &str, queue| {
            let config = GroupConfig {
                prefix: prefix.to_owned(),
                queue,
            };
            Group::new(&Weak::new(), parent, config).unwrap()
        };
        let outer = group(None, "a", choice("x", false));
        let inner = group(Some(&outer), "b", choice("", false));
        assert_eq!(
            (inner.prefix.as_str(), &inner.queue),
            ("a.b", &choice("x", false))
        );
        let without = group(Some(&inner), "c", choice("", true));
        assert_eq!(
            (without.prefix.as_str(), &without.queue),
            ("a.b.c", &choice("", true))
        );
        assert_eq!(
            group(Some(&without), "d", choice("", false)).queue,
            choice("", true)
        );
        assert!(outer.add_group(GroupConfig::default()).is_err());
        assert_eq!(outer.service().err(), Some(Error::INVALID_ARG));
    }

    #[test]
    fn subjects_are_whole_and_legal() {
        let full = |name: &str, subject: &str, prefix| {
            let config = EndpointConfig {
                name: name.to_owned(),
                subject: subject.to_owned(),
                ..EndpointConfig::default()
            };
            config.full_subject(prefix).map_err(|e| e.to_string())
        };
        assert_eq!(full("a", "", None).as_deref(), Ok("a"));
        assert_eq!(full("a", "b.*", Some("g")).as_deref(), Ok("g.b.*"));
        assert_eq!(full("", "b.>", None).as_deref(), Ok("b.>"));
        assert_eq!(
            full("", "", Some("g")).unwrap_err(),
            "status 16: invalid function argument"
        );
        for subject in ["a b", "a.>.b", "a>b", ".a", "a..b", "a.", "a\tb"] {
            let text = full("e", subject, None).unwrap_err();
            assert!(text.starts_with("invalid subject '"), "{text}");
            assert!(
                text.ends_with("' for endpoint 'e': status 16: invalid function argument"),
                "{text}"
            );
        }
        assert!(full("e", "ok", Some("bad prefix")).is_err());
    }

    #[test]
    fn names_have_few_characters() {
        assert!(["a", "A-1_z", "0"].iter().all(|name| is_name(name)));
        assert!(
            ["", "a b", "a.b", "é", "a\n"]
                .iter()
                .all(|name| !is_name(name))
        );
    }
}
