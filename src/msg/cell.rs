//! A place for one message that threads leave and take without a lock.

use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::AcqRel;

use super::desc::Desc;
use super::message::Msg;

/// A place for one message, or none.
pub struct MsgCell(AtomicPtr<Desc>);

impl Default for MsgCell {
    fn default() -> Self {
        Self::new()
    }
}

impl MsgCell {
    /// An empty place.
    pub const fn new() -> Self {
        MsgCell(AtomicPtr::new(ptr::null_mut()))
    }

    /// Leaves a message here. Returns the one that was there.
    pub fn put(&self, msg: Msg) -> Option<Msg> {
        self.swap(msg.into_raw())
    }

    /// Takes the message that is here.
    pub fn take(&self) -> Option<Msg> {
        self.swap(ptr::null_mut())
    }

    fn swap(&self, desc: *mut Desc) -> Option<Msg> {
        let old = self.0.swap(desc, AcqRel);
        // SAFETY: NULL, or given up to this cell by `put`; whoever swaps it out is its only owner.
        unsafe { Msg::from_raw(old) }
    }
}

impl Drop for MsgCell {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_once_and_dropped_with_its_place() {
        let msg = |text: &[u8]| Msg::create(b"a", None, text).unwrap();
        let cell = MsgCell::new();
        assert!(cell.take().is_none());
        assert!(cell.put(msg(b"1")).is_none());
        assert_eq!(cell.put(msg(b"2")).unwrap().payload(), b"1");
        assert_eq!(cell.take().unwrap().payload(), b"2");
        assert!(cell.take().is_none());
        cell.put(msg(b"3"));
    }

    #[test]
    fn threads_that_race_for_messages_get_each_once() {
        const EACH: usize = if cfg!(miri) { 20 } else { 2000 };
        let cell = MsgCell::new();
        let replaced_or_taken: usize = std::thread::scope(|scope| {
            let race = || {
                let message = || Msg::create(b"a", None, b"x").unwrap();
                let once = |_| {
                    usize::from(cell.put(message()).is_some()) + usize::from(cell.take().is_some())
                };
                (0..EACH).map(once).sum::<usize>()
            };
            let racers: Vec<_> = (0..3).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|r| r.join().unwrap()).sum()
        });
        let left = usize::from(cell.take().is_some());
        assert_eq!(replaced_or_taken + left, 3 * EACH);
    }
}
