//! What servers' answers had that the structures handed out for them have no place for.
//!
//! The structures have the layout of nats.c's. What newer servers say beyond that is kept for as long as the structure
//! lives, and found again by its address; [`answers`](super::answers) has the functions that tell it. A structure that
//! has nothing beyond its fields has no entry.

use std::collections::BTreeMap;
use std::ffi::CString;

use crate::error::{Error, Result, Status};
use crate::fork::PerProcess;
use crate::js::api::{AccountInfo, ConsumerInfo, PeerInfo, SourceInfo, StreamInfo};
use crate::js::time::Time;
use crate::locks::Mutex;

/// What a structure has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beyond {
    Stream {
        timestamp: Time,
        domain: Option<CString>,
    },
    Consumer {
        timestamp: Time,
    },
    Account(Account),
    Source {
        text: CString,
        code: i32,
    },
    Peer {
        id: Option<CString>,
        pending: u64,
    },
}

/// What `jsAccountInfo` has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub level: i64,
    pub inflight: u64,
    /// Bytes in memory and in files that streams have reserved: of the account, and of each tier.
    pub reserved: (u64, u64),
    pub tiers: BTreeMap<String, (u64, u64)>,
}

/// A child made by `fork` has none of its parent's.
static ANSWERS: PerProcess<Mutex<BTreeMap<usize, Beyond>>> =
    PerProcess::new(Mutex::new(BTreeMap::new()));

/// Keeps what the structure at `structure` has no place for. What was kept for one that was at the same address, and
/// that the program freed itself, is forgotten in any case.
pub(super) fn keep<T>(structure: &T, beyond: Option<Beyond>) {
    let address = std::ptr::from_ref(structure).addr();
    let mut answers = ANSWERS.get().lock();
    match beyond {
        Some(beyond) => drop(answers.insert(address, beyond)),
        None => drop(answers.remove(&address)),
    }
}

/// Forgets what was kept for the structure at `structure`, which ends.
pub(super) fn forget<T>(structure: &T) {
    keep(structure, None);
}

/// What `look` finds in what was kept for a structure; [`Status::NATS_NOT_FOUND`] where that is nothing.
pub(super) fn find<T, R>(
    structure: *const T,
    look: impl FnOnce(&Beyond) -> Option<R>,
) -> Result<R> {
    let found = ANSWERS.get().lock().get(&structure.addr()).and_then(look);
    found.ok_or_else(|| {
        let text = "the server did not say this, or the structure is not one that this process got";
        Error::new(Status::NATS_NOT_FOUND, text)
    })
}

/// A string that C can have; `None` for an empty one. What follows a NUL byte is left out.
fn c_text(text: &str) -> Option<CString> {
    let text = text.split('\0').next().unwrap_or_default();
    (!text.is_empty())
        .then(|| CString::new(text).ok())
        .flatten()
}

impl Beyond {
    pub(super) fn of_stream(info: &StreamInfo) -> Option<Self> {
        let domain = c_text(&info.domain);
        (info.timestamp != Time(0) || domain.is_some()).then_some(Beyond::Stream {
            timestamp: info.timestamp,
            domain,
        })
    }

    pub(super) fn of_consumer(info: &ConsumerInfo) -> Option<Self> {
        let timestamp = info.timestamp;
        (timestamp != Time(0)).then_some(Beyond::Consumer { timestamp })
    }

    pub(super) fn of_account(info: &AccountInfo) -> Option<Self> {
        let tiers = info.tiers.iter();
        let tiers = tiers.map(|(name, t)| (name.clone(), (t.reserved_memory, t.reserved_store)));
        Some(Beyond::Account(Account {
            level: info.api.level,
            inflight: info.api.inflight,
            reserved: (info.reserved_memory, info.reserved_store),
            tiers: tiers.collect(),
        }))
    }

    pub(super) fn of_source(source: &SourceInfo) -> Option<Self> {
        source.error.as_ref().map(|error| Beyond::Source {
            text: c_text(&error.description).unwrap_or_default(),
            code: i32::try_from(error.err_code).unwrap_or(i32::MAX),
        })
    }

    pub(super) fn of_peer(peer: &PeerInfo) -> Option<Self> {
        let id = c_text(&peer.peer);
        (id.is_some() || peer.pending > 0).then_some(Beyond::Peer {
            id,
            pending: peer.pending,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_ends_with_the_structure() {
        let place = 7_u64;
        let look = |beyond: &Beyond| match beyond {
            Beyond::Consumer { timestamp } => Some(timestamp.0),
            _ => None,
        };
        keep(&place, Some(Beyond::Consumer { timestamp: Time(5) }));
        assert_eq!(find(&place, look).unwrap(), 5);
        // Another structure at the same address, without anything beyond.
        keep(&place, None);
        let error = find(&place, look).unwrap_err();
        assert_eq!(error.status(), Status::NATS_NOT_FOUND);
        let other = Beyond::Peer {
            id: None,
            pending: 1,
        };
        keep(&place, Some(other));
        assert!(find(&place, look).is_err());
        forget(&place);
        assert!(find(&place, |_| Some(())).is_err());
    }

    #[test]
    fn nothing_beyond_the_fields_needs_no_entry() {
        assert_eq!(Beyond::of_stream(&StreamInfo::default()), None);
        assert_eq!(Beyond::of_consumer(&ConsumerInfo::default()), None);
        assert_eq!(Beyond::of_source(&SourceInfo::default()), None);
        assert_eq!(Beyond::of_peer(&PeerInfo::default()), None);
        let domain = StreamInfo {
            domain: "hub\0x".into(),
            ..Default::default()
        };
        let Some(Beyond::Stream { domain, .. }) = Beyond::of_stream(&domain) else {
            panic!("it has a domain");
        };
        assert_eq!(domain.unwrap().as_c_str(), c"hub");
    }
}
