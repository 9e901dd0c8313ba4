//! Tests of the decisions that a queue returns.

use std::time::Duration;

use super::*;
use crate::error::Status;

const NONE: (u64, u64) = (0, 0);

fn msgs(payloads: &[&str]) -> MsgList {
    let mut list = MsgList::new();
    for payload in payloads {
        list.push(Msg::create(b"s", None, payload.as_bytes()).expect("there is memory"));
    }
    list
}

fn payloads(mut list: MsgList) -> Vec<String> {
    std::iter::from_fn(|| list.pop())
        .map(|msg| String::from_utf8(msg.payload().to_vec()).expect("text"))
        .collect()
}

fn queue(msgs: i32, bytes: i32) -> Queue {
    Queue::new((msgs, bytes), None)
}

#[test]
fn a_worker_is_called_once_and_waiters_each_time() {
    let mut queue = queue(-1, -1);
    assert_eq!(queue.receive(msgs(&["a"]), NONE, true).wake, Wake::Worker);
    assert_eq!(queue.receive(msgs(&["b"]), NONE, true).wake, Wake::Nobody);
    assert_eq!(payloads(queue.take_round().batch), ["a", "b"]);
    // The worker keeps it until it has found nothing more.
    assert_eq!(queue.receive(msgs(&["c"]), NONE, true).wake, Wake::Nobody);
    assert!(matches!(queue.settle(), Next::More));
    drop(queue.take_round());
    assert!(matches!(queue.settle(), Next::Idle));
    assert_eq!(queue.receive(msgs(&["d"]), NONE, true).wake, Wake::Worker);
    assert_eq!(queue.receive(msgs(&["e"]), NONE, false).wake, Wake::Waiter);
    assert_eq!(queue.receive(msgs(&[]), NONE, false).wake, Wake::Nobody);
    assert_eq!(queue.pending((1, 1)), (4, 4));
}

#[test]
fn what_does_not_fit_is_dropped_and_told_once() {
    let mut queue = queue(3, -1);
    let received = queue.receive(msgs(&["a", "b"]), NONE, false);
    assert!(received.became_slow.is_none());
    let received = queue.receive(msgs(&["c", "d", "e"]), NONE, false);
    assert_eq!(payloads(received.refused), ["d", "e"]);
    let slow = Slow {
        limit: 3,
        unit: "messages",
        dropped: 2,
    };
    assert_eq!(received.became_slow, Some(slow));
    let received = queue.receive(msgs(&["f"]), NONE, false);
    assert_eq!((received.wake, received.refused.len()), (Wake::Nobody, 1));
    assert!(received.became_slow.is_none(), "it is known");
    // One message has been taken: there is room, and the next drop is reported again.
    assert!(
        queue
            .receive(msgs(&["g"]), (1, 1), false)
            .refused
            .is_empty()
    );
    let received = queue.receive(msgs(&["h"]), (1, 1), false);
    assert_eq!(received.became_slow.map(|slow| slow.dropped), Some(4));
    assert_eq!((queue.dropped(), queue.most()), (4, (3, 3)));
    assert!(queue.take_slow() && !queue.take_slow());
}

#[test]
fn the_limit_in_bytes_leaves_room_for_small_ones() {
    let mut queue = queue(-1, 5);
    let received = queue.receive(msgs(&["1234", "56", "7"]), NONE, false);
    assert_eq!(payloads(received.refused), ["56"]);
    assert_eq!(received.became_slow.map(|slow| slow.unit), Some("bytes"));
    assert!(!queue.take_slow(), "the last one was accepted");
    assert_eq!(payloads(queue.take_round().batch), ["1234", "7"]);
}

#[test]
fn a_round_may_be_limited() {
    let mut queue = queue(-1, -1);
    drop(queue.receive(msgs(&["a", "b", "c"]), NONE, true));
    assert_eq!(payloads(queue.take_some(2).batch), ["a", "b"]);
    assert!(matches!(queue.settle(), Next::More));
    assert_eq!(payloads(queue.take_some(2).batch), ["c"]);
    assert!(matches!(queue.settle(), Next::Idle));
}

