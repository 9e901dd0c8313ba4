//! A connection's life: made, flushed, drained, closed, destroyed.

use std::ffi::c_char;
use std::time::Duration;

use super::convert::{millis_or_forever, required, text};
use super::guard::{guard, guard_void};
use super::handle::{self, borrow, borrow_arc, natsConnection, natsOptions, new_connection};
use super::{last_error, library};
use crate::client::{Connection, Options};
use crate::error::{Error, Result, Status, natsStatus};

/// How long `natsConnection_Flush` waits.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long `natsConnection_Drain` gives the subscriptions and publishers.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Connects to a server, and opens the library if that was not done yet.
///
/// Blocks until a server has accepted the connection, or each server of the list has been tried
/// once (more often with `natsOptions_SetRetryOnFailedConnect`); the options' timeout limits each
/// attempt, name resolution and handshake included. Success clears the calling thread's last error.
///
/// @param nc where to put the connection, yours until `natsConnection_Destroy`. Written with
/// `NATS_OK` and `NATS_NOT_YET_CONNECTED` only.
/// @param options what to connect with; NULL for the defaults and `NATS_DEFAULT_URL`. They are
/// copied: later changes do not reach this connection, and they may be destroyed at once. They may
/// be shared by threads.
/// @return `NATS_OK`; `NATS_NOT_YET_CONNECTED` where no server accepted, and attempts go on in the
/// background because the options ask for it and name a callback to call when one succeeds;
/// `NATS_INVALID_ARG` where `nc` is NULL, `options` were destroyed, or a URL is empty or has a bad
/// port; `NATS_ERR` for bad percent encoding in a URL; `NATS_NO_SERVER` where no server could be
/// reached; `NATS_CONNECTION_AUTH_FAILED` where the credentials were refused;
/// `NATS_FAILED_TO_INITIALIZE` while the library is being closed; and otherwise what the attempt at
/// the last server that answered failed with, `NATS_TIMEOUT` for instance. Source: NATS client protocol, INFO and
/// CONNECT. After a failure `nats_GetLastError` names each server that was tried and why it failed,
/// as far as there is room; the one that the status is of comes first.
///
/// @see natsConnection_ConnectTo, natsConnection_Destroy, natsConnection_DestroyAndWait
///
/// # Safety
/// `nc` is NULL or valid for writing a pointer; `options` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Connect(
    nc: *mut *mut natsConnection,
    options: *mut natsOptions,
) -> natsStatus {
    guard("natsConnection_Connect", || {
        required(nc, "nc")?;
        let options = if options.is_null() {
            default_options()?
        } else {
            // SAFETY: the caller's contract, above.
            Options::clone(&unsafe { borrow(options) }?.get())
        };
        // SAFETY: `nc` is not NULL, hence valid for writing by the caller's contract.
        unsafe { connect(&options, nc) }
    })
}

/// Connects to the servers of a list, with default options otherwise.
///
/// @param nc where to put the connection, yours until `natsConnection_Destroy`; written only with
/// `NATS_OK`.
/// @param urls one URL, or several separated by commas, which are then tried in random order:
/// `[scheme://][user[:password]@ | token@]host[:port]`, port 4222 where there is none; NULL for
/// `NATS_DEFAULT_URL`. White space around each is ignored. Copied.
/// @return as `natsConnection_Connect`; `NATS_INVALID_ARG` also where an element of the list is
/// empty or has a scheme that `natsOptions_SetURL` refuses, or `urls` is not UTF-8. Never `NATS_NOT_YET_CONNECTED`.
///
/// @see natsConnection_Connect
///
/// # Safety
/// `nc` is NULL or valid for writing a pointer; `urls` is NULL or a string that ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_ConnectTo(
    nc: *mut *mut natsConnection,
    urls: *const c_char,
) -> natsStatus {
    guard("natsConnection_ConnectTo", || {
        required(nc, "nc")?;
        let mut options = default_options()?;
        // SAFETY: the caller's contract, above.
        match unsafe { text(urls, "urls") }? {
            Some(list) if list.contains(',') => options.set_servers(list.split(','))?,
            url => options.set_url(url)?,
        }
        // SAFETY: `nc` is not NULL, hence valid for writing by the caller's contract.
        unsafe { connect(&options, nc) }
    })
}

