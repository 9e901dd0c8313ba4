//! Bursts: when publishers fill the buffer faster than a watcher of the sockets empties it, they write it themselves.
//!
//! Each of them then writes what it has filled on its own processor, where the bytes are in the cache already; a
//! watcher would fetch every line of it from there, and every line that it has read would have to be fetched back to be
//! filled again. For messages of 16 bytes that was nearly half of their cost. For larger ones it spares two wakes for each
//! full buffer: that of the watcher, and that of the publisher that sleeps until there is room.
//!
//! What the last publisher of a burst leaves, less than it takes to be written by whoever appends, nobody is asked to
//! write. So as long as a burst lasts somebody has a look at it, again and again, and ends it when little has left in
//! between.

use std::sync::Arc;
use std::time::Duration;

use super::front::Front;
use super::{Outbound, Wire};

/// So much, appended during a single write of a watcher, is a burst; and it is over when less than that has left between
/// two looks.
const FAST: usize = 8 * 1024;

/// The time from one look to the next, and so about the longest that the end of a burst waits.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

impl<W: Wire> Outbound<W> {
    /// A watcher has written once, and found this in the front afterwards: is it a burst? Then it is left to the
    /// publishers.
    pub(super) fn begins_burst(&self, front: &mut Front<W>, link: &Arc<W>) -> bool {
        if front.buf.len() < FAST || link.is_loop_driven() {
            return false;
        }
        front.flush_requested = true;
        if !std::mem::replace(&mut front.in_burst, true) {
            self.recheck_later(link, front.swapped);
        }
        true
    }

    fn recheck_later(&self, link: &Arc<W>, swapped: u64) {
        let looked_at = link.clone();
        let look = move || looked_at.outbound().recheck(&looked_at, swapped);
        link.run_later(LOOK_AGAIN, Box::new(look));
    }

    fn recheck(&self, link: &Arc<W>, swapped: u64) {
        let mut front = self.front.lock();
        // With the next server there is a new beginning.
        if !front.is_live(link) {
            return;
        }
        if front.swapped - swapped >= FAST as u64 {
            return self.recheck_later(link, front.swapped);
        }
        front.in_burst = false;
        front.flush_requested = false;
        if !front.buf.is_empty() {
            front.ask();
        }
    }
}
