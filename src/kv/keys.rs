//! The keys of a list, each once, in the order in which they were stored.
//!
//! Their bytes lie one behind the other in one piece of memory: a list of many keys allocates nothing for
//! each of them.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Keys that have a value.
#[derive(Default)]
pub struct Keys {
    bytes: Vec<u8>,
    /// Where each key ends, and whether it is in the list. It begins where the one before it ends.
    ends: Vec<End>,
    /// How many of them are in the list.
    listed: usize,
    /// The place of each key. A table of small slots: a list of many keys is bound by the memory that it touches.
    places: HashTable<Place>,
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

/// Where the end of a key is, and the lower half of the key's hash.
#[derive(Clone, Copy)]
struct Place {
    hash: u32,
    /// No list has more keys than a C `int` can count.
    at: u32,
}

impl Place {
    /// A hash of 64 bits, for a table that takes its upper and its lower ones.
    fn hash(self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

impl Keys {
    /// The key has a value. One that is in the list keeps its place.
    pub(super) fn put(&mut self, key: &[u8]) {
        let new = self.place(key);
        let known = self.find(new, key);
        if known.is_some_and(|at| self.ends[at].is_listed()) {
            return;
        }
        // One that was removed comes at its new place.
        match known {
            Some(at) => self.move_place(new, at),
            None => self.insert(new),
        }
        self.push(key, true);
        self.listed += 1;
    }

    /// The key has no value any more.
    pub(super) fn remove(&mut self, key: &[u8]) {
        let new = self.place(key);
        match self.find(new, key) {
            Some(at) => {
                self.listed -= usize::from(self.ends[at].is_listed());
                self.ends[at].0 &= !1;
            }
            None => {
                self.insert(new);
                self.push(key, false);
            }
        }
    }

    /// Was anything said of the key?
    pub(super) fn knows(&self, key: &[u8]) -> bool {
        self.find(self.place(key), key).is_some()
    }

    /// The keys, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        Iter {
            keys: self,
            place: 0,
            left: self.listed,
        }
    }

    /// The place that the key has if it is the next one.
    fn place(&self, key: &[u8]) -> Place {
        Place {
            hash: self.hasher.hash_one(key) as u32,
            at: self.ends.len() as u32,
        }
    }

    /// Where the end of a key is, if it has one.
    fn find(&self, place: Place, key: &[u8]) -> Option<usize> {
        let is_it = |known: &Place| known.hash == place.hash && self.key(known.at as usize) == key;
        Some(self.places.find(place.hash(), is_it)?.at as usize)
    }

    fn insert(&mut self, place: Place) {
        self.places
            .insert_unique(place.hash(), place, |known| known.hash());
    }

    fn move_place(&mut self, place: Place, before: usize) {
        let is_it = |known: &Place| known.at as usize == before;
        if let Some(known) = self.places.find_mut(place.hash(), is_it) {
            *known = place;
        }
    }

    fn push(&mut self, key: &[u8], listed: bool) {
        self.bytes.extend_from_slice(key);
        self.ends
            .push(End(self.bytes.len() << 1 | usize::from(listed)));
    }

    fn key(&self, place: usize) -> &[u8] {
        let start = match place {
            0 => 0,
            place => self.ends[place - 1].at(),
        };
        &self.bytes[start..self.ends[place].at()]
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
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (key, put) in changes {
                let key = key.into_bytes();
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
            prop_assert_eq!(keys.iter().len(), model.len());
            prop_assert_eq!(keys.iter().collect::<Vec<_>>(), model);
        }
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
