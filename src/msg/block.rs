//! Reference-counted memory for messages.
//!
//! A block is one allocation: a header, bytes growing upwards, descriptors growing downwards. The messages of a block
//! are counted in *cells* of about 2 KiB: neighbouring messages, their descriptors, and one counter, which is among
//! the descriptors. A cell whose messages are all gone can be reused although other cells of its block are alive, so
//! a small message keeps no more than its cell. The header counts cells, so a block without any goes back to the pool
//! as a whole.
//!
//! Cells are linked in the order of their bytes, which is the reverse order of their descriptors. The space between
//! two living cells is a [`Run`]: room for bytes and room for descriptors. The thread that fills a block owns it,
//! fills one run of it, and is the only one that touches the links.
//!
//! This file has the layout and the counters. `filling.rs` creates messages in a block, `release.rs` drops their
//! references, and `pool.rs` keeps the blocks that no thread fills.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use crate::zeroed;

/// Size of a standard block, header and descriptors included.
pub(super) const BLOCK_SIZE: usize = 16 * 1024;
/// Where the bytes of a block begin.
pub(super) const DATA_START: usize = size_of::<Header>();
/// Size of a descriptor; blocks are aligned to it, so descriptors have a cache line of their own.
pub(super) const DESC_SIZE: usize = 64;
/// The most that the next message takes in addition to its bytes: a descriptor, and a cell's
/// counter.
pub(super) const NEXT_SIZE: usize = 2 * DESC_SIZE;
/// References that an owner takes at once, so that it creates messages, and cells, without an
/// atomic operation for each.
pub(super) const CREDIT: u32 = 1 << 30;
/// The position of a block that is in no list of the pool.
pub(super) const NOWHERE: u32 = u32::MAX;

const _: () = assert!(
    size_of::<Header>() == 64
        && size_of::<Cell>() == DESC_SIZE
        && align_of::<Header>() == DESC_SIZE
);

/// How many bytes all blocks are, used or not.
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

#[repr(C, align(64))]
pub(super) struct Header {
    /// The number of living cells, plus the credit of the owner that fills the block.
    live: AtomicU32,
    /// Its position in the lists of the pool; protected by the pool's lock.
    pub(super) place: AtomicU32,
    size: usize,
    /// The first cell. Dead cells stay in the chain until their run is filled again.
    first: AtomicPtr<Cell>,
}

/// A pointer to a block that is kept alive by a cell or an owner.
pub(super) type BlockPtr = NonNull<Header>;

/// The counter of some neighbouring messages. Only `refs` is shared; the links and bounds belong to
/// the owner that fills the block, and are atomic because the pool reads them later.
#[repr(C, align(64))]
pub(super) struct Cell {
    refs: AtomicU32,
    /// The start of its bytes.
    from: u32,
    to: AtomicU32,
    /// The lower end of its descriptors and itself.
    bottom: AtomicU32,
    top: u32,
    next: AtomicPtr<Cell>,
    block: BlockPtr,
}

/// The reference that each message holds.
pub(super) type CellPtr = NonNull<Cell>;

impl Cell {
    /// A cell without messages, whose bytes begin at `from` and whose descriptors end at `top`. It has the credit of
    /// the owner that fills it.
    pub(super) fn new(
        block: BlockPtr,
        from: usize,
        (bottom, top): (usize, usize),
        next: *mut Cell,
    ) -> Self {
        Cell {
            refs: AtomicU32::new(CREDIT),
            from: from as u32,
            to: AtomicU32::new(from as u32),
            bottom: AtomicU32::new(bottom as u32),
            top: top as u32,
            next: AtomicPtr::new(next),
            block,
        }
    }

    /// Sets where its bytes end and where its descriptors begin: no more messages are created in it.
    pub(super) fn close(&self, to: usize, bottom: usize) {
        self.to.store(to as u32, Ordering::Relaxed);
        self.bottom.store(bottom as u32, Ordering::Relaxed);
    }

    /// The number of references, including what is left of an owner's credit.
    pub(super) fn refs(&self) -> u32 {
        self.refs.load(Ordering::Acquire)
    }

