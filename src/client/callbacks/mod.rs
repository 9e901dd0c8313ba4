//! Calling the program: connection callbacks, their order, and when the last of them has returned.
//!
//! [`life`] knows when no callback follows and which a thread is in, [`events`] has what happens to a connection run in
//! its order, [`reports`] keeps the errors that no call can return, and [`manual`] is
//! the queue of a program that runs its callbacks itself.
//!
//! Locks: that of the manual queue, that of the waiting reports, that of the lifetime guards. Nothing else is locked under any
//! of them, and none is held while the program's code runs. Any thread may post, with the connection's state locked
//! where the order of events is to be that of the changes.

pub(super) mod events;
pub(super) mod life;
pub(super) mod manual;
pub(super) mod reports;
