//! A subscription's maximum of messages, as the present server counts it.
//!
//! A server that was told a maximum ends the subscription by itself with the message that reaches it.
//! It counts what it sends, from the SUB that it got: after a reconnect it begins with nothing, while
//! messages of the server before may still wait for the program. So the program's count says when the
//! subscription is over, and this one whether the server knows.

/// How far the present server is with a subscription.
#[derive(Default)]
pub(in crate::client) struct ServerCount {
    /// Messages that had come when the server was told of the subscription.
    come_before: u64,
    /// Messages that the program had got by then.
    taken_before: u64,
    /// After how many messages of its own the server ends the subscription; `None` for never.
    max: Option<u64>,
}

impl ServerCount {
    /// A server is told of the subscription, and of the maximum that is left of the program's.
    pub(in crate::client) fn begin(&mut self, come: u64, taken: u64, max: Option<u64>) {
        *self = ServerCount {
            come_before: come,
            taken_before: taken,
            max,
        };
    }

    /// The program sets a maximum, greater than what it got so far. Returns what the server is to be
    /// told.
    pub(in crate::client) fn set_max(&mut self, max: u64) -> u64 {
        let max = max.saturating_sub(self.taken_before);
        self.max = Some(max);
        max
    }

    /// Has the server ended the subscription by itself, when so many messages have come in all?
    pub(in crate::client) fn has_ended(&self, come: u64) -> bool {
        self.max
            .is_some_and(|max| come.saturating_sub(self.come_before) >= max)
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
        // Three came, the program got one: four are left for it, two of which wait.
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