    /// The size of a closed cell, bytes and descriptors, if its bytes end at `to`.
    pub(super) fn size(&self, to: usize) -> usize {
        let bottom = self.bottom.load(Ordering::Relaxed) as usize;
        to - self.from as usize + self.top as usize - bottom
    }

    /// Adds an owner's credit to a closed cell. False if its messages are gone.
    pub(super) fn claim(&self) -> bool {
        claim(&self.refs)
    }
}

/// Gives up `n` references to a cell. If they were the last ones, returns its block: the caller then owns the cell's
/// share of the block's counter.
///
/// # Safety
/// The caller owns them.
pub(super) unsafe fn give_up_cell(cell: CellPtr, n: u32) -> Option<BlockPtr> {
    // SAFETY: alive, since the caller owns a reference. Cells are only ever shared.
    let (refs, block) = unsafe { (&cell.as_ref().refs, cell.as_ref().block) };
    // Acquired as well, so that the next user of the memory sees all earlier uses as completed. From here on a cell
    // without references may be overwritten: it is not accessed any more.
    (refs.fetch_sub(n, Ordering::AcqRel) == n).then_some(block)
}

/// The space between two living cells.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// The living cells before and behind it, or NULL.
    pub(super) before: *mut Cell,
    pub(super) behind: *mut Cell,
    /// The start of the room for bytes.
    pub(super) start: usize,
    /// The limit for bytes and descriptors, besides each other. Behind the last cell both share one
    /// room, and there is no other limit.
    pub(super) cap: usize,
    pub(super) floor: usize,
    /// The upper end of the room for descriptors.
    pub(super) top: usize,
}

impl Run {
    /// The whole room of a block of this size.
    fn whole(size: usize) -> Self {
        Run {
            before: ptr::null_mut(),
            behind: ptr::null_mut(),
            start: DATA_START,
            cap: usize::MAX,
            floor: 0,
            top: size,
        }
    }

    /// The number of bytes that fit, together with at least one message.
    fn bytes(&self) -> usize {
        let top = self.top.saturating_sub(NEXT_SIZE);
        self.cap.min(top).saturating_sub(self.start)
    }

    /// The size of the room, for bytes and descriptors.
    pub(super) fn size(&self) -> usize {
        if self.floor == 0 {
            self.top.saturating_sub(self.start)
        } else {
            self.cap - self.start + self.top - self.floor
        }
    }

    /// Does it have room for this many bytes and a few messages made of them?
    pub(super) fn holds(&self, bytes: usize) -> bool {
        self.top >= self.floor + NEXT_SIZE + DESC_SIZE && self.bytes() >= bytes
    }
}

/// How many bytes all blocks are, used or not.
pub(super) fn allocated() -> usize {
    ALLOCATED.load(Ordering::Relaxed)
}

/// The size of a block with room for this many bytes and one message.
pub(super) fn size_for(bytes: usize) -> usize {
    DATA_START + bytes.next_multiple_of(64) + NEXT_SIZE
}

/// The size of a block.
///
/// # Safety
/// It is alive.
pub(super) unsafe fn size_of_block(block: BlockPtr) -> usize {
    // SAFETY: the contract; the size never changes.
    unsafe { block.as_ref() }.size
}

/// The widest run of a block that has room for this many bytes.
///
/// # Safety
/// The block is alive, nobody fills it, and nobody begins to meanwhile.
pub(super) unsafe fn widest_run(block: BlockPtr, bytes: usize) -> Option<Run> {
    // SAFETY: the contract.
    let header = unsafe { block.as_ref() };
    let mut run = Run::whole(header.size);
    let mut widest: Option<Run> = None;
    let mut consider = |run: Run| {
        if run.holds(bytes) && widest.is_none_or(|w| run.size() > w.size()) {
            widest = Some(run);
        }
    };
    let mut next = header.first.load(Ordering::Relaxed);
    // SAFETY: the cells of the chain lie in the block, and nobody fills it; dead ones are still as
    // they were left.
    while let Some(cell) = unsafe { next.as_ref() } {
        // Everything that the owners of its messages did happened before the space is reused.
        if cell.refs.load(Ordering::Acquire) > 0 {
            consider(Run {
                behind: next,
                cap: cell.from as usize,
                floor: cell.top as usize,
                ..run
            });
            run.before = next;
            run.start = cell.to.load(Ordering::Relaxed) as usize;
            run.top = cell.bottom.load(Ordering::Relaxed) as usize;
        }
        next = cell.next.load(Ordering::Relaxed);
    }
    consider(run);
    widest
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, align_of::<Header>())
        .expect("block sizes are far below isize::MAX")
}

