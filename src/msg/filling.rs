//! Filling a block: bytes are received or copied into it, and messages are created where they are.

use std::mem;
use std::ptr::{self, NonNull};

use super::block::{
    self, BLOCK_SIZE, BlockPtr, CREDIT, Cell, CellPtr, DATA_START, DESC_SIZE, NEXT_SIZE, Run,
};
use super::desc::Desc;
use super::pool::{self, Wanted};
use super::release::{release_block, release_many};

/// The largest size of a cell with more than one message, bytes and descriptors together: what one
/// small message keeps allocated. Ten small messages, or two of 1 KiB.
const CELL_SIZE: usize = 2304;
const CELL_SIZE_SMALL: usize = 1152;
const SMALL: usize = 512;
/// The next owner of a block continues its last cell only if the cell has at most this many bytes
/// for each of its living messages: otherwise it would keep the space around a single one.
const REOPENED_EACH: usize = 320;
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

impl Filling {
    /// Room for `bytes` and at least one message: in a block that many messages share, or, if that is too small, in
    /// one of its own. For small sizes: without memory the process ends.
    pub(super) fn with_room(bytes: usize, wanted: Wanted) -> Self {
        let size = block::size_for(bytes);
        if size > BLOCK_SIZE {
            return Self::of_its_own(bytes).unwrap_or_else(|| block::out_of_memory(size));
        }
        match pool::take_shared(bytes, wanted) {
            Some((block, run)) => {
                // SAFETY: the pool made this the owner.
                unsafe { Self::of_run(block, run) }
            }
            None => {
                let block = block::allocate(BLOCK_SIZE);
                let block = block.unwrap_or_else(|| block::out_of_memory(BLOCK_SIZE));
                Self::of_whole(block, true)
            }
        }
    }

    /// A block for one message of this many bytes; `None` if there is no memory.
    pub(super) fn of_its_own(bytes: usize) -> Option<Self> {
        let size = block::size_for(bytes);
        let block = pool::take_large(size).or_else(|| block::allocate(size))?;
        Some(Self::of_whole(block, false))
    }

    fn of_whole(block: BlockPtr, shared: bool) -> Self {
        // SAFETY: nobody else refers to a block that is new or was unused.
        let mut this = unsafe { Self::of_run(block, block::begin(block)) };
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
            let used = before.size(run.start);
            let live = before.refs() as usize;
            // Messages that die in it meanwhile do no harm, unless it is the last one.
            if used + NEXT_SIZE <= CELL_SIZE_SMALL && used <= live * REOPENED_EACH && before.claim()
            {
                this.cell = NonNull::new(run.before);
                this.cell_left = CELL_SIZE_SMALL - used;
            }
        }
        this
    }

    /// Links a cell behind another, or as the first.
    fn link(&self, cell: *mut Cell, next: *mut Cell) {
        // SAFETY: this owner fills the block, and was given the pointers by it.
        unsafe { block::link(self.block, cell, next) }
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
        // SAFETY: this owner fills it.
        let live = unsafe { block::shares(self.block) };
        let Some(cell) = self.cell else {
            return live == CREDIT - self.opened;
        };
        // SAFETY: alive: this owner holds references.
        let refs = unsafe { cell.as_ref() }.refs();
        refs == CREDIT - self.cell_issued && live == CREDIT - self.opened + 1
    }

    /// Reclaims the room of all messages.
    ///
    /// # Safety
    /// `is_unshared` was seen true, and no message was created since.
    pub(super) unsafe fn reset(&mut self) {
        // SAFETY: the contract: no message refers to the block, and this is its owner.
        self.run = unsafe { block::begin(self.block) };
        self.link(ptr::null_mut(), ptr::null_mut());
        self.top = self.run.top;
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
            cell.write(Cell::new(
                self.block,
                from,
                (self.top, top),
                self.run.behind,
            ))
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
        // SAFETY: alive: this owner holds references.
        unsafe { cell.as_ref() }.close(self.cell_to, self.top);
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
            // SAFETY: as above.
            unsafe { release_block(self.block, mine) }
        }
    }
}
