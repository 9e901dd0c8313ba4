//! Consumers whose messages are acknowledged by the answers to flow control (ADR-60), as servers use them between
//! streams: an answer acknowledges the last message that has been processed, and with it all earlier ones.
//!
//! The server does not redeliver messages by itself. So the number of each delivery has to follow the previous one.
//! If one is missing, or the program's queue is full, the messages behind it are dropped and the consumer is reset:
//! it begins with the delivery number 1 behind the acknowledged messages. Of these deliveries the program receives
//! those that it has not received before. Observed with servers 2.15: an answer without a number acknowledges
//! nothing, and the consumer stops at its `max_ack_pending`; an answer with a number higher than that of the last
//! delivery acknowledges all messages.

use std::time::Duration;

use super::backoff::Backoff;

/// The last message that has been processed: its number among the deliveries, and its sequence in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// The number of the delivery.
    pub consumer: u64,
    /// The sequence in the stream.
    pub stream: u64,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is delivered to the program.
    Pass,
    /// The program has received it before.
    Skip,
    /// It is delivered again after a reset.
    Drop,
}

/// The progress of a consumer whose messages are acknowledged by flow control.
#[derive(Debug, Default)]
pub struct FlowAcks {
    /// The number of the next delivery; 0 while one is missing, until the consumer begins again.
    expected: u64,
    floor: Option<Floor>,
    /// The stream sequence of the last message that the program received.
    passed: u64,
    /// The subscription waits for the beginning after its own reset.
    resetting: bool,
    /// The request for the reset, or the timer before it, is in progress.
    requested: bool,
    /// The next reset is the first one since messages arrived without a gap.
    at_once: bool,
    backoff: Backoff,
}

impl FlowAcks {
    /// Begins with a consumer that was created for this subscription.
    pub fn new() -> Self {
        FlowAcks {
            expected: 1,
            at_once: true,
            ..FlowAcks::default()
        }
    }

    /// The consumer existed before: messages that it has delivered to other clients and that were not acknowledged
    /// are delivered after a reset.
    pub fn found(&mut self) {
        self.expected = 0;
    }

    /// Another consumer takes the place of the previous one.
    pub fn replaced(&mut self) {
        self.expected = 1;
        self.floor = None;
        self.resetting = false;
    }

    /// A message arrived. `fits`: the queue has room for it.
    pub fn message(&mut self, consumer: u64, stream: u64, fits: bool) -> Verdict {
        if consumer == 1 {
            // The answer to the request may arrive after the first message.
            if !std::mem::take(&mut self.resetting) && !self.requested {
                // Another client has reset it, perhaps to receive messages again.
                self.passed = 0;
            }
            self.expected = 1;
            self.floor = None;
        }
        let skip = stream <= self.passed;
        if self.expected != consumer {
            self.expected = 0;
            return Verdict::Drop;
        }
        if !(fits || skip) {
            // Not before there can be room again.
            self.at_once = false;
            self.expected = 0;
            return Verdict::Drop;
        }
        self.expected += 1;
        self.floor = Some(Floor { consumer, stream });
        if skip {
            return Verdict::Skip;
        }
        self.passed = stream;
        self.at_once = true;
        self.backoff.succeeded();
        Verdict::Pass
    }

    /// A heartbeat arrived, which has the number of the last delivery.
    pub fn heartbeat(&mut self, last: u64) {
        if self.expected > 0 && last >= self.expected {
            self.expected = 0;
        } else if self.expected == 0 && !self.requested && last > 0 {
            // The consumer has begun again, and its first message was missing too.
            self.resetting = false;
        }
    }

    /// What an answer to a flow control request that arrives now acknowledges, once all earlier
    /// messages were processed.
    pub fn floor(&self) -> Option<Floor> {
        self.floor
    }

    /// The time after which the caller has to reset the consumer; `None` if no reset is necessary.
    pub fn reset_due(&mut self) -> Option<Duration> {
        if self.expected > 0 || self.resetting || self.requested {
            return None;
        }
        self.requested = true;
        Some(match std::mem::take(&mut self.at_once) {
            true => Duration::ZERO,
            false => self.backoff.failed(),
        })
    }

