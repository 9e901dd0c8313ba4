//! Tests of what belongs to one process. Those with real children are in `c-tests/test_fork.c`.

use std::os::unix::net::UnixStream;

use super::*;

#[test]
fn the_number_stays_and_is_never_zero() {
    assert_ne!(generation(), 0);
    assert_eq!(generation(), generation());
}

#[test]
fn a_later_process_finds_a_new_value_and_the_one_before() {
    let shared = PerProcess::new(AtomicU32::new(5));
    // Not asked for by this process: so the test may be three processes in turn.
    assert_eq!(shared.find(7).0.load(Relaxed), 5);
    shared.find(7).0.store(6, Relaxed);
    let (own, previous) = shared.find(9);
    assert_eq!(own.load(Relaxed), 0);
    assert_eq!(previous.map(|p| p.load(Relaxed)), Some(6));
    own.store(8, Relaxed);
    let (own, previous) = shared.find(12);
    assert_eq!(own.load(Relaxed), 0);
    assert_eq!(previous.map(|p| p.load(Relaxed)), Some(8));
    assert!(std::ptr::eq(own, shared.find(12).0));
}

#[test]
fn one_value_for_all_threads() {
    let shared = PerProcess::new(AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| shared.get().fetch_add(1, Relaxed));
        }
    });
    assert_eq!(shared.get().load(Relaxed), 4);
}

#[test]
fn a_descriptor_is_in_the_table_while_it_is_open() {
    let is_marked = |fd: RawFd| {
        let (word, bit) = bit_of(fd).expect("a small number");
        word.load(Relaxed) & bit != 0
    };
    let (one, other) = UnixStream::pair().expect("there are descriptors");
    let (one, other) = (Descriptor::new(one), Descriptor::shown(other));
    let (fd, shown) = (one.as_raw_fd(), other.as_raw_fd());
    assert!(is_marked(fd) && one.is_ours());
    assert!(!is_marked(shown));
    drop(one);
    // Another test may have opened one with this number by now, but not in this piece of the table's end.
    assert!(bit_of(PIECE as RawFd * PIECES as RawFd - 1).is_some());
    assert!(bit_of(PIECE as RawFd * PIECES as RawFd).is_none());
    assert!(bit_of(-1).is_none());
}

#[test]
fn leaving_passes_what_catches_panics_and_ends_at_the_way_in() {
    assert!(!is_leaving());
    let left = catch_unwind(|| {
        assert!(caught(|| panic!("on purpose")).is_none());
        caught(|| leave())
    });
    assert!(is_leaving());
    assert!(has_left(&*left.expect_err("it does not stop")));
    assert!(!is_leaving());
    assert!(!has_left(&"a panic"));
}
