//! `natsInbox`: a unique subject.

use std::ffi::c_char;

use super::guard::{guard, guard_void};
use super::{convert, library};
use crate::error::natsStatus;
use crate::proto::nuid;

/// A unique subject to receive replies on: a string with a NUL at its end.
///
/// Created by `natsInbox_Create` and released by `natsInbox_Destroy`.
///
/// @ingroup nats_inbox
pub type natsInbox = c_char;

/// Create a unique subject to receive replies on.
///
/// The subject is `_INBOX.` followed by 22 letters and digits. It is not bound to a connection, so
/// `natsOptions_SetCustomInboxPrefix` has no effect on it. Opens the library if it is not open.
///
/// @param newInbox Receives the string, which the caller releases with `natsInbox_Destroy`. Written
/// only with `NATS_OK`.
///
/// @retval NATS_OK The subject was created.
/// @retval NATS_INVALID_ARG `newInbox` is NULL.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
/// @retval NATS_FAILED_TO_INITIALIZE The library is being closed.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @ingroup nats_inbox
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

/// Release a subject made by `natsInbox_Create`.
///
/// @param inbox The string; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function; one thread at a time may use the string.
///
/// @ingroup nats_inbox
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
