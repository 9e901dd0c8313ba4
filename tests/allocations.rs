//! After a warm-up, sending and receiving messages allocates no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nats_rs::client::{Connection, MsgSink, Options, SubscribeArgs, Subscription, When};
use nats_rs::msg::Msg;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MESSAGES: u64 = 100_000;
/// The permitted number of allocations for all messages together: blocks that join the pool, buffers that grow. Far below
/// one for each message, far above the numbers in practice.
const ALLOWED: u64 = MESSAGES / 50;

/// Counts the messages that it receives.
struct Sink(Arc<AtomicU64>);

impl MsgSink for Sink {
    fn deliver(&self, _sub: &Arc<Subscription>, msg: Option<Msg>) {
        drop(msg);
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// The server: sends INFO, answers each `PING`, and sends the messages after `PUB go 0`. Everything else is ignored.
fn serve(stream: TcpStream) {
    let mut out = stream.try_clone().expect("a socket can be cloned");
    out.write_all(b"INFO {\"max_payload\":1048576,\"headers\":true,\"proto\":1}\r\n")
        .expect("the client reads");
    let block = b"MSG in 1 16\r\n0123456789abcdef\r\n".repeat(1000);
    let mut lines = BufReader::with_capacity(1 << 20, stream);
    let mut line = Vec::with_capacity(4096);
    while lines.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        if line == b"PING\r\n" {
            out.write_all(b"PONG\r\n").expect("the client reads");
        } else if line == b"PUB go 0\r\n" {
            for _ in 0..MESSAGES / 1000 {
                out.write_all(&block).expect("the client reads");
            }
        }
        line.clear();
    }
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::yield_now();
    }
}

/// Runs `work` once to warm up, and counts the allocations of a second run.
fn allocations_of(work: impl Fn()) -> u64 {
    work();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn neither_receiving_nor_publishing_allocates_for_each_message() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let url = format!("nats://{}", listener.local_addr().expect("it is bound"));
    let server = thread::spawn(move || serve(listener.accept().expect("the client connects").0));
    let opts = Options {
        url: Some(url.into()),
        max_pending_msgs: i32::MAX,
        ..Options::default()
    };
    let conn = Connection::new(&opts).expect("the library opens");
    conn.connect().expect("the far end answers");
    let received = Arc::new(AtomicU64::new(0));
    let sink: Box<dyn MsgSink> = Box::new(Sink(received.clone()));
    let args = SubscribeArgs {
        sink: Some(sink),
        ..SubscribeArgs::new(b"in")
    };
    let sub = conn
        .prepare_subscription(args)
        .expect("the subject is valid");
    conn.start_subscription(&sub)
        .expect("the connection is open");
    let flush = || {
        conn.flush(Duration::from_secs(30))
            .expect("the far end answers")
    };

    let receiving = allocations_of(|| {
        let target = received.load(Ordering::Acquire) + MESSAGES;
        conn.publish(b"go", None, b"", When::Now)
            .expect("the connection is open");
        wait_for("messages", || received.load(Ordering::Acquire) == target);
    });
    assert!(
        receiving < ALLOWED,
        "{receiving} allocations for {MESSAGES} received messages"
    );

    let publishing = allocations_of(|| {
        for _ in 0..MESSAGES {
            conn.publish(b"out", Some(b"reply"), b"0123456789abcdef", When::Buffered)
                .expect("it is open");
        }
        flush();
    });
    assert!(
        publishing < ALLOWED,
        "{publishing} allocations for {MESSAGES} published messages"
    );

    conn.destroy();
    server.join().expect("the far end has ended well");
}
