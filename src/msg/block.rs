//! Reference-counted memory for messages, and the pool it comes from.
//!
//! A block is one allocation: a header, bytes growing upwards, descriptors growing downwards.
//! Standard blocks are 16 KiB in all, and so the most that one small message can keep alive.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use super::message::Desc;
use crate::fork::PerProcess;
use crate::locks::Mutex;

/// Size of a standard block, header and descriptors included.
pub(super) const BLOCK_SIZE: usize = 16 * 1024;
/// Where the bytes of a block begin.
pub(super) const DATA_START: usize = size_of::<Header>();
/// Size of a descriptor; blocks are aligned to it, so descriptors have a cache line of their own.
pub(super) const DESC_SIZE: usize = size_of::<Desc>();
/// References that a filling owner takes at once, so that it hands out messages without an atomic
/// operation for each.
const CREDIT: u32 = 1 << 30;
/// How many unused standard blocks are kept for reuse (8 MiB).
const POOL_MAX: usize = 512;
/// How many unused large blocks are kept for reuse, and of how many bytes in all: a stream of large
/// messages needs no more, and getting and clearing memory costs as much as receiving into it.
const LARGE_MAX: usize = 32;
const LARGE_BYTES_MAX: usize = 8 << 20;

const _: () =
    assert!(size_of::<Header>() == 64 && size_of::<Desc>() == 64 && align_of::<Desc>() == 64);

#[repr(C, align(64))]
pub(super) struct Header {
    refs: AtomicU32,
    size: usize,
}

/// A shared reference to a block, held by each message in it.
pub(super) type BlockPtr = NonNull<Header>;

/// Unused blocks.
#[derive(Default)]
struct Pool {
    standard: Vec<BlockPtr>,
    /// Blocks of other sizes, and how many bytes they are in all.
    large: Vec<BlockPtr>,
    large_bytes: usize,
}

// SAFETY: a block in the pool has no other owner; its memory may be used from any thread.
unsafe impl Send for Pool {}

static POOL: PerProcess<Mutex<Pool>> = PerProcess::new(Mutex::new(Pool {
    standard: Vec::new(),
    large: Vec::new(),
    large_bytes: 0,
}));

impl Pool {
    /// An unused block of so many bytes; a large one may be larger by a quarter.
    fn take(&mut self, size: usize) -> Option<BlockPtr> {
        if size == BLOCK_SIZE {
            return self.standard.pop();
        }
        let fits = |block: &BlockPtr| (size..=size + size / 4).contains(&size_of_block(*block));
        let found = self.large.iter().rposition(fits)?;
        let block = self.large.swap_remove(found);
        self.large_bytes -= size_of_block(block);
        Some(block)
    }

    /// Keeps an unused block, unless there are enough.
    fn keep(&mut self, block: BlockPtr) -> Result<(), BlockPtr> {
        let size = size_of_block(block);
        if size == BLOCK_SIZE && self.standard.len() < POOL_MAX {
            self.standard.push(block);
        } else if size != BLOCK_SIZE
            && self.large.len() < LARGE_MAX
            && self.large_bytes + size <= LARGE_BYTES_MAX
        {
            self.large.push(block);
            self.large_bytes += size;
        } else {
            return Err(block);
        }
        Ok(())
    }
}

/// The size of a block of the pool.
fn size_of_block(block: BlockPtr) -> usize {
    // SAFETY: the pool owns it, or is about to; so it is alive.
    unsafe { block.as_ref() }.size
}

/// Gives the unused blocks of the pool back to the system. For when the library closes.
pub fn release_unused() {
    super::message::release_author();
    let (standard, large) = {
        let mut pool = POOL.get().lock();
        pool.large_bytes = 0;
        (mem::take(&mut pool.standard), mem::take(&mut pool.large))
    };
    for block in standard.into_iter().chain(large) {
        // SAFETY: the pool owned it alone, and it has just left the pool.
        unsafe { free(block) }
    }
}

/// The size of a block with room for so many bytes.
fn size_for(bytes: usize) -> usize {
    (DATA_START + bytes.next_multiple_of(64) + DESC_SIZE).max(BLOCK_SIZE)
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, align_of::<Header>())
        .expect("block sizes are far below isize::MAX")
}

/// # Safety
/// `block` came from `allocate`, and nobody refers to it any more.
unsafe fn free(block: BlockPtr) {
    // SAFETY: alive until the next statement, by the contract.
    let size = unsafe { block.as_ref() }.size;
    // SAFETY: allocated with this very layout.
    unsafe { dealloc(block.as_ptr().cast(), layout(size)) }
}

/// A new block; `None` where there is no memory for it.
fn allocate(size: usize) -> Option<BlockPtr> {
    // Zeroed, so that all of a block's bytes may be read at any time. It costs nothing that counts,
    // since blocks are reused.
    // SAFETY: the size is never zero: it holds at least the header.
    let memory = unsafe { alloc_zeroed(layout(size)) };
    let block = NonNull::new(memory.cast::<Header>())?;
    // SAFETY: fresh memory, large enough and aligned for a header.
    unsafe {
        block.write(Header {
            refs: AtomicU32::new(0),
            size,
        })
    };
    Some(block)
}

