//! A subscription's maximum of messages, as the present server counts it.
//!
//! A server that was told a maximum ends the subscription by itself with the message that reaches it. It counts the
//! messages that it sends from the SUB that it received: after a reconnect it begins with zero, while messages of the
//! previous server may still be queued; and it counts messages that are dropped here because of the pending limits,
//! which the program does not receive. So the program's count decides when the subscription ends, and the count here
//! whether the server has ended it.

/// The numbers of messages that have arrived for a subscription.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::client) struct Arrived {
    pub(in crate::client) queued: u64,
    pub(in crate::client) dropped: u64,
}

impl Arrived {
    fn total(self) -> u64 {
        self.queued + self.dropped
    }
}

/// The progress of the present server with a subscription.
pub(in crate::client) struct ServerCount {
    /// The messages that had arrived when the server was sent the SUB.
    before: Arrived,
    /// The number of messages that had been delivered by then.
    taken_before: u64,
    /// The number of messages after which the server ends the subscription; the largest number for never.
    max: u64,
}

impl Default for ServerCount {
    fn default() -> Self {
        ServerCount {
            before: Arrived::default(),
            taken_before: 0,
            max: NEVER,
        }
    }
}

const NEVER: u64 = u64::MAX;

impl ServerCount {
    /// A server is sent the subscription, with the remainder of the program's maximum.
    pub(in crate::client) fn begin(&mut self, arrived: Arrived, taken: u64, max: Option<u64>) {
        *self = ServerCount {
            before: arrived,
            taken_before: taken,
            max: max.unwrap_or(NEVER),
        };
    }

    /// The program sets a maximum, which is greater than the number of messages delivered. Returns the number for the
    /// UNSUB, which includes the messages that this server has sent in vain.
    pub(in crate::client) fn set_max(&mut self, max: u64, arrived: Arrived) -> u64 {
        let in_vain = arrived.dropped - self.before.dropped;
        let max = max.saturating_sub(self.taken_before) + in_vain;
        self.max = max;
        max
    }

    /// Has the server ended the subscription by itself, if so many messages have arrived?
    pub(in crate::client) fn has_ended(&self, arrived: Arrived) -> bool {
        self.max != NEVER && arrived.total() - self.before.total() >= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(queued: u64) -> Arrived {
        Arrived { queued, dropped: 0 }
    }

    #[test]
    fn a_server_ends_with_the_message_that_reaches_the_maximum() {
        let mut count = ServerCount::default();
        assert!(!count.has_ended(queued(1_000_000)));
        assert_eq!(count.set_max(3, queued(2)), 3);
        assert!(!count.has_ended(queued(2)));
        assert!(count.has_ended(queued(3)) && count.has_ended(queued(4)));
        assert_eq!(count.set_max(5, queued(4)), 5);
        assert!(!count.has_ended(queued(4)));
    }

    #[test]
    fn the_next_server_begins_with_nothing() {
        let mut count = ServerCount::default();
        count.set_max(5, queued(0));
        // Three messages have arrived and one was delivered: four are left, of which two are queued.
        count.begin(queued(3), 1, Some(4));
        assert!(!count.has_ended(queued(5)));
        assert!(!count.has_ended(queued(6)));
        assert!(count.has_ended(queued(7)));
        assert_eq!(count.set_max(3, queued(3)), 2);
        assert!(count.has_ended(queued(5)));
        count.begin(queued(7), 5, Some(0));
        assert!(count.has_ended(queued(7)));
    }

    #[test]
    fn the_server_counts_what_is_dropped() {
        let mut count = ServerCount::default();
        let arrived = |queued, dropped| Arrived { queued, dropped };
        // Six messages have arrived, of which two were dropped: the tenth for the program is the server's twelfth.
        assert_eq!(count.set_max(10, arrived(4, 2)), 12);
        assert!(!count.has_ended(arrived(9, 2)));
        assert!(count.has_ended(arrived(10, 2)));
        assert!(count.has_ended(arrived(8, 4)), "two more are missing");
        // The server is sent the subscription anew. It has not sent anything in vain since.
        count.begin(arrived(8, 4), 8, Some(2));
        assert!(!count.has_ended(arrived(9, 4)));
        assert!(count.has_ended(arrived(10, 4)));
        assert_eq!(count.set_max(11, arrived(9, 4)), 3);
        assert_eq!(count.set_max(11, arrived(9, 5)), 4);
    }
}
