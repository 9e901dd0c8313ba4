use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::time::Duration;

use super::callbacks::*;
use super::connect::*;
use super::io::*;
use super::reconnect::*;
use super::servers::*;
use super::*;
use crate::client::Connection;
use crate::error::Status::{self, *};
use crate::ffi::handle::{natsConnection, natsSubscription};
use crate::ffi::last_error;
use crate::ffi::types::natsConnectionHandler;
use crate::net::resolve::IpOrder;

/// The expected effect of a setter.
type Look = fn(&Options) -> bool;

/// Options that are destroyed at the end of a test.
struct Handle(*mut natsOptions);

impl Handle {
    fn new() -> Self {
        let mut opts = ptr::null_mut();
        // SAFETY: a live local.
        assert_eq!(unsafe { natsOptions_Create(&mut opts) }, NATS_OK);
        Handle(opts)
    }

    fn read<T>(&self, look: impl FnOnce(&Options) -> T) -> T {
        // SAFETY: a live handle.
        look(&unsafe { handle::borrow(self.0) }.unwrap().get())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: a handle of this library.
        unsafe { natsOptions_Destroy(self.0) }
    }
}

#[test]
fn null_and_destroyed_options_are_refused() {
    let opts = Handle::new();
    // SAFETY: NULLs, and a handle, also after its end.
    unsafe {
        assert_eq!(natsOptions_Create(ptr::null_mut()), NATS_INVALID_ARG);
        natsOptions_Destroy(ptr::null_mut());
        assert_eq!(
            natsOptions_SetVerbose(ptr::null_mut(), true),
            NATS_INVALID_ARG
        );
        assert_eq!(natsOptions_SetVerbose(opts.0, true), NATS_OK);
        natsOptions_Destroy(opts.0);
        assert_eq!(natsOptions_SetVerbose(opts.0, true), NATS_INVALID_ARG);
    }
}

#[test]
fn servers_and_credentials_are_copied() {
    let opts = Handle::new();
    let list = [c" nats://a:1 ".as_ptr(), c"b".as_ptr()];
    let set = |servers: *const *const c_char, count: c_int| {
        // SAFETY: NULL or the array above, with at most its length.
        unsafe { natsOptions_SetServers(opts.0, servers.cast_mut(), count) }
    };
    assert_eq!(set(list.as_ptr(), 2), NATS_OK);
    assert_eq!(opts.read(|o| o.servers.clone()), ["nats://a:1", "b"]);
    for (servers, count) in [(list.as_ptr(), 0), (list.as_ptr(), -1), (ptr::null(), 1)] {
        assert_eq!(set(servers, count), NATS_INVALID_ARG);
    }
    let with_null = [c"a".as_ptr(), ptr::null()];
    assert_eq!(set(with_null.as_ptr(), 2), NATS_INVALID_ARG);
    assert_eq!(opts.read(|o| o.servers.len()), 2);
    assert_eq!(set(ptr::null(), 0), NATS_OK);
    assert!(opts.read(|o| o.servers.is_empty()));
    // SAFETY: a live handle, literals and NULLs.
    unsafe {
        assert_eq!(natsOptions_SetURL(opts.0, c" h:1\n".as_ptr()), NATS_OK);
        assert_eq!(
            natsOptions_SetURL(opts.0, c"\xff".as_ptr()),
            NATS_INVALID_ARG
        );
        assert_eq!(opts.read(|o| o.url.clone()).as_deref(), Some("h:1"));
        assert_eq!(natsOptions_SetURL(opts.0, ptr::null()), NATS_OK);
        assert_eq!(opts.read(|o| o.url.clone()), None);
        assert_eq!(
            natsOptions_SetUserInfo(opts.0, ptr::null(), c"p".as_ptr()),
            NATS_OK
        );
        let info = opts.read(|o| (o.user.clone(), o.password.clone()));
        assert_eq!(info, (None, Some("p".into())));
        assert_eq!(natsOptions_SetName(opts.0, c"n".as_ptr()), NATS_OK);
        assert_eq!(opts.read(|o| o.name.clone()).as_deref(), Some(c"n"));
    }
}

