//! The interface of subscriptions for the layers above the client, with a real server.

mod support;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use nats_rs::client::{
    Batch, Connection, EndReason, Extension, Intake, Options, SubscribeArgs, Subscription, When,
};
use nats_rs::error::{Result, Status};
use nats_rs::msg::{Msg, MsgList, OwnerRef};

use support::{LONG, Server, eventually};

fn connect(server: &Server) -> Arc<Connection> {
    let opts = Options {
        url: Some(server.url().into()),
        reconnect_wait: Duration::from_millis(20),
        max_reconnect: -1,
        ..Options::default()
    };
    let conn = Connection::new(&opts).expect("the library opens");
    conn.connect().expect("the server is there");
    conn
}

fn subscribe(conn: &Arc<Connection>, args: SubscribeArgs<'_>) -> Arc<Subscription> {
    let sub = conn.prepare_subscription(args).expect("it is valid");
    conn.start_subscription(&sub).expect("it is open");
    sub
}

fn publish(conn: &Arc<Connection>, subject: &str, payload: &str) {
    conn.publish(subject.as_bytes(), None, payload.as_bytes(), When::Buffered)
        .expect("the connection is open");
}

fn texts(list: &mut MsgList) -> Vec<String> {
    std::iter::from_fn(|| list.pop())
        .map(|m| String::from_utf8_lossy(m.payload()).into_owned())
        .collect()
}

fn soon() -> Option<Instant> {
    Some(Instant::now() + LONG)
}

/// Takes the messages that begin with `!`, and records the sids.
#[derive(Default)]
struct Filter {
    taken: Mutex<Vec<String>>,
    last_sid: AtomicU64,
}

impl Intake for Filter {
    fn take(&self, sub: &Arc<Subscription>, sid: u64, msgs: &mut MsgList) {
        assert!(sub.is_valid());
        self.last_sid.store(sid, Ordering::SeqCst);
        let mut mine = msgs.retain(|msg| !msg.payload().starts_with(b"!"));
        self.taken.lock().unwrap().extend(texts(&mut mine));
    }
}

#[test]
fn an_intake_sees_all_and_keeps_what_is_its_own() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let filter = Arc::new(Filter::default());
    let sub = subscribe(
        &conn,
        SubscribeArgs {
            intake: Some(filter.clone()),
            ..SubscribeArgs::new(b"a")
        },
    );
    sub.set_pending_limits(3, -1).unwrap();
    sub.auto_unsubscribe(3).unwrap();
    for text in ["!1", "a", "!2", "b", "!3"] {
        publish(&conn, "a", text);
    }
    conn.flush(LONG).unwrap();
    assert_eq!(*filter.taken.lock().unwrap(), ["!1", "!2", "!3"]);
    assert_eq!(filter.last_sid.load(Ordering::SeqCst), sub.sid());
    // Only queued messages count, for the limits and for the maximum.
    assert_eq!(sub.pending().unwrap().0, 2);
    publish(&conn, "a", "c");
    publish(&conn, "a", "d");
    let mut list = MsgList::new();
    while list.len() < 3 {
        let mut want = Batch {
            max: 10,
            deadline: soon(),
            ..Batch::default()
        };
        sub.next_batch(&mut want, &mut list).unwrap();
    }
    assert_eq!(texts(&mut list), ["a", "b", "c"]);
    assert_eq!(
        sub.next_raw(soon()).unwrap_err().status(),
        Status::NATS_MAX_DELIVERED_MSGS,
    );
    conn.close();
}

#[test]
fn batches_are_what_was_asked_for() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let sub = subscribe(&conn, SubscribeArgs::new(b"a"));
    let mut list = MsgList::new();
    let late = Some(Instant::now());
    let error =
        |want: &mut Batch<'_>, list: &mut MsgList| sub.next_batch(want, list).unwrap_err().status();
    let mut none_there = Batch {
        max: 1,
        deadline: late,
        ..Batch::default()
    };
    assert_eq!(error(&mut none_there, &mut list), Status::NATS_TIMEOUT);
    for n in 0..10 {
        publish(&conn, "a", &n.to_string());
    }
    conn.flush(LONG).unwrap();
    assert_eq!(sub.queued(), 10);
    let mut zero = Batch::default();
    assert_eq!(sub.next_batch(&mut zero, &mut list).unwrap(), 0);
    let mut room = 4;
    let mut accept = |msg: &Msg| {
        let fits = room >= msg.payload().len();
        room -= usize::from(fits);
        fits
    };
    let mut fitting = Batch {
        max: 100,
        deadline: late,
        accept: Some(&mut accept),
        ..Batch::default()
    };
    assert_eq!(sub.next_batch(&mut fitting, &mut list).unwrap(), 4);
    assert_eq!(sub.next_batch(&mut fitting, &mut list).unwrap(), 0);
    let mut two = Batch {
        max: 2,
        ..Batch::default()
    };
    assert_eq!(sub.next_batch(&mut two, &mut list).unwrap(), 2);
    assert_eq!(texts(&mut list), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(sub.delivered().unwrap(), 6);
    assert_eq!(sub.next_raw(late).unwrap().payload(), b"6");
    // The server's status without responders is a message here.
    conn.publish(b"nobody", Some(b"a"), b"", When::Now).unwrap();
    conn.flush(LONG).unwrap();
    let mut all = Batch {
        max: 100,
        ..Batch::default()
    };
    assert_eq!(sub.next_batch(&mut all, &mut list).unwrap(), 4);
    let last = std::iter::from_fn(|| list.pop()).last().unwrap();
    assert_eq!(last.status().unwrap().code, 503);
    conn.close();
    assert_eq!(error(&mut all, &mut list), Status::NATS_CONNECTION_CLOSED);
}