/// Drops one message's reference; the last one gives the block back.
///
/// # Safety
/// The caller owns one reference to `block`, and gives it up.
pub(super) unsafe fn release(block: BlockPtr) {
    // SAFETY: as above.
    unsafe { release_many(block, 1) }
}

/// # Safety
/// The caller owns `n` references to `block`, and gives them up.
unsafe fn release_many(block: BlockPtr, n: u32) {
    // SAFETY: alive, since the caller owns a reference. The header is only ever shared.
    let header = unsafe { block.as_ref() };
    if header.refs.fetch_sub(n, Ordering::Release) != n {
        return;
    }
    // All uses of the block by other owners happen before it is used again. A load rather than a
    // fence, which costs the same here and which ThreadSanitizer understands.
    header.refs.load(Ordering::Acquire);
    let kept = POOL.get().lock().keep(block);
    if let Err(block) = kept {
        // SAFETY: that was the last reference.
        unsafe { free(block) }
    }
}

/// A block that is being filled. Bytes are taken from its lower end and descriptors from its upper
/// end; what has been handed out as a message is never touched again through this.
pub(super) struct Filling {
    block: BlockPtr,
    issued: u32,
    top: usize,
}

// SAFETY: the parts of the block that a `Filling` reaches are its own until it hands them out.
unsafe impl Send for Filling {}

impl Filling {
    /// A block with room for `bytes` and one descriptor at least; a standard one where that fits. For
    /// few bytes: without memory for them the process ends.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self::try_with_room(bytes).unwrap_or_else(|| handle_alloc_error(layout(size_for(bytes))))
    }

    /// As [`Filling::with_room`], for as many bytes as others ask for; `None` where there is no memory
    /// for them.
    pub(super) fn try_with_room(bytes: usize) -> Option<Self> {
        let size = size_for(bytes);
        let pooled = POOL.get().lock().take(size);
        let block = pooled.or_else(|| allocate(size))?;
        // SAFETY: nobody else refers to a block that is new or comes from the pool.
        let header = unsafe { block.as_ref() };
        header.refs.store(CREDIT, Ordering::Relaxed);
        Some(Filling {
            block,
            issued: 0,
            top: header.size,
        })
    }

    /// Is this a block of the standard size, which many messages share?
    pub(super) fn is_standard(&self) -> bool {
        // SAFETY: alive: this owner holds references.
        unsafe { self.block.as_ref() }.size == BLOCK_SIZE
    }

    /// Offset of the lowest descriptor: the bytes end here at the latest.
    pub(super) fn top(&self) -> usize {
        self.top
    }

    /// How many messages have been made in this block.
    pub(super) fn issued(&self) -> u32 {
        self.issued
    }

    /// Have all messages that were made in this block been released?
    pub(super) fn is_unshared(&self) -> bool {
        // SAFETY: alive: this owner holds references.
        let refs = unsafe { self.block.as_ref() }.refs.load(Ordering::Acquire);
        refs == CREDIT - self.issued
    }

    /// Takes all messages' room back.
    ///
    /// # Safety
    /// `is_unshared` has been seen true, and no message was made since.
    pub(super) unsafe fn reset(&mut self) {
        // SAFETY: alive: this owner holds references.
        let header = unsafe { self.block.as_ref() };
        header.refs.store(CREDIT, Ordering::Relaxed);
        self.issued = 0;
        self.top = header.size;
    }

    /// Where the byte at `offset` lies.
    pub(super) fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset <= self.top);
        // SAFETY: inside the allocation, which reaches at least to `top`.
        unsafe { self.block.cast::<u8>().add(offset) }
    }

    /// Copies `bytes` to `offset`.
    pub(super) fn put(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset >= DATA_START && offset + bytes.len() <= self.top);
        // SAFETY: the room was just checked; the source is not in the part being filled, which
        // only this owner can reach and which it borrows mutably here.
        unsafe {
            self.at(offset)
                .copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len())
        }
    }

    /// Makes a descriptor, and with it one more reference to the block. There must be room between
    /// the bytes (which end at `bytes_end`) and the other descriptors.
    pub(super) fn describe(
        &mut self,
        bytes_end: usize,
        make: impl FnOnce(BlockPtr) -> Desc,
    ) -> NonNull<Desc> {
        assert!(bytes_end + DESC_SIZE <= self.top && self.issued < CREDIT / 2);
        self.top -= DESC_SIZE;
        self.issued += 1;
        let desc = self.at(self.top).cast::<Desc>();
        // SAFETY: inside the block, aligned (blocks and descriptors are multiples of 64), and not
        // handed out before.
        unsafe { desc.write(make(self.block)) };
        desc
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        // SAFETY: of the credit taken at the start this owner still has what it did not issue.
        unsafe { release_many(self.block, CREDIT - self.issued) }
    }
}
