//! The interface of a connection for the layers above the client, with a real server.

mod support;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nats_rs::client::{
    CallbackJob, CallbackQueue, ConnEvent, Connection, ManyLimits, Monitor, MsgSink, Options,
    Progress, Publish, ReplyContext, ReplySink, SubscribeArgs, Subscription, When,
};
use nats_rs::error::{Error, Status};
use nats_rs::msg::{Msg, MsgList};
use nats_rs::proto::headers::HeaderBlock;

use support::{LONG, Server, eventually};

fn connect_with(server: &Server, opts: Options) -> Arc<Connection> {
    let opts = Options {
        url: Some(server.url().into()),
        reconnect_wait: Duration::from_millis(20),
        max_reconnect: -1,
        ..opts
    };
    let conn = Connection::new(&opts).expect("the library opens");
    conn.connect().expect("the server is there");
    conn
}

fn connect(server: &Server) -> Arc<Connection> {
    connect_with(server, Options::default())
}

fn soon() -> Option<Instant> {
    Some(Instant::now() + LONG)
}

fn late(after: u64) -> Option<Instant> {
    Some(Instant::now() + Duration::from_millis(after))
}

/// Answers each request with its payload, this number of times.
struct Echo(usize);

impl MsgSink for Echo {
    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let msg = msg.expect("there is no timeout");
        let Some(reply) = msg.reply() else { return };
        for _ in 0..self.0 {
            let answer = sub
                .connection()
                .publish(reply, None, msg.payload(), When::Buffered);
            answer.expect("it is open");
        }
    }
}

fn echo(conn: &Arc<Connection>, subject: &str, times: usize) -> Arc<Subscription> {
    let sub = conn
        .prepare_subscription(SubscribeArgs {
            sink: Some(Box::new(Echo(times))),
            ..SubscribeArgs::new(subject.as_bytes())
        })
        .expect("it is valid");
    conn.start_subscription(&sub).expect("it is open");
    sub
}

fn to<'a>(subject: &'a str, payload: &'a str) -> Publish<'a> {
    Publish {
        subject: subject.as_bytes(),
        payload: payload.as_bytes(),
        ..Publish::default()
    }
}

fn text(msg: &Msg) -> String {
    String::from_utf8_lossy(msg.payload()).into_owned()
}

#[test]
fn many_are_published_at_once() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let sub = conn.prepare_subscription(SubscribeArgs::new(b"a")).unwrap();
    conn.start_subscription(&sub).unwrap();
    sub.set_pending_limits(-1, -1).unwrap();
    let headers = HeaderBlock::Bytes(b"NATS/1.0\r\nA: b\r\n\r\n");
    let large = "x".repeat(10_000);
    // Far more than the outgoing buffer can hold.
    let count = conn
        .publish_many(When::Buffered, None, |appender| {
            for n in 0..1000 {
                appender.publish(&Publish {
                    reply: Some(n.to_string().as_bytes()),
                    headers: Some(headers),
                    ..to("a", &large)
                })?;
            }
            Ok(appender.count())
        })
        .unwrap();
    assert_eq!(count, 1000);
    for n in 0..1000 {
        let msg = sub.next_raw(soon()).unwrap();
        assert_eq!(msg.reply().unwrap(), n.to_string().as_bytes());
        assert_eq!(
            (msg.payload().len(), msg.header(b"A")),
            (10_000, Some(&b"b"[..]))
        );
    }
    for when in [When::Buffered, When::Soon, When::Now] {
        let failed = conn.publish_many(when, soon(), |appender| {
            appender.publish(&to("a", "one"))?;
            appender.publish(&to("a b", "two"))?;
            Ok(())
        });
        assert_eq!(failed.unwrap_err().status(), Status::NATS_INVALID_SUBJECT);
        // Earlier publishes are sent.
        assert_eq!(text(&sub.next_raw(soon()).unwrap()), "one");
        conn.publish_many(when, None, |_| Ok(())).unwrap();
    }
    conn.publish_with(&to("a", "last"), When::Now, None)
        .unwrap();
    assert_eq!(text(&sub.next_raw(soon()).unwrap()), "last");
    conn.close();
    let closed = conn.publish_many(When::Buffered, None, |a| a.publish(&to("a", "")));
    assert_eq!(closed.unwrap_err().status(), Status::NATS_CONNECTION_CLOSED);
}