#[test]
fn a_waiting_batch_is_woken() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let sub = subscribe(&conn, SubscribeArgs::new(b"a"));
    let stopped = AtomicBool::new(false);
    let asked = AtomicU32::new(0);
    let stop = || {
        asked.fetch_add(1, Ordering::SeqCst);
        stopped.load(Ordering::SeqCst)
    };
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut want = Batch {
                max: 1,
                stop: Some(&stop),
                ..Batch::default()
            };
            sub.next_batch(&mut want, &mut MsgList::new())
        });
        eventually("it waits", || asked.load(Ordering::SeqCst) > 0);
        sub.wake();
        stopped.store(true, Ordering::SeqCst);
        sub.wake();
        assert_eq!(waiting.join().unwrap().unwrap(), 0);
        let waiting = scope.spawn(|| sub.next_raw(None));
        conn.close();
        let ended = waiting.join().unwrap().unwrap_err();
        assert_eq!(ended.status(), Status::NATS_CONNECTION_CLOSED);
    });
}

#[test]
fn a_subscription_is_bound_to_other_subjects() {
    let mut server = Server::start(&[]);
    let conn = connect(&server);
    let filter = Arc::new(Filter::default());
    let sub = subscribe(
        &conn,
        SubscribeArgs {
            intake: Some(filter.clone()),
            ..SubscribeArgs::new(b"a.0")
        },
    );
    let first = sub.sid();
    publish(&conn, "a.0", "before");
    conn.flush(LONG).unwrap();
    let second = sub.rebind(b"a.1").unwrap();
    assert!(second > first && sub.sid() == second);
    assert_eq!(sub.subject().unwrap(), c"a.1");
    for text in ["a.0", "a.1"] {
        publish(&conn, text, text);
    }
    conn.flush(LONG).unwrap();
    assert_eq!(filter.last_sid.load(Ordering::SeqCst), second);
    let mut list = MsgList::new();
    let mut all = || {
        let mut want = Batch {
            max: 100,
            deadline: Some(Instant::now()),
            ..Batch::default()
        };
        sub.next_batch(&mut want, &mut list).unwrap();
        texts(&mut list)
    };
    assert_eq!(all(), ["before", "a.1"]);

    // Without a server: the next one receives only the last subject.
    server.stop();
    eventually("the loss is noticed", || conn.is_reconnecting());
    sub.rebind(b"a.2").unwrap();
    sub.rebind(b"a.3").unwrap();
    server.restart();
    eventually("it is back", || !conn.is_reconnecting());
    for text in ["a.0", "a.1", "a.2", "a.3"] {
        publish(&conn, text, text);
    }
    conn.flush(LONG).unwrap();
    assert_eq!(all(), ["a.3"]);
    assert_eq!(conn.subscription_count(), 1);

    // Many times, with messages in flight: no message of a former subject is queued behind those of the next one.
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = connect(&server);
            while !done.load(Ordering::SeqCst) {
                for n in 0..50 {
                    publish(&other, &format!("b.{n}"), &n.to_string());
                }
            }
            other.close();
        });
        let mut last = 0;
        for n in 0..50 {
            sub.rebind(format!("b.{n}").as_bytes()).unwrap();
            let one = sub.next_raw(soon()).unwrap();
            let got: u32 = std::str::from_utf8(one.payload()).unwrap().parse().unwrap();
            assert!(got >= last && got <= n, "{got} after {last}, bound to {n}");
            last = got;
        }
        done.store(true, Ordering::SeqCst);
    });
    let error = |subject: &[u8]| sub.rebind(subject).unwrap_err().status();
    assert_eq!(error(b"a b"), Status::NATS_INVALID_SUBJECT);
    sub.unsubscribe().unwrap();
    assert_eq!(error(b"c"), Status::NATS_INVALID_SUBSCRIPTION);
    conn.close();
    assert_eq!(error(b"c"), Status::NATS_CONNECTION_CLOSED);
}

