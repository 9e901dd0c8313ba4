//! The outgoing buffer against a pipe that accepts a controlled number of bytes: no socket, and no other thread that
//! writes.

use std::io::{self, ErrorKind, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::outgoing::Outbound;
use super::outgoing::attach::SessionStart;
use super::outgoing::limits::Limits;
use super::outgoing::ping::{PingWaiter, Window};
use super::outgoing::publish::{Outgoing, When};
use super::outgoing::wire::{ByteStream, Wire};
use crate::error::{Error, Result, Status};
use crate::fork;
use crate::locks::{Condvar, Mutex};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

/// The link at the end of the buffer, which records the requests to it.
struct Pipe {
    outbound: Arc<Outbound<Pipe>>,
    stream: Taker,
    loop_driven: bool,
    ended: AtomicBool,
    flushes: AtomicUsize,
    ready: AtomicUsize,
    events: AtomicUsize,
    failure: OnceLock<Error>,
    on_fail: Option<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct Taker {
    state: Mutex<Taken>,
    changed: Condvar,
}

#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    /// Accepts this many more bytes.
    room: usize,
    broken: bool,
}

impl Taker {
    fn make_room(&self, room: usize) {
        self.state.lock().room = room;
        self.changed.notify_all();
    }

    fn wait_for(&self, bytes: usize) {
        let mut state = self.state.lock();
        while state.bytes.len() < bytes {
            self.changed.wait(&mut state);
        }
    }
}

impl ByteStream for Taker {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.state.lock();
        let before = state.bytes.len();
        for part in parts {
            let n = part.len().min(state.room);
            state.bytes.extend_from_slice(&part[..n]);
            state.room -= n;
        }
        self.changed.notify_all();
        match state.bytes.len() - before {
            0 if state.broken => Err(ErrorKind::BrokenPipe.into()),
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn wait_writable(&self, deadline: Instant) -> Result<()> {
        let mut state = self.state.lock();
        while state.room == 0 && !state.broken {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return Err(Status::NATS_TIMEOUT.into());
            }
        }
        Ok(())
    }
}

impl Wire for Pipe {
    type Stream = Taker;

    fn stream(&self) -> &Taker {
        &self.stream
    }

    fn outbound(&self) -> &Outbound<Pipe> {
        &self.outbound
    }

    fn run_later(&self, _: Duration, _: Box<dyn FnOnce() + Send>) {
        unreachable!("nothing here is a burst");
    }

    fn has_ended(&self) -> bool {
        self.ended.load(SeqCst)
    }

    fn is_loop_driven(&self) -> bool {
        self.loop_driven
    }

    fn has_successor(&self) -> bool {
        true
    }

    fn request_flush(&self) {
        self.flushes.fetch_add(1, SeqCst);
    }

    fn write_when_ready(self: &Arc<Self>) {
        self.ready.fetch_add(1, SeqCst);
    }

    fn ask_write(self: &Arc<Self>) {
        self.events.fetch_add(1, SeqCst);
    }

    fn fail(self: &Arc<Self>, error: Error) {
        self.ended.store(true, SeqCst);
        self.failure.set(error).expect("it fails once");
        if let Some(on_fail) = &self.on_fail {
            on_fail();
        }
    }

    fn fail_after_reading(self: &Arc<Self>, error: Error) {
        self.fail(error);
    }

    fn end_writing(self: &Arc<Self>, error: Error) {
        self.fail(error);
    }
}

impl Pipe {
    fn taken(&self) -> String {
        String::from_utf8(self.stream.state.lock().bytes.clone()).expect("text")
    }
}

struct Setup {
    outbound: Arc<Outbound<Pipe>>,
    loop_driven: bool,
}

impl Setup {
    fn new(write_deadline: Option<Duration>, pending_max: usize) -> Self {
        Setup {
            outbound: Arc::new(Outbound::new(write_deadline, pending_max, None)),
            loop_driven: false,
        }
    }

    fn pipe(&self, room: usize, on_fail: Option<Box<dyn Fn() + Send + Sync>>) -> Arc<Pipe> {
        let pipe = Pipe {
            outbound: self.outbound.clone(),
            stream: Taker::default(),
            loop_driven: self.loop_driven,
            ended: AtomicBool::new(false),
            flushes: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
            failure: OnceLock::new(),
            on_fail,
        };
        pipe.stream.make_room(room);
        Arc::new(pipe)
    }

    fn attached(&self, room: usize) -> Arc<Pipe> {
        let pipe = self.pipe(room, None);
        self.outbound.attach(&pipe, SessionStart::default());
        pipe
    }

    fn publish(&self, payload: &[u8], when: When) -> Result<()> {
        self.outbound.publish(&message(payload), when)
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        // The buffer and the pipe refer to each other.
        self.outbound.close();
    }
}

fn message(payload: &[u8]) -> Outgoing<'_> {
    Outgoing {
        subject: b"s",
        reply: None,
        headers: None,
        payload,
        deadline: None,
    }
}

