//! How many messages of a push subscription the program has received, and what becomes due with one of them.
//!
//! Two things become due: the answer to a flow control request, when all messages that arrived before the request have
//! been received, and another attempt of an ordered consumer whose queue was full, when half of it is free. Both are
//! decided under the lock of the subscription's state. The counters here say when it is worth taking that lock, which
//! the path of a message otherwise does not.
//!
//! # The protocol
//!
//! The thread that *reads* holds the state's lock for all that it does here. The thread that *delivers* counts each
//! message with a load and a store, no locked operation, and adds a fence once for each round
//! ([`Counts::round_over`]). Rounds of a subscription are on one thread at a time, and the lock of its queue orders
//! one behind the other: the load of [`Counts::count`] reads what the store before it has written, whichever thread
//! that was on.
//!
//! *An answer that is pending is sent at the latest when the round is over in which the last message was received that
//! it waits for.* The reader stores `answer_after` (A), passes a fence, and reads `taken` (B); if that is sufficient it
//! answers at once. The delivering thread stores `taken` (C), passes its fence at the end of the round, and reads
//! `answer_after` (D). Fences that are sequentially consistent have one order. If the reader's is first, D sees A, and
//! the delivering thread answers, or finds under the lock that this was done. If the other one is first, B sees C,
//! and the reader answers. Without one of the fences B and D may both read the old values, since a processor may
//! perform a load before an earlier store to another place: then nobody answers, and the server sends nothing until
//! its next heartbeat.
//!
//! The same two fences are what the second thing rests on, with `full` in the place of `answer_after`: the reader
//! stores `full` and looks at the queue once more afterwards ([`Counts::wait_for_room`]), the delivering thread counts
//! a message as taken from the queue and reads `full` when the round is over.
//!
//! Within a round the checks of [`Counts::count`] may miss what has just been stored. They only have answers leave
//! before a long round is over.
//!
//! A program that takes the messages itself may do so on several threads, which count with one operation each
//! ([`Counts::count_shared`]). That operation and the load behind it are sequentially consistent, so they and the
//! fence of the reader have one order, and the argument is the same. A message leaves the queue under the queue's lock
//! there, as does the reader's look at it, which orders `full`.
//!
//! Tests run this module's source between models of the reader and of the others: with weak memory, where each of the
//! two fences is left out in turn to see that the tests notice (`reordered.rs`), and in many orders of the steps
//! (`explored.rs`).

use super::flow::FlowControl;
use super::flow_ack::Floor;
use super::sync::{Acquire, AtomicBool, AtomicU64, Relaxed, Release, SeqCst, fence};

/// See the [module](self).
pub(super) struct Counts {
    /// Messages that the program has received.
    taken: AtomicU64,
    /// The number of passed messages that the queue dropped.
    dropped: AtomicU64,
    /// An answer to flow control is due when this number of messages was taken or dropped.
    answer_after: AtomicU64,
    /// The machine waits for room in the queue.
    full: AtomicBool,
}

/// What to look at, now that another message was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// The answer to flow control may be due: see [`Counts::due`].
    pub(super) answer: bool,
    /// The queue was full, and may have room.
    pub(super) room: bool,
}

impl Due {
    #[inline]
    pub(super) fn is_any(self) -> bool {
        self.answer || self.room
    }
}

impl Counts {
    pub(super) fn new() -> Self {
        Counts {
            taken: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            answer_after: AtomicU64::new(u64::MAX),
            full: AtomicBool::new(false),
        }
    }

    /// The number of messages that the program has received.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Acquire)
    }

    // On the thread that delivers.

    /// Counts a message, on the only thread that delivers messages of the subscription.
    #[inline]
    pub(super) fn count(&self) -> Due {
        let taken = self.taken.load(Relaxed) + 1;
        self.taken.store(taken, Release);
        self.look(taken)
    }

    /// The messages of a round have been delivered, and counted as taken from the queue.
    #[inline]
    pub(super) fn round_over(&self) -> Due {
        fence(SeqCst);
        self.look(self.taken.load(Relaxed))
    }

    /// Counts a message, on any thread of the program, which has taken it from the queue with the queue's lock held.
    pub(super) fn count_shared(&self) -> Due {
        let taken = self.taken.fetch_add(1, SeqCst) + 1;
        let after = self.answer_after.load(SeqCst);
        Due {
            answer: taken + self.dropped.load(Relaxed) >= after,
            room: self.full.load(Relaxed),
        }
    }

    #[inline]
    fn look(&self, taken: u64) -> Due {
        Due {
            answer: taken + self.dropped.load(Relaxed) >= self.answer_after.load(Relaxed),
            room: self.full.load(Relaxed),
        }
    }

    fn dealt_with(&self) -> u64 {
        self.taken.load(Relaxed) + self.dropped.load(Relaxed)
    }

    // With the lock of the subscription's state held.

    /// The queue has dropped this many messages so far. An answer may be due then.
    pub(super) fn set_dropped(&self, dropped: u64) {
        self.dropped.store(dropped, Relaxed);
    }

    /// The server waits for an answer, which is due when `received` messages were taken or dropped. True if that is at
    /// once. The answer replaces a pending one.
    pub(super) fn asked(
        &self,
        flow: &mut FlowControl,
        reply: &[u8],
        floor: Option<Floor>,
        received: u64,
    ) -> bool {
        self.answer_after.store(received, Relaxed);
        // Either this thread sees what has been taken, or the one that delivers sees that an answer is due.
        fence(SeqCst);
        let at_once = flow.asked(reply, floor, received, self.dealt_with());
        self.answer_after.store(flow.due_after(), Relaxed);
        at_once
    }

    /// The subject of the answer and what it acknowledges, if one is due: the caller sends it.
    pub(super) fn due(&self, flow: &mut FlowControl) -> Option<(Box<[u8]>, Option<Floor>)> {
        let due = flow.due(self.dealt_with());
        if due.is_some() {
            self.answer_after.store(u64::MAX, Relaxed);
        }
        due
    }

    /// The consumer that asked does not exist any more.
    pub(super) fn forget(&self, flow: &mut FlowControl) {
        flow.forget();
        self.answer_after.store(u64::MAX, Relaxed);
    }

    /// The machine waits for room in the queue. The caller then has to look at the queue once more: if it has been
    /// emptied in the meantime, nobody else notices.
    pub(super) fn wait_for_room(&self) {
        self.full.store(true, Relaxed);
        fence(SeqCst);
    }

    /// The machine does not wait for room any more.
    pub(super) fn has_room(&self) {
        self.full.store(false, Relaxed);
    }
}
