//! libnats_rs: a NATS client as a C-ABI shared library with a Rust core.
//!
//! This page is the map: the layers, where things live, the way of a message in and out, the order
//! of locks, the threads, and where `unsafe` code is. `docs/architecture.md` tells it as a story. The manual for
//! programs is the comments of `include/nats_rs.h`, which cbindgen makes of the folder `src/ffi`; guides are in `docs`.
//!
//! # Layers
//!
//! Each knows only those above it in this table. Above [`ffi`] nothing has a C shape but the two
//! enums of statuses and the pointers that a message gives away: the rest is a Rust crate that
//! could be used as such.
//!
//! | Layer | What it is | What it is not |
//! |---|---|---|
//! | [`error`], [`secret`], `words`, `random`, `reentrancy`, `sync` | [`error::Error`], and the one map from it to the statuses of C; text that is wiped; how texts show values, errors of the system and lists; random numbers; what a thread is in the middle of, and why nothing that belongs to a thread has a destructor; the locks and atomics of those protocols that tests run in many orders (`explore`) | |
//! | `fork`, `locks` | which process this is, what is shared within one, descriptors that children close; locks that children of `fork` can use | no list of locks for the whole process |
//! | [`proto`] | bytes into values and values into bytes | no sockets, locks or threads |
//! | [`msg`] | the message, and the memory it lives in | knows `proto` only |
//! | [`net`] | the way to one server: URL, list of servers, name, socket, stream | no protocol, no state of a connection |
//! | [`runtime`] | threads: sockets and callbacks, timers; opening and closing the library | does not know NATS |
//! | [`client`] | connections, subscriptions, requests, drain, reconnect | no C |
//! | [`js`] | JetStream, on the public face of `client` | no C |
//! | [`kv`] | key-value buckets, on `js` and that face | no C |
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
//! | [`proto::salvage`] | which of them outlive a lost connection |
//! | [`proto::headers`] | header block and header map |
//! | [`proto::info`], [`proto::connect`], [`proto::server_error`] | the handshake's JSON, the meaning of `-ERR` |
//! | [`proto::subject`], [`proto::nuid`] | which names are legal, unique names |
//! | `msg/block.rs`, `msg/filling.rs`, `msg/pool.rs` | reference-counted blocks of memory; filling one; the blocks that no thread fills |
//! | [`msg::receive`] | reading into blocks, making messages where they landed |
//! | [`msg::message`], [`msg::list`] | a message; a queue of them that allocates nothing |
//! | [`net::url`], [`net::servers`] | a server's URL; the list, its order, and when to pause |
//! | [`net::resolve`](mod@net::resolve), [`net::dial`](mod@net::dial), [`net::stream`] | addresses, a TCP connection, the stream over it |
//! | `net/tls/` | TLS by rustls: configuration, verification, handshake, the session over a stream |
//! | `net/websocket/` | WebSocket: the HTTP handshake, frames, the stream of their payload |
//! | [`net::auth`], [`net::nkey`] | credentials and where they come from; signatures |
//! | [`net::proxy`] | HTTP CONNECT and SOCKS5 |
//! | [`net::cancel`] | ending a wait from another thread |
//! | [`runtime::library`] | open, close, close and wait, for each process |
//! | [`runtime::io`] | sockets by readiness, and requests to flush them |
//! | [`runtime::dispatcher`] | pools of threads that run jobs, which jobs come first, when pools grow, and who watches the sockets; `delivery_threads` is the pool of a fixed size |
//! | [`runtime::events`], [`runtime::timers`] | one thread for connection callbacks, one for what is due later |
//! | [`client::options`], [`client::connection`] | what can be set; the object that the parts are assembled in, with `observe`, `report`, `flush`, `closing`, `dispatch`, and what its session needs of it in `session_host` |
//! | [`client::session`] | the one owner of the state: `connect`, `reconnect`, `loss` (how a server is lost, and why that has an end), `drain`, `closing`, `keepalive`; one attempt on one server: the socket (`dial`), INFO to PONG (`handshake`), TLS or not (`tls`), who the client is (`identity`); what it needs of the connection (`host`) |
//! | `client/callbacks/` | connection callbacks in their order (`events`), and when none follows (`life`); the errors that no call can return (`reports`); callbacks that the program runs itself (`manual`) |
//! | `client/incoming/` | the session's reading side, from the socket to the queues (`link`); threads that read what they wait for (`waiting`), and how long they look for it before they sleep (`sync/adaptive_spin`); programs with a loop of their own, which watches the socket (`event_loop`); memory of messages that goes back when the traffic ends (`unused`); what it needs of the connection (`upstream`, `client/link_host.rs`) |
//! | `client/outgoing/` | the writing side: what publishers append (`publish`, `append`), who writes it (`writer`, `burst`), what of it outlives a server (`attach`, `kept`), what a server takes (`limits`), PINGs and PONGs (`ping`); what it needs of the link (`wire`) |
//! | `client/interest/` | which subscription has which sid (`registry`), and which the server does not take (`refused`); SUB and UNSUB are appended with the registry locked |
//! | [`client::subscription`] | a subscription (`state`), its queue (`queue`), the way of a message through it (`delivery`, `next`, `next_batch`), its ends (`ending`, `drain`); what it needs of the connection (`home`, `client/subscribe.rs`) |
//! | `client/requests/` | which request an answer is for; making one is in `client/request.rs`, `request_then.rs`, `request_callback.rs` and `reply_context.rs` |
//! | [`js::api`] | the JSON of the API as types: one list of fields for each struct, unknown ones kept; error codes |
//! | [`js::needs`] | what servers of a certain version are needed for: an older one would ignore it |
//! | [`js::context`], [`js::manage`] | a context and one call with its options; streams, consumers, single messages, many at once |
//! | [`js::publish`] | publishing to streams: the table of messages that await their acks, who waits for room in it, batches |
//! | [`kv::store`], [`kv::bucket`] | buckets, and the streams that they are |
//! | [`kv::codec`] | keys and values that have another form in the bucket than in the program |
//! | [`kv::write`](mod@kv::write), [`kv::watch`](mod@kv::watch), [`kv::listing`] | changes of keys; watchers, with the word that the initial data are complete in its place (`kv::marker`); lists, which are watches with an end |
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
//! 1. A worker that watches the sockets ([`runtime::Io`]) finds one readable and calls the
//!    connection's `Link`. It sleeps until then, unless an option lets it poll. A thread that waits for an answer does the same for its connection, and
//!    polls before it sleeps if it expects the answer soon.
//! 2. The link reads into the [`msg::Receiver`]'s blocks of 16 KiB: one, or up to eight in one read
//!    while the socket keeps up, or as much as a large frame needs. At rest it has none: the room
//!    beside messages that live is what the next read, of any connection, goes into.
//! 3. [`proto::parser::Parser`] walks the bytes once. The registry's lock is held for the bytes of
//!    one read; it tells the sid's subscription.
//! 4. A message stays where it landed: NULs take the place of the blank behind the subject and of
//!    the line end behind the payload, and a descriptor of 64 bytes goes to the other end of the
//!    block. [`msg::Msg`] is a pointer to it and owns one reference to a *cell* of the block, 1 or 2
//!    KiB of messages side by side: what a cell had is room again when they are gone, whatever else
//!    lives in the block. Bytes are copied only where a frame straddles two blocks, is small amid
//!    large ones, or the program asked for padding.
//! 5. The messages of a few reads are gathered by subscription in [`msg::MsgList`]s and handed over
//!    with one lock and at most one wake for each subscription, when the socket has no more, 256 KiB
//!    are there, or an operation comes that is no message. Answers to requests go straight from
//!    here to the thread that waits.
//! 6. [`client::Subscription`] is a [`runtime::Job`]: the worker that read, or another one of
//!    [`runtime::Dispatcher`], takes the whole queue at once and, with no lock held, gives each
//!    message to the [`client::MsgSink`]. A worker that reads and gets a job stops reading; from then on
//!    another worker watches the socket. A subscription whose callbacks have not been short-running is
//!    queued, and all workers but one may run such ones.
//! 7. The sink of [`ffi::subscribe`] calls the program with the handles that it knows. The
//!    `natsMsg` is the descriptor; `natsMsg_Destroy` drops the reference, and the last one gives
//!    the cell back, and the last cell the block.
//!
//! Without a callback step 6 is [`client::Subscription::next_msg`] on the program's own thread.
//!
//! # The way out: from publish to the socket
//!
//! 1. [`ffi::publish`] borrows the handle, converts pointers and lengths, calls
//!    [`client::Connection::publish`].
//! 2. `publish` checks the subject (no byte that would break the line) and the server's limits.
//! 3. `outgoing` encodes one whole frame into the append buffer; the appender lock is held for the copy.
//! 4. The first publish after a pause is written by its own thread. In a burst the first one asks
//!    a thread that watches the sockets to write, which costs the others nothing. A burst that outruns that
//!    is left to its publishers, and a timer sees to its end (`outgoing/burst.rs`).
//!    [`client::When`] says which calls do not leave it at that: requests and flushes write by
//!    themselves, and so does a publisher that finds 128 KiB in the append buffer, which also waits for the
//!    socket for up to 5 ms.
//! 5. The thread that writes holds the writer lock, swaps the append buffer for the empty write buffer and hands
//!    that to the kernel without blocking, in equal pieces whose size is measured (`outgoing/pieces.rs`), while
//!    publishers go on. Data that the kernel does not accept stays until the socket is writable. Above
//!    256 KiB publishers wait for room, up to the write deadline.
//! 6. A payload of 80 KiB and more goes from the caller's memory, with the head in front of it.
//!
//! Only whole frames are in the buffers. When the connection is lost, [`proto::salvage`] picks out
//! the publishes that were not written completely; they become the head of the pending buffer, which
//! publishers fill up to the reconnect buffer's limit; except what no server accepts
//! (`outgoing/kept.rs`). With the next server go out: the subscriptions as they are by then, what is
//! pending, the PINGs that are waited for; then the callback is posted.
//!
//! # Reconnect
//!
//! [`client::session`] is the only one to change a connection's state. Each attempt makes a new
//! link (stream, parser, receiver), so nothing of an old session reaches a new one; failures of
//! an old link are ignored. One deadline covers name, TCP and handshake. Attempts are steps on
//! dialing threads and pauses on the timer thread: no connection has a thread of its own.
//!
//! # Words
//!
//! | Name | What it means here |
//! |---|---|
//! | session, link, host | the connection's dealings with one server after the other; the reading side of one of them; what a part asks of the connection that it is a part of |
//! | dial, handshake | to get a socket to a server, directly or through a proxy; from its INFO to its PONG |
//! | adaptive spin | to look for an answer again and again before sleeping, where that was of use before |
//! | lifetime guard, release latch | held by what may still call the program; opens when the last one is gone |
//! | reentrancy | what a thread is in the middle of |
//! | external event loop | a loop of the program that watches a connection's socket |
//! | delivery threads | the pool of a fixed size that runs callbacks, as opposed to the one that grows |
//! | appender, append buffer | the side of the outgoing buffer that publishers use, and the bytes they append |
//! | writer, write buffer | the side that writes to the socket, and the bytes being written |
//! | flush, publisher-driven flush | to give the kernel what waits; in a burst, by those who publish |
//! | `flush_requested`, `flush_contended` | a flush has been asked for; a thread has found another one flushing |
//! | take over reading | to read as the thread that waits, in place of those that watch the sockets |
//! | closed to new | a registry that takes no more subscriptions |
//!
//! # Order of locks
//!
//! 1. a link's reader: held by the thread that reads from the socket
//! 2. the connection's registry
//! 3. the requests, or one subscription's queue
//! 4. the writer of the outgoing buffer
//! 5. its appender
//! 6. inside [`runtime`]: what a socket is armed for, the inbox of [`runtime::Io`], a pool's queue; nothing
//!    else is taken under them but, under the first, the list of sources
//!
//! Debug builds check the order of 1 to 5 (`client/sync/ranked.rs`). The connection's `state` comes after the reader and before the two of the outgoing buffer, and
//! is never held together with the registry. No lock is held while the program's code runs, or
//! while something is dropped that may own the last reference to an object.
//!
//! What is sent as state (SUB, UNSUB) is appended with the registry locked, and so is all of it
//! after a reconnect: a thread that subscribes meanwhile does it either before, and is part of it, or
//! after, and sends its SUB itself.
//!
//! # Threads
//!
//! | Name | How many | Runs |
//! |---|---|---|
//! | `nats-timer` | 1 | short actions when they are due |
//! | `nats-events` | 1 | connection callbacks and the error handler, first in, first out |
//! | `nats-worker` | 2 to 5, up to 513 while callbacks block | sockets; message and completion callbacks |
//! | `nats-delivery` | the program sets it | the same, in the pool of a fixed size |
//! | `nats-dial` | 0 to 4, up to 512 while servers let them wait | attempts to reconnect, the program's delay function |
//! | `nats-dns` | 0 to 64 | `getaddrinfo` |
//!
//! The first connect runs on the program's thread. A subscription is in a pool's queue at most
//! once, which is why its callbacks never overlap and keep their order.
//!
//! Everything that may still call the program holds a *lifetime guard* (`client/callbacks/life.rs`): the open
//! connection, each subscription with a callback, each event that waits; and a connection that the
//! program has not destroyed. The end of the last one is the released callback, and what `natsConnection_DestroyAndWait` waits for.
//!
//! # Where `unsafe` is, and why
//!
//! | Where | Why |
//! |---|---|
//! | [`ffi`] | pointers of C; the slots behind handles, whose memory outlives the objects in them |
//! | [`msg`] | messages that share a block with the bytes still being received into it |
//!
//! Nowhere else: [`proto`], [`net`], [`runtime`], [`client`], [`js`], [`kv`], [`obj`] and [`micro`] forbid it. Every block says on its `SAFETY:`
//! line which contract it relies on. Exported functions rely on the text of their own `# Safety`
//! section, everything in `msg` on one rule: what was handed out as a message is never touched
//! again by the receiving side.
//!
//! Handles are pointers to slots of memory that is never given back (`ffi/handle/slot.rs` has the
//! protocol, and the argument for it): a call on a destroyed handle finds it dead, and a callback
//! can use the one it was given to its end. Panics stop at `ffi/guard.rs`, on the way in; the
//! program's functions are called by way of a frame in assembly language that nobody unwinds through
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
pub mod js;
pub mod kv;
mod locks;
pub mod micro;
pub mod msg;
pub mod net;
pub mod obj;
pub mod proto;
mod random;
mod reentrancy;
pub mod runtime;
pub mod secret;
mod sync;
mod words;
