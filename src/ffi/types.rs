//! The interface's public structures, and the types of the program's functions that are called
//! back. An enumeration that C passes in arrives as a bare number, to be checked: a Rust `enum`
//! must not hold anything but its own values.

use std::ffi::{c_char, c_int, c_uchar, c_void};

use super::handle::{natsConnection, natsSubscription};
use super::msg::natsMsg;
use crate::error::{Status, natsStatus};

/// A socket's descriptor; -1 is none.
pub type natsSock = c_int;

/// A `natsStatus` as C passes it: any number.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct natsStatusArg(pub c_int);

impl natsStatusArg {
    /// The status, or `NATS_MAX_STATUS_VALUE` where there is none with this number.
    pub(crate) fn get(self) -> natsStatus {
        natsStatus::from_number(self.0).unwrap_or(Status::NATS_MAX_STATUS_VALUE)
    }
}

/// Receives the messages of a subscription, one at a time and in their order, on a thread of the
/// library.
///
/// It may block for as long as it likes, and may call anything on the connection and the
/// subscription, destroying them included; both stay usable until it returns.
///
/// @param nc the subscription's connection, the program's own handle.
/// @param sub the subscription, the program's own handle.
/// @param msg the message, which now belongs to the program: it must `natsMsg_Destroy` it, here or
/// later. NULL tells a subscription with a timeout that no message came in time.
/// @param closure what the program gave when subscribing.
pub type natsMsgHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        sub: *mut natsSubscription,
        msg: *mut natsMsg,
        closure: *mut c_void,
    ),
>;

/// Is told of a change in a connection.
///
/// All functions of this type, for all connections, run on one thread of the library, in the order
/// in which things happened: one that blocks delays the others. The connection stays usable until
/// it returns, even if the program has destroyed it.
///
/// @param nc the connection, the program's own handle.
/// @param closure what the program gave with the function.
pub type natsConnectionHandler =
    Option<unsafe extern "C" fn(nc: *mut natsConnection, closure: *mut c_void)>;

/// Is told of an error that no call could return: a slow consumer, a violation of permissions, a
/// failed drain.
///
/// Runs on the same thread as `natsConnectionHandler`, under the same rules. Where the event has
/// words, `nats_GetLastError` has them here.
///
/// @param nc the connection, the program's own handle.
/// @param subscription the subscription that it is about, or NULL.
/// @param err what happened.
/// @param closure what the program gave with the function.
pub type natsErrHandler = Option<
    unsafe extern "C" fn(
        nc: *mut natsConnection,
        subscription: *mut natsSubscription,
        err: natsStatus,
        closure: *mut c_void,
    ),
>;

/// Gives the token for an attempt to connect.
///
/// Runs on the thread that makes the attempt: the one in `natsConnection_Connect`, or one of the
/// library when reconnecting. It must not call functions on the connection.
///
/// @param closure what the program gave with the function.
/// @return the token, which stays the program's and must stay as it is until the next call; NULL
/// for no token.
pub type natsTokenHandler = Option<unsafe extern "C" fn(closure: *mut c_void) -> *const c_char>;

