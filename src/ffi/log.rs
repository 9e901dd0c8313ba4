//! The program's log handlers.

use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::callback::{Callback, Function};
use super::guard::{guard, guard_value};
use super::handle::{borrow, natsConnection, natsOptions};
use super::options::set;
use crate::error::{Error, Result, natsStatus};
use crate::log::{self, Handler, Level, Record};
use crate::runtime::library;

/// How important a line of the log is. Each level includes those before it.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_log
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum natsLogLevel {
    /// Nothing.
    NATS_LOG_OFF = 0,
    /// Something failed for good, or was lost.
    NATS_LOG_ERROR,
    /// Something failed and is tried again, or needs attention: a lost server, a slow consumer.
    NATS_LOG_WARN,
    /// Rare events: a connection is made, restored, drained, closed.
    NATS_LOG_INFO,
    /// Each step: addresses, TLS, subscriptions, consumers that are created again.
    NATS_LOG_DEBUG,
    /// The lines of the protocol, without messages and secrets.
    NATS_LOG_TRACE,
}

/// A `natsLogLevel` as passed by C: any number.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct natsLogLevelArg(pub c_int);

impl natsLogLevelArg {
    /// The level; `None` for none.
    fn get(self) -> Result<Option<Level>> {
        match usize::try_from(self.0) {
            Ok(0) => Ok(None),
            Ok(n) if n <= Level::ALL.len() => Ok(Some(Level::ALL[n - 1])),
            _ => Err(Error::invalid_arg(format!(
                "no log level has the number {}",
                self.0
            ))),
        }
    }
}

impl From<Level> for natsLogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => natsLogLevel::NATS_LOG_ERROR,
            Level::Warn => natsLogLevel::NATS_LOG_WARN,
            Level::Info => natsLogLevel::NATS_LOG_INFO,
            Level::Debug => natsLogLevel::NATS_LOG_DEBUG,
            Level::Trace => natsLogLevel::NATS_LOG_TRACE,
        }
    }
}

/// A line of the log, as a handler receives it. Later versions may append fields.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_log
#[repr(C)]
pub struct natsLogRecord {
    /// How important it is.
    pub Level: natsLogLevel,
    /// The part of the library: `library`, `connect`, `tls`, `session`, `subscribe`, `jetstream`,
    /// `kv`, `object`, `micro` or `protocol`.
    pub Target: *const c_char,
    /// The text: one line without its end, without passwords, tokens, seeds and JWTs.
    pub Text: *const c_char,
    /// When it was logged, in nanoseconds since 1970-01-01 UTC.
    pub Time: i64,
    /// The number of the connection in this process, as `natsConnection_GetNumber` returns it; 0 if
    /// the line is about none.
    pub Connection: u64,
}

/// Callback that receives the log.
///
/// All handlers of the process run on one thread of the library, `nats-log`, one line at a time and
/// in order, with no lock held. A handler may call any function, except those that no callback may
/// call. A line may arrive a moment after what it says. At most 8192 lines wait; if a handler does
/// not keep up, further ones are dropped, and the next line that it receives is preceded by one that
/// says how many. A handler that causes what it logs (publishing at the level `NATS_LOG_TRACE`, for
/// example) does not end.
///
/// @param record The line, valid until the callback returns.
/// @param closure The pointer that was given with the callback.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_log
pub type natsLogHandler =
    Option<unsafe extern "C" fn(record: *const natsLogRecord, closure: *mut c_void)>;

