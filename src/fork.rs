//! Which process this is.
//!
//! A child made by `fork` has a copy of all memory and only one thread. The parent's other threads may have been in
//! the middle of a change, or may have held a lock that nobody will release in the child. Therefore each process has
//! a *generation*, a number greater than those of the processes that it comes from, and:
//!
//! - State that all threads of a process share is a [`PerProcess`]: a child begins with a new one. The old one stays
//!   in memory unused, and its locks are never waited for.
//! - State of a connection is not touched: the handle has the number of the process that created it, and a call from
//!   another process is refused first of all (`ffi/handle.rs`).
//! - The library's [`Descriptor`]s are closed in a child at once, and by nothing else there: the child sends no byte
//!   and shuts nothing down.
//! - What a thread is in the middle of counts for the process in which it began. A child whose thread forked in a
//!   callback is in no callback: it may do anything, but must not return to stack frames of the parent. If it does,
//!   those frames are left as after a panic ([`leave`]), and nothing is done on the way ([`is_leaving`]).
//!
//! The number is kept in memory that the kernel clears in a child where it can (`MADV_WIPEONFORK`, Linux 4.14) and
//! that a fork handler clears as well. Zero means that a new number has to be drawn. Both are set up in
//! `ffi/fork.rs`. Children made without the handlers, by `_Fork` or a bare `clone`, are therefore noticed too. A
//! child of `vfork` shares all memory with its parent and does not count as a child here: it may only call `exec`.

use std::any::Any;
use std::cell::Cell;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use once_cell::race::OnceBox;
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::stdio::raw_stderr;

/// The size of the pages that can be cleared individually. If the system's pages are larger, only the fork handler
/// clears the number.
pub(crate) const PAGE_SIZE: usize = 4096;

/// A page that contains nothing else.
#[repr(C, align(4096))]
pub(crate) struct Page {
    generation: AtomicU32,
    _rest: [u8; PAGE_SIZE - size_of::<AtomicU32>()],
}

/// Zero until the number is first asked for, and again in a child.
pub(crate) static PAGE: Page = Page {
    generation: AtomicU32::new(0),
    _rest: [0; PAGE_SIZE - size_of::<AtomicU32>()],
};

/// The last number that was drawn in this process or its ancestors; it may not have been used.
static LAST: AtomicU32 = AtomicU32::new(0);

/// The number of this process; never zero.
#[inline]
pub(crate) fn generation() -> u32 {
    match PAGE.generation.load(Relaxed) {
        0 => draw(),
        number => number,
    }
}

#[cold]
fn draw() -> u32 {
    // Drawn before it is used: a child created in between must not draw the same number as its
    // parent.
    let number = LAST.fetch_add(1, Relaxed).wrapping_add(1).max(1);
    let drawn = PAGE
        .generation
        .compare_exchange(0, number, Relaxed, Relaxed);
    drawn.err().unwrap_or(number)
}

/// Marks this process as a new one. Only stores a number, because it runs in a fork handler.
pub(crate) fn begin_anew() {
    PAGE.generation.store(0, Relaxed);
}

/// State that all threads of one process share and other processes do not: a child finds a new one, whatever a thread
/// of its parent was doing with the old one.
pub(crate) struct PerProcess<T: 'static> {
    first: Node<T>,
}

struct Node<T: 'static> {
    /// The process that it belongs to; zero if none yet.
    generation: AtomicU32,
    value: T,
    /// The state of a later process.
    next: OnceBox<Node<T>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new(value: T) -> Self {
        PerProcess {
            first: Node::new(value),
        }
    }
}

impl<T> Node<T> {
    const fn new(value: T) -> Self {
        Node {
            generation: AtomicU32::new(0),
            value,
            next: OnceBox::new(),
        }
    }

    /// Does it belong to this process, or can it be claimed for it?
    fn is_of(&self, generation: u32) -> bool {
        let claimed = self
            .generation
            .compare_exchange(0, generation, Relaxed, Relaxed);
        claimed.is_ok() || claimed == Err(generation)
    }
}

impl<T: Default> PerProcess<T> {
    /// The state of this process.
    #[inline]
    pub(crate) fn get(&self) -> &T {
        let generation = generation();
        if self.first.generation.load(Relaxed) == generation {
            return &self.first.value;
        }
        self.find(generation).0
    }

    /// The state of this process, and that of the last earlier process that used one.
    pub(crate) fn with_previous(&self) -> (&T, Option<&T>) {
        self.find(generation())
    }

    #[cold]
    fn find(&self, generation: u32) -> (&T, Option<&T>) {
        let mut node = &self.first;
        let mut previous = None;
        while !node.is_of(generation) {
            previous = Some(&node.value);
            // If two threads race, both use the one that was stored first; neither waits.
            node = node.next.get_or_init(|| Box::new(Node::new(T::default())));
        }
        (&node.value, previous)
    }
}

/// The number of descriptors in one piece of the table, and the largest number of pieces.
const PIECE: usize = 16 * 1024;
const PIECES: usize = 1024;

type Bits = [AtomicU64; PIECE / 64];

