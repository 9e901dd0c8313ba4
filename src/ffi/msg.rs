//! `natsMsg`: a message, made by the program or received.

use std::ffi::{c_char, c_int};
use std::mem::ManuallyDrop;
use std::ptr;

use super::convert;
use super::guard::{guard, guard_local, guard_void};
use super::types::natsMsgList;
use crate::error::{Error, Result, natsStatus};
use crate::msg::{Desc, Msg};

/// A message: a subject, perhaps a reply subject, perhaps headers, and a payload. Opaque to C.
///
/// Received in a `natsMsgHandler`, from `natsSubscription_NextMsg` or the `natsConnection_Request`
/// functions, or made by `natsMsg_Create`; in each case the program owns it and releases it with
/// `natsMsg_Destroy`. What the `natsMsg_Get` functions return lies in the message and lives as long
/// as it does. One thread at a time may use a message, also for reading; it may be passed on to
/// another thread. Its headers are used by the `natsMsgHeader_` functions.
pub type natsMsg = __natsMsg;

/// The structure behind `natsMsg`.
pub struct __natsMsg {
    _opaque: [u8; 0],
}

/// Looks at the message behind a pointer of C.
///
/// # Safety
/// `msg` is NULL or a message of this library whose memory still is one, and nobody else uses it
/// meanwhile.
#[inline]
pub(crate) unsafe fn borrow_msg(msg: *const natsMsg) -> Result<ManuallyDrop<Msg>> {
    let desc: *mut Desc = msg.cast_mut().cast();
    // SAFETY: the contract above.
    unsafe { Msg::borrow_raw(desc) }.ok_or_else(|| {
        let destroyed = "the message was destroyed";
        Error::invalid_arg(if msg.is_null() {
            "message cannot be NULL"
        } else {
            destroyed
        })
    })
}

/// The pointer by which C owns a message from now on.
#[inline]
pub(crate) fn into_c(msg: Msg) -> *mut natsMsg {
    msg.into_raw().cast()
}

/// Creates a message.
///
/// Any thread may call it. Whether the subject is fit to be published on is seen when the message
/// is.
///
/// @param newMsg where to put the message, which the program releases with `natsMsg_Destroy`.
/// @param subj the subject, which is copied; not empty.
/// @param reply the subject for replies, which is copied; NULL for none, but not an empty string.
/// @param data the payload, which is copied; not looked at where `dataLen` is 0.
/// @param dataLen the payload's length in bytes.
/// @return `NATS_OK`; `NATS_INVALID_ARG` where `newMsg` is NULL, a string is missing or empty that
/// must not be, `dataLen` is negative, or `data` is NULL and `dataLen` is not 0; `NATS_NO_MEMORY`.
/// The output is written only with `NATS_OK`.
///
/// # Safety
/// `newMsg` is NULL or valid for writing a pointer, `subj` and `reply` are NULL or strings, and
/// `data` is NULL or valid for reading `dataLen` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_Create(
    newMsg: *mut *mut natsMsg,
    subj: *const c_char,
    reply: *const c_char,
    data: *const c_char,
    dataLen: c_int,
) -> natsStatus {
    guard("natsMsg_Create", || {
        convert::required(newMsg, "newMsg")?;
        // SAFETY: the caller's contract, above.
        let subject = unsafe { convert::some_bytes(subj, "subject cannot be NULL nor empty") }?;
        // SAFETY: likewise.
        let reply = unsafe { convert::bytes(reply) };
        if reply.is_some_and(<[u8]>::is_empty) {
            return Err(Error::invalid_arg("reply cannot be empty"));
        }
        // SAFETY: likewise.
        let payload = unsafe { convert::payload(data.cast(), dataLen) }?;
        let msg = Msg::create(subject, reply, payload)?;
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { newMsg.write(into_c(msg)) };
        Ok(())
    })
}

/// Returns a message's subject.
///
/// @param msg the message.
/// @return the subject, which lies in the message; NULL for NULL.
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetSubject(msg: *const natsMsg) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.subject_ptr())
    })
}

/// Returns the subject on which the message's publisher waits for replies.
///
/// @param msg the message.
/// @return the subject, which lies in the message; NULL where there is none, and for NULL.
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetReply(msg: *const natsMsg) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.reply_ptr())
    })
}

/// Returns a message's payload.
///
/// A NUL follows the payload, so that text can be read as a string; the payload itself may hold
/// NULs.
///
/// @param msg the message.
/// @return the payload, which lies in the message; never NULL for a message, even where it is empty;
/// NULL for NULL.
///
/// @see natsMsg_GetDataLength
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetData(msg: *const natsMsg) -> *const c_char {
    guard_local(ptr::null(), || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.payload_ptr())
    })
}

/// Returns the length of a message's payload.
///
/// @param msg the message.
/// @return bytes, without the headers and without the NUL; 0 for NULL.
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetDataLength(msg: *const natsMsg) -> c_int {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.payload().len() as c_int)
    })
}

/// Tells whether a message is the server's word that nobody is subscribed to the subject of a
/// request: an empty payload and a `Status` header that begins with 503 (ADR-4).
///
/// @param msg the message.
/// @return whether it is; false for NULL.
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_IsNoResponders(msg: *mut natsMsg) -> bool {
    guard_local(false, || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.is_no_responders())
    })
}

/// Returns the sequence of a message in its stream.
///
/// @param msg the message.
/// @return the sequence of a message that JetStream or a key-value store gave out directly; 0 for any
/// other, and for NULL.
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetSequence(msg: *mut natsMsg) -> u64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.sequence())
    })
}

