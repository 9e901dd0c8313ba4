//! Which consumers deliver to push subscriptions of this connection.
//!
//! A consumer without a deliver group has one subscription. The server knows it when it has noticed the subscription,
//! which may be after it has answered the request for the consumer that another call sends right behind it; the
//! connection knows it at once.

use std::sync::{Arc, Weak};

use super::push::Push;
use crate::client::Connection;
use crate::error::Result;
use crate::js::consume::validate::already_bound;
use crate::locks::Mutex;

/// The push subscriptions of a connection that share their consumer with none, in the order in which they were made.
#[derive(Default)]
pub(super) struct Bound(Mutex<Vec<Weak<Push>>>);

impl Bound {
    pub(super) fn of(conn: &Connection) -> Arc<Bound> {
        conn.extension(Bound::default)
    }

    /// Adds a subscription whose consumer it has created.
    pub(super) fn add(&self, push: &Arc<Push>) {
        let mut all = self.0.lock();
        if all.len() == all.capacity() {
            all.retain(|one| one.strong_count() > 0);
        }
        all.push(Arc::downgrade(push));
    }

    /// Adds a subscription to a consumer that delivers to this subject. Fails if an earlier one receives on it.
    pub(super) fn claim(&self, push: &Arc<Push>, deliver: &str) -> Result<()> {
        // It is looked at only while it is in the list, and has the subject by then: of two, one is the earlier one.
        self.remove(push);
        push.state.lock().deliver = deliver.to_owned();
        let mut all = self.0.lock();
        all.retain(|one| one.strong_count() > 0);
        let earlier = all.clone();
        all.push(Arc::downgrade(push));
        drop(all);
        let mut earlier = earlier.iter().filter_map(Weak::upgrade);
        if !earlier.any(|one| one.receives_on(deliver)) {
            return Ok(());
        }
        self.remove(push);
        Err(already_bound())
    }

    fn remove(&self, push: &Arc<Push>) {
        let push = Arc::as_ptr(push);
        self.0.lock().retain(|one| one.as_ptr() != push);
    }
}
