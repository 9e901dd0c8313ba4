//! The way of a message through a subscription, without a connection: its host is a model, and the test runs its
//! callbacks itself.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::home::Home;
use super::next_batch::Batch;
use super::queue::{Closed, Slow};
use super::state::{Made, MsgSink, Purpose, SubscribeArgs, Subscription};
use crate::client::callbacks::life::Life;
use crate::client::callbacks::manual::ManualQueue;
use crate::client::interest::Interest;
use crate::client::interest::registry::Route;
use crate::client::outgoing::Outbound;
use crate::client::outgoing::wire::{ByteStream, Wire};
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::log::Logger;
use crate::msg::{Msg, MsgList};
use crate::runtime::{Runtime, library};

/// There is never a server.
enum Never {}

impl ByteStream for Never {
    fn write(&self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn write_vectored(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&self) -> io::Result<()> {
        match *self {}
    }

    fn wait_writable(&self, _: Instant) -> Result<()> {
        match *self {}
    }
}

impl Wire for Never {
    type Stream = Never;

    fn stream(&self) -> &Never {
        self
    }

    fn outbound(&self) -> &Outbound<Never> {
        match *self {}
    }

    fn run_later(&self, _: Duration, _: Box<dyn FnOnce() + Send>) {
        match *self {}
    }

    fn has_ended(&self) -> bool {
        match *self {}
    }

    fn is_loop_driven(&self) -> bool {
        match *self {}
    }

    fn has_successor(&self) -> bool {
        match *self {}
    }

    fn request_flush(&self) {
        match *self {}
    }

    fn write_when_ready(self: &Arc<Self>) {
        match **self {}
    }

    fn ask_write(self: &Arc<Self>) {
        match **self {}
    }

    fn fail(self: &Arc<Self>, _: Error) {
        match **self {}
    }

    fn fail_after_reading(self: &Arc<Self>, _: Error) {
        match **self {}
    }

    fn end_writing(self: &Arc<Self>, _: Error) {
        match **self {}
    }
}

struct Fake {
    runtime: Arc<Runtime>,
    life: Life,
    manual: ManualQueue,
    interest: Interest<Subscription<Fake>>,
    outbound: Outbound<Never>,
    closed: AtomicBool,
    slow: Mutex<Vec<u64>>,
    gone: AtomicUsize,
    log: Logger,
    /// What arrives while a thread reads, in this order.
    arriving: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
}

impl Home for Fake {
    type Wire = Never;

    fn is_closed(&self) -> bool {
        self.closed.load(SeqCst)
    }

