//! Subscribing with a callback that receives messages in lists.

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;

use super::callback::{Callback, Function};
use super::convert::{bytes, count, millis, required, some_bytes};
use super::guard::guard;
use super::handle::{handles_of, hold_both, natsConnection, natsSubscription};
use super::msg_list::{MsgArray, empty_list};
use super::subscribe::{NO_QUEUE, subscribe};
use super::types::{natsMsgList, natsMsgsHandler};
use crate::client::{MsgSink, SubscribeArgs, Subscription};
use crate::error::natsStatus;
use crate::locks::Mutex;
use crate::msg::Msg;

/// The largest number of messages in a list where the options do not say.
const DEFAULT_MAX: usize = 256;

/// How to subscribe with `natsConnection_SubscribeMsgs`. `natsSubscribeMsgsOptions_Init` begins one.
///
/// @ingroup nats_subscribe
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsSubscribeMsgsOptions {
    /// The queue group, not empty; NULL for none.
    pub Queue: *const c_char,
    /// The largest number of messages in a list; 0 for 256.
    pub MaxMsgs: c_int,
    /// The time in milliseconds after which an empty list says that no message came; 0 for never.
    pub Timeout: i64,
}

/// Set the fields of a structure to their defaults.
///
/// No queue group, lists of up to 256 messages, no timeout.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param opts The structure.
///
/// @retval NATS_OK The fields were set.
/// @retval NATS_INVALID_ARG `opts` is NULL.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_SubscribeMsgs
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `opts` is NULL or valid for writing the structure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsSubscribeMsgsOptions_Init(
    opts: *mut natsSubscribeMsgsOptions,
) -> natsStatus {
    guard("natsSubscribeMsgsOptions_Init", || {
        required(opts, "opts")?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract; zeros are values of all fields.
        unsafe { opts.write_bytes(0, 1) };
        Ok(())
    })
}

/// Subscribe to a subject with a callback that receives messages in lists.
///
/// The callback gets what waits, in order and up to a maximum: one message when little comes, many
/// when the program falls behind. One call for many messages costs less than one for each, above all
/// if the callback is written in another language than C. A message counts as delivered when its list is given to the callback, and with
/// `natsConnection_Dispatch` as one callback. Otherwise as `natsConnection_Subscribe`.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param sub Receives the subscription, which the caller owns and releases with
/// `natsSubscription_Destroy`. It is written before the first callback runs, and is valid only with
/// `NATS_OK`.
/// @param nc The connection.
/// @param subject The subject; the wildcards `*` (one token) and `>` (one or more tokens at the
/// end) are allowed.
/// @param opts Queue group, length of lists and timeout; NULL for those of
/// `natsSubscribeMsgsOptions_Init`.
/// @param cb The function, as described for `natsMsgsHandler`.
/// @param cbClosure The last argument of `cb`; may be NULL. Not used any more once the completion
/// callback of the subscription is called.
///
/// @retval NATS_OK The subscription was created.
/// @retval NATS_INVALID_ARG `sub` or `cb` is NULL, `nc` is NULL or was destroyed, the queue group is
/// empty, or a number is negative.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space, control characters
/// or an empty token, has a `>` before its end, or makes the protocol line longer than
/// `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_INVALID_QUEUE_NAME The queue group has white space or control characters, or makes
/// the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_DRAINING The connection is draining.
/// @retval NATS_FAILED_TO_INITIALIZE The fixed-size pool that the options selected has no threads.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// static void on_msgs(natsConnection *nc, natsSubscription *sub, natsMsgList *msgs, void *closure) {
///     for (int i = 0; i < msgs->Count; i++) puts(natsMsg_GetData(msgs->Msgs[i]));
/// }
///
/// natsStatus s = natsConnection_SubscribeMsgs(&sub, nc, "readings.>", NULL, on_msgs, NULL);
/// ```
///
/// @see natsConnection_Subscribe, natsSubscription_NextMsgs
///
/// @ingroup nats_subscribe
///
/// # Safety
/// `sub` is NULL or valid for writing a pointer; `nc` is NULL or a handle of this library; `subject`
/// is NULL or a string; `opts` is NULL or valid for reading, with a `Queue` that is NULL or a string;
/// `cb` may be called with `cbClosure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_SubscribeMsgs(
    sub: *mut *mut natsSubscription,
    nc: *mut natsConnection,
    subject: *const c_char,
    opts: *const natsSubscribeMsgsOptions,
    cb: natsMsgsHandler,
    cbClosure: *mut c_void,
) -> natsStatus {
    guard("natsConnection_SubscribeMsgs", || {
        let callback = Callback::required(cb, cbClosure)?;
        // SAFETY: the caller's contract, above.
        let subject = unsafe { bytes(subject) }.unwrap_or_default();
        let mut args = SubscribeArgs::new(subject);
        let mut max = DEFAULT_MAX;
        // SAFETY: likewise.
        if let Some(opts) = unsafe { opts.as_ref() } {
            if !opts.Queue.is_null() {
                // SAFETY: likewise.
                args.queue = Some(unsafe { some_bytes(opts.Queue, NO_QUEUE) }?);
            }
            match count(opts.MaxMsgs, "MaxMsgs")? {
                0 => {}
                given => max = given,
            }
            args.timeout = Some(millis(opts.Timeout, "Timeout")?).filter(|time| !time.is_zero());
        }
        args.sink = Some(Box::new(ListSink {
            callback,
            max,
            array: Mutex::new(Some(MsgArray::growing(max)?)),
        }));
        // SAFETY: likewise.
        unsafe { subscribe(sub, nc, args) }
    })
}