    /// The server has answered the request for a reset, or the request has failed.
    pub fn reset_done(&mut self, done: bool) {
        self.requested = false;
        self.resetting = done && self.expected == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(consumer: u64, stream: u64) -> Option<Floor> {
        Some(Floor { consumer, stream })
    }

    #[test]
    fn messages_in_order_move_the_floor() {
        let mut acks = FlowAcks::new();
        assert_eq!(acks.floor(), None);
        assert_eq!(acks.message(1, 10, true), Verdict::Pass);
        assert_eq!(acks.message(2, 15, true), Verdict::Pass);
        acks.heartbeat(2);
        assert_eq!(acks.floor(), floor(2, 15));
        assert_eq!(acks.reset_due(), None);
    }

    #[test]
    fn a_missing_message_leads_to_a_reset() {
        let mut acks = FlowAcks::new();
        acks.message(1, 10, true);
        assert_eq!(acks.message(3, 12, true), Verdict::Drop);
        assert_eq!(acks.message(4, 13, true), Verdict::Drop);
        assert_eq!(acks.floor(), floor(1, 10));
        assert!(acks.reset_due().is_some());
        // Once.
        assert_eq!(acks.reset_due(), None);
        acks.reset_done(true);
        assert_eq!(acks.message(5, 14, true), Verdict::Drop);
        assert_eq!(acks.reset_due(), None);
        // The first one had not been acknowledged.
        assert_eq!(acks.message(1, 10, true), Verdict::Skip);
        assert_eq!(acks.floor(), floor(1, 10));
        assert_eq!(acks.message(2, 11, true), Verdict::Pass);
        assert_eq!(acks.message(3, 12, true), Verdict::Pass);
        assert_eq!(acks.floor(), floor(3, 12));
        assert_eq!(acks.reset_due(), None);
    }

    #[test]
    fn a_heartbeat_shows_that_the_last_ones_are_missing() {
        let mut acks = FlowAcks::new();
        acks.message(1, 10, true);
        acks.heartbeat(3);
        assert!(acks.reset_due().is_some());
        acks.reset_done(false);
        assert!(acks.reset_due().is_some());
        acks.reset_done(true);
        assert_eq!(acks.reset_due(), None);
        // And the first one of those that were delivered again.
        acks.heartbeat(1);
        assert!(acks.reset_due().is_some());
    }

    #[test]
    fn a_full_queue_drops_until_a_reset() {
        let mut acks = FlowAcks::new();
        acks.message(1, 10, true);
        assert_eq!(acks.message(2, 11, false), Verdict::Drop);
        assert_eq!(acks.message(3, 12, true), Verdict::Drop);
        assert!(acks.reset_due() > Some(Duration::ZERO));
        acks.reset_done(true);
        // A message that the program has received already needs no room.
        assert_eq!(acks.message(1, 10, false), Verdict::Skip);
        assert_eq!(acks.message(2, 11, true), Verdict::Pass);
    }

    #[test]
    fn a_reset_by_others_delivers_again() {
        let mut acks = FlowAcks::new();
        acks.message(1, 10, true);
        acks.message(2, 11, true);
        assert_eq!(acks.message(1, 5, true), Verdict::Pass);
        assert_eq!(acks.message(2, 10, true), Verdict::Pass);
        assert_eq!(acks.floor(), floor(2, 10));
    }

    #[test]
    fn a_consumer_that_was_found_is_reset_first() {
        let mut acks = FlowAcks::new();
        acks.found();
        assert_eq!(acks.message(7, 70, true), Verdict::Drop);
        assert_eq!(acks.floor(), None);
        assert_eq!(acks.reset_due(), Some(Duration::ZERO));
        // Its messages may arrive before the answer.
        assert_eq!(acks.message(1, 60, true), Verdict::Pass);
        acks.reset_done(true);
        assert_eq!(acks.message(2, 61, true), Verdict::Pass);
        assert_eq!(acks.reset_due(), None);
    }

    #[test]
    fn a_reset_whose_answer_is_late_delivers_nothing_twice() {
        let mut acks = FlowAcks::new();
        acks.message(1, 10, true);
        acks.message(3, 12, true);
        assert!(acks.reset_due().is_some());
        assert_eq!(acks.message(1, 10, true), Verdict::Skip);
        acks.reset_done(true);
        assert_eq!(acks.message(2, 11, true), Verdict::Pass);
    }

    #[test]
    fn the_waits_between_resets_grow() {
        let mut acks = FlowAcks::new();
        let mut last = Duration::ZERO;
        for _ in 0..6 {
            acks.heartbeat(9);
            let wait = acks.reset_due().expect("it is due");
            acks.reset_done(false);
            last = last.max(wait);
        }
        assert!(last >= Duration::from_secs(4));
    }
}
