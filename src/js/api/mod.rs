//! The JSON of the API as Rust types.
//!
//! | file | subject |
//! |---|---|
//! | [`json`] | parsing and encoding, and the treatment of missing, `null` and unknown fields |
//! | [`policy`] | the enumerations of configurations |
//! | [`stream`], [`consumer`] | their configurations |
//! | [`info`] | configuration and state as servers report them |
//! | [`response`] | other answers of servers: accounts, acknowledgements, stored messages |
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