/// The descriptors that only the library knows: one bit for each.
static OPEN: [OnceBox<Bits>; PIECES] = [const { OnceBox::new() }; PIECES];

/// The bit of a descriptor. A descriptor too large for the table, which no system allows by default, stays open in
/// children.
fn bit_of(fd: RawFd) -> Option<(&'static AtomicU64, u64)> {
    let fd = usize::try_from(fd).ok()?;
    let piece = OPEN
        .get(fd / PIECE)?
        .get_or_init(|| Box::new([const { AtomicU64::new(0) }; PIECE / 64]));
    Some((&piece[fd % PIECE / 64], 1 << (fd % 64)))
}

/// Removes all descriptors from the table and passes each to `each`. Called by a child before
/// anything else.
pub(crate) fn take_descriptors(mut each: impl FnMut(RawFd)) {
    for (n, piece) in OPEN.iter().enumerate() {
        let Some(piece) = piece.get() else { continue };
        for (m, word) in piece.iter().enumerate() {
            let mut bits = word.swap(0, Relaxed);
            while bits != 0 {
                let fd = n * PIECE + m * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                each(fd as RawFd);
            }
        }
    }
}

/// A descriptor of the library, as the object that closes it; only the process that created it
/// closes it.
#[derive(Debug)]
pub struct Descriptor<T: AsFd> {
    /// Present until it is dropped.
    inner: Option<T>,
    generation: u32,
    secret: bool,
}

impl<T: AsFd + From<OwnedFd>> Descriptor<T> {
    /// A descriptor that only the library knows: children close it at once. Fails if the number has to be changed, see
    /// [`not_standard`], and there is no other.
    pub(crate) fn new(inner: T) -> Result<Self, Errno> {
        let inner = not_standard(inner)?;
        if let Some((word, bit)) = bit_of(inner.as_fd().as_raw_fd()) {
            word.fetch_or(bit, AcqRel);
        }
        Ok(Descriptor {
            inner: Some(inner),
            generation: generation(),
            secret: true,
        })
    }

    /// A descriptor that the program knows: it stays open in a child until the handle is destroyed
    /// there. Fails as `new` does.
    pub(crate) fn shown(inner: T) -> Result<Self, Errno> {
        Ok(Descriptor {
            inner: Some(not_standard(inner)?),
            generation: generation(),
            secret: false,
        })
    }
}

/// Gives a descriptor another number if it has one of those of standard input, output and error. It gets one of these in a
/// program that has closed them, and what such a program prints, or a library that it uses, would otherwise be sent to the
/// server in the middle of a message.
fn not_standard<T: AsFd + From<OwnedFd>>(inner: T) -> Result<T, Errno> {
    if inner.as_fd().as_raw_fd() > raw_stderr() {
        return Ok(inner);
    }
    fcntl_dupfd_cloexec(inner.as_fd(), raw_stderr() + 1).map(T::from)
}

impl<T: AsFd> Descriptor<T> {
    /// Was it opened by this process? In another process the same number may refer to something
    /// else.
    #[inline]
    pub(crate) fn is_ours(&self) -> bool {
        self.generation == generation()
    }
}

impl<T: AsFd> Deref for Descriptor<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.inner.as_ref().expect("it is there until the end")
    }
}

impl<T: AsFd> AsFd for Descriptor<T> {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl<T: AsFd> Drop for Descriptor<T> {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else {
            return;
        };
        if !self.is_ours() {
            // It is closed already, and its number may have been reused.
            std::mem::forget(inner);
            return;
        }
        if self.secret
            && let Some((word, bit)) = bit_of(inner.as_fd().as_raw_fd())
        {
            word.fetch_and(!bit, AcqRel);
        }
    }
}

thread_local! {
    static LEAVING: Cell<bool> = const { Cell::new(false) };
}

/// Whether any thread has ever returned to frames of another process; saves the check in the normal case.
static CAME_BACK: AtomicBool = AtomicBool::new(false);

/// The payload of the unwinding of [`leave`].
struct Leaving;

/// Is the calling thread unwinding stack frames of the process that this one was forked from? Then it must not touch
/// what those frames work on.
#[inline]
pub(crate) fn is_leaving() -> bool {
    CAME_BACK.load(Relaxed) && LEAVING.get()
}

/// Unwinds stack frames that belong to another process. Their values are dropped on the way. Prints nothing.
#[cold]
pub(crate) fn leave() -> ! {
    if std::thread::panicking() {
        // It cannot unwind: a destructor needs a lock that a thread of the parent held when the process was copied.
        process::exit(1);
    }
    CAME_BACK.store(true, Relaxed);
    LEAVING.set(true);
    resume_unwind(Box::new(Leaving))
}

/// Whether a caught panic came from [`leave`], which ends here.
pub(crate) fn has_left(caught: &(dyn Any + Send)) -> bool {
    let left = caught.is::<Leaving>();
    if left {
        LEAVING.set(false);
    }
    left
}

/// Runs `f`; `None` if it panics. Does not stop [`leave`].
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => Some(result),
        Err(panic) if panic.is::<Leaving>() => resume_unwind(panic),
        Err(_) => None,
    }
}

#[cfg(test)]
#[path = "fork_tests.rs"]
mod tests;
