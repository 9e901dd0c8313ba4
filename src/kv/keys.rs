//! The keys of a list, each once, in the order in which they were stored.
//!
//! Their bytes lie one behind the other in one piece of memory: a list of many keys allocates nothing for
//! each of them.

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;

/// So many keys are looked for together.
const TOGETHER: usize = 32;

/// Keys that have a value.
#[derive(Default)]
pub struct Keys {
    bytes: Vec<u8>,
    /// Where each key ends, and whether it is in the list. It begins where the one before it ends.
    ends: Vec<End>,
    /// How many of them are in the list.
    listed: usize,
    places: Places,
    hasher: RandomState,
}

/// The end of a key in the bytes of all, times two; odd if the key is in the list.
#[derive(Clone, Copy)]
struct End(usize);

impl End {
    fn at(self) -> usize {
        self.0 >> 1
    }

    fn is_listed(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Keys {
    /// The key has a value. One that is in the list keeps its place.
    pub(super) fn put(&mut self, key: &[u8]) {
        self.put_hashed(self.hash(key), key);
    }

    /// The key has no value any more.
    pub(super) fn remove(&mut self, key: &[u8]) {
        self.remove_hashed(self.hash(key), key);
    }

    /// Was anything said of the key?
    pub(super) fn knows(&self, key: &[u8]) -> bool {
        self.find(self.hash(key), key).is_some()
    }

    fn put_hashed(&mut self, hash: u32, key: &[u8]) {
        let place = self.find(hash, key);
        if place.is_some_and(|place| self.ends[place].is_listed()) {
            return;
        }
        // One that was removed comes at its new place.
        self.add(hash, place, key, true);
        self.listed += 1;
    }

    fn remove_hashed(&mut self, hash: u32, key: &[u8]) {
        match self.find(hash, key) {
            Some(place) => {
                self.listed -= usize::from(self.ends[place].is_listed());
                self.ends[place].0 &= !1;
            }
            None => self.add(hash, None, key, false),
        }
    }

    /// The keys, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        Iter {
            keys: self,
            place: 0,
            left: self.listed,
        }
    }

    /// Adds a key, or moves the one at `before` to the end.
    fn add(&mut self, hash: u32, before: Option<usize>, key: &[u8], listed: bool) {
        let place = self.ends.len();
        self.bytes.extend_from_slice(key);
        self.ends
            .push(End(self.bytes.len() << 1 | usize::from(listed)));
        self.places.set(hash, before, place);
    }

    fn hash(&self, key: &[u8]) -> u32 {
        // The lower half of a good hash is one.
        self.hasher.hash_one(key) as u32
    }

    /// The place of a key, if it has one.
    fn find(&self, hash: u32, key: &[u8]) -> Option<usize> {
        self.places.find(hash, |place| self.key(place) == key)
    }

    fn key(&self, place: usize) -> &[u8] {
        let start = match place {
            0 => 0,
            place => self.ends[place - 1].at(),
        };
        &self.bytes[start..self.ends[place].at()]
    }
}

/// Gathers the keys of a list. They are looked for some at a time: the places of most keys of a long list have to come
/// from the memory, and the processor fetches several at once if none depends on the one before.
#[derive(Default)]
pub(super) struct Gathering {
    keys: Keys,
    bytes: Vec<u8>,
    /// Those whose bytes these are, which are not in the list yet.
    waiting: Vec<Waiting>,
}

struct Waiting {
    hash: u32,
    /// The end in the bytes; it begins where the one before it ends.
    end: usize,
    has_value: bool,
}

impl Gathering {
    /// The key has a value, or has none any more.
    pub(super) fn add(&mut self, key: &[u8], has_value: bool) {
        self.bytes.extend_from_slice(key);
        self.waiting.push(Waiting {
            hash: self.keys.hash(key),
            end: self.bytes.len(),
            has_value,
        });
        if self.waiting.len() == TOGETHER {
            self.settle();
        }
    }

    /// The keys.
    pub(super) fn finish(mut self) -> Keys {
        self.settle();
        self.keys
    }

    fn settle(&mut self) {
        self.keys.places.touch(self.waiting.iter().map(|w| w.hash));
        let mut start = 0;
        for Waiting {
            hash,
            end,
            has_value,
        } in self.waiting.drain(..)
        {
            let key = &self.bytes[start..end];
            match has_value {
                true => self.keys.put_hashed(hash, key),
                false => self.keys.remove_hashed(hash, key),
            }
            start = end;
        }
        self.bytes.clear();
    }
}

