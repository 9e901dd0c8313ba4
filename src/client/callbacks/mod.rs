//! Calling the program: connection callbacks, their order, and when the last of them has returned.
//!
//! [`events`] queues what happens to a connection, [`reports`] the errors that no call can return, and [`manual`] is
//! the queue of a program that runs its callbacks itself.
//!
//! Locks: that of the manual queue, that of the waiting reports, that of the leases. Nothing else is locked under any
//! of them, and none is held while the program's code runs. Any thread may post, with the connection's state locked
//! where the order of events is to be that of the changes.

pub(super) mod events;
pub(super) mod manual;
pub(super) mod reports;
