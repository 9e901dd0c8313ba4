//! The enumerations of configurations.
//!
//! An unknown value, from a newer server, is kept: it can be shown, and an update sends it back.

use serde_json::Value;

use super::json::{Json, Mismatch};

/// Defines an enum with the texts of its values. The first one is the default.
macro_rules! policy {
    (
        $(#[$doc:meta])*
        $name:ident { $(#[$first_doc:meta])* $first:ident = $first_word:literal,
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $($(#[$variant_doc])* $variant,)*
            /// An unknown value, by its text.
            Unknown(String),
        }

        impl $name {
            /// The text on the wire.
            pub fn word(&self) -> &str {
                match self {
                    $name::$first => $first_word,
                    $($name::$variant => $word,)*
                    $name::Unknown(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $first_word => $name::$first,
                    $($word => $name::$variant,)*
                    _ => $name::Unknown(word),
                }
            }
        }

        impl Json for $name {
            fn empty() -> Self {
                Self::default()
            }

            fn read(value: Value) -> Result<Self, Mismatch> {
                String::read(value).map(Self::from)
            }

            fn write(&self) -> Value {
                Value::String(self.word().to_owned())
            }

            fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

policy! {
    /// When a stream removes messages.
    Retention {
        /// When a limit is reached.
        Limits = "limits",
        /// When all consumers have acknowledged them.
        Interest = "interest",
        /// When one consumer has acknowledged them.
        WorkQueue = "workqueue",
    }
}

policy! {
    /// Which messages a full stream drops.
    Discard {
        /// The oldest messages.
        Old = "old",
        /// New messages are refused.
        New = "new",
    }
}

policy! {
    /// Where messages are stored.
    Storage {
        /// In files.
        File = "file",
        /// In memory.
        Memory = "memory",
    }
}

policy! {
    /// How stored messages are compressed.
    Compression {
        /// Not at all.
        None = "none",
        /// By S2.
        S2 = "s2",
    }
}

policy! {
    /// When a stored message is acknowledged.
    PersistMode {
        /// After it was written.
        Default = "default",
        /// Before: faster, and messages can be lost.
        Async = "async",
    }
}

policy! {
    /// Which message a consumer starts with.
    DeliverPolicy {
        /// The first one of the stream.
        All = "all",
        /// The last one.
        Last = "last",
        /// The next one that is stored.
        New = "new",
        /// The one with a sequence, or the first one behind it.
        ByStartSequence = "by_start_sequence",
        /// The first one stored at a time or later.
        ByStartTime = "by_start_time",
        /// The last one of each subject.
        LastPerSubject = "last_per_subject",
    }
}

policy! {
    /// What counts as an acknowledgement.
    AckPolicy {
        /// Each message has to be acknowledged.
        Explicit = "explicit",
        /// No message has to be acknowledged.
        None = "none",
        /// An acknowledgement covers all messages before it.
        All = "all",
        /// The answer to a flow control message covers all messages before it (ADR-60).
        FlowControl = "flow_control",
    }
}

policy! {
    /// How fast stored messages are delivered.
    ReplayPolicy {
        /// As fast as they are taken.
        Instant = "instant",
        /// At the pace at which they were stored.
        Original = "original",
    }
}