    fn is_draining(&self) -> bool {
        false
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn life(&self) -> &Life {
        &self.life
    }

    fn log(&self) -> &Logger {
        &self.log
    }

    fn manual(&self) -> Option<&ManualQueue> {
        Some(&self.manual)
    }

    fn interest(&self) -> &Interest<Subscription<Fake>> {
        &self.interest
    }

    fn outbound(&self) -> &Outbound<Never> {
        &self.outbound
    }

    fn callbacks_took(&self, _: Duration, _: u32) {}
    fn dropped(&self, _: usize) {}
    fn look_for_answer(&self, _: Option<Instant>, _: impl Fn() -> bool) {}

    fn read_what_comes(&self, _: Option<Instant>, mut done: impl FnMut() -> bool) {
        while !done() {
            let Some(arrive) = self.arriving.lock().pop_front() else {
                return;
            };
            arrive();
        }
    }

    fn flush_if_asap(&self) {}

    fn report_slow(self: &Arc<Self>, _: &Arc<Subscription<Fake>>, slow: Slow) {
        self.slow.lock().push(slow.dropped);
    }

    fn gone(self: &Arc<Self>) {
        self.gone.fetch_add(1, SeqCst);
    }

    fn closed_words(&self) -> String {
        "the connection is closed".to_owned()
    }

    fn meanwhile(&self) -> String {
        String::new()
    }
}

/// Stores the payloads that its subscription delivers.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<String>>>);

impl MsgSink<Subscription<Fake>> for Record {
    fn deliver(&self, _: &Arc<Subscription<Fake>>, msg: Option<Msg>) {
        let payload = msg.map(|msg| String::from_utf8(msg.payload().to_vec()).expect("text"));
        self.0.lock().push(payload.unwrap_or_default());
    }
}

fn home() -> Arc<Fake> {
    Arc::new(Fake {
        runtime: library::runtime().expect("it is open"),
        life: Life::new(u64::MAX, None),
        manual: ManualQueue::new().expect("there are descriptors"),
        interest: Interest::default(),
        outbound: Outbound::new(None, usize::MAX, None),
        closed: AtomicBool::new(false),
        slow: Mutex::default(),
        gone: AtomicUsize::new(0),
        log: Logger::of_no_connection(),
        arriving: Mutex::default(),
    })
}

fn subscribe(home: &Arc<Fake>, sink: Option<&Record>) -> Arc<Subscription<Fake>> {
    let args = SubscribeArgs {
        sink: sink.map(|sink| Box::new(sink.clone()) as Box<dyn MsgSink<_>>),
        ..SubscribeArgs::new(b"s")
    };
    let made = Made {
        sid: home.interest.next_sid(),
        subject: c"s".into(),
        pending_limits: (-1, -1),
        delivery_thread: None,
        lifetime_guard: sink.and_then(|_| home.life.lifetime_guard()),
    };
    let sub = Subscription::new(home, Purpose::Messages, args, made);
    let route = Route::Subscription(sub.clone());
    let mut changing = home.interest.change(&home.outbound);
    changing.subscribe(sub.sid(), route, |_| unreachable!("there is no server"));
    drop(changing);
    sub
}

fn receive(sub: &Arc<Subscription<Fake>>, payloads: &[&str]) {
    receive_for(sub, sub.sid(), payloads);
}

fn receive_for(sub: &Arc<Subscription<Fake>>, sid: u64, payloads: &[&str]) {
    let mut list = MsgList::new();
    for payload in payloads {
        list.push(Msg::create(b"s", None, payload.as_bytes()).expect("there is memory"));
    }
    Subscription::receive(sub, sid, list);
}

fn next(sub: &Arc<Subscription<Fake>>) -> Result<String, Status> {
    match sub.next_msg(Duration::ZERO) {
        Ok(msg) => Ok(String::from_utf8(msg.payload().to_vec()).expect("text")),
        Err(e) => Err(e.status()),
    }
}

#[test]
fn the_callback_gets_all_in_order() {
    let (home, record) = (home(), Record::default());
    let sub = subscribe(&home, Some(&record));
    receive(&sub, &["a", "b"]);
    receive(&sub, &["c"]);
    assert_eq!(sub.pending().unwrap(), (3, 3));
    assert_eq!(home.manual.run(2), 2);
    assert_eq!(*record.0.lock(), ["a", "b"]);
    assert_eq!(home.manual.run(usize::MAX), 1);
    assert_eq!(*record.0.lock(), ["a", "b", "c"]);
    let stats = sub.stats().unwrap();
    assert_eq!((stats.delivered, stats.pending_msgs), (3, 0));
    assert_eq!(stats.max_pending_msgs, 3);
    let refused = sub.next_msg(Duration::ZERO).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_ILLEGAL_STATE);
}

#[test]
fn it_ends_with_its_maximum_and_is_complete_then() {
    let (home, record) = (home(), Record::default());
    let sub = subscribe(&home, Some(&record));
    let completed = Arc::new(AtomicBool::new(false));
    let complete = completed.clone();
    sub.set_on_complete(Some(Box::new(move || complete.store(true, SeqCst))))
        .unwrap();
    sub.auto_unsubscribe(2).unwrap();
    receive(&sub, &["a", "b", "too many"]);
    // The completion is a callback as well.
    assert_eq!(home.manual.run(usize::MAX), 3);
    assert_eq!(*record.0.lock(), ["a", "b"]);
    assert!(completed.load(SeqCst) && !sub.is_valid());
    assert_eq!((home.interest.count(), home.gone.load(SeqCst)), (0, 1));
    receive(&sub, &["late"]);
    assert_eq!(home.manual.run(usize::MAX), 0);
}

#[test]
fn batches_are_taken_while_the_thread_reads() {
    let home = home();
    let sub = subscribe(&home, None);
    let take = |enough: usize, stop: bool| {
        let mut taken = Vec::new();
        let stop = || stop;
        let mut want = Batch {
            max: 2,
            deadline: Some(Instant::now()),
            stop: Some(&stop),
            ..Batch::default()
        };
        let result = sub.next_batches(&mut want, |mut some| {
            let some = std::iter::from_fn(|| some.pop());
            taken.push(
                some.map(|msg| msg.payload().to_vec())
                    .collect::<Vec<_>>()
                    .concat(),
            );
            taken.len() < enough
        });
        let taken: Vec<_> = taken
            .iter()
            .map(|t| String::from_utf8_lossy(t).into_owned())
            .collect();
        (taken.join(" "), result.map_err(|e| e.status()))
    };
    for late in [&["d"][..], &["e", "f", "g"], &["h"]] {
        let sub = sub.clone();
        home.arriving
            .lock()
            .push_back(Box::new(move || receive(&sub, late)));
    }
    receive(&sub, &["a", "b", "c"]);
    // What comes after there are enough is left.
    assert_eq!(take(4, false), ("ab c d ef".to_owned(), Ok(())));
    assert_eq!(
        take(9, false),
        ("g h".to_owned(), Err(Status::NATS_TIMEOUT))
    );
    assert_eq!(take(1, true), (String::new(), Ok(())));
    let ending = sub.clone();
    let end = move || ending.unsubscribe().expect("it is open");
    home.arriving.lock().push_back(Box::new(end));
    receive(&sub, &["i"]);
    let ended = Err(Status::NATS_INVALID_SUBSCRIPTION);
    assert_eq!(take(9, false), ("i".to_owned(), ended));
}

/// Sets a completion that sets the flag.
fn complete_with(sub: &Arc<Subscription<Fake>>, flag: &Arc<AtomicBool>) -> Result<()> {
    let flag = flag.clone();
    sub.set_on_complete(Some(Box::new(move || flag.store(true, SeqCst))))
}

#[test]
fn a_completion_can_be_set_until_the_last_callback_has_returned() {
    let (home, record) = (home(), Record::default());
    let sub = subscribe(&home, Some(&record));
    let completed = Arc::new(AtomicBool::new(false));
    // A callback may still run.
    receive(&sub, &["a"]);
    sub.unsubscribe().unwrap();
    complete_with(&sub, &completed).unwrap();
    assert!(!completed.load(SeqCst));
    home.manual.run(usize::MAX);
    assert!(completed.load(SeqCst));
    let late = Arc::new(AtomicBool::new(false));
    let refused = complete_with(&sub, &late).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_INVALID_SUBSCRIPTION);
    home.manual.run(usize::MAX);
    assert!(!late.load(SeqCst));
}

