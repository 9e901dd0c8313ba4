//! Bursts: when publishers fill the buffer faster than a watcher of the sockets empties it, they write it themselves.
//!
//! Each of them then writes what it has appended on its own processor, where the bytes are in the cache. A watcher
//! would have to fetch each cache line from there, and each line would have to be fetched back to be filled again; for
//! messages of 16 bytes that was nearly half of their cost. For larger ones it saves two wakes for each full buffer:
//! that of the watcher, and that of the publisher that sleeps until there is room.
//!
//! What remains at the end of a burst is less than the amount at which a publisher writes, so nobody is asked to write
//! it. For that reason a timer checks the buffer as long as a burst lasts, and ends the burst when little was written
//! since the last check.

use std::sync::Arc;
use std::time::Duration;

use super::appender::Appender;
use super::{Outbound, Wire};

/// The number of bytes that, appended during a single write of a watcher, make a burst. The burst is over when fewer
/// are written between two checks.
const FAST: usize = 8 * 1024;

/// The time between two checks, and so about the longest time that the end of a burst waits.
const LOOK_AGAIN: Duration = Duration::from_micros(100);

impl<W: Wire> Outbound<W> {
    /// Called when a watcher has written once and found this number of bytes in the append buffer afterwards. If that is a
    /// burst, writing is left to the publishers.
    pub(super) fn begins_burst(&self, appender: &mut Appender<W>, link: &Arc<W>) -> bool {
        if appender.buf.len() < FAST || link.is_loop_driven() {
            return false;
        }
        appender.flush_requested = true;
        if !std::mem::replace(&mut appender.in_burst, true) {
            self.recheck_later(link, appender.swapped);
        }
        true
    }

    fn recheck_later(&self, link: &Arc<W>, swapped: u64) {
        let looked_at = link.clone();
        let look = move || looked_at.outbound().recheck(&looked_at, swapped);
        link.run_later(LOOK_AGAIN, Box::new(look));
    }

    fn recheck(&self, link: &Arc<W>, swapped: u64) {
        let mut appender = self.appender.lock();
        // The next server begins without a burst.
        if !appender.is_live(link) {
            return;
        }
        if appender.swapped - swapped >= FAST as u64 {
            return self.recheck_later(link, appender.swapped);
        }
        appender.in_burst = false;
        appender.flush_requested = false;
        if !appender.buf.is_empty() {
            appender.ask();
        }
    }
}
