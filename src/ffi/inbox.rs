//! `natsInbox`: a subject that nobody else has.

use std::ffi::c_char;

use super::guard::{guard, guard_void};
use super::{convert, library};
use crate::error::natsStatus;
use crate::proto::nuid;

/// A unique subject to receive replies on: a string, which C may use as any other.
///
/// Made by `natsInbox_Create`, released by `natsInbox_Destroy`.
pub type natsInbox = c_char;

/// Creates a unique subject, `_INBOX.` and 22 letters and digits.
///
/// It belongs to no connection, so that `natsOptions_SetCustomInboxPrefix` does not matter. Opens the
/// library if it is not open. Any thread may call it.
///
/// @param newInbox where to put the string, which the program releases with `natsInbox_Destroy`.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `newInbox` is NULL; `NATS_NO_MEMORY`; what `nats_Open`
/// returns.
///
/// # Safety
/// `newInbox` is NULL or valid for writing a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsInbox_Create(newInbox: *mut *mut natsInbox) -> natsStatus {
    guard("natsInbox_Create", || {
        convert::required(newInbox, "newInbox")?;
        library::open()?;
        let inbox = convert::malloc_string(&nuid::inbox(nuid::INBOX_PREFIX))?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { newInbox.write(inbox) };
        Ok(())
    })
}

/// Destroys what `natsInbox_Create` made.
///
/// @param inbox the string; NULL does nothing.
///
/// # Safety
/// `inbox` is NULL, or from `natsInbox_Create` and not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsInbox_Destroy(inbox: *mut natsInbox) {
    guard_void(|| {
        // SAFETY: NULL or from malloc, by the caller's contract.
        unsafe { libc::free(inbox.cast()) };
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status::*;
    use std::ffi::CStr;
    use std::ptr;

    #[test]
    fn inboxes_are_different_subjects() {
        let (mut a, mut b) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: live locals, and what was created is destroyed once.
        unsafe {
            assert_eq!(natsInbox_Create(ptr::null_mut()), NATS_INVALID_ARG);
            assert_eq!(natsInbox_Create(&mut a), NATS_OK);
            assert_eq!(natsInbox_Create(&mut b), NATS_OK);
            let text = CStr::from_ptr(a).to_bytes();
            assert!(text.starts_with(b"_INBOX.") && text.len() == 29);
            assert_ne!(CStr::from_ptr(a), CStr::from_ptr(b));
            natsInbox_Destroy(a);
            natsInbox_Destroy(b);
            natsInbox_Destroy(ptr::null_mut());
        }
    }
}