/// Set the handler that receives the log of the whole process.
///
/// It receives the lines of all connections, present and future, from now on. A child made by `fork`
/// inherits it. The handler may be changed at any time. When this returns, the former handler is not
/// running and will not be called again, so that its closure may be freed; called in the handler
/// itself, this holds when the handler has returned. The environment variable `NATS_RS_LOG`, which
/// sends the log to standard error, is independent of it.
///
/// @param cb The handler; NULL for none.
/// @param closure The last argument of the handler.
/// @param level The highest level that it receives. `NATS_LOG_OFF` is the same as no handler.
///
/// @retval NATS_OK The handler was set.
/// @retval NATS_INVALID_ARG `level` is not a level.
/// @retval NATS_SYS_ERROR The thread that calls handlers cannot be started; no handler is set.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included. It waits for a call of the
/// former handler to return.
///
/// @par Example
/// ```c
/// static void on_line(const natsLogRecord *record, void *closure) {
///     fprintf((FILE *)closure, "%s: %s\n", record->Target, record->Text);
/// }
///
/// natsStatus s = nats_SetLogHandler(on_line, stderr, NATS_LOG_INFO);
/// ```
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see natsOptions_SetLogCB
///
/// @ingroup nats_log
///
/// # Safety
/// `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_SetLogHandler(
    cb: natsLogHandler,
    closure: *mut c_void,
    level: natsLogLevelArg,
) -> natsStatus {
    guard("nats_SetLogHandler", || {
        log::set_handler(handler(cb, closure, level)?);
        if log::wants_thread()
            && let Some(runtime) = library::running()
            && let Err(error) = runtime.start_log_thread()
        {
            log::set_handler(None);
            return Err(error);
        }
        Ok(())
    })
}

/// Set the handler that receives the log of the connections made with the options.
///
/// Lines go to it in addition to the handler of `nats_SetLogHandler`. The last line of a connection
/// says that it is closed. If connecting fails, the call waits until the handler has received what
/// was logged.
///
/// @param opts The options.
/// @param cb The handler; NULL for none.
/// @param closure The last argument of the handler. It must stay valid as long as connections made
/// with these options exist, and until lines that wait are delivered: until
/// `natsConnection_DestroyAndWait` has returned, or the callback of `natsOptions_SetReleasedCB` has
/// run.
/// @param level The highest level that it receives. `NATS_LOG_OFF` is the same as no handler.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or `level` is not a level.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see nats_SetLogHandler
///
/// @ingroup nats_log
///
/// # Safety
/// `opts` is NULL or a handle of this library; `cb` may be called with `closure` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetLogCB(
    opts: *mut natsOptions,
    cb: natsLogHandler,
    closure: *mut c_void,
    level: natsLogLevelArg,
) -> natsStatus {
    guard("natsOptions_SetLogCB", || {
        let log = handler(cb, closure, level)?.map(|(handler, level)| (level, handler));
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.log = log) }
    })
}

/// Return a number that no other connection of the process has.
///
/// Lines of the log and metrics have this number. It does not change with a reconnect and is not
/// that of `natsConnection_GetClientID`, which belongs to a server.
///
/// @param nc The connection.
///
/// @return The number, from 1 on; 0 if `nc` is NULL, was destroyed or belongs to another process.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_log
///
/// # Safety
/// `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetNumber(nc: *const natsConnection) -> u64 {
    // SAFETY: the caller's contract, above.
    guard_value(0, || Ok(unsafe { borrow(nc) }?.number()))
}

/// A handler of the program with its level; `None` for none.
fn handler(
    function: natsLogHandler,
    closure: *mut c_void,
    level: natsLogLevelArg,
) -> Result<Option<(Arc<Handler>, Level)>> {
    let level = level.get()?;
    let callback = Callback::new(function, closure);
    Ok(callback.zip(level).map(|(callback, level)| {
        let call = move |record: &Record| {
            let (function, closure) = callback.parts();
            // The text is one line, in which nothing is a control character.
            let text = CString::new(record.text.as_str()).unwrap_or_default();
            let since = record.time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let line = natsLogRecord {
                Level: record.level.into(),
                Target: record.target.name().as_ptr(),
                Text: text.as_ptr(),
                Time: i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
                Connection: record.connection,
            };
            // SAFETY: the program's function, with a record that lives until it returns and the closure it gave.
            unsafe { function.call((&raw const line, closure)) };
        };
        (Arc::new(call) as Arc<Handler>, level)
    }))
}
