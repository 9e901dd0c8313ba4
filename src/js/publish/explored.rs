//! The table of messages and the gate, explored ([`crate::explore`]): threads that publish, a thread that delivers
//! acknowledgements, and others that take messages.

use std::sync::Arc;

use self::gate::Gate;
use self::monitor::Monitor;
use self::slots::{Acked, Freed, Sent, Slots, Token};
use crate::error::{Error, Status};
use crate::explore::{self as sync, Count, Mutex, SeqCst, explore, maybe, spawn, yield_now};
use crate::msg::Msg;

#[path = "gate.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod gate;
#[path = "slots.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod slots;

mod monitor {
    use std::time::Instant;

    use crate::error::Result;
    use crate::explore::{Condvar, Mutex};

    /// Its deadlines are far away.
    pub(super) struct Monitor<T> {
        value: Mutex<T>,
        changed: Condvar,
    }

    impl<T> Monitor<T> {
        pub(super) fn new(value: T) -> Self {
            Monitor {
                value: Mutex::new(value),
                changed: Condvar::new(),
            }
        }

        pub(super) fn notify_all(&self) {
            drop(self.value.lock());
            self.changed.notify_all();
        }

        pub(super) fn wait<R>(
            &self,
            _: Option<Instant>,
            mut done: impl FnMut(&mut T) -> Option<R>,
        ) -> Result<R> {
            let mut value = self.value.lock();
            loop {
                if let Some(result) = done(&mut value) {
                    return Ok(result);
                }
                self.changed.wait(&mut value);
            }
        }
    }
}

const MESSAGES: usize = 3;

struct World {
    slots: Slots,
    gate: Gate,
    /// The tokens whose acknowledgements the stream has sent.
    wire: Mutex<Vec<Token>>,
    on_wire: Count,
    /// How often each message was completed or taken.
    over: [Count; 2 * MESSAGES],
}

impl World {
    fn new(max: usize) -> Arc<Self> {
        Arc::new(World {
            slots: Slots::new(),
            gate: Gate::new(max, Monitor::new(())),
            wire: Mutex::default(),
            on_wire: Count::default(),
            over: Default::default(),
        })
    }

    fn publish(&self, first: usize) {
        for n in first..first + MESSAGES {
            self.gate
                .enter(0, || None, || None)
                .expect("nothing stops it");
            let token = self.slots.claim().expect("few");
            self.wire.lock().push(token);
            self.on_wire.add();
            let early = self.slots.settle(token, message(n), Sent::default());
            if let Some(ack) = early {
                self.acknowledge(token, ack);
            }
        }
    }

    fn acknowledge(&self, token: Token, ack: Msg) {
        let mut freed = Freed::default();
        let outcome = self.slots.acked(token, ack, &mut freed);
        self.slots.give_back(freed);
        if let Acked::Done { msg, lost, .. } = outcome {
            self.over(&msg, lost);
        }
    }

    fn over(&self, msg: &Msg, lost: bool) {
        let n: usize = str::from_utf8(msg.payload())
            .expect("text")
            .parse()
            .expect("number");
        self.over[n].add();
        self.gate.leave(1, usize::from(lost));
    }

    /// Acknowledges this many messages, some of them twice.
    fn stream(&self, count: usize) {
        for n in 1..=count {
            self.on_wire.wait_for(n);
            let token = self.wire.lock()[n - 1];
            self.acknowledge(token, message(0));
            if maybe() {
                self.acknowledge(token, message(0));
            }
            self.gate.round_over();
        }
    }

    fn take_some(&self) {
        for (token, _) in self.slots.waiting() {
            if let Some((msg, lost)) = self.slots.take(token) {
                self.over(&msg, lost);
            }
        }
        self.gate.round_over();
    }

    fn mark_some(&self) {
        self.gate.begin_marking();
        for (token, _) in self.slots.waiting() {
            self.gate.count_lost();
            if !self.slots.mark_lost(token) {
                self.gate.uncount_lost();
            }
        }
        self.gate.end_marking();
    }

