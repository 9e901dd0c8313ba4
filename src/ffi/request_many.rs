//! Requests with many replies.

use std::ffi::{c_int, c_void};
use std::time::{Duration, Instant};

use super::callback::{Callback, Function};
use super::convert::{count, millis, required};
use super::guard::guard;
use super::handle::{borrow_arc, natsConnection};
use super::msg::{borrow_msg, natsMsg};
use super::msg_list::{empty_list, write_list};
use super::types::{natsLastReplyHandler, natsMsgList};
use crate::client::{ManyLimits, Publish};
use crate::error::{Result, natsStatus};
use crate::msg::Msg;

/// How long to wait where the options do not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// The limits that end a request with many replies. Filled by `natsRequestManyOptions_Init` first.
///
/// The first limit that is reached ends the request. Source: ADR-47.
///
/// @ingroup nats_request
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsRequestManyOptions {
    /// The longest time for all replies together, in milliseconds; 0 for 5000.
    pub MaxWait: i64,
    /// The longest time from one reply to the next, in milliseconds; 0 for no limit. The first reply
    /// is waited for until `MaxWait`.
    pub StallWait: i64,
    /// The largest number of replies; 0 for no limit.
    pub MaxMsgs: c_int,
    /// Whether a reply without payload is the last one.
    pub StopOnEmpty: bool,
    /// Says whether a reply is the last one; NULL for none.
    pub IsLast: natsLastReplyHandler,
    /// The last argument of `IsLast`.
    pub IsLastClosure: *mut c_void,
    /// Whether the reply that was the last one by `StopOnEmpty` or `IsLast` is among the results.
    pub IncludeLast: bool,
}

/// Set the fields of a structure to their defaults.
///
/// All limits are off except for the time, which is 5000 milliseconds.
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
/// @see natsConnection_RequestMany
///
/// @ingroup nats_request
///
/// # Safety
/// `opts` is NULL or valid for writing the structure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsRequestManyOptions_Init(
    opts: *mut natsRequestManyOptions,
) -> natsStatus {
    guard("natsRequestManyOptions_Init", || {
        required(opts, "opts")?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract; zeros are values of all fields.
        unsafe { opts.write_bytes(0, 1) };
        Ok(())
    })
}

