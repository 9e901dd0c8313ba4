//! The model, the machine and the way between them, with faults at places that the tests choose.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::*;
use super::model::{Asked, Consumer, Frame, Stream};

pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);

pub(super) struct World {
    pub(super) now: Instant,
    /// The consumer is a pull one: it sends nothing before its creation is known, and its heartbeats
    /// name no last number.
    pub(super) pulled: bool,
    pub(super) asked: Asked,
    pub(super) stream: Stream,
    pub(super) machine: Machine,
    pub(super) consumer: Option<Consumer>,
    /// The server's answer to the last request to create a consumer, which is on its way.
    pub(super) answer: Option<(u64, Created)>,
    pub(super) connected: bool,
    /// The next answer is lost.
    pub(super) lose_answer: bool,
    pub(super) last_frame: Option<Frame>,
    pub(super) late: Vec<Frame>,
    pub(super) delivered: Vec<u64>,
    pub(super) markers: usize,
    /// The stream at the creation of the first consumer, and at the creation of the consumer whose
    /// epoch completed the initial data.
    pub(super) first: Stream,
    pub(super) completing: Option<Stream>,
    pub(super) snapshots: BTreeMap<u64, Stream>,
    pub(super) resets: usize,
}

impl World {
    pub(super) fn new(asked: Asked, pulled: bool, stream: Stream) -> Self {
        let now = Instant::now();
        let (consumer, created) = Consumer::new(1, &stream, Start::AsConfigured, asked);
        let mut snapshots = BTreeMap::new();
        snapshots.insert(1, stream.clone());
        let heartbeat = if pulled { Duration::ZERO } else { HEARTBEAT };
        World {
            now,
            pulled,
            asked,
            first: stream.clone(),
            stream,
            machine: Machine::new(Kind::Ordered, asked.policy(), heartbeat, !pulled, now),
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

    pub(super) fn outcome(&mut self, epoch: u64, outcome: Outcome, frame: Option<Frame>) {
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

    /// All messages that existed when the program subscribed have been delivered; if only the last
    /// message of each subject was requested, those at the creation of the consumer that completed
    /// them.
    pub(super) fn check_marker(&self) {
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
            // If the newest message of a subject is deleted, an older one becomes the last one: but it may be before
            // messages that were delivered already, and the order has precedence.
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

    pub(super) fn receive(&mut self, frame: Frame) {
        if !self.connected {
            return;
        }
        // The owner drops messages of another epoch than the bound one; the machine does so, too.
        let outcome = self.machine.data(frame.epoch, &frame.meta(), self.now);
        self.outcome(frame.epoch, outcome, Some(frame));
    }

    pub(super) fn send(&mut self) -> Option<Frame> {
        if self.pulled && !self.machine.is_live() {
            return None;
        }
        let frame = self.consumer.as_mut()?.next(&self.stream)?;
        self.last_frame = Some(frame);
        Some(frame)
    }

    /// The server may have answered at the creation, or `late`, with the messages that it has
    /// delivered by now.
    pub(super) fn answer(&mut self, late: bool) {
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

    pub(super) fn heartbeat(&mut self) {
        let Some(consumer) = &mut self.consumer else {
            return;
        };
        consumer
            .initial
            .retain(|seq| self.stream.alive.contains_key(seq));
        if !self.connected || consumer.pending(&self.stream) > 0 {
            return;
        }
        consumer.undercount = 0;
        let (epoch, last) = (consumer.epoch, consumer.delivered);
        if self.pulled {
            return self.machine.idle(epoch, self.now);
        }
        let outcome = self.machine.heartbeat(epoch, Some(last), false, self.now);
        self.outcome(epoch, outcome, None);
    }

    pub(super) fn act(&mut self) {
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
                    if let Some(c) = &mut self.consumer {
                        c.initial.retain(|seq| self.stream.alive.contains_key(seq));
                        let probed = Probed {
                            consumer_seq: c.delivered,
                            stream_seq: c.looked_at(&self.stream),
                            pending: c.named_pending(&self.stream),
                            stream_end: self.machine.asks_for_end().then_some(self.stream.end),
                        };
                        let outcome = self.machine.probed(epoch, probed, self.now);
                        self.outcome(epoch, outcome, None);
                    }
                }
            }
        }
    }

    pub(super) fn step(&mut self, op: Op) {
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
            Op::WrongHeartbeat if self.pulled => {
                let epoch = self.machine.epoch();
                self.machine.doubt(epoch, self.now);
            }
            Op::WrongHeartbeat => {
                let epoch = self.machine.epoch();
                let outcome = self
                    .machine
                    .heartbeat(epoch, Some(1 << 40), false, self.now);
                assert_eq!(outcome, Outcome::default());
            }
            Op::Wait(ms) => {
                self.now += Duration::from_millis(ms);
                self.machine.missed(self.now, false);
                // The owner of a pull consumer detects this itself.
                if self.pulled && self.connected && (ms >= 10_000 || self.consumer.is_none()) {
                    self.machine.gone(self.machine.epoch(), self.now);
                }
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
            Op::Undercount(n) => {
                // What a pull consumer is asked for is believed: it has no better evidence.
                if let Some(consumer) = self.consumer.as_mut().filter(|_| !self.pulled) {
                    consumer.undercount += n;
                }
            }
            Op::Overflow => self.machine.overflowed(self.now),
            Op::Drain => self.machine.drained(self.now),
        }
        self.act();
    }

    /// Faults end, and everything outstanding is delivered.
    pub(super) fn settle(&mut self) {
        self.late.clear();
        for op in [Op::Restore, Op::Drain, Op::Answer] {
            self.step(op);
        }
        let begun = self.now;
        for round in 0.. {
            assert!(round < 1000, "it does not come to rest: {:?}", self.machine);
            self.lose_answer = false;
            self.step(Op::Answer);
            self.step(Op::Deliver(1000));
            self.step(Op::Heartbeat);
            if self.machine.phase == Phase::Live && self.consumer.is_some() {
                let waits = self.consumer.as_ref().map(|c| c.pending(&self.stream));
                let asked = matches!(self.machine.doubt, Doubt::Dispelled(at) if at > begun);
                let sure = !self.pulled || asked;
                if waits == Some(0) && self.answer.is_none() && sure {
                    break;
                }
            }
            self.step(Op::Wait(1000));
        }
    }

    pub(super) fn check(&self) {
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
pub(super) enum Op {
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
    Undercount(u64),
}

pub(super) fn op() -> impl Strategy<Value = Op> {
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
        2 => (1..8u64).prop_map(Op::Undercount),
    ]
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        2 => Just(Asked::All),
        1 => (0..12u64).prop_map(Asked::Behind),
        1 => Just(Asked::New),
        1 => Just(Asked::Last),
        4 => Just(Asked::LastPerSubject),
    ]
}