#[test]
fn the_token_handler_is_asked_and_excludes_a_token() {
    unsafe extern "C" fn token(closure: *mut c_void) -> *const c_char {
        closure.cast()
    }
    let opts = Handle::new();
    let set = |text: *const CStr| {
        // SAFETY: a live handle; the function takes any closure, which is a literal or NULL.
        unsafe { natsOptions_SetTokenHandler(opts.0, Some(token), text.cast_mut().cast()) }
    };
    let asked = || opts.read(|o| o.token_handler.clone()).unwrap()();
    assert_eq!(set(c"secret"), NATS_OK);
    assert_eq!(asked().unwrap().as_deref(), Some("secret"));
    assert_eq!(set(c"\xff"), NATS_OK);
    assert_eq!(asked().unwrap_err().status(), NATS_INVALID_ARG);
    // SAFETY: a live handle, literals and NULLs.
    unsafe {
        assert_eq!(
            natsOptions_SetToken(opts.0, c"t".as_ptr()),
            NATS_ILLEGAL_STATE
        );
        assert_eq!(
            natsOptions_SetTokenHandler(opts.0, Some(token), ptr::null_mut()),
            NATS_OK
        );
        assert_eq!(asked().unwrap(), None);
        assert_eq!(
            natsOptions_SetTokenHandler(opts.0, None, ptr::null_mut()),
            NATS_OK
        );
        assert_eq!(natsOptions_SetToken(opts.0, c"t".as_ptr()), NATS_OK);
    }
    assert_eq!(set(c"secret"), NATS_ILLEGAL_STATE);
}

