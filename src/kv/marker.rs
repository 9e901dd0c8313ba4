//! The place among the entries of a watch at which the initial data are complete.
//!
//! The consumer says behind how many messages that is ([`Events::initial_complete`]), before any later
//! message is in the queue; the taker of the messages says it to the program behind that message. If it
//! has been taken by then, a message of our own, which is put into the queue, has the taker look.
//!
//! [`Events::initial_complete`]: crate::js::consume::Events::initial_complete

/// The state on the side of the receiver.
#[derive(Debug, Default)]
pub struct Marker {
    /// The number of messages of the consumer that were taken.
    taken: u64,
    /// The program has been told.
    given: bool,
}

impl Marker {
    /// A message of the consumer was taken. `after` is the number of messages of the initial data, if it is known.
    /// Returns true if the program has to be told after this message.
    pub fn took(&mut self, after: Option<u64>) -> bool {
        self.taken += 1;
        self.look(after)
    }

    /// The library's own message was taken.
    pub fn look(&mut self, after: Option<u64>) -> bool {
        let due = !self.given && after.is_some_and(|after| self.taken >= after);
        self.given |= due;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The contents of a subscription's queue.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Item {
        Message,
        Ours,
    }

    proptest! {
        /// The consumer completes after `complete` of `all` messages. It puts its messages into the queue,
        /// and says so before a later one is there; the taker takes them at any moments in between.
        #[test]
        fn the_marker_comes_once_and_in_its_place(
            all in 0u64..12,
            complete in 0u64..12,
            early in 0u64..12,
            takes in proptest::collection::vec(0usize..4, 0..40),
        ) {
            let complete = complete.min(all);
            let told_at = complete.saturating_sub(early);
            let mut queue = std::collections::VecDeque::new();
            let mut after = None;
            let mut marker = Marker::default();
            let (mut taken, mut markers) = (0, Vec::new());
            let mut takes = takes.into_iter();
            let mut take = |queue: &mut std::collections::VecDeque<Item>, after, most: usize| {
                for _ in 0..most {
                    let due = match queue.pop_front() {
                        None => return,
                        Some(Item::Message) => {
                            taken += 1;
                            marker.took(after)
                        }
                        Some(Item::Ours) => marker.look(after),
                    };
                    if due {
                        markers.push(taken);
                    }
                }
            };
            for put in 0..=all {
                if put > 0 {
                    queue.push_back(Item::Message);
                }
                take(&mut queue, after, takes.next().unwrap_or(0));
                if put == told_at {
                    after = Some(complete);
                    take(&mut queue, after, takes.next().unwrap_or(0));
                    queue.push_back(Item::Ours);
                }
                take(&mut queue, after, takes.next().unwrap_or(0));
            }
            take(&mut queue, after, usize::MAX);
            prop_assert_eq!(markers, [complete]);
        }
    }
}
