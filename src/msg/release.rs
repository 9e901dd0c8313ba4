//! The ends of messages and of owners: the last reference to a cell releases the cell, and the last cell the block.

use super::block::{self, BlockPtr, CellPtr};
use super::pool;

/// Drops the reference of one message.
///
/// # Safety
/// The caller owns one reference to `cell`, and gives it up.
pub(super) unsafe fn release(cell: CellPtr) {
    // SAFETY: as above.
    unsafe { release_many(cell, 1) }
}

/// Drops `n` references to a cell.
///
/// # Safety
/// The caller owns them, and gives them up.
pub(super) unsafe fn release_many(cell: CellPtr, n: u32) {
    // SAFETY: the contract. Each cell that lives is counted by its block.
    unsafe {
        if let Some(block) = block::give_up_cell(cell, n) {
            release_block(block, 1);
        }
    }
}

/// Drops `n` shares of a block's counter, and puts the block back into the pool if they were the last ones.
///
/// # Safety
/// The caller owns them, and gives them up.
pub(super) unsafe fn release_block(block: BlockPtr, n: u32) {
    // SAFETY: as above; and as the last owner.
    unsafe {
        if block::give_up(block, n) {
            pool::put_back(block);
        }
    }
}
