//! Draining a connection: first its subscriptions, then the published messages; then the connection is closed.
//!
//! Nothing here blocks: each step continues when the PONG for it arrives or the time for it is over.

use std::sync::Arc;
use std::time::Duration;

use super::closing::close_now;
use super::host::{Event, SessionHost};
use super::status::ConnStatus;
use crate::client::outgoing::ping::{ANSWER_MAX, PingWaiter};
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::log::Target;
use crate::runtime::TimerHandle;
use crate::words::ms;

const NOT_UNSUBSCRIBED: &str = "unable to flush all subscriptions UNSUB protocols";
const NOT_FLUSHED: &str = "unable to flush publish calls";

/// How a drain continues when the server has answered, or will not answer.
type AfterFlush<H> = Box<dyn FnOnce(&Arc<H>, Result<()>) + Send>;

/// The drain of a connection.
pub(in crate::client) struct ConnDrain {
    timer: Option<TimerHandle>,
    /// The subscriptions have been asked to drain, and the server has confirmed that it sends no more.
    flushed: bool,
}

impl ConnDrain {
    /// Nothing remains to be done.
    pub(in crate::client) fn cancel(self) {
        if let Some(timer) = self.timer {
            timer.cancel();
        }
    }
}

/// Starts to drain the connection: all subscriptions drain, then what was published is sent, then the connection is
/// closed.
pub(in crate::client) fn drain<H: SessionHost>(
    host: &Arc<H>,
    timeout: Option<Duration>,
) -> Result<()> {
    {
        let mut state = host.session().state.lock();
        match state.status() {
            ConnStatus::NATS_CONN_STATUS_CLOSED => {
                drop(state);
                return Err(Status::NATS_CONNECTION_CLOSED.into());
            }
            status if status.is_draining() => return Ok(()),
            ConnStatus::NATS_CONN_STATUS_CONNECTED => {}
            _ => {
                return Err(Error::illegal_state(
                    "Illegal to call Drain while the connection is reconnecting",
                ));
            }
        }
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS);
        state.drain = Some(ConnDrain {
            timer: None,
            flushed: false,
        });
        host.session()
            .log()
            .info(Target::Session, || match timeout {
                Some(timeout) => format!("draining, for up to {}", ms(timeout)),
                None => "draining".to_owned(),
            });
        host.tell(Event::Draining);
    }
    let tell_subscriptions = host.drain_subscriptions();
    let flushed = move |host: &Arc<H>, result: Result<()>| {
        if let Err(e) = &result {
            drain_error(
                host,
                NOT_UNSUBSCRIBED,
                e.status(),
                &no_answer(host, ANSWER_MAX),
            );
        }
        tell_subscriptions(result);
        if let Some(drain) = host.session().state.lock().drain.as_mut() {
            drain.flushed = true;
        }
        subscription_gone(host);
    };
    if let Some(timeout) = timeout {
        let weak = Arc::downgrade(host);
        let late = move || {
            if let Some(host) = weak.upgrade() {
                drain_late(&host, timeout);
            }
        };
        let timer = host.runtime().timers.after(timeout, Box::new(late));
        if let Some(drain) = host.session().state.lock().drain.as_mut() {
            drain.timer = Some(timer);
        }
    }
    ping_then(host, ANSWER_MAX, Box::new(flushed));
    Ok(())
}

/// Continues when the server has processed everything that was sent so far, when it will not do so, or when the time
/// for that is over.
fn ping_then<H: SessionHost>(host: &Arc<H>, limit: Duration, then: AfterFlush<H>) {
    let weak = Arc::downgrade(host);
    let then = move |result| {
        if let Some(host) = weak.upgrade() {
            then(&host, result);
        }
    };
    // Both the PONG and the timer come here; the first one takes it.
    let then = Arc::new(Mutex::new(Some(then)));
    let late = then.clone();
    let late = move || {
        let then = late.lock().take();
        if let Some(then) = then {
            then(Err(Status::NATS_TIMEOUT.into()));
        }
    };
    let timer = host.runtime().timers.after(limit, Box::new(late));
    let answered = move |result| {
        timer.cancel();
        let then = then.lock().take();
        if let Some(then) = then {
            then(result);
        }
    };
    host.ping(PingWaiter::Then(Box::new(answered)));
}

/// The server did not answer in time.
fn no_answer<H: SessionHost>(host: &Arc<H>, limit: Duration) -> String {
    let server = host.session().server_address();
    match limit {
        Duration::MAX => format!("{server} did not answer"),
        limit => format!("{server} did not answer within {}", ms(limit)),
    }
}

fn drain_error<H: SessionHost>(host: &Arc<H>, what: &str, status: Status, more: &str) {
    let text = format!(
        "Drain error: {what}: {} ({}): {more}",
        status as i32,
        status.text()
    );
    let state = host.session().state.lock();
    // Closing ends a drain, which is no error of the drain.
    if state.is_closed() || status == Status::NATS_CONNECTION_CLOSED {
        return;
    }
    host.tell(Event::Failure(&Error::new(status, text)));
}

/// A subscription has ended: perhaps it was the last one that the drain waits for.
pub(in crate::client) fn subscription_gone<H: SessionHost>(host: &Arc<H>) {
    if host.session().status() != ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS
        || host.open_subscriptions() > 0
    {
        return;
    }
    {
        let mut state = host.session().state.lock();
        if state.status() != ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS
            || !state.drain.as_ref().is_some_and(|d| d.flushed)
        {
            return;
        }
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DRAINING_PUBS);
    }
    // The callbacks may have made requests until now. No more answers are delivered.
    host.unsubscribe_answers();
    drain_publishes(host);
}

fn drain_publishes<H: SessionHost>(host: &Arc<H>) {
    host.refuse_publishes();
    // Otherwise the timeout of the drain ends it.
    let limited = host
        .session()
        .state
        .lock()
        .drain
        .as_ref()
        .is_some_and(|drain| drain.timer.is_some());
    let limit = if limited { Duration::MAX } else { ANSWER_MAX };
    let flushed = move |host: &Arc<H>, result: Result<()>| {
        if let Err(e) = result {
            drain_error(host, NOT_FLUSHED, e.status(), &no_answer(host, limit));
        }
        close_now(host);
    };
    ping_then(host, limit, Box::new(flushed));
}

/// The timeout of the drain has expired.
fn drain_late<H: SessionHost>(host: &Arc<H>, timeout: Duration) {
    let (status, flushed) = {
        let mut state = host.session().state.lock();
        let status = state.status();
        if status == ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS {
            host.session()
                .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_DRAINING_PUBS);
        }
        (status, state.drain.as_ref().is_some_and(|d| d.flushed))
    };
    if !status.is_draining() {
        return;
    }
    let error = |what, more: &str| {
        let more = format!("limit of {} passed, {more}", ms(timeout));
        drain_error(host, what, Status::NATS_TIMEOUT, &more);
    };
    host.refuse_publishes();
    if !flushed {
        error(NOT_UNSUBSCRIBED, &no_answer(host, Duration::MAX));
    }
    let late = host.late_subscriptions();
    match &late {
        None => error(NOT_FLUSHED, &no_answer(host, Duration::MAX)),
        Some((text, _)) => error("timeout waiting for subscriptions to drain", text),
    }
    if let Some((_, end)) = late {
        end();
    }
    close_now(host);
}
