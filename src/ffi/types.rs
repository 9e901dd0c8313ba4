//! The interface's public structures and callback types. An enumeration that C passes in is
//! received as a number and checked: a Rust `enum` must not have any other values than its own.

use std::ffi::{c_char, c_int, c_uchar, c_void};

use super::handle::{natsConnection, natsSubscription};
use super::msg::natsMsg;
use crate::error::{Status, natsStatus};

/// A descriptor of a socket; -1 for none.
///
/// @ingroup nats_loop
pub type natsSock = c_int;

/// A `natsStatus` as passed by C: any number.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct natsStatusArg(pub c_int);

impl natsStatusArg {
    /// The status, or `NATS_MAX_STATUS_VALUE` if there is none with this number.
    pub(crate) fn get(self) -> natsStatus {
        natsStatus::from_number(self.0).unwrap_or(Status::NATS_MAX_STATUS_VALUE)
    }

    /// What a callback of the program has returned: success, or the status of its failure. A number that is no status
    /// is `NATS_ERR`.
    pub(crate) fn outcome(self) -> Result<(), Status> {
        match natsStatus::from_number(self.0) {
            Some(Status::NATS_OK) => Ok(()),
            Some(status) => Err(status),
            None => Err(Status::NATS_ERR),
        }
    }
}

/// Callback that receives the messages of a subscription.
///
/// Called with one message at a time, in order, on a thread of the library. It may block, and may
/// call any function on the connection and the subscription, destroying them included; both stay
/// usable until it returns.
///
/// @param nc The connection of the subscription: the program's own handle.
/// @param sub The subscription: the program's own handle.
/// @param msg The message, which the callback owns and has to release with `natsMsg_Destroy`, now
/// or later. NULL reports to a subscription with a timeout that no message arrived in time.
/// @param closure The pointer that was given when subscribing.
///
/// @ingroup nats_subscribe
pub type natsMsgHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        sub: *mut natsSubscription,
        msg: *mut natsMsg,
        closure: *mut c_void,
    ),
>;

/// Callback for a change of a connection's state.
///
/// All callbacks of this type, for all connections of the process, run on one thread of the library
/// in the order of the events: one that blocks delays the others. The connection stays usable until
/// the callback returns, even if the program has destroyed it.
///
/// @param nc The connection: the program's own handle.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_events
pub type natsConnectionHandler =
    Option<unsafe extern "C" fn(nc: *mut natsConnection, closure: *mut c_void)>;

/// Callback for an error that no call could return, such as a slow consumer, a permissions
/// violation or a failed drain.
///
/// Runs on the same thread as `natsConnectionHandler`, with the same rules. If the event has a
/// text, `nats_GetLastError` returns it here.
///
/// @param nc The connection: the program's own handle.
/// @param subscription The subscription concerned, or NULL.
/// @param err The error.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_errors
pub type natsErrHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        subscription: *mut natsSubscription,
        err: natsStatus,
        closure: *mut c_void,
    ),
>;

/// Callback that supplies the token for an attempt to connect.
///
/// Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
/// of the library when reconnecting. A function on the connection that waits for the server waits in
/// vain here: the attempt goes on when the callback has returned.
///
/// @param closure The pointer that was given with the callback.
///
/// @return The token, which remains the program's and must not change until the next call; NULL for
/// no token.
///
/// @ingroup nats_auth
pub type natsTokenHandler = Option<unsafe extern "C" fn(closure: *mut c_void) -> *const c_char>;

