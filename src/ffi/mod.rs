//! The C interface: exported functions, handles and callbacks. It converts and makes no decisions.
//!
//! cbindgen turns the sources of this folder into `nats_rs.h`, so the comments here are the
//! manual that C programmers read. Every exported function has the same four steps: borrow the
//! handles, convert the inputs, call the core once, write the outputs.
//!
//! # Conventions
//! - **Statuses.** A call returns `NATS_OK` or the reason for its failure. The text for the failure are the
//!   calling thread's last error (`nats_GetLastError`) until the thread's next failure; success
//!   does not clear them.
//! - **NULL** where a value is needed is `NATS_INVALID_ARG`; where the value is optional the
//!   parameter's text says so. Destroying NULL does nothing. Getters that return a value rather
//!   than a status return a harmless one for NULL.
//! - **Outputs** are written only with success, except where the function's text says otherwise.
//! - **Lengths** are `int`: a negative one is refused, with 0 the pointer is not looked at.
//! - **Strings** end with a NUL. Text that has to be UTF-8 and is not is `NATS_INVALID_ARG`.
//! - **Times** are milliseconds unless the parameter's name or text says otherwise.
//! - **Ownership.** What is passed in is copied before the call returns and stays the program's.
//!   What the program has to `free()` comes from `malloc`. A handle is destroyed by its
//!   `..._Destroy` function; a pointer borrowed from an object lives as long as that object.
//! - **Threads.** Handles (the types of [`handle`]) may be used by any number of threads at once. Messages, headers,
//!   statistics and the like belong to one thread at a time.
//! - **Destroyed handles.** A handle that was destroyed gives `NATS_INVALID_ARG`, or the same value as NULL, for as long
//!   as its memory has not been given to a new handle. Inside a callback the handles passed to it work in any case.
//! - **Callbacks** run on threads of the library, or on the program's with
//!   `natsOptions_SetManualDispatch`, and may call anything except `nats_CloseAndWait`. An exception or `longjmp` must not leave them.
//! - **fork.** A child made by `fork` begins with a library of its own, which is opened on first use, whatever the
//!   parent's threads were doing. Options, messages and headers from before can be used in it. With any other handle
//!   from before every call returns `NATS_ILLEGAL_STATE`, or the value for NULL, and its `..._Destroy` leaves the
//!   parent's alone. The library's descriptors are closed in the child at once.
//!
//! # Modules
//! | Module | Content |
//! |---|---|
//! | `guard` | the entry and exit of every function: panics, errors |
//! | `last_error`, [`errors`] | the thread's last error, and the functions about it |
//! | `convert` | C's pointers, lengths and times into Rust's and back |
//! | `callback` | a C function and its closure as one value |
//! | `handle` | the targets of pointers to long-lived objects |
//! | `fork` | detection of a new process |
//! | [`types`] | callback types, public structures |
//! | [`library`], [`sign`] | functions without an object |
//! | [`log`] | the program's log handlers |
//! | [`metrics`], [`build_info`] | what connections have done, OpenMetrics text; what the library was built from |
//! | [`options`] | `natsOptions` |
//! | [`connection`], [`connection_end`], [`connection_info`], [`publish`], [`subscribe`], [`servers`] | `natsConnection` |
//! | [`request`], [`request_many`], [`request_async`] | requests: one reply, many, or a callback |
//! | [`next_msgs`], [`subscribe_msgs`] | messages in lists |
//! | [`event_loop`], [`dispatch`] | connections in the program's own loop |
//! | [`subscription`] | `natsSubscription` |
//! | [`msg`], [`msg_header`], [`msg_trace`], [`header`] | `natsMsg`, its headers, `natsHeader` |
//! | [`inbox`], [`statistics`] | `natsInbox`, `natsStatistics` |
//! | [`jetstream`], [`kv`], [`obj`], [`micro`] | JetStream, key-value buckets, object stores, services: a folder each |

#![expect(
    non_snake_case,
    non_camel_case_types,
    reason = "the C interface's names"
)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub(crate) mod callback;
pub(crate) mod convert;
mod fork;
pub(crate) mod guard;
pub(crate) mod handle;
pub(crate) mod last_error;
mod msg_list;
mod short_text;

pub mod build_info;
pub mod connection;
pub mod connection_end;
pub mod connection_info;
pub mod dispatch;
pub mod errors;
pub mod event_loop;
pub mod header;
pub mod inbox;
pub mod library;
pub mod log;
pub mod metrics;
pub mod msg;
pub mod msg_header;
pub mod msg_trace;
pub mod next_msgs;
pub mod options;
pub mod publish;
pub mod request;
pub mod request_async;
pub mod request_many;
pub mod servers;
pub mod sign;
pub mod statistics;
pub mod subscribe;
pub mod subscribe_msgs;
pub mod subscription;
pub mod types;

// Behind the rest, as in the header.
pub mod jetstream;
pub mod kv;
pub mod micro;
pub mod obj;
