//! How much an asynchronous pull requests, and when it ends.

use std::collections::VecDeque;
use std::time::Duration;

use super::request::PullOptions;
use crate::error::{Error, Status};

/// The default number of messages in a request.
const FETCH_SIZE: u64 = 128;

/// The options of an asynchronous pull.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowOptions {
    /// The time after which it ends; zero for no limit.
    pub timeout: Duration,
    /// The number of messages after which it ends; 0 for no limit.
    pub max_messages: u64,
    /// The number of bytes after which it ends; 0 for no limit.
    pub max_bytes: u64,
    /// Whether to take the messages that are available now, and end.
    pub no_wait: bool,
    /// The number of messages in a request; 0 for 128.
    pub fetch_size: u64,
    /// The number of outstanding messages at which the next request is sent.
    pub keep_ahead: u64,
    /// The program decides what to request.
    pub by_program: bool,
    /// The other options of each request.
    pub pull: PullOptions,
}

impl FlowOptions {
    /// Sets the default for requesting messages ahead: half of the number in a request. Not if the number of messages
    /// is not the only limit.
    pub(super) fn ask_ahead(&mut self) {
        if self.keep_ahead == 0 && self.max_bytes == 0 && !self.no_wait {
            self.keep_ahead = self.at_a_time() / 2;
        }
    }

    /// The number of messages in a request.
    fn at_a_time(&self) -> u64 {
        match self.fetch_size {
            0 => FETCH_SIZE,
            size => size,
        }
    }
}

/// A request that is not known to have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outstanding {
    pub(super) number: u64,
    /// The number of its messages that have not arrived.
    pub(super) left: u64,
    /// The number of its messages that have arrived.
    pub(super) came: u64,
    pub(super) max_bytes: u64,
}

/// The size of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// How many messages.
    pub messages: u64,
    /// How many bytes; 0 for no limit.
    pub max_bytes: u64,
}

/// Counts the requested, arrived and delivered messages.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// In the order in which the server serves them.
    pub(super) outstanding: VecDeque<Outstanding>,
    /// Requested messages, without those that are known not to arrive.
    requested: u64,
    received_bytes: u64,
    pub(super) delivered: u64,
    /// Headers and payloads of the same.
    delivered_bytes: u64,
    /// Arrived messages that the queue had no room for.
    dropped: u64,
}

impl Flow {
    /// A request was sent.
    pub(super) fn asked(&mut self, number: u64, ask: Ask) {
        self.requested += ask.messages;
        self.outstanding.push_back(Outstanding {
            number,
            left: ask.messages,
            came: 0,
            max_bytes: ask.max_bytes,
        });
    }

    /// Messages have arrived, which the server counts for the first waiting request.
    pub(super) fn came(&mut self, mut messages: u64, bytes: u64) {
        self.received_bytes += bytes;
        while messages > 0
            && let Some(first) = self.outstanding.front_mut()
        {
            let some = messages.min(first.left);
            first.left -= some;
            first.came += some;
            messages -= some;
            if first.left > 0 {
                break;
            }
            self.outstanding.pop_front();
        }
    }

    /// This number of messages has arrived that are not delivered to the program.
    pub(super) fn skipped(&mut self, messages: u64) {
        self.came(messages, 0);
        self.requested = self.requested.saturating_sub(messages);
    }

    /// The queue has dropped this number of arrived messages since the subscription began.
    pub(super) fn dropped(&mut self, dropped: u64) {
        let new = dropped.saturating_sub(self.dropped);
        self.dropped = dropped.max(self.dropped);
        self.requested = self.requested.saturating_sub(new);
    }

    /// The server has ended a request: the rest of its messages will not arrive. `pending` is their
    /// number, if the server reports it.
    pub(super) fn ended(&mut self, number: u64, pending: Option<u64>) -> Option<Outstanding> {
        let at = self.outstanding.iter().position(|o| o.number == number)?;
        let mut ended = self.outstanding.remove(at)?;
        if let Some(pending) = pending {
            ended.left = pending.min(ended.left + ended.came);
        }
        self.requested = self.requested.saturating_sub(ended.left);
        Some(ended)
    }

