//! Buffers, writing, and the delivery of messages.

use std::ffi::c_int;
use std::time::Duration;

use super::{edit, set};
use crate::error::natsStatus;
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;

/// Set the number of bytes that are read from and written to the socket in one system call.
///
/// By default a read takes up to 128 KiB, and the library measures whether writes of up to 48 KiB
/// or of up to 256 KiB are faster on this machine. A size that is set applies to both directions
/// and disables the measurement: data is written in equal pieces of at most this size, and reads
/// take this size, rounded down to a multiple of 16 KiB and within 16 and 128 KiB. The buffers that
/// collect publishes are not affected; they grow and shrink with the load.
///
/// @param opts The options.
/// @param ioBufSize The size in bytes; less than 4096 counts as 4096; 0 for the default.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the size is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetIOBufSize(
    opts: *mut natsOptions,
    ioBufSize: c_int,
) -> natsStatus {
    guard("natsOptions_SetIOBufSize", || {
        let bytes = convert::count(ioBufSize, "ioBufSize")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.set_io_buf_size(bytes)) }
    })
}

/// Set the longest protocol line that may be sent.
///
/// Subjects, reply subjects and queue groups are part of protocol lines. A server ends a connection
/// whose line exceeds its `max_control_line`, and it does not tell clients the limit. A call whose
/// line would exceed this option fails with `NATS_INVALID_SUBJECT`, or with
/// `NATS_INVALID_QUEUE_NAME` if the group is too long, and nothing is sent. Change it together with
/// the configuration of the servers.
///
/// @param opts The options.
/// @param bytes The length in bytes as servers count it: subject, reply subject or queue group,
/// numbers, and the blanks between them; 0 for the default of servers, 4096.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the length is negative.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetMaxControlLine(
    opts: *mut natsOptions,
    bytes: c_int,
) -> natsStatus {
    guard("natsOptions_SetMaxControlLine", || {
        let bytes = convert::count(bytes, "bytes")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.set_max_control_line(bytes)) }
    })
}

/// Set whether every publish and subscribe is written to the socket within the call.
///
/// By default the library writes shortly after, several operations at once.
///
/// @param opts The options.
/// @param sendAsap True to write within the call; the default is false.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsConnection_Send
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetSendAsap(
    opts: *mut natsOptions,
    sendAsap: bool,
) -> natsStatus {
    guard("natsOptions_SetSendAsap", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.send_asap = sendAsap) }
    })
}

/// Accept the time for which nats.c collects publishes before it writes them; without effect here.
///
/// The value is checked, kept for compatibility, and not used: the first publish after a pause is
/// written at once, and publishes that follow are collected meanwhile.
///
/// @param opts The options.
/// @param flusherWaitUs The time in microseconds; 0 for no wait. The default is 1000.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetFlusherWaitMicros(
    opts: *mut natsOptions,
    flusherWaitUs: i64,
) -> natsStatus {
    guard("natsOptions_SetFlusherWaitMicros", || {
        let wait = convert::count(flusherWaitUs, "flusherWaitUs").map(Duration::from_micros)?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.flusher_wait = wait) }
    })
}

/// Set how long a thread that waits for an answer polls the socket before it sleeps.
///
/// Waking a thread takes the operating system tens of microseconds, more than a nearby server takes
/// to answer. A thread in `natsConnection_Request`, `natsConnection_Flush` and their variants
/// therefore polls the socket for this time and yields the processor in between. So does a thread
/// in `natsSubscription_NextMsg` if something was published on the connection since its last such
/// wait. Polling costs up to this much processor time for each answer. It is done only while
/// answers arrive within five eighths of this time (otherwise every 64th wait tests whether that
/// has changed), by one thread for each two processors of the process at a time, and not with TLS,
/// WebSocket or an event loop of the program.
///
/// @param opts The options.
/// @param busyPollUs The time in microseconds, at most 1000000; 0 to sleep at once. The default is
/// 250.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative or longer than
/// a second.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetReceiveBusyPoll
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetBusyPoll(
    opts: *mut natsOptions,
    busyPollUs: i64,
) -> natsStatus {
    guard("natsOptions_SetBusyPoll", || {
        let time = convert::count(busyPollUs, "busyPollUs").map(Duration::from_micros)?;
        // SAFETY: the caller's contract, above.
        unsafe { edit(opts, |o| o.set_busy_poll(time)) }
    })
}

