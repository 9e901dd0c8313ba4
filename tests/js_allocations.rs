//! Consuming, with acknowledgements and any kind of subscription, allocates no memory for each message. Uses the functions
//! that C programs call. The only test of its process, because the allocator counts all allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

use nats_rs::error::Status;
use nats_rs::ffi::jetstream::enums::{jsDeliverPolicy, jsDeliverPolicyArg};
use nats_rs::ffi::jetstream::subscribe_types::{jsSubOptions, jsSubOptions_Init};
use support::{STORE, Server, eventually};

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

/// The opaque structure of a handle.
type Handle = *mut c_void;
type Callback = unsafe extern "C" fn(Handle, Handle, Handle, Handle);

#[repr(C)]
struct MsgList {
    msgs: *mut Handle,
    count: c_int,
}

// The functions as the header declares them.
unsafe extern "C" {
    fn natsConnection_ConnectTo(nc: *mut Handle, urls: *const c_char) -> Status;
    fn natsConnection_DestroyAndWait(nc: Handle, timeout: i64) -> Status;
    fn natsConnection_Flush(nc: Handle) -> Status;
    fn natsConnection_Publish(
        nc: Handle,
        subject: *const c_char,
        data: *const c_void,
        len: c_int,
    ) -> Status;
    fn natsConnection_RequestString(
        reply: *mut Handle,
        nc: Handle,
        subject: *const c_char,
        data: *const c_char,
        timeout: i64,
    ) -> Status;
    fn natsConnection_JetStream(js: *mut Handle, nc: Handle, options: Handle) -> Status;
    fn jsCtx_Destroy(js: Handle);
    fn js_Subscribe(
        sub: *mut Handle,
        js: Handle,
        subject: *const c_char,
        callback: Callback,
        closure: Handle,
        options: Handle,
        sub_options: *mut jsSubOptions,
        code: *mut c_int,
    ) -> Status;
    fn js_PullSubscribe(
        sub: *mut Handle,
        js: Handle,
        subject: *const c_char,
        durable: *const c_char,
        options: Handle,
        sub_options: *mut jsSubOptions,
        code: *mut c_int,
    ) -> Status;
    fn js_PullSubscribeAsync(
        sub: *mut Handle,
        js: Handle,
        subject: *const c_char,
        durable: *const c_char,
        callback: Callback,
        closure: Handle,
        options: Handle,
        sub_options: *mut jsSubOptions,
        code: *mut c_int,
    ) -> Status;
    fn natsSubscription_Fetch(
        list: *mut MsgList,
        sub: Handle,
        batch: c_int,
        timeout: i64,
        code: *mut c_int,
    ) -> Status;
    fn natsSubscription_Destroy(sub: Handle);
    fn natsMsg_Ack(msg: Handle, options: Handle) -> Status;
    fn natsMsg_GetData(msg: Handle) -> *const c_char;
    fn natsMsg_Destroy(msg: Handle);
    fn natsMsgList_Destroy(list: *mut MsgList);
    fn nats_GetLastError(status: *mut Status) -> *const c_char;
}

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

const MESSAGES: u64 = 20_000;
/// The number of publishes before the next flush: less than a server buffers for a stream.
const BURST: u64 = 500;
const FETCH: i32 = 200;
/// The permitted number of allocations for all messages together: some for each of 120 to 160 requests for more messages,
/// blocks that join the pool, heartbeats. One for each message would be twenty times as many.
const ALLOWED: u64 = MESSAGES / 20;

static RECEIVED: AtomicU64 = AtomicU64::new(0);

fn ok(status: Status) {
    if status != Status::NATS_OK {
        // SAFETY: the text of this thread's last error.
        let text = unsafe { nats_GetLastError(null_mut()) };
        // SAFETY: text that ends with NUL, or NULL.
        let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) });
        panic!("{status:?}: {text:?}");
    }
}

/// # Safety
/// As a callback of the library.
unsafe extern "C" fn take(_nc: Handle, _sub: Handle, msg: Handle, _closure: Handle) {
    // SAFETY: the message is this callback's.
    unsafe {
        ok(natsMsg_Ack(msg, null_mut()));
        natsMsg_Destroy(msg);
    }
    RECEIVED.fetch_add(1, Ordering::Release);
}

/// As [`take`], for messages that need no acknowledgement.
///
/// # Safety
/// As a callback of the library.
unsafe extern "C" fn look(_nc: Handle, _sub: Handle, msg: Handle, _closure: Handle) {
    // SAFETY: the message is this callback's.
    unsafe { natsMsg_Destroy(msg) };
    RECEIVED.fetch_add(1, Ordering::Release);
}

struct World {
    nc: Handle,
}

impl World {
    /// The answer to a request; `None` while there is none.
    fn request(&self, subject: &str, body: &str) -> Option<String> {
        let (subject, body) = (CString::new(subject).unwrap(), CString::new(body).unwrap());
        let mut reply = null_mut();
        // SAFETY: an open connection, and texts that end with NUL.
        unsafe {
            let (subject, body) = (subject.as_ptr(), body.as_ptr());
            let status = natsConnection_RequestString(&mut reply, self.nc, subject, body, 10_000);
            (status == Status::NATS_OK).then(|| {
                let text = CStr::from_ptr(natsMsg_GetData(reply)).to_string_lossy();
                let text = text.into_owned();
                natsMsg_Destroy(reply);
                text
            })
        }
    }

