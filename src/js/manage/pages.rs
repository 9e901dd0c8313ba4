//! Sorted lists that servers send in pages.
//!
//! A page begins at an offset into the list as it is when the page is requested. If an element in front of the offset has
//! been removed since the last page, the elements behind it have moved forward, and one of them is in neither page. So each
//! page is requested from the last element of the one before. If it begins behind that element, the request is repeated
//! from further in front: no element that exists all the time is missed.

/// How often a page may be requested again. A server that does not sort its lists would otherwise be asked for ever.
const REPEATS: u32 = 16;

/// The position in a list.
#[derive(Debug, Default)]
pub(super) struct Pages {
    offset: i64,
    /// The greatest name so far, up to which nothing is missing.
    last: Option<String>,
    /// The number of repeated requests since the list was last continued.
    repeats: u32,
}

impl Pages {
    /// Where the next page begins.
    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    /// A page of the list has arrived: its first and its last name, `None` if it has none; the number of its elements, or
    /// of those that a page may have; the number of elements of the list. Returns whether another page is needed.
    pub(super) fn add(&mut self, names: Option<(&str, &str)>, step: i64, total: i64) -> bool {
        if step <= 0 && self.offset == 0 {
            return false;
        }
        if self.has_gap(names.map(|(first, _)| first)) && self.repeats < REPEATS {
            self.repeats += 1;
            // Much is likely to be missing if nothing is there: the list has become shorter than the offset.
            self.offset = match step {
                ..=0 => 0,
                _ => self.offset.saturating_sub(step).max(0),
            };
            return true;
        }
        if let Some((_, last)) = names
            && self.last.as_deref().is_none_or(|known| known < last)
        {
            self.last = Some(last.to_owned());
            self.repeats = 0;
        }
        let end = self.offset.saturating_add(step);
        if step <= 0 || end >= total {
            return false;
        }
        // Of pages of one element none can begin with the last one of the page before.
        self.offset = end - i64::from(step > 1);
        true
    }

    fn has_gap(&self, first: Option<&str>) -> bool {
        match (&self.last, first) {
            _ if self.offset == 0 => false,
            (Some(last), Some(first)) => first > last.as_str(),
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Reads a list in pages; before each request, some of its elements are removed or added.
    fn read(
        list: &mut BTreeSet<String>,
        limit: usize,
        mut change: impl FnMut(&mut BTreeSet<String>, i64),
    ) -> BTreeSet<String> {
        let mut pages = Pages::default();
        let mut found = BTreeSet::new();
        loop {
            change(list, pages.offset());
            let offset = usize::try_from(pages.offset()).unwrap();
            let page: Vec<_> = list.iter().skip(offset).take(limit).cloned().collect();
            let names = page
                .first()
                .map(String::as_str)
                .zip(page.last().map(String::as_str));
            let step = i64::try_from(page.len()).unwrap();
            let more = pages.add(names, step, i64::try_from(list.len()).unwrap());
            found.extend(page);
            if !more {
                return found;
            }
        }
    }

    fn names(numbers: std::ops::Range<u32>) -> BTreeSet<String> {
        numbers.map(|n| format!("{n:04}")).collect()
    }

    #[test]
    fn all_pages_of_a_list_at_rest() {
        for size in [0, 1, 2, 9, 10, 11, 19, 20, 21, 100] {
            for limit in [1, 2, 10] {
                let mut requests = 0;
                let found = read(&mut names(0..size), limit, |_, _| requests += 1);
                assert_eq!(found, names(0..size), "{size} by {limit}");
                if limit == 10 && size <= 10 {
                    assert_eq!(requests, 1);
                }
            }
        }
    }

    #[test]
    fn elements_that_stay_are_found_whatever_vanishes() {
        for (limit, gone) in [(10, 1), (10, 9), (10, 10), (10, 45), (3, 2), (2, 1)] {
            let mut vanishing = names(0..50).into_iter();
            let mut all = names(0..100);
            let found = read(&mut all, limit, |list, offset| {
                if offset > 0 {
                    for name in vanishing.by_ref().take(gone) {
                        list.remove(&name);
                    }
                }
            });
            assert!(found.is_superset(&names(50..100)), "{limit} {gone}");
        }
    }

    #[test]
    fn elements_that_are_added_do_no_harm() {
        let mut new = 0;
        let found = read(&mut names(100..200), 10, |list, _| {
            list.insert(format!("{new:04}"));
            new += 1;
        });
        assert!(found.is_superset(&names(100..200)));
    }

    #[test]
    fn the_list_becomes_shorter_than_the_offset() {
        let mut all = names(0..30);
        let found = read(&mut all, 20, |list, offset| {
            if offset > 0 {
                list.retain(|name| name.as_str() >= "0018");
            }
        });
        assert!(found.is_superset(&names(18..30)));
    }

    #[test]
    fn lists_that_are_not_sorted_end() {
        let all: Vec<String> = names(0..100).into_iter().collect();
        let halves = all.iter().skip(50).chain(all.iter().take(50));
        let turns: [Vec<&String>; 2] = [all.iter().rev().collect(), halves.collect()];
        for list in turns {
            let mut pages = Pages::default();
            let mut found = BTreeSet::new();
            let mut requests = 0;
            loop {
                let offset = usize::try_from(pages.offset()).unwrap();
                let page: Vec<&String> = list.iter().skip(offset).take(10).copied().collect();
                let ends = page.iter().min().zip(page.iter().max());
                let ends = ends.map(|(first, last)| (first.as_str(), last.as_str()));
                found.extend(page.clone());
                requests += 1;
                if !pages.add(ends, 10, 100) {
                    break;
                }
                assert!(requests < 1000);
            }
            assert_eq!(found.len(), 100);
        }
    }

    #[test]
    fn strange_numbers_end() {
        assert!(!Pages::default().add(None, 0, i64::MAX));
        assert!(!Pages::default().add(None, i64::MAX, i64::MAX));
        let step = i64::MAX / 2;
        let mut pages = Pages::default();
        assert!(pages.add(Some(("a", "a")), step, i64::MAX));
        assert!(pages.add(Some(("a", "a")), step, i64::MAX));
        assert!(!pages.add(Some(("a", "a")), step, i64::MAX));
        let mut pages = Pages::default();
        let mut requests = 0;
        assert!(pages.add(Some(("a", "a")), 1, 3));
        while pages.add(None, 0, 3) {
            requests += 1;
            assert!(requests < 100);
        }
    }
}
