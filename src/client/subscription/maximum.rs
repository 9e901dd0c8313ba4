//! A subscription's maximum of messages, as the present server counts it.
//!
//! A server that was told a maximum ends the subscription by itself with the message that reaches it. It counts the
//! messages that it sends from the SUB that it received: after a reconnect it begins with zero, while messages of the
//! previous server may still be queued. So the program's count decides when the subscription ends, and the count here
//! whether the server has ended it.

/// The progress of the present server with a subscription.
pub(in crate::client) struct ServerCount {
    /// The number of messages that had arrived when the server was sent the SUB.
    come_before: u64,
    /// The number of messages that had been delivered by then.
    taken_before: u64,
    /// The number of messages after which the server ends the subscription; the largest number for never.
    max: u64,
}

impl Default for ServerCount {
    fn default() -> Self {
        ServerCount {
            come_before: 0,
            taken_before: 0,
            max: NEVER,
        }
    }
}

const NEVER: u64 = u64::MAX;

impl ServerCount {
    /// A server is sent the subscription, with the remainder of the program's maximum.
    pub(in crate::client) fn begin(&mut self, come: u64, taken: u64, max: Option<u64>) {
        *self = ServerCount {
            come_before: come,
            taken_before: taken,
            max: max.unwrap_or(NEVER),
        };
    }

    /// The program sets a maximum, which is greater than the number of messages delivered. Returns the number for the
    /// UNSUB.
    pub(in crate::client) fn set_max(&mut self, max: u64) -> u64 {
        let max = max.saturating_sub(self.taken_before);
        self.max = max;
        max
    }

    /// Has the server ended the subscription by itself, if this many messages have arrived in total?
    pub(in crate::client) fn has_ended(&self, come: u64) -> bool {
        self.max != NEVER && come.saturating_sub(self.come_before) >= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_ends_with_the_message_that_reaches_the_maximum() {
        let mut count = ServerCount::default();
        assert!(!count.has_ended(1_000_000));
        assert_eq!(count.set_max(3), 3);
        assert!(!count.has_ended(2));
        assert!(count.has_ended(3) && count.has_ended(4));
        assert_eq!(count.set_max(5), 5);
        assert!(!count.has_ended(4));
    }

    #[test]
    fn the_next_server_begins_with_nothing() {
        let mut count = ServerCount::default();
        count.set_max(5);
        // Three messages have arrived and one was delivered: four are left, of which two are queued.
        count.begin(3, 1, Some(4));
        assert!(!count.has_ended(5));
        assert!(!count.has_ended(6));
        assert!(count.has_ended(7));
        assert_eq!(count.set_max(3), 2);
        assert!(count.has_ended(5));
        count.begin(7, 5, Some(0));
        assert!(count.has_ended(7));
    }
}