#[test]
fn requests_have_a_deadline() {
    let server = Server::start(&[]);
    for old_request_style in [false, true] {
        let conn = connect_with(
            &server,
            Options {
                old_request_style,
                ..Options::default()
            },
        );
        let _echo = echo(&conn, "echo", 1);
        let answer = conn.request_with(&to("echo", "hello"), soon()).unwrap();
        assert_eq!(text(&answer), "hello");
        assert!(conn.request_with(&to("echo", "for ever"), None).is_ok());
        let status = |subject, deadline| {
            let failed = conn.request_with(&to(subject, ""), deadline);
            failed.unwrap_err().status()
        };
        assert_eq!(status("nobody", soon()), Status::NATS_NO_RESPONDERS);
        let silent = conn
            .prepare_subscription(SubscribeArgs::new(b"silent"))
            .unwrap();
        conn.start_subscription(&silent).unwrap();
        assert_eq!(status("silent", late(20)), Status::NATS_TIMEOUT);
        conn.close();
        assert_eq!(status("echo", soon()), Status::NATS_CONNECTION_CLOSED);
    }
}

#[test]
fn requests_call_back() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let _echo = echo(&conn, "echo", 2);
    let silent = conn
        .prepare_subscription(SubscribeArgs::new(b"silent"))
        .unwrap();
    conn.start_subscription(&silent).unwrap();
    let (tell, told) = mpsc::channel();
    let ask = |subject: &str, deadline| {
        let tell = tell.clone();
        let then = move |answer: Result<Msg, Error>| {
            let answer = answer.map(|msg| text(&msg)).map_err(|e| e.status());
            tell.send(answer).unwrap();
        };
        conn.request_then(&to(subject, "x"), deadline, then)
    };
    let answer = || told.recv_timeout(LONG).unwrap();
    let done = ask("echo", soon()).unwrap();
    assert_eq!(answer(), Ok("x".into()));
    assert!(!done.cancel());
    ask("nobody", soon()).unwrap();
    assert_eq!(answer(), Err(Status::NATS_NO_RESPONDERS));
    ask("silent", late(20)).unwrap();
    assert_eq!(answer(), Err(Status::NATS_TIMEOUT));
    let cancelled = ask("silent", late(20)).unwrap();
    assert!(cancelled.cancel() && !cancelled.cancel());
    // Waiting requests and requests with a callback at the same time, and too many answers: each gets its own answer.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0..200 {
                    let n = n.to_string();
                    let answer = conn.request_with(&to("echo", &n), soon()).unwrap();
                    assert_eq!(text(&answer), n);
                }
            });
        }
        for _ in 0..200 {
            ask("echo", soon()).unwrap();
        }
    });
    (0..200).for_each(|_| assert_eq!(answer(), Ok("x".into())));
    ask("silent", None).unwrap();
    conn.close();
    assert_eq!(answer(), Err(Status::NATS_CONNECTION_CLOSED));
    let failed = ask("echo", None).err().expect("it is closed");
    assert_eq!(failed.status(), Status::NATS_CONNECTION_CLOSED);
    assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
}

#[test]
fn requests_have_many_answers() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let _echo = echo(&conn, "echo", 5);
    let answers = |deadline, limits: &ManyLimits<'_>| {
        let list = conn.request_many(&to("echo", "x"), deadline, limits);
        list.unwrap().len()
    };
    let all = ManyLimits::default();
    assert_eq!(answers(late(200), &all), 5);
    let three = ManyLimits {
        max: Some(3),
        ..ManyLimits::default()
    };
    assert_eq!(answers(None, &three), 3);
    let silence = ManyLimits {
        silence: Some(Duration::from_millis(200)),
        ..ManyLimits::default()
    };
    assert_eq!(answers(None, &silence), 5);
    let seen = AtomicUsize::new(0);
    let second = |_: &mut Msg| seen.fetch_add(1, Ordering::SeqCst) == 1;
    for (include_last, expected) in [(true, 2), (false, 1)] {
        seen.store(0, Ordering::SeqCst);
        let sentinel = ManyLimits {
            is_last: Some(&second),
            include_last,
            ..ManyLimits::default()
        };
        assert_eq!(answers(None, &sentinel), expected);
    }
    let nobody = conn.request_many(&to("nobody", ""), soon(), &all);
    assert_eq!(nobody.unwrap_err_status(), Status::NATS_NO_RESPONDERS);
    conn.close();
    let closed = conn.request_many(&to("echo", ""), soon(), &all);
    assert_eq!(closed.unwrap_err_status(), Status::NATS_CONNECTION_CLOSED);
}

