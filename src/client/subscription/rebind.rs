//! Sending the server a subscription again while it lives: bound to another subject, or ended by the server too early.

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::client::interest::registry::Route;
use crate::client::subscription::home::Home;
use crate::client::subscription::state::Subscription;
use crate::error::{Error, Result, Status};
use crate::proto::write_buf::WriteBuf;
use crate::proto::{encode, subject};

impl<H: Home> Subscription<H> {
    /// Ends the interest in its subject and begins one in another subject, under a new sid, which is returned.
    ///
    /// The server is sent both at once, or after the next reconnect. Pending messages stay. Messages for the previous
    /// sid are dropped from now on, although an [`Intake`](crate::client::Intake) may still see them, with that sid.
    /// Does not wait. Fails if the subscription is closed or drains.
    pub fn rebind(self: &Arc<Self>, to: &[u8]) -> Result<u64> {
        if let Some(fault) = subject::subscribe_fault(to) {
            let text = fault.describe("subject", to);
            return Err(Error::new(Status::NATS_INVALID_SUBJECT, text));
        }
        let name = CString::new(to).map_err(|_| Error::from(Status::NATS_INVALID_SUBJECT))?;
        let mut changing = self.home.interest().change(self.home.outbound());
        let queue = self.queue.lock();
        if queue.is_draining() && !queue.is_closed() {
            drop((queue, changing));
            let text = "a subscription that drains cannot be bound to another subject: ";
            return Err(Error::new(
                Status::NATS_DRAINING,
                text.to_owned() + &self.called(),
            ));
        }
        let old = self.sid();
        // A connection that is being closed has removed all of them.
        if queue.is_closed() || !changing.remove(old) {
            drop((queue, changing));
            return Err(self.closed_error());
        }
        let tell = !queue.server_has_ended();
        let sid = changing.next_sid();
        self.bound.set(sid, name);
        drop(queue);
        if tell {
            self.home.log().trace(|| format!("-> UNSUB {old}"));
            changing.tell(|buf| encode::unsubscribe(buf, old, None));
        }
        // Not into the outgoing buffer directly, which is locked after the queue.
        let mut frames = WriteBuf::new();
        let subscribed = self.encode_state(&mut frames);
        changing.resubscribe(sid, Route::Subscription(self.clone()), |buf| {
            buf.append(&mut frames);
            subscribed
        });
        drop(changing);
        self.home.flush_if_asap();
        Ok(sid)
    }
    /// Sends the server the subscription anew, with the remainder of the program's maximum: it has reached the number
    /// that it was told with messages that were dropped here, so it would send no more, and the subscription would
    /// never end.
    ///
    /// The frames are behind the UNSUB with that number, so the server has removed the subscription when it reads them,
    /// and counts from zero. What is published in between is not received, as if it had been dropped.
    #[cold]
    pub(super) fn ask_for_the_rest(self: &Arc<Self>) {
        let mut changing = self.home.interest().change(self.home.outbound());
        // A reconnect may have sent it in the meantime, or the program may have ended it.
        if !self
            .queue
            .lock()
            .is_short_of(self.max.load(Ordering::Relaxed))
        {
            return;
        }
        let mut frames = WriteBuf::new();
        let subscribed = self.encode_state(&mut frames);
        changing.renew(self.sid(), |buf| {
            buf.append(&mut frames);
            subscribed
        });
    }
}
