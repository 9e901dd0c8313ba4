//! libnats_rs: a NATS client as a C-ABI shared library with a Rust core.
//!
//! This page is the map: the layers, the files, the way of a message in and out, the order of locks, the threads, and
//! where `unsafe` code is. `docs/architecture.md` follows a message file by file. The manual for programs is in the
//! comments of `include/nats_rs.h`, which cbindgen generates from the folder `src/ffi`; guides are in `docs`.
//!
//! # Layers
//!
//! A layer uses only layers above it in this table. Above [`ffi`] nothing has a C type, except the two enums of statuses
//! and the pointers that a message gives away: the rest is a Rust crate of its own.
//!
//! | Layer | What it is | What it is not |
//! |---|---|---|
//! | [`error`], [`secret`], `words`, `random`, `reentrancy`, `sync`, `simd`, `zeroed` | [`error::Error`], and the one map from it to the statuses of C; text that is wiped; how texts show values, errors of the system and lists; random numbers; what a thread is in the middle of, and why nothing that belongs to a thread has a destructor; the locks and atomics of those protocols that tests run in many orders (`explore`) and with weak memory (`reorder`); operations on 16 bytes at once; memory whose large pieces go back to the system | |
//! | [`log`] | what the library says about its work, on its way to the program's handlers and to standard error; secrets are masked | no threads of its own |
//! | [`histogram`] | how often something took how long | |
//! | `fork`, `locks` | which process this is, what is shared within one, descriptors that children close; locks that children of `fork` can use | no list of locks for the whole process |
//! | [`proto`] | bytes into values and values into bytes | no sockets, locks or threads |
//! | [`msg`] | the message, and the memory it lives in | knows `proto` only |
//! | [`net`] | the way to one server: URL, list of servers, name, socket, stream | no protocol, no state of a connection |
//! | [`runtime`] | threads: sockets and callbacks, timers; opening and closing the library | does not know NATS |
//! | [`client`] | connections, subscriptions, requests, drain, reconnect | no C |
//! | [`js`] | JetStream, on the public face of `client` | no C |
//! | [`kv`] | key-value buckets, on `js` and the public face of `client` | no C |
//! | [`obj`] | object stores, on `js` and the public face of `client` | no C |
//! | [`micro`] | services, on the public face of `client` | no C |
//! | [`ffi`] | exported functions, handles, callbacks, last error | decides nothing |
//!
//! # Files
//!
//! | Where | Subject |
//! |---|---|
//! | [`proto::parser`] | operations of the server, resumable at any byte, borrowing |
//! | [`proto::encode`], [`proto::write_buf`] | frames for the server, and the buffer they leave from |
//! | [`proto::salvage`] | which of them are kept when a connection is lost |
//! | [`proto::headers`] | header block and header map |
//! | [`proto::info`], [`proto::connect`], [`proto::server_error`] | the handshake's JSON, the meaning of `-ERR` |
//! | [`proto::redact`] | lines of the protocol into text that shows no secret |
//! | [`proto::subject`], [`proto::nuid`] | valid names; unique names |
//! | `msg/block.rs`, `msg/filling.rs`, `msg/pool.rs` | reference-counted blocks of memory; filling one; the blocks that no thread fills |
//! | [`msg::receive`] | reading into blocks, creating messages in place |
//! | [`msg::message`], `msg/desc.rs`, `msg/create.rs` | a message, its descriptor, its creation |
//! | [`msg::list`], [`msg::owner`] | a queue of messages that allocates nothing; what a message was received through |
//! | [`net::url`], [`net::servers`] | a server's URL; the list of servers, its order and pauses |
//! | [`net::resolve`](mod@net::resolve), [`net::dial`](mod@net::dial), [`net::stream`] | addresses, a TCP connection, the stream over it |
//! | `net/tls/` | TLS by rustls: configuration, verification, handshake, the session over a stream |
//! | `net/websocket/` | WebSocket: the HTTP handshake, frames, the stream of their payload |
//! | [`net::auth`], [`net::nkey`] | credentials and their sources; signatures |
//! | [`net::proxy`] | HTTP CONNECT and SOCKS5 |
//! | [`net::cancel`] | cancelling a wait from another thread |
//! | [`runtime::library`] | open, close, close and wait, for each process |
//! | [`runtime::io`] | sockets driven by readiness, and requests to flush them |
//! | [`runtime::dispatcher`] | pools of threads that run jobs: the order of jobs, the growth of pools, the workers that watch the sockets; `delivery_threads` is the pool of a fixed size |
//! | [`runtime::events`], [`runtime::timers`] | the thread of the connection callbacks; the timer thread |
//! | [`client::options`], [`client::connection`] | the options; the object in which the parts are assembled, with `observe`, `report`, `flush`, `closing`, `dispatch`, and `session_host`, its side of the session |
//! | [`client::session`] | the only owner of the state: `connect`, `reconnect`, `loss` (the loss of a server, and what is repeated after it), `drain`, `closing`, `keepalive`. One attempt to connect: the socket (`dial`), INFO to PONG (`handshake`), TLS (`tls`), credentials (`identity`). `host` declares what the session needs from the connection |
//! | `client/callbacks/` | connection callbacks in their order (`events`), and the time after the last one (`life`); errors that no call can return (`reports`); callbacks that the program runs itself (`manual`) |
//! | `client/incoming/` | the reading side, from the socket to the queues (`link`); threads that read what they wait for (`waiting`), and how long they poll before they sleep (`sync/adaptive_spin`); event loops of the program (`event_loop`); release of memory when traffic ends (`unused`). `upstream` declares what it needs from the connection, which is in `client/link_host.rs` |
//! | `client/outgoing/` | the writing side: appending (`publish`, `append`, `appender`), writing (`writer`, `pieces`, `burst`, `collect`), what is kept when a server is lost (`attach`, `kept`), a server's limits (`limits`), PINGs and PONGs (`ping`). `wire` declares what it needs from the link |
//! | `client/interest/` | the subscriptions by sid (`registry`), and those that the server refuses (`refused`). SUB and UNSUB are appended with the registry locked |
//! | [`client::subscription`] | a subscription (`state`), its queue (`queue`), delivery (`delivery`, `next`, `next_batch`), its end (`ending`, `drain`), the interfaces for layers above (`intake`, `extension`, `endings`, `rebind`). `home` declares what it needs from the connection, which is in `client/subscribe.rs` |
//! | `client/metrics.rs` | what connections have done so far, as values and as OpenMetrics text |
//! | `client/requests/` | the assignment of answers to requests. Requests are made in `client/request.rs`, `request_then.rs`, `request_callback.rs` and `reply_context.rs` |
//! | [`js::api`] | the JSON of the API as types: one list of fields for each struct, unknown ones kept; error codes |
//! | [`js::needs`] | what servers of a certain version are needed for: an older one would ignore it |
//! | [`js::context`], [`js::manage`] | a context and one call with its options; streams, consumers, single messages, many at once |
//! | [`js::publish`] | publishing to streams: the table of messages that await their acks, who waits for room in it, batches |
//! | [`kv::store`], [`kv::bucket`] | buckets, and the streams that they are |
//! | [`kv::codec`] | keys and values that have another form in the bucket than in the program |
//! | [`kv::write`](mod@kv::write), [`kv::watch`](mod@kv::watch), [`kv::listing`] | changes of keys; watchers, with the word that the initial data are complete in its place (`kv::marker`); lists, which are watches with an end (`kv/gather.rs`; `kv/check.rs`: is one of keys complete?) |
//! | [`js::consume`] | push, pull and ordered subscriptions: which consumer, the state machine that creates it again, flow control, acks, metadata |
//! | [`obj::put`], [`obj::get`], [`obj::watch`] | objects that are stored, read, followed; the table in [`obj`] has the rest |
//! | [`micro::service`] | a service: its endpoints, how they end (`micro/stop.rs`), the answers to monitoring (`micro/monitor.rs`) |
//! | `ffi/guard.rs`, `ffi/callback.rs` | the way in and out of each exported function; how the program's are called |
//! | `ffi/handle.rs` | what C's pointers point at, and which process they belong to |
//! | `ffi/fork.rs` | noticing that this is a child |
//! | [`ffi::options`] and its siblings | the exported functions, a file for each C type or subject |
//!
//! # The way in: from the socket to the callback
//!
//! 1. A worker that watches the sockets ([`runtime::Io`]) finds one readable and calls the connection's `Link`. It
//!    sleeps until then, unless an option makes it poll. A thread that waits for an answer does the same for its
//!    connection, and polls before it sleeps if it expects the answer soon.
//! 2. The link reads into the blocks of a [`msg::Receiver`], 16 KiB each: one block, or up to eight in one read while
//!    the socket keeps up, or as much as a large frame needs. An idle connection has no block: the room beside living
//!    messages is used for the next read of any connection.
//! 3. [`proto::parser::Parser`] walks the bytes once. The registry, which has the subscription of each sid, is locked
//!    once for the bytes of one read.
//! 4. A message stays where it arrived: NULs replace the blank behind the subject and the line end behind the payload,
//!    and a descriptor of 64 bytes goes to the other end of the block. [`msg::Msg`] is a pointer to the descriptor and
//!    owns one reference to a *cell* of the block, 1 or 2 KiB of neighbouring messages. The room of a cell is reused
//!    when its messages are gone, whatever else is in the block. Bytes are copied only if a frame straddles two blocks,
//!    is small among large ones, or the program asked for padding.
//! 5. The messages of a few reads are gathered by subscription in [`msg::MsgList`]s. They are handed over with one lock
//!    and at most one wake for each subscription: when the socket has no more, when 256 KiB were read, or before an
//!    operation that is not a message. Answers to requests go directly to the waiting threads.
//! 6. [`client::Subscription`] is a [`runtime::Job`]. The worker that read, or another one of [`runtime::Dispatcher`],
//!    takes the whole queue at once and passes each message to the [`client::MsgSink`], with no lock held. A worker
//!    that has a job stops reading, and another one watches the socket. A subscription whose callbacks have not been
//!    short-running is queued; one worker is reserved for those that have.
//! 7. The sink of [`ffi::subscribe`] calls the program with the handles that it knows. The `natsMsg` is the descriptor.
//!    `natsMsg_Destroy` drops the reference; the last one releases the cell, and the last cell the block.
//!
//! Without a callback, step 6 is [`client::Subscription::next_msg`] on a thread of the program.
//!
//! # The way out: from publish to the socket
//!
//! 1. [`ffi::publish`] borrows the handle, converts pointers and lengths, and calls [`client::Connection::publish`].
//! 2. `publish` checks the subject (no byte that would break the line) and the server's limits.
//! 3. `outgoing` encodes one whole frame into the append buffer; the appender lock is held for the copy.
//! 4. The first publish after a pause is written by its own thread. In a burst, the first publish requests a write from
//!    a thread that watches the sockets, which costs the following ones nothing. A burst that is faster than that
//!    thread is written by its publishers, and a timer ensures that its end is written (`outgoing/burst.rs`).
//!    [`client::When`] names the exceptions: requests and flushes write within the call. So does a publisher that finds
//!    128 KiB in the append buffer, which also waits for the socket for up to 5 ms. Where one read has answers for several
//!    threads, what these send meanwhile is written by the thread that wakes them (`outgoing/collect.rs`).
//! 5. The thread that writes holds the writer lock, swaps the append buffer for the empty write buffer, and hands that
//!    to the kernel without blocking, in pieces whose size is measured (`outgoing/pieces.rs`), while publishers
//!    continue. Bytes that the kernel does not accept stay until the socket is writable. Above 256 KiB publishers wait
//!    for room, up to the write deadline.
//! 6. A payload of 80 KiB or more is written from the caller's memory, behind its head.
//!
//! Only whole frames are in the buffers. When the connection is lost, [`proto::salvage`] selects the publishes that were
//! not written completely. They become the head of the pending buffer, which publishers fill up to the reconnect
//! buffer's limit; publishes that no server accepts are dropped (`outgoing/kept.rs`). The next server is sent the
//! subscriptions as they are then, the pending publishes, and the PINGs that have a waiter. Then the callback is posted.
//!
//! # Reconnect
//!
//! Only [`client::session`] changes the state of a connection. Each attempt makes a new link (stream, parser, receiver),
//! so nothing of an old session affects a new one; failures of an old link are ignored. One deadline covers name
//! resolution, TCP and the handshake. Attempts are steps on dialing threads, and pauses are entries of the timer thread:
//! no connection has a thread of its own.
//!
//! # Words
//!
//! | Name | Meaning |
//! |---|---|
//! | session | the states of a connection, over one server after the other |
//! | link | the reading side of the connection to one server; it has the stream, parser and receiver |
//! | host, home, upstream, wire | traits by which a room declares what it needs from the connection or the link |
//! | dial, handshake | open a socket to a server, directly or through a proxy; the exchange from INFO to PONG |
//! | adaptive spin | polling for an answer before sleeping, if that has helped before |
//! | route | the target of a sid in the registry: a subscription or the requests |
//! | lifetime guard, release latch | held by everything that may still call the program; opens when the last guard is dropped |
//! | reentrancy | the calls that a thread is inside of |
//! | external event loop | a loop of the program that watches a connection's socket |
//! | delivery threads | the pool of fixed size that runs callbacks, as opposed to the pool that grows |
//! | short-running | a job that occupied its worker only briefly the last time |
//! | appender, append buffer | the side of the outgoing buffer that publishers use, and the bytes they append |
//! | writer, write buffer | the side that writes to the socket, and the bytes being written |
//! | flush, publisher-driven flush | hand buffered bytes to the kernel; in a burst, by the publishers themselves |
//! | `flush_requested`, `flush_contended` | a flush was requested; a thread has found another one flushing |
//! | take over reading | read on the waiting thread, instead of one that watches the sockets |
//! | closed to new | a registry that accepts no more subscriptions |
//! | intake, extension, endings | hooks of a subscription for layers above: its messages before the queue, their own state, its end |
//! | codec | the conversion of keys and values between a program and a bucket |
//!
//! # Order of locks
//!
//! 1. the reader of a link: held by the thread that reads from the socket
//! 2. the registry of the connection
//! 3. the waiting requests, or the queue of one subscription
//! 4. the writer of the outgoing buffer
//! 5. its appender
//! 6. the queue of the log
//! 7. those inside [`runtime`]: the interest of a socket, the inbox of [`runtime::Io`], the queue of a pool. Nothing else
//!    is locked under them, except the list of sources under the first
//!
//! Debug builds check the order of 1 to 5 (`client/sync/ranked.rs`). The state of the connection comes after the reader
//! and before the writer, and is never held together with the registry. No lock is held while the program's code runs,
//! or while something is dropped that may own the last reference to an object.
//!
//! SUB and UNSUB are appended with the registry locked, and so is everything that is sent after a reconnect. A thread
//! that subscribes in the meantime does so either before, and is part of it, or after, and sends its SUB itself.
//!
//! # Without locks
//!
//! These rest on the order of atomic operations. Each has its argument in the place named. Shuttle runs the source in
//! many orders of its steps, with memory in one order (`explored.rs` of the folder); loom with weak memory, in small
//! tests (`reordered.rs`); Miri runs unit tests as they are and has loads return old values.
//!
//! | Where | What rests on it | Tried by |
//! |---|---|---|
//! | `ffi/handle/slot.rs` | an object is there as long as a call or callback uses it, and ends then | shuttle, loom |
//! | `js/consume/counts.rs` | an answer to flow control that is due is sent; room in a full queue is noticed | shuttle, loom |
//! | `js/publish/slots.rs`, `gate.rs` | each message published to a stream has one outcome; nobody waits for room that there is | shuttle |
//! | `client/outgoing/mod.rs` | no byte is forgotten when a thread finds the writer lock taken | shuttle |
//! | `runtime/dispatcher/` | no job and no readable socket waits for a thread that sleeps | shuttle |
//! | `msg/owner.rs` | what messages were received through ends after the last use | loom, Miri |
//! | `msg/block.rs`, `cell.rs` | memory of messages is reused after the last use | Miri |
//! | `runtime/io.rs` | no request of a socket is lost | |
//! | `locks.rs` | the locks themselves: the waiters of a condition are counted under its lock; fences for those with a deadline | |
//! | `fork.rs` | state of a process that a child begins anew | |
//! | `client/subscription/delivery.rs` | counts that one thread at a time writes, and the lock of the queue orders | |
//!
//! # Threads
//!
//! | Name | How many | Runs |
//! |---|---|---|
//! | `nats-timer` | 1 | short actions when they are due |
//! | `nats-events` | 1 | connection callbacks and the error handler, first in, first out |
//! | `nats-log` | 1, once there is a log handler | log handlers |
//! | `nats-worker` | 2 to 5, up to 513 while callbacks block | sockets; message and completion callbacks |
//! | `nats-delivery` | the program sets it | the same, in the pool of a fixed size |
//! | `nats-dial` | 0 to 4, up to 512 while servers let them wait | attempts to reconnect, the program's delay function |
//! | `nats-dns` | 0 to 64 | `getaddrinfo` |
//!
//! The first connect runs on the program's thread. A subscription is in a pool's queue at most
//! once, which is why its callbacks never overlap and keep their order.
//!
//! Everything that may still call the program holds a *lifetime guard* (`client/callbacks/life.rs`): the open connection,
//! each subscription with a callback, each queued event, and a connection that the program has not destroyed. The
//! release of the last guard is the released callback, and what `natsConnection_DestroyAndWait` waits for.
//!
//! # Where `unsafe` is, and why
//!
//! | Where | Why |
//! |---|---|
//! | [`ffi`] | pointers of C; the slots behind handles, whose memory outlives the objects in them |
//! | [`msg`] | messages that share a block with the bytes still being received into it |
//! | `zeroed`, `simd` | mapping memory and releasing it; instructions for 16 bytes |
//!
//! Nowhere else: [`proto`], [`net`], [`runtime`], [`client`], [`js`], [`kv`], [`obj`] and [`micro`] forbid it. The
//! `SAFETY:` line of each block names the contract that it relies on. Exported functions rely on the text of their own
//! `# Safety` section; everything in `msg` relies on one rule: the receiving side never touches again what was handed
//! out as a message.
//!
//! Handles are pointers to slots of memory that is never returned (`ffi/handle/slot.rs` has the protocol and its proof):
//! a call on a destroyed handle finds it dead, and a callback can use its handle until it returns. Panics stop at
//! `ffi/guard.rs`. Functions of the program are called through a frame in assembly language that cannot be unwound
//! (`ffi/callback/frame.rs`).
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![expect(
    rustdoc::private_intra_doc_links,
    reason = "the pages of modules are for readers of the source, as `scripts/test.sh` builds them"
)]
#![cfg_attr(
    test,
    expect(clippy::duplicate_mod, reason = "what is explored is compiled twice")
)]

pub mod client;
pub mod error;
#[cfg(test)]
mod explore;
pub mod ffi;
mod fork;
pub mod histogram;
pub mod js;
pub mod kv;
mod locks;
pub mod log;
pub mod micro;
pub mod msg;
pub mod net;
pub mod obj;
pub mod proto;
mod random;
mod reentrancy;
#[cfg(all(test, not(miri)))]
mod reorder;
pub mod runtime;
pub mod secret;
#[cfg(target_arch = "x86_64")]
mod simd;
mod sync;
mod words;
mod zeroed;