type MsgsHandler =
    unsafe extern "C" fn(*mut natsConnection, *mut natsSubscription, *mut natsMsgList, *mut c_void);

/// Collects the messages of a round, and calls the program's function with the list.
struct ListSink {
    callback: Callback<MsgsHandler>,
    max: usize,
    /// Used by one thread at a time. Missing while the program has it, and after the program has taken it.
    array: Mutex<Option<MsgArray>>,
}

impl ListSink {
    /// The array that is being filled, or another one.
    fn next_array(&self, collected: &mut Option<MsgArray>) -> MsgArray {
        collected.take().unwrap_or_else(|| new_array(self.max))
    }

    /// Calls the program with what has been collected.
    fn call(&self, sub: &Arc<Subscription>, array: MsgArray) {
        let back = array.lend(|list| self.call_with(sub, list));
        *self.array.lock() = back;
    }

    fn call_with(&self, sub: &Arc<Subscription>, list: *mut natsMsgList) {
        let (nc, handle) = handles_of(sub);
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any thread. `around`
        // keeps the handles usable, the list is until the function returns.
        unsafe { function.call((nc, handle, list, closure)) };
    }
}

impl MsgSink for ListSink {
    fn around(&self, sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let _held = hold_both(sub);
        round();
        let collected = self.array.lock().take_if(|array| array.len() > 0);
        if let Some(array) = collected {
            self.call(sub, array);
        }
    }

    fn deliver(&self, sub: &Arc<Subscription>, msg: Option<Msg>) {
        let Some(msg) = msg else {
            let mut none = empty_list();
            return self.call_with(sub, &raw mut none);
        };
        let full = {
            let mut collected = self.array.lock();
            let mut array = self.next_array(&mut collected);
            if !array.make_room() {
                // There is no memory for a longer list.
                drop(collected);
                self.call(sub, array);
                collected = self.array.lock();
                array = self.next_array(&mut collected);
            }
            array.push(msg);
            match array.is_full() {
                true => Some(array),
                false => {
                    *collected = Some(array);
                    None
                }
            }
        };
        if let Some(array) = full {
            self.call(sub, array);
        }
    }
}

/// Another array, in place of one that the program has taken.
fn new_array(most: usize) -> MsgArray {
    // Not even a few pointers: as where the library allocates anything else.
    MsgArray::growing(most)
        .unwrap_or_else(|_| std::alloc::handle_alloc_error(std::alloc::Layout::new::<usize>()))
}
