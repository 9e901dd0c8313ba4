//! The machine against a model of a stream and its consumers, with faults at random places.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const HEARTBEAT: Duration = Duration::from_secs(5);

/// The stream: what is stored under which sequence.
#[derive(Default, Clone)]
struct Stream {
    alive: BTreeMap<u64, u8>,
    last_of: BTreeMap<u8, u64>,
    /// Subjects whose newest message was deleted.
    revived: BTreeSet<u8>,
    end: u64,
}

impl Stream {
    fn publish(&mut self, subject: u8) {
        self.end += 1;
        self.alive.insert(self.end, subject);
        self.last_of.insert(subject, self.end);
    }

    fn delete(&mut self, seq: u64) {
        let subject = self.alive.remove(&seq);
        self.revived
            .extend(subject.filter(|subject| self.last_of[subject] == seq));
    }

    /// The last message of each subject, in the order of the stream.
    fn last_per_subject(&self) -> Vec<u64> {
        let mut last = BTreeMap::new();
        for (seq, subject) in &self.alive {
            last.insert(*subject, *seq);
        }
        let mut seqs: Vec<u64> = last.into_values().collect();
        seqs.sort_unstable();
        seqs
    }
}

/// What the program asked for.
#[derive(Debug, Clone, Copy)]
enum Asked {
    All,
    Behind(u64),
    New,
    Last,
    LastPerSubject,
}

impl Asked {
    fn policy(self) -> Policy {
        match self {
            Asked::All | Asked::Behind(_) => Policy::Fixed,
            Asked::New | Asked::Last => Policy::Moving,
            Asked::LastPerSubject => Policy::LastPerSubject,
        }
    }
}

/// A consumer on the server.
struct Consumer {
    epoch: u64,
    /// Last per subject: what is still to come of them.
    initial: VecDeque<u64>,
    /// The last sequence that it has looked at, once that is over.
    position: u64,
    delivered: u64,
    /// The sequence that was delivered last, or that came before the first one.
    seen: u64,
}

impl Consumer {
    fn new(epoch: u64, stream: &Stream, start: Start, asked: Asked) -> (Self, Created) {
        let mut initial = VecDeque::new();
        let position = match (start, asked) {
            (Start::Behind(seq), _) | (_, Asked::Behind(seq)) => seq,
            (_, Asked::All) => 0,
            (_, Asked::New) => stream.end,
            (_, Asked::Last) => {
                let last = stream.alive.keys().next_back();
                last.map_or(stream.end, |seq| seq - 1)
            }
            (_, Asked::LastPerSubject) => {
                initial = stream.last_per_subject().into();
                stream.end
            }
        };
        let first = initial.front().map_or(position, |seq| seq - 1);
        let consumer = Consumer {
            epoch,
            initial,
            position,
            delivered: 0,
            seen: first,
        };
        let created = Created {
            stream_seq: first,
            consumer_seq: 0,
            pending: consumer.pending(stream),
            time: 0,
        };
        (consumer, created)
    }

    fn pending(&self, stream: &Stream) -> u64 {
        let initial = self.initial.iter();
        let initial = initial.filter(|seq| stream.alive.contains_key(*seq));
        (initial.count() + stream.alive.range(self.position + 1..).count()) as u64
    }

    /// The next message that it sends.
    fn next(&mut self, stream: &Stream) -> Option<Frame> {
        let mut seq = None;
        while let Some(next) = self.initial.pop_front() {
            if stream.alive.contains_key(&next) {
                seq = Some(next);
                break;
            }
        }
        if seq.is_none() {
            let (next, _) = stream.alive.range(self.position + 1..).next()?;
            self.position = *next;
            seq = Some(*next);
        }
        self.delivered += 1;
        self.seen = seq?;
        Some(Frame {
            epoch: self.epoch,
            stream_seq: seq?,
            consumer_seq: self.delivered,
            pending: self.pending(stream),
        })
    }
}

#[derive(Clone, Copy)]
struct Frame {
    epoch: u64,
    stream_seq: u64,
    consumer_seq: u64,
    pending: u64,
}

impl Frame {
    fn meta(&self) -> Metadata<'static> {
        Metadata {
            domain: None,
            stream: b"S",
            consumer: b"C",
            delivered: 1,
            stream_seq: self.stream_seq,
            consumer_seq: self.consumer_seq,
            timestamp: 0,
            pending: self.pending,
        }
    }
}

