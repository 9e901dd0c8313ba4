//! What the machine is told, and what it says.

/// Which of its messages a consumer has to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All, once each and in the order of the stream.
    Ordered,
    /// Those that it delivers, as often as it does.
    Plain,
}

/// What the program asked for, as far as it decides where later consumers start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// All messages, or those from a sequence or a time on: until a message came, the same
    /// configuration gives the same messages.
    Fixed,
    /// New messages, or the last one: a later consumer with the same configuration would miss some.
    Moving,
    /// The last message of each subject.
    LastPerSubject,
}

/// Where a consumer is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// As the program's configuration says.
    AsConfigured,
    /// Behind this sequence of the stream.
    Behind(u64),
}

/// What the owner of the machine has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Take a new inbox, and leave the old one and its consumer.
    Rebind {
        /// Whose inbox that will be.
        epoch: u64,
    },
    /// Create a consumer.
    Create {
        /// Whose inbox it has.
        epoch: u64,
        /// Where it starts.
        start: Start,
    },
    /// Ask for the state of the consumer, and tell [`Machine::probed`](super::Machine::probed).
    Probe {
        /// Whose consumer that is.
        epoch: u64,
    },
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// It goes to the program.
    pub deliver: bool,
    /// Behind it all initial data have been delivered. Said once.
    pub initial_complete: bool,
}

/// What the server said of a consumer that it created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// `delivered.stream_seq`: the sequence before the first that it will look at.
    pub stream_seq: u64,
    /// `delivered.consumer_seq`: 0, unless it has already delivered something.
    pub consumer_seq: u64,
    /// `num_pending`: how many messages wait for it.
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
    /// `num_pending`: how many messages wait for it.
    pub pending: u64,
    /// The stream's last sequence, as the server said it before. `None` unless
    /// [`Machine::asks_for_end`](super::Machine::asks_for_end).
    pub stream_end: Option<u64>,
}
