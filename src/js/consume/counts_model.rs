//! The threads around the counters of a push subscription, as models: the one that reads, those that deliver, those of
//! a program that takes the messages itself. Their steps are those of `push_intake`, `push` and the client's
//! `delivery`, in the same order; the counters, and the flow control that they are about, are the real ones.
//!
//! Compiled with the types of `explore` and with those of `reorder`.

use super::counts::{Counts, Due};
use super::flow::FlowControl;
use super::sync::{Acquire, Arc, AtomicU64, Mutex, Relaxed, Release, spawn};

/// What the lock of the subscription's state protects.
struct State {
    flow: FlowControl,
    passed: u64,
    /// The machine waits for room.
    is_full: bool,
    /// The answers that were sent.
    answers: Vec<u8>,
}

/// The queue of the subscription, under its lock.
#[derive(Default)]
struct Queue {
    waiting: u64,
    received: u64,
    /// A thread delivers.
    scheduled: bool,
}

pub(super) struct World {
    counts: Counts,
    state: Mutex<State>,
    queue: Mutex<Queue>,
    /// What was taken from the queue, as the client counts it.
    taken: AtomicU64,
    limit: u64,
}

impl World {
    fn new(limit: u64) -> Arc<Self> {
        Arc::new(World {
            counts: Counts::new(),
            state: Mutex::new(State {
                flow: FlowControl::default(),
                passed: 0,
                is_full: false,
                answers: Vec::new(),
            }),
            queue: Mutex::new(Queue::default()),
            taken: AtomicU64::new(0),
            limit,
        })
    }

    fn room(&self) -> u64 {
        let queue = self.queue.lock();
        self.limit - (queue.received - self.taken.load(Acquire))
    }

    fn is_half_empty(&self) -> bool {
        self.room() >= (self.limit / 2).max(1)
    }

    /// The reading thread: so many messages have arrived, and a question behind them.
    fn read(&self, messages: u64, question: Option<u8>) {
        let mut state = self.state.lock();
        let kept = messages.min(self.room());
        if kept < messages && !state.is_full {
            state.is_full = true;
            self.counts.wait_for_room();
        }
        if let Some(number) = question {
            let received = state.passed + kept;
            if self
                .counts
                .asked(&mut state.flow, &[number], None, received)
            {
                state.answers.push(number);
            }
        }
        state.passed += kept;
        let mut queue = self.queue.lock();
        queue.waiting += kept;
        queue.received += kept;
        drop(queue);
        self.answer(&mut state);
        if kept < messages && self.is_half_empty() {
            self.counts.has_room();
            state.is_full = false;
        }
    }

    fn answer(&self, state: &mut State) {
        if let Some((reply, _)) = self.counts.due(&mut state.flow) {
            state.answers.push(reply[0]);
        }
    }

    fn look(&self, due: Due) {
        if due.answer {
            self.answer(&mut self.state.lock());
        }
        if due.room && self.is_half_empty() {
            let mut state = self.state.lock();
            self.counts.has_room();
            state.is_full = false;
        }
    }

    /// A thread that delivers: rounds, until the queue is empty.
    fn deliver(&self) {
        loop {
            let mut queue = self.queue.lock();
            if queue.scheduled || queue.waiting == 0 {
                return;
            }
            queue.scheduled = true;
            let round = std::mem::take(&mut queue.waiting);
            drop(queue);
            for _ in 0..round {
                let before = self.taken.load(Relaxed);
                self.taken.store(before + 1, Release);
                self.look(self.counts.count());
            }
            self.look(self.counts.round_over());
            self.queue.lock().scheduled = false;
        }
    }

    /// A thread of the program takes a message, if there is one.
    fn take(&self) {
        let mut queue = self.queue.lock();
        if queue.waiting == 0 {
            return;
        }
        queue.waiting -= 1;
        let before = self.taken.load(Relaxed);
        self.taken.store(before + 1, Release);
        drop(queue);
        self.look(self.counts.count_shared());
    }

    /// All threads have ended, and all messages were received.
    fn check(&self, answers: &[&[u8]]) {
        let queue = self.queue.lock();
        let state = self.state.lock();
        assert_eq!(queue.waiting, 0);
        assert_eq!(
            self.counts.taken(),
            queue.received,
            "a message is not counted"
        );
        assert!(!state.is_full, "nobody has noticed that there is room");
        assert_eq!(state.flow.due_after(), u64::MAX, "an answer is missing");
        assert!(answers.contains(&&*state.answers), "{:?}", state.answers);
    }
}

/// A question comes while the message is delivered that it waits for.
pub(super) fn a_question_and_the_last_message() {
    let world = World::new(10);
    world.read(1, None);
    let other = world.clone();
    let delivers = spawn(move || other.deliver());
    world.read(0, Some(1));
    delivers.join().expect("no panic");
    world.check(&[&[1]]);
}

/// A second question, which waits for one more message, takes the place of the first.
pub(super) fn two_questions() {
    let world = World::new(10);
    world.read(1, Some(1));
    let other = world.clone();
    let delivers = spawn(move || other.deliver());
    world.read(1, Some(2));
    world.deliver();
    delivers.join().expect("no panic");
    world.deliver();
    world.check(&[&[1, 2], &[2]]);
}

/// Rounds on one thread and then on another.
pub(super) fn rounds_on_two_threads() {
    let world = World::new(10);
    world.read(1, None);
    let other = world.clone();
    let delivers = spawn(move || {
        other.deliver();
        other.deliver();
    });
    world.read(1, None);
    world.deliver();
    world.read(0, Some(1));
    delivers.join().expect("no panic");
    world.deliver();
    world.check(&[&[1]]);
}

/// A message that does not fit arrives while the last one of the full queue is delivered.
pub(super) fn a_full_queue_and_its_last_message() {
    let world = World::new(1);
    world.read(1, None);
    let other = world.clone();
    let delivers = spawn(move || other.deliver());
    world.read(1, None);
    delivers.join().expect("no panic");
    world.deliver();
    world.check(&[&[]]);
}

/// Threads of the program take the messages.
pub(super) fn messages_that_are_taken() {
    let world = World::new(2);
    world.read(2, None);
    let takers: Vec<_> = (0..2)
        .map(|_| {
            let other = world.clone();
            spawn(move || other.take())
        })
        .collect();
    world.read(1, Some(1));
    for taker in takers {
        taker.join().expect("no panic");
    }
    world.take();
    world.check(&[&[1]]);
}