struct Iter<'a> {
    keys: &'a Keys,
    place: usize,
    left: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.keys.ends.get(self.place)?.is_listed() {
            self.place += 1;
        }
        self.place += 1;
        self.left -= 1;
        Some(self.keys.key(self.place - 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The place of each key by its hash: a table with open addressing, of 8 bytes for each key and free slot. A list of many
/// keys is bound by the memory that it touches, and a map of the standard library would touch three times as much.
#[derive(Default)]
struct Places {
    /// As many as a power of two, a quarter of them free; or none.
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    /// One more than the place; 0 for a slot that is free. No list has more keys than a C `int` can count.
    place: u32,
}

const FREE: Slot = Slot { hash: 0, place: 0 };

impl Places {
    /// Has the processor fetch the slots at which keys with these hashes are looked for.
    fn touch(&self, hashes: impl Iterator<Item = u32>) {
        if let Some(mask) = self.slots.len().checked_sub(1) {
            let slots = hashes.map(|hash| self.slots[hash as usize & mask]);
            black_box(slots.fold(0, |all, slot| all ^ slot.hash));
        }
    }

    /// The place of the key that has this hash and is the right one.
    fn find(&self, hash: u32, is_right: impl Fn(usize) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            let place = (slot.place as usize).checked_sub(1)?;
            if slot.hash == hash && is_right(place) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    /// The key with this hash, which was found at `before` or is new, is at `place`.
    fn set(&mut self, hash: u32, before: Option<usize>, place: usize) {
        if before.is_none() {
            self.used += 1;
            if self.used > self.slots.len() / 4 * 3 {
                self.grow();
            }
        }
        let slot = Slot {
            hash,
            place: place as u32 + 1,
        };
        self.slots_from(hash, before.map_or(0, |before| before as u32 + 1), slot);
    }

    /// Writes a slot in the place of the first one behind the hash's own that has `instead` there.
    fn slots_from(&mut self, hash: u32, instead: u32, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].place != instead {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![FREE; size]);
        for slot in old.into_iter().filter(|slot| slot.place != FREE.place) {
            self.slots_from(slot.hash, FREE.place, slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_those_with_a_value_each_once(
            changes in proptest::collection::vec(("[ab]{0,3}", any::<bool>()), 0..100),
        ) {
            let mut keys = Keys::default();
            let mut gathering = Gathering::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (key, put) in changes {
                let key = key.into_bytes();
                gathering.add(&key, put);
                match put {
                    true => {
                        keys.put(&key);
                        if !model.contains(&key) {
                            model.push(key);
                        }
                    }
                    false => {
                        keys.remove(&key);
                        prop_assert!(keys.knows(&key));
                        model.retain(|k| *k != key);
                    }
                }
            }
            let gathered = gathering.finish();
            prop_assert!(gathered.iter().eq(keys.iter()));
            prop_assert_eq!(keys.iter().len(), model.len());
            prop_assert_eq!(keys.iter().collect::<Vec<_>>(), model);
        }
    }

    #[test]
    fn keys_of_the_same_hash() {
        let mut places = Places::default();
        // All in one row, which goes over the end of the table.
        for place in 0..100 {
            assert_eq!(places.find(u32::MAX, |p| p == place), None);
            places.set(u32::MAX, None, place);
        }
        for place in 0..100 {
            assert_eq!(places.find(u32::MAX, |p| p == place), Some(place));
        }
        places.set(u32::MAX, Some(7), 100);
        assert_eq!(places.find(u32::MAX, |p| p == 7), None);
        assert_eq!(places.find(u32::MAX, |p| p == 100), Some(100));
        assert_eq!(places.find(u32::MAX, |p| p == 99), Some(99));
    }

    #[test]
    fn many_keys() {
        let mut keys = Keys::default();
        let key = |n: u32| n.to_string().into_bytes();
        (0..5000).for_each(|n| keys.put(&key(n)));
        (0..5000).step_by(2).for_each(|n| keys.remove(&key(n)));
        (0..5000).step_by(4).for_each(|n| keys.put(&key(n)));
        assert!((0..5000).all(|n| keys.knows(&key(n))) && !keys.knows(b"5000"));
        let expected = (1..5000).step_by(2).chain((0..5000).step_by(4)).map(key);
        assert!(keys.iter().map(<[u8]>::to_vec).eq(expected));
        assert_eq!(keys.iter().len(), 3750);
    }
}
