//! The limits of a server. Publishes are checked when they are made, and again when there is another server.

use super::appender::{Appender, Mode};
use super::publish::Outgoing;
use super::{Outbound, Wire};
use crate::error::{Error, Result, Status};
use crate::proto::salvage::Publish;
use crate::words::shown;

/// The limits of a server.
pub(in crate::client) struct Limits {
    /// The largest payload, headers included.
    pub(in crate::client) max_payload: usize,
    /// Whether it supports headers.
    pub(in crate::client) headers: bool,
}

impl Limits {
    /// No limits, before a server has announced any.
    pub(super) const UNKNOWN: Limits = Limits {
        max_payload: usize::MAX,
        headers: true,
    };

    #[inline]
    pub(super) fn allow(&self, size: usize, headers: bool) -> bool {
        size <= self.max_payload && (self.headers || !headers)
    }

    /// Why a publish is refused.
    #[cold]
    fn refusal(&self, size: usize, headers: bool) -> Error {
        if headers && !self.headers {
            return Status::NATS_NO_SERVER_SUPPORT.into();
        }
        let text = format!(
            "Payload {size} greater than maximum allowed: {}",
            self.max_payload
        );
        Error::new(Status::NATS_MAX_PAYLOAD, text)
    }

    /// Why a kept publish is given up.
    pub(super) fn give_up(&self, publish: &Publish<'_>) -> Error {
        let (subject, size) = (shown(publish.subject), publish.size);
        if publish.headers && !self.headers {
            let text =
                format!("dropped a publish to '{subject}': the server does not support headers");
            return Error::new(Status::NATS_NO_SERVER_SUPPORT, text);
        }
        let text = format!(
            "dropped a publish to '{subject}': payload {size} greater than maximum allowed: {}",
            self.max_payload
        );
        Error::new(Status::NATS_MAX_PAYLOAD, text)
    }

    fn are_tighter_than(&self, before: &Limits) -> bool {
        self.max_payload < before.max_payload || (before.headers && !self.headers)
    }
}

impl<W: Wire> Appender<W> {
    /// Can this be published now?
    #[inline]
    pub(super) fn check(&self, out: &Outgoing<'_>) -> Result<()> {
        self.check_open()?;
        let (size, headers) = (out.size(), out.headers.is_some());
        if self.limits.allow(size, headers) {
            Ok(())
        } else {
            Err(self.limits.refusal(size, headers))
        }
    }
}

impl<W: Wire> Outbound<W> {
    /// Applies the limits of a server. Returns the errors for publishes that are not sent because of them, to be
    /// reported with no lock held.
    #[must_use]
    pub(in crate::client) fn set_limits(&self, limits: Limits) -> Vec<Error> {
        let mut appender = self.appender.lock();
        let before = std::mem::replace(&mut appender.limits, limits);
        // Without a server, the buffer contains publishes that were checked against the limits of an earlier one.
        let unchecked = matches!(appender.mode, Mode::Pending);
        match unchecked || appender.limits.are_tighter_than(&before) {
            true => appender.drop_unfit(),
            false => Vec::new(),
        }
    }
}
