//! What an asynchronous pull calls: the program's callback for each message, and its two handlers.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use super::push_sink;
use crate::client::{MsgSink, Subscription};
use crate::error::Status;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::handle::{hold_both, natsConnection, natsSubscription};
use crate::ffi::last_error;
use crate::ffi::subscribe::sink::MsgCallback;
use crate::ffi::types::natsStatusArg;
use crate::js::consume::pull::{Ask, Exit, NextAsk, Pull};
use crate::msg::Msg;

/// A `jsFetchNextHandler` that is not NULL.
pub(super) type NextHandler =
    unsafe extern "C" fn(*mut c_int, *mut i64, *mut natsSubscription, *mut c_void) -> bool;

/// A `jsFetchCompleteHandler` that is not NULL.
pub(super) type CompleteHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, natsStatusArg, *mut c_void);

/// The program's handler as the core calls it.
pub(super) fn next_ask(handler: Callback<NextHandler>) -> NextAsk {
    Box::new(move |sub| {
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let (mut messages, mut max_bytes): (c_int, i64) = (0, 0);
        let (function, closure) = handler.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. The handle is usable for the call, the two numbers are live.
        let wants = unsafe { function.call((&mut messages, &mut max_bytes, handle, closure)) };
        wants.then(|| Ask {
            messages: u64::try_from(messages).unwrap_or(0),
            max_bytes: u64::try_from(max_bytes).unwrap_or(0),
        })
    })
}

/// The program's function, called with each message that is pulled.
pub(super) struct PullSink {
    callback: MsgCallback,
    complete: Option<Callback<CompleteHandler>>,
    pull: Arc<Pull>,
    auto_ack: bool,
}

impl PullSink {
    pub(super) fn new(
        callback: MsgCallback,
        complete: Option<Callback<CompleteHandler>>,
        pull: Arc<Pull>,
        auto_ack: bool,
    ) -> Self {
        PullSink {
            callback,
            complete,
            pull,
            auto_ack,
        }
    }
}

impl MsgSink for PullSink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let _held = hold_both(sub);
        round();
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(msg) = msg else {
            return self.pull.after_callback(sub, None);
        };
        let Some(msg) = self.pull.before_callback(msg) else {
            return;
        };
        let size = msg.size();
        push_sink::call(&self.callback, sub, msg, self.auto_ack);
        self.pull.after_callback(sub, Some(size));
    }

    fn reports_the_end(&self) -> bool {
        self.complete.is_some()
    }

    fn completed(&self, sub: &Arc<Subscription>) {
        let Exit(reason) = self.pull.completed();
        let Some(complete) = &self.complete else {
            return;
        };
        let (nc, handle) = hold_both(sub);
        last_error::clear();
        if reason.status() != Status::NATS_OK {
            last_error::preset(reason.status(), reason.text());
        }
        let (function, closure) = complete.parts();
        let status = natsStatusArg(reason.status() as c_int);
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread; the handles are held.
        unsafe { function.call((*nc, *handle, status, closure)) };
        last_error::clear();
    }
}
