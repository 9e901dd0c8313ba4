//! Tests of state that belongs to one process. Those with real children are in
//! `c-tests/test_fork.c`.

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
    // The generation is passed in, so the test can act as three processes in turn.
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
    let one = Descriptor::new(one).expect("its number stays");
    let other = Descriptor::shown(other).expect("its number stays");
    let (fd, shown) = (one.as_raw_fd(), other.as_raw_fd());
    assert!(is_marked(fd) && one.is_ours());
    assert!(!is_marked(shown));
    drop(one);
    // Another test may have opened a descriptor with this number by now, but not at the end of the table.
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

/// A lock that all threads of a process share would be inherited by children as it is.
#[test]
fn no_lock_is_shared_but_by_way_of_what_is_per_process() {
    fn look_into(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("the sources are there").path();
            if path.is_dir() {
                look_into(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("the sources are text");
            let shipped = text.split("#[cfg(test)]\nmod tests {").next();
            let is_test = path.to_string_lossy().contains("test");
            let locks = [
                ": Mutex<",
                ": OnceLock<",
                ": LazyLock<",
                ": RwLock<",
                ": Once ",
            ];
            for line in shipped.filter(|_| !is_test).unwrap_or_default().lines() {
                let line = line.trim_start().trim_start_matches("pub ");
                if line.starts_with("static ") && locks.iter().any(|lock| line.contains(lock)) {
                    found.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    let mut found = Vec::new();
    look_into(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.is_empty(), "{found:#?}");
}
