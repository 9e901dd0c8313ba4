//! Taking many messages of a subscription by one call.

use std::ffi::c_int;

use super::convert::{positive, required};
use super::guard::guard;
use super::handle::{borrow_arc, natsSubscription};
use super::msg_list::{MsgArray, empty_list};
use super::request::wait;
use super::types::natsMsgList;
use crate::error::natsStatus;

/// Room for so many messages is made before it is known how many there are.
const LEAST_ROOM: usize = 64;

/// Take the messages that wait for a subscription without a callback.
///
/// Takes what waits, in order and up to a maximum, with one lock; waits only if nothing is there,
/// and then returns with what arrived first. Otherwise as `natsSubscription_NextMsg`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param list Receives at least one message, to be released with `natsMsgList_Destroy`. Empty with
/// any status other than `NATS_OK`.
/// @param sub The subscription.
/// @param max The largest number of messages; greater than 0. There may be more waiting even if
/// fewer were taken.
/// @param timeout The longest time to wait in milliseconds; with zero or less only messages that
/// are already there are taken.
///
/// @retval NATS_OK Messages were taken.
/// @retval NATS_INVALID_ARG `list` is NULL, `sub` is NULL or was destroyed, or `max` is not
/// positive.
/// @retval NATS_TIMEOUT No message arrived in time.
/// @retval NATS_SLOW_CONSUMER Messages were dropped since the last call because a pending limit was
/// reached. No message was taken.
/// @retval NATS_NO_RESPONDERS The next message was the server's notice that a request has no responders. It was
/// consumed. A list ends before such a notice.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_MAX_DELIVERED_MSGS The maximum of `natsSubscription_AutoUnsubscribe` was reached.
/// @retval NATS_INVALID_SUBSCRIPTION The subscription was closed in another way.
/// @retval NATS_ILLEGAL_STATE The subscription has a callback.
/// @retval NATS_NO_MEMORY Memory could not be allocated. No message was taken.
///
/// @par Threads
/// Any thread may call this function at any time. If several threads wait, each message goes to one
/// of them.
///
/// @par Example
/// ```c
/// natsMsgList list;
///
/// while (natsSubscription_NextMsgs(&list, sub, 500, 1000) == NATS_OK) {
///     for (int i = 0; i < list.Count; i++) puts(natsMsg_GetData(list.Msgs[i]));
///     natsMsgList_Destroy(&list);
/// }
/// ```
///
/// @see natsSubscription_NextMsg, natsConnection_SubscribeMsgs
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `list` is NULL or valid for writing a list; `sub` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscription_NextMsgs(
    list: *mut natsMsgList,
    sub: *mut natsSubscription,
    max: c_int,
    timeout: i64,
) -> natsStatus {
    guard("natsSubscription_NextMsgs", || {
        required(list, "list")?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { list.write(empty_list()) };
        let max = positive(max, "max")?.unsigned_abs() as usize;
        // SAFETY: the caller's contract, above.
        let subscription = unsafe { borrow_arc(sub) }?;
        // Before anything is taken, so that a lack of memory loses no message.
        let max = max.min(subscription.queued().max(LEAST_ROOM));
        let mut array = MsgArray::with_room(max)?;
        subscription.next_msgs(max, wait(timeout), |msg| array.push(msg))?;
        // SAFETY: valid for writing, as above.
        unsafe { list.write(array.into_list()) };
        Ok(())
    })
}