struct World {
    now: Instant,
    asked: Asked,
    stream: Stream,
    machine: Machine,
    consumer: Option<Consumer>,
    /// The server's answer to the last request to create a consumer, on its way.
    answer: Option<(u64, Created)>,
    connected: bool,
    /// The next answer is lost.
    lose_answer: bool,
    last_frame: Option<Frame>,
    late: Vec<Frame>,
    delivered: Vec<u64>,
    markers: usize,
    /// The stream when the first consumer was created, and when that was whose epoch brought the
    /// end of the initial data.
    first: Stream,
    completing: Option<Stream>,
    snapshots: BTreeMap<u64, Stream>,
    resets: usize,
}

impl World {
    fn new(asked: Asked, stream: Stream) -> Self {
        let now = Instant::now();
        let (consumer, created) = Consumer::new(1, &stream, Start::AsConfigured, asked);
        let mut snapshots = BTreeMap::new();
        snapshots.insert(1, stream.clone());
        World {
            now,
            asked,
            first: stream.clone(),
            stream,
            machine: Machine::new(Kind::Ordered, asked.policy(), HEARTBEAT, true, now),
            consumer: Some(consumer),
            answer: Some((1, created)),
            connected: true,
            lose_answer: false,
            last_frame: None,
            late: Vec::new(),
            delivered: Vec::new(),
            markers: 0,
            completing: None,
            snapshots,
            resets: 0,
        }
    }

    fn outcome(&mut self, epoch: u64, outcome: Outcome, frame: Option<Frame>) {
        if outcome.deliver {
            let seq = frame.expect("only messages are delivered").stream_seq;
            assert!(
                self.delivered.last().is_none_or(|last| *last < seq),
                "{seq} after {:?}",
                self.delivered
            );
            if matches!(self.asked, Asked::LastPerSubject) && self.markers == 0 {
                let then = &self.snapshots[&epoch];
                assert!(
                    seq > then.end || then.last_per_subject().contains(&seq),
                    "{seq} was superseded"
                );
            }
            self.delivered.push(seq);
        }
        if outcome.initial_complete {
            self.markers += 1;
            assert_eq!(self.markers, 1);
            self.completing = Some(self.snapshots[&epoch].clone());
            self.check_marker();
        }
    }

    /// All that was there when the program subscribed has come by now; of each subject the last
    /// message, if only those were asked for, as of the consumer that completed them.
    fn check_marker(&self) {
        let (then, start) = match self.asked {
            Asked::LastPerSubject => (self.completing.as_ref().expect("set before"), 0),
            Asked::Last => (&self.first, self.first.end.saturating_sub(1)),
            Asked::New => return,
            Asked::All => (&self.first, 0),
            Asked::Behind(seq) => (&self.first, seq),
        };
        let wanted: Vec<u64> = match self.asked {
            Asked::LastPerSubject => then.last_per_subject(),
            _ => then.alive.range(start + 1..).map(|(seq, _)| *seq).collect(),
        };
        for seq in wanted {
            // Where the newest message of a subject is deleted, an older one is the last again: but
            // it may lie before what has been delivered, and the order comes first.
            let revived = self.stream.revived.contains(&then.alive[&seq]);
            if revived && matches!(self.asked, Asked::LastPerSubject) {
                continue;
            }
            assert!(
                !self.stream.alive.contains_key(&seq) || self.delivered.contains(&seq),
                "{seq} is missing in {:?}",
                self.delivered
            );
        }
    }

    fn receive(&mut self, frame: Frame) {
        if !self.connected {
            return;
        }
        // The owner drops what is of another epoch than the bound one; the machine does so too.
        let outcome = self.machine.data(frame.epoch, &frame.meta(), self.now);
        self.outcome(frame.epoch, outcome, Some(frame));
    }

    fn send(&mut self) -> Option<Frame> {
        let frame = self.consumer.as_mut()?.next(&self.stream)?;
        self.last_frame = Some(frame);
        Some(frame)
    }

    /// The server may have answered at the creation, or `late`: with what it has delivered by now.
    fn answer(&mut self, late: bool) {
        let Some((epoch, mut created)) = self.answer.take() else {
            return;
        };
        let fixed = !matches!(self.asked.policy(), Policy::Moving);
        if let Some(consumer) = self.consumer.as_ref().filter(|_| late && fixed) {
            created.consumer_seq = consumer.delivered;
            created.stream_seq = consumer.seen;
            created.pending = consumer.pending(&self.stream);
        }
        if std::mem::take(&mut self.lose_answer) && epoch > 1 {
            self.machine.create_failed(epoch, self.now);
        } else if let Some(outcome) = self.machine.created(epoch, created, self.now) {
            self.outcome(epoch, outcome, None);
        }
    }

