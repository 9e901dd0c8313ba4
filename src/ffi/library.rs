//! Functions without an object: opening and closing the library, versions, clocks.

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

/// The version of the interface.
pub(crate) const VERSION: &CStr = c"3.14.0-beta";
/// The same as a number: major, minor, patch, one byte each.
const VERSION_NUMBER: u32 = 0x03_0e_00;
/// The oldest version of a header whose programs can use this library.
const REQUIRED_NUMBER: u32 = 0x03_0e_00;

/// Opens the library if it is not open, and returns its settings.
pub(crate) fn open() -> Result<Config> {
    library::config()
}

/// Open the library.
///
/// Programs need not call it: functions that need the library open it. Starts no thread; the first
/// connection does. Does nothing if the library is open. Reads the environment variables
/// `NATS_DEFAULT_LIB_WRITE_DEADLINE` (milliseconds), `NATS_DEFAULT_TO_LIB_MSG_DELIVERY` (its
/// presence is enough) and `NATS_DEFAULT_LIB_MSG_DELIVERY_POOL_SIZE` (threads). A child made by
/// `fork` has its own library, which is opened again on first use.
///
/// @param lockSpinCount Ignored; accepted for programs that pass one.
///
/// @retval NATS_OK The library is open.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
///
/// @par Threads
/// Any thread may call this function at any time. While one thread opens the library, others wait.
///
/// @see nats_OpenWithConfig
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_Open(lockSpinCount: i64) -> natsStatus {
    let _ = lockSpinCount;
    guard("nats_Open", || open().map(drop))
}

/// Open the library with settings of the program.
///
/// With settings, the environment variables of `nats_Open` are not read. Does nothing if the
/// library is open: call it before other functions. Children made by `fork` while the library is
/// open inherit these settings, unless they call this function first.
///
/// @param config The settings, which are copied; NULL is the same as `nats_Open(-1)`.
///
/// @retval NATS_OK The library is open.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
///
/// @par Threads
/// Any thread may call this function at any time. While one thread opens the library, others wait.
///
/// @ingroup nats_library
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

/// Close the library without waiting for the connections that still exist.
///
/// Those connections keep working and are destroyed as usual, but their connection callbacks and
/// error handlers are not called any more, except by `natsConnection_Dispatch`. New options and
/// connections fail with `NATS_FAILED_TO_INITIALIZE` until all connections and subscriptions are
/// destroyed, and JetStream contexts, buckets, object stores and services too; then the library can
/// be opened again. Clears the last error of the calling thread. Does nothing if the library is not
/// open.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see nats_CloseAndWait
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_Close() {
    guard_void(|| {
        library::close();
        last_error::release();
    });
}

/// Close the library and wait until nothing uses it any more and all its threads have ended.
///
/// Waits for the same as `nats_Close` says: connections and subscriptions, JetStream contexts,
/// buckets, object stores and services that are not destroyed. Options, messages, headers and lists
/// may be used and destroyed later. With `NATS_OK` the last error of the calling thread is cleared.
///
/// @param timeout The longest time to wait in milliseconds; 0 or less for no limit.
///
/// @retval NATS_OK The library is closed and its threads have ended.
/// @retval NATS_TIMEOUT Connections, subscriptions, other objects of connections, or threads are left.
/// Closing continues in the background.
/// @retval NATS_NOT_INITIALIZED The library is not open.
/// @retval NATS_ILLEGAL_STATE The library is being closed already, or the call came from a
/// callback. In a callback nothing is closed.
///
/// @par Threads
/// Any thread may call this function, except in a callback.
///
/// @par Example
/// ```c
/// natsSubscription_Destroy(sub);
/// natsConnection_Destroy(nc);
/// nats_CloseAndWait(5000);
/// ```
///
/// @see nats_Close
///
/// @ingroup nats_library
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

/// Set the largest number of threads in the fixed-size delivery pool.
///
/// The pool serves the subscriptions of connections made with
/// `natsOptions_UseGlobalMessageDelivery`. Opens the library if it is not open. Subscriptions that
/// exist stay on the thread they have.
///
/// @param max The number of threads; a number smaller than the present one changes nothing.
///
/// @retval NATS_OK The size was set, or was large enough already.
/// @retval NATS_ERR `max` is zero or negative.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_UseGlobalMessageDelivery
///
/// @ingroup nats_delivery
#[unsafe(no_mangle)]
pub extern "C" fn nats_SetMessageDeliveryPoolSize(max: c_int) -> natsStatus {
    guard("nats_SetMessageDeliveryPoolSize", || {
        library::set_delivery_pool_size(max)
    })
}

/// Return the version of the nats.c interface that the library implements, such as `3.14.0-beta`.
///
/// `nats_rs_GetVersion` returns the version of this library.
///
/// @return A constant string that belongs to the library.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_GetVersion() -> *const c_char {
    guard_local(VERSION.as_ptr(), || Ok(VERSION.as_ptr()))
}

/// Return the version of the nats.c interface that the library implements, as a number.
///
/// @return Major, minor and patch number, combined as in `NATS_VERSION_NUMBER`.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_GetVersionNumber() -> u32 {
    guard_local(VERSION_NUMBER, || Ok(VERSION_NUMBER))
}

/// Test whether a program that was compiled with some version of the header can use this library.
///
/// Call it through the macro `nats_CheckCompatibility`, which supplies the arguments. Unlike in
/// nats.c, versions that do not match neither print a text nor end the process.
///
/// @param reqVerNumber `NATS_VERSION_REQUIRED_NUMBER` of the program's header.
/// @param verNumber `NATS_VERSION_NUMBER` of the program's header.
/// @param verString `NATS_VERSION_STRING` of the program's header; ignored.
///
/// @return True if the versions match.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
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

/// Return the text for a status.
///
/// @param s A status. Any other number gets a text that says so.
///
/// @return A constant string that belongs to the library.
///
/// @par Threads
/// Any thread may call this function at any time, also before the library is opened.
///
/// @ingroup nats_errors
#[unsafe(no_mangle)]
pub extern "C" fn natsStatus_GetText(s: natsStatusArg) -> *const c_char {
    let unknown = Status::NATS_MAX_STATUS_VALUE.text_c().as_ptr();
    guard_local(unknown, || Ok(s.get().text_c().as_ptr()))
}

/// Return the time of day in milliseconds.
///
/// @return Milliseconds since 1970-01-01 UTC.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_Now() -> i64 {
    guard_local(0, || Ok(since_1970().as_millis() as i64))
}

/// Return the time of day in nanoseconds.
///
/// @return Nanoseconds since 1970-01-01 UTC.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
#[unsafe(no_mangle)]
pub extern "C" fn nats_NowInNanoSeconds() -> i64 {
    guard_local(0, || Ok(since_1970().as_nanos() as i64))
}

/// Return the time of a clock that never goes back.
///
/// Setting the time of day does not affect this clock. Only differences between two results are
/// meaningful.
///
/// @return Nanoseconds since an unspecified moment.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
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

/// Suspend the calling thread.
///
/// @param sleepTime The time in milliseconds; zero or less returns at once.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_library
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
