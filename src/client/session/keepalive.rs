//! PINGs that show whether the server is alive.

use std::sync::Arc;

use super::host::{SessionHost, SessionLink};
use super::status::ConnStatus;
use crate::client::outgoing::ping::PingWaiter;
use crate::error::{Error, Status};

/// Starts sending PINGs on the present link.
pub(super) fn start_pinging<H: SessionHost>(host: &Arc<H>) {
    let Some(interval) = host.session().config().ping_interval else {
        return;
    };
    let weak = Arc::downgrade(host);
    let tick = move || {
        if let Some(host) = weak.upgrade() {
            ping_tick(&host);
        }
    };
    let timer = host.runtime().timers.after(interval, Box::new(tick));
    let mut state = host.session().state.lock();
    if state.link.is_some()
        && let Some(old) = state.ping_timer.replace(timer)
    {
        old.cancel();
    }
}

fn ping_tick<H: SessionHost>(host: &Arc<H>) {
    let mut state = host.session().state.lock();
    let Some(link) = state.link.clone() else {
        return;
    };
    if state.status() == ConnStatus::NATS_CONN_STATUS_CONNECTED {
        state.pings_out += 1;
        let most = host.session().config().max_pings_out;
        let excess = state.pings_out.saturating_sub(most);
        // The PONGs may be among what has not been read, as after the process was stopped: that gives it one more
        // interval.
        if excess > 1 || (excess == 1 && !link.has_unread()) {
            let unanswered = state.pings_out - 1;
            drop(state);
            link.fail(Error::new(
                Status::NATS_STALE_CONNECTION,
                format!("Stale Connection: no answer to {unanswered} PINGs"),
            ));
            return;
        }
        drop(state);
        host.ping(PingWaiter::Keepalive);
    } else {
        drop(state);
    }
    start_pinging(host);
}