/// Callback that supplies user and password for an attempt to connect.
///
/// Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
/// of the library when reconnecting. A function on the connection that waits for the server waits in
/// vain here: the attempt goes on when the callback has returned. If the connection is closed
/// meanwhile, the attempt ends with `NATS_CONNECTION_CLOSED`.
///
/// @param user Receives the user, a string from `malloc` that the library releases. If it is left
/// NULL, the connection is made without user and password.
/// @param password Receives the password, a string from `malloc` that the library wipes and
/// releases; may be left NULL.
/// @param customErrTxt Receives a text for a failure, a string from `malloc` that the library
/// releases; may be left NULL.
/// @param closure The pointer that was given with the callback.
///
/// @return `NATS_OK`; any other status fails the attempt with that status and text. A number that is
/// no status, and `NATS_NOT_YET_CONNECTED`, count as `NATS_ERR`.
///
/// @ingroup nats_auth
pub type natsUserInfoHandler = Option<
    unsafe extern "C" fn(
        user: *mut *mut c_char,
        password: *mut *mut c_char,
        customErrTxt: *mut *mut c_char,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Callback that supplies the user's JWT for an attempt to connect.
///
/// Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
/// of the library when reconnecting. If the connection is closed meanwhile, the attempt ends with
/// `NATS_CONNECTION_CLOSED`.
///
/// @param userJWT Receives the JWT, a string from `malloc` that the library releases. If it is left
/// NULL, the connection is made without a JWT.
/// @param customErrTxt Receives a text for a failure, a string from `malloc` that the library
/// releases; may be left NULL.
/// @param closure The pointer that was given with the callback.
///
/// @return `NATS_OK`; any other status fails the attempt with that status and text. A number that is
/// no status, and `NATS_NOT_YET_CONNECTED`, count as `NATS_ERR`.
///
/// @ingroup nats_auth
pub type natsUserJWTHandler = Option<
    unsafe extern "C" fn(
        userJWT: *mut *mut c_char,
        customErrTxt: *mut *mut c_char,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Callback that signs the server's nonce with the client's key (Ed25519) for an attempt to
/// connect.
///
/// Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
/// of the library when reconnecting. `nats_Sign` computes such a signature from a seed.
///
/// @param customErrTxt Receives a text for a failure, a string from `malloc` that the library
/// releases; may be left NULL.
/// @param signature Receives the signature, memory from `malloc` that the library releases.
/// @param signatureLength Receives the length of the signature in bytes.
/// @param nonce The string to sign, which belongs to the library.
/// @param closure The pointer that was given with the callback.
///
/// @return `NATS_OK`; any other status fails the attempt with that status and text. A number that is
/// no status, and `NATS_NOT_YET_CONNECTED`, count as `NATS_ERR`.
///
/// @ingroup nats_auth
pub type natsSignatureHandler = Option<
    unsafe extern "C" fn(
        customErrTxt: *mut *mut c_char,
        signature: *mut *mut c_uchar,
        signatureLength: *mut c_int,
        nonce: *const c_char,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Callback that connects to a server in place of the library, for example through a proxy.
///
/// Runs on the thread that makes the attempt: the caller of `natsConnection_Connect`, or a thread
/// of the library when reconnecting. It may block: its time counts for the attempt, but nothing
/// interrupts it.
///
/// @param fd Receives the descriptor of a connected stream socket. With `NATS_OK` it belongs to the
/// library, which makes it non-blocking and closes it, also if the attempt fails later. Ignored
/// with any other status.
/// @param host The host of the server; an IPv6 address without brackets. Belongs to the library.
/// @param port The port of the server.
/// @param closure The pointer that was given with the callback.
///
/// @return `NATS_OK`; any other status fails the attempt.
///
/// @ingroup nats_proxy
pub type natsProxyConnHandler = Option<
    unsafe extern "C" fn(
        fd: *mut natsSock,
        host: *mut c_char,
        port: c_int,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Callback that decides whether to accept a server after its certificate was checked.
///
/// Runs once in each handshake, on the thread that makes the attempt. Calls for connections that
/// share options do not overlap, unless `natsOptions_AllowConcurrentTLSHandshakes` is set.
///
/// @param preverifyOk 1 if the library trusts the certificate, else 0.
/// @param ctx NULL. With nats.c it is a pointer to OpenSSL's `X509_STORE_CTX`; there is no OpenSSL
/// here.
///
/// @return Not 0 to continue, 0 to refuse the server.
///
/// @ingroup nats_tls
pub type natsSSLVerifyCb =
    Option<unsafe extern "C" fn(preverifyOk: c_int, ctx: *mut c_void) -> c_int>;

/// Callback that reports the end of an object's callbacks.
///
/// @param closure The pointer that was given with the callback; what it points to may be freed now.
///
/// @ingroup nats_subscribe
pub type natsOnCompleteCB = Option<unsafe extern "C" fn(closure: *mut c_void)>;

/// Callback that computes the pause before the next pass over the list of servers.
///
/// Runs on a thread of the library. It may close the connection.
///
/// @param nc The connection: the program's own handle.
/// @param attempts The number of the pass, from 1.
/// @param closure The pointer that was given with the callback.
///
/// @return The pause in milliseconds; zero or less for none.
///
/// @ingroup nats_reconnect
pub type natsCustomReconnectDelayHandler = Option<
    unsafe extern "C" fn(nc: *mut natsConnection, attempts: c_int, closure: *mut c_void) -> i64,
>;

/// Callback that chooses the server of the next attempt to reconnect.
///
/// Runs on a thread of the library, before each attempt. It may call functions on the connection,
/// and close it. The server that it chooses is tried once; before the next attempt it is called
/// again.
///
/// @param nc The connection: the program's own handle.
/// @param servers The URLs of the servers that may be tried, without credentials. The array and its
/// strings belong to the library and are valid during the call. The first is the one that the
/// library would try.
/// @param count The number of servers, at least 1.
/// @param pause The pause before the attempt in milliseconds, as the options have it. The callback
/// may write another one; a negative one counts as 0.
/// @param closure The pointer that was given with the callback.
///
/// @return The index of the server to try; any other number for the first one.
///
/// @ingroup nats_reconnect
pub type natsNextServerHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        servers: *const *const c_char,
        count: c_int,
        pause: *mut i64,
        closure: *mut c_void,
    ) -> c_int,
>;

/// Callback that receives the reply to a request for which no thread waits.
///
/// Runs on a thread of the library that delivers messages, where it may block. The callbacks for
/// the requests of one connection run one after the other, in the order in which the replies
/// arrived. If the request failed, `nats_GetLastError` returns the reason here. With manual dispatch
/// it runs in `natsConnection_Dispatch`.
///
/// @param nc The connection: the program's own handle.
/// @param s `NATS_OK` if there is a reply. `NATS_TIMEOUT` if there was none in time, `NATS_NO_RESPONDERS` if there is
/// no subscriber to the subject, `NATS_CONNECTION_CLOSED` if the connection was closed first,
/// `NATS_CONNECTION_DISCONNECTED` if it was lost and `natsOptions_SetFailRequestsOnDisconnect` is set.
/// @param reply The reply, which the callback owns and releases with `natsMsg_Destroy`; NULL with
/// any status other than `NATS_OK`.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_request
pub type natsReplyHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        s: natsStatus,
        reply: *mut natsMsg,
        closure: *mut c_void,
    ),
>;

/// Callback that says whether a reply is the last one of a request with many replies.
///
/// Runs on the thread that called `natsConnection_RequestMany`, for each reply in order, and may
/// call what other callbacks may call.
///
/// @param reply The reply, which remains the library's: `natsMsg_Destroy` does nothing with it.
/// @param closure The pointer that was given with the callback.
///
/// @return True to end the request with this reply.
///
/// @ingroup nats_request
pub type natsLastReplyHandler =
    Option<unsafe extern "C" fn(reply: *mut natsMsg, closure: *mut c_void) -> bool>;

/// Callback that receives the messages of a subscription in lists.
///
/// Runs on a thread of the library: for one subscription the lists are delivered in order, one at a
/// time. An empty list says that no message came for the time of `natsSubscribeMsgsOptions`.
///
/// @param nc The connection: the program's own handle.
/// @param sub The subscription: the program's own handle.
/// @param msgs The messages, in order. After the call the library releases those that are still in
/// the list. To keep one, take it and write NULL in its place; to keep all of them with the array,
/// copy the structure and write NULL to `Msgs`. `natsMsgList_Destroy` may be called.
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_subscribe
pub type natsMsgsHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        sub: *mut natsSubscription,
        msgs: *mut natsMsgList,
        closure: *mut c_void,
    ),
>;

/// Callback that runs first in every thread that the library starts.
///
/// It runs in the new thread; several calls may run at once.
///
/// @param closure The pointer that was given with the callback.
///
/// @ingroup nats_library
pub type natsThreadStartedHandler = Option<unsafe extern "C" fn(closure: *mut c_void)>;

/// Function of an event loop that begins to watch the socket of a connection.
///
/// Called after each successful handshake, before the connection counts as connected. From then on
/// the loop watches the socket for reading and calls `natsConnection_ProcessReadEvent` as long as
/// there is something to read, as `poll` and `epoll` without EPOLLET do. Runs on the thread that
/// connects: the caller of `natsConnection_Connect` first, a thread of the library when
/// reconnecting. It may call the library.
///
/// @param userData The place where the loop stores its data for the connection; NULL is in it the
/// first time, later what the loop stored.
/// @param loop The pointer that `natsOptions_SetEventLoop` was given.
/// @param nc The connection: the program's own handle, usable until
/// `natsConnection_ProcessDetachedEvent`.
/// @param socket The descriptor, non-blocking. With `NATS_OK` it belongs to the loop, which closes
/// it with `natsConnection_ProcessCloseEvent`.
///
/// @return `NATS_OK`; any other status fails the attempt to connect with this status, and the
/// library closes the socket.
///
/// @ingroup nats_loop
pub type natsEvLoop_Attach = Option<
    unsafe extern "C" fn(
        userData: *mut *mut c_void,
        r#loop: *mut c_void,
        nc: *mut natsConnection,
        socket: natsSock,
    ) -> natsStatusArg,
>;

/// Function of an event loop that starts or stops watching a socket for reading.
///
/// The library calls it only with `false`: the socket is finished. The loop stops watching it and
/// then closes it on its own thread with `natsConnection_ProcessCloseEvent`. Runs on the thread
/// that noticed the loss or closes the connection, which may be the loop's. It may call the
/// library.
///
/// @param userData The loop's data for the connection.
/// @param add Whether to watch.
///
/// @return `NATS_OK`; any other status is ignored.
///
/// @ingroup nats_loop
pub type natsEvLoop_ReadAddRemove =
    Option<unsafe extern "C" fn(userData: *mut c_void, add: bool) -> natsStatusArg>;

/// Function of an event loop that starts or stops watching a socket for writing.
///
/// With `true`, data waits: the loop calls `natsConnection_ProcessWriteEvent` each time that the
/// socket is writable, until this function is called with `false`. Runs on any thread, the loop's
/// included. It may call the library.
///
/// @param userData The loop's data for the connection.
/// @param add Whether to watch.
///
/// @return `NATS_OK`; any other status after `true` means the loss of the connection, and is
/// ignored after `false`.
///
/// @ingroup nats_loop
pub type natsEvLoop_WriteAddRemove =
    Option<unsafe extern "C" fn(userData: *mut c_void, add: bool) -> natsStatusArg>;

/// Function of an event loop that forgets a connection that is closed for good.
///
/// The last call for the connection. The loop releases its data and calls
/// `natsConnection_ProcessDetachedEvent`. Runs once, on the thread that closes the connection,
/// after the closed callback was queued.
///
/// @param userData The loop's data for the connection.
///
/// @return `NATS_OK`; any other status is ignored.
///
/// @ingroup nats_loop
pub type natsEvLoop_Detach = Option<unsafe extern "C" fn(userData: *mut c_void) -> natsStatusArg>;

/// Settings for `nats_OpenWithConfig`, which copies them.
///
/// A structure of zeros is valid but does not have the defaults: its delivery pool is empty.
///
/// @ingroup nats_library
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsClientConfig {
    /// Initial write deadline of new options in milliseconds; zero or less for none.
    pub DefaultWriteDeadline: i64,
    /// Ignored: spinning on locks cannot be configured in this library.
    pub LockSpinCount: i64,
    /// Initial value of `natsOptions_UseGlobalMessageDelivery` in new options.
    pub DefaultToThreadPool: bool,
    /// Number of threads in the fixed-size delivery pool; zero or less for an empty pool.
    pub ThreadPoolMax: c_int,
    /// Ignored: replies to requests need no pool.
    pub DefaultRepliesToThreadPool: bool,
    /// Ignored: replies to requests need no pool.
    pub UseSeparatePoolForReplies: bool,
    /// Ignored: replies to requests need no pool.
    pub ReplyThreadPoolMax: c_int,
    /// Callback that runs first in every thread that the library starts; NULL for none.
    pub ThreadStartedHandler: natsThreadStartedHandler,
    /// The argument of `ThreadStartedHandler`.
    pub ThreadStartedHandlerClosure: *mut c_void,
}

/// A list of messages.
///
/// The structure belongs to the program; `natsMsgList_Destroy` releases its content.
///
/// @ingroup nats_msg
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsMsgList {
    /// An array from `malloc`. To keep a message, take it and write NULL in its place.
    pub Msgs: *mut *mut natsMsg,
    /// The number of messages.
    pub Count: c_int,
}

/// Pairs of strings that belong to a JetStream object.
///
/// In a configuration the strings belong to the program; in a structure that the library returns they belong to that
/// structure.
///
/// @ingroup nats_msg
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsMetadata {
    /// The keys and values, alternating: twice `Count` strings.
    pub List: *mut *const c_char,
    /// The number of pairs.
    pub Count: c_int,
}

// The layouts that compiled programs rely on, for pointers of any size. (If `int64_t` is aligned to four bytes
// nothing moves: all of them come first.)
const _: () = {
    const POINTER: usize = size_of::<*mut c_void>();
    assert!(size_of::<natsMetadata>() == 2 * POINTER);
    assert!(size_of::<natsMsgList>() == 2 * POINTER);
    assert!(size_of::<natsClientConfig>() == 32 + 2 * POINTER);
    assert!(std::mem::offset_of!(natsClientConfig, ThreadPoolMax) == 20);
    assert!(std::mem::offset_of!(natsClientConfig, ReplyThreadPoolMax) == 28);
    assert!(std::mem::offset_of!(natsClientConfig, ThreadStartedHandler) == 32);
};
