//! What a push subscription calls: the program's callback for each message.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::client::{MsgSink, Subscription};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::handle::{hold_connection, hold_subscription, natsConnection, natsSubscription};
use crate::ffi::msg::{into_c, natsMsg};
use crate::js;
use crate::js::consume::{self, Ack, Push, SubOptions};
use crate::msg::Msg;

/// Does the library acknowledge what a callback has had?
pub(super) fn acknowledges(options: &SubOptions) -> bool {
    let none = matches!(
        options.config.ack_policy,
        Some(js::api::AckPolicy::None | js::api::AckPolicy::FlowControl)
    );
    !options.manual_ack && !options.ordered && !none
}

/// A `natsMsgHandler` that is not NULL.
pub(super) type MsgHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, *mut natsMsg, *mut c_void);

/// The program's function, called with each message that a consumer pushes.
pub(super) struct PushSink {
    callback: Callback<MsgHandler>,
    push: Arc<Push>,
    auto_ack: bool,
}

impl PushSink {
    pub(super) fn new(callback: Callback<MsgHandler>, push: Arc<Push>, auto_ack: bool) -> Self {
        PushSink {
            callback,
            push,
            auto_ack,
        }
    }

    fn call(&self, sub: &Arc<Subscription>, msg: *mut natsMsg) {
        let nc = ptr::with_exposed_provenance_mut(sub.connection().handle());
        let handle = ptr::with_exposed_provenance_mut(sub.handle());
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any
        // thread. `around` keeps the handles usable; the message is there for the call.
        unsafe { function.call((nc, handle, msg, closure)) };
    }
}

impl MsgSink for PushSink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let _held = (hold_connection(sub.connection()), hold_subscription(sub));
        round();
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(mut msg) = msg else { return };
        self.push.hand_over(&mut msg);
        match self.auto_ack {
            false => self.call(sub, into_c(msg)),
            true => {
                let (mut msg, ()) = msg.lend(|msg| self.call(sub, msg.cast()));
                // Where it cannot be sent, the message will be delivered again.
                let _ = consume::acknowledge(&mut msg, Ack::Done, None);
            }
        }
        self.push.handed_over(sub);
    }
}
