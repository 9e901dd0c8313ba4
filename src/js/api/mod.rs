//! What the API's JSON says, as Rust types.
//!
//! | file | subject |
//! |---|---|
//! | [`json`] | reading and writing, and what is done about fields that are missing, `null` or unknown |
//! | [`policy`] | the words that configurations choose from |
//! | [`stream`], [`consumer`] | their configurations |
//! | [`info`] | their configuration and state as servers tell it |
//! | [`response`] | what else servers answer: accounts, acknowledgements, stored messages |
//! | [`error_code`] | the numbers of the API's errors |

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod consumer;
pub mod error_code;
pub mod info;
pub mod json;
pub mod policy;
pub mod response;
pub mod stream;

pub use consumer::ConsumerConfig;
pub use error_code::ErrCode;
pub use info::{
    ApiError, ClusterInfo, ConsumerInfo, LostData, PeerInfo, PriorityGroupState, SequenceInfo,
    SourceInfo, StreamAlternate, StreamInfo, StreamState,
};
pub use json::{Json, Metadata, Rest};
pub use policy::{
    AckPolicy, Compression, DeliverPolicy, Discard, PersistMode, ReplayPolicy, Retention, Storage,
};
pub use response::{
    AccountInfo, AccountLimits, ApiStats, ConsumerPause, ConsumerReset, Done, PubAck, StoredMsg,
    Tier,
};
pub use stream::{
    ConsumerLimits, External, Placement, Republish, SourceConsumer, StreamConfig, StreamSource,
    SubjectTransform,
};
