//! Acknowledging messages (ADR-15): the responses of a program to a message that a consumer delivered.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::client::{Connection, When};
use crate::error::{Error as Plain, Status};
use crate::js::api::ErrCode;
use crate::js::error::{Error, Result};
use crate::msg::{Msg, OwnerRef};

/// The way by which messages of a consumer are acknowledged: the [`Owner`](crate::msg::Owner) of each of them.
pub struct Acker {
    /// Weak: a message that the program keeps must keep neither the connection nor the library open.
    conn: Weak<Connection>,
    wait: Duration,
}

/// The response to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack<'a> {
    /// It was processed.
    Done,
    /// It was not processed and is to be delivered again.
    Nak,
    /// As `Nak`, after this number of nanoseconds.
    NakAfter(u64),
    /// It is being processed: the consumer's wait for an acknowledgement starts anew.
    InProgress,
    /// It cannot be processed and is not to be delivered again.
    Term,
    /// As `Term`, with a reason, which the server includes in its advisory.
    TermBecause(&'a [u8]),
}

const ACK: &[u8] = b"+ACK";

impl Ack<'_> {
    /// Does it end the message's delivery?
    fn is_last(self) -> bool {
        self != Ack::InProgress
    }

    /// Calls `f` with the payload of the acknowledgement.
    fn with_body<R>(self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Ack::Done => f(ACK),
            Ack::Nak => f(b"-NAK"),
            Ack::NakAfter(delay) => f(format!("-NAK {{\"delay\":{delay}}}").as_bytes()),
            Ack::InProgress => f(b"+WPI"),
            Ack::Term => f(b"+TERM"),
            Ack::TermBecause(reason) => f(&[b"+TERM ", reason].concat()),
        }
    }
}

impl Acker {
    /// The owner of all messages of one subscription. `wait` is the default time that [`ack_sync`]
    /// waits for the server.
    pub fn owner(conn: &Arc<Connection>, wait: Duration) -> OwnerRef {
        OwnerRef::new(Acker {
            conn: Arc::downgrade(conn),
            wait,
        })
    }

    /// The connection; `NATS_CONNECTION_CLOSED` if it is gone.
    fn conn(&self) -> Result<Arc<Connection>, Plain> {
        self.conn
            .upgrade()
            .ok_or_else(|| Status::NATS_CONNECTION_CLOSED.into())
    }
}

/// Acknowledges a message, unless that was done before. With `wait` the call waits for the server's
/// answer, for at most this time.
pub fn acknowledge(msg: &mut Msg, ack: Ack<'_>, wait: Option<Duration>) -> Result<()> {
    // Checked before anything else, so that programs can acknowledge messages that need no acknowledgement.
    if msg.is_acked() {
        return Ok(());
    }
    let (acker, reply) = bound(msg)?;
    let conn = acker.conn()?;
    ack.with_body(|body| match wait {
        None => conn.answer(reply, body, When::Buffered),
        Some(wait) => conn.request(reply, body, wait).map(drop),
    })?;
    if ack.is_last() {
        msg.set_acked();
    }
    Ok(())
}

/// Acknowledges a message, unless that was done before, and waits until the server has recorded it.
pub fn ack_sync(msg: &mut Msg, wait: Option<Duration>) -> Result<()> {
    if msg.is_acked() {
        return Ok(());
    }
    let (acker, reply) = bound(msg)?;
    let wait = wait.unwrap_or(acker.wait);
    let answer = acker.conn()?.request(reply, ACK, wait);
    answer.map_err(|error| {
        let code = match error.status() {
            Status::NATS_NO_RESPONDERS => ErrCode::NOT_ENABLED,
            _ => ErrCode::NONE,
        };
        Error::new(error, code)
    })?;
    msg.set_acked();
    Ok(())
}

