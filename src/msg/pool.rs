//! The blocks that nobody fills: unused ones, and those with living messages in them.
//!
//! A block that is left with messages in it is listed, and its room is reused before new memory is allocated. A block
//! with room behind its last message is *resting*: requests for little room take that room first, so that messages
//! that arrive one by one, on however many connections, are neighbours. All other blocks are *full*, and are searched
//! for dead messages if no block is unused.
//!
//! Unused blocks are kept for reuse as long as there is traffic (`trim`).

use std::mem;
use std::sync::atomic::Ordering;

use super::block::{self, BLOCK_SIZE, BlockPtr, NOWHERE, Run};
use crate::fork::PerProcess;
use crate::locks::Mutex;

/// The number of unused standard blocks that are kept for reuse (8 MiB), and the number without
/// traffic (256 KiB).
const UNUSED_MAX: usize = 512;
const UNUSED_AT_REST: usize = 16;
/// The number of unused large blocks that are kept for reuse, and their total size: a stream of
/// large messages needs no more, and allocating and clearing memory costs as much as receiving into
/// it.
const LARGE_MAX: usize = 32;
const LARGE_BYTES_MAX: usize = 8 << 20;
/// A block of its own that is smaller than this is not kept.
const LARGE_MIN: usize = 4096;

/// The room behind the last message that makes a block a resting one.
const RESTING_ROOM: usize = 2048;
/// The number of resting blocks that are checked.
const RESTING_TRIES: usize = 4;
/// The smallest room in a full block that is used, and the smallest part of it for bytes.
const GAP_MIN: usize = 768;
const GAP_BYTES_MIN: usize = 256;
/// With this much room the search ends.
const GAP_GOOD: usize = BLOCK_SIZE / 4;
/// With fewer full blocks than this, new blocks are allocated: most messages of the full ones are
/// in flight.
const FULL_FEW: usize = 4;
/// The number of full blocks that are checked. After a search in vain, which is the rule while a
/// queue grows, the next searches are skipped: twice as many each time, up to a limit.
const FULL_TRIES: usize = 16;
const SKIP_MAX: u32 = 16;

/// The positions of blocks: the kind of list, and in the lower bits the index in it.
const RESTING: u32 = 0;
const FULL: u32 = 1 << 31;

/// The intended use of shared room.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Small amounts now and then: the rest of blocks that are alive anyway.
    Now,
    /// A stream: whole blocks first.
    Stream,
}

struct Pool {
    unused: Vec<BlockPtr>,
    unused_max: usize,
    /// The smallest number of unused blocks since the last trim, and whether one was taken.
    unused_low: usize,
    taken: bool,
    /// Unused blocks of other sizes, and their total size.
    large: Vec<BlockPtr>,
    large_bytes: usize,
    resting: Vec<BlockPtr>,
    full: Vec<BlockPtr>,
    /// Where the next search in `full` begins, how many searches are skipped, and how many after the next one in
    /// vain.
    cursor: usize,
    skip: u32,
    skip_next: u32,
}

// SAFETY: of a listed block only what its header and cells count is used, under the lock; an unused
// one has no other owner. Their memory may be used from any thread.
unsafe impl Send for Pool {}