/// What a connection is made with when the program has no options of its own.
fn default_options() -> Result<Options> {
    let config = library::open()?;
    Ok(Options::with_library_defaults(
        config.default_write_deadline,
        config.default_to_thread_pool,
    ))
}

/// Connects and gives the program its handle.
///
/// # Safety
/// `out` is valid for writing.
unsafe fn connect(options: &Options, out: *mut *mut natsConnection) -> Result<()> {
    let connection = Connection::new(options)?;
    // Made first: callbacks of the background's attempts may be given it before this returns.
    let handle = new_connection(&connection);
    let result = match connection.connect() {
        Ok(()) => {
            last_error::clear();
            Ok(())
        }
        Err(e) if e.status() == Status::NATS_NOT_YET_CONNECTED => Err(Error::new(e.status(), "")),
        Err(e) => {
            // SAFETY: made above, and nobody else has it.
            unsafe { handle::destroy(handle) };
            connection.destroy();
            return Err(e);
        }
    };
    // SAFETY: the contract above.
    unsafe { out.write(handle) };
    result
}

/// Drops the connection to the server and reconnects, to the next server of the list first.
///
/// Returns at once; the rest goes on as after any loss of the connection: callbacks are called,
/// subscriptions are made again, and what is published meanwhile is kept up to the reconnect
/// buffer's limit. Subscriptions that the server has refused are tried again. Where the options do not allow reconnecting, or the connection is draining, it
/// is closed instead.
///
/// @param nc the connection; any thread may call this at any time.
/// @return `NATS_OK`, also while the connection is reconnecting anyway, and then nothing happens;
/// `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_CONNECTION_CLOSED`.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Reconnect(nc: *mut natsConnection) -> natsStatus {
    guard("natsConnection_Reconnect", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(nc) }?.reconnect()
    })
}

/// Waits until the server has processed everything sent so far, for at most 10 seconds.
///
/// The same as `natsConnection_FlushTimeout` with 10000 milliseconds.
///
/// @param nc the connection; any thread may call this at any time.
/// @return as `natsConnection_FlushTimeout`.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Flush(nc: *mut natsConnection) -> natsStatus {
    guard("natsConnection_Flush", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(nc) }?.flush(FLUSH_TIMEOUT)
    })
}

/// Waits until the server has processed everything sent so far.
///
/// Sends a PING behind what was published and subscribed, and waits for its PONG: the server has
/// then read all of it. While the connection is reconnecting, the call waits for that too. Works
/// while draining. Source: NATS client protocol, PING and PONG.
///
/// @param nc the connection; any thread may call this at any time.
/// @param timeout how long to wait, in milliseconds; more than 0.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_INVALID_TIMEOUT`
/// where `timeout` is not positive; `NATS_TIMEOUT`; `NATS_CONNECTION_CLOSED` where the connection
/// is or gets closed; `NATS_CONNECTION_DISCONNECTED` where it was lost during the call.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_FlushTimeout(
    nc: *mut natsConnection,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_FlushTimeout", || {
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow_arc(nc) }?;
        match u64::try_from(timeout) {
            Ok(ms) if ms > 0 => connection.flush(Duration::from_millis(ms)),
            _ => {
                let text = format!("timeout must be greater than 0: {timeout} ms");
                Err(Error::new(Status::NATS_INVALID_TIMEOUT, text))
            }
        }
    })
}

