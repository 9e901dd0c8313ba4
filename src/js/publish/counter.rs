//! Counters (ADR-49): subjects whose last message has a number, to which further messages add.

use std::sync::Arc;
use std::time::Duration;

use super::options::{Block, put_header};
use super::settings::Policy;
use super::sync_publish::publish;
use crate::client::{Connection, Publish};
use crate::error::{Error as Plain, Status};
use crate::js::Result;
use crate::js::needs::need_server;
use crate::proto::headers::HeaderBlock;
use crate::words::shown;

const INCREMENT: &[u8] = b"Nats-Incr";

/// Adds a whole number of any size, in decimal digits, to a counter. Returns the new value.
pub fn add_to_counter(
    conn: &Arc<Connection>,
    subject: &[u8],
    delta: &[u8],
    wait: Duration,
    policy: &Policy,
) -> Result<Vec<u8>> {
    // An older server would store the message as any other.
    need_server(conn, 2, 12, "counters")?;
    let mut block = Block::new();
    put_header(&mut block, INCREMENT, &signed(delta)?);
    block.extend_from_slice(b"\r\n");
    let out = Publish {
        subject,
        headers: Some(HeaderBlock::Bytes(&block)),
        ..Publish::default()
    };
    let answer = publish(conn, &out, wait, policy)?;
    match answer.ack()? {
        Some(ack) if !ack.value.is_empty() => Ok(ack.value.into_owned()),
        _ => {
            let text = "the server stored a message: it does not know counters";
            Err(Plain::new(Status::NATS_NO_SERVER_SUPPORT, text).into())
        }
    }
}

/// The number with its sign, as servers expect it.
fn signed(delta: &[u8]) -> Result<Vec<u8>> {
    let (sign, digits) = match delta {
        [b'+', digits @ ..] => (b'+', digits),
        [b'-', digits @ ..] => (b'-', digits),
        digits => (b'+', digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        let text = format!("'{}' is no whole number", shown(delta));
        return Err(Plain::invalid_arg(text).into());
    }
    Ok([&[sign], digits].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_sent_with_its_sign() {
        for (delta, expected) in [
            (&b"1"[..], &b"+1"[..]),
            (b"+1", b"+1"),
            (b"-007", b"-007"),
            (b"0", b"+0"),
            (
                b"123456789012345678901234567890",
                b"+123456789012345678901234567890",
            ),
        ] {
            assert_eq!(signed(delta).unwrap(), expected);
        }
        for delta in [&b""[..], b"+", b"1.5", b"--1", b" 1", b"1\r\nA: b", b"0x1"] {
            let error = signed(delta).unwrap_err();
            assert_eq!(error.status(), Status::NATS_INVALID_ARG);
        }
    }
}