/// As `unwrap_err`, for types without `Debug`.
trait UnwrapErrStatus {
    fn unwrap_err_status(self) -> Status;
}

impl<T> UnwrapErrStatus for Result<T, Error> {
    fn unwrap_err_status(self) -> Status {
        self.err().expect("it fails").status()
    }
}

/// Keeps the subjects of answers.
#[derive(Default)]
struct Answers {
    subjects: Mutex<Vec<Vec<u8>>>,
    ended: AtomicUsize,
}

impl ReplySink for Answers {
    fn replies(&self, mut msgs: MsgList) {
        assert!(!msgs.is_empty());
        let mut subjects = self.subjects.lock().unwrap();
        while let Some(msg) = msgs.pop() {
            subjects.push(msg.subject().to_vec());
        }
    }

    fn ended(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_context_gets_the_answers_to_its_tokens() {
    let mut server = Server::start(&[]);
    let conn = connect(&server);
    let _echo = echo(&conn, "echo", 1);
    let silent = conn
        .prepare_subscription(SubscribeArgs::new(b"silent"))
        .unwrap();
    conn.start_subscription(&silent).unwrap();
    let subscriptions = conn.subscription_count();
    for shared in [false, true] {
        let sinks: Vec<_> = (0..2).map(|_| Arc::new(Answers::default())).collect();
        let contexts: Vec<_> = sinks
            .iter()
            .map(|sink| ReplyContext::new(&conn, shared, sink.clone()).unwrap())
            .collect();
        assert_eq!(conn.subscription_count(), subscriptions);
        assert_ne!(contexts[0].prefix(), contexts[1].prefix());
        let send = |context: &ReplyContext, token: &str| {
            let reply = [context.prefix(), token.as_bytes()].concat();
            let out = Publish {
                reply: Some(&reply),
                ..to("echo", "")
            };
            conn.publish_with(&out, When::Buffered, None).unwrap();
        };
        let expected: Vec<String> = (0..500).map(|n| n.to_string()).collect();
        for token in &expected {
            contexts.iter().for_each(|context| send(context, token));
        }
        let tokens = |n: usize| -> Vec<String> {
            let subjects = sinks[n].subjects.lock().unwrap();
            let token = |subject: &Vec<u8>| {
                let msg = Msg::create(subject, None, b"").unwrap();
                let token = contexts[n].token(&msg).expect("it is one of ours");
                String::from_utf8_lossy(token).into_owned()
            };
            subjects.iter().map(token).collect()
        };
        for n in 0..2 {
            eventually("all are answered", || tokens(n).len() == 500);
            assert_eq!(tokens(n), expected);
        }
        // An unknown token must not be taken for the answer to the only request.
        let closed = contexts[1].prefix().to_vec();
        contexts[1].close();
        assert_eq!(sinks[1].ended.load(Ordering::SeqCst), 1);
        thread::scope(|scope| {
            let request = scope.spawn(|| conn.request_with(&to("silent", ""), late(300)));
            eventually("the request is there", || silent.queued() > 0);
            for prefix in [&closed[..], contexts[0].prefix()] {
                let subject = [prefix, b"late"].concat();
                conn.publish(&subject, None, b"", When::Now).unwrap();
            }
            let failed = request.join().unwrap();
            assert_eq!(failed.unwrap_err_status(), Status::NATS_TIMEOUT);
        });
        silent.next_raw(soon()).unwrap();
        assert_eq!(tokens(0).len(), 501);
        // The next server knows the inbox too.
        server.restart();
        eventually("the loss is noticed", || conn.stats().reconnects > 0);
        eventually("it is back", || !conn.is_reconnecting());
        let before = tokens(0).len();
        send(&contexts[0], "again");
        eventually("it is answered", || tokens(0).len() == before + 1);
        drop(contexts);
        assert_eq!(sinks[0].ended.load(Ordering::SeqCst), 1);
    }
    let sinks: Vec<_> = (0..2).map(|_| Arc::new(Answers::default())).collect();
    let open = |n: usize| ReplyContext::new(&conn, n == 1, sinks[n].clone());
    let _open: Vec<_> = (0..2).map(|n| open(n).unwrap()).collect();
    conn.close();
    for (n, sink) in sinks.iter().enumerate() {
        assert_eq!(sink.ended.load(Ordering::SeqCst), 1);
        assert_eq!(open(n).unwrap_err_status(), Status::NATS_CONNECTION_CLOSED);
    }
}

#[test]
fn a_drain_does_not_wait_for_contexts_and_lets_them_end() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let sink = Arc::new(Answers::default());
    let _context = ReplyContext::new(&conn, false, sink.clone()).unwrap();
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let _observing = conn.observe(move |_, event| seen.lock().unwrap().push(event));
    conn.drain(Some(LONG)).unwrap();
    eventually("the drain ends", || conn.is_closed());
    eventually("the context ends", || {
        sink.ended.load(Ordering::SeqCst) == 1
    });
    let expected = [ConnEvent::Draining, ConnEvent::Lost, ConnEvent::Closed];
    eventually("all is told", || *events.lock().unwrap() == expected);
}

#[test]
fn observers_are_told_in_order() {
    let mut server = Server::start(&[]);
    let conn = connect(&server);
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let observing = conn.observe(move |_, event| seen.lock().unwrap().push(event));
    let _panicking = conn.observe(|_, _| panic!("an observer panics"));
    for _ in 0..3 {
        server.stop();
        eventually("the loss is noticed", || conn.is_reconnecting());
        server.restart();
        eventually("it is back", || !conn.is_reconnecting());
    }
    let told = || events.lock().unwrap().clone();
    let both = [ConnEvent::Lost, ConnEvent::Restored];
    eventually("all is told", || told() == both.repeat(3));
    let release = conn.server_release().unwrap();
    assert!(
        conn.server_at_least(2, 10, 0)
            && !conn.server_at_least(release.major, release.minor + 1, 0)
    );
    drop(observing);
    conn.close();
    let closed = Arc::new(AtomicBool::new(false));
    let seen = closed.clone();
    conn.after(Duration::ZERO, move || seen.store(true, Ordering::SeqCst));
    eventually("the timer runs", || closed.load(Ordering::SeqCst));
    assert_eq!(told().len(), 6);
}

#[test]
fn a_monitor_notices_the_end() {
    let server = Server::start(&[]);
    let conn = connect(&server);
    let monitor = Monitor::new(&conn, 0);
    let is = |wanted: i32| move |n: &mut i32| (*n == wanted).then_some(wanted);
    assert_eq!(monitor.wait(late(0), is(0)).unwrap(), 0);
    assert_eq!(
        monitor.wait(late(20), is(1)).unwrap_err_status(),
        Status::NATS_TIMEOUT
    );
    let asked = AtomicUsize::new(0);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| monitor.wait(None, is(1)));
        *monitor.lock() = 1;
        monitor.notify_all();
        assert_eq!(waiting.join().unwrap().unwrap(), 1);
        let waiting = scope.spawn(|| {
            monitor.wait(None, |n| {
                asked.fetch_add(1, Ordering::SeqCst);
                (*n == 2).then_some(2)
            })
        });
        eventually("it waits", || asked.load(Ordering::SeqCst) > 0);
        conn.close();
        let ended = waiting.join().unwrap();
        assert_eq!(ended.unwrap_err_status(), Status::NATS_CONNECTION_CLOSED);
    });
    // A state that exists already is found too.
    assert_eq!(monitor.wait(None, is(1)).unwrap(), 1);
}

