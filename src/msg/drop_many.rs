//! Dropping many messages: neighbours have the same cell and the same owner, whose counters are then changed once for all
//! of them.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::block::CellPtr;
use super::message::Msg;
use super::owner::{Owner, give_back};
use super::release::release_many;

/// Drops messages, in any number. When it is dropped itself, all of their references are.
#[derive(Default)]
pub struct DropMany {
    cell: Option<CellPtr>,
    cells: u32,
    owner: Option<NonNull<Owner>>,
    owners: usize,
}

impl DropMany {
    /// Drops a message. What it refers to is released later.
    pub fn add(&mut self, msg: Msg) {
        let mut msg = ManuallyDrop::new(msg);
        if let Some(owner) = msg.desc_mut().take_owner() {
            if self.owner != Some(owner) {
                self.release_owner();
                self.owner = Some(owner);
            }
            self.owners += 1;
        }
        let cell = msg.end();
        if self.cell != Some(cell) {
            self.release_cell();
            self.cell = Some(cell);
        }
        self.cells += 1;
    }

    fn release_owner(&mut self) {
        let count = std::mem::take(&mut self.owners);
        if let Some(owner) = self.owner.take() {
            // SAFETY: each of so many messages has given up its reference.
            unsafe { give_back(owner, count) }
        }
    }

    fn release_cell(&mut self) {
        let count = std::mem::take(&mut self.cells);
        if let Some(cell) = self.cell.take() {
            // SAFETY: likewise.
            unsafe { release_many(cell, count) }
        }
    }
}

impl Drop for DropMany {
    fn drop(&mut self) {
        self.release_cell();
        self.release_owner();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg::owner::OwnerRef;

    #[test]
    fn owners_and_blocks_are_released_with_the_last_message() {
        let owners = [OwnerRef::new(1), OwnerRef::new(2)];
        let payload = vec![b'x'; 700];
        let mut dropped = DropMany::default();
        let kept = Msg::create(b"kept", None, b"kept").unwrap();
        for i in 0..100 {
            let mut msg = Msg::create(b"s", Some(b"r"), &payload[..i * 7]).unwrap();
            match i % 5 {
                4 => {}
                n => msg.set_owner(owners[n / 2].clone()),
            }
            if i % 10 == 0 {
                msg.headers_mut().unwrap().set(b"A", Some(b"b"));
            }
            dropped.add(msg);
        }
        assert!(owners[0].count() + owners[1].count() > 2, "not yet");
        drop(dropped);
        assert_eq!((owners[0].count(), owners[1].count()), (1, 1));
        assert_eq!(kept.payload(), b"kept");
    }

    #[test]
    fn a_message_is_gone_at_once() {
        let mut dropped = DropMany::default();
        let raw = Msg::create(b"a", None, b"x").unwrap().into_raw();
        // SAFETY: from `into_raw`; its block is alive until `dropped` is not.
        unsafe {
            dropped.add(Msg::from_raw(raw).unwrap());
            assert!(Msg::from_raw(raw).is_none() && Msg::borrow_raw(raw).is_none());
        }
    }
}