#[test]
fn no_completion_can_be_set_once_a_subscription_without_a_callback_to_run_is_closed() {
    let (home, record) = (home(), Record::default());
    let sub = subscribe(&home, Some(&record));
    receive(&sub, &["a"]);
    assert_eq!(home.manual.run(usize::MAX), 1);
    sub.unsubscribe().unwrap();
    let completed = Arc::new(AtomicBool::new(false));
    let refused = complete_with(&sub, &completed).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_INVALID_SUBSCRIPTION);
    home.manual.run(usize::MAX);
    assert!(!completed.load(SeqCst));
}

#[test]
fn a_held_subscription_calls_nothing_until_it_is_released() {
    let (home, record) = (home(), Record::default());
    let sub = subscribe(&home, Some(&record));
    sub.hold();
    receive(&sub, &["a", "b"]);
    sub.nudge();
    assert_eq!(home.manual.run(usize::MAX), 0);
    sub.release();
    assert_eq!(home.manual.run(usize::MAX), 2);
    assert_eq!(*record.0.lock(), ["a", "b"]);
    receive(&sub, &["c"]);
    assert_eq!(home.manual.run(usize::MAX), 1);
}

#[test]
fn a_held_subscription_that_is_withdrawn_never_calls_anything() {
    let (home, record) = (home(), Record::default());
    for closed_before in [false, true] {
        let sub = subscribe(&home, Some(&record));
        let completed = Arc::new(AtomicBool::new(false));
        sub.hold();
        complete_with(&sub, &completed).unwrap();
        receive(&sub, &["a"]);
        if closed_before {
            sub.end(Closed::WithConnection);
        }
        sub.withdraw();
        assert_eq!(home.manual.run(usize::MAX), 0);
        assert!(record.0.lock().is_empty() && !completed.load(SeqCst));
        assert!(!sub.is_valid() && Arc::strong_count(&completed) == 1);
    }
    assert_eq!((home.interest.count(), home.gone.load(SeqCst)), (0, 2));
}