    /// No request is known to the server any more. Returns the number of messages that had not
    /// arrived, and the byte limit.
    pub(super) fn lost(&mut self) -> Option<Ask> {
        let lost: u64 = self.outstanding.iter().map(|o| o.left).sum();
        let max_bytes = self.outstanding.iter().map(|o| o.max_bytes).max();
        self.outstanding.clear();
        self.requested = self.requested.saturating_sub(lost);
        (lost > 0).then_some(Ask {
            messages: lost,
            max_bytes: max_bytes.unwrap_or(0),
        })
    }

    /// A message was delivered.
    pub(super) fn delivered(&mut self, size: u64) {
        self.delivered += 1;
        self.delivered_bytes += size;
    }

    /// Have all messages that the program wants been delivered?
    pub(super) fn is_full(&self, options: &FlowOptions) -> bool {
        let all = options.max_messages > 0 && self.delivered >= options.max_messages;
        let large = options.max_bytes > 0 && self.delivered_bytes > options.max_bytes;
        all || large
    }

    /// The request to send now, if the program does not decide.
    pub(super) fn decide(&self, options: &FlowOptions) -> Option<Ask> {
        if self.requested.saturating_sub(self.delivered) > options.keep_ahead {
            return None;
        }
        let mut messages = options.at_a_time();
        if options.max_messages > 0 {
            messages = messages.min(options.max_messages.saturating_sub(self.requested));
        }
        let max_bytes = options.max_bytes.saturating_sub(self.received_bytes);
        if messages == 0 || (options.max_bytes > 0 && max_bytes == 0) {
            return None;
        }
        Some(Ask {
            messages,
            max_bytes,
        })
    }
}

/// The reason why an asynchronous pull has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit(pub Error);