static POOL: PerProcess<Mutex<Pool>> = PerProcess::new(Mutex::new(Pool::new()));

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    const fn new() -> Self {
        Pool {
            unused: Vec::new(),
            unused_max: UNUSED_MAX,
            unused_low: 0,
            taken: false,
            large: Vec::new(),
            large_bytes: 0,
            resting: Vec::new(),
            full: Vec::new(),
            cursor: 0,
            skip: 0,
            skip_next: 1,
        }
    }

    /// Keeps an unused block, unless there are enough: then the caller has to free it.
    #[must_use]
    fn keep(&mut self, block: BlockPtr) -> Option<BlockPtr> {
        // SAFETY: it is this pool's now.
        let size = unsafe { block::size_of_block(block) };
        if size == BLOCK_SIZE && self.unused.len() < self.unused_max {
            self.unused.push(block);
        } else if size != BLOCK_SIZE
            && size >= LARGE_MIN
            && self.unused_max == UNUSED_MAX
            && self.large.len() < LARGE_MAX
            && self.large_bytes + size <= LARGE_BYTES_MAX
        {
            self.large.push(block);
            self.large_bytes += size;
        } else {
            return Some(block);
        }
        None
    }

    fn use_begins(&mut self) {
        self.taken = true;
        self.unused_max = UNUSED_MAX;
    }

    fn list_of(&mut self, place: u32) -> &mut Vec<BlockPtr> {
        if place & FULL == FULL {
            &mut self.full
        } else {
            &mut self.resting
        }
    }

    /// Lists a living block.
    fn list(&mut self, block: BlockPtr, kind: u32) {
        let list = self.list_of(kind);
        // SAFETY: the caller's.
        let place = unsafe { &block.as_ref().place };
        place.store(kind | list.len() as u32, Ordering::Relaxed);
        list.push(block);
    }

    /// Removes a block from its list.
    fn unlist(&mut self, block: BlockPtr) {
        // SAFETY: listed blocks are alive, and others come here by who has the last reference.
        let place = unsafe { &block.as_ref().place }.swap(NOWHERE, Ordering::Relaxed);
        if place == NOWHERE {
            return;
        }
        let list = self.list_of(place);
        let index = (place & !FULL) as usize;
        // A block from before a fork may be in a list of the parent.
        if list.get(index) != Some(&block) {
            return;
        }
        list.swap_remove(index);
        if let Some(moved) = list.get(index) {
            // SAFETY: listed blocks are alive.
            unsafe { moved.as_ref() }
                .place
                .store(place, Ordering::Relaxed);
        }
    }

    /// Makes the caller the owner of a listed block.
    fn claim(&mut self, block: BlockPtr) -> bool {
        // SAFETY: listed blocks are alive, and only claimed with the lock held.
        let claimed = unsafe { block::claim_block(block) };
        if claimed {
            self.unlist(block);
        }
        claimed
    }

    /// Room in a resting block. A block that has too little now becomes a full one.
    fn take_resting(&mut self, bytes: usize) -> Option<(BlockPtr, Run)> {
        for _ in 0..RESTING_TRIES {
            let block = *self.resting.last()?;
            // SAFETY: listed blocks are alive, nobody fills them, and the lock is held.
            let run = unsafe { block::widest_run(block, bytes) };
            if let Some(run) = run
                && self.claim(block)
            {
                return Some((block, run));
            }
            self.unlist(block);
            self.list(block, FULL);
        }
        None
    }

    fn take_unused(&mut self) -> Option<(BlockPtr, Run)> {
        let block = self.unused.pop()?;
        self.unused_low = self.unused_low.min(self.unused.len());
        // SAFETY: an unused block has no other owner.
        Some((block, unsafe { block::begin(block) }))
    }

    /// Room of messages that died before others of their block.
    fn take_gap(&mut self, bytes: usize) -> Option<(BlockPtr, Run)> {
        if self.full.len() < FULL_FEW {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        let mut widest: Option<(BlockPtr, Run)> = None;
        for _ in 0..FULL_TRIES {
            self.cursor += 1;
            let block = self.full[self.cursor % self.full.len()];
            // SAFETY: listed blocks are alive, nobody fills them, and the lock is held.
            let run = unsafe { block::widest_run(block, bytes.max(GAP_BYTES_MIN)) };
            let Some(run) = run.filter(|run| run.size() >= GAP_MIN) else {
                continue;
            };
            if widest.is_none_or(|(_, widest)| run.size() > widest.size()) {
                widest = Some((block, run));
            }
            if run.size() >= GAP_GOOD {
                break;
            }
        }
        let found = widest.filter(|(block, _)| self.claim(*block));
        if found.is_some() {
            self.skip_next = 1;
        } else {
            self.skip = self.skip_next;
            self.skip_next = (2 * self.skip_next).min(SKIP_MAX);
        }
        found
    }
}

/// Room for at least `bytes` in a standard block, which the caller then owns. `None` if a new block
/// has to be allocated.
pub(super) fn take_shared(bytes: usize, wanted: Wanted) -> Option<(BlockPtr, Run)> {
    let mut pool = POOL.get().lock();
    pool.use_begins();
    if wanted == Wanted::Now
        && let Some(found) = pool.take_resting(bytes)
    {
        return Some(found);
    }
    if let Some(found) = pool.take_unused() {
        return Some(found);
    }
    match wanted {
        Wanted::Now => pool.take_gap(bytes),
        Wanted::Stream => pool.take_resting(bytes).or_else(|| pool.take_gap(bytes)),
    }
}

