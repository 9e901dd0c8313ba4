//! Tests of which subscriptions the server knows, and which ones its errors are about.

use super::registry::Subscriber;
use super::*;
use crate::client::outgoing::ping::Window;

/// A subscription, as the registry knows it.
struct Fake(&'static str);

impl Subscriber for Fake {
    fn is_counted(&self) -> bool {
        true
    }

    fn line_len(&self) -> usize {
        self.0.len()
    }
}

/// Subscriptions to `subjects`, sent at the positions 1, 2, ...
fn registry(subjects: &[&'static str]) -> Registry<Fake> {
    let mut registry = Registry::default();
    for (position, subject) in (1..).zip(subjects) {
        registry.insert(position, Route::Subscription(Arc::new(Fake(subject))));
        registry.sent(position, position);
    }
    registry
}

fn marked(registry: &mut Registry<Fake>, sids: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    let refused = |sid: &u64| registry.get_mut(*sid).is_some_and(|entry| entry.refused);
    sids.filter(refused).collect()
}

fn window(after: u64, last: u64) -> Window {
    Window { after, last }
}

#[test]
fn the_last_of_a_window_were_refused() {
    let mut registry = registry(&["a", "b", "c", "d", "e"]);
    assert_eq!(registry.mark_last(window(1, 4), 2), None);
    assert_eq!(marked(&mut registry, 1..=5), [3, 4]);
    let sent: Vec<u64> = registry.to_send().iter().map(|(sid, _)| *sid).collect();
    assert_eq!(sent, [1, 2, 5]);
    assert!(
        registry
            .only_candidate(window(1, 4))
            .is_some_and(|sub| sub.0 == "b")
    );
    assert!(
        registry.only_candidate(window(0, 4)).is_none(),
        "two of them"
    );
}

#[test]
fn what_ends_in_between_leaves_a_doubt_and_makes_room() {
    let mut registry = registry(&["a", "b", "c"]);
    registry.remove(1);
    assert_eq!(registry.mark_last(window(0, 3), 1), None);
    assert!(marked(&mut registry, 1..=3).is_empty());
    assert!(registry.only_candidate(window(2, 3)).is_none());
    // After a reconnect all positions are new.
    registry.sent(2, 4);
    registry.sent(3, 5);
    registry.mark_last(window(3, 5), 1);
    assert_eq!(marked(&mut registry, 1..=3), [3]);
    registry.remove(3);
    assert!(marked(&mut registry, 1..=3).is_empty());
    registry.refuse(2);
    registry.forgive();
    assert!(marked(&mut registry, 1..=3).is_empty());
}

#[test]
fn another_ones_end_takes_the_marks_away() {
    let mut registry = registry(&["a", "b", "c"]);
    registry.refuse(3);
    registry.remove(1);
    assert!(marked(&mut registry, 1..=3).is_empty());
}

#[test]
fn the_requests_own_is_told_apart() {
    let mut registry = registry(&["a"]);
    registry.insert(2, Route::Requests);
    registry.sent(2, 2);
    assert!(registry.only_candidate(window(1, 2)).is_none());
    assert_eq!(registry.mark_last(window(0, 2), 1), Some(2));
    assert!(marked(&mut registry, 1..=2).is_empty());
}

#[test]
fn the_longest_line_twice_running_is_too_long() {
    let mut registry = registry(&["a", "long", "longer"]);
    assert!(registry.suspect_longest(window(0, 2)).is_none());
    assert!(
        registry.suspect_longest(window(0, 3)).is_none(),
        "another one"
    );
    let found = registry.suspect_longest(window(0, 3)).unwrap();
    assert_eq!(found.0, "longer");
    assert_eq!(marked(&mut registry, 1..=3), [3]);
}

fn interest(subjects: &[&'static str]) -> Interest<Fake> {
    Interest {
        registry: RankedMutex::new(registry(subjects)),
        refusals: AtomicU32::new(0),
    }
}

fn encode(route: &Route<Fake>, frames: &mut WriteBuf) -> bool {
    let subject = route.subscription().map_or("answers", |sub| sub.0);
    frames.extend_from_slice(subject.as_bytes());
    !subject.starts_with("over")
}

fn resumed(interest: &Interest<Fake>, before: u64) -> SessionStart {
    let mut told = SessionStart::default();
    interest.resume(encode, |start| {
        told = start;
        before
    });
    told
}

#[test]
fn a_new_server_is_told_of_all_in_order_and_only_subs_have_a_position() {
    let interest = interest(&["a", "over", "b"]);
    let told = resumed(&interest, 7);
    assert_eq!(&told.frames[..], b"aoverb");
    assert_eq!(told.subscriptions, 2);
    let sent_in = |window| {
        let registry = interest.look_up();
        let mut sids: Vec<_> = registry.sent_in(window).map(|(sid, _)| sid).collect();
        sids.sort_unstable();
        sids
    };
    assert_eq!(sent_in(window(7, 8)), [1]);
    assert_eq!(sent_in(window(8, 9)), [3]);
    assert_eq!(
        sent_in(window(0, u64::MAX)),
        [1, 3],
        "none has a position of the server before"
    );
}

#[test]
fn the_requests_own_is_given_up_when_it_is_refused() {
    let interest = interest(&["a"]);
    interest.look_up().insert(2, Route::Requests);
    interest.look_up().sent(2, 2);
    assert_eq!(interest.count(), 1, "it is none of the program's");
    let give_up = || "given up";
    assert_eq!(interest.mark_refused(window(0, 2), give_up), None);
    interest.refusals.store(1, Ordering::Relaxed);
    assert_eq!(
        interest.mark_refused(window(0, 2), give_up),
        Some("given up")
    );
    assert_eq!(&resumed(&interest, 2).frames[..], b"a");
}

#[test]
fn once_one_is_suspected_the_next_server_confirms_them() {
    let interest = interest(&["a", "longer"]);
    assert!(!resumed(&interest, 0).confirm);
    let longest = || interest.look_up().suspect_longest(window(0, 2));
    assert!(longest().is_none());
    assert!(resumed(&interest, 0).confirm);
    assert!(longest().is_some_and(|sub| sub.0 == "longer"));
}

#[test]
fn nothing_is_left_after_the_end_and_nothing_comes_to_it() {
    let interest = interest(&["a", "b", "c"]);
    interest.set_drained(|| 2);
    assert_eq!(interest.count(), 2);
    assert_eq!(interest.close_to_new().len(), 2);
    interest.remove(|| 3);
    let mut left: Vec<_> = interest.clear().iter().map(|sub| sub.0).collect();
    left.sort_unstable();
    assert_eq!(left, ["a", "b"]);
    assert_eq!(interest.count(), 0);
}
