//! Flow control: the server pauses a push consumer until its flow control request is answered. The answer is due when
//! the program has received all messages that arrived before the request.

use super::flow_ack::Floor;

/// The pending answer of a subscription.
#[derive(Debug, Default)]
pub struct FlowControl {
    owed: Option<Owed>,
}

#[derive(Debug)]
struct Owed {
    /// The answer is due when the program has taken this many messages.
    after: u64,
    reply: Box<[u8]>,
    /// The message that the answer acknowledges.
    floor: Option<Floor>,
}

impl FlowControl {
    /// A flow control request has arrived. `received` counts the messages that were put into the queue so far,
    /// `taken` those of them that the program has received. `floor` is what the answer acknowledges. Returns whether
    /// the answer is due at once; otherwise it replaces a pending one.
    pub fn asked(&mut self, reply: &[u8], floor: Option<Floor>, received: u64, taken: u64) -> bool {
        if taken >= received {
            self.owed = None;
            return true;
        }
        self.owed = Some(Owed {
            after: received,
            reply: reply.into(),
            floor,
        });
        false
    }

    /// Returns the subject of the answer, and what it acknowledges, if an answer is due after
    /// `taken` messages.
    pub fn due(&mut self, taken: u64) -> Option<(Box<[u8]>, Option<Floor>)> {
        self.owed
            .take_if(|owed| taken >= owed.after)
            .map(|owed| (owed.reply, owed.floor))
    }

    /// The number of messages after which the answer is due; `u64::MAX` if none is pending.
    pub fn due_after(&self) -> u64 {
        self.owed.as_ref().map_or(u64::MAX, |owed| owed.after)
    }

    /// The consumer that sent the request does not exist any more: no answer is pending.
    pub fn forget(&mut self) {
        self.owed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_due_when_all_that_came_before_was_taken() {
        let mut flow = FlowControl::default();
        assert!(flow.asked(b"a", None, 0, 0));
        assert_eq!(flow.due_after(), u64::MAX);
        assert!(!flow.asked(b"b", None, 10, 3));
        assert_eq!(flow.due_after(), 10);
        assert_eq!(flow.due(9), None);
        assert_eq!(flow.due(10), Some((b"b"[..].into(), None)));
        assert_eq!(flow.due(11), None);
    }

    #[test]
    fn a_newer_question_replaces_the_older_one() {
        let mut flow = FlowControl::default();
        assert!(!flow.asked(b"a", None, 10, 3));
        assert!(!flow.asked(b"b", None, 12, 3));
        assert_eq!(flow.due(11), None);
        assert_eq!(flow.due(12), Some((b"b"[..].into(), None)));
        assert!(!flow.asked(b"c", None, 20, 3));
        assert!(flow.asked(b"d", None, 20, 20));
        assert_eq!(flow.due(20), None);
        assert!(!flow.asked(b"e", None, 30, 20));
        flow.forget();
        assert_eq!(flow.due(40), None);
    }
}
