//! Zeroed memory, of which large pieces go back to the system when they are dropped.
//!
//! The C library's `malloc` cannot be left with large pieces that come and go, because of the memory that it keeps
//! afterwards. glibc takes pieces of 128 KiB and more from the system, but each larger one that is freed raises this
//! limit to its size, up to 32 MiB, for the whole process and for good. Smaller pieces are cut from arenas, of which
//! there are eight for each processor; each keeps what it has ever needed at once, and unused memory at its end up to
//! twice the limit. After a few MiB of publishes had waited for a server once, every arena could grow by as much: a
//! process that reconnects often grew for hours, though little was allocated. Pieces that are mapped and unmapped
//! leave arenas and the limit as they are.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::slice;

use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap, munmap};

/// Pieces of this size and more are mapped. It is the limit that glibc starts with.
const MAPPED: usize = 128 * 1024;

/// Mapped memory is aligned to pages, whose size is at least this.
const ALIGN_MAX: usize = 4096;

fn is_mapped(layout: Layout) -> bool {
    debug_assert!(layout.align() <= ALIGN_MAX);
    // Miri checks the use of memory that it has allocated itself.
    !cfg!(miri) && layout.size() >= MAPPED
}

/// Allocates zeroed memory; `None` if there is none.
///
/// # Safety
/// The size is not zero, and the alignment is at most that of a page.
pub(crate) unsafe fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    if is_mapped(layout) {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a mapping at an address of the kernel's choice replaces nothing.
        let memory =
            unsafe { mmap_anonymous(ptr::null_mut(), layout.size(), access, MapFlags::PRIVATE) };
        NonNull::new(memory.ok()?.cast())
    } else {
        // SAFETY: the contract.
        NonNull::new(unsafe { alloc_zeroed(layout) })
    }
}

/// Frees memory.
///
/// # Safety
/// It is from [`allocate`] with this layout, and nobody uses it any more.
pub(crate) unsafe fn free(memory: NonNull<u8>, layout: Layout) {
    if is_mapped(layout) {
        // SAFETY: the contract: a mapping of this size. It fails only where splitting a mapping would make too many of
        // them, and then its memory stays.
        let _ = unsafe { munmap(memory.as_ptr().cast(), layout.size()) };
    } else {
        // SAFETY: the contract.
        unsafe { dealloc(memory.as_ptr(), layout) }
    }
}

/// Bytes, all initialised, whose number can grow.
pub(crate) struct Zeroed {
    /// Dangling while there are none.
    memory: NonNull<u8>,
    len: usize,
}

// SAFETY: it owns its memory, as a `Vec<u8>` does.
unsafe impl Send for Zeroed {}
// SAFETY: likewise.
unsafe impl Sync for Zeroed {}

impl Zeroed {
    /// No bytes, which takes no memory.
    pub(crate) const fn new() -> Self {
        Zeroed {
            memory: NonNull::dangling(),
            len: 0,
        }
    }

    fn layout(len: usize) -> Option<Layout> {
        Layout::array::<u8>(len).ok()
    }

    /// Appends zeros, so that there are `len` bytes. False if there is no memory for them: then nothing has changed.
    pub(crate) fn try_grow(&mut self, len: usize) -> bool {
        if len <= self.len {
            return true;
        }
        let Some(wanted) = Self::layout(len) else {
            return false;
        };
        match self.grown(wanted) {
            Some(memory) => (self.memory, self.len) = (memory, len),
            None => return false,
        }
        true
    }

    /// Appends zeros, so that there are `len` bytes.
    pub(crate) fn grow(&mut self, len: usize) {
        if !self.try_grow(len) {
            handle_alloc_error(Self::layout(len).unwrap_or(Layout::new::<u8>()))
        }
    }

