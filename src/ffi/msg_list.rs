//! Lists of messages on their way to the program.

use std::ffi::c_int;
use std::ptr;

use super::convert::{malloc_room, resize_room};
use super::msg::{into_c, natsMsg, natsMsgList_Destroy};
use super::types::natsMsgList;
use crate::error::Result;
use crate::msg::{Msg, MsgList};

/// A list of no messages.
pub(crate) fn empty_list() -> natsMsgList {
    natsMsgList {
        Msgs: ptr::null_mut(),
        Count: 0,
    }
}

/// Gives messages to the program, in a list that it destroys.
///
/// # Safety
/// `out` is valid for writing a list.
pub(crate) unsafe fn write_list(out: *mut natsMsgList, mut msgs: MsgList) -> Result<()> {
    let mut array = MsgArray::with_room(msgs.len())?;
    while let Some(msg) = msgs.pop() {
        array.push(msg);
    }
    // SAFETY: the contract above.
    unsafe { out.write(array.into_list()) };
    Ok(())
}

/// The first room of an array that grows.
const FIRST_ROOM: usize = 64;

/// An array for a `natsMsgList`, from `malloc`, with room for a number of messages.
pub(crate) struct MsgArray {
    items: *mut *mut natsMsg,
    room: usize,
    len: usize,
    /// The largest room that it may get.
    most: usize,
}

// SAFETY: it owns the array and the messages in it, which may go to another thread.
unsafe impl Send for MsgArray {}

impl MsgArray {
    pub(crate) fn with_room(room: usize) -> Result<Self> {
        let room = room.min(c_int::MAX as usize);
        Ok(MsgArray {
            items: malloc_room(room)?,
            room,
            len: 0,
            most: room,
        })
    }

    /// An array for up to `most` messages, which takes only as much memory as it needs.
    pub(crate) fn growing(most: usize) -> Result<Self> {
        let mut array = Self::with_room(most.min(FIRST_ROOM))?;
        array.most = most.min(c_int::MAX as usize);
        Ok(array)
    }

    /// Makes room for another message. False if the array is full, or there is no memory.
    pub(crate) fn make_room(&mut self) -> bool {
        if self.len < self.room {
            return true;
        }
        let room = self.room.saturating_mul(2).min(self.most);
        if room == self.room {
            return false;
        }
        // SAFETY: the array is from `malloc`, and its own.
        let Ok(items) = (unsafe { resize_room(self.items, room) }) else {
            return false;
        };
        (self.items, self.room) = (items, room);
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == self.most
    }

    /// Appends a message, for which there has to be room.
    pub(crate) fn push(&mut self, msg: Msg) {
        assert!(self.len < self.room, "there is room for the message");
        // SAFETY: within the array.
        unsafe { self.items.add(self.len).write(into_c(msg)) };
        self.len += 1;
    }

    /// The list by which the program owns array and messages from now on.
    pub(crate) fn into_list(self) -> natsMsgList {
        let list = self.list();
        std::mem::forget(self);
        list
    }

    /// The array and the messages as a list.
    fn list(&self) -> natsMsgList {
        natsMsgList {
            Msgs: self.items,
            // As much as there is room for at the most.
            Count: self.len as c_int,
        }
    }

    /// Lends array and messages to the program. Returns the array, empty, if the program has not taken it.
    pub(crate) fn lend(self, to: impl FnOnce(*mut natsMsgList)) -> Option<Self> {
        /// Releases what the program has left, also if `to` panics.
        struct Lent {
            list: natsMsgList,
            items: *mut *mut natsMsg,
            room: usize,
            len: usize,
            most: usize,
        }
        impl Lent {
            fn take_back(&mut self) -> Option<MsgArray> {
                if std::mem::replace(&mut self.list.Msgs, ptr::null_mut()) != self.items {
                    return None;
                }
                for i in 0..self.len {
                    // SAFETY: the program has left the array, with elements that are its messages or NULL.
                    drop(unsafe { Msg::from_raw((*self.items.add(i)).cast()) });
                }
                Some(MsgArray {
                    items: self.items,
                    room: self.room,
                    len: 0,
                    most: self.most,
                })
            }
        }
        impl Drop for Lent {
            fn drop(&mut self) {
                drop(self.take_back());
            }
        }
        let (items, room, len, most) = (self.items, self.room, self.len, self.most);
        let mut lent = Lent {
            list: self.into_list(),
            items,
            room,
            len,
            most,
        };
        to(&raw mut lent.list);
        lent.take_back()
    }
}

impl Drop for MsgArray {
    fn drop(&mut self) {
        let mut list = self.list();
        // SAFETY: an array from `malloc` with so many messages, which nobody else has.
        unsafe { natsMsgList_Destroy(&raw mut list) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(count: usize) -> MsgArray {
        let mut array = MsgArray::with_room(count + 1).unwrap();
        for n in 0..count {
            array.push(Msg::create(b"s", None, n.to_string().as_bytes()).unwrap());
        }
        array
    }

    #[test]
    fn what_the_program_leaves_is_released() {
        let array = array(3).lend(|list| {
            // SAFETY: a list of three messages.
            unsafe {
                assert_eq!((*list).Count, 3);
                let second = (*list).Msgs.add(1);
                let taken = Msg::from_raw(second.replace(ptr::null_mut()).cast());
                assert_eq!(taken.unwrap().payload(), b"1");
            }
        });
        let again = array.expect("the array is still the library's");
        assert!(again.len() == 0 && again.room == 4);
    }

    #[test]
    fn a_growing_array_takes_what_it_needs() {
        // So many pointers would be 16 GiB.
        let mut array = MsgArray::growing(c_int::MAX as usize).unwrap();
        for n in 0..1000 {
            assert!(array.make_room() && !array.is_full());
            array.push(Msg::create(b"s", None, n.to_string().as_bytes()).unwrap());
        }
        assert_eq!((array.len(), array.room), (1000, 1024));
        let again = array.lend(|list| {
            // SAFETY: a list of a thousand messages.
            unsafe {
                let last = (*list).Msgs.add(999);
                let taken = Msg::from_raw(last.replace(ptr::null_mut()).cast());
                assert_eq!(taken.unwrap().payload(), b"999");
            }
        });
        assert_eq!(again.unwrap().most, c_int::MAX as usize);
        let mut small = MsgArray::growing(65).unwrap();
        for _ in 0..65 {
            assert!(small.make_room());
            small.push(Msg::create(b"s", None, b"").unwrap());
        }
        assert!(small.is_full() && !small.make_room());
    }

    #[test]
    fn the_program_may_take_the_array_or_destroy_the_list() {
        // SAFETY: a list that the library has made.
        let destroyed = array(2).lend(|list| unsafe { natsMsgList_Destroy(list) });
        assert!(destroyed.is_none());
        let mut kept = empty_list();
        let taken = array(2).lend(|list| {
            // SAFETY: likewise.
            unsafe {
                kept = *list;
                (*list).Msgs = ptr::null_mut();
            }
        });
        assert!(taken.is_none());
        // SAFETY: likewise.
        unsafe { natsMsgList_Destroy(&raw mut kept) };
    }
}