    fn heartbeat(&mut self) {
        let Some(consumer) = &mut self.consumer else {
            return;
        };
        consumer
            .initial
            .retain(|seq| self.stream.alive.contains_key(seq));
        if !self.connected || consumer.pending(&self.stream) > 0 {
            return;
        }
        let (epoch, last) = (consumer.epoch, consumer.delivered);
        let outcome = self.machine.heartbeat(epoch, Some(last), false, self.now);
        self.outcome(epoch, outcome, None);
    }

    fn act(&mut self) {
        while let Some(action) = self.machine.poll(self.now) {
            match action {
                Action::Rebind { epoch } => {
                    assert_eq!(epoch, self.machine.epoch());
                    self.consumer = None;
                    self.resets += 1;
                }
                Action::Create { epoch, start } => {
                    assert!(self.connected);
                    let (consumer, created) = Consumer::new(epoch, &self.stream, start, self.asked);
                    self.snapshots.insert(epoch, self.stream.clone());
                    self.consumer = Some(consumer);
                    self.answer = Some((epoch, created));
                }
                Action::Probe { epoch } => {
                    if let Some(c) = &self.consumer {
                        let (seq, pending) = (c.delivered, c.pending(&self.stream));
                        let outcome = self.machine.probed(epoch, seq, pending);
                        self.outcome(epoch, outcome, None);
                    }
                }
            }
        }
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::Publish(subject) => self.stream.publish(subject),
            Op::Delete(n) => {
                let count = self.stream.alive.len().max(1);
                let seq = self.stream.alive.keys().nth(n % count).copied();
                if let Some(seq) = seq {
                    self.stream.delete(seq);
                }
            }
            Op::Deliver(n) => {
                for _ in 0..n {
                    match self.send() {
                        Some(frame) => self.receive(frame),
                        None => break,
                    }
                    self.act();
                }
            }
            Op::Drop => {
                self.send();
            }
            Op::Twice => {
                if let Some(frame) = self.last_frame {
                    self.receive(frame);
                }
            }
            Op::Delay => {
                let frame = self.send();
                self.late.extend(frame);
            }
            Op::Late => {
                if let Some(frame) = self.late.pop() {
                    self.receive(frame);
                }
            }
            Op::Answer => self.answer(false),
            Op::LateAnswer => self.answer(true),
            Op::LoseAnswer => self.lose_answer = true,
            Op::Heartbeat => self.heartbeat(),
            Op::WrongHeartbeat => {
                let epoch = self.machine.epoch();
                let outcome = self
                    .machine
                    .heartbeat(epoch, Some(1 << 40), false, self.now);
                assert_eq!(outcome, Outcome::default());
            }
            Op::Wait(ms) => {
                self.now += Duration::from_millis(ms);
                self.machine.missed(self.now);
            }
            Op::Lose => {
                if std::mem::take(&mut self.connected) {
                    self.machine.lost();
                    self.answer.take_if(|(epoch, _)| *epoch > 1);
                }
            }
            Op::Restore => {
                if !std::mem::replace(&mut self.connected, true) {
                    self.machine.restored(self.now);
                }
            }
            Op::Gone => {
                self.consumer = None;
                self.machine.gone(self.machine.epoch(), self.now);
            }
            Op::Overflow => self.machine.overflowed(self.now),
            Op::Drain => self.machine.drained(self.now),
        }
        self.act();
    }

    /// Faults end; everything that is to come comes.
    fn settle(&mut self) {
        self.late.clear();
        for op in [Op::Restore, Op::Drain, Op::Answer] {
            self.step(op);
        }
        for round in 0.. {
            assert!(round < 1000, "it does not come to rest: {:?}", self.machine);
            self.lose_answer = false;
            self.step(Op::Answer);
            self.step(Op::Deliver(1000));
            self.step(Op::Heartbeat);
            if self.machine.phase == Phase::Live && self.consumer.is_some() {
                let waits = self.consumer.as_ref().map(|c| c.pending(&self.stream));
                if waits == Some(0) && self.answer.is_none() {
                    break;
                }
            }
            self.step(Op::Wait(1000));
        }
    }

    fn check(&self) {
        assert_eq!(self.markers, 1, "{:?}", self.machine);
        let start = match self.asked {
            Asked::All => 0,
            Asked::Behind(seq) => seq,
            Asked::New => self.first.end,
            Asked::Last => {
                let last = self.first.alive.keys().next_back();
                last.map_or(self.first.end, |seq| seq - 1)
            }
            Asked::LastPerSubject => {
                for (subject, seq) in &self.stream.last_of {
                    assert!(
                        !self.stream.alive.contains_key(seq) || self.delivered.contains(seq),
                        "{seq} of {subject} is missing in {:?}",
                        self.delivered
                    );
                }
                self.completing.as_ref().expect("there is a marker").end
            }
        };
        let mut old = self.delivered.iter();
        if !matches!(self.asked, Asked::LastPerSubject) {
            assert!(old.all(|seq| *seq > start), "{:?}", self.delivered);
        }
        for seq in self.stream.alive.range(start + 1..).map(|(seq, _)| seq) {
            assert!(
                self.delivered.contains(seq),
                "{seq} is missing in {:?}",
                self.delivered
            );
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Publish(u8),
    Delete(usize),
    Deliver(usize),
    Drop,
    Twice,
    Delay,
    Late,
    Answer,
    LateAnswer,
    LoseAnswer,
    Heartbeat,
    WrongHeartbeat,
    Wait(u64),
    Lose,
    Restore,
    Gone,
    Overflow,
    Drain,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..6u8).prop_map(Op::Publish),
        1 => any::<usize>().prop_map(Op::Delete),
        6 => (1..6usize).prop_map(Op::Deliver),
        2 => Just(Op::Drop),
        1 => Just(Op::Twice),
        1 => Just(Op::Delay),
        1 => Just(Op::Late),
        5 => Just(Op::Answer),
        3 => Just(Op::LateAnswer),
        1 => Just(Op::LoseAnswer),
        2 => Just(Op::Heartbeat),
        1 => Just(Op::WrongHeartbeat),
        4 => (1..2000u64).prop_map(Op::Wait),
        1 => Just(Op::Wait(11_000)),
        1 => Just(Op::Lose),
        3 => Just(Op::Restore),
        1 => Just(Op::Gone),
        1 => Just(Op::Overflow),
        2 => Just(Op::Drain),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        2 => Just(Asked::All),
        1 => (0..12u64).prop_map(Asked::Behind),
        1 => Just(Asked::New),
        1 => Just(Asked::Last),
        4 => Just(Asked::LastPerSubject),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn nothing_twice_nothing_missing_nothing_out_of_order(
        asked in asked(),
        before in proptest::collection::vec(0..6u8, 0..12),
        ops in proptest::collection::vec(op(), 0..120),
    ) {
        let mut stream = Stream::default();
        for subject in before {
            stream.publish(subject);
        }
        let mut world = World::new(asked, stream);
        for op in ops {
            world.step(op);
        }
        world.settle();
        world.check();
    }
}

