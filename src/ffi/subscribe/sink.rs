//! The way from a delivery to the program's callback.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::client::{MsgSink, Subscription};
use crate::error::{Error, Result};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::handle::{hold_connection, hold_subscription, natsConnection, natsSubscription};
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::natsMsgHandler;
use crate::msg::Msg;

/// The program's callback, called with each message of a subscription.
struct CallbackSink {
    callback: Callback<MsgHandler>,
}

/// A `natsMsgHandler` that is not NULL.
type MsgHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, *mut natsMsg, *mut c_void);

/// The sink of a subscription whose messages go to a callback.
pub(super) fn sink(cb: natsMsgHandler, closure: *mut c_void) -> Result<Box<dyn MsgSink>> {
    let callback =
        Callback::new(cb, closure).ok_or_else(|| Error::invalid_arg("callback cannot be NULL"))?;
    Ok(Box::new(CallbackSink { callback }))
}

impl MsgSink for CallbackSink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let _held = (hold_connection(sub.connection()), hold_subscription(sub));
        round();
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let nc = ptr::with_exposed_provenance_mut(sub.connection().handle());
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let msg = msg.map_or(ptr::null_mut(), into_c);
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. `around` keeps the handles usable; the message is the program's from here on.
        unsafe { function.call((nc, handle, msg, closure)) };
    }
}