/// Returns when a message's stream received it.
///
/// @param msg the message.
/// @return nanoseconds since 1970, UTC, for a message that JetStream or a key-value store gave out
/// directly; 0 for any other, and for NULL.
///
/// # Safety
/// `msg` is NULL or a message of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_GetTime(msg: *mut natsMsg) -> i64 {
    guard_local(0, || {
        // SAFETY: the caller's contract, above.
        let msg = unsafe { borrow_msg(msg) }?;
        Ok(msg.time())
    })
}

/// Destroys a message, and with it all that lies in it.
///
/// Any thread may call it, at any time, also after the connection was destroyed.
///
/// @param msg the message; NULL does nothing.
///
/// # Safety
/// `msg` is NULL, or a message of this library that was not destroyed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsg_Destroy(msg: *mut natsMsg) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        drop(unsafe { Msg::from_raw(msg.cast()) });
    });
}

/// Destroys the messages of a list and frees its array. The structure itself is the program's; it is
/// left empty.
///
/// @param list the list; elements that are NULL are skipped. NULL does nothing.
///
/// # Safety
/// `list` is NULL or a list that this library filled, in which elements may have become NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsMsgList_Destroy(list: *mut natsMsgList) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        let Some(list) = (unsafe { list.as_mut() }) else {
            return;
        };
        let (msgs, count) = (list.Msgs, std::mem::take(&mut list.Count));
        list.Msgs = ptr::null_mut();
        if msgs.is_null() {
            return;
        }
        for i in 0..usize::try_from(count).unwrap_or(0) {
            // SAFETY: the array has `count` elements, each NULL or a message, by the same contract.
            drop(unsafe { Msg::from_raw((*msgs.add(i)).cast()) });
        }
        // SAFETY: the array came from malloc.
        unsafe { libc::free(msgs.cast()) };
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status::*;
    use std::ffi::CStr;

    #[test]
    fn a_message_has_what_it_was_made_of() {
        let mut msg = ptr::null_mut();
        // SAFETY: literals, live locals and a live message.
        unsafe {
            let (subject, reply) = (c"a.b".as_ptr(), c"r".as_ptr());
            assert_eq!(
                natsMsg_Create(&mut msg, subject, reply, b"a\0b".as_ptr().cast(), 3),
                NATS_OK
            );
            assert_eq!(CStr::from_ptr(natsMsg_GetSubject(msg)), c"a.b");
            assert_eq!(CStr::from_ptr(natsMsg_GetReply(msg)), c"r");
            assert_eq!(natsMsg_GetDataLength(msg), 3);
            assert_eq!(*natsMsg_GetData(msg).add(2), b'b' as c_char);
            assert_eq!(*natsMsg_GetData(msg).add(3), 0);
            assert!(!natsMsg_IsNoResponders(msg));
            assert_eq!((natsMsg_GetSequence(msg), natsMsg_GetTime(msg)), (0, 0));
            natsMsg_Destroy(msg);

            assert_eq!(
                natsMsg_Create(&mut msg, subject, ptr::null(), ptr::null(), 0),
                NATS_OK
            );
            assert!(natsMsg_GetReply(msg).is_null());
            assert_eq!(CStr::from_ptr(natsMsg_GetData(msg)), c"");
            natsMsg_Destroy(msg);
        }
    }

    #[test]
    fn bad_arguments_are_refused_and_null_is_harmless() {
        let mut msg = ptr::null_mut();
        let none = ptr::null();
        let (s, empty) = (c"s".as_ptr(), c"".as_ptr());
        // SAFETY: NULLs, literals and a live local.
        unsafe {
            assert_eq!(
                natsMsg_Create(ptr::null_mut(), s, none, none, 0),
                NATS_INVALID_ARG
            );
            assert_eq!(
                natsMsg_Create(&mut msg, none, none, none, 0),
                NATS_INVALID_ARG
            );
            assert_eq!(
                natsMsg_Create(&mut msg, empty, none, none, 0),
                NATS_INVALID_ARG
            );
            assert_eq!(
                natsMsg_Create(&mut msg, s, empty, none, 0),
                NATS_INVALID_ARG
            );
            assert_eq!(natsMsg_Create(&mut msg, s, none, none, 1), NATS_INVALID_ARG);
            assert_eq!(natsMsg_Create(&mut msg, s, none, s, -1), NATS_INVALID_ARG);
            assert!(msg.is_null());
            assert!(natsMsg_GetSubject(msg).is_null() && natsMsg_GetReply(msg).is_null());
            assert!(natsMsg_GetData(msg).is_null());
            assert_eq!(natsMsg_GetDataLength(msg), 0);
            assert!(!natsMsg_IsNoResponders(msg));
            natsMsg_Destroy(msg);
            natsMsgList_Destroy(ptr::null_mut());
        }
    }

    #[test]
    fn a_list_is_emptied_and_skips_what_was_taken_out() {
        let make = || into_c(Msg::create(b"a", None, b"x").unwrap());
        let kept = make();
        let msgs = convert::malloc_array(&[make(), ptr::null_mut(), make()]).unwrap();
        let mut list = natsMsgList {
            Msgs: msgs,
            Count: 3,
        };
        // SAFETY: a list as the library makes them, with a message taken out; and that message.
        unsafe {
            natsMsgList_Destroy(&mut list);
            assert!(list.Msgs.is_null() && list.Count == 0);
            natsMsgList_Destroy(&mut list);
            natsMsg_Destroy(kept);
        }
    }
}
