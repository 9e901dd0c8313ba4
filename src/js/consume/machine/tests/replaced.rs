//! The end of the initial data where messages are replaced before they were delivered: a stream that keeps
//! one message of each subject, and one consumer of the last of each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::js::consume::machine::{Created, Kind, Machine, Policy};
use crate::js::consume::metadata::Metadata;

/// The state of the server.
#[derive(Default)]
struct Server {
    /// The last message of each subject.
    last: BTreeMap<u8, u64>,
    end: u64,
    /// The sequences of the initial data that the consumer has not considered yet, in order.
    initial: VecDeque<(u64, u8)>,
    /// The last sequence that it has considered after them.
    position: u64,
    delivered: u64,
}

impl Server {
    fn publish(&mut self, subject: u8) {
        self.end += 1;
        self.last.insert(subject, self.end);
    }

    fn pending(&self) -> u64 {
        let initial = self.initial.iter();
        let initial = initial.filter(|(seq, subject)| self.last.get(subject) == Some(seq));
        let live = self.last.values().filter(|seq| **seq > self.position);
        (initial.count() + live.count()) as u64
    }

    /// Creates the consumer.
    fn consume(&mut self) -> Created {
        let mut initial: Vec<_> = self
            .last
            .iter()
            .map(|(subject, seq)| (*seq, *subject))
            .collect();
        initial.sort_unstable();
        self.initial = initial.into();
        self.position = self.end;
        Created {
            stream_seq: 0,
            consumer_seq: 0,
            pending: self.pending(),
            time: time(self.end),
        }
    }

    /// The next message that the consumer sends: its sequence and its subject.
    fn next(&mut self) -> Option<(u64, u8)> {
        while let Some((seq, subject)) = self.initial.pop_front() {
            if self.last.get(&subject) == Some(&seq) {
                self.delivered += 1;
                return Some((seq, subject));
            }
        }
        let later = self.last.iter().filter(|(_, seq)| **seq > self.position);
        let (seq, subject) = later.map(|(subject, seq)| (*seq, *subject)).min()?;
        self.position = seq;
        self.delivered += 1;
        Some((seq, subject))
    }
}

/// When a message was stored.
fn time(seq: u64) -> i64 {
    1_000 * (seq as i64 + 1)
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Publish(u8),
    Deliver,
    Answer,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..12u8).prop_map(Op::Publish),
        4 => Just(Op::Deliver),
        1 => Just(Op::Answer),
    ]
}

/// No subject that existed when the consumer was created is missing before the end of the initial data; and if
/// nothing is replaced, no later message is before it.
fn check(before: Vec<u8>, ops: Vec<Op>) {
    let now = Instant::now();
    let heartbeat = Duration::from_secs(5);
    let mut machine = Machine::new(Kind::Ordered, Policy::LastPerSubject, heartbeat, true, now);
    let mut server = Server::default();
    for subject in before {
        server.publish(subject);
    }
    let there: BTreeSet<u8> = server.last.keys().copied().collect();
    let mut answer = Some(server.consume());
    // The deliveries, and the number of them behind which the initial data are complete.
    let mut delivered: Vec<(u64, u8)> = Vec::new();
    let mut complete = None;
    let mut replaced = false;
    let all = ops
        .into_iter()
        .chain([Op::Answer])
        .chain(std::iter::repeat_n(Op::Deliver, 100));
    for op in all {
        match op {
            Op::Publish(subject) => {
                let waits = server.initial.iter().any(|(_, s)| *s == subject);
                replaced |= waits;
                server.publish(subject);
            }
            Op::Deliver => {
                let Some((stream_seq, subject)) = server.next() else {
                    continue;
                };
                let meta = Metadata {
                    domain: None,
                    stream: b"S",
                    consumer: b"C",
                    delivered: 1,
                    stream_seq,
                    consumer_seq: server.delivered,
                    timestamp: time(stream_seq),
                    pending: server.pending(),
                };
                delivered.push((stream_seq, subject));
                let outcome = machine.data(1, &meta, now);
                if outcome.initial_complete {
                    complete = Some(delivered.len());
                }
            }
            Op::Answer => {
                let Some(created) = answer.take() else {
                    continue;
                };
                let outcome = machine.created(1, created, now).expect("it is awaited");
                if outcome.initial_complete {
                    // Later messages that had to wait for the answer come behind the end.
                    let end = machine.initial_end().expect("it was said");
                    complete = Some((end as usize).min(delivered.len()));
                }
            }
        }
    }
    let complete = complete.expect("nothing is pending any more");
    let shown: BTreeSet<u8> = delivered[..complete]
        .iter()
        .map(|(_, subject)| *subject)
        .collect();
    assert!(
        there.is_subset(&shown),
        "{there:?} {delivered:?} {complete}"
    );
    if !replaced {
        assert_eq!(complete, there.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1000 }))]

    #[test]
    fn a_message_that_was_replaced_is_shown_in_time(
        before in proptest::collection::vec(0..6u8, 0..12),
        ops in proptest::collection::vec(op(), 0..60),
    ) {
        check(before, ops);
    }
}

/// A message that has replaced another one is replaced, too, while it is pending.
#[test]
fn a_message_that_is_replaced_twice() {
    use Op::{Deliver, Publish};
    let ops = [
        Publish(2),
        Deliver,
        Deliver,
        Publish(1),
        Deliver,
        Deliver,
        Publish(0),
        Publish(1),
    ];
    check(vec![0, 4, 3, 1], ops.to_vec());
}
