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

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use super::message::Desc;
use super::pool;

/// Size of a standard block, header and descriptors included.
pub(super) const BLOCK_SIZE: usize = 16 * 1024;
/// Where the bytes of a block begin.
pub(super) const DATA_START: usize = size_of::<Header>();
/// Size of a descriptor; blocks are aligned to it, so descriptors have a cache line of their own.
pub(super) const DESC_SIZE: usize = size_of::<Desc>();
/// The largest size of a cell with more than one message, bytes and descriptors together: what one
/// small message keeps allocated. Ten small messages, or two of 1 KiB.
const CELL_SIZE: usize = 2304;
const CELL_SIZE_SMALL: usize = 1152;
const SMALL: usize = 512;
/// The next owner of a block continues its last cell only if the cell has at most this many bytes
/// for each of its living messages: otherwise it would keep the space around a single one.
const REOPENED_EACH: usize = 320;
/// The most that the next message takes in addition to its bytes: a descriptor, and a cell's
/// counter.
pub(super) const NEXT_SIZE: usize = 2 * DESC_SIZE;
/// References that an owner takes at once, so that it creates messages, and cells, without an
/// atomic operation for each.
const CREDIT: u32 = 1 << 30;

const _: () = assert!(
    size_of::<Header>() == 64
        && size_of::<Cell>() == 64
        && size_of::<Desc>() == 64
        && align_of::<Desc>() == 64
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

/// The space between two living cells.
#[derive(Clone, Copy)]
pub(super) struct Run {
    /// The living cells before and behind it, or NULL.
    before: *mut Cell,
    behind: *mut Cell,
    /// The start of the room for bytes.
    start: usize,
    /// The limit for bytes and descriptors, besides each other. Behind the last cell both share one
    /// room, and there is no other limit.
    cap: usize,
    floor: usize,
    /// The upper end of the room for descriptors.
    top: usize,
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
fn size_for(bytes: usize) -> usize {
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
    unsafe { dealloc(block.as_ptr().cast(), layout(size)) }
}

/// Allocates a block; `None` if there is no memory.
fn allocate(size: usize) -> Option<BlockPtr> {
    // Zeroed, so that all bytes of a block may be read at any time. The cost is negligible, because
    // blocks are reused.
    // SAFETY: the size is never zero: it holds at least the header.
    let memory = unsafe { alloc_zeroed(layout(size)) };
    let block = NonNull::new(memory.cast::<Header>())?;
    ALLOCATED.fetch_add(size, Ordering::Relaxed);
    // SAFETY: fresh memory, large enough and aligned for a header.
    unsafe {
        block.write(Header {
            live: AtomicU32::new(0),
            place: AtomicU32::new(pool::NOWHERE),
            size,
            first: AtomicPtr::new(ptr::null_mut()),
        })
    };
    Some(block)
}

/// Adds a credit to a counter that has not dropped to zero.
fn claim(counter: &AtomicU32) -> bool {
    let add = |n| (n > 0).then(|| n + CREDIT);
    counter
        .fetch_update(Ordering::AcqRel, Ordering::Relaxed, add)
        .is_ok()
}

/// Makes the caller the owner of a new or unused block; all of it is room.
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

/// Drops the reference of one message; the last one releases the cell, and the last cell the block.
///
/// # Safety
/// The caller owns one reference to `cell`, and gives it up.
pub(super) unsafe fn release(cell: CellPtr) {
    // SAFETY: as above.
    unsafe { release_many(cell, 1) }
}

/// # Safety
/// The caller owns `n` references to `cell`, and gives them up.
unsafe fn release_many(cell: CellPtr, n: u32) {
    // SAFETY: alive, since the caller owns a reference. Cells are only ever shared.
    let (refs, block) = unsafe { (&cell.as_ref().refs, cell.as_ref().block) };
    // Acquired as well, so that the next user of the memory sees all earlier uses as completed. From here on a cell
    // without references may be overwritten: it is not accessed any more.
    if refs.fetch_sub(n, Ordering::AcqRel) == n {
        // SAFETY: each cell that lives is counted by its block.
        unsafe { release_block(block) }
    }
}

/// # Safety
/// The caller owns one cell's share of the block's counter, and gives it up.
unsafe fn release_block(block: BlockPtr) {
    // SAFETY: as above; and as the last owner.
    unsafe {
        if give_up(block, 1) {
            pool::put_back(block);
        }
    }
}

/// A block that is being filled: one run of it. Bytes are taken from the lower end and descriptors
/// from the upper end. What was handed out as a message is never touched again through this type.
pub(super) struct Filling {
    block: BlockPtr,
    run: Run,
    top: usize,
    /// Many messages share the block, and others may fill what is left of it.
    shared: bool,
    /// The number of cells created since the block was taken.
    opened: u32,
    /// The cell of the last message, where its bytes end, how much more it may take, and how many
    /// messages were created in it.
    cell: Option<CellPtr>,
    cell_to: usize,
    cell_left: usize,
    cell_issued: u32,
    issued: u32,
}

// SAFETY: the parts of the block that a `Filling` reaches are its own until it hands them out.
unsafe impl Send for Filling {}

/// The intended use of shared room.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Small amounts now and then: the rest of blocks that are alive anyway.
    Now,
    /// A stream: whole blocks first.
    Stream,
}

impl Filling {
    /// Room for `bytes` and at least one message: in a block that many messages share, or, if that is too small, in
    /// one of its own. For small sizes: without memory the process ends.
    pub(super) fn with_room(bytes: usize, wanted: Wanted) -> Self {
        let size = size_for(bytes);
        if size > BLOCK_SIZE {
            return Self::of_its_own(bytes).unwrap_or_else(|| handle_alloc_error(layout(size)));
        }
        match pool::take_shared(bytes, wanted) {
            Some((block, run)) => {
                // SAFETY: the pool made this the owner.
                unsafe { Self::of_run(block, run) }
            }
            None => {
                let block = allocate(BLOCK_SIZE);
                let block = block.unwrap_or_else(|| handle_alloc_error(layout(BLOCK_SIZE)));
                Self::of_whole(block, true)
            }
        }
    }

    /// A block for one message of this many bytes; `None` if there is no memory.
    pub(super) fn of_its_own(bytes: usize) -> Option<Self> {
        let size = size_for(bytes);
        let block = pool::take_large(size).or_else(|| allocate(size))?;
        Some(Self::of_whole(block, false))
    }

    fn of_whole(block: BlockPtr, shared: bool) -> Self {
        // SAFETY: nobody else refers to a block that is new or was unused.
        let mut this = unsafe { Self::of_run(block, begin(block)) };
        this.shared = shared;
        this
    }

    /// # Safety
    /// The caller owns the block and gives it to the result, and the run was found in it since.
    unsafe fn of_run(block: BlockPtr, run: Run) -> Self {
        let mut this = Filling {
            block,
            run,
            top: run.top,
            shared: true,
            opened: 0,
            cell: None,
            cell_to: run.start,
            cell_left: 0,
            cell_issued: 0,
            issued: 0,
        };
        // The dead cells in between are about to be overwritten.
        this.link(run.before, run.behind);
        // SAFETY: a cell of this block, which holds still while this owner has it.
        if let Some(before) = unsafe { run.before.as_ref() } {
            let bottom = before.bottom.load(Ordering::Relaxed) as usize;
            let used = run.start - before.from as usize + before.top as usize - bottom;
            let live = before.refs.load(Ordering::Relaxed) as usize;
            // Messages that die in it meanwhile do no harm, unless it is the last one.
            if used + NEXT_SIZE <= CELL_SIZE_SMALL
                && used <= live * REOPENED_EACH
                && claim(&before.refs)
            {
                this.cell = NonNull::new(run.before);
                this.cell_left = CELL_SIZE_SMALL - used;
            }
        }
        this
    }

    /// Links a cell behind another, or as the first.
    fn link(&self, cell: *mut Cell, next: *mut Cell) {
        // SAFETY: NULL, or a cell of this block, which holds still while this owner has it.
        let link = unsafe { cell.as_ref() }.map_or_else(
            || {
                // SAFETY: alive: this owner holds references.
                unsafe { &self.block.as_ref().first }
            },
            |cell| &cell.next,
        );
        link.store(next, Ordering::Relaxed);
    }

    /// Is this a block that many messages share?
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// The start of its room for bytes.
    pub(super) fn start(&self) -> usize {
        self.run.start
    }

    /// The end of the room for bytes if one more message is to be created.
    pub(super) fn limit(&self) -> usize {
        self.run.cap.min(self.top.saturating_sub(NEXT_SIZE))
    }

    /// Where to stop reading bytes that begin at `from`, if messages are `frame_size` long, so that
    /// there is room for their descriptors.
    pub(super) fn limit_for(&self, from: usize, frame_size: usize) -> usize {
        // A descriptor, and its share of a cell's counter.
        let counter = frame_size.saturating_add(DESC_SIZE) / (CELL_SIZE_SMALL / DESC_SIZE);
        let each = DESC_SIZE + counter.min(DESC_SIZE);
        // One more message may be made of bytes that were there before.
        let room = self
            .top
            .saturating_sub(from.max(self.run.floor) + NEXT_SIZE + each);
        let bytes = if self.run.floor == 0 {
            (room as u64 * frame_size as u64 / (frame_size + each) as u64) as usize
        } else {
            (room / each).saturating_mul(frame_size)
        };
        from.saturating_add(bytes).min(self.limit()).max(from)
    }

    /// Is there room for one more message if its bytes end there?
    pub(super) fn has_room(&self, bytes_end: usize) -> bool {
        bytes_end.max(self.run.floor) + NEXT_SIZE <= self.top
    }

    /// The number of messages created in this block.
    pub(super) fn issued(&self) -> u32 {
        self.issued + self.cell_issued
    }

    /// Have all messages that were created in this block been released, whoever created them?
    pub(super) fn is_unshared(&self) -> bool {
        // SAFETY: alive: this owner holds references.
        let live = unsafe { self.block.as_ref() }.live.load(Ordering::Acquire);
        let Some(cell) = self.cell else {
            return live == CREDIT - self.opened;
        };
        // SAFETY: alive: this owner holds references.
        let refs = unsafe { cell.as_ref() }.refs.load(Ordering::Acquire);
        refs == CREDIT - self.cell_issued && live == CREDIT - self.opened + 1
    }

    /// Reclaims the room of all messages.
    ///
    /// # Safety
    /// `is_unshared` was seen true, and no message was created since.
    pub(super) unsafe fn reset(&mut self) {
        // SAFETY: alive: this owner holds references.
        let header = unsafe { self.block.as_ref() };
        header.live.store(CREDIT, Ordering::Relaxed);
        self.run = Run::whole(header.size);
        self.link(ptr::null_mut(), ptr::null_mut());
        self.top = header.size;
        self.cell = None;
        self.cell_to = DATA_START;
        (self.opened, self.issued, self.cell_issued, self.cell_left) = (0, 0, 0, 0);
    }

    /// The address of the byte at `offset`.
    pub(super) fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset <= self.top);
        // SAFETY: inside the allocation, which reaches at least to `top`.
        unsafe { self.block.cast::<u8>().add(offset) }
    }

    /// Bytes that were written or received there, and that belong to no message yet.
    #[inline(always)]
    pub(super) fn bytes_mut(&mut self, from: usize, to: usize) -> &mut [u8] {
        let end = self.run.cap.min(self.top);
        assert!(self.cell_to.max(self.run.start) <= from && from <= to && to <= end);
        // SAFETY: the room was just checked: behind all that was handed out, and only this owner,
        // which is borrowed mutably, can reach it; a block's bytes are initialised from the start.
        unsafe { std::slice::from_raw_parts_mut(self.at(from).as_ptr(), to - from) }
    }

    /// Copies `bytes` to `offset`.
    pub(super) fn put(&mut self, offset: usize, bytes: &[u8]) {
        let end = self.run.cap.min(self.top);
        assert!(offset >= self.run.start && offset + bytes.len() <= end);
        // SAFETY: the room was just checked; the source is not in the part being filled, which
        // only this owner can reach and which it borrows mutably here.
        unsafe {
            self.at(offset)
                .copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len())
        }
    }

    /// Creates the descriptor of a message whose bytes are `from..to`, which takes one more
    /// reference to a cell.
    ///
    /// # Safety
    /// There is room for it where the bytes end (`has_room`).
    #[inline(always)]
    pub(super) unsafe fn describe(
        &mut self,
        (from, to): (usize, usize),
        bytes_end: usize,
        make: impl FnOnce(CellPtr) -> Desc,
    ) -> NonNull<Desc> {
        debug_assert!(self.has_room(bytes_end));
        debug_assert!(from >= self.run.start && from < to && to <= bytes_end);
        let size = to - from + DESC_SIZE;
        let cell = match self.cell {
            Some(cell) if size <= self.cell_left => cell,
            _ => self.open_cell(from, size),
        };
        self.cell_left = self.cell_left.saturating_sub(size);
        self.cell_to = to;
        self.cell_issued += 1;
        self.top -= DESC_SIZE;
        let desc = self.at(self.top).cast::<Desc>();
        // SAFETY: inside the block, aligned (blocks and descriptors are multiples of 64), and not
        // handed out before.
        unsafe { desc.write(make(cell)) };
        desc
    }

    #[inline(never)]
    fn open_cell(&mut self, from: usize, size: usize) -> CellPtr {
        self.close_cell();
        let top = self.top;
        self.top -= DESC_SIZE;
        let cell = self.at(self.top).cast::<Cell>();
        // SAFETY: inside the block, aligned, and not handed out before.
        unsafe {
            cell.write(Cell {
                refs: AtomicU32::new(CREDIT),
                from: from as u32,
                to: AtomicU32::new(from as u32),
                bottom: AtomicU32::new(self.top as u32),
                top: top as u32,
                next: AtomicPtr::new(self.run.behind),
                block: self.block,
            })
        };
        self.link(self.run.before, cell.as_ptr());
        self.cell = Some(cell);
        self.cell_left = if size > SMALL {
            CELL_SIZE
        } else {
            CELL_SIZE_SMALL
        };
        self.opened += 1;
        cell
    }

    /// Ends the present cell: no more messages are created in it.
    fn close_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        {
            // SAFETY: alive: this owner holds references.
            let cell = unsafe { cell.as_ref() };
            cell.to.store(self.cell_to as u32, Ordering::Relaxed);
            cell.bottom.store(self.top as u32, Ordering::Relaxed);
        }
        self.run.before = cell.as_ptr();
        // SAFETY: of the credit this owner still has what it did not issue.
        unsafe { release_many(cell, CREDIT - self.cell_issued) }
        self.issued += mem::take(&mut self.cell_issued);
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.close_cell();
        let mine = CREDIT - self.opened;
        if self.shared {
            let left = Run {
                start: self.cell_to.max(self.run.start),
                top: self.top,
                ..self.run
            };
            // SAFETY: of the credit this owner still has what it did not give to cells.
            unsafe { pool::leave(self.block, mine, left.size()) }
        } else {
            // SAFETY: as above; and as the last owner.
            unsafe {
                if give_up(self.block, mine) {
                    pool::put_back(self.block);
                }
            }
        }
    }
}