/// # Safety
/// `block` came from `allocate`, and nobody refers to it any more.
pub(super) unsafe fn free(block: BlockPtr) {
    // SAFETY: alive until the next statement, by the contract.
    let size = unsafe { block.as_ref() }.size;
    ALLOCATED.fetch_sub(size, Ordering::Relaxed);
    // SAFETY: allocated with this very layout.
    unsafe { zeroed::free(block.cast(), layout(size)) }
}

/// Allocates a block; `None` if there is no memory.
pub(super) fn allocate(size: usize) -> Option<BlockPtr> {
    // Zeroed, so that all bytes of a block may be read at any time. The cost is negligible, because
    // blocks are reused.
    // SAFETY: the size is never zero: it holds at least the header, which is smaller than a page.
    let block = unsafe { zeroed::allocate(layout(size)) }?.cast::<Header>();
    ALLOCATED.fetch_add(size, Ordering::Relaxed);
    // SAFETY: fresh memory, large enough and aligned for a header.
    unsafe {
        block.write(Header {
            live: AtomicU32::new(0),
            place: AtomicU32::new(NOWHERE),
            size,
            first: AtomicPtr::new(ptr::null_mut()),
        })
    };
    Some(block)
}

/// Ends the process for want of memory for a block of this size.
pub(super) fn out_of_memory(size: usize) -> ! {
    handle_alloc_error(layout(size))
}

/// Adds a credit to a counter that has not dropped to zero.
fn claim(counter: &AtomicU32) -> bool {
    let add = |n| (n > 0).then(|| n + CREDIT);
    counter
        .fetch_update(Ordering::AcqRel, Ordering::Relaxed, add)
        .is_ok()
}

/// Makes the caller the owner of a block without living messages; all of it is room.
///
/// # Safety
/// Nobody else refers to the block.
pub(super) unsafe fn begin(block: BlockPtr) -> Run {
    // SAFETY: the contract.
    let header = unsafe { block.as_ref() };
    header.live.store(CREDIT, Ordering::Relaxed);
    Run::whole(header.size)
}

/// Makes the caller the owner of a block that nobody fills. False if its last cell has just died, so that it is on
/// its way to the pool.
///
/// # Safety
/// The block is alive, and no other thread can claim it.
pub(super) unsafe fn claim_block(block: BlockPtr) -> bool {
    // SAFETY: the contract.
    claim(&unsafe { block.as_ref() }.live)
}

/// Gives up `n` references of an owner. True if they were the last ones: the block then belongs to
/// the caller.
///
/// # Safety
/// The caller owns them.
pub(super) unsafe fn give_up(block: BlockPtr, n: u32) -> bool {
    // SAFETY: alive, since the caller owns references. The header is only ever shared.
    unsafe { block.as_ref() }
        .live
        .fetch_sub(n, Ordering::AcqRel)
        == n
}

/// The number of living cells, plus the credit of the owner.
///
/// # Safety
/// The caller fills the block.
pub(super) unsafe fn shares(block: BlockPtr) -> u32 {
    // SAFETY: alive: the owner that fills it holds references.
    unsafe { block.as_ref() }.live.load(Ordering::Acquire)
}

/// Links a cell behind another, or as the first of the block.
///
/// # Safety
/// The caller fills the block; `cell` is NULL or a cell of it.
pub(super) unsafe fn link(block: BlockPtr, cell: *mut Cell, next: *mut Cell) {
    // SAFETY: the contract; the cells hold still while this owner has the block.
    let link = unsafe { cell.as_ref() }.map_or_else(
        || {
            // SAFETY: alive: the owner that fills it holds references.
            unsafe { &block.as_ref().first }
        },
        |cell| &cell.next,
    );
    link.store(next, Ordering::Relaxed);
}
