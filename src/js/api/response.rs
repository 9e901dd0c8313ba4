//! Answers of servers that concern neither a stream nor a consumer.

use std::collections::BTreeMap;

use super::info::ConsumerInfo;
use super::json::{Fields, Json, Mismatch, object, take};
use crate::js::time::Time;

/// The usage of JetStream by an account, and its limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountInfo {
    /// Bytes in memory.
    pub memory: u64,
    /// Bytes on disk.
    pub store: u64,
    /// Bytes in memory that streams have reserved.
    pub reserved_memory: u64,
    /// Bytes on disk that streams have reserved.
    pub reserved_store: u64,
    /// The number of streams.
    pub streams: i64,
    /// The number of consumers.
    pub consumers: i64,
    /// The JetStream domain.
    pub domain: String,
    /// The usage of the API.
    pub api: ApiStats,
    /// The limits of the account.
    pub limits: AccountLimits,
    /// The usage by tier, if the account has tiers.
    pub tiers: BTreeMap<String, Tier>,
}

object!(AccountInfo {
    memory "memory",
    store "storage",
    reserved_memory "reserved_memory",
    reserved_store "reserved_storage",
    streams "streams",
    consumers "consumers",
    domain "domain",
    api "api",
    limits "limits",
    tiers "tiers",
});

/// The usage of the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApiStats {
    /// The level of the server's API (ADR-44); 0 before 2.11.
    pub level: i64,
    /// The number of requests.
    pub total: u64,
    /// The number of failed requests.
    pub errors: u64,
    /// The number of requests in progress.
    pub inflight: u64,
}

object!(ApiStats {
    level "level",
    total "total",
    errors "errors",
    inflight "inflight",
});

/// The limits of an account; -1 for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountLimits {
    /// Bytes in memory.
    pub max_memory: i64,
    /// Bytes on disk.
    pub max_store: i64,
    /// Streams.
    pub max_streams: i64,
    /// Consumers.
    pub max_consumers: i64,
    /// Messages of one consumer without an acknowledgement.
    pub max_ack_pending: i64,
    /// Bytes of one stream in memory.
    pub memory_max_stream_bytes: i64,
    /// Bytes of one stream on disk.
    pub store_max_stream_bytes: i64,
    /// Streams must have a maximum size in bytes.
    pub max_bytes_required: bool,
}

object!(AccountLimits {
    max_memory "max_memory",
    max_store "max_storage",
    max_streams "max_streams",
    max_consumers "max_consumers",
    max_ack_pending "max_ack_pending",
    memory_max_stream_bytes "memory_max_stream_bytes",
    store_max_stream_bytes "storage_max_stream_bytes",
    max_bytes_required "max_bytes_required",
});

/// The usage of a tier by an account, and its limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tier {
    /// Bytes in memory.
    pub memory: u64,
    /// Bytes on disk.
    pub store: u64,
    /// Bytes in memory that streams have reserved.
    pub reserved_memory: u64,
    /// Bytes on disk that streams have reserved.
    pub reserved_store: u64,
    /// The number of streams.
    pub streams: i64,
    /// The number of consumers.
    pub consumers: i64,
    /// The limits of the account.
    pub limits: AccountLimits,
}

object!(Tier {
    memory "memory",
    store "storage",
    reserved_memory "reserved_memory",
    reserved_store "reserved_storage",
    streams "streams",
    consumers "consumers",
    limits "limits",
});

/// The acknowledgement of a message that was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PubAck {
    /// The stream that stored it.
    pub stream: String,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// The JetStream domain.
    pub domain: String,
    /// A message with the same id had been stored before.
    pub duplicate: bool,
    /// The id of the batch that this message ends.
    pub batch: String,
    /// The number of messages of that batch.
    pub count: u64,
    /// The value of the counter after it (ADR-49).
    pub value: String,
}

object!(PubAck {
    stream "stream",
    sequence "seq",
    domain "domain",
    duplicate "duplicate",
    batch "batch",
    count "count",
    value "val",
});

/// A message that was read from a stream through the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredMsg {
    /// Its subject.
    pub subject: String,
    /// Its sequence.
    pub sequence: u64,
    /// Its headers, as a block.
    pub headers: Base64,
    /// Its payload.
    pub data: Base64,
    /// The time at which it was stored.
    pub time: Time,
}

object!(StoredMsg {
    subject "subject",
    sequence "seq",
    headers "hdrs",
    data "data",
    time "time",
});

/// Bytes that are base64 in the JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl Json for Base64 {
    fn empty() -> Self {
        Base64(Vec::new())
    }

    fn read(value: serde_json::Value) -> Result<Self, Mismatch> {
        let text = String::read(value)?;
        let bytes = data_encoding::BASE64.decode(text.as_bytes());
        bytes
            .map(Base64)
            .map_err(|e| Mismatch::new(format!("not base64: {e}")))
    }

    fn write(&self) -> serde_json::Value {
        data_encoding::BASE64.encode(&self.0).into()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The outcome of an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// It succeeded.
    pub success: bool,
    /// The number of purged messages.
    pub purged: u64,
}

object!(Done {
    success "success",
    purged "purged",
});

/// The pause of a consumer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConsumerPause {
    /// It is paused.
    pub paused: bool,
    /// The end of the pause.
    pub pause_until: Time,
    /// The remaining time, in nanoseconds.
    pub pause_remaining: i64,
}

object!(ConsumerPause {
    paused "paused",
    pause_until "pause_until",
    pause_remaining "pause_remaining",
});

/// A consumer after a reset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConsumerReset {
    /// The consumer.
    pub consumer: ConsumerInfo,
    /// The first sequence.
    pub reset_seq: u64,
}

impl Json for ConsumerReset {
    fn empty() -> Self {
        Self::default()
    }

    fn read(value: serde_json::Value) -> Result<Self, Mismatch> {
        let mut fields: Fields = super::json::fields(value)?;
        let reset_seq = take(&mut fields, "reset_seq")?;
        let consumer = ConsumerInfo::read(fields.into())?;
        Ok(ConsumerReset {
            consumer,
            reset_seq,
        })
    }

    fn write(&self) -> serde_json::Value {
        let mut value = self.consumer.write();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("reset_seq".to_owned(), self.reset_seq.into());
        }
        value
    }

    fn is_empty(&self) -> bool {
        false
    }
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
