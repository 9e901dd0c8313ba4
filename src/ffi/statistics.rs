//! `natsStatistics`: a snapshot of a connection's counters.

use super::convert::{required, write_optional};
use super::guard::{guard, guard_void};
use crate::client::Stats;
use crate::error::{Error, natsStatus};

/// A snapshot of a connection's counters. Opaque to C.
///
/// Created by `natsStatistics_Create`, filled by `natsConnection_GetStats` any number of times,
/// read by `natsStatistics_GetCounts`, and released by `natsStatistics_Destroy`. One thread at a
/// time may use it.
///
/// @ingroup nats_statistics
pub type natsStatistics = __natsStatistics;

/// The structure behind `natsStatistics`.
pub struct __natsStatistics(pub(crate) Stats);

/// Create a statistics object with all counters zero.
///
/// @param newStats Receives the object, which the caller releases with `natsStatistics_Destroy`.
/// Written only with `NATS_OK`.
///
/// @retval NATS_OK The object was created.
/// @retval NATS_INVALID_ARG `newStats` is NULL.
///
/// @par Threads
/// Any thread may call this function. One thread at a time may use the object.
///
/// @see natsConnection_GetStats
///
/// @ingroup nats_statistics
///
/// # Safety
/// `newStats` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsStatistics_Create(newStats: *mut *mut natsStatistics) -> natsStatus {
    guard("natsStatistics_Create", || {
        required(newStats, "newStats")?;
        let stats = Box::into_raw(Box::new(__natsStatistics(Stats::default())));
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { newStats.write(stats) };
        Ok(())
    })
}

/// Read the counters of a statistics object.
///
/// The counters are those of the last `natsConnection_GetStats`. They continue across reconnects.
/// Every output may be NULL.
///
/// @param stats The object.
/// @param inMsgs Receives the number of messages received, including replies and messages that were
/// dropped.
/// @param inBytes Receives the number of bytes in the headers and payloads of those messages.
/// @param outMsgs Receives the number of messages published.
/// @param outBytes Receives the number of bytes in the headers and payloads of those messages.
/// @param reconnects Receives the number of times that the connection was restored.
///
/// @retval NATS_OK The counters were written.
/// @retval NATS_INVALID_ARG `stats` is NULL.
///
/// @par Threads
/// One thread at a time may use the object.
///
/// @ingroup nats_statistics
///
/// # Safety
/// `stats` is NULL or from `natsStatistics_Create`; the others are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsStatistics_GetCounts(
    stats: *const natsStatistics,
    inMsgs: *mut u64,
    inBytes: *mut u64,
    outMsgs: *mut u64,
    outBytes: *mut u64,
    reconnects: *mut u64,
) -> natsStatus {
    guard("natsStatistics_GetCounts", || {
        // SAFETY: the caller's contract, above.
        let stats = unsafe { stats.as_ref() }.ok_or(Error::invalid_arg("stats cannot be NULL"))?;
        // SAFETY: likewise.
        unsafe {
            write_optional(inMsgs, stats.0.in_msgs);
            write_optional(inBytes, stats.0.in_bytes);
            write_optional(outMsgs, stats.0.out_msgs);
            write_optional(outBytes, stats.0.out_bytes);
            write_optional(reconnects, stats.0.reconnects);
        }
        Ok(())
    })
}

/// Release a statistics object.
///
/// @param stats The object; NULL is ignored.
///
/// @par Threads
/// One thread at a time may use the object.
///
/// @ingroup nats_statistics
///
/// # Safety
/// `stats` is NULL, or from `natsStatistics_Create` and not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsStatistics_Destroy(stats: *mut natsStatistics) {
    guard_void(|| {
        if !stats.is_null() {
            // SAFETY: from `Box::into_raw`, and given back once, by the caller's contract.
            drop(unsafe { Box::from_raw(stats) });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status::*;
    use std::ptr;

    #[test]
    fn statistics_are_read_as_far_as_asked_for() {
        let null = ptr::null_mut;
        let (mut stats, mut in_bytes, mut reconnects) = (null(), 7, 7);
        // SAFETY: NULLs, live locals and live statistics, destroyed once.
        unsafe {
            assert_eq!(natsStatistics_Create(ptr::null_mut()), NATS_INVALID_ARG);
            assert_eq!(natsStatistics_Create(&mut stats), NATS_OK);
            (*stats).0.in_bytes = 5;
            let none = ptr::null_mut::<u64>();
            let counts = |stats: *const natsStatistics, b: *mut u64, r: *mut u64| {
                natsStatistics_GetCounts(stats, none, b, none, none, r)
            };
            assert_eq!(counts(ptr::null(), &mut in_bytes, none), NATS_INVALID_ARG);
            assert_eq!(counts(stats, &mut in_bytes, &mut reconnects), NATS_OK);
            assert_eq!((in_bytes, reconnects), (5, 0));
            natsStatistics_Destroy(stats);
            natsStatistics_Destroy(ptr::null_mut());
        }
    }
}