impl Exit {
    pub(super) fn full() -> Self {
        Exit(Status::NATS_MAX_DELIVERED_MSGS.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(messages: u64) -> Ask {
        Ask {
            messages,
            max_bytes: 0,
        }
    }

    #[test]
    fn without_keep_ahead_all_have_to_be_delivered_first() {
        let options = FlowOptions {
            fetch_size: 2,
            max_messages: 5,
            ..FlowOptions::default()
        };
        let mut flow = Flow::default();
        let mut sizes = Vec::new();
        let mut number = 0;
        loop {
            while let Some(ask) = flow.decide(&options) {
                number += 1;
                sizes.push((flow.delivered, ask.messages));
                flow.asked(number, ask);
            }
            if flow.is_full(&options) {
                break;
            }
            flow.came(1, 1);
            flow.delivered(1);
        }
        assert_eq!(sizes, [(0, 2), (2, 2), (4, 1)]);
        assert!(flow.outstanding.is_empty());
    }

    #[test]
    fn half_of_a_request_is_kept_ahead_where_nothing_is_said() {
        let ahead = |options: FlowOptions| {
            let mut options = options;
            options.ask_ahead();
            options.keep_ahead
        };
        let size = |fetch_size| FlowOptions {
            fetch_size,
            ..FlowOptions::default()
        };
        assert_eq!(ahead(size(0)), 64);
        assert_eq!(ahead(size(10)), 5);
        assert_eq!(ahead(size(1)), 0);
        let keep_ahead = 7;
        let said = FlowOptions {
            keep_ahead,
            ..size(10)
        };
        assert_eq!(ahead(said), keep_ahead);
        let max_bytes = 100;
        assert_eq!(
            ahead(FlowOptions {
                max_bytes,
                ..size(10)
            }),
            0
        );
        assert_eq!(
            ahead(FlowOptions {
                no_wait: true,
                ..size(10)
            }),
            0
        );
    }

    #[test]
    fn what_does_not_come_is_asked_for_again() {
        let options = FlowOptions {
            fetch_size: 10,
            max_messages: 20,
            keep_ahead: 10,
            ..FlowOptions::default()
        };
        let mut flow = Flow::default();
        flow.asked(1, flow.decide(&options).unwrap());
        flow.asked(2, flow.decide(&options).unwrap());
        assert_eq!(flow.decide(&options), None);
        flow.came(3, 3);
        assert_eq!(flow.ended(1, None).unwrap().left, 7);
        assert_eq!(flow.decide(&options), None);
        (0..3).for_each(|_| flow.delivered(1));
        assert_eq!(flow.decide(&options), Some(ask(7)));
        assert_eq!(flow.lost(), Some(ask(10)));
        assert_eq!(flow.decide(&options), Some(ask(10)));
        assert_eq!(flow.ended(9, None), None);
        flow.asked(3, ask(10));
        flow.came(4, 4);
        // The server reports which of them arrived.
        assert_eq!(flow.ended(3, Some(8)).unwrap().left, 8);
    }

    #[test]
    fn bytes_end_it_too() {
        let options = FlowOptions {
            max_bytes: 100,
            ..FlowOptions::default()
        };
        let mut flow = Flow::default();
        let first = flow.decide(&options).unwrap();
        assert_eq!((first.messages, first.max_bytes), (128, 100));
        flow.asked(1, first);
        flow.came(1, 60);
        flow.delivered(60);
        assert!(!flow.is_full(&options));
        flow.ended(1, None);
        assert_eq!(flow.decide(&options).unwrap().max_bytes, 40);
        flow.asked(2, flow.decide(&options).unwrap());
        flow.came(1, 41);
        flow.delivered(41);
        assert!(flow.is_full(&options));
        flow.lost();
        assert_eq!(flow.decide(&options), None);
    }

    #[test]
    fn what_was_dropped_is_asked_for_again() {
        let options = FlowOptions {
            fetch_size: 4,
            ..FlowOptions::default()
        };
        let mut flow = Flow::default();
        flow.asked(1, flow.decide(&options).unwrap());
        flow.came(4, 4);
        flow.delivered(1);
        assert_eq!(flow.decide(&options), None);
        flow.dropped(3);
        flow.dropped(3);
        assert_eq!(flow.decide(&options), Some(ask(4)));
    }

    proptest! {
        #[test]
        fn it_never_asks_for_more_than_it_may(
            steps in proptest::collection::vec((0u8..6, 0u64..9), 0..200),
            fetch_size in 1u64..9, max in 0u64..40, keep_ahead in 0u64..20,
        ) {
            let options = FlowOptions {
                fetch_size,
                max_messages: max,
                keep_ahead,
                ..FlowOptions::default()
            };
            let mut flow = Flow::default();
            let (mut waiting, mut number) = (0u64, 0u64);
            for (what, n) in steps {
                match what {
                    0 => if let Some(ask) = flow.decide(&options) {
                        number += 1;
                        flow.asked(number, ask);
                    },
                    1 => {
                        let left: u64 = flow.outstanding.iter().map(|o| o.left).sum();
                        let some = n.min(left);
                        flow.came(some, some);
                        waiting += some;
                    }
                    2 => if waiting > 0 {
                        waiting -= 1;
                        flow.delivered(1);
                    },
                    3 => {
                        flow.ended(number, None);
                    }
                    4 => {
                        let left: u64 = flow.outstanding.iter().map(|o| o.left).sum();
                        flow.skipped(n.min(left));
                    }
                    _ => {
                        flow.lost();
                    }
                }
                let on_the_way: u64 = flow.outstanding.iter().map(|o| o.left).sum();
                prop_assert_eq!(flow.requested, flow.delivered + waiting + on_the_way);
                prop_assert!(flow.requested <= flow.delivered + keep_ahead + fetch_size);
                prop_assert!(max == 0 || flow.requested <= max);
            }
        }
    }
}
