//! Information about the consumer of a subscription.

use std::sync::Arc;

use super::pull::Pull;
use super::push::{Push, SequenceMismatch};
use crate::client::Subscription;
use crate::error::{Error, Result, Status};
use crate::js::api::ConsumerInfo;
use crate::js::context::CallOptions;

/// A subscription of one of the two kinds.
enum Of {
    Push(Arc<Push>),
    Pull(Arc<Pull>),
}

fn of(sub: &Arc<Subscription>) -> Result<Of> {
    let push = || sub.extension::<Push>().map(Of::Push);
    let pull = || sub.extension::<Pull>().map(Of::Pull);
    let text = "not a JetStream subscription";
    push()
        .or_else(pull)
        .ok_or_else(|| Error::new(Status::NATS_INVALID_SUBSCRIPTION, text))
}

/// Requests the info of a subscription's consumer from the server.
pub fn consumer_info(
    sub: &Arc<Subscription>,
    options: &CallOptions<'_>,
) -> crate::js::Result<ConsumerInfo> {
    let of = of(sub)?;
    let (stream, consumer) = match &of {
        Of::Push(push) => push.names(),
        Of::Pull(pull) => pull.names(),
    };
    if consumer.is_empty() {
        // It is being created.
        return Err(Status::NATS_NOT_FOUND.into());
    }
    let call = match &of {
        Of::Push(push) => push.call_with(options),
        Of::Pull(pull) => pull.call_with(options),
    };
    call.consumer_info(&stream, &consumer)
}

/// The difference between the messages that had arrived before the last heartbeat and those that
/// the consumer had sent; `None` if there is none, or no heartbeat has arrived. The heartbeats of a
/// pull request have no sequences, so a pull subscription has no mismatch.
pub fn sequence_mismatch(sub: &Arc<Subscription>) -> Result<Option<SequenceMismatch>> {
    match of(sub)? {
        Of::Push(push) => Ok(push.mismatch()),
        Of::Pull(_) => Ok(None),
    }
}