/// An unused block of this size, or of up to a quarter more.
pub(super) fn take_large(size: usize) -> Option<BlockPtr> {
    if size < LARGE_MIN {
        return None;
    }
    let mut pool = POOL.get().lock();
    pool.use_begins();
    let fits = |block: &BlockPtr| {
        // SAFETY: the pool owns it.
        (size..=size + size / 4).contains(&unsafe { block::size_of_block(*block) })
    };
    let found = pool.large.iter().rposition(fits)?;
    let block = pool.large.swap_remove(found);
    // SAFETY: the caller owns it.
    pool.large_bytes -= unsafe { block::size_of_block(block) };
    Some(block)
}

/// Takes an unused block back.
///
/// # Safety
/// The caller is the last owner of the block.
pub(super) unsafe fn put_back(block: BlockPtr) {
    let spare = {
        let mut pool = POOL.get().lock();
        pool.unlist(block);
        pool.keep(block)
    };
    if let Some(spare) = spare {
        // SAFETY: the pool owned it alone, and does not keep it.
        unsafe { block::free(spare) }
    }
}

/// Takes a block from the owner that filled it, with this much room behind the last message.
///
/// # Safety
/// The caller owns `mine` references to the block, and gives them up.
pub(super) unsafe fn leave(block: BlockPtr, mine: u32, room: usize) {
    let spare = {
        let mut pool = POOL.get().lock();
        // With the lock held, so that the thread that drops the last reference later finds it
        // listed.
        // SAFETY: the contract.
        if unsafe { block::give_up(block, mine) } {
            pool.keep(block)
        } else {
            let kind = if room >= RESTING_ROOM { RESTING } else { FULL };
            pool.list(block, kind);
            None
        }
    };
    if let Some(spare) = spare {
        // SAFETY: that was the last reference, and the pool does not keep it.
        unsafe { block::free(spare) }
    }
}

/// How much memory messages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The total size of all blocks.
    pub all: usize,
    /// The size of blocks without messages, which are kept for reuse.
    pub unused: usize,
}

/// How much memory messages have.
pub fn usage() -> Usage {
    let pool = POOL.get().lock();
    Usage {
        all: block::allocated(),
        unused: pool.unused.len() * BLOCK_SIZE + pool.large_bytes,
    }
}

/// Are there more blocks than are kept without traffic, so that [`trim`] has to be called later?
#[inline]
pub fn wants_trim() -> bool {
    block::allocated() > UNUSED_AT_REST * BLOCK_SIZE
}

/// Returns unused blocks to the system: those that were not needed since the last call, and nearly all if none was
/// needed. If the result is true, it has to be called again after a while; if false, [`wants_trim`] has to be checked
/// after the next receipt.
pub fn trim() -> bool {
    let (spare, again) = {
        let mut pool = POOL.get().lock();
        let again = mem::take(&mut pool.taken);
        let mut spare = Vec::new();
        if !again {
            pool.unused_max = UNUSED_AT_REST;
            pool.large_bytes = 0;
            spare = mem::take(&mut pool.large);
        }
        // Those at the front have been unused for longest.
        let surplus = pool.unused.len().saturating_sub(UNUSED_AT_REST);
        let n = if again { pool.unused_low } else { surplus };
        spare.extend(pool.unused.drain(..n.min(surplus)));
        pool.unused_low = pool.unused.len();
        (spare, again)
    };
    free_all(spare);
    again
}

/// Returns all unused blocks to the system.
pub(super) fn release_unused() {
    let spare = {
        let mut pool = POOL.get().lock();
        pool.large_bytes = 0;
        pool.unused_low = 0;
        // Blocks that become unused from now on are kept as without traffic.
        pool.unused_max = pool.unused_max.min(UNUSED_AT_REST);
        let mut spare = mem::take(&mut pool.unused);
        spare.append(&mut pool.large);
        // The memory of the lists themselves is released too.
        pool.full.shrink_to_fit();
        pool.resting.shrink_to_fit();
        spare
    };
    free_all(spare);
}

fn free_all(blocks: Vec<BlockPtr>) {
    for block in blocks {
        // SAFETY: the pool owned it alone, and it has left the pool.
        unsafe { block::free(block) }
    }
}