/// Set how long a thread of the library polls for the next message before it sleeps.
///
/// For programs that need latencies of microseconds and can spare a processor. A message that finds
/// all threads asleep has to wait until one wakes, which takes longer than the message itself on
/// virtual machines. With this option the thread that read from the connection and ran its
/// callbacks polls the sockets for this time and yields the processor in between. If messages
/// arrive at shorter intervals, it never sleeps and keeps one processor busy.
///
/// One thread of the process polls at a time. It polls the sockets of all connections, TLS and
/// WebSocket included, but only activity on a connection with this option starts or prolongs the
/// polling. The option has no effect if the process has a single processor, or with an event loop
/// of the program. Threads in `natsSubscription_NextMsg` and in fixed-size delivery pools still
/// have to be woken by the thread that polls.
///
/// @param opts The options.
/// @param busyPollUs The time in microseconds, at most 1000000; 0, the default, to sleep at once.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative or longer than
/// a second.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see natsOptions_SetBusyPoll
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetReceiveBusyPoll(
    opts: *mut natsOptions,
    busyPollUs: i64,
) -> natsStatus {
    guard("natsOptions_SetReceiveBusyPoll", || {
        let time = convert::count(busyPollUs, "busyPollUs").map(Duration::from_micros)?;
        // SAFETY: the caller's contract, above.
        unsafe { edit(opts, |o| o.set_receive_busy_poll(time)) }
    })
}

/// Set how long the socket may refuse data before a call fails.
///
/// When the time has passed, the call that sends fails with `NATS_TIMEOUT` and the connection
/// counts as lost.
///
/// @param opts The options.
/// @param deadline The time in milliseconds; 0 for no limit, which is the default unless the
/// library was configured otherwise.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the time is negative.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_tuning
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetWriteDeadline(
    opts: *mut natsOptions,
    deadline: i64,
) -> natsStatus {
    guard("natsOptions_SetWriteDeadline", || {
        let deadline = convert::millis(deadline, "deadline")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.set_write_deadline(deadline)) }
    })
}

/// Set how many messages may wait to be delivered to a subscription.
///
/// Messages beyond the limit are dropped. Unless `natsOptions_SetMaxPendingBytes` is called too,
/// the limit in bytes is 1024 times this number. `natsSubscription_SetPendingLimits` changes both
/// limits of one subscription.
///
/// @param opts The options.
/// @param maxPending The number of messages, at least 1. The default is 65536.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the number is not positive.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_delivery
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetMaxPendingMsgs(
    opts: *mut natsOptions,
    maxPending: c_int,
) -> natsStatus {
    guard("natsOptions_SetMaxPendingMsgs", || {
        let maxPending = convert::positive(maxPending, "maxPending")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.max_pending_msgs = maxPending) }
    })
}

/// Set how many bytes may wait to be delivered to a subscription.
///
/// Headers and payloads count. Messages beyond the limit are dropped.
/// `natsSubscription_SetPendingLimits` changes the limit of one subscription.
///
/// @param opts The options.
/// @param maxPending The number of bytes, at least 1; larger numbers than an `int` can hold count
/// as the largest `int`. The default is 1024 times the limit of `natsOptions_SetMaxPendingMsgs`.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the number is not positive.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_delivery
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetMaxPendingBytes(
    opts: *mut natsOptions,
    maxPending: i64,
) -> natsStatus {
    guard("natsOptions_SetMaxPendingBytes", || {
        let maxPending = convert::positive(maxPending, "maxPending")?;
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.max_pending_bytes = Some(maxPending)) }
    })
}

/// Set the number of zero bytes behind the payload of received messages.
///
/// For programs that read past the end of the payload. The bytes do not count in its length. At
/// least one zero byte is always there. With padding, received messages are copied, and each takes
/// that much more memory.
///
/// @param opts The options.
/// @param paddingSize The number of bytes, at most 1048576; the default is 0.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed, or the size is negative or above
/// 1048576.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_options
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_SetMessageBufferPadding(
    opts: *mut natsOptions,
    paddingSize: c_int,
) -> natsStatus {
    guard("natsOptions_SetMessageBufferPadding", || {
        let bytes = convert::count(paddingSize, "paddingSize")?;
        // SAFETY: the caller's contract, above.
        unsafe { edit(opts, |o| o.set_message_buffer_padding(bytes)) }
    })
}

/// Set whether message callbacks run in the fixed-size pool that all connections share.
///
/// Each subscription then stays with one thread of the pool, and a callback that blocks delays
/// every subscription of that thread. `nats_SetMessageDeliveryPoolSize` sets the size. By default
/// callbacks run in a pool that grows when callbacks block.
///
/// @param opts The options.
/// @param global The default is false, unless the library was configured otherwise.
///
/// @retval NATS_OK The option was set.
/// @retval NATS_INVALID_ARG `opts` is NULL or was destroyed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @see nats_SetMessageDeliveryPoolSize
///
/// @ingroup nats_delivery
///
/// # Safety
/// `opts` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsOptions_UseGlobalMessageDelivery(
    opts: *mut natsOptions,
    global: bool,
) -> natsStatus {
    guard("natsOptions_UseGlobalMessageDelivery", || {
        // SAFETY: the caller's contract, above.
        unsafe { set(opts, |o| o.global_delivery = global) }
    })
}
