//! Metrics: snapshots of a connection and of the process, and OpenMetrics text.

use std::ffi::{c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::{fs, ptr};

use super::build_info;
use super::convert::{malloc_string, required, some_bytes, write_optional};
use super::guard::guard;
use super::handle::{borrow, handles_in_use, natsConnection};
use crate::client::Metrics;
use crate::client::metrics::{ProcessFacts, open_metrics, total};
use crate::error::{Error, Result, natsStatus};
use crate::histogram::{BUCKETS, Counts};
use crate::words::system;
use crate::{log, msg, runtime};

/// A histogram of times: how often something took how long.
///
/// Bucket 0 has what took up to a microsecond; the bound of each further bucket is four times that of
/// the one before (4, 16, 64, 256 microseconds, and so on up to 16.8 seconds), and the last bucket,
/// number 13, has the rest.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_metrics
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct natsHistogram {
    /// For each bucket how often it was used.
    pub Buckets: [u64; 14],
    /// How often it was used in all.
    pub Count: u64,
    /// The sum of all times, in nanoseconds.
    pub SumNs: u64,
}

/// The counters and the present state of a connection. Later versions may append fields.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_metrics
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct natsMetrics {
    /// Messages received, including replies and messages that were dropped.
    pub InMsgs: u64,
    /// Bytes in their headers and payloads.
    pub InBytes: u64,
    /// Messages accepted for publishing.
    pub OutMsgs: u64,
    /// Bytes in their headers and payloads.
    pub OutBytes: u64,
    /// How often the connection was lost and restored.
    pub Reconnects: u64,
    /// Attempts to connect to a server.
    pub ConnectAttempts: u64,
    /// Those of them that failed.
    pub ConnectFailures: u64,
    /// Messages that were dropped because they exceeded the limits of a subscription.
    pub DroppedMsgs: u64,
    /// How often a subscription began to drop messages.
    pub SlowConsumers: u64,
    /// Errors that no call returned: those of the error handler.
    pub Errors: u64,
    /// Messages that wait in subscriptions now.
    pub PendingMsgs: u64,
    /// Bytes in their headers and payloads.
    pub PendingBytes: u64,
    /// Bytes that wait now to be written, including those kept for after a reconnect.
    pub BufferedBytes: u64,
    /// Open subscriptions.
    pub Subscriptions: u64,
    /// Connections that have a server now: 1 or 0 for one connection.
    pub Connected: u64,
    /// Connections that the snapshot is about.
    pub Connections: u64,
    /// How long servers took to answer PINGs: those of flushes, of `natsConnection_GetRTT`, and those
    /// that are sent from time to time.
    pub RoundTrips: natsHistogram,
    /// How long message callbacks took. Times are taken for the callbacks of a run together, which
    /// count with their average.
    pub Callbacks: natsHistogram,
}

/// The resources that the library uses in this process. Later versions may append fields.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_metrics
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct natsProcessMetrics {
    /// Threads of the library.
    pub Threads: u64,
    /// Connections that were created and not destroyed.
    pub ConnectionHandles: u64,
    /// Subscriptions that were created and not destroyed.
    pub SubscriptionHandles: u64,
    /// Options that were created and not destroyed.
    pub OptionsHandles: u64,
    /// Bytes of memory that messages are received into, with messages in it or without.
    pub MessageMemory: u64,
    /// The part of it that is kept for reuse.
    pub UnusedMemory: u64,
    /// Lines that log handlers have not received because they did not keep up.
    pub LogLinesLost: u64,
}

// The size is a part of the interface.
const _: () = assert!(BUCKETS == 14);

impl From<Counts> for natsHistogram {
    fn from(counts: Counts) -> Self {
        natsHistogram {
            Buckets: counts.buckets,
            Count: counts.count(),
            SumNs: counts.sum,
        }
    }
}

fn for_c(metrics: &Metrics, connections: usize) -> natsMetrics {
    natsMetrics {
        InMsgs: metrics.in_msgs,
        InBytes: metrics.in_bytes,
        OutMsgs: metrics.out_msgs,
        OutBytes: metrics.out_bytes,
        Reconnects: metrics.reconnects,
        ConnectAttempts: metrics.connect_attempts,
        ConnectFailures: metrics.connect_failures,
        DroppedMsgs: metrics.dropped_msgs,
        SlowConsumers: metrics.slow_consumers,
        Errors: metrics.errors,
        PendingMsgs: metrics.pending_msgs,
        PendingBytes: metrics.pending_bytes,
        BufferedBytes: metrics.buffered_bytes,
        Subscriptions: metrics.subscriptions,
        Connected: metrics.connected,
        Connections: connections as u64,
        RoundTrips: metrics.round_trips.into(),
        Callbacks: metrics.callbacks.into(),
    }
}

fn process_metrics() -> natsProcessMetrics {
    let [connections, subscriptions, options] = handles_in_use();
    let memory = msg::usage();
    let threads = runtime::library::running().map_or(0, |runtime| runtime.thread_count());
    natsProcessMetrics {
        Threads: threads as u64,
        ConnectionHandles: connections as u64,
        SubscriptionHandles: subscriptions as u64,
        OptionsHandles: options as u64,
        MessageMemory: memory.all as u64,
        UnusedMemory: memory.unused as u64,
        LogLinesLost: log::lines_lost(),
    }
}

/// Writes a structure of the size that the program knows: the beginning of ours, or ours with zeros behind it.
///
/// # Safety
/// `out` is NULL or valid for writing `size` bytes. `T` has no padding.
unsafe fn write_sized<T: Copy>(out: *mut T, size: usize, value: T) -> Result<()> {
    required(out, "metrics")?;
    if size < size_of::<u64>() {
        return Err(Error::invalid_arg(format!(
            "size is that of the structure, not {size}"
        )));
    }
    let ours = size.min(size_of::<T>());
    // SAFETY: `out` is valid for `size` bytes by the caller's contract, and the value for its own; they are different
    // objects.
    unsafe {
        let out = out.cast::<u8>();
        ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), out, ours);
        ptr::write_bytes(out.add(ours), 0, size - ours);
    }
    Ok(())
}

