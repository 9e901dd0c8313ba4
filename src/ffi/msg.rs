//! `natsMsg`: a message, created by the program or received.

use std::ffi::{c_char, c_int};
use std::mem::ManuallyDrop;
use std::ptr;

use super::convert;
use super::guard::{guard, guard_local, guard_void};
use super::types::natsMsgList;
use crate::error::{Error, Result, natsStatus};
use crate::msg::{Desc, DropMany, Msg};

/// A message: a subject, a payload, and optionally a reply subject and headers. Opaque to C.
///
/// Received in a `natsMsgHandler`, from `natsSubscription_NextMsg` or from the `natsConnection_Request` functions, or
/// created by `natsMsg_Create`. In each case the program owns it and releases it with `natsMsg_Destroy`. The results
/// of the `natsMsg_Get` functions belong to the message and are valid as long as it. One thread at a time may use a
/// message, even to read it; it may be passed to another thread. The `natsMsgHeader_` functions access its headers.
///
/// @ingroup nats_msg
pub type natsMsg = __natsMsg;

/// The structure behind `natsMsg`.
pub struct __natsMsg {
    _opaque: [u8; 0],
}

/// Borrows the message behind a pointer from C.
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

/// Create a message.
///
/// Copies its arguments. Whether the subject can be published on is checked when the message is
/// published.
///
/// @param newMsg Receives the message, which the caller owns and releases with `natsMsg_Destroy`.
/// Written only with `NATS_OK`.
/// @param subj The subject; not empty.
/// @param reply The subject for replies; NULL for none, but not an empty string.
/// @param data The payload. Ignored if `dataLen` is 0.
/// @param dataLen The length of the payload in bytes; not negative.
///
/// @retval NATS_OK The message was created.
/// @retval NATS_INVALID_ARG `newMsg` is NULL, `subj` is NULL or empty, `reply` is empty, `dataLen`
/// is negative, or `data` is NULL while `dataLen` is not 0.
/// @retval NATS_NO_MEMORY Memory could not be allocated.
///
/// @par Threads
/// Any thread may call this function at any time. The message belongs to one thread at a time.
///
/// @par Example
/// ```c
/// natsMsg *msg = NULL;
/// natsStatus s = natsMsg_Create(&msg, "orders.new", NULL, "{\"id\":7}", 8);
/// if (s == NATS_OK) s = natsConnection_PublishMsg(nc, msg);
/// natsMsg_Destroy(msg);
/// ```
///
/// @see natsConnection_PublishMsg, natsMsgHeader_Set
///
/// @ingroup nats_msg
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

/// Return the subject of a message.
///
/// @param msg The message.
///
/// @return The subject, which belongs to the message and is valid as long as the message; NULL if
/// `msg` is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_msg
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

/// Return the subject on which the publisher of a message expects replies.
///
/// @param msg The message.
///
/// @return The subject, which belongs to the message and is valid as long as the message; NULL if
/// it has none, or `msg` is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_msg
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

/// Return the payload of a message.
///
/// A NUL follows the payload, so text can be used as a string. The payload itself may contain NULs.
///
/// @param msg The message.
///
/// @return The payload, which belongs to the message and is valid as long as the message. Not NULL
/// for a message, even if the payload is empty; NULL if `msg` is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @par Example
/// ```c
/// fwrite(natsMsg_GetData(msg), 1, (size_t)natsMsg_GetDataLength(msg), stdout);
/// ```
///
/// @see natsMsg_GetDataLength
///
/// @ingroup nats_msg
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

/// Return the length of a message's payload.
///
/// @param msg The message.
///
/// @return The number of bytes, without headers and without the NUL behind the payload; 0 if `msg`
/// is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_msg
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

/// Test whether a message is the server's notice that a request has no responders.
///
/// Such a message has an empty payload and a `Status` header that begins with 503 (ADR-4).
///
/// @param msg The message.
///
/// @return True if it is; false if `msg` is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_msg
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

/// Return the sequence number of a message in its stream.
///
/// @param msg The message.
///
/// @return The number, for a message that was read directly from a stream or a key-value store; 0
/// for any other message, and if `msg` is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_msg
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

/// Return the time at which the stream received a message.
///
/// @param msg The message.
///
/// @return Nanoseconds since 1970-01-01 UTC, for a message that was read directly from a stream or
/// a key-value store; 0 for any other message, and if `msg` is NULL.
///
/// @par Threads
/// One thread at a time may use a message, even to read it.
///
/// @ingroup nats_msg
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

/// Release a message and everything that belongs to it.
///
/// @param msg The message; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function, also after the connection was destroyed, once no other thread
/// uses the message.
///
/// @ingroup nats_msg
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

/// Release the messages of a list and its array.
///
/// The structure itself belongs to the program; it is left empty.
///
/// @param list The list, whose NULL elements are skipped; NULL is ignored. It may be one that the
/// program filled, with an array from malloc.
///
/// @par Threads
/// One thread at a time may use the list.
///
/// @ingroup nats_msg
///
/// # Safety
/// `list` is NULL, or a list that this library filled, in which elements may have become NULL, or one
/// of the program with an array from malloc.
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
        let mut dropped = DropMany::default();
        for i in 0..usize::try_from(count).unwrap_or(0) {
            // SAFETY: the array has `count` elements, each NULL or a message, by the same contract.
            if let Some(msg) = unsafe { Msg::from_raw((*msgs.add(i)).cast()) } {
                dropped.add(msg);
            }
        }
        drop(dropped);
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