fn start(frames: &[u8], subscriptions: u64, confirm: bool) -> SessionStart {
    let mut start = SessionStart {
        subscriptions,
        confirm,
        ..SessionStart::default()
    };
    start.frames.extend_from_slice(frames);
    start
}

#[test]
fn a_pipe_that_takes_little_gets_all_in_order() {
    let setup = Setup::new(None, usize::MAX);
    let pipe = setup.attached(0);
    let mut expected = String::new();
    for n in 0..10 {
        setup
            .publish(format!("number {n}").as_bytes(), When::Buffered)
            .unwrap();
        expected += &format!("PUB s 8\r\nnumber {n}\r\n");
    }
    assert_eq!(setup.outbound.buffered(), expected.len());
    let mut calls = 0;
    while setup.outbound.buffered() > 0 {
        pipe.stream.make_room(7);
        setup.outbound.flush_on_watcher(&pipe);
        calls += 1;
    }
    assert_eq!(pipe.taken(), expected);
    assert_eq!(calls, expected.len().div_ceil(7));
    assert!(pipe.ready.load(SeqCst) >= calls - 1, "it asks to go on");
    assert_eq!(setup.outbound.counts(), (10, 80));
}

#[test]
fn one_request_to_write_for_all_that_is_appended() {
    let setup = Setup::new(None, usize::MAX);
    let pipe = setup.attached(usize::MAX);
    for _ in 0..3 {
        setup
            .outbound
            .control(|buf| buf.extend_from_slice(b"X\r\n"));
        setup.publish(b"", When::Buffered).unwrap();
    }
    assert_eq!(pipe.flushes.load(SeqCst), 1);
    setup.outbound.flush_on_watcher(&pipe);
    assert_eq!(pipe.taken(), "X\r\nPUB s 0\r\n\r\n".repeat(3));
    setup.outbound.answer_ping();
    assert_eq!(pipe.flushes.load(SeqCst), 2);
}

#[test]
fn what_is_to_leave_now_has_left() {
    let setup = Setup::new(Some(LONG), usize::MAX);
    let pipe = setup.attached(0);
    let writer = thread::spawn({
        let (outbound, pipe) = (setup.outbound.clone(), pipe.clone());
        move || {
            outbound.publish(&message(b"now"), When::Now).unwrap();
            pipe.taken()
        }
    });
    // As a watcher does when the socket is writable.
    while pipe.ready.load(SeqCst) == 0 {
        thread::yield_now();
    }
    pipe.stream.make_room(usize::MAX);
    setup.outbound.flush_on_watcher(&pipe);
    assert_eq!(writer.join().unwrap(), "PUB s 3\r\nnow\r\n");
}

#[test]
fn a_large_payload_follows_what_was_published_before() {
    let setup = Setup::new(Some(LONG), usize::MAX);
    let pipe = setup.attached(5);
    setup.publish(b"small", When::Buffered).unwrap();
    let large = vec![b'x'; 100_000];
    let publisher = thread::spawn({
        let (outbound, large) = (setup.outbound.clone(), large.clone());
        move || outbound.publish(&message(&large), When::Buffered)
    });
    let head = "PUB s 5\r\nsmall\r\nPUB s 100000\r\n";
    for part in [head.len() + 10, 50_000, usize::MAX] {
        pipe.stream.make_room(part);
        pipe.stream
            .wait_for(part.min(head.len() + large.len() + 2) - 5);
    }
    publisher.join().unwrap().unwrap();
    let taken = pipe.taken();
    assert!(taken.starts_with(head) && taken.ends_with("x\r\n"));
    assert_eq!(taken.len(), head.len() + large.len() + 2);
    assert_eq!(setup.outbound.buffered(), 0);
}

