//! Subscribing on a connection, and the connection's side of a subscription.

use std::ffi::CString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::callbacks::life::Life;
use super::callbacks::manual::ManualQueue;
use super::connection::Connection;
use super::incoming::waiting;
use super::interest::Interest;
use super::interest::registry::Route;
use super::outgoing::Outbound;
use super::outgoing::publish::check_line_len;
use super::session::status::ConnStatus;
use super::subscription::SubscribeArgs;
use super::subscription::home::Home;
use super::subscription::queue::Slow;
use super::subscription::state::{Made, Purpose};
use super::{Link, Subscription};
use crate::error::{Error, Result, Status};
use crate::log::{Logger, Target};
use crate::proto::{encode, subject};
use crate::runtime::Runtime;
use crate::words::shown;

impl Connection {
    /// Creates a subscription that the server does not know yet, for [`start_subscription`](Self::start_subscription).
    ///
    /// ```no_run
    /// # fn main() -> nats_rs::error::Result<()> {
    /// # use std::time::Duration;
    /// # use nats_rs::client::{Connection, Options, SubscribeArgs};
    /// # let conn = Connection::new(&Options::default())?;
    /// let sub = conn.prepare_subscription(SubscribeArgs::new(b"greetings"))?;
    /// conn.start_subscription(&sub)?;
    /// let msg = sub.next_msg(Duration::from_secs(1))?;
    /// println!("{}", msg.payload().escape_ascii());
    /// sub.unsubscribe()
    /// # }
    /// ```
    pub fn prepare_subscription(
        self: &Arc<Self>,
        args: SubscribeArgs<'_>,
    ) -> Result<Arc<Subscription>> {
        self.prepare_for(Purpose::Messages, args)
    }

    pub(super) fn prepare_for(
        self: &Arc<Self>,
        purpose: Purpose,
        args: SubscribeArgs<'_>,
    ) -> Result<Arc<Subscription>> {
        if let Some(fault) = subject::subscribe_fault(args.subject) {
            let text = fault.describe("subject", args.subject);
            return Err(Error::new(Status::NATS_INVALID_SUBJECT, text));
        }
        if let Some(queue) = args.queue
            && let Some(fault) = subject::queue_fault(queue)
        {
            let status = match queue {
                [] => Status::NATS_INVALID_ARG,
                _ => Status::NATS_INVALID_QUEUE_NAME,
            };
            return Err(Error::new(status, fault.describe("queue group", queue)));
        }
        self.subscribable(purpose)
            .map_err(|status| self.why_not_subscribed(status, args.subject))?;
        let delivery_thread = match args.sink {
            Some(_) if self.opts.global_delivery => Some(self.runtime.delivery_thread()?),
            _ => None,
        };
        let subject =
            CString::new(args.subject).map_err(|_| Error::from(Status::NATS_INVALID_SUBJECT))?;
        // While a callback may run, the program is not told that the connection is released.
        let lifetime_guard = args.sink.as_ref().and_then(|_| self.lifetime_guard());
        let sid = self.interest.next_sid();
        self.check_subscribe_line(args.subject, args.queue, sid)?;
        let made = Made {
            sid,
            subject,
            pending_limits: self.opts.pending_limits(),
            delivery_thread,
            lifetime_guard,
        };
        Ok(Subscription::new(self, purpose, args, made))
    }

    /// Do servers accept the line that makes this subscription?
    pub(super) fn check_subscribe_line(
        &self,
        subject: &[u8],
        queue: Option<&[u8]>,
        sid: u64,
    ) -> Result<()> {
        let max = self.opts.max_control_line;
        let without_queue = encode::subscribe_line_len(subject, None, sid);
        check_line_len(without_queue, max, || {
            format!("subject of {} bytes", subject.len())
        })?;
        let queue_len = queue.map_or(0, <[u8]>::len);
        check_line_len(without_queue + queue_len, max, || {
            format!(
                "queue group of {queue_len} bytes with a subject of {}",
                subject.len()
            )
        })
        .map_err(|e| Error::new(Status::NATS_INVALID_QUEUE_NAME, e.text().to_owned()))
    }

    /// Sends the subscription to the server. From here on messages may arrive.
    pub fn start_subscription(self: &Arc<Self>, sub: &Arc<Subscription>) -> Result<()> {
        let mut changing = self.interest.change(&self.outbound);
        if changing.is_closed_to_new() {
            // A thread that closes the connection sets the status before it removes the subscriptions.
            let refused = self.subscribable(sub.purpose());
            if refused.is_err() || sub.purpose() == Purpose::Messages {
                drop(changing);
                sub.discard();
                let status = refused.err().unwrap_or(Status::NATS_CONNECTION_CLOSED);
                return Err(self.why_not_subscribed(status, sub.name().to_bytes()));
            }
        }
        self.log().debug(Target::Subscribe, || {
            let subject = shown(sub.name().to_bytes()).to_string();
            format!("subscribing to '{subject}' as {}", sub.sid())
        });
        let route = Route::Subscription(sub.clone());
        changing.subscribe(sub.sid(), route, |buf| sub.encode_subscribe(buf));
        drop(changing);
        sub.arm_timeout();
        if self.opts.send_asap {
            self.flush_soon();
        }
        Ok(())
    }

    /// The error of subscribing in the present state.
    pub(super) fn subscribable(&self, purpose: Purpose) -> Result<(), Status> {
        match self.status() {
            ConnStatus::NATS_CONN_STATUS_CLOSED => Err(Status::NATS_CONNECTION_CLOSED),
            ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS if purpose != Purpose::Messages => Ok(()),
            status if status.is_draining() => Err(Status::NATS_DRAINING),
            _ => Ok(()),
        }
    }
}

impl Home for Connection {
    type Wire = Link;

    #[inline]
    fn is_closed(&self) -> bool {
        Connection::is_closed(self)
    }

    fn is_draining(&self) -> bool {
        Connection::is_draining(self)
    }

    #[inline]
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    #[inline]
    fn life(&self) -> &Life {
        &self.callbacks.life
    }

    #[inline]
    fn log(&self) -> &Logger {
        Connection::log(self)
    }

    #[inline]
    fn manual(&self) -> Option<&ManualQueue> {
        self.callbacks.manual()
    }

    #[inline]
    fn interest(&self) -> &Interest<Subscription> {
        &self.interest
    }

    #[inline]
    fn outbound(&self) -> &Outbound<Link> {
        &self.outbound
    }

    #[inline]
    fn look_for_answer(&self, deadline: Option<Instant>, done: impl Fn() -> bool) {
        waiting::look_for_answer(self, deadline, done);
    }

    fn read_what_comes(&self, deadline: Option<Instant>, done: impl FnMut() -> bool) {
        waiting::read_what_comes(self, deadline, done);
    }

    fn flush_if_asap(&self) {
        if self.opts.send_asap {
            self.flush_soon();
        }
    }

    fn report_slow(self: &Arc<Self>, sub: &Arc<Subscription>, slow: Slow) {
        Connection::report_slow(self, sub, slow);
    }

    #[inline]
    fn callbacks_took(&self, time: Duration, callbacks: u32) {
        self.meters.callbacks_took(time, callbacks);
    }

    fn dropped(&self, messages: usize) {
        self.meters.dropped(messages);
    }

    fn gone(self: &Arc<Self>) {
        self.subscription_gone();
    }

    fn closed_words(&self) -> String {
        Connection::closed_words(self)
    }

    fn meanwhile(&self) -> String {
        Connection::meanwhile(self)
    }
}
