//! The machine against a model of a stream and its consumers, with faults at random places.

mod model;
mod replaced;
mod world;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use self::model::{Asked, Frame, Stream};
use self::world::{HEARTBEAT, Op, World, asked, op};
use super::*;
use crate::js::consume::backoff::SHORTEST;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1000 }))]

    #[test]
    fn nothing_twice_nothing_missing_nothing_out_of_order(
        asked in asked(),
        pulled in any::<bool>(),
        before in proptest::collection::vec(0..6u8, 0..12),
        ops in proptest::collection::vec(op(), 0..120),
    ) {
        let mut stream = Stream::default();
        for subject in before {
            stream.publish(subject);
        }
        let mut world = World::new(asked, pulled, stream);
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
    World::new(asked, false, stream)
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
fn nobody_is_silent_while_there_is_something_unread() {
    let mut w = world(Asked::All, &[]);
    w.step(Op::Answer);
    w.now += HEARTBEAT * 20;
    assert!(!w.machine.missed(w.now, true));
    let again = w.machine.wake_at().unwrap();
    assert!(again > w.now && again < w.now + HEARTBEAT);
    // It was read, and was a heartbeat.
    w.step(Op::Heartbeat);
    assert!(!w.machine.missed(again, false));
    // It was read, and was something else.
    w.now += HEARTBEAT * 20;
    assert!(!w.machine.missed(w.now, true));
    assert!(
        !w.machine.missed(w.now, false),
        "it is looked again a little later"
    );
    let again = w.machine.wake_at().unwrap();
    assert!(w.machine.missed(again, false));
    assert_eq!(w.machine.epoch(), 2);
}

#[test]
fn silence_is_told_once_each_time_it_passes() {
    let mut w = world(Asked::All, &[]);
    w.step(Op::Answer);
    w.now += HEARTBEAT * 2 - Duration::from_millis(1);
    assert!(!w.machine.missed(w.now, false));
    w.step(Op::Heartbeat);
    w.now += HEARTBEAT * 2;
    assert_eq!(w.machine.wake_at(), Some(w.now));
    assert!(w.machine.missed(w.now, false));
    assert!(!w.machine.missed(w.now, false));
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
    // After a consumer that worked the next one is created at once, but not more often than four times per second.
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

/// The server names nothing as pending while messages are left: it is asked, and they are waited for.
#[test]
fn what_is_named_as_pending_may_be_too_little() {
    let mut w = world(Asked::LastPerSubject, &[0, 1, 2]);
    w.step(Op::Answer);
    w.step(Op::Undercount(9));
    w.step(Op::Deliver(1));
    assert!(w.machine.is_short());
    let at = w.machine.wake_at().expect("it asks");
    assert!(at - w.now <= PROBE_SOON);
    w.now = at;
    w.act();
    assert_eq!(w.markers, 0);
    w.step(Op::Deliver(1));
    assert_eq!(w.markers, 0);
    w.step(Op::Deliver(1));
    assert_eq!(w.markers, 1);
}

/// What the consumer has delivered is on its way when the server is asked.
#[test]
fn what_is_on_its_way_comes_before_the_end() {
    let mut w = world(Asked::LastPerSubject, &[0, 1, 2]);
    w.step(Op::Answer);
    w.step(Op::Deliver(1));
    w.step(Op::Delay);
    w.stream.alive.clear();
    w.step(Op::Wait(500));
    assert_eq!(w.markers, 0);
    w.step(Op::Late);
    assert_eq!(w.markers, 1);
    assert_eq!(w.delivered, [1, 2]);
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
    // Gaps and repeated deliveries are passed on to the program.
    assert!(machine.data(1, &frame(12, 3).meta(), now).deliver);
    assert!(machine.data(1, &frame(9, 4).meta(), now).deliver);
    assert_eq!(
        machine.heartbeat(1, Some(99), false, now),
        Outcome::default()
    );
    assert_eq!(machine.poll(now), None);
    // After a reconnect and after silence the consumer is looked up.
    machine.lost();
    assert_eq!(machine.wake_at(), None);
    machine.restored(now);
    assert_eq!(machine.poll(now), Some(Action::Probe { epoch: 1 }));
    assert_eq!(machine.poll(now), None);
    let probed = Probed {
        consumer_seq: 4,
        stream_seq: 9,
        pending: 0,
        stream_end: None,
    };
    machine.probed(1, probed, now);
    let now = now + HEARTBEAT * 2;
    assert!(machine.missed(now, false));
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
    assert!(!machine.missed(now, false), "no heartbeat is missing");
    assert_eq!(machine.poll(now), Some(Action::Probe { epoch: 1 }));
    machine.probe_failed(1, true, now);
    let now = machine.wake_at().expect("it is idle");
    machine.missed(now, false);
    assert_eq!(machine.poll(now), None, "it was refused an answer");
}

#[test]
fn a_pull_consumer_is_asked_once_whether_all_has_come() {
    let mut w = World::new(Asked::All, true, Stream::default());
    w.step(Op::Answer);
    w.stream.publish(0);
    w.stream.publish(0);
    w.step(Op::Deliver(2));
    w.step(Op::Heartbeat);
    assert!(matches!(w.machine.doubt, Doubt::Dispelled(_)));
    w.machine.idle(1, w.now);
    assert_eq!(w.machine.poll(w.now), None, "it has been asked");
    // The last message is lost: the server reports another number, and again a little later.
    w.stream.publish(0);
    w.stream.publish(0);
    w.step(Op::Deliver(1));
    w.step(Op::Drop);
    w.step(Op::Heartbeat);
    assert_eq!(w.machine.doubt, Doubt::Differed);
    assert_eq!(w.machine.epoch(), 1);
    w.step(Op::Wait(500));
    assert_eq!(w.machine.epoch(), 2);
    w.settle();
    assert_eq!(w.delivered, [1, 2, 3, 4]);
}

#[test]
fn a_message_that_was_on_its_way_is_no_reason_to_give_a_consumer_up() {
    let mut w = World::new(Asked::All, true, Stream::default());
    w.step(Op::Answer);
    w.stream.publish(0);
    w.step(Op::Delay);
    w.step(Op::Heartbeat);
    assert_eq!(w.machine.doubt, Doubt::Differed);
    w.step(Op::Late);
    w.step(Op::Wait(500));
    w.step(Op::Heartbeat);
    assert_eq!(w.machine.epoch(), 1);
    assert!(matches!(w.machine.doubt, Doubt::Dispelled(_)));
    assert_eq!(w.delivered, [1]);
}

#[test]
fn a_server_that_may_not_be_asked_is_not_asked_before_the_next_reconnect() {
    let mut w = World::new(Asked::All, true, Stream::default());
    w.step(Op::Answer);
    w.machine.idle(1, w.now);
    assert_eq!(w.machine.poll(w.now), Some(Action::Probe { epoch: 1 }));
    w.machine.probe_failed(1, true, w.now);
    w.machine.idle(1, w.now);
    assert_eq!(w.machine.poll(w.now), None);
    w.step(Op::Lose);
    w.step(Op::Restore);
    w.step(Op::Answer);
    let epoch = w.machine.epoch();
    w.machine.idle(epoch, w.now);
    assert_eq!(w.machine.poll(w.now), Some(Action::Probe { epoch }));
}
