//! What a push subscription calls: the program's callback for each message.

use std::sync::Arc;

use crate::client::{MsgSink, Subscription};
use crate::ffi::handle::hold_both;
use crate::ffi::msg::into_c;
use crate::ffi::subscribe::sink::MsgCallback;
use crate::js;
use crate::js::consume::{self, Ack, Push, SubOptions};
use crate::msg::Msg;

/// Whether the library acknowledges a message when the callback has returned.
pub(super) fn acknowledges(options: &SubOptions) -> bool {
    let none = matches!(
        options.config.ack_policy,
        Some(js::api::AckPolicy::None | js::api::AckPolicy::FlowControl)
    );
    !options.manual_ack && !options.ordered && !none
}

/// Calls the program with a message, and acknowledges it where the library does that.
pub(super) fn call(callback: &MsgCallback, sub: &Subscription, msg: Msg, auto_ack: bool) {
    match auto_ack {
        false => callback.call(sub, into_c(msg)),
        true => {
            let (mut msg, ()) = msg.lend(|msg| callback.call(sub, msg.cast()));
            // Where it cannot be sent, the message will be delivered again.
            let _ = consume::acknowledge(&mut msg, Ack::Done, None);
        }
    }
}

/// The program's function, called with each message that a consumer pushes.
pub(super) struct PushSink {
    callback: MsgCallback,
    push: Arc<Push>,
    auto_ack: bool,
}

impl PushSink {
    pub(super) fn new(callback: MsgCallback, push: Arc<Push>, auto_ack: bool) -> Self {
        PushSink {
            callback,
            push,
            auto_ack,
        }
    }
}

impl MsgSink for PushSink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let _held = hold_both(sub);
        round();
        self.push.round_over(sub);
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(mut msg) = msg else { return };
        self.push.hand_over(&mut msg);
        call(&self.callback, sub, msg, self.auto_ack);
        self.push.called(sub);
    }
}
