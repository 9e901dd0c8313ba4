//! What a program can ask about the consumer of a subscription.

use std::sync::Arc;

use super::pull::Pull;
use super::push::{Push, SequenceMismatch};
use crate::client::Subscription;
use crate::error::{Error, Result, Status};
use crate::js::api::ConsumerInfo;
use crate::js::context::CallOptions;

fn not_of_a_stream() -> Error {
    Error::new(
        Status::NATS_INVALID_SUBSCRIPTION,
        "not a JetStream subscription",
    )
}

/// Asks the server about the consumer of a subscription.
pub fn consumer_info(
    sub: &Arc<Subscription>,
    options: &CallOptions<'_>,
) -> crate::js::Result<ConsumerInfo> {
    if let Some(pull) = sub.extension::<Pull>() {
        let (stream, consumer) = pull.names();
        return pull.call_with(options).consumer_info(&stream, &consumer);
    }
    let push = sub.extension::<Push>().ok_or_else(not_of_a_stream)?;
    let (stream, consumer) = push.names();
    if consumer.is_empty() {
        // It is being made again.
        return Err(Status::NATS_NOT_FOUND.into());
    }
    push.call_with(options).consumer_info(&stream, &consumer)
}

/// How what had come by the last heartbeat differs from what the consumer had sent; `None` where it
/// does not, or no heartbeat has come.
pub fn sequence_mismatch(sub: &Arc<Subscription>) -> Result<Option<SequenceMismatch>> {
    if sub.extension::<Pull>().is_some() {
        // The heartbeats of a pull request have no sequences.
        return Ok(None);
    }
    let push = sub.extension::<Push>().ok_or_else(not_of_a_stream)?;
    Ok(push.mismatch())
}