/// Read the metrics of a connection.
///
/// Counters continue across reconnects. Taking the snapshot locks each subscription for a moment.
///
/// @param metrics Receives the metrics.
/// @param size `sizeof(natsMetrics)`. If the program was compiled with the header of another version,
/// its structure may be smaller or larger than the library's: only what it has is written, and what
/// the library does not know is 0.
/// @param nc The connection.
///
/// @retval NATS_OK The metrics were written.
/// @retval NATS_INVALID_ARG `metrics` is NULL, `size` is less than 8, or `nc` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The connection belongs to the process that this one was forked from.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// natsMetrics metrics;
/// natsStatus s = natsConnection_GetMetrics(&metrics, sizeof(metrics), nc);
/// if (s == NATS_OK) printf("dropped: %" PRIu64 "\n", metrics.DroppedMsgs);
/// ```
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see nats_GetMetrics
///
/// @ingroup nats_metrics
///
/// # Safety
/// `metrics` is NULL or valid for writing `size` bytes; `nc` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_GetMetrics(
    metrics: *mut natsMetrics,
    size: usize,
    nc: *mut natsConnection,
) -> natsStatus {
    guard("natsConnection_GetMetrics", || {
        // SAFETY: the caller's contract, above.
        let found = unsafe { borrow(nc) }?.metrics();
        // SAFETY: likewise; all fields are of the same size.
        unsafe { write_sized(metrics, size, for_c(&found, 1)) }
    })
}

/// Read the metrics of all connections of the process together.
///
/// Counters and histograms include connections that do not exist any more.
///
/// @param metrics Receives the sums. `Connections` is the number of connections that exist.
/// @param size `sizeof(natsMetrics)`, as for `natsConnection_GetMetrics`.
///
/// @retval NATS_OK The metrics were written.
/// @retval NATS_INVALID_ARG `metrics` is NULL, or `size` is less than 8.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see nats_GetMetricsText, nats_GetProcessMetrics
///
/// @ingroup nats_metrics
///
/// # Safety
/// `metrics` is NULL or valid for writing `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_GetMetrics(metrics: *mut natsMetrics, size: usize) -> natsStatus {
    guard("nats_GetMetrics", || {
        let (sum, connections) = total();
        // SAFETY: the caller's contract, above; all fields are of the same size.
        unsafe { write_sized(metrics, size, for_c(&sum, connections)) }
    })
}

