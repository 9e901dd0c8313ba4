//! The inputs of the machine, and its actions.

/// The messages that a consumer has to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All messages, exactly once and in the order of the stream.
    Ordered,
    /// The messages that it delivers, as often as it delivers them.
    Plain,
}

/// The requested start, which determines where later consumers start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// All messages, or those from a sequence or a time on: until a message has arrived, the same
    /// configuration leads to the same messages.
    Fixed,
    /// New messages, or the last one: a later consumer with the same configuration would miss some.
    Moving,
    /// The last message of each subject.
    LastPerSubject,
}

/// Where a consumer is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As in the program's configuration.
    AsConfigured,
    /// Behind this sequence of the stream.
    Behind(u64),
}

/// The actions for the owner of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Take a new inbox, and abandon the old one and its consumer.
    Rebind {
        /// The epoch of the new inbox.
        epoch: u64,
    },
    /// Create a consumer.
    Create {
        /// The epoch of its inbox.
        epoch: u64,
        /// Where it starts.
        start: Start,
    },
    /// Request the state of the consumer, and pass it to
    /// [`Machine::probed`](super::Machine::probed).
    Probe {
        /// The epoch of the consumer.
        epoch: u64,
    },
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The message is delivered to the program.
    pub deliver: bool,
    /// The initial data are complete behind this message. Set once.
    pub initial_complete: bool,
}

/// The server's description of a consumer that it created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// `delivered.stream_seq`: the sequence before the first one that it will consider.
    pub stream_seq: u64,
    /// `delivered.consumer_seq`: 0, unless it has already delivered something.
    pub consumer_seq: u64,
    /// `num_pending`: the number of messages that it has still to deliver.
    pub pending: u64,
    /// When it was created, by the server's clock, in nanoseconds since 1970.
    pub time: i64,
}

/// What the server said when it was asked about a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    /// `delivered.consumer_seq`: how many messages it has delivered.
    pub consumer_seq: u64,
    /// `delivered.stream_seq`: up to where it has looked at the stream.
    pub stream_seq: u64,
    /// `num_pending`: the number of messages that it has still to deliver.
    pub pending: u64,
    /// The stream's last sequence, as the server said it before. `None` unless
    /// [`Machine::asks_for_end`](super::Machine::asks_for_end).
    pub stream_end: Option<u64>,
}
