//! The way from a delivery to the program's callback.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::client::{MsgSink, Subscription};
use crate::error::Result;
use crate::ffi::callback::{Callback, Function};
use crate::ffi::handle::{handles_of, hold_both, natsConnection, natsSubscription};
use crate::ffi::msg::{into_c, natsMsg};
use crate::ffi::types::natsMsgHandler;
use crate::msg::Msg;

/// A `natsMsgHandler` that is not NULL.
type MsgHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, *mut natsMsg, *mut c_void);

/// The program's callback for the messages of a subscription.
pub(in crate::ffi) struct MsgCallback(Callback<MsgHandler>);

impl MsgCallback {
    pub(in crate::ffi) fn new(cb: natsMsgHandler, closure: *mut c_void) -> Result<Self> {
        Ok(MsgCallback(Callback::required(cb, closure)?))
    }

    /// Calls it. [`hold_both`] must keep the handles usable meanwhile.
    #[inline]
    pub(in crate::ffi) fn call(&self, sub: &Subscription, msg: *mut natsMsg) {
        let (nc, handle) = handles_of(sub);
        let (function, closure) = self.0.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any thread. The handles
        // are of this library, and usable or refused; the message is there for the call.
        unsafe { function.call((nc, handle, msg, closure)) };
    }
}

/// The sink of a subscription whose messages go to a callback.
pub(super) fn sink(cb: natsMsgHandler, closure: *mut c_void) -> Result<Box<dyn MsgSink>> {
    Ok(Box::new(CallbackSink(MsgCallback::new(cb, closure)?)))
}

/// Calls the program with each message.
struct CallbackSink(MsgCallback);

impl MsgSink for CallbackSink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let _held = hold_both(sub);
        round();
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        // The message is the program's from here on.
        self.0.call(sub, msg.map_or(ptr::null_mut(), into_c));
    }
}