/// Gives the user's JWT for an attempt to connect.
///
/// Runs on the thread that makes the attempt: the one in `natsConnection_Connect`, or one of the
/// library when reconnecting. If the connection is closed meanwhile the attempt ends with
/// `NATS_CONNECTION_CLOSED`.
///
/// @param userJWT where to put the JWT, a string from `malloc` that the library frees; leaving it
/// as it is, which is NULL, connects without a JWT.
/// @param customErrTxt where to put words for a failure, a string from `malloc` that the library
/// frees; may be left as it is, which is NULL.
/// @param closure what the program gave with the function.
/// @return `NATS_OK`; anything else fails the attempt with that status and those words.
pub type natsUserJWTHandler = Option<
    unsafe extern "C" fn(
        userJWT: *mut *mut c_char,
        customErrTxt: *mut *mut c_char,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Signs the server's nonce with the client's key (Ed25519), for an attempt to connect.
///
/// Runs on the thread that makes the attempt, as `natsUserJWTHandler` does. `nats_Sign` makes such
/// a signature of a seed.
///
/// @param customErrTxt where to put words for a failure, a string from `malloc` that the library
/// frees; may be left as it is, which is NULL.
/// @param signature where to put the signature, memory from `malloc` that the library frees.
/// @param signatureLength where to put its length in bytes.
/// @param nonce what to sign, up to its NUL; it stays the library's.
/// @param closure what the program gave with the function.
/// @return `NATS_OK`; anything else fails the attempt with that status and those words.
pub type natsSignatureHandler = Option<
    unsafe extern "C" fn(
        customErrTxt: *mut *mut c_char,
        signature: *mut *mut c_uchar,
        signatureLength: *mut c_int,
        nonce: *const c_char,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Connects to a server in place of the library, for example through a proxy.
///
/// Runs on the thread that makes the attempt: the one in `natsConnection_Connect`, or one of the
/// library when reconnecting. It may block: the time that it takes counts for the attempt, but
/// nothing interrupts it.
///
/// @param fd where to put the descriptor of a connected stream socket. With `NATS_OK` it belongs to
/// the library, which makes it non-blocking and closes it, also when the attempt fails later. With
/// any other status it is not looked at.
/// @param host the server's host; an IPv6 address without brackets. The memory stays the library's.
/// @param port the server's port.
/// @param closure what the program gave with the function.
/// @return `NATS_OK`; anything else fails the attempt.
pub type natsProxyConnHandler = Option<
    unsafe extern "C" fn(
        fd: *mut natsSock,
        host: *mut c_char,
        port: c_int,
        closure: *mut c_void,
    ) -> natsStatusArg,
>;

/// Decides whether to go on with a server, once its certificate has been checked.
///
/// Runs once in each handshake, on the thread that makes the attempt, and once at a time for
/// connections that share options, unless `natsOptions_AllowConcurrentTLSHandshakes` says otherwise.
///
/// @param preverifyOk 1 where the library trusts the certificate, else 0.
/// @param ctx NULL. It is a pointer to OpenSSL's `X509_STORE_CTX` with nats.c; there is no OpenSSL here.
/// @return not 0 to go on, 0 to refuse the server.
pub type natsSSLVerifyCb =
    Option<unsafe extern "C" fn(preverifyOk: c_int, ctx: *mut c_void) -> c_int>;

/// Is told that something is over, and that nothing else will be called for it.
///
/// @param closure what the program gave with the function, and may now free.
pub type natsOnCompleteCB = Option<unsafe extern "C" fn(closure: *mut c_void)>;

/// Says how long to wait before the next pass over the list of servers.
///
/// Runs on a thread of the library. It may close the connection.
///
/// @param nc the connection, the program's own handle.
/// @param attempts the number of the pass, from 1.
/// @param closure what the program gave with the function.
/// @return milliseconds; zero or less for no wait.
pub type natsCustomReconnectDelayHandler = Option<
    unsafe extern "C" fn(nc: *mut natsConnection, attempts: c_int, closure: *mut c_void) -> i64,
>;

/// Runs first in every thread that the library starts, in that thread; several may run at once.
///
/// @param closure what the program gave with the function.
pub type natsThreadStartedHandler = Option<unsafe extern "C" fn(closure: *mut c_void)>;

/// Takes over watching a connection's new socket: a function of the program's event loop, called
/// after each successful handshake, before the connection counts as connected.
///
/// It is to watch the socket for reading from then on, and to report with
/// `natsConnection_ProcessReadEvent` for as long as there is something to read, as `poll` and
/// `epoll` without EPOLLET do. Runs on the thread that connects: the caller of
/// `natsConnection_Connect` at first, a thread of the library when reconnecting. It may call the
/// library.
///
/// @param userData where the loop keeps what it knows of the connection; NULL is in it the first
/// time, later what was put there.
/// @param loop what `natsOptions_SetEventLoop` was given.
/// @param nc the connection, the program's own handle; usable until
/// `natsConnection_ProcessDetachedEvent`.
/// @param socket the descriptor, non-blocking; with `NATS_OK` it is the loop's, which closes it
/// with `natsConnection_ProcessCloseEvent`.
/// @return `NATS_OK`; anything else fails the attempt to connect with this status, and the library
/// closes the socket.
pub type natsEvLoop_Attach = Option<
    unsafe extern "C" fn(
        userData: *mut *mut c_void,
        r#loop: *mut c_void,
        nc: *mut natsConnection,
        socket: natsSock,
    ) -> natsStatusArg,
>;

/// Tells the program's event loop whether to watch the socket for reading.
///
/// The library calls it only with `false`: the socket is finished. The loop stops watching it and
/// then, on its own thread, closes it with `natsConnection_ProcessCloseEvent`. Runs on the thread
/// that noticed the loss or closes the connection, which may be the loop's. It may call the
/// library.
///
/// @param userData what the loop keeps of the connection.
/// @param add whether to watch.
/// @return `NATS_OK`; anything else is ignored.
pub type natsEvLoop_ReadAddRemove =
    Option<unsafe extern "C" fn(userData: *mut c_void, add: bool) -> natsStatusArg>;

/// Tells the program's event loop whether to watch the socket for writing.
///
/// With `true` something waits: the loop is to call `natsConnection_ProcessWriteEvent` each time
/// that the socket can be written, until this is called with `false`. Runs on any thread, the
/// loop's included. It may call the library.
///
/// @param userData what the loop keeps of the connection.
/// @param add whether to watch.
/// @return `NATS_OK`; anything else after `true` means the loss of the connection, and is ignored
/// after `false`.
pub type natsEvLoop_WriteAddRemove =
    Option<unsafe extern "C" fn(userData: *mut c_void, add: bool) -> natsStatusArg>;

/// Tells the program's event loop that a connection is closed for good: the last call for it.
///
/// The loop forgets the connection and calls `natsConnection_ProcessDetachedEvent`. Runs once, on
/// the thread that closes the connection, after its closed callback was queued.
///
/// @param userData what the loop keeps of the connection.
/// @return `NATS_OK`; anything else is ignored.
pub type natsEvLoop_Detach = Option<unsafe extern "C" fn(userData: *mut c_void) -> natsStatusArg>;

/// How to open the library; for `nats_OpenWithConfig`, which copies it.
///
/// A structure full of zeros is fit for use, and is not the default: its pool of threads is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsClientConfig {
    /// The write deadline in milliseconds that new options begin with; zero or less for none.
    pub DefaultWriteDeadline: i64,
    /// Not used: this library does not spin on locks in a way that could be set.
    pub LockSpinCount: i64,
    /// Whether new options begin with `natsOptions_UseGlobalMessageDelivery` switched on.
    pub DefaultToThreadPool: bool,
    /// Threads of the pool that those options deliver messages with; zero or less for an empty pool.
    pub ThreadPoolMax: c_int,
    /// Not used: replies to requests need no pool.
    pub DefaultRepliesToThreadPool: bool,
    /// Not used: replies to requests need no pool.
    pub UseSeparatePoolForReplies: bool,
    /// Not used: replies to requests need no pool.
    pub ReplyThreadPoolMax: c_int,
    /// Runs first in every thread that the library starts; NULL for nothing.
    pub ThreadStartedHandler: natsThreadStartedHandler,
    /// What `ThreadStartedHandler` gets.
    pub ThreadStartedHandlerClosure: *mut c_void,
}

/// A list of messages. The structure is the program's; `natsMsgList_Destroy` frees what is in it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsMsgList {
    /// An array from `malloc`. A message that the program keeps is taken out by writing NULL.
    pub Msgs: *mut *mut natsMsg,
    /// How many there are.
    pub Count: c_int,
}

/// Pairs of strings that go with a JetStream object. The program owns the structure and what is in
/// it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct natsMetadata {
    /// Keys and values in turn.
    pub List: *mut *const c_char,
    /// How many pairs there are.
    pub Count: c_int,
}

// The layouts that compiled programs rely on, for pointers of any size. (Where `int64_t` is aligned to
// four bytes nothing moves: all of them come first.)
const _: () = {
    const POINTER: usize = size_of::<*mut c_void>();
    assert!(size_of::<natsMetadata>() == 2 * POINTER);
    assert!(size_of::<natsMsgList>() == 2 * POINTER);
    assert!(size_of::<natsClientConfig>() == 32 + 2 * POINTER);
    assert!(std::mem::offset_of!(natsClientConfig, ThreadPoolMax) == 20);
    assert!(std::mem::offset_of!(natsClientConfig, ReplyThreadPoolMax) == 28);
    assert!(std::mem::offset_of!(natsClientConfig, ThreadStartedHandler) == 32);
};
