//! Connecting, reconnecting, flushing.

use std::ffi::c_char;
use std::time::Duration;

use super::convert::{required, text};
use super::guard::guard;
use super::handle::{self, borrow, borrow_arc, natsConnection, natsOptions, new_connection};
use super::{last_error, library};
use crate::client::{Connection, Options};
use crate::error::{Error, Result, Status, natsStatus};

/// How long `natsConnection_Flush` waits.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// Connect to a NATS server.
///
/// Opens the library if it is not open. Blocks until a server accepts the connection or every
/// server of the list was tried once. With `natsOptions_SetRetryOnFailedConnect` the list is tried
/// more often, or in the background. The timeout of `natsOptions_SetTimeout` limits each attempt at
/// one server, including name resolution, TLS and the handshake. Success clears the last error of
/// the calling thread. After a failure `nats_GetLastError` names each server that was tried and the
/// reason why it failed, as far as there is room, beginning with the one that the status is about.
/// Protocol: INFO, CONNECT and PING of the NATS client protocol.
///
/// @param nc Receives the connection, which the caller owns and releases with
/// `natsConnection_Destroy`. Written only with `NATS_OK` and `NATS_NOT_YET_CONNECTED`.
/// @param options The options, or NULL for the defaults and `NATS_DEFAULT_URL`. They are copied:
/// later changes do not affect this connection, and they may be destroyed at once.
///
/// @retval NATS_OK The connection is established.
/// @retval NATS_NOT_YET_CONNECTED No server accepted the connection, and attempts continue in the
/// background because `natsOptions_SetRetryOnFailedConnect` was given a callback.
/// @retval NATS_INVALID_ARG `nc` is NULL, `options` were destroyed, a URL is empty or has an invalid
/// port, or there is no server because `natsOptions_SetURL` or `natsOptions_SetServers` refused those of
/// the program.
/// @retval NATS_ERR A URL has invalid percent-encoding, a server rejected the handshake with an error
/// that has no status of its own, or its first line is not JSON.
/// @retval NATS_NO_SERVER No server could be reached.
/// @retval NATS_CONNECTION_AUTH_FAILED The server refused the credentials.
/// @retval NATS_SECURE_CONNECTION_WANTED TLS is required by the options and the server does not
/// offer it.
/// @retval NATS_SSL_ERROR The TLS handshake failed, for example because the server's certificate is
/// not trusted.
/// @retval NATS_NO_SERVER_SUPPORT The options ask for something that the server is too old for
/// (`natsOptions_SetNoEcho`).
/// @retval NATS_PROTOCOL_ERROR The peer does not speak the NATS protocol.
/// @retval NATS_TIMEOUT The last server that answered did not complete the handshake in time.
/// @retval NATS_CONNECTION_CLOSED The last server that answered closed the connection during the
/// handshake.
/// @retval NATS_IO_ERROR The connection to it failed during the handshake.
/// @retval NATS_LINE_TOO_LONG Its first line is longer than 32767 bytes.
/// @retval NATS_ILLEGAL_STATE A URL has a user or token, and the options have a callback that supplies
/// one.
/// @retval NATS_NOT_FOUND The credentials in memory have no JWT or no seed. The functions that set
/// credentials describe how they fail an attempt.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
/// @retval NATS_SYS_ERROR The threads of the library cannot be started.
/// @return Any other status is one that a callback of the options returned: for the JWT, the signature,
/// user and password, or attaching to an event loop.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsOptions *opts = NULL;
/// natsConnection *nc = NULL;
/// natsStatus s = natsOptions_Create(&opts);
/// if (s == NATS_OK) s = natsOptions_SetURL(opts, "nats://demo.example:4222");
/// if (s == NATS_OK) s = natsConnection_Connect(&nc, opts);
/// natsOptions_Destroy(opts);
/// if (s != NATS_OK) fprintf(stderr, "%s\n", nats_GetLastError(NULL));
/// ```
///
/// @see natsConnection_ConnectTo, natsConnection_Destroy, natsConnection_DestroyAndWait
///
/// @ingroup nats_connection
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