fn world(asked: Asked, subjects: &[u8]) -> World {
    let mut stream = Stream::default();
    for subject in subjects {
        stream.publish(*subject);
    }
    World::new(asked, stream)
}

#[test]
fn a_reset_before_the_first_message_starts_where_the_first_consumer_did() {
    for (asked, start) in [(Asked::New, 3), (Asked::Last, 2), (Asked::Behind(1), 1)] {
        let mut w = world(asked, &[0, 1, 2]);
        w.step(Op::Answer);
        w.step(Op::Publish(3));
        w.step(Op::Gone);
        w.now += Duration::from_secs(1);
        let action = w.machine.poll(w.now);
        let start = Start::Behind(start);
        assert_eq!(action, Some(Action::Create { epoch: 2, start }));
    }
}

#[test]
fn silence_is_told_once_each_time_it_passes() {
    let mut w = world(Asked::All, &[]);
    w.step(Op::Answer);
    w.now += HEARTBEAT * 2 - Duration::from_millis(1);
    assert!(!w.machine.missed(w.now));
    w.step(Op::Heartbeat);
    w.now += HEARTBEAT * 2;
    assert_eq!(w.machine.wake_at(), Some(w.now));
    assert!(w.machine.missed(w.now));
    assert!(!w.machine.missed(w.now));
    assert_eq!(w.machine.epoch(), 2);
}

#[test]
fn consumers_that_bring_nothing_are_made_again_later_and_later() {
    let mut w = world(Asked::All, &[0]);
    w.step(Op::Answer);
    let mut waits = Vec::new();
    for _ in 0..10 {
        w.step(Op::Gone);
        let at = w.machine.wake_at().expect("it will be made again");
        waits.push(at - w.now);
        w.now = at;
        w.step(Op::Answer);
        w.step(Op::Answer);
    }
    assert!(waits[0] >= SHORTEST && waits[0] <= SHORTEST * 2);
    assert!(waits[9] >= Duration::from_secs(5) && waits[9] <= Duration::from_secs(10));
    // One that was of use is followed at once, but not more often than four times a second.
    w.step(Op::Deliver(1));
    w.step(Op::Gone);
    assert!(w.machine.wake_at().expect("soon") - w.now <= SHORTEST);
}

