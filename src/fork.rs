//! Which process this is.
//!
//! A child made by `fork` has a copy of all memory, one thread, and none of the parent's other threads, which may
//! have been anywhere: in the middle of a change, or with a lock that nobody will ever release. So each process
//! has a *generation*, a number greater than those of the processes that it comes from, and:
//!
//! - what all threads of a process share is [`PerProcess`]: a child begins with a new one. The old one stays in
//!   memory, unused, and its locks are never waited for;
//! - what belongs to a connection is left alone: the handle has the number of the process that made it, and a
//!   call from another one is refused before it touches anything (`ffi/handle.rs`);
//! - the library's [`Descriptor`]s are closed in a child at once, and by nothing else there: neither a byte nor
//!   a shutdown comes from it;
//! - what a thread is in the middle of counts for the process in which it got there. A child whose thread forked
//!   in a callback is in no callback: it may do anything, and must not come back to the parent's stack frames.
//!   If it does, those are left as after a panic ([`leave`]), and nothing is done on the way ([`is_leaving`]).
//!
//! The number is kept in memory that the kernel clears in a child, where it can (`MADV_WIPEONFORK`, Linux 4.14), and
//! that a fork handler clears as well. Zero is the sign to draw a new one. Both are set up in `ffi/fork.rs`. So
//! children made without the handlers, by `_Fork` or a bare `clone`, are noticed too. A child of `vfork`, which
//! shares all memory with its parent, is not one for us: it may only call `exec`.

use std::any::Any;
use std::cell::Cell;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use once_cell::race::OnceBox;

/// The size of the pages that can be cleared on their own. Where the system's are larger, the handler alone does it.
pub(crate) const PAGE_SIZE: usize = 4096;

/// A page with nothing else in it.
#[repr(C, align(4096))]
pub(crate) struct Page {
    generation: AtomicU32,
    _rest: [u8; PAGE_SIZE - size_of::<AtomicU32>()],
}

/// Zero until somebody asks for the number, and in a child again.
pub(crate) static PAGE: Page = Page {
    generation: AtomicU32::new(0),
    _rest: [0; PAGE_SIZE - size_of::<AtomicU32>()],
};

/// The last number that was drawn in this process or in one that it comes from; it may not have been used.
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
    // Drawn before it is used: a child made in between must not draw the one that its parent gets.
    let number = LAST.fetch_add(1, Relaxed).wrapping_add(1).max(1);
    let drawn = PAGE
        .generation
        .compare_exchange(0, number, Relaxed, Relaxed);
    drawn.err().unwrap_or(number)
}

/// Notes that this is another process. Only stores a number, as befits a fork handler.
pub(crate) fn begin_anew() {
    PAGE.generation.store(0, Relaxed);
}

/// What all threads of a process share, and no other process: a child finds a new one, whatever a thread of its
/// parent was doing with the old one.
pub(crate) struct PerProcess<T: 'static> {
    first: Node<T>,
}

struct Node<T: 'static> {
    /// Whose it is; zero for nobody's yet.
    generation: AtomicU32,
    value: T,
    /// That of a later process.
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

    /// Is it this process's, or can it become so?
    fn is_of(&self, generation: u32) -> bool {
        let claimed = self
            .generation
            .compare_exchange(0, generation, Relaxed, Relaxed);
        claimed.is_ok() || claimed == Err(generation)
    }
}

impl<T: Default> PerProcess<T> {
    /// That of this process.
    #[inline]
    pub(crate) fn get(&self) -> &T {
        let generation = generation();
        if self.first.generation.load(Relaxed) == generation {
            return &self.first.value;
        }
        self.find(generation).0
    }

    /// The same, and that of the process before it that used one.
    pub(crate) fn with_previous(&self) -> (&T, Option<&T>) {
        self.find(generation())
    }

    #[cold]
    fn find(&self, generation: u32) -> (&T, Option<&T>) {
        let mut node = &self.first;
        let mut previous = None;
        while !node.is_of(generation) {
            previous = Some(&node.value);
            // Whoever loses the race for this uses the winner's; nobody waits.
            node = node.next.get_or_init(|| Box::new(Node::new(T::default())));
        }
        (&node.value, previous)
    }
}

/// So many descriptors have their bits in one piece of memory, and so many such pieces there are at most.
const PIECE: usize = 16 * 1024;
const PIECES: usize = 1024;

type Bits = [AtomicU64; PIECE / 64];

/// The descriptors that nobody but the library knows: a bit for each.
static OPEN: [OnceBox<Bits>; PIECES] = [const { OnceBox::new() }; PIECES];

/// Where a descriptor's bit is. One too large for the table, which no system allows by default, stays open in children.
fn bit_of(fd: RawFd) -> Option<(&'static AtomicU64, u64)> {
    let fd = usize::try_from(fd).ok()?;
    let piece = OPEN
        .get(fd / PIECE)?
        .get_or_init(|| Box::new([const { AtomicU64::new(0) }; PIECE / 64]));
    Some((&piece[fd % PIECE / 64], 1 << (fd % 64)))
}

/// Takes all descriptors of the table out of it. For the child, before it does anything else.
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

/// A descriptor of the library, as the object that closes it; in the process that made it only.
#[derive(Debug)]
pub struct Descriptor<T: AsFd> {
    /// Always there, until it is dropped.
    inner: Option<T>,
    generation: u32,
    secret: bool,
}

impl<T: AsFd> Descriptor<T> {
    /// One that only the library knows: children close it at once.
    pub(crate) fn new(inner: T) -> Self {
        if let Some((word, bit)) = bit_of(inner.as_fd().as_raw_fd()) {
            word.fetch_or(bit, AcqRel);
        }
        Descriptor {
            inner: Some(inner),
            generation: generation(),
            secret: true,
        }
    }

    /// One that the program knows: it stays open in children until the handle is destroyed there.
    pub(crate) fn shown(inner: T) -> Self {
        Descriptor {
            inner: Some(inner),
            generation: generation(),
            secret: false,
        }
    }
}

impl<T: AsFd> Descriptor<T> {
    /// Was it opened by this process? In another one its number may mean anything.
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
            // Closed already, and the number may be another one's by now.
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

/// Whether a thread has ever come back to the frames of another process: what spares all others a look.
static CAME_BACK: AtomicBool = AtomicBool::new(false);

/// What [`leave`] unwinds with.
struct Leaving;

/// Is the calling thread on its way out of stack frames of the process that this one was forked from? Then it must
/// not touch what they work on.
#[inline]
pub(crate) fn is_leaving() -> bool {
    CAME_BACK.load(Relaxed) && LEAVING.get()
}

/// Leaves stack frames that belong to another process. What they own is dropped on the way. Prints nothing.
#[cold]
pub(crate) fn leave() -> ! {
    if std::thread::panicking() {
        // There is no way out: a destructor came to a lock that a thread of the parent had when it was copied.
        process::exit(1);
    }
    CAME_BACK.store(true, Relaxed);
    LEAVING.set(true);
    resume_unwind(Box::new(Leaving))
}

/// Says of what was caught on the way into the library whether it came from [`leave`], which has then reached its end.
pub(crate) fn has_left(caught: &(dyn Any + Send)) -> bool {
    let left = caught.is::<Leaving>();
    if left {
        LEAVING.set(false);
    }
    left
}

/// Runs `f`; `None` if it panics. It does not stop [`leave`].
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