#[test]
fn a_drain_ends_when_all_has_been_taken_that_the_server_sent() {
    let mut queue = queue(-1, -1);
    drop(queue.receive(msgs(&["a"]), NONE, true));
    queue.begin_drain();
    assert!(queue.server_has_ended());
    drop(queue.take_round());
    assert!(!queue.is_drained(), "more may be on its way");
    assert!(matches!(queue.settle(), Next::Idle));
    queue.drain_flushed(Err(Status::NATS_TIMEOUT));
    queue.drain_flushed(Err(Status::NATS_CONNECTION_CLOSED));
    assert_eq!(queue.drain_failure(), Some(Status::NATS_TIMEOUT));
    assert!(queue.is_drained() && queue.schedule());
    assert!(matches!(queue.settle(), Next::Drained));
    let ended = queue.close(Closed::Drained, true, false).unwrap();
    assert!(!ended.schedule, "a worker is at it");
    assert!(matches!(queue.settle(), Next::Complete(None)));
    assert!(matches!(queue.settle(), Next::Done));
    assert!(queue.is_complete());
}

#[test]
fn the_end_drops_what_waits_and_is_completed_by_a_worker() {
    let mut queue = queue(-1, -1);
    assert!(matches!(
        queue.set_on_complete(Some(Box::new(|| ()))),
        Ok(None)
    ));
    drop(queue.receive(msgs(&["a", "b"]), NONE, false));
    let ended = queue.close(Closed::Unsubscribed, true, false).unwrap();
    assert_eq!(payloads(ended.dropped), ["a", "b"]);
    assert!(ended.schedule && !queue.is_complete());
    assert!(queue.close(Closed::WithConnection, true, false).is_none());
    assert_eq!(queue.closed(), Some(Closed::Unsubscribed));
    assert!(matches!(queue.settle(), Next::Complete(None)));
    // It can be set until it is taken, and not any more.
    assert!(matches!(queue.set_on_complete(None), Ok(Some(_))));
    assert!(matches!(
        queue.set_on_complete(Some(Box::new(|| ()))),
        Ok(None)
    ));
    assert!(queue.finish().is_some() && !queue.has_on_complete());
    assert!(matches!(
        queue.set_on_complete(Some(Box::new(|| ()))),
        Err(Some(_))
    ));
}

#[test]
fn without_a_callback_a_complete_drain_stays_one() {
    let mut queue = queue(-1, -1);
    queue.begin_drain();
    assert!(!queue.complete_drain());
    queue.drain_flushed(Ok(()));
    assert!(queue.complete_drain() && !queue.complete_drain());
    let ended = queue.close(Closed::WithConnection, false, false).unwrap();
    assert_eq!(ended.why, Closed::Drained);
    assert!(!ended.schedule);
}

#[test]
fn the_timeout_counts_from_when_it_was_armed_last() {
    let mut queue = queue(-1, -1);
    let (begin, second) = (Instant::now(), Duration::from_secs(1));
    assert!(queue.arm_timeout(begin));
    assert!(!queue.arm_timeout(begin + second / 2), "its timer runs");
    let fired = queue.timer_fired(begin + second, second);
    assert_eq!(fired, Timeout::Wait(second / 2));
    let fired = queue.timer_fired(begin + 2 * second, second);
    assert_eq!(fired, Timeout::Due);
    assert_eq!(queue.receive(msgs(&["a"]), NONE, true).wake, Wake::Nobody);
    let round = queue.take_round();
    assert!(round.timeout && round.batch.len() == 1);
    // A worker runs it: the end of its round arms the timer again.
    assert!(queue.arm_timeout(begin));
    assert_eq!(queue.timer_fired(begin + second, second), Timeout::Idle);
    assert!(matches!(queue.settle(), Next::Idle));
    assert!(queue.arm_timeout(begin));
    queue.begin_drain();
    assert_eq!(queue.timer_fired(begin + second, second), Timeout::Idle);
    assert!(!queue.arm_timeout(begin));
}
