//! Publishing to streams.
//!
//! | file | subject |
//! |---|---|
//! | [`options`] | the options of a message, as headers |
//! | [`ack`] | reading the answer of a stream |
//! | [`publishing`] | the publishing state of a context |
//! | [`settings`] | how a context publishes |
//! | [`sync_publish`] | publishing, and waiting for the acknowledgement |
//! | [`publisher`] | publishing without waiting for it |
//! | `publisher::outcomes` | the acknowledgements, and the calls of the program's function |
//! | `giving_up` | acknowledgements that do not come: lost connections, time-outs, nobody listening |
//! | `recovery` | sending messages again, on a thread of the library |
//! | `slots` | the table of messages that wait for acknowledgements |
//! | `why` | error texts |
//! | `gate` | their number, and the threads that wait for it |
//! | [`batch`] | atomic batches |
//! | [`fast`] | fast batches |
//! | [`counter`] | counters |

pub mod ack;
pub mod batch;
pub mod counter;
#[cfg(test)]
mod explored;
pub mod fast;
mod gate;
mod giving_up;
pub mod options;
pub mod publisher;
pub mod publishing;
mod recovery;
pub mod settings;
mod slots;
#[cfg(test)]
mod slots_tests;
pub mod sync_publish;
mod why;

pub use ack::Ack;
pub use batch::{Batch, Commit};
pub use counter::add_to_counter;
pub use fast::{FastBatch, FastMsg, FastProgress, FastSettings, Problem, ProblemHandler};
pub use options::{PubOptions, Schedule, expect_last_seq};
pub use publisher::{AckHandler, AsyncPublisher};
pub use publishing::Publishing;
pub use settings::{AsyncSettings, Policy, RESENDS, RETRY_WAIT};
pub use sync_publish::{Answer, publish};

use crate::sync;

/// The waiting primitives of the gate.
mod monitor {
    pub(super) use crate::client::Monitor;
}