    /// Publishes the messages, `more` being called between bursts.
    fn publish(&self, mut more: impl FnMut()) {
        for n in 0..MESSAGES {
            // SAFETY: an open connection, and texts that end with NUL.
            unsafe {
                ok(natsConnection_Publish(
                    self.nc,
                    c"s.a".as_ptr(),
                    c"0123456789abcdef".as_ptr().cast(),
                    16,
                ));
                if n % BURST == BURST - 1 {
                    ok(natsConnection_Flush(self.nc));
                    more();
                }
            }
        }
    }

    /// Runs `consume` until all messages that `publish` sends have been received: once to warm up, once to count.
    fn count(&self, what: &str, mut consume: impl FnMut(u64)) {
        let mut allocated = 0;
        for _ in 0..2 {
            let mut target = RECEIVED.load(Ordering::Acquire);
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            self.publish(|| {
                target += BURST;
                consume(target);
            });
            allocated = ALLOCATIONS.load(Ordering::Relaxed) - before;
        }
        println!("{what}: {allocated} allocations for {MESSAGES} messages");
        assert!(
            allocated < ALLOWED,
            "{what}: {allocated} allocations for {MESSAGES} messages"
        );
    }
}

fn received(target: u64) {
    eventually("all messages are received", || {
        RECEIVED.load(Ordering::Acquire) >= target
    });
}

fn options(ordered: bool) -> jsSubOptions {
    let mut options = std::mem::MaybeUninit::uninit();
    // SAFETY: it is filled, and then read.
    let mut options = unsafe {
        ok(jsSubOptions_Init(options.as_mut_ptr()));
        options.assume_init()
    };
    options.Stream = c"S".as_ptr();
    options.Ordered = ordered;
    options.ManualAck = true;
    options.Config.DeliverPolicy = jsDeliverPolicyArg(jsDeliverPolicy::js_DeliverNew as c_int);
    options
}

#[test]
fn nothing_is_allocated_for_a_consumed_message() {
    let server = Server::start(&["-js", "-sd", STORE]);
    let mut world = World { nc: null_mut() };
    let url = CString::new(server.url()).unwrap();
    let mut js = null_mut();
    // SAFETY: text that ends with NUL, a handle that is made here.
    unsafe {
        ok(natsConnection_ConnectTo(&mut world.nc, url.as_ptr()));
        ok(natsConnection_JetStream(&mut js, world.nc, null_mut()));
    }
    let stream = r#"{"name":"S","subjects":["s.*"],"storage":"memory","max_msgs":1000}"#;
    eventually("JetStream has made the stream", || {
        world
            .request("$JS.API.STREAM.CREATE.S", stream)
            .is_some_and(|answer| answer.contains(r#""did_create":true"#))
    });
    let mut sub = null_mut();
    let (js_ptr, subject, none) = (js, c"s.*".as_ptr(), null_mut());
    for ordered in [false, true] {
        let mut options = options(ordered);
        let callback = if ordered { look } else { take };
        // SAFETY: handles that live, texts that end with NUL.
        unsafe {
            ok(js_Subscribe(
                &mut sub,
                js_ptr,
                subject,
                callback,
                none,
                null_mut(),
                &mut options,
                null_mut(),
            ));
        }
        let what = if ordered { "ordered" } else { "push" };
        world.count(what, received);
        // SAFETY: it lives.
        unsafe { natsSubscription_Destroy(sub) };
    }

    // SAFETY: handles that live, texts that end with NUL.
    unsafe {
        ok(js_PullSubscribe(
            &mut sub,
            js_ptr,
            subject,
            c"fetch".as_ptr(),
            null_mut(),
            &mut options(false),
            null_mut(),
        ));
    }
    world.count("fetch", |target| {
        while RECEIVED.load(Ordering::Acquire) < target {
            let left = target - RECEIVED.load(Ordering::Acquire);
            let batch = FETCH.min(i32::try_from(left).unwrap_or(FETCH));
            let mut list = MsgList {
                msgs: null_mut(),
                count: 0,
            };
            // SAFETY: a subscription that lives; the messages are this test's until the list is destroyed.
            unsafe {
                ok(natsSubscription_Fetch(
                    &mut list,
                    sub,
                    batch,
                    30_000,
                    null_mut(),
                ));
                for n in 0..list.count as usize {
                    ok(natsMsg_Ack(*list.msgs.add(n), null_mut()));
                }
                RECEIVED.fetch_add(list.count as u64, Ordering::Release);
                natsMsgList_Destroy(&mut list);
            }
        }
    });
    // SAFETY: as above.
    unsafe {
        natsSubscription_Destroy(sub);
        ok(js_PullSubscribeAsync(
            &mut sub,
            js_ptr,
            subject,
            c"pull".as_ptr(),
            take,
            none,
            null_mut(),
            &mut options(false),
            null_mut(),
        ));
    }
    world.count("async pull", received);
    // SAFETY: handles that live.
    unsafe {
        natsSubscription_Destroy(sub);
        jsCtx_Destroy(js);
        ok(natsConnection_DestroyAndWait(world.nc, 30_000));
    }
}