/// Connect to one of several servers, with default options.
///
/// Equivalent to `natsConnection_Connect` with options that have only the URLs set. Opens the
/// library if it is not open, and blocks until a server accepts the connection or each one was
/// tried once.
///
/// @param nc Receives the connection, which the caller owns and releases with
/// `natsConnection_Destroy`. Written only with `NATS_OK`.
/// @param urls One URL, or several separated by commas, which are tried in random order:
/// `[scheme://][user[:password]@ | token@]host[:port]`. The default port is 4222. White space
/// around each URL is ignored. NULL stands for `NATS_DEFAULT_URL`. Copied.
///
/// @retval NATS_OK The connection is established.
/// @retval NATS_INVALID_ARG `nc` is NULL, an element of the list is empty or has an invalid port, a
/// scheme is not one that `natsOptions_SetURL` accepts, or `urls` is not UTF-8.
/// @retval NATS_ERR A URL has invalid percent-encoding, a server rejected the handshake with an error
/// that has no status of its own, or its first line is not JSON.
/// @retval NATS_NO_SERVER No server could be reached.
/// @retval NATS_CONNECTION_AUTH_FAILED The server refused the credentials.
/// @retval NATS_SSL_ERROR The TLS handshake failed.
/// @retval NATS_PROTOCOL_ERROR The peer does not speak the NATS protocol.
/// @retval NATS_TIMEOUT The last server that answered did not complete the handshake in time.
/// @retval NATS_CONNECTION_CLOSED The last server that answered closed the connection during the
/// handshake.
/// @retval NATS_IO_ERROR The connection to it failed during the handshake.
/// @retval NATS_LINE_TOO_LONG Its first line is longer than 32767 bytes.
/// @retval NATS_SECURE_CONNECTION_WANTED A URL has the scheme `tls`, and the server does not offer TLS.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
/// @retval NATS_SYS_ERROR The threads of the library cannot be started.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsConnection *nc = NULL;
/// natsStatus s = natsConnection_ConnectTo(&nc, "nats://localhost:4222");
/// if (s != NATS_OK) fprintf(stderr, "%s: %s\n", natsStatus_GetText(s), nats_GetLastError(NULL));
/// // ...
/// natsConnection_Destroy(nc);
/// ```
///
/// @see natsConnection_Connect
///
/// @ingroup nats_connection
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

/// The options of a connection for which the program gave none.
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
    // Created first: callbacks of attempts in the background may receive it before this returns.
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

/// Drop the present server and connect to the next one.
///
/// Returns at once. The consequences are those of any loss of the connection: the callbacks are called, subscriptions
/// are made again, and messages published meanwhile are kept up to the limit of `natsOptions_SetReconnectBufSize`.
/// Subscriptions that the server refused are tried again. If the options do not allow reconnecting, or the connection
/// is draining, the connection is closed instead.
///
/// @param nc The connection.
///
/// @retval NATS_OK The reconnect has begun, or the connection was reconnecting already and nothing
/// changes.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetReconnectedCB
///
/// @ingroup nats_connection
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

/// Wait until the server has processed everything sent so far, for at most 10 seconds.
///
/// Sends a PING behind all that was published and subscribed and waits for the PONG. Equivalent to
/// `natsConnection_FlushTimeout` with 10000 milliseconds. Works while the connection drains. While
/// it reconnects, the call waits for the reconnect too.
///
/// @param nc The connection.
///
/// @retval NATS_OK The server has read everything that was sent before.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_TIMEOUT The server did not answer within 10 seconds.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsStatus s = natsConnection_PublishString(nc, "log", "started");
/// if (s == NATS_OK) s = natsConnection_Flush(nc); // the server has it now
/// ```
///
/// @see natsConnection_FlushTimeout
///
/// @ingroup nats_connection
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

/// Wait until the server has processed everything sent so far.
///
/// Sends a PING behind all that was published and subscribed and waits for the PONG: the server has
/// then read all of it. Works while the connection drains. While it reconnects, the call waits for
/// the reconnect too. Protocol: PING and PONG.
///
/// @param nc The connection.
/// @param timeout The longest time to wait in milliseconds; greater than 0.
///
/// @retval NATS_OK The server has read everything that was sent before.
/// @retval NATS_INVALID_ARG `nc` is NULL or was destroyed.
/// @retval NATS_INVALID_TIMEOUT `timeout` is zero or negative.
/// @retval NATS_TIMEOUT The server did not answer in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_CONNECTION_DISCONNECTED The connection was lost during the call.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_connection
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

/// Measure the round-trip time to the server.
///
/// Sends a PING and waits for the PONG, for at most 10 seconds. Data that was published before and
/// is not yet written is written first, so it counts in the measured time.
///
/// @param nc The connection.
/// @param rtt Receives the time in nanoseconds. Written only with `NATS_OK`.
///
/// @retval NATS_OK The time was measured.
/// @retval NATS_INVALID_ARG An argument is NULL, or `nc` was destroyed.
/// @retval NATS_CONNECTION_CLOSED The connection is closed.
/// @retval NATS_CONNECTION_DISCONNECTED The connection has no server at the moment.
/// @retval NATS_TIMEOUT The server did not answer within 10 seconds.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_state
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
