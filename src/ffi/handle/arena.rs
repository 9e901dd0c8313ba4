//! The source of slots: memory that is never returned, and reused after a quarantine.

use std::collections::VecDeque;

use crate::locks::Mutex;

/// The number of other slots that are freed before a freed one is reused: a late call on a stale
/// pointer then finds a dead handle and not another object's.
const QUARANTINE: usize = 64;
/// Slots in the first piece of memory; each further piece is twice as large, up to `LARGEST`.
const SMALLEST: usize = 16;
const LARGEST: usize = 1024;

/// The slots of one kind. In a static, which keeps every piece reachable for leak checkers.
pub(crate) struct Arena<H: 'static>(Mutex<Inner<H>>);

struct Inner<H: 'static> {
    /// All memory ever allocated. Only the last piece may have slots that were never used.
    pieces: Vec<&'static [H]>,
    /// How many slots of the last piece have been handed out.
    used: usize,
    /// Freed slots, longest ago first.
    free: VecDeque<&'static H>,
}

impl<H: Sync + 'static> Default for Arena<H> {
    fn default() -> Self {
        Arena::new()
    }
}

impl<H: Sync + 'static> Arena<H> {
    pub(super) const fn new() -> Self {
        Arena(Mutex::new(Inner {
            pieces: Vec::new(),
            used: 0,
            free: VecDeque::new(),
        }))
    }

    /// An unused slot; `make` fills new memory with empty ones.
    pub(super) fn take(&self, make: impl Fn() -> H) -> &'static H {
        let mut inner = self.0.lock();
        if inner.free.len() > QUARANTINE
            && let Some(slot) = inner.free.pop_front()
        {
            return slot;
        }
        let last = inner.pieces.last().map_or(0, |piece| piece.len());
        if inner.used == last {
            let size = (last * 2).clamp(SMALLEST, LARGEST);
            let piece: Vec<H> = (0..size).map(|_| make()).collect();
            inner.pieces.push(piece.leak());
            inner.used = 0;
        }
        inner.used += 1;
        let piece = inner.pieces[inner.pieces.len() - 1];
        &piece[inner.used - 1]
    }

    /// The number of slots in use.
    pub(super) fn in_use(&self) -> usize {
        let inner = self.0.lock();
        let whole = inner.pieces.len().saturating_sub(1);
        let before: usize = inner.pieces[..whole].iter().map(|piece| piece.len()).sum();
        before + inner.used - inner.free.len()
    }

    /// Takes a slot back, for reuse after the quarantine.
    pub(super) fn give_back(&self, slot: &'static H) {
        self.0.lock().free.push_back(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_back_first_in_first_out_and_not_before_the_quarantine() {
        static ARENA: Arena<u32> = Arena::new();
        let first: Vec<_> = (0..QUARANTINE + 2).map(|_| ARENA.take(|| 7)).collect();
        for slot in &first {
            ARENA.give_back(slot);
        }
        let again: Vec<_> = (0..3).map(|_| ARENA.take(|| 7)).collect();
        assert!(std::ptr::eq(again[0], first[0]));
        assert!(std::ptr::eq(again[1], first[1]));
        // 64 are left: the third is new memory.
        assert!(!first.iter().any(|slot| std::ptr::eq(*slot, again[2])));
    }

    #[test]
    fn slots_are_all_different() {
        static ARENA: Arena<u32> = Arena::new();
        let mut slots: Vec<_> = (0..5000)
            .map(|_| std::ptr::from_ref(ARENA.take(|| 0)))
            .collect();
        slots.sort();
        slots.dedup();
        assert_eq!(slots.len(), 5000);
    }
}