#[test]
fn messages_are_fetched_one_by_one() {
    let home = home();
    let sub = subscribe(&home, None);
    assert_eq!(next(&sub), Err(Status::NATS_TIMEOUT));
    receive(&sub, &["a", "b"]);
    assert_eq!(next(&sub).as_deref(), Ok("a"));
    assert_eq!(next(&sub).as_deref(), Ok("b"));
    sub.unsubscribe().unwrap();
    assert_eq!(next(&sub), Err(Status::NATS_INVALID_SUBSCRIPTION));
    assert_eq!(home.gone.load(SeqCst), 1);
}

#[test]
fn a_thread_that_waits_is_told_of_a_message_and_of_the_end() {
    let home = home();
    let sub = subscribe(&home, None);
    let waiter = std::thread::spawn({
        let sub = sub.clone();
        move || {
            let wait = || {
                sub.next_msg(Duration::from_secs(60))
                    .map_err(|e| e.status())
            };
            (wait().is_ok(), wait().err())
        }
    });
    receive(&sub, &["a"]);
    while sub.delivered() == Ok(0) {
        std::thread::yield_now();
    }
    home.closed.store(true, SeqCst);
    sub.end(Closed::WithConnection);
    let (got, ended) = waiter.join().unwrap();
    assert!(got);
    assert_eq!(ended, Some(Status::NATS_CONNECTION_CLOSED));
}

#[test]
fn what_does_not_fit_is_told_once() {
    let home = home();
    let sub = subscribe(&home, None);
    sub.set_pending_limits(1, -1).unwrap();
    receive(&sub, &["a", "b"]);
    receive(&sub, &["c"]);
    assert_eq!(*home.slow.lock(), [1]);
    assert_eq!(next(&sub), Err(Status::NATS_SLOW_CONSUMER));
    assert_eq!(next(&sub).as_deref(), Ok("a"));
    receive(&sub, &["d"]);
    assert_eq!(next(&sub).as_deref(), Ok("d"));
    assert_eq!(sub.dropped().unwrap(), 2);
}

#[test]
fn a_server_that_counted_dropped_messages_is_asked_for_the_rest() {
    let home = home();
    let sub = subscribe(&home, None);
    sub.set_pending_limits(2, -1).unwrap();
    sub.auto_unsubscribe(4).unwrap();
    receive(&sub, &["a", "b", "c"]);
    assert!(!sub.queue.lock().is_short_of(4), "one is still to come");
    receive(&sub, &["d"]);
    // The subscription was encoded for the server again, which begins to count anew.
    assert!(!sub.queue.lock().server_has_ended());
    assert_eq!(next(&sub), Err(Status::NATS_SLOW_CONSUMER));
    assert_eq!(next(&sub).as_deref(), Ok("a"));
    assert_eq!(next(&sub).as_deref(), Ok("b"));
    receive(&sub, &["e", "f"]);
    assert_eq!(next(&sub).as_deref(), Ok("e"));
    assert_eq!(next(&sub).as_deref(), Ok("f"));
    assert_eq!(next(&sub), Err(Status::NATS_MAX_DELIVERED_MSGS));
    assert_eq!(home.interest.count(), 0);
}

#[test]
fn a_drain_delivers_what_has_come_and_then_ends_it() {
    let (home, record) = (home(), Record::default());
    let sub = subscribe(&home, Some(&record));
    sub.drain(None).unwrap();
    // The server had sent it already.
    receive(&sub, &["a"]);
    sub.drain_flushed(Ok(()));
    assert!(sub.drain_completion_status().is_err(), "a message is left");
    assert_eq!(home.manual.run(usize::MAX), 1);
    assert_eq!(*record.0.lock(), ["a"]);
    assert!(sub.drain_completion_status().is_ok() && !sub.is_valid());
    assert_eq!(home.interest.count(), 0);
}

#[test]
fn what_comes_for_the_sid_of_before_is_dropped() {
    let home = home();
    let sub = subscribe(&home, None);
    let before = sub.sid();
    receive(&sub, &["a"]);
    let sid = sub.rebind(b"other").unwrap();
    receive_for(&sub, before, &["late"]);
    receive_for(&sub, sid, &["b"]);
    assert_eq!(next(&sub).as_deref(), Ok("a"));
    assert_eq!(next(&sub).as_deref(), Ok("b"));
    assert_eq!(next(&sub), Err(Status::NATS_TIMEOUT));
}