/// Read what the library uses in this process: threads, handles, memory.
///
/// @param metrics Receives the metrics.
/// @param size `sizeof(natsProcessMetrics)`, as for `natsConnection_GetMetrics`.
///
/// @retval NATS_OK The metrics were written.
/// @retval NATS_INVALID_ARG `metrics` is NULL, or `size` is less than 8.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @ingroup nats_metrics
///
/// # Safety
/// `metrics` is NULL or valid for writing `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_GetProcessMetrics(
    metrics: *mut natsProcessMetrics,
    size: usize,
) -> natsStatus {
    guard("nats_GetProcessMetrics", || {
        // SAFETY: the caller's contract, above; all fields are of the same size.
        unsafe { write_sized(metrics, size, process_metrics()) }
    })
}

fn text() -> String {
    let process = process_metrics();
    let facts = ProcessFacts {
        threads: process.Threads,
        handles: &[
            ("connection", process.ConnectionHandles),
            ("subscription", process.SubscriptionHandles),
            ("options", process.OptionsHandles),
        ],
        memory: process.MessageMemory,
        unused_memory: process.UnusedMemory,
        log_lines_lost: process.LogLinesLost,
        build: &[
            ("version", build_info::VERSION),
            ("commit", build_info::COMMIT),
        ],
    };
    open_metrics(&facts)
}

/// Write all metrics of the process as OpenMetrics text, the format that Prometheus reads.
///
/// Each connection has a series of its own, with the labels `connection` (the number of
/// `natsConnection_GetNumber`) and `name`; those that do not exist any more are one series together,
/// with `connection="0"`, so that sums are those of the process. The text ends with `# EOF`. A program
/// that serves it by HTTP sends the type `application/openmetrics-text; version=1.0.0; charset=utf-8`.
///
/// @param text Receives the text, which the caller releases with `free`.
/// @param length Receives its length without the NUL at its end; may be NULL.
///
/// @retval NATS_OK The text was written.
/// @retval NATS_INVALID_ARG `text` is NULL.
/// @retval NATS_NO_MEMORY There is no memory for the text.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see nats_WriteMetrics
///
/// @ingroup nats_metrics
///
/// # Safety
/// `text` is NULL or valid for writing a pointer, `length` is NULL or valid for writing an `int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_GetMetricsText(
    text: *mut *mut c_char,
    length: *mut c_int,
) -> natsStatus {
    guard("nats_GetMetricsText", || {
        required(text, "text")?;
        let all = self::text();
        let copy = malloc_string(all.as_bytes())?;
        // SAFETY: not NULL or optional, and valid for writing by the caller's contract.
        unsafe {
            text.write(copy);
            write_optional(length, c_int::try_from(all.len()).unwrap_or(c_int::MAX));
        }
        Ok(())
    })
}

/// Write the text of `nats_GetMetricsText` to a file, for a collector that reads files.
///
/// The text is written to a file with the same name and the suffix `.new`, which then replaces the
/// file in one step: a reader finds either the old text or the new one. One thread at a time may write
/// to the same file.
///
/// @param path The file, which need not exist.
///
/// @retval NATS_OK The file was written.
/// @retval NATS_INVALID_ARG `path` is NULL or empty.
/// @retval NATS_SYS_ERROR The file cannot be written; the text says why.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @note An addition of this library: nats.c does not have it.
///
/// @see nats_GetMetricsText
///
/// @ingroup nats_metrics
///
/// # Safety
/// `path` is NULL or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nats_WriteMetrics(path: *const c_char) -> natsStatus {
    guard("nats_WriteMetrics", || {
        // SAFETY: the caller's contract, above.
        let path = unsafe { some_bytes(path, "path cannot be NULL or empty") }?;
        let new = [path, b".new"].concat();
        let (path, new) = (
            Path::new(std::ffi::OsStr::from_bytes(path)),
            Path::new(std::ffi::OsStr::from_bytes(&new)),
        );
        fs::write(new, text())
            .and_then(|()| fs::rename(new, path))
            .map_err(|e| {
                // Nothing is left behind; if it cannot be removed either, the first error says why.
                let _ = fs::remove_file(new);
                system(&format!("metrics to '{}'", path.display()), e)
            })
    })
}
