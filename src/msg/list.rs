//! A queue of messages that allocates nothing: each message points to the next.

use std::ptr::{self, NonNull};

use super::desc::Desc;
use super::message::Msg;

/// Messages in order.
pub struct MsgList {
    head: *mut Desc,
    tail: *mut Desc,
    len: usize,
    bytes: usize,
}

// SAFETY: the list owns its messages, and a message may go to another thread.
unsafe impl Send for MsgList {}
// SAFETY: through `&MsgList` only the two counters can be read.
unsafe impl Sync for MsgList {}

impl Default for MsgList {
    fn default() -> Self {
        Self::new()
    }
}

impl MsgList {
    /// An empty list.
    pub const fn new() -> Self {
        MsgList {
            head: ptr::null_mut(),
            tail: ptr::null_mut(),
            len: 0,
            bytes: 0,
        }
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of headers and payload of all of them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends a message. Its [owner](Msg::owner) is dropped.
    pub fn push(&mut self, mut msg: Msg) {
        msg.desc_mut().disown();
        self.bytes += msg.size();
        let desc = msg.into_raw();
        // SAFETY: `desc` was just given up by its owner, and `tail` is owned by this list.
        unsafe {
            (*desc).next = ptr::null_mut();
            if self.tail.is_null() {
                self.head = desc;
            } else {
                (*self.tail).next = desc;
            }
        }
        self.tail = desc;
        self.len += 1;
    }

    /// Takes the first message.
    pub fn pop(&mut self) -> Option<Msg> {
        // Owned by this list, and its block is alive through it.
        let msg = Msg(NonNull::new(self.head)?);
        self.head = msg.desc().next;
        if self.head.is_null() {
            self.tail = ptr::null_mut();
        }
        self.len -= 1;
        self.bytes -= msg.size();
        Some(msg)
    }

    /// The first message, which stays in the list.
    pub fn front(&self) -> Option<&Msg> {
        // SAFETY: a `Msg` is a pointer to a descriptor, `head` is NULL or a pointer to one that this
        // list owns, and NULL is `None`.
        let first: &Option<Msg> = unsafe { &*(&raw const self.head).cast() };
        first.as_ref()
    }

    /// The last message, which stays.
    pub fn last(&self) -> Option<&Msg> {
        // SAFETY: as for `front`: `tail` is NULL or a pointer to a descriptor that this list owns.
        let last: &Option<Msg> = unsafe { &*(&raw const self.tail).cast() };
        last.as_ref()
    }

    /// Keeps the messages for which `keep` returns true, and returns the others, both in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&Msg) -> bool) -> MsgList {
        let mut all = std::mem::take(self);
        let mut others = MsgList::new();
        while let Some(msg) = all.pop() {
            match keep(&msg) {
                true => self.push(msg),
                false => others.push(msg),
            }
        }
        others
    }

    /// Appends all messages of `other` in one step.
    pub fn append(&mut self, other: &mut MsgList) {
        let other = std::mem::take(other);
        if other.head.is_null() {
            return;
        }
        if self.tail.is_null() {
            self.head = other.head;
        } else {
            // SAFETY: owned by this list.
            unsafe { (*self.tail).next = other.head };
        }
        self.tail = other.tail;
        self.len += other.len;
        self.bytes += other.bytes;
        // This list owns its messages now.
        std::mem::forget(other);
    }
}

impl Drop for MsgList {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn msg(n: usize) -> Msg {
        Msg::create(b"s", None, n.to_string().as_bytes()).unwrap()
    }

    fn numbers(list: &mut MsgList) -> Vec<String> {
        std::iter::from_fn(|| list.pop())
            .map(|m| String::from_utf8_lossy(m.payload()).into_owned())
            .collect()
    }

    #[test]
    fn messages_come_out_in_the_order_they_went_in() {
        let (mut a, mut b) = (MsgList::new(), MsgList::new());
        for n in 0..3 {
            a.push(msg(n));
        }
        b.append(&mut a);
        assert!(a.is_empty());
        a.push(msg(3));
        b.append(&mut a);
        b.append(&mut MsgList::new());
        assert_eq!((b.len(), b.bytes()), (4, 4));
        assert_eq!(numbers(&mut b), ["0", "1", "2", "3"]);
        assert!(b.front().is_none());
        b.push(msg(9));
        assert_eq!(b.front().unwrap().payload(), b"9");
        b.push(msg(8));
        assert_eq!(b.last().unwrap().payload(), b"8");
        assert_eq!(numbers(&mut b), ["9", "8"]);
        assert!(b.last().is_none());
        assert_eq!((b.len(), b.bytes()), (0, 0));
    }

    #[test]
    fn what_is_not_retained_comes_out_in_order() {
        let mut list = MsgList::new();
        (0..6).for_each(|n| list.push(msg(n)));
        let mut odd = list.retain(|m| m.payload()[0] % 2 == 0);
        assert_eq!((list.len(), list.bytes(), odd.len()), (3, 3, 3));
        assert_eq!(numbers(&mut odd), ["1", "3", "5"]);
        assert_eq!(numbers(&mut list), ["0", "2", "4"]);
        assert!(list.retain(|_| true).is_empty() && list.is_empty());
    }
}
