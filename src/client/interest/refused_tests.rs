//! Tests of which subscriptions the server's errors are about.

use super::*;
use crate::client::interest::registry::Registry;
use crate::client::options::Options;
use crate::client::subscription::state::SubscribeArgs;

/// Subscriptions to `subjects`, sent at the positions 1, 2, ...
fn registry(subjects: &[&str]) -> Registry {
    let conn = Connection::new(&Options::default()).expect("no network needed");
    let mut registry = Registry::default();
    for (position, subject) in (1..).zip(subjects) {
        let args = SubscribeArgs {
            subject: subject.as_bytes(),
            queue: None,
            sink: None,
            timeout: None,
        };
        let sub = conn.prepare_subscription(args).unwrap();
        registry.insert(position, Target::Subscription(sub));
        registry.sent(position, position);
    }
    registry
}

fn marked(registry: &mut Registry, sids: std::ops::RangeInclusive<u64>) -> Vec<u64> {
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
            .is_some_and(|sub| sub.name() == c"b")
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
    // After a reconnect all positions are new ones.
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
    registry.insert(2, Target::Requests);
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
    assert_eq!(found.name(), c"longer");
    assert_eq!(marked(&mut registry, 1..=3), [3]);
}