    fn resend_some(&self) {
        for (token, _) in self.slots.waiting() {
            if let Some((msg, sent, lost)) = self.slots.hold(token) {
                if lost {
                    self.gate.uncount_lost();
                }
                yield_now();
                if let Some(ack) = self.slots.settle(token, msg, sent) {
                    self.acknowledge(token, ack);
                }
            }
        }
    }

    fn is_over(&self, count: usize) {
        for n in 0..count {
            assert_eq!(self.over[n].get(), 1, "message {n}");
        }
        assert_eq!(self.gate.pending(), 0);
        assert_eq!(self.slots.waiting().count(), 0);
    }
}

fn message(n: usize) -> Msg {
    Msg::create(b"s", None, n.to_string().as_bytes()).expect("memory")
}

/// Two publishers share room for this many messages.
fn publish_all(max: usize, disturb: fn(&World)) {
    let world = World::new(max);
    let threads = [0, MESSAGES].map(|first| {
        let world = world.clone();
        spawn(move || world.publish(first))
    });
    let stream = {
        let world = world.clone();
        spawn(move || world.stream(2 * MESSAGES))
    };
    let other = {
        let world = world.clone();
        spawn(move || disturb(&world))
    };
    for thread in threads {
        thread.join().expect("no panic");
    }
    // A lost message may be acknowledged nevertheless; then nothing is left.
    match world.gate.complete(None, || None) {
        Ok(()) => {}
        Err(e) => assert_eq!(e.status(), Status::NATS_CONNECTION_DISCONNECTED),
    }
    stream.join().expect("no panic");
    other.join().expect("no panic");
    world.is_over(2 * MESSAGES);
}

#[test]
fn each_message_is_completed_once() {
    explore(200, || publish_all(0, |_| {}));
    explore(200, || publish_all(0, World::take_some));
    explore(200, || publish_all(0, World::resend_some));
    explore(200, || publish_all(0, World::mark_some));
}

#[test]
fn who_is_stalled_or_waits_for_the_end_is_woken() {
    for max in [1, 2, 3] {
        explore(150, move || publish_all(max, |_| {}));
        explore(150, move || publish_all(max, World::take_some));
        explore(150, move || publish_all(max, World::resend_some));
    }
}

#[test]
fn a_wait_ends_for_a_reason() {
    explore(200, || {
        let world = World::new(1);
        let stop = Arc::new(sync::AtomicBool::new(false));
        world.gate.enter(0, || None, || None).expect("room");
        let threads = [true, false].map(|stalls| {
            let (world, stop) = (world.clone(), stop.clone());
            spawn(move || {
                let why = || {
                    let stopped = stop.load(SeqCst);
                    stopped.then(|| Error::from(Status::NATS_DRAINING))
                };
                match stalls {
                    true => world.gate.enter(0, || None, why),
                    false => world.gate.complete(None, why),
                }
            })
        });
        stop.store(true, SeqCst);
        world.gate.wake();
        for thread in threads {
            let error = thread.join().expect("no panic").unwrap_err();
            assert_eq!(error.status(), Status::NATS_DRAINING);
        }
        assert_eq!(world.gate.pending(), 1);
    });
}

/// Two messages wait for good. Of two publishers one cannot send its message, and the other gets the room.
#[test]
fn a_message_that_is_not_published_makes_room() {
    explore(300, || {
        let world = World::new(3);
        for _ in 0..2 {
            world.gate.enter(0, || None, || None).expect("room");
        }
        let threads = [true, false].map(|fails| {
            let world = world.clone();
            spawn(move || {
                let entered = world.gate.enter(0, || None, || None);
                entered.expect("nothing stops it");
                match fails {
                    true => world.gate.turn_back(),
                    // Else the one that fails would wait for good.
                    false => {
                        yield_now();
                        world.gate.leave(1, 0);
                        world.gate.round_over();
                    }
                }
            })
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(world.gate.pending(), 2);
    });
}