/// Send a message as a request and collect the replies.
///
/// Returns when the first limit of the options is reached, with the replies that arrived until then,
/// which may be none. The request is written within the call, behind everything that was published
/// before. The wait continues across a reconnect, unless
/// `natsOptions_SetFailRequestsOnDisconnect` is set. The reply subject of the message is neither
/// used nor changed. Source: ADR-47.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @param list Receives the replies in order, to be released with `natsMsgList_Destroy`. Empty with
/// any status other than `NATS_OK`.
/// @param nc The connection.
/// @param requestMsg The request, which remains the caller's. No other thread may use it during the
/// call.
/// @param opts The limits; NULL for those of `natsRequestManyOptions_Init`.
///
/// @retval NATS_OK The request has ended; there may be no replies.
/// @retval NATS_NO_RESPONDERS There is no subscriber to the subject.
/// @retval NATS_INVALID_ARG `list` or `requestMsg` is NULL, `nc` is NULL or was destroyed, or a
/// limit is negative.
/// @retval NATS_TIMEOUT The socket did not accept the request in time.
/// @retval NATS_INVALID_SUBJECT The subject is NULL or empty, has white space or control
/// characters, or makes the protocol line longer than `natsOptions_SetMaxControlLine` allows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call, and
/// `natsOptions_SetFailRequestsOnDisconnect` is set.
/// @retval NATS_DRAINING The connection is draining and its subscriptions are finished.
/// @retval NATS_MAX_PAYLOAD Headers and payload exceed the server's `max_payload`.
/// @retval NATS_INSUFFICIENT_BUFFER The connection is reconnecting and the reconnect buffer is
/// full.
/// @retval NATS_IO_ERROR Writing to the socket failed.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
/// @retval NATS_NO_SERVER_SUPPORT The message has headers and the server does not support them.
///
/// @par Threads
/// Any thread may call this function at any time. A callback that runs on the only thread that could produce the
/// replies waits until its timeout.
///
/// @par Example
/// ```c
/// natsRequestManyOptions many;
/// natsMsgList replies;
///
/// natsRequestManyOptions_Init(&many);
/// many.MaxWait = 2000;
/// many.StallWait = 100;
/// natsStatus s = natsConnection_RequestMany(&replies, nc, msg, &many);
/// if (s == NATS_OK) {
///     for (int i = 0; i < replies.Count; i++) puts(natsMsg_GetData(replies.Msgs[i]));
///     natsMsgList_Destroy(&replies);
/// }
/// ```
///
/// @see natsConnection_RequestMsg, natsConnection_RequestMsgAsync
///
/// @ingroup nats_request
///
/// # Safety
/// `list` is NULL or valid for writing a list; `nc` is NULL or a handle of this library;
/// `requestMsg` is NULL or a message of this library that no other thread uses during the call;
/// `opts` is NULL or valid for reading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_RequestMany(
    list: *mut natsMsgList,
    nc: *mut natsConnection,
    requestMsg: *mut natsMsg,
    opts: *const natsRequestManyOptions,
) -> natsStatus {
    guard("natsConnection_RequestMany", || {
        required(list, "list")?;
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { list.write(empty_list()) };
        // SAFETY: the caller's contract, above.
        let (connection, request) = unsafe { (borrow_arc(nc)?, borrow_msg(requestMsg)?) };
        // SAFETY: likewise.
        let settings = Settings::new(unsafe { opts.as_ref() })?;
        let out = Publish {
            subject: request.subject(),
            reply: None,
            headers: request.header_block(),
            payload: request.payload(),
        };
        let is_last = |msg: &mut Msg| connection.in_program(|| settings.is_last(msg));
        let limits = ManyLimits {
            max: settings.max,
            silence: settings.stall,
            is_last: settings.has_last().then_some(&is_last),
            include_last: settings.include_last,
        };
        let deadline = Instant::now().checked_add(settings.wait);
        let replies = connection.request_many(&out, deadline, &limits)?;
        // SAFETY: valid for writing, as above.
        unsafe { write_list(list, replies) }
    })
}

type LastFn = unsafe extern "C" fn(*mut natsMsg, *mut c_void) -> bool;

/// The limits of one request.
struct Settings {
    wait: Duration,
    stall: Option<Duration>,
    max: Option<usize>,
    stop_on_empty: bool,
    is_last: Option<Callback<LastFn>>,
    include_last: bool,
}

impl Settings {
    fn new(opts: Option<&natsRequestManyOptions>) -> Result<Self> {
        let given = |time: Duration| Some(time).filter(|time| !time.is_zero());
        Ok(match opts {
            None => Settings {
                wait: DEFAULT_WAIT,
                stall: None,
                max: None,
                stop_on_empty: false,
                is_last: None,
                include_last: false,
            },
            Some(opts) => Settings {
                wait: given(millis(opts.MaxWait, "MaxWait")?).unwrap_or(DEFAULT_WAIT),
                stall: given(millis(opts.StallWait, "StallWait")?),
                max: Some(count(opts.MaxMsgs, "MaxMsgs")?).filter(|max| *max > 0),
                stop_on_empty: opts.StopOnEmpty,
                is_last: Callback::new(opts.IsLast, opts.IsLastClosure),
                include_last: opts.IncludeLast,
            },
        })
    }

    fn has_last(&self) -> bool {
        self.stop_on_empty || self.is_last.is_some()
    }

    fn is_last(&self, msg: &mut Msg) -> bool {
        if self.stop_on_empty && msg.payload().is_empty() {
            return true;
        }
        self.is_last.is_some_and(|callback| {
            let (function, closure) = callback.parts();
            // SAFETY: the program's function, with a message that it cannot destroy and the closure it gave.
            msg.lend_mut(|desc| unsafe { function.call((desc.cast(), closure)) })
        })
    }
}
