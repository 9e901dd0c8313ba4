//! The end of a connection.

use std::sync::Arc;

use super::host::{Event, SessionHost, SessionLink};
use super::status::ConnStatus;
use crate::error::Status;
use crate::log::Target;

/// Closes the connection at once. All waiters are notified; nothing blocks.
pub(in crate::client) fn close_now<H: SessionHost>(host: &Arc<H>) {
    let (link, drain, reported_connected) = {
        let mut state = host.session().state.lock();
        if state.is_closed() {
            return;
        }
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_CLOSED);
        host.session()
            .log()
            .info(Target::Session, || match state.has_error() {
                Some(error) => format!("closed: {error}"),
                None => "closed".to_owned(),
            });
        if let Some(cancel) = state.attempt.take() {
            cancel.cancel();
        }
        for timer in [state.ping_timer.take(), state.retry_timer.take()]
            .into_iter()
            .flatten()
        {
            timer.cancel();
        }
        // Which events are reported to the program, and the reason.
        let reported_connected =
            std::mem::take(&mut state.reported_connected).then(|| state.has_error());
        (state.link.take(), state.drain.take(), reported_connected)
    };
    if let Some(drain) = drain {
        drain.cancel();
    }
    if let Some(link) = &link {
        link.stop();
    }
    host.close_outgoing();
    host.fail_requests(Status::NATS_CONNECTION_CLOSED);
    host.end_subscriptions();
    if let Some(reason) = reported_connected {
        host.tell(Event::Disconnected(reason.as_ref()));
    }
    host.tell(Event::Closed);
    host.leave_loop();
    host.callbacks().life.close();
}