#[test]
fn what_vanishes_during_the_initial_data_does_not_keep_them_from_ending() {
    let mut w = world(Asked::LastPerSubject, &[0, 1, 2]);
    w.step(Op::Answer);
    w.step(Op::Deliver(1));
    w.stream.alive.clear();
    assert_eq!(w.markers, 0);
    let at = w.machine.wake_at().expect("it asks");
    assert!(at - w.now <= PROBE_AFTER);
    w.now = at;
    w.act();
    assert_eq!(w.markers, 1);
}

#[test]
fn a_stream_that_was_made_again_is_read_from_its_beginning() {
    let mut w = world(Asked::All, &[0, 1, 2]);
    w.step(Op::Answer);
    w.step(Op::Deliver(3));
    assert_eq!(w.delivered, [1, 2, 3]);
    w.step(Op::Gone);
    w.machine.stream_made_again();
    w.stream = Stream::default();
    w.stream.publish(0);
    w.delivered.clear();
    w.settle();
    assert_eq!(w.delivered, [1]);
}

#[test]
fn nothing_happens_after_the_end() {
    let mut w = world(Asked::All, &[0]);
    w.step(Op::Answer);
    w.machine.end();
    w.step(Op::Deliver(1));
    w.step(Op::Lose);
    w.step(Op::Restore);
    assert_eq!(w.machine.wake_at(), None);
    assert!(w.delivered.is_empty() && w.resets == 0);
}

#[test]
fn a_plain_consumer_is_made_again_behind_the_last_message_when_it_is_gone() {
    let now = Instant::now();
    let mut machine = Machine::new(Kind::Plain, Policy::Moving, HEARTBEAT, false, now);
    let created = Created {
        stream_seq: 7,
        consumer_seq: 0,
        pending: 0,
        time: 0,
    };
    machine.created(1, created, now);
    let frame = |stream_seq, consumer_seq| Frame {
        epoch: 1,
        stream_seq,
        consumer_seq,
        pending: 0,
    };
    // Gaps and deliveries that are repeated are the program's to see.
    assert!(machine.data(1, &frame(12, 3).meta(), now).deliver);
    assert!(machine.data(1, &frame(9, 4).meta(), now).deliver);
    assert_eq!(
        machine.heartbeat(1, Some(99), false, now),
        Outcome::default()
    );
    assert_eq!(machine.poll(now), None);
    // A reconnect and silence have it looked for.
    machine.lost();
    assert_eq!(machine.wake_at(), None);
    machine.restored(now);
    assert_eq!(machine.poll(now), Some(Action::Probe { epoch: 1 }));
    assert_eq!(machine.poll(now), None);
    machine.probed(1, 4, 0);
    let now = now + HEARTBEAT * 2;
    assert!(machine.missed(now));
    assert_eq!(machine.poll(now), Some(Action::Probe { epoch: 1 }));
    machine.probe_failed(1, false, now);
    let now = machine.wake_at().expect("it asks again");
    assert_eq!(machine.poll(now), Some(Action::Probe { epoch: 1 }));
    machine.gone(1, now);
    assert_eq!(machine.poll(now), Some(Action::Rebind { epoch: 2 }));
    let now = machine.wake_at().expect("it is made again");
    let start = Start::Behind(12);
    assert_eq!(machine.poll(now), Some(Action::Create { epoch: 2, start }));
}

#[test]
fn a_plain_consumer_without_heartbeats_is_looked_for_while_nothing_comes() {
    let now = Instant::now();
    let mut machine = Machine::new(Kind::Plain, Policy::Fixed, Duration::ZERO, false, now);
    let created = Created {
        stream_seq: 0,
        consumer_seq: 0,
        pending: 0,
        time: 0,
    };
    machine.created(1, created, now);
    let now = machine.wake_at().expect("it is idle");
    assert!(!machine.missed(now), "no heartbeat is missing");
    assert_eq!(machine.poll(now), Some(Action::Probe { epoch: 1 }));
    machine.probe_failed(1, true, now);
    let now = machine.wake_at().expect("it is idle");
    machine.missed(now);
    assert_eq!(machine.poll(now), None, "it was refused an answer");
}