/// Measures the time from sending a PING to the arrival of its PONG.
///
/// Waits for it, for at most 10 seconds. What was published before and is not sent yet is sent
/// first, and counts.
///
/// @param nc the connection; any thread may call this at any time.
/// @param rtt where to put the time, in nanoseconds; written only with `NATS_OK`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where an argument is NULL or `nc` was destroyed;
/// `NATS_CONNECTION_CLOSED`; `NATS_CONNECTION_DISCONNECTED` while there is no server;
/// `NATS_TIMEOUT`.
///
/// # Safety
/// `nc` is NULL or a handle of this library; `rtt` is NULL or valid for writing an `int64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetRTT(
    nc: *mut natsConnection,
    rtt: *mut i64,
) -> natsStatus {
    guard("natsConnection_GetRTT", || {
        // SAFETY: the caller's contract, above.
        let connection = unsafe { borrow_arc(nc) }?;
        required(rtt, "rtt")?;
        let time = connection.rtt();
        let nanos = time
            .as_ref()
            .map_or(0, |t| i64::try_from(t.as_nanos()).unwrap_or(i64::MAX));
        // SAFETY: not NULL, hence valid for writing by the caller's contract.
        unsafe { rtt.write(nanos) };
        time.map(drop)
    })
}

/// Closes a connection without losing messages, within 30 seconds.
///
/// The same as `natsConnection_DrainTimeout` with 30000 milliseconds.
///
/// @param nc the connection; any thread may call this at any time.
/// @return as `natsConnection_DrainTimeout`.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Drain(nc: *mut natsConnection) -> natsStatus {
    guard("natsConnection_Drain", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(nc) }?.drain(Some(DRAIN_TIMEOUT))
    })
}

/// Closes a connection without losing messages.
///
/// Returns at once. In the background all subscriptions stop receiving, and deliver what they have
/// received; until then publishing and requests work and subscribing gives `NATS_DRAINING`. Then
/// publishing gives `NATS_DRAINING`, what was published is sent, and the connection is closed: the
/// closed callback tells. A subscription without callback has to be read to its end with
/// `natsSubscription_NextMsg`. Errors on the way go to the error handler, `NATS_TIMEOUT` among
/// them; losing the server ends the drain and the connection.
///
/// @param nc the connection; any thread may call this at any time.
/// @param timeout how long it may take until the connection is closed all the same, in
/// milliseconds; 0 or less for no limit.
/// @return `NATS_OK`, also where a drain goes on already, whose timeout then stays;
/// `NATS_INVALID_ARG` where `nc` is NULL or destroyed; `NATS_CONNECTION_CLOSED`;
/// `NATS_ILLEGAL_STATE` while there is no server.
///
/// @see natsOptions_SetClosedCB, natsSubscription_Drain
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_DrainTimeout(
    nc: *mut natsConnection,
    timeout: i64,
) -> natsStatus {
    guard("natsConnection_DrainTimeout", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(nc) }?.drain(millis_or_forever(timeout))
    })
}

/// Closes a connection: what was published is sent, then the server is left, for good.
///
/// Waits up to 500 milliseconds for the server to take what was published. Calls that wait for this
/// connection return, messages not yet delivered are discarded, and the disconnected and closed
/// callbacks are called once. The handle remains for queries until `natsConnection_Destroy`. Leaves
/// the thread's last error as it is. Any thread may call this, callbacks included; a second call
/// does nothing.
///
/// @param nc the connection; NULL and a destroyed one are ignored.
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Close(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Ok(connection) = unsafe { borrow_arc(nc) } {
            connection.close();
        }
    });
}

/// Closes a connection as `natsConnection_Close` does, and releases it.
///
/// From then on calls with `nc` return `NATS_INVALID_ARG`, except in callbacks that were given it,
/// until they return. Callbacks that run are not waited for: `natsConnection_DestroyAndWait` does
/// that. Subscriptions of this connection are closed, and remain to be destroyed. Leaves the
/// thread's last error as it is. Any thread may call this, callbacks included.
///
/// @param nc the connection; NULL and a destroyed one are ignored.
///
/// @see natsConnection_DestroyAndWait, natsOptions_SetReleasedCB
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_Destroy(nc: *mut natsConnection) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Some(connection) = unsafe { handle::destroy(nc) } {
            connection.destroy();
        }
    });
}
