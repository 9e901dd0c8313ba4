//! Functions that belong to no object: opening and closing the library, versions, clocks.

use std::ffi::{CStr, c_char, c_int};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::callback::{Callback, Function};
use super::guard::{guard, guard_local, guard_void};
use super::types::{natsClientConfig, natsStatusArg};
use super::{convert, last_error};
use crate::client::in_any_callback;
use crate::error::{Error, Result, Status, natsStatus};
use crate::msg::release_unused;
use crate::runtime::{Config, library};

/// The version of the interface that this library offers.
pub(crate) const VERSION: &CStr = c"3.14.0-beta";
/// The same as a number: major, minor, patch, a byte each.
const VERSION_NUMBER: u32 = 0x03_0e_00;
/// The oldest version of a header whose programs can use this library.
const REQUIRED_NUMBER: u32 = 0x03_0e_00;

/// Opens the library if it is not open, and returns what it was opened with.
pub(crate) fn open() -> Result<Config> {
    library::config()
}

/// Opens the library. Programs need not: what needs the library opens it.
///
/// Starts no thread: the first connection does. A child made by `fork` has a library of its own, which is not open
/// to begin with.
///
/// Reads the environment variables `NATS_DEFAULT_LIB_WRITE_DEADLINE` (milliseconds),
/// `NATS_DEFAULT_TO_LIB_MSG_DELIVERY` (its presence is enough) and
/// `NATS_DEFAULT_LIB_MSG_DELIVERY_POOL_SIZE`. Does nothing if the library is open already. Any
/// thread may call it; while one thread opens the library the others wait.
///
/// @param lockSpinCount not used; it is there for programs that pass one.
/// @return `NATS_OK`; `NATS_FAILED_TO_INITIALIZE` while the library is closing.
///
/// @see nats_OpenWithConfig
#[unsafe(no_mangle)]
pub extern "C" fn nats_Open(lockSpinCount: i64) -> natsStatus {
    let _ = lockSpinCount;
    guard("nats_Open", || open().map(drop))
}

/// Opens the library with settings of the program's own.
///
/// With settings the environment variables of `nats_Open` are not read. If the library is open
/// already, this does nothing: call it first. Children made by `fork` while the library is open have these
/// settings too, unless they call this themselves first. Any thread may call it.
///
/// @param config the settings, which are copied; NULL is the same as `nats_Open(-1)`.
/// @return as for `nats_Open`.
///
/// # Safety
/// `config` is NULL or points to a `natsClientConfig`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_OpenWithConfig(config: *mut natsClientConfig) -> natsStatus {
    guard("nats_OpenWithConfig", || {
        // SAFETY: the caller's contract, above.
        let config = unsafe { config.as_ref() }.map(core_config);
        library::open(config)
    })
}

fn core_config(config: &natsClientConfig) -> Config {
    let hook = Callback::new(
        config.ThreadStartedHandler,
        config.ThreadStartedHandlerClosure,
    );
    Config {
        default_write_deadline: convert::millis_or_forever(config.DefaultWriteDeadline)
            .unwrap_or_default(),
        default_to_thread_pool: config.DefaultToThreadPool,
        thread_pool_max: usize::try_from(config.ThreadPoolMax).unwrap_or(0),
        thread_started: hook.map(|hook| {
            let call = move || {
                let (function, closure) = hook.parts();
                // SAFETY: the program's function, with the closure it gave for it.
                unsafe { function.call((closure,)) };
            };
            Arc::new(call) as Arc<dyn Fn() + Send + Sync>
        }),
    }
}

/// Closes the library, without waiting for connections that still exist.
///
/// Those go on working and are destroyed as usual, but no connection or error handler is called
/// for what happens from now on, and timeouts of subscriptions are over. New options and
/// connections fail with `NATS_FAILED_TO_INITIALIZE` until the last connection is destroyed; then
/// the library can be opened again. Clears the calling thread's last error. Does nothing if the
/// library is not open. Any thread may call it.
///
/// @see nats_CloseAndWait
#[unsafe(no_mangle)]
pub extern "C" fn nats_Close() {
    guard_void(|| {
        library::close();
        last_error::release();
    });
}

/// Closes the library, and waits until all connections are destroyed and all its threads ended.
///
/// Clears the calling thread's last error if it succeeds.
///
/// @param timeout how long to wait, in milliseconds; zero or less for ever.
/// @return `NATS_OK`; `NATS_TIMEOUT` where something is left by then, and closing goes on by
/// itself; `NATS_NOT_INITIALIZED` if the library is not open; `NATS_ILLEGAL_STATE` if it is closing
/// already, and in a callback (then nothing is closed).
///
/// @see nats_Close
#[unsafe(no_mangle)]
pub extern "C" fn nats_CloseAndWait(timeout: i64) -> natsStatus {
    guard("nats_CloseAndWait", || {
        if in_any_callback() {
            return Err(Error::illegal_state(
                "nats_CloseAndWait was called inside a callback, which it would wait for",
            ));
        }
        library::close_and_wait(convert::millis_or_forever(timeout))?;
        last_error::release();
        release_unused();
        Ok(())
    })
}

