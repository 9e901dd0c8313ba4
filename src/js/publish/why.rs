//! Error texts of publishing: with the subject, and what can be done. Nothing here runs unless a message has
//! failed.

use crate::error::{Error as Plain, Status};
use crate::js::Error;
use crate::msg::Msg;
use crate::words::shown;

/// Nobody answers to a publish.
// It begins with the text of the status.
pub(super) const NO_STREAM: &str = "No responders available for request: no stream stores this subject, its stream has no leader, or JetStream is not enabled";

/// Why a message could not be published, or its acknowledgement does not come.
#[cold]
pub(super) fn why_not_stored(error: Error, msg: &Msg) -> Error {
    let what = format!("publish to '{}'", shown(msg.subject()));
    error.or_say(|status| match status {
        Status::NATS_NO_RESPONDERS => format!("{what}: {NO_STREAM}"),
        Status::NATS_TIMEOUT => {
            let text = status.text();
            format!("{what}: {text}: no acknowledgement within MaxWait; the message may be stored nevertheless")
        }
        Status::NATS_CONNECTION_DISCONNECTED => format!(
            "{what}: the connection was lost before the acknowledgement came; the message may be stored \
             (ResendOnReconnect of js_SetPubPolicy sends it again)"
        ),
        Status::NATS_CONNECTION_CLOSED => format!("{what}: the connection is closed"),
        Status::NATS_DRAINING => format!("{what}: the connection is draining"),
        Status::NATS_LIMIT_REACHED => format!("{what}: too many messages wait for their acknowledgements"),
        status => format!("{what}: {}", status.text()),
    })
}

/// The message was sent several times, and each time the connection was lost.
pub(super) fn lost_each_time(msg: &Msg, resends: u32) -> Error {
    let text = format!(
        "publish to '{}': the connection was lost {} times in a row before the acknowledgement came: the message is not \
         sent again",
        shown(msg.subject()),
        resends + 1
    );
    Plain::new(Status::NATS_CONNECTION_DISCONNECTED, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_subject_and_keep_what_is_said_already() {
        let msg = Msg::create(b"s.a", None, b"x").unwrap();
        let text = |error: Plain| why_not_stored(error.into(), &msg).text().to_owned();
        for status in [
            Status::NATS_NO_RESPONDERS,
            Status::NATS_TIMEOUT,
            Status::NATS_CONNECTION_DISCONNECTED,
            Status::NATS_CONNECTION_CLOSED,
            Status::NATS_DRAINING,
            Status::NATS_LIMIT_REACHED,
            Status::NATS_ERR,
        ] {
            assert!(text(status.into()).starts_with("publish to 's.a': "));
        }
        assert_eq!(text(Plain::new(Status::NATS_ERR, "said")), "said");
        assert!(lost_each_time(&msg, 3).text().contains("4 times"));
    }
}