#[test]
fn a_pipe_that_takes_nothing_fails_at_the_write_deadline() {
    let setup = Setup::new(Some(Duration::from_millis(20)), usize::MAX);
    let pipe = setup.attached(0);
    let payload = vec![b'x'; 60_000];
    let failed = (0..10).find_map(|_| setup.publish(&payload, When::Buffered).err());
    assert_eq!(failed.unwrap().status(), Status::NATS_TIMEOUT);
    let failure = pipe.failure.get().expect("the link is told");
    assert!(failure.text().contains("write deadline exceeded"));
}

/// The hook of an event loop that runs while the link fails may fork, and the child may return in it. The lock may have
/// been held by a thread that does not exist in the child.
#[test]
fn a_child_that_returns_while_the_link_fails_takes_no_lock() {
    let setup = Setup::new(Some(Duration::from_millis(20)), usize::MAX);
    let (let_go, stay) = channel::<()>();
    let stay = Arc::new(Mutex::new(stay));
    let on_fail = {
        let outbound = setup.outbound.clone();
        move || {
            let (outbound, stay) = (outbound.clone(), stay.clone());
            let (locked, is_locked) = channel();
            thread::spawn(move || {
                outbound.control(|_| {
                    locked.send(()).unwrap();
                    let _ = stay.lock().recv();
                });
            });
            is_locked.recv().unwrap();
            fork::leave();
        }
    };
    let pipe = setup.pipe(0, Some(Box::new(on_fail)));
    setup.outbound.attach(&pipe, SessionStart::default());
    let payload = vec![b'x'; 60_000];
    let left = catch_unwind(AssertUnwindSafe(|| {
        (0..10).find_map(|_| setup.publish(&payload, When::Buffered).err())
    }));
    assert!(fork::has_left(&*left.expect_err("the hook left")));
    drop(let_go);
}

#[test]
fn what_did_not_leave_whole_is_for_the_next_one() {
    let setup = Setup::new(None, usize::MAX);
    let first = setup.attached(0);
    setup
        .outbound
        .control(|buf| buf.extend_from_slice(b"SUB a 1\r\n"));
    for payload in ["one", "two", "three"] {
        setup.publish(payload.as_bytes(), When::Buffered).unwrap();
    }
    setup.outbound.ping(PingWaiter::Keepalive, When::Buffered);
    // All of the first, half of the second.
    first
        .stream
        .make_room("SUB a 1\r\nPUB s 3\r\none\r\nPUB s 3\r\nt".len());
    setup.outbound.flush_on_watcher(&first);
    let detached = setup.outbound.detach(&first, true);
    assert_eq!(detached.waiters.len(), 1);
    assert!(detached.given_up.is_none());
    setup.publish(b"four", When::Now).unwrap();
    setup.outbound.ping(PingWaiter::Keepalive, When::Buffered);

    let second = setup.pipe(usize::MAX, None);
    setup
        .outbound
        .attach(&second, start(b"SUB a 1\r\n", 1, false));
    setup.outbound.try_flush(&second);
    assert_eq!(
        second.taken(),
        "SUB a 1\r\nPUB s 3\r\ntwo\r\nPUB s 5\r\nthree\r\nPUB s 4\r\nfour\r\nPING\r\n"
    );
    // A PONG of the first server arrives too late.
    assert!(setup.outbound.pong(&first).is_none());
    assert!(setup.outbound.pong(&second).is_some());
    assert!(!setup.outbound.is_unanswered());
}

#[test]
fn a_publish_that_three_pipes_broke_in_is_given_up() {
    let setup = Setup::new(None, usize::MAX);
    setup.publish(b"poison", When::Buffered).unwrap();
    setup.publish(b"harmless", When::Buffered).unwrap();
    for breaks in 1..=3 {
        let pipe = setup.attached("PUB s 6\r\npoi".len());
        pipe.stream.state.lock().broken = true;
        setup.outbound.try_flush(&pipe);
        assert!(pipe.failure.get().is_some());
        let given_up = setup.outbound.detach(&pipe, true).given_up;
        assert_eq!(given_up.is_some(), breaks == 3);
    }
    let pipe = setup.attached(usize::MAX);
    setup.outbound.try_flush(&pipe);
    assert_eq!(pipe.taken(), "PUB s 8\r\nharmless\r\n");
}