#[test]
fn numbers_are_checked_and_converted() {
    let opts = Handle::new();
    let o = opts.0;
    // SAFETY: a live handle.
    unsafe {
        assert_eq!(natsOptions_SetTimeout(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetTimeout(o, 0), NATS_OK);
        assert_eq!(natsOptions_SetReconnectWait(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetReconnectJitter(o, 1, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetReconnectJitter(o, 1, 2), NATS_OK);
        assert_eq!(natsOptions_SetReconnectBufSize(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetReconnectBufSize(o, 0), NATS_OK);
        assert_eq!(natsOptions_SetIOBufSize(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetIOBufSize(o, 100), NATS_OK);
        assert_eq!(natsOptions_SetFlusherWaitMicros(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetFlusherWaitMicros(o, 7), NATS_OK);
        assert_eq!(natsOptions_SetWriteDeadline(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetWriteDeadline(o, 5), NATS_OK);
        assert_eq!(natsOptions_SetMaxPendingMsgs(o, 0), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetMaxPendingMsgs(o, 10), NATS_OK);
        assert_eq!(natsOptions_SetMaxPendingBytes(o, 0), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetMaxPendingBytes(o, 1 << 40), NATS_OK);
        assert_eq!(natsOptions_SetMessageBufferPadding(o, -1), NATS_INVALID_ARG);
        assert_eq!(natsOptions_SetMessageBufferPadding(o, 32), NATS_OK);
        assert_eq!(natsOptions_SetPingInterval(o, -5), NATS_OK);
        assert_eq!(natsOptions_SetMaxReconnect(o, -1), NATS_OK);
        assert_eq!(natsOptions_SetMaxPingsOut(o, -1), NATS_OK);
        assert_eq!(natsOptions_IPResolutionOrder(o, 5), NATS_INVALID_ARG);
        assert_eq!(natsOptions_IPResolutionOrder(o, 46), NATS_OK);
        assert_eq!(
            natsOptions_SetCustomInboxPrefix(o, c"a.".as_ptr()),
            NATS_INVALID_ARG
        );
        assert_eq!(natsOptions_SetCustomInboxPrefix(o, c"a".as_ptr()), NATS_OK);
    }
    opts.read(|o| {
        assert_eq!(o.timeout, Duration::ZERO);
        assert_eq!(o.reconnect_wait, Duration::from_secs(2));
        assert_eq!(o.reconnect_jitter, Duration::from_millis(1));
        assert_eq!(o.reconnect_jitter_tls, Duration::from_millis(2));
        assert_eq!((o.reconnect_buf_size, o.io_buf_size), (8 << 20, Some(4096)));
        assert_eq!(o.flusher_wait, Duration::from_micros(7));
        assert_eq!(o.write_deadline, Some(Duration::from_millis(5)));
        assert_eq!(o.pending_limits(), (10, i32::MAX));
        assert_eq!((o.message_buffer_padding, o.ping_interval), (32, None));
        assert_eq!((o.max_reconnect, o.max_pings_out), (-1, -1));
        assert_eq!(o.ip_order, IpOrder::V4ThenV6);
        assert_eq!(o.inbox_prefix, b"a.");
    });
}

#[test]
fn switches_are_switched() {
    let opts = Handle::new();
    let o = opts.0;
    type Switch = unsafe extern "C" fn(*mut natsOptions, bool) -> natsStatus;
    let switches: [(Switch, Look); 15] = [
        (natsOptions_SetNoRandomize, |o| o.no_randomize),
        (natsOptions_SetVerbose, |o| o.verbose),
        (natsOptions_SetPedantic, |o| o.pedantic),
        (natsOptions_SetNoEcho, |o| o.no_echo),
        (natsOptions_DisableNoResponders, |o| o.disable_no_responders),
        (natsOptions_UseOldRequestStyle, |o| o.old_request_style),
        (natsOptions_SetAllowReconnect, |o| o.allow_reconnect),
        (natsOptions_SetReconnectOnProtocolError, |o| {
            o.reconnect_on_protocol_error
        }),
        (natsOptions_SetIgnoreAuthErrorAbort, |o| {
            o.ignore_auth_error_abort
        }),
        (natsOptions_SetIgnoreDiscoveredServers, |o| {
            o.ignore_discovered_servers
        }),
        (natsOptions_SetFailRequestsOnDisconnect, |o| {
            o.fail_requests_on_disconnect
        }),
        (natsOptions_SetSendAsap, |o| o.send_asap),
        (natsOptions_UseGlobalMessageDelivery, |o| o.global_delivery),
        (set_retry, |o| o.retry_on_failed_connect),
        (set_retry, |o| o.connected_cb.is_some()),
    ];
    unsafe extern "C" fn set_retry(opts: *mut natsOptions, on: bool) -> natsStatus {
        // SAFETY: a live handle.
        unsafe { natsOptions_SetRetryOnFailedConnect(opts, on, Some(ignore), ptr::null_mut()) }
    }
    for (switch, is_on) in switches {
        for on in [true, false, true] {
            // SAFETY: a live handle.
            assert_eq!(unsafe { switch(o, on) }, NATS_OK);
            assert_eq!(opts.read(is_on), on);
        }
    }
}

unsafe extern "C" fn ignore(_: *mut natsConnection, _: *mut c_void) {}

#[test]
fn handlers_are_set_and_taken_away() {
    let opts = Handle::new();
    let o = opts.0;
    type Setter =
        unsafe extern "C" fn(*mut natsOptions, natsConnectionHandler, *mut c_void) -> natsStatus;
    let setters: [(Setter, Look); 5] = [
        (natsOptions_SetClosedCB, |o| o.closed_cb.is_some()),
        (natsOptions_SetDisconnectedCB, |o| {
            o.disconnected_cb.is_some()
        }),
        (natsOptions_SetReconnectedCB, |o| o.reconnected_cb.is_some()),
        (natsOptions_SetDiscoveredServersCB, |o| {
            o.discovered_servers_cb.is_some()
        }),
        (natsOptions_SetLameDuckModeCB, |o| o.lame_duck_cb.is_some()),
    ];
    for (setter, is_set) in setters {
        for handler in [Some(ignore as unsafe extern "C" fn(_, _)), None] {
            // SAFETY: a live handle, and a function that takes any closure.
            assert_eq!(unsafe { setter(o, handler, ptr::null_mut()) }, NATS_OK);
            assert_eq!(opts.read(is_set), handler.is_some());
        }
    }

    unsafe extern "C" fn count(closure: *mut c_void) {
        // SAFETY: the counter below.
        unsafe { *closure.cast::<u32>() += 1 };
    }
    let mut calls = 0u32;
    // SAFETY: a live handle, and a closure that outlives the call of the handler below.
    unsafe { natsOptions_SetReleasedCB(o, Some(count), (&raw mut calls).cast()) };
    opts.read(|o| o.released_cb.clone()).unwrap()();
    // SAFETY: a live handle.
    unsafe { natsOptions_SetReleasedCB(o, None, ptr::null_mut()) };
    assert!(opts.read(|o| o.released_cb.is_none()));
    assert_eq!(calls, 1);
}

/// The arguments of a call of a handler, and the thread's last error in it.
type Call = (
    *mut natsConnection,
    Option<Status>,
    Option<(Status, String)>,
);
type Calls = RefCell<Vec<Call>>;

fn note(closure: *mut c_void, nc: *mut natsConnection, status: Option<Status>) {
    let error = last_error::with(|status, text, _| (status, text.to_owned()));
    // SAFETY: the list that the tests below give with the handlers.
    unsafe { &*closure.cast::<Calls>() }
        .borrow_mut()
        .push((nc, status, error));
    last_error::record(NATS_TIMEOUT, "left behind by the handler", "f");
}

unsafe extern "C" fn on_event(nc: *mut natsConnection, closure: *mut c_void) {
    note(closure, nc, None);
}

unsafe extern "C" fn on_error(
    nc: *mut natsConnection,
    sub: *mut natsSubscription,
    err: Status,
    closure: *mut c_void,
) {
    assert!(sub.is_null());
    note(closure, nc, Some(err));
}

unsafe extern "C" fn delay(nc: *mut natsConnection, attempts: c_int, closure: *mut c_void) -> i64 {
    note(closure, nc, None);
    i64::from(attempts) * 10
}

#[test]
fn handlers_get_the_program_s_handle_and_the_words_of_the_event() {
    let opts = Handle::new();
    let calls = Calls::default();
    let closure: *mut c_void = (&raw const calls).cast_mut().cast();
    // SAFETY: a live handle; the list outlives all calls of the handlers.
    unsafe {
        assert_eq!(
            natsOptions_SetClosedCB(opts.0, Some(on_event), closure),
            NATS_OK
        );
        assert_eq!(
            natsOptions_SetErrorHandler(opts.0, Some(on_error), closure),
            NATS_OK
        );
        assert_eq!(
            natsOptions_SetCustomReconnectDelay(opts.0, Some(delay), closure),
            NATS_OK
        );
    }
    let handlers = opts.read(Options::clone);
    let connection = Connection::new(&Options::default()).unwrap();
    let nc = handle::new_connection(&connection);
    // SAFETY: the handle just made, which the calls below hold for as long as they last.
    drop(unsafe { handle::destroy(nc) });

    last_error::clear();
    handlers.closed_cb.unwrap()(&connection);
    assert_eq!(calls.take(), [(nc, None, None)]);
    let on_error = handlers.error_handler.unwrap();
    on_error(&connection, None, NATS_NOT_PERMITTED, Some("no way"));
    let words = Some((NATS_NOT_PERMITTED, "no way".to_owned()));
    assert_eq!(calls.take(), [(nc, Some(NATS_NOT_PERMITTED), words)]);
    on_error(&connection, None, NATS_SLOW_CONSUMER, None);
    assert_eq!(calls.take(), [(nc, Some(NATS_SLOW_CONSUMER), None)]);
    assert!(
        last_error::with(|_, _, _| ()).is_none(),
        "what a handler leaves is cleared"
    );

    let delay = handlers.custom_reconnect_delay.unwrap();
    assert_eq!(delay(&connection, 3), Duration::from_millis(30));
    assert_eq!(delay(&connection, -1), Duration::ZERO);
    assert!(calls.take().iter().all(|(handle, ..)| *handle == nc));
    last_error::clear();
    connection.destroy();
}
