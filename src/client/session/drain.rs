//! Draining a connection: its subscriptions, then what was published, then it closes.
//!
//! Nothing here blocks: each step goes on when the PONG behind it arrives, or when the time is
//! over.

use std::sync::Arc;
use std::time::Duration;

use crate::client::connection::Connection;
use crate::client::outgoing::ping::{ANSWER_MAX, PingWaiter};
use crate::client::outgoing::publish::When;
use crate::client::session::status::ConnStatus;
use crate::client::subscription::state::{Purpose, Subscription};
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::proto::encode;
use crate::runtime::TimerHandle;
use crate::words::ms;

const NOT_UNSUBSCRIBED: &str = "unable to flush all subscriptions UNSUB protocols";
const NOT_FLUSHED: &str = "unable to flush publish calls";

/// How a drain goes on when the server has answered, or will not.
type AfterFlush = Box<dyn FnOnce(&Arc<Connection>, Result<()>) + Send>;

/// A connection's drain.
pub(in crate::client) struct ConnDrain {
    timer: Option<TimerHandle>,
    /// The subscriptions have been asked to drain, and the server has said that nothing follows.
    flushed: bool,
}

impl Connection {
    /// Starts to drain: all subscriptions drain, then what was published is sent, then it closes.
    pub fn drain(self: &Arc<Self>, timeout: Option<Duration>) -> Result<()> {
        {
            let mut state = self.state.lock();
            match state.status() {
                ConnStatus::NATS_CONN_STATUS_CLOSED => {
                    drop(state);
                    return Err(self.untold(Status::NATS_CONNECTION_CLOSED, ""));
                }
                status if status.is_draining() => return Ok(()),
                ConnStatus::NATS_CONN_STATUS_CONNECTED => {}
                _ => {
                    return Err(Error::illegal_state(
                        "Illegal to call Drain while the connection is reconnecting",
                    ));
                }
            }
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS);
            state.drain = Some(ConnDrain {
                timer: None,
                flushed: false,
            });
        }
        // Requests under way get their answers, and the drain waits for that.
        let mut subs = self.interest.seal();
        subs.retain(|sub| sub.purpose == Purpose::Messages);
        for sub in &subs {
            // One that was closed meanwhile needs no draining.
            let _ = sub.start_draining();
        }
        let flushed = move |conn: &Arc<Connection>, result: Result<()>| {
            if let Err(e) = &result {
                conn.drain_error(NOT_UNSUBSCRIBED, e.status(), &conn.no_answer(ANSWER_MAX));
            }
            for sub in &subs {
                sub.drain_flushed(result.clone().map_err(|e| e.status()));
            }
            if let Some(drain) = conn.state.lock().drain.as_mut() {
                drain.flushed = true;
            }
            conn.subscription_gone();
        };
        if let Some(timeout) = timeout {
            let conn = Arc::downgrade(self);
            let late = move || {
                if let Some(conn) = conn.upgrade() {
                    conn.drain_late(timeout);
                }
            };
            let timer = self.runtime.timers.after(timeout, Box::new(late));
            if let Some(drain) = self.state.lock().drain.as_mut() {
                drain.timer = Some(timer);
            }
        }
        self.ping_then(ANSWER_MAX, Box::new(flushed));
        Ok(())
    }

    /// Goes on when the server has processed all that was sent so far, or will not, or the time for
    /// that is over.
    fn ping_then(self: &Arc<Self>, limit: Duration, then: AfterFlush) {
        let weak = Arc::downgrade(self);
        let then = move |result| {
            if let Some(conn) = weak.upgrade() {
                then(&conn, result);
            }
        };
        // Whoever is first takes it: the PONG, or the timer.
        let then = Arc::new(Mutex::new(Some(then)));
        let late = then.clone();
        let late = move || {
            let then = late.lock().take();
            if let Some(then) = then {
                then(Err(Status::NATS_TIMEOUT.into()));
            }
        };
        let timer = self.runtime.timers.after(limit, Box::new(late));
        let answered = move |result| {
            timer.cancel();
            let then = then.lock().take();
            if let Some(then) = then {
                then(result);
            }
        };
        self.outbound
            .ping(PingWaiter::Then(Box::new(answered)), When::Buffered);
    }

    /// The server did not answer in time.
    fn no_answer(&self, limit: Duration) -> String {
        let server = self.server_address();
        match limit {
            Duration::MAX => format!("{server} did not answer"),
            limit => format!("{server} did not answer within {}", ms(limit)),
        }
    }

    fn drain_error(self: &Arc<Self>, what: &str, status: Status, more: &str) {
        let text = format!(
            "Drain error: {what}: {} ({}): {more}",
            status as i32,
            status.text()
        );
        let state = self.state.lock();
        // Closing ends a drain, which is no error of the drain.
        if state.is_closed() || status == Status::NATS_CONNECTION_CLOSED {
            return;
        }
        self.post_error(None, status, Some(text));
    }

    /// A subscription was closed: perhaps it was the last one that the drain waits for.
    pub(in crate::client) fn subscription_gone(self: &Arc<Self>) {
        if self.status() != ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS || self.interest.count() > 0
        {
            return;
        }
        {
            let mut state = self.state.lock();
            if state.status() != ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS
                || !state.drain.as_ref().is_some_and(|d| d.flushed)
            {
                return;
            }
            self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DRAINING_PUBS);
        }
        // The callbacks may have made requests until now; nothing more is answered.
        if let Some(sid) = self.requests.sid() {
            self.outbound
                .control(|buf| encode::unsubscribe(buf, sid, None));
        }
        self.drain_publishes();
    }

    fn drain_publishes(self: &Arc<Self>) {
        self.outbound.refuse_publishes();
        // Otherwise the drain's own time ends it.
        let limited = self
            .state
            .lock()
            .drain
            .as_ref()
            .is_some_and(|drain| drain.timer.is_some());
        let limit = if limited { Duration::MAX } else { ANSWER_MAX };
        let flushed = move |conn: &Arc<Connection>, result: Result<()>| {
            if let Err(e) = result {
                conn.drain_error(NOT_FLUSHED, e.status(), &conn.no_answer(limit));
            }
            conn.shut();
        };
        self.ping_then(limit, Box::new(flushed));
    }

    /// The time for the drain is over.
    fn drain_late(self: &Arc<Self>, timeout: Duration) {
        let (status, flushed) = {
            let mut state = self.state.lock();
            let status = state.status();
            if status == ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS {
                self.set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DRAINING_PUBS);
            }
            (status, state.drain.as_ref().is_some_and(|d| d.flushed))
        };
        if !status.is_draining() {
            return;
        }
        let error = |what, more: &str| {
            let more = format!("limit of {} passed, {more}", ms(timeout));
            self.drain_error(what, Status::NATS_TIMEOUT, &more);
        };
        self.outbound.refuse_publishes();
        if !flushed {
            error(NOT_UNSUBSCRIBED, &self.no_answer(Duration::MAX));
        }
        let subs = self.interest.subscriptions();
        match subs.is_empty() {
            true => error(NOT_FLUSHED, &self.no_answer(Duration::MAX)),
            false => error(
                "timeout waiting for subscriptions to drain",
                &left_over(&subs),
            ),
        }
        for sub in subs {
            sub.drain_late(true);
        }
        self.shut();
    }
}

/// Subscriptions that did not come to their end: one by name, and how many there are.
fn left_over(subs: &[Arc<Subscription>]) -> String {
    let Some(sub) = subs.first() else {
        return String::new();
    };
    let (msgs, _) = sub.waiting(&sub.queue.lock());
    let more = match subs.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more subscriptions"),
    };
    format!("{} has {msgs} messages left{more}", sub.called())
}

impl ConnDrain {
    /// Nothing is to happen any more.
    pub(in crate::client) fn cancel(self) {
        if let Some(timer) = self.timer {
            timer.cancel();
        }
    }
}