/// Lets the pool that delivers messages grow, and opens the library if it is not open.
///
/// The pool serves subscriptions of connections made with `natsOptions_UseGlobalMessageDelivery`.
/// Subscriptions that exist stay on the thread they have. Any thread may call it.
///
/// @param max how many threads it may have; fewer than it has now change nothing.
/// @return `NATS_OK`; `NATS_ERR` where `max` is zero or less; what `nats_Open` returns.
#[unsafe(no_mangle)]
pub extern "C" fn nats_SetMessageDeliveryPoolSize(max: c_int) -> natsStatus {
    guard("nats_SetMessageDeliveryPoolSize", || {
        library::set_delivery_pool_size(max)
    })
}

/// Returns the version of the interface that the library offers, such as `3.14.0-beta`.
///
/// @return a string of the library, which never changes.
#[unsafe(no_mangle)]
pub extern "C" fn nats_GetVersion() -> *const c_char {
    guard_local(VERSION.as_ptr(), || Ok(VERSION.as_ptr()))
}

/// Returns the version of the interface that the library offers as a number.
///
/// @return major, minor and patch as in `NATS_VERSION_NUMBER`.
#[unsafe(no_mangle)]
pub extern "C" fn nats_GetVersionNumber() -> u32 {
    guard_local(VERSION_NUMBER, || Ok(VERSION_NUMBER))
}

/// Tells whether a program that was compiled with some version of the header can use this library.
/// Call it by the macro `nats_CheckCompatibility`, which fills in the arguments.
///
/// Unlike in nats.c, versions that do not fit neither print anything nor end the process.
///
/// @param reqVerNumber the `NATS_VERSION_REQUIRED_NUMBER` of the program's header.
/// @param verNumber the `NATS_VERSION_NUMBER` of the program's header.
/// @param verString the `NATS_VERSION_STRING` of the program's header; not used.
/// @return whether they fit.
#[unsafe(no_mangle)]
pub extern "C" fn nats_CheckCompatibilityImpl(
    reqVerNumber: u32,
    verNumber: u32,
    verString: *const c_char,
) -> bool {
    let _ = verString;
    guard_local(false, || {
        Ok(verNumber >= REQUIRED_NUMBER && reqVerNumber <= VERSION_NUMBER)
    })
}

/// Returns the words for a status.
///
/// @param s a status; any other number gets words that say so.
/// @return a string of the library, which never changes.
#[unsafe(no_mangle)]
pub extern "C" fn natsStatus_GetText(s: natsStatusArg) -> *const c_char {
    let unknown = Status::NATS_MAX_STATUS_VALUE.text_c().as_ptr();
    guard_local(unknown, || Ok(s.get().text_c().as_ptr()))
}

/// Returns the time of day.
///
/// @return milliseconds since the beginning of 1970, UTC.
#[unsafe(no_mangle)]
pub extern "C" fn nats_Now() -> i64 {
    guard_local(0, || Ok(since_1970().as_millis() as i64))
}

/// Returns the time of day.
///
/// @return nanoseconds since the beginning of 1970, UTC.
#[unsafe(no_mangle)]
pub extern "C" fn nats_NowInNanoSeconds() -> i64 {
    guard_local(0, || Ok(since_1970().as_nanos() as i64))
}

/// Returns the time of a clock that only ever goes forward, whoever sets the time of day.
///
/// @return nanoseconds since some moment in the past; good for differences only.
#[unsafe(no_mangle)]
pub extern "C" fn nats_NowMonotonicInNanoSeconds() -> i64 {
    guard_local(0, || {
        Ok(monotonic().unwrap_or_else(since_1970).as_nanos() as i64)
    })
}

fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn monotonic() -> Option<Duration> {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes to a live local.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) } != 0;
    let seconds = u64::try_from(now.tv_sec).ok().filter(|_| !failed)?;
    Some(Duration::new(seconds, u32::try_from(now.tv_nsec).ok()?))
}

