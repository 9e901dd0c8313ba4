//! Repeated requests to a server do not leak memory. The only test of its process, because the allocator counts all memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nats_rs::client::{Connection, Options};
use nats_rs::js::api::{ConsumerConfig, StreamConfig};
use nats_rs::js::manage::{BatchGet, ConsumerAction, DirectGet, GetMsg};
use nats_rs::js::{CallOptions, Context, ContextOptions};
use support::{LONG, STORE, Server, eventually};

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

/// Counts the memory that the process has allocated.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator, whose contract is passed on.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn memory_stays_flat_over_ten_thousand_calls() {
    let server = Server::start(&["-js", "-sd", STORE]);
    let mut options = Options::with_library_defaults(Duration::ZERO, false);
    options.set_url(Some(&server.url())).unwrap();
    let conn = Connection::new(&options).unwrap();
    conn.connect().unwrap();
    let options = ContextOptions {
        wait: LONG,
        ..Default::default()
    };
    let context = Context::new(&conn, options);
    let call_options = CallOptions::default();
    let js = context.call(&call_options);
    eventually("JetStream is there", || js.account_info().is_ok());
    let stream = StreamConfig {
        name: "S".into(),
        subjects: vec!["a.*".into()],
        allow_direct: true,
        ..Default::default()
    };
    js.create_stream(&stream).unwrap();
    // The server removes a consumer that nobody uses after 5 s, unless it is durable.
    let consumer = ConsumerConfig {
        durable: "C".into(),
        ..Default::default()
    };
    js.put_consumer("S", &consumer, ConsumerAction::default())
        .unwrap();
    for n in 0..20 {
        let subject = format!("a.{n}");
        conn.request(subject.as_bytes(), b"payload", LONG).unwrap();
    }

    let round = || {
        assert_eq!(js.stream_info("S").unwrap().state.msgs, 20);
        assert_eq!(js.consumer_info("S", "C").unwrap().num_pending, 20);
        assert!(js.consumer_info("S", "none").is_err());
        assert_eq!(js.streams().unwrap().items.len(), 1);
        assert_eq!(js.get_msg("S", GetMsg::Sequence(7)).unwrap().sequence(), 7);
        let one = DirectGet {
            sequence: 7,
            ..Default::default()
        };
        assert_eq!(js.direct_get("S", &one).unwrap().payload(), b"payload");
        let many = BatchGet {
            batch: 5,
            ..Default::default()
        };
        assert_eq!(js.direct_get_batch("S", &many).unwrap().msgs.len(), 5);
        js.reset_consumer("S", "C", 1).unwrap();
    };
    let after = |rounds: usize| {
        for _ in 0..rounds {
            round();
        }
        nats_rs::msg::release_unused();
        BYTES.load(Ordering::Relaxed)
    };
    // Memory that is kept from the first requests on, such as the outgoing buffer.
    let before = after(100);
    let then = after(1250);
    let grown = then.saturating_sub(before);
    assert!(
        grown < 64 * 1024,
        "{before} bytes, {grown} more after 10,000 calls"
    );
}