/// The owner through which a message is acknowledged, and the subject for it.
pub(super) fn bound(msg: &Msg) -> Result<(&Acker, &[u8]), Plain> {
    let acker = msg.owner().and_then(|owner| owner.get::<Acker>());
    match (acker, msg.reply()) {
        (Some(acker), Some(reply)) => Ok((acker, reply)),
        (None, Some(_)) => Err(not_bound()),
        (None, None) if !msg.is_received() => Err(not_bound()),
        (_, None) => Err(Plain::illegal_state("not a JetStream message")),
    }
}

#[cold]
fn not_bound() -> Plain {
    Plain::illegal_state("message not bound to a subscription")
}

/// The metadata of a message that a consumer delivered, to any kind of subscription, including a
/// plain one on the consumer's deliver subject.
pub fn metadata(msg: &Msg) -> Result<super::Metadata<'_>, Plain> {
    if let Some(metadata) = msg.reply().and_then(super::Metadata::parse) {
        return Ok(metadata);
    }
    let reply = match msg.reply() {
        Some(reply) if msg.is_received() => reply,
        _ => bound(msg)?.1,
    };
    let text = format!("invalid meta data '{}'", crate::words::shown(reply));
    Err(Plain::new(Status::NATS_ERR, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Options;

    #[test]
    fn words_on_the_wire() {
        for (ack, words) in [
            (Ack::Done, "+ACK"),
            (Ack::Nak, "-NAK"),
            (Ack::NakAfter(1_500_000), "-NAK {\"delay\":1500000}"),
            (Ack::InProgress, "+WPI"),
            (Ack::Term, "+TERM"),
            (Ack::TermBecause(b"no such order"), "+TERM no such order"),
        ] {
            assert_eq!(ack.with_body(<[u8]>::to_vec), words.as_bytes());
        }
    }

    #[test]
    fn only_bound_messages_with_a_reply_are_acknowledged() {
        let conn = Connection::new(&Options::default()).expect("no network needed");
        let owner = Acker::owner(&conn, Duration::from_secs(1));
        let reply = b"$JS.ACK.S.c.1.2.3.4.5";
        let text = |msg: &mut Msg| {
            let error = acknowledge(msg, Ack::Done, None).unwrap_err();
            assert_eq!(error.status(), Status::NATS_ILLEGAL_STATE);
            assert_eq!(ack_sync(msg, None).unwrap_err().text(), error.text());
            error.text().to_owned()
        };
        let mut msg = Msg::create(b"a", Some(reply), b"").unwrap();
        assert_eq!(text(&mut msg), "message not bound to a subscription");
        msg.set_owner(OwnerRef::new(7));
        assert_eq!(text(&mut msg), "message not bound to a subscription");
        let mut without = Msg::create(b"a", None, b"").unwrap();
        without.set_owner(owner.clone());
        assert_eq!(text(&mut without), "not a JetStream message");
        // An acknowledged message is ignored, whatever it is.
        msg.set_acked();
        for ack in [Ack::Done, Ack::InProgress, Ack::Term] {
            assert_eq!(acknowledge(&mut msg, ack, None), Ok(()));
        }
        assert_eq!(ack_sync(&mut msg, None), Ok(()));
    }

    #[test]
    fn metadata_need_a_reply_of_the_right_form() {
        let conn = Connection::new(&Options::default()).expect("no network needed");
        let owner = Acker::owner(&conn, Duration::from_secs(1));
        let mut msg = Msg::create(b"a", Some(b"$JS.ACK.S.c.1.2.3.4.5"), b"").unwrap();
        // A plain subscription on the consumer's deliver subject receives the message without an owner.
        assert_eq!(metadata(&msg).unwrap().consumer_seq, 3);
        msg.set_owner(owner.clone());
        msg.set_acked();
        assert_eq!(metadata(&msg).unwrap().consumer_seq, 3);
        let mut other = Msg::create(b"a", Some(b"$JS.ACK.S.c.1.2.3.4"), b"").unwrap();
        assert_eq!(
            metadata(&other).unwrap_err().status(),
            Status::NATS_ILLEGAL_STATE
        );
        other.set_owner(owner);
        assert_eq!(
            metadata(&other).unwrap_err().text(),
            "invalid meta data '$JS.ACK.S.c.1.2.3.4'"
        );
    }
}