#[test]
fn a_pong_says_how_far_the_server_has_come() {
    let setup = Setup::new(None, usize::MAX);
    let pipe = setup.attached(usize::MAX);
    let is = |window: Window, after, last| window.after == after && window.last == last;
    let control = || {
        setup
            .outbound
            .control(|buf| buf.extend_from_slice(b"SUB\r\n"))
    };
    assert_eq!([control(), control()], [1, 2]);
    setup.outbound.ping(PingWaiter::Keepalive, When::Buffered);
    assert_eq!(control(), 3);
    assert!(is(setup.outbound.unanswered_window(), 0, 3));
    let window = setup.outbound.pong(&pipe).unwrap().window;
    assert!(is(window, 0, 2));
    assert!(window.contains(2) && !window.contains(0) && !window.contains(3));
    assert!(is(setup.outbound.unanswered_window(), 2, 3));
    assert!(setup.outbound.is_unanswered());
    assert!(setup.outbound.pong(&pipe).is_none(), "there was one PING");
}

#[test]
fn the_subscriptions_of_a_suspect_are_confirmed_before_publishes_leave() {
    let setup = Setup::new(None, usize::MAX);
    setup.publish(b"x", When::Buffered).unwrap();
    setup.outbound.ping(PingWaiter::Keepalive, When::Buffered);
    let pipe = setup.pipe(usize::MAX, None);
    let before = setup
        .outbound
        .attach(&pipe, start(b"SUB a 1\r\nSUB b 2\r\n", 2, true));
    setup.outbound.try_flush(&pipe);
    assert_eq!(
        pipe.taken(),
        "SUB a 1\r\nSUB b 2\r\nPING\r\nPUB s 1\r\nx\r\nPING\r\n"
    );
    let window = setup.outbound.pong(&pipe).unwrap().window;
    assert_eq!((window.after, window.last), (before, before + 2));
    assert!(setup.outbound.is_unanswered(), "the publish is not");
    let left = setup.outbound.unanswered_window();
    assert_eq!(left.after, left.last);
    setup.outbound.pong(&pipe).unwrap();
    assert!(!setup.outbound.is_unanswered());
}

#[test]
fn what_the_next_server_does_not_take_is_told_and_dropped() {
    let setup = Setup::new(None, usize::MAX);
    setup.publish(b"small", When::Buffered).unwrap();
    setup.publish(b"too large", When::Buffered).unwrap();
    let told = setup.outbound.set_limits(Limits {
        max_payload: 5,
        headers: true,
    });
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].status(), Status::NATS_MAX_PAYLOAD);
    let refused = setup.publish(b"too large", When::Buffered).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_MAX_PAYLOAD);
    let pipe = setup.attached(usize::MAX);
    setup.outbound.try_flush(&pipe);
    assert_eq!(pipe.taken(), "PUB s 5\r\nsmall\r\n");
}

#[test]
fn without_a_server_there_is_a_limit_and_after_the_end_nothing() {
    let setup = Setup::new(None, 20);
    setup.publish(b"0123456789", When::Now).unwrap();
    let refused = setup.publish(b"", When::Buffered).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_INSUFFICIENT_BUFFER);
    assert_eq!(setup.outbound.waiting(), "PUB s 10\r\n0123456789\r\n".len());
    assert_eq!(setup.outbound.buffered(), 0);
    assert_eq!(setup.outbound.control(|_| unreachable!()), 0);
    setup.outbound.close();
    let closed = setup.publish(b"", When::Buffered).unwrap_err();
    assert_eq!(closed.status(), Status::NATS_CONNECTION_CLOSED);
    assert_eq!(setup.outbound.waiting(), 0);
}

#[test]
fn an_event_loop_is_asked_without_the_lock() {
    let mut setup = Setup::new(None, usize::MAX);
    setup.loop_driven = true;
    let pipe = setup.attached(usize::MAX);
    setup.publish(b"1", When::Buffered).unwrap();
    setup.publish(b"2", When::Buffered).unwrap();
    assert_eq!(pipe.events.load(SeqCst), 1);
    assert_eq!(pipe.flushes.load(SeqCst), 0);
    setup.outbound.try_flush(&pipe);
    assert_eq!(pipe.taken(), "PUB s 1\r\n1\r\nPUB s 1\r\n2\r\n");
}