#[test]
fn ends_are_told_once_each() {
    let server = Server::start(&[]);
    let (tell, told) = mpsc::channel();
    let hooked = |conn: &Arc<Connection>| {
        let sub = subscribe(conn, SubscribeArgs::new(b"a"));
        for _ in 0..2 {
            let tell = tell.clone();
            sub.on_end(move |sub, reason| {
                assert!(reason == EndReason::Drained || !sub.is_valid());
                tell.send(reason).unwrap();
            });
        }
        sub
    };
    let both = |reason| {
        assert_eq!(told.recv_timeout(LONG).unwrap(), reason);
        assert_eq!(told.recv_timeout(LONG).unwrap(), reason);
        assert!(told.try_recv().is_err());
    };
    let conn = connect(&server);
    let sub = hooked(&conn);
    sub.unsubscribe().unwrap();
    both(EndReason::Unsubscribed);
    let late = tell.clone();
    sub.on_end(move |_, reason| late.send(reason).unwrap());
    assert_eq!(told.recv().unwrap(), EndReason::Unsubscribed);
    hooked(&conn).destroy();
    both(EndReason::Unsubscribed);

    let sub = hooked(&conn);
    sub.auto_unsubscribe(1).unwrap();
    publish(&conn, "a", "x");
    sub.next_msg(LONG).unwrap();
    both(EndReason::MaxDelivered);

    let sub = hooked(&conn);
    sub.drain(None).unwrap();
    sub.wait_for_drain_completion(Some(LONG)).unwrap();
    both(EndReason::Drained);
    sub.destroy();
    assert!(told.try_recv().is_err());

    let sub = hooked(&conn);
    publish(&conn, "a", "x");
    conn.flush(LONG).unwrap();
    sub.drain(None).unwrap();
    assert!(told.try_recv().is_err());
    sub.next_msg(LONG).unwrap();
    both(EndReason::Drained);

    let _sub = hooked(&conn);
    conn.close();
    both(EndReason::ConnectionClosed);

    let conn = connect(&server);
    let unborn = conn.prepare_subscription(SubscribeArgs::new(b"a")).unwrap();
    unborn.on_end(|_, _| panic!("it never began"));
    let sub = hooked(&conn);
    conn.drain(None).unwrap();
    both(EndReason::Drained);
    eventually("the drain ends", || conn.is_closed());
    assert!(conn.start_subscription(&unborn).is_err());
    drop(sub);
}

/// Records its calls.
#[derive(Default)]
struct Noting {
    calls: Mutex<Vec<&'static str>>,
    refuse: AtomicBool,
}

impl Noting {
    fn note(&self, what: &'static str) -> Result<()> {
        self.calls.lock().unwrap().push(what);
        match self.refuse.load(Ordering::SeqCst) {
            true => Err(Status::NATS_NOT_FOUND.into()),
            false => Ok(()),
        }
    }

    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl Extension for Noting {
    fn next_begins(&self, _: &Arc<Subscription>) -> Result<()> {
        self.note("next")
    }

    fn taken(&self, _: &Arc<Subscription>, msg: &mut Msg) {
        msg.set_owner(OwnerRef::new(1u8));
        let _ = self.note("taken");
    }

    fn unsubscribed(&self, sub: &Arc<Subscription>) -> Result<()> {
        assert!(!sub.is_valid());
        self.note("unsubscribed")
    }

    fn destroying(&self, _: &Arc<Subscription>) {
        let _ = self.note("destroying");
    }

    fn drain_awaited(&self, _: &Arc<Subscription>, deadline: Option<Instant>) -> Result<()> {
        assert!(deadline.is_some());
        self.note("drained")
    }

    fn shown_subject(&self) -> Option<String> {
        Some("[\"x\"]".into())
    }
}

#[test]
fn an_extension_has_a_say() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let noting = Arc::new(Noting::default());
    let extended = || {
        let sub = conn.prepare_subscription(SubscribeArgs::new(b"a")).unwrap();
        assert!(sub.set_extension(noting.clone()));
        assert!(!sub.set_extension(noting.clone()));
        conn.start_subscription(&sub).unwrap();
        sub
    };
    let sub = extended();
    assert!(Arc::ptr_eq(&sub.extension::<Noting>().unwrap(), &noting));
    publish(&conn, "a", "x");
    let msg = sub.next_msg(LONG).unwrap();
    assert_eq!(msg.owner().unwrap().get(), Some(&1u8));
    assert_eq!(noting.calls(), ["next", "taken"]);
    noting.refuse.store(true, Ordering::SeqCst);
    let refused = sub.next_msg(LONG).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_NOT_FOUND);
    assert_eq!(noting.calls(), ["next"]);
    assert_eq!(
        sub.unsubscribe().unwrap_err().status(),
        Status::NATS_NOT_FOUND
    );
    let closed = sub.unsubscribe().unwrap_err();
    assert!(closed.text().contains("[\"x\"]"), "{}", closed.text());
    sub.destroy();
    assert_eq!(noting.calls(), ["unsubscribed", "destroying"]);

    noting.refuse.store(false, Ordering::SeqCst);
    let sub = extended();
    sub.drain(None).unwrap();
    sub.wait_for_drain_completion(Some(LONG)).unwrap();
    sub.destroy();
    assert_eq!(noting.calls(), ["drained", "destroying"]);
    conn.close();
}
