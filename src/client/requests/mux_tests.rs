//! Tests of the assignment of answers to requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;
use crate::client::requests::callbacks::Waiting as NotWaiting;
use crate::client::requests::contexts::{CALLBACK, ReplySink};
use crate::log::Logger;

const PREFIX: &[u8] = b"_INBOX.abc.";

/// Requests that are subscribed to answers.
fn requests() -> Requests {
    let requests = Requests::new(Logger::of_no_connection());
    requests.waiting.lock().inbox = Some((7, PREFIX.to_vec()));
    requests
}

fn answer(subject: &[u8], payload: &str) -> MsgList {
    let mut list = MsgList::new();
    list.push(Msg::create(subject, None, payload.as_bytes()).expect("there is memory"));
    list
}

fn payload(slot: &OneShot<Result<Msg>>) -> Option<String> {
    if !slot.is_sent() {
        return None;
    }
    let msg = slot.wait(None)?.expect("an answer");
    String::from_utf8(msg.payload().to_vec()).ok()
}

#[test]
fn each_request_gets_its_first_answer() {
    let requests = requests();
    let [one, two] = [OneShot::new(), OneShot::new()];
    let (_, first) = requests.add(&one).unwrap();
    let (_, second) = requests.add(&two).unwrap();
    requests.answers(answer(&second, "2"), || ());
    requests.answers(answer(&second, "again"), || ());
    assert_eq!(payload(&one), None);
    assert_eq!(payload(&two).as_deref(), Some("2"));
    requests.answers(answer(&first, "1"), || ());
    assert_eq!(payload(&one).as_deref(), Some("1"));
}

#[test]
fn an_answer_with_another_subject_is_for_the_only_request_that_waits() {
    let requests = requests();
    let [one, two] = [OneShot::new(), OneShot::new()];
    let (id, _) = requests.add(&one).unwrap();
    requests.add(&two).unwrap();
    requests.answers(answer(b"mapped", "?"), || ());
    assert!(!one.is_sent() && !two.is_sent());
    requests.remove(id);
    requests.answers(answer(b"mapped", "!"), || ());
    assert_eq!(payload(&two).as_deref(), Some("!"));
    assert!(!one.is_sent());
}

#[test]
fn what_calls_back_and_what_has_many_answers_is_told_apart() {
    let requests = requests();
    let slot = OneShot::new();
    requests.add(&slot).unwrap();
    let called = Arc::new(OneShot::new());
    let then = called.clone();
    let id = requests
        .callbacks()
        .add(NotWaiting::one(Box::new(move |result| then.send(result))));
    let subject = [PREFIX, CALLBACK, &nuid::base62_id(id)].concat();
    requests.answers(answer(&subject, "back"), || ());
    assert_eq!(payload(&called).as_deref(), Some("back"));
    assert!(!slot.is_sent());

    #[derive(Default)]
    struct Count {
        msgs: AtomicUsize,
        calls: AtomicUsize,
        ended: AtomicUsize,
    }
    impl ReplySink for Count {
        fn replies(&self, msgs: MsgList) {
            self.msgs.fetch_add(msgs.len(), SeqCst);
            self.calls.fetch_add(1, SeqCst);
        }
        fn ended(&self) {
            self.ended.fetch_add(1, SeqCst);
        }
    }
    let [one, other] = [(); 2].map(|()| Arc::new(Count::default()));
    let [first, second] = [&one, &other].map(|sink| requests.contexts().add(PREFIX, sink.clone()));
    let mut msgs = MsgList::new();
    for number in [first, first, second, first] {
        let subject = [PREFIX, format!("{number}_t").as_bytes()].concat();
        msgs.append(&mut answer(&subject, "x"));
    }
    requests.answers(msgs, || ());
    let counts = |sink: &Count| (sink.msgs.load(SeqCst), sink.calls.load(SeqCst));
    assert_eq!(counts(&one), (3, 2), "in batches");
    assert_eq!(counts(&other), (1, 1));
    assert!(requests.contexts().remove(second).is_some());
    requests.end_contexts();
    assert_eq!(one.ended.load(SeqCst), 1);
    assert_eq!(other.ended.load(SeqCst), 0, "it was closed before");
    assert!(!slot.is_sent());
}

#[test]
fn what_answers_of_one_read_lead_to_is_collected() {
    let requests = requests();
    let slots = [(); 3].map(|()| OneShot::new());
    let subjects = slots.each_ref().map(|slot| requests.add(slot).unwrap().1);
    let called = Arc::new(OneShot::new());
    let then = called.clone();
    let id = requests
        .callbacks()
        .add(NotWaiting::one(Box::new(move |result| then.send(result))));
    let back = [PREFIX, CALLBACK, &nuid::base62_id(id)].concat();
    let mut msgs = answer(&subjects[0], "0");
    for (subject, text) in [
        (&subjects[0], "again"),
        (&back, "back"),
        (&subjects[1], "1"),
    ] {
        msgs.append(&mut answer(subject, text));
    }

    /// Both threads are woken before this is dropped.
    struct Collecting<'a>(
        &'a AtomicUsize,
        &'a [OneShot<Result<Msg>>],
        &'a OneShot<Result<Msg>>,
    );
    impl Drop for Collecting<'_> {
        fn drop(&mut self) {
            assert!(self.1[0].is_sent() && self.1[1].is_sent());
            assert!(!self.2.is_sent(), "callbacks are not called meanwhile");
            self.0.fetch_add(1, SeqCst);
        }
    }
    let ended = AtomicUsize::new(0);
    let collect = || {
        assert!(slots.iter().all(|slot| !slot.is_sent()));
        Collecting(&ended, &slots, &called)
    };
    requests.answers(msgs, collect);
    assert_eq!(ended.load(SeqCst), 1);
    assert_eq!(payload(&slots[0]).as_deref(), Some("0"));
    assert_eq!(payload(&slots[1]).as_deref(), Some("1"));
    assert_eq!(payload(&called).as_deref(), Some("back"));

    // One thread's request is written by itself.
    let alone = || ended.fetch_add(1, SeqCst);
    requests.answers(answer(&subjects[2], "2"), alone);
    assert_eq!(ended.load(SeqCst), 1);
    assert_eq!(payload(&slots[2]).as_deref(), Some("2"));
}

#[test]
fn the_end_is_told_to_all() {
    let requests = requests();
    let slot = OneShot::new();
    requests.add(&slot).unwrap();
    requests.fail_all(Status::NATS_CONNECTION_CLOSED);
    let ended = slot.wait(None).expect("it is there").unwrap_err();
    assert_eq!(ended.status(), Status::NATS_CONNECTION_CLOSED);

    requests.add(&slot).unwrap();
    let waiting = requests.give_up_inbox();
    assert_eq!(waiting.len(), 1);
    assert!(requests.sid().is_none() && requests.add(&slot).is_none());
    let mut frames = WriteBuf::new();
    assert!(!requests.encode_state(&mut frames) && frames.is_empty());
    requests.fail(waiting, &Status::NATS_ERR.into());
    assert!(slot.is_sent());
}