    /// Memory for `wanted` with the bytes and zeros in it, in the place of what this has.
    fn grown(&mut self, wanted: Layout) -> Option<NonNull<u8>> {
        let present = Self::layout(self.len).filter(|present| present.size() > 0);
        if let Some(present) = present
            && is_mapped(present)
        {
            let (at, flags) = (self.memory.as_ptr().cast(), MremapFlags::MAYMOVE);
            // SAFETY: this owns the mapping, and nothing borrows its bytes. The kernel adds pages of zeros, and what is
            // in the last page behind the bytes has never been written.
            let memory = unsafe { mremap(at, present.size(), wanted.size(), flags) };
            return NonNull::new(memory.ok()?.cast());
        }
        // SAFETY: it is larger than what there is, so not zero; bytes have no alignment.
        let memory = unsafe { allocate(wanted) }?;
        if let Some(present) = present {
            // SAFETY: both are this long and do not overlap. What is freed was allocated with this layout.
            unsafe {
                memory.copy_from_nonoverlapping(self.memory, present.size());
                free(self.memory, present);
            }
        }
        Some(memory)
    }
}

impl Drop for Zeroed {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.len).filter(|layout| layout.size() > 0) {
            // SAFETY: it was allocated with this layout, and the owner is gone.
            unsafe { free(self.memory, layout) }
        }
    }
}

impl Deref for Zeroed {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: this owns so many bytes, all initialised; dangling is fine for none.
        unsafe { slice::from_raw_parts(self.memory.as_ptr(), self.len) }
    }
}

impl DerefMut for Zeroed {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: likewise, and they are borrowed through `self` only.
        unsafe { slice::from_raw_parts_mut(self.memory.as_ptr(), self.len) }
    }
}

impl Default for Zeroed {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Zeroed {
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        copy.grow(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl std::fmt::Debug for Zeroed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grows through these lengths, and has every byte written before it grows on.
    fn grown(lens: &[usize]) -> Zeroed {
        let mut bytes = Zeroed::new();
        let mut before = 0;
        for &len in lens {
            bytes.grow(len);
            assert_eq!(bytes.len(), len.max(before));
            assert!(bytes[..before].iter().all(|b| *b == 7));
            assert!(bytes[before..].iter().all(|b| *b == 0));
            bytes.fill(7);
            before = bytes.len();
        }
        bytes
    }

    #[test]
    fn what_it_grows_by_is_zero() {
        grown(&[]);
        grown(&[0, 1, 2, 1000, 999, 5000]);
        // To and from the pieces that are mapped, to sizes that are no number of pages, by less than a page.
        grown(&[MAPPED - 1, MAPPED, MAPPED + 1, MAPPED + 2, 3 * MAPPED + 5]);
        grown(&[5 * MAPPED + 4095, 5 * MAPPED + 4096, 9 * MAPPED]);
        let copy = grown(&[MAPPED + 3]).clone();
        assert!(copy.len() == MAPPED + 3 && copy.iter().all(|b| *b == 7));
    }

    #[test]
    #[cfg(not(miri))]
    fn too_much_is_refused_and_changes_nothing() {
        for len in [10, MAPPED] {
            let mut bytes = grown(&[len]);
            assert!(!bytes.try_grow(usize::MAX));
            #[cfg(target_pointer_width = "64")]
            assert!(!bytes.try_grow(usize::MAX / 4));
            assert!(bytes.len() == len && bytes.iter().all(|b| *b == 7));
        }
    }

    #[test]
    #[cfg(not(miri))]
    fn large_pieces_leave_the_process() {
        let resident = || {
            let text = std::fs::read_to_string("/proc/self/smaps_rollup").expect("a summary");
            let line = text.lines().find(|line| line.starts_with("Rss:"));
            let kib = line.and_then(|line| line.split_whitespace().nth(1));
            kib.and_then(|kib| kib.parse::<usize>().ok())
                .expect("a size")
        };
        const SIZE: usize = 64 << 20;
        let before = resident();
        let bytes = grown(&[SIZE]);
        assert!(resident() > before + SIZE / 2 / 1024);
        // Behind it, so that it is not at the end of anything.
        let behind = grown(&[1000]);
        drop(bytes);
        assert!(resident() < before + SIZE / 2 / 1024);
        drop(behind);
    }
}
