//! The keys of a list, each once, in the order in which they were stored.
//!
//! Their bytes lie one behind the other in one piece of memory: a list of many keys allocates nothing for
//! each of them.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// Keys that have a value.
#[derive(Default)]
pub struct Keys {
    bytes: Vec<u8>,
    /// Where each key ends, and whether it is in the list. It begins where the one before it ends.
    ends: Vec<(usize, bool)>,
    /// The place in `ends` of each key, by its hash. A key whose hash another one has goes by the next
    /// number that is free.
    places: HashMap<u64, usize, BuildHasherDefault<Itself>>,
    hasher: RandomState,
}

impl Keys {
    /// The key has a value. One that is in the list keeps its place.
    pub(super) fn put(&mut self, key: &[u8]) {
        let (number, place) = self.find(key);
        if place.is_some_and(|place| self.ends[place].1) {
            return;
        }
        // One that was removed comes at its new place.
        self.places.insert(number, self.ends.len());
        self.bytes.extend_from_slice(key);
        self.ends.push((self.bytes.len(), true));
    }

    /// The key has no value any more.
    pub(super) fn remove(&mut self, key: &[u8]) {
        match self.find(key) {
            (_, Some(place)) => self.ends[place].1 = false,
            (number, None) => {
                self.places.insert(number, self.ends.len());
                self.bytes.extend_from_slice(key);
                self.ends.push((self.bytes.len(), false));
            }
        }
    }

    /// Was anything said of the key?
    pub(super) fn knows(&self, key: &[u8]) -> bool {
        self.find(key).1.is_some()
    }

    /// The keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let places = 0..self.ends.len();
        places.filter(|p| self.ends[*p].1).map(|p| self.key(p))
    }

    /// The number that a key goes by, and its place if it has one.
    fn find(&self, key: &[u8]) -> (u64, Option<usize>) {
        let mut number = self.hasher.hash_one(key);
        loop {
            match self.places.get(&number) {
                None => return (number, None),
                Some(place) if self.key(*place) == key => return (number, Some(*place)),
                Some(_) => number = number.wrapping_add(1),
            }
        }
    }

    fn key(&self, place: usize) -> &[u8] {
        let start = match place {
            0 => 0,
            place => self.ends[place - 1].0,
        };
        &self.bytes[start..self.ends[place].0]
    }
}

/// Hashes a number that is a hash: to itself.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed")
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_those_with_a_value_each_once(
            changes in proptest::collection::vec(("[ab]{0,3}", any::<bool>()), 0..60),
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
            prop_assert_eq!(keys.iter().collect::<Vec<_>>(), model);
        }
    }

    #[test]
    fn keys_of_the_same_hash() {
        let mut keys = Keys::default();
        keys.put(b"a");
        assert!(keys.knows(b"a") && !keys.knows(b"b"));
        // As if it had the hash of the other one.
        let (number, _) = keys.find(b"b");
        keys.places.insert(number, 0);
        keys.put(b"b");
        assert_eq!(keys.iter().collect::<Vec<_>>(), [b"a", b"b"]);
        keys.remove(b"b");
        keys.put(b"b");
        keys.put(b"b");
        assert_eq!(keys.iter().collect::<Vec<_>>(), [b"a", b"b"]);
    }
}