/// Suspends the calling thread.
///
/// @param sleepTime milliseconds; zero or less returns at once.
#[unsafe(no_mangle)]
pub extern "C" fn nats_Sleep(sleepTime: i64) {
    guard_local((), || {
        std::thread::sleep(convert::millis_or_forever(sleepTime).unwrap_or_default());
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::msg;
    use crate::msg::Msg;
    use std::ffi::c_void;
    use std::ptr;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn zeroed() -> natsClientConfig {
        natsClientConfig {
            DefaultWriteDeadline: 0,
            LockSpinCount: 0,
            DefaultToThreadPool: false,
            ThreadPoolMax: 0,
            DefaultRepliesToThreadPool: false,
            UseSeparatePoolForReplies: false,
            ReplyThreadPoolMax: 0,
            ThreadStartedHandler: None,
            ThreadStartedHandlerClosure: ptr::null_mut(),
        }
    }

    #[test]
    fn a_zeroed_config_is_an_empty_pool_and_nothing_else() {
        let config = core_config(&zeroed());
        assert_eq!(config.default_write_deadline, Duration::ZERO);
        assert_eq!(
            (config.default_to_thread_pool, config.thread_pool_max),
            (false, 0)
        );
        assert!(config.thread_started.is_none());
        let negative = natsClientConfig {
            DefaultWriteDeadline: -5,
            ThreadPoolMax: -5,
            ..zeroed()
        };
        let config = core_config(&negative);
        assert_eq!(
            (config.default_write_deadline, config.thread_pool_max),
            (Duration::ZERO, 0)
        );
    }

    #[test]
    fn the_thread_started_handler_gets_its_closure() {
        unsafe extern "C" fn count(closure: *mut c_void) {
            // SAFETY: the counter below, which outlives the call.
            unsafe { &*closure.cast::<AtomicU32>() }.fetch_add(1, Ordering::Relaxed);
        }
        let counter = AtomicU32::new(0);
        let config = core_config(&natsClientConfig {
            DefaultWriteDeadline: 20,
            ThreadPoolMax: 3,
            ThreadStartedHandler: Some(count),
            ThreadStartedHandlerClosure: (&raw const counter).cast_mut().cast(),
            ..zeroed()
        });
        config.thread_started.unwrap()();
        assert_eq!(counter.load(Ordering::Relaxed), 1);
        assert_eq!(config.default_write_deadline, Duration::from_millis(20));
        assert_eq!(config.thread_pool_max, 3);
    }

    #[test]
    fn versions_fit_by_their_numbers() {
        let fits = |required, number| nats_CheckCompatibilityImpl(required, number, ptr::null());
        assert!(fits(0x03_0e_00, 0x03_0e_00));
        assert!(fits(0x03_00_00, 0x03_0f_00));
        assert!(!fits(0x03_0e_00, 0x03_0d_09));
        assert!(!fits(0x03_0f_00, 0x03_0f_00));
        // SAFETY: a string of the library.
        assert_eq!(unsafe { CStr::from_ptr(nats_GetVersion()) }, c"3.14.0-beta");
        assert_eq!(nats_GetVersionNumber(), 0x03_0e_00);
    }

    #[test]
    fn every_number_has_words() {
        let text = |n| {
            // SAFETY: a string of the library.
            unsafe { CStr::from_ptr(natsStatus_GetText(natsStatusArg(n))) }
        };
        assert_eq!(text(0), c"OK");
        assert_eq!(text(26), c"Timeout");
        assert_eq!(text(-1), c"Unknown status");
        assert_eq!(text(40), c"Unknown status");
    }

    #[test]
    fn a_child_of_fork_has_a_library_of_its_own() {
        assert_eq!(nats_Open(-1), Status::NATS_OK);
        let msg = msg::into_c(Msg::create(b"a", None, b"xyz").unwrap());
        // SAFETY: the child leaves by `_exit`, and calls nothing that waits for a lock of another thread; the
        // parent waits for it.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                let closed = nats_CloseAndWait(0) == Status::NATS_NOT_INITIALIZED;
                let works = msg::natsMsg_GetDataLength(msg) == 3;
                msg::natsMsg_Destroy(msg);
                let opens =
                    nats_Open(-1) == Status::NATS_OK && nats_CloseAndWait(0) == Status::NATS_OK;
                libc::_exit(if closed && works && opens { 42 } else { 1 });
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            msg::natsMsg_Destroy(msg);
            status
        };
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 42);
        assert_eq!(nats_Open(-1), Status::NATS_OK);
    }

    #[test]
    fn clocks_go_forward() {
        let (wall, exact, steady) = (
            nats_Now(),
            nats_NowInNanoSeconds(),
            nats_NowMonotonicInNanoSeconds(),
        );
        assert!(wall > 1_700_000_000_000 && exact / 1_000_000 >= wall);
        nats_Sleep(-1);
        nats_Sleep(2);
        assert!(nats_NowMonotonicInNanoSeconds() - steady >= 2_000_000);
    }
}
