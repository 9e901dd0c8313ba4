//! JetStream for C: contexts, streams, consumers, publishing and subscribing to streams.
//!
//! | Module | Holds |
//! |---|---|
//! | [`context`] | `jsCtx` |
//! | [`options`] | `jsOptions` |
//! | [`err_code`], [`enums`] | `jsErrCode`, the choices in configurations |
//! | [`stream_config`], [`stream_info`] | what a stream is to be; what it is and has |
//! | [`consumer_config`], [`consumer_info`] | the same for consumers |
//! | [`account`] | `jsAccountInfo` |
//! | [`advisory`] | what servers publish when something happens to streams and consumers |
//! | [`ack`] | acknowledging messages, and their metadata |
//! | [`streams`], [`stream_additions`], [`stream_extra`] | managing streams |
//! | [`leaders`] | which server leads |
//! | [`consumers`], [`consumer_control`], [`consumer_additions`] | managing consumers |
//! | [`lists`], [`list_additions`] | lists of streams and consumers; what the account uses |
//! | [`messages`], [`direct_batch`], [`counters`] | messages of streams: one, many, counters |
//! | [`publish`], [`publish_async`], [`publish_batch`] | publishing: waiting for each ack, not waiting, atomic batches |
//! | [`publish_fast`], [`publish_fast_types`] | fast batches, and what goes with them |
//! | [`publish_more`] | additions to publishing |
//! | [`subscribe`], [`pull`], [`pull_multi`], [`fetch`], [`subscription_info`] | push and pull subscriptions, fetching, what their consumer is like |
//! | [`publish_types`], [`subscribe_types`], [`direct_get`] | options and results of the functions on messages |
//! | `call` | options of single calls, numbers of servers' errors |
//! | `push_sink`, `pull_sink` | how subscriptions call the program |
//! | `plain`, `given` | structures that the program fills |
//! | `memory` | structures that the library hands out, and their end |
//! | `beyond`, [`answers`] | what answers had that C's structures have no place for, and the functions that tell it |
//! | `kept` | what configurations have that C's structures have no place for |
//! | `layout` | where the fields of structures are |

mod beyond;
pub(in crate::ffi) mod call;
pub(in crate::ffi) mod given;
mod kept;
pub(in crate::ffi) mod layout;
pub(in crate::ffi) mod memory;
pub(in crate::ffi) mod plain;
mod pull_sink;
mod push_sink;

pub mod account;
pub mod ack;
pub mod advisory;
pub mod answers;
pub mod consumer_additions;
pub mod consumer_config;
pub mod consumer_control;
pub mod consumer_info;
pub mod consumers;
pub mod context;
pub mod counters;
pub mod direct_batch;
pub mod direct_get;
pub mod enums;
pub mod err_code;
pub mod fetch;
pub mod leaders;
pub mod list_additions;
pub mod lists;
pub mod messages;
pub mod options;
pub mod publish;
pub mod publish_async;
pub mod publish_batch;
pub mod publish_fast;
pub mod publish_fast_types;
pub mod publish_more;
pub mod publish_types;
pub mod pull;
pub mod pull_multi;
pub mod stream_additions;
pub mod stream_config;
pub mod stream_extra;
pub mod stream_info;
pub mod streams;
pub mod subscribe;
pub mod subscribe_types;
pub mod subscription_info;
