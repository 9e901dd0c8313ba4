//! Detection of a new process; the consequences are in [`crate::fork`]. And what else has to be set before the library
//! is first used.

use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};

use super::callback::ending;
use crate::fork::{self, PAGE, PAGE_SIZE, Page};
use crate::runtime;

/// Called on the way into the library: ensures that children of this process notice that they are, before there is
/// anything that they could inherit, and that threads of the library are watched ([`ending`]).
#[inline]
pub(crate) fn notice() {
    if !WATCHES.load(Acquire) {
        watch();
    }
}

static WATCHES: AtomicBool = AtomicBool::new(false);

#[cold]
fn watch() {
    // Miri has no fork, and does not know these calls.
    if cfg!(miri) {
        WATCHES.store(true, Release);
        return;
    }
    runtime::run_first_in_each(ending::watch_thread);
    // Two threads that get here at the same time both do it: the handler may run twice.
    // SAFETY: the handler's code stays in memory: the library is linked with `-z nodelete`. Without memory for
    // it children are known by the page alone.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    wipe_page_in_children();
    WATCHES.store(true, Release);
}

/// Lets the kernel clear the page in children, however they are made. It fails if the page shares its mapping with a
/// file, and on kernels older than 4.14; then the handler clears the number.
fn wipe_page_in_children() {
    // SAFETY: asks for a number.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    if usize::try_from(size) == Ok(PAGE_SIZE) {
        let page = ptr::from_ref::<Page>(&PAGE).cast_mut().cast();
        // SAFETY: a whole page that holds nothing but the number; where it is cleared a new one is drawn.
        unsafe { libc::madvise(page, PAGE_SIZE, libc::MADV_WIPEONFORK) };
    }
}

/// Runs in the child, on its only thread, before `fork` returns there. Calls nothing that a signal handler may not
/// call.
extern "C" fn in_child() {
    fork::begin_anew();
    fork::take_descriptors(|fd| {
        // SAFETY: a descriptor of the library, open in the parent when it forked. What owns it knows that it is
        // not to be closed again in this process.
        drop(unsafe { OwnedFd::from_raw_fd(fd) });
    });
}