/// Numbers to report, and the reported ones.
#[derive(Default)]
struct Numbers {
    waiting: Mutex<VecDeque<u32>>,
    told: Mutex<Vec<u32>>,
    running: AtomicBool,
    forgotten: AtomicBool,
}

impl CallbackJob for Numbers {
    fn run_some(&self, limit: usize) -> Progress {
        assert!(!self.running.swap(true, Ordering::SeqCst), "one at a time");
        assert!(nats_rs::client::in_any_callback());
        let mut ran = 0;
        while ran < limit
            && let Some(n) = self.waiting.lock().unwrap().pop_front()
        {
            self.told.lock().unwrap().push(n);
            ran += 1;
        }
        self.running.store(false, Ordering::SeqCst);
        let more = !self.waiting.lock().unwrap().is_empty();
        Progress { ran, more }
    }

    fn forget(&self) {
        self.forgotten.store(true, Ordering::SeqCst);
    }
}

#[test]
fn callbacks_run_in_order_wherever_they_run() {
    let server = Server::start(&[]);
    for global_delivery in [false, true] {
        let conn = connect_with(
            &server,
            Options {
                global_delivery,
                ..Options::default()
            },
        );
        let job = Arc::new(Numbers::default());
        let queue = CallbackQueue::new(&conn, job.clone()).unwrap();
        thread::scope(|scope| {
            for first in [0, 1] {
                let (job, queue) = (&job, &queue);
                scope.spawn(move || {
                    for n in (first..10_000).step_by(2) {
                        job.waiting.lock().unwrap().push_back(n);
                        queue.schedule();
                    }
                });
            }
        });
        eventually("all are told", || job.told.lock().unwrap().len() == 10_000);
        let told = job.told.lock().unwrap().clone();
        for rest in [0, 1] {
            let mine: Vec<_> = told.iter().filter(|n| **n % 2 == rest).collect();
            assert!(mine.is_sorted());
        }
        // While the queue is open, the end of the connection waits for it.
        let waited = conn.destroy_and_wait(Some(Duration::from_millis(20)));
        assert_eq!(waited.unwrap_err_status(), Status::NATS_TIMEOUT);
        job.waiting.lock().unwrap().push_back(1);
        queue.close();
        conn.destroy_and_wait(Some(LONG)).unwrap();
        assert_eq!(job.told.lock().unwrap().len(), 10_001);
        assert!(CallbackQueue::new(&conn, job).is_err());
    }
}

