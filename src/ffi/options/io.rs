//! Buffers, writing, and the delivery of messages.

use std::ffi::c_int;
use std::time::Duration;

use super::{edit, set};
use crate::error::natsStatus;
use crate::ffi::convert;
use crate::ffi::guard::guard;
use crate::ffi::handle::natsOptions;

/// Sets how many bytes the connection reads from and writes to its socket in one system call.
///
/// By default a read takes up to 128 KiB, and the library learns from the time that writes take
/// whether to write pieces of up to 48 or of up to 256 KiB: which is faster differs from machine to
/// machine. A size that is set holds for both, and nothing is learnt: writes are cut into equal pieces of
/// at most that size, reads take that size rounded down to a multiple of 16 KiB, within 16 and 128 KiB.
/// The buffers that publishes are collected in are not changed by this: they grow and shrink with the
/// load.
///
/// @param opts the options.
/// @param ioBufSize bytes; less than 4096 counts as 4096; 0 for the default.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the size negative.
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

/// Sets how long a line of the protocol may be.
///
/// An addition that nats.c lacks. Subjects, reply subjects and queue groups travel in such lines. A
/// server whose `max_control_line` one exceeds ends the connection, and it does not tell clients what
/// it allows. So a call whose line would be longer than this fails with `NATS_INVALID_SUBJECT`, or
/// `NATS_INVALID_QUEUE_NAME` where it is the group that is too long, and nothing is sent. To be
/// raised, or lowered, with the setting of the servers.
///
/// @param opts the options.
/// @param bytes the length as servers count it: of subject, reply subject or queue group, the
/// numbers and the blanks between them; 0 for the default of servers, 4096.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the length negative.
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

/// Sets whether every publish and subscribe writes to the socket before it returns, rather than
/// leave that to the library, which then writes much at once.
///
/// @param opts the options.
/// @param sendAsap true to write at once; the default is false.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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

/// Sets a hint for how long the library collects what is published before it writes it.
///
/// It is accepted for the sake of programs that set it, and has no effect: the first publish after
/// a pause is written at once, and those that follow are collected while it is.
///
/// @param opts the options.
/// @param flusherWaitUs microseconds; 0 for no wait. The default is 1000.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time negative.
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

/// Sets for how long a thread that waits for an answer looks for it again and again before it
/// sleeps.
///
/// An addition that nats.c lacks. To wake a thread takes the system tens of microseconds, more than
/// a near server takes to answer. So a thread in `natsConnection_Request`, `natsConnection_Flush`
/// or one of their siblings does not sleep at once, but looks at the socket for so long, and lets
/// other threads run in between. So does one in `natsSubscription_NextMsg` where something has been
/// published on the connection since the last such wait, whose answer may be what it waits for. This
/// costs processor time, up to this much for each answer. So it
/// is done only while answers come within five eighths of this time (otherwise every 64th wait finds
/// out whether that has changed), by one thread for each two processors of the process at a time,
/// and neither with TLS nor WebSocket nor an event loop of the program's.
///
/// @param opts the options.
/// @param busyPollUs microseconds, at most 1000000; 0 for sleeping at once. The default is 250.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time is negative
/// or more than a second.
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

/// Sets for how long one of the library's threads looks for the next message again and again before
/// it sleeps.
///
/// An addition that nats.c lacks, for programs to which microseconds count and a processor does
/// not. A message that finds all threads asleep waits for one to wake, which on virtual machines
/// takes longer than the message itself. So with this option the thread that has read something
/// from the connection, and has run the callbacks for it, does not sleep at once, but looks at the
/// sockets for so long, and lets other threads run in between. Where messages are less than this
/// time apart, it never sleeps: a processor is busy all the time.
///
/// One thread of the process does so at a time, and looks at the sockets of all connections, TLS and
/// WebSocket too; only a connection with this option makes it begin, or begin anew. It is without
/// effect where the process has a single processor, and with an event loop of the program's. Threads
/// in `natsSubscription_NextMsg` and in delivery pools of a fixed size have to be woken nonetheless,
/// by the one that looks.
///
/// @param opts the options.
/// @param busyPollUs microseconds, at most 1000000; 0, the default, for sleeping at once.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time is negative
/// or more than a second.
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

/// Sets how long the socket may take to accept data before the call that sends it fails with
/// `NATS_TIMEOUT` and the connection counts as lost.
///
/// @param opts the options.
/// @param deadline milliseconds; 0 for no limit, which is the default unless the library was
/// configured otherwise.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the time negative.
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

/// Sets how many messages a subscription may have waiting before further ones are dropped.
///
/// Unless `natsOptions_SetMaxPendingBytes` is called too, the limit in bytes is 1024 times this.
/// `natsSubscription_SetPendingLimits` changes both for one subscription.
///
/// @param opts the options.
/// @param maxPending messages, at least 1. The default is 65536.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the number not
/// positive.
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

/// Sets how many bytes a subscription may have waiting, headers and payloads, before further
/// messages are dropped.
///
/// @param opts the options.
/// @param maxPending bytes, at least 1; more than fit in an `int` are as many as fit. The default
/// follows `natsOptions_SetMaxPendingMsgs`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the number not
/// positive.
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

/// Sets how many zero bytes follow the payload of each received message, for programs that read
/// past its end. They do not count in its length. At least one is always there.
///
/// @param opts the options.
/// @param paddingSize bytes; the default is 0. With more, received messages are copied.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed, or the size negative.
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
        unsafe { set(opts, |o| o.message_buffer_padding = bytes) }
    })
}

/// Sets whether message handlers run in the pool that all connections share, whose size is set by
/// `nats_SetMessageDeliveryPoolSize`: then each subscription stays with one thread of it, and a
/// handler that blocks delays every subscription of that thread.
///
/// @param opts the options.
/// @param global the default is false, unless the library was configured otherwise.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `opts` is NULL or destroyed.
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