#[test]
fn callbacks_wait_for_the_program_with_manual_dispatch() {
    let server = Server::start(&[]);
    let conn = connect_with(
        &server,
        Options {
            manual_dispatch: true,
            ..Options::default()
        },
    );
    let job = Arc::new(Numbers::default());
    let queue = CallbackQueue::new(&conn, job.clone()).unwrap();
    for n in 0..5 {
        job.waiting.lock().unwrap().push_back(n);
        queue.schedule();
    }
    assert_eq!(conn.dispatch(Some(3)).unwrap(), 3);
    assert_eq!(*job.told.lock().unwrap(), [0, 1, 2]);
    let mut ran = 0;
    while ran < 2 {
        ran += conn.dispatch(None).unwrap();
    }
    assert_eq!(*job.told.lock().unwrap(), [0, 1, 2, 3, 4]);
    queue.schedule();
    conn.destroy_and_wait(Some(LONG)).unwrap();
    assert!(job.forgotten.load(Ordering::SeqCst));
}

#[test]
fn guards_and_reports() {
    let server = Server::start(&[]);
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let conn = connect_with(
        &server,
        Options {
            error_handler: Some(Arc::new(move |_, sub, status, text| {
                let about = sub.map(|sub| sub.sid());
                let told = (about, status, text.map(str::to_owned));
                tell.lock().unwrap().send(told).unwrap();
            })),
            ..Options::default()
        },
    );
    let sub = conn.prepare_subscription(SubscribeArgs::new(b"a")).unwrap();
    conn.start_subscription(&sub).unwrap();
    conn.report_error(None, &Error::new(Status::NATS_ERR, "first"));
    conn.report_error(Some(&sub), &Status::NATS_MISMATCH.into());
    let first = told.recv_timeout(LONG).unwrap();
    assert_eq!(first, (None, Status::NATS_ERR, Some("first".into())));
    let second = told.recv_timeout(LONG).unwrap();
    assert_eq!(
        (second.0, second.1),
        (Some(sub.sid()), Status::NATS_MISMATCH)
    );
    assert_eq!(conn.last_error().0, Status::NATS_OK);

    let guard = conn.callback_guard().unwrap();
    let refused = conn.in_program(|| conn.destroy_and_wait(None));
    assert_eq!(refused.unwrap_err_status(), Status::NATS_ILLEGAL_STATE);
    let waited = conn.destroy_and_wait(Some(Duration::from_millis(20)));
    assert_eq!(waited.unwrap_err_status(), Status::NATS_TIMEOUT);
    drop(guard);
    conn.destroy_and_wait(Some(LONG)).unwrap();
    assert!(conn.callback_guard().is_none());
    conn.report_error(None, &Status::NATS_ERR.into());
    assert!(told.try_recv().is_err());
}
