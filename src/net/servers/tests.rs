//! Tests of the server list.

use super::*;
use crate::error::Status;

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| s.to_string()).collect()
}

fn pool(servers: &[&str]) -> ServerPool {
    ServerPool::new(None, &strings(servers), true).unwrap()
}

/// The hosts in order.
fn hosts(pool: &ServerPool) -> String {
    let hosts: Vec<_> = pool.iter().map(|s| s.url.host.as_str()).collect();
    hosts.join(" ")
}

fn current(pool: &ServerPool) -> &str {
    pool.current().map_or("none", |s| s.url.host.as_str())
}

/// The hosts in alphabetical order, for lists that were shuffled.
fn sorted(pool: &ServerPool) -> String {
    let mut hosts: Vec<_> = pool.iter().map(|s| s.url.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.join(" ")
}

fn discover(pool: &mut ServerPool, urls: &[&str]) -> bool {
    pool.update_discovered(&strings(urls), false, false, false)
}

#[test]
fn the_url_comes_first_and_the_order_is_kept() {
    let list = strings(&["a", "b", "c"]);
    let pool = ServerPool::new(Some("u"), &list, true).unwrap();
    assert_eq!(hosts(&pool), "u a b c");
    assert_eq!(hosts(&self::pool(&["a", "a"])), "a a");
    assert!(pool.iter().all(|s| s.explicit));
    assert!(pool.current().is_none());
}

#[test]
fn an_empty_list_is_the_default_server() {
    let pool = ServerPool::new(None, &strings(&[]), false).unwrap();
    assert_eq!(pool.urls(), [DEFAULT_URL]);
}

#[test]
fn a_bad_url_fails_the_list() {
    let e = ServerPool::new(Some("a"), &strings(&["b:x"]), true).unwrap_err();
    assert_eq!(e.status(), Status::NATS_INVALID_ARG);
    assert!(
        e.text()
            .starts_with("server 2 of 2: invalid port at byte 2 of the server URL"),
        "{e}"
    );
    assert!(ServerPool::new(Some(""), &strings(&[]), true).is_err());
}

#[test]
fn shuffling_leaves_the_url_in_front() {
    let list: Vec<String> = (0..20).map(|n| format!("s{n:02}")).collect();
    let plain = ServerPool::new(Some("u"), &list, true).unwrap();
    let mut moved = false;
    for _ in 0..4 {
        let shuffled = ServerPool::new(Some("u"), &list, false).unwrap();
        assert!(hosts(&shuffled).starts_with("u "));
        assert_eq!(sorted(&shuffled), sorted(&plain));
        moved |= hosts(&shuffled) != hosts(&plain);
    }
    assert!(moved, "four shuffles of 20 that change nothing");
}

#[test]
fn the_first_user_info_outlives_its_server() {
    let mut pool = pool(&["a", ":p@b", "tok@c", "u:p@d"]);
    assert_eq!(pool.first_user_info().unwrap().host, "c");
    pool.select(2);
    pool.next_for_reconnect(0).unwrap();
    assert_eq!(hosts(&pool), "a b d");
    assert_eq!(pool.first_user_info().unwrap().host, "c");
    assert!(self::pool(&["a"]).first_user_info().is_none());
}

#[test]
fn a_selection_stays_within_the_list() {
    let mut pool = pool(&["a", "b"]);
    assert_eq!(pool.select(1).unwrap().url.host, "b");
    assert!(pool.select(2).is_none());
    assert_eq!(current(&pool), "b");
    assert_eq!(pool.len(), 2);
}

#[test]
fn a_pass_gives_each_server_one_turn_though_the_list_changes() {
    let mut pool = ServerPool::new(None, &strings(&["a", "b", "c"]), true).unwrap();
    for _ in 0..2 {
        pool.begin_pass();
        let mut turns = Vec::new();
        while let Some(server) = pool.next_in_pass() {
            turns.push(server.url.host.clone());
            pool.update_discovered(&strings(&["d", "e"]), false, true, true);
        }
        assert_eq!(turns[0], "a");
        turns.sort_unstable();
        assert_eq!(turns, ["a", "b", "c", "d", "e"]);
    }
}

#[test]
fn reconnecting_goes_round_the_list() {
    let mut pool = pool(&["a", "b", "c"]);
    pool.select(0);
    for (next, list) in [("b", "b c a"), ("c", "c a b"), ("a", "a b c")] {
        pool.next_for_reconnect(-1).unwrap();
        assert_eq!((current(&pool), hosts(&pool).as_str()), (next, list));
    }
}

#[test]
fn reconnecting_before_any_server_was_used_starts_with_the_first() {
    let mut pool = pool(&["a", "b"]);
    pool.next_for_reconnect(0).unwrap();
    assert_eq!(hosts(&pool), "a b");
    assert_eq!(current(&pool), "a");
}

#[test]
fn exhausted_servers_leave_the_list() {
    let mut pool = pool(&["a", "b"]);
    pool.select(0);
    let mut turns = Vec::new();
    while pool.next_for_reconnect(2).is_some() {
        pool.count_attempt();
        turns.push(current(&pool).to_owned());
    }
    assert_eq!(turns, ["b", "a", "b", "a"]);
    assert_eq!((pool.len(), current(&pool)), (0, "none"));
    assert!(pool.next_for_reconnect(-1).is_none());
}

#[test]
fn no_attempts_means_that_the_others_get_one_each() {
    let mut pool = pool(&["a", "b", "c"]);
    pool.select(0);
    let mut turns = Vec::new();
    while pool.next_for_reconnect(0).is_some() {
        pool.count_attempt();
        turns.push(current(&pool).to_owned());
    }
    assert_eq!(turns, ["b", "c"]);
}

#[test]
fn success_resets_what_was_remembered() {
    let mut pool = pool(&["a", "b"]);
    pool.select(0);
    pool.count_attempt();
    let server = pool.current_mut().unwrap();
    assert!(!server.note_auth_error(AuthErrorKind::AuthorizationViolation));
    assert!(!server.note_auth_error(AuthErrorKind::AuthenticationExpired));
    assert!(server.note_auth_error(AuthErrorKind::AuthenticationExpired));
    pool.mark_connected();
    let server = pool.current_mut().unwrap();
    assert_eq!((server.attempts, server.last_auth_error), (0, None));
    assert!(!server.note_auth_error(AuthErrorKind::AuthenticationExpired));
}

#[test]
fn announced_servers_are_added_once() {
    let mut pool = pool(&["a"]);
    pool.select(0);
    assert!(discover(&mut pool, &["b:4222", "B:4222", "c:1", "A:4222"]));
    assert_eq!(
        pool.urls(),
        ["nats://a:4222", "nats://b:4222", "nats://c:1"]
    );
    assert_eq!(pool.discovered(), ["nats://b:4222", "nats://c:1"]);
    assert!(!discover(&mut pool, &["c:1", "b:4222"]));
    assert_eq!(hosts(&pool), "a b c");
}

#[test]
fn servers_no_longer_announced_are_removed() {
    let mut pool = pool(&["a", "x"]);
    pool.select(0);
    discover(&mut pool, &["b", "c", "d"]);
    pool.select(3);
    assert_eq!(current(&pool), "c");
    assert!(!discover(&mut pool, &["d"]), "d is not new");
    assert_eq!(hosts(&pool), "a x c d", "c is in use, a and x are explicit");
    assert_eq!(current(&pool), "c");
    assert!(!discover(&mut pool, &["b", "d"]), "b was seen before");
    assert_eq!(hosts(&pool), "a x c d b");
}

#[test]
fn nothing_announced_changes_nothing() {
    let mut pool = pool(&["a"]);
    discover(&mut pool, &["b"]);
    assert!(!discover(&mut pool, &[]));
    assert!(!discover(&mut pool, &["x:y"]));
    assert!(!pool.update_discovered(&strings(&["c"]), true, false, true));
    assert_eq!(hosts(&pool), "a b");
}

#[test]
fn malformed_announcements_are_skipped() {
    let mut pool = pool(&["a"]);
    assert!(discover(
        &mut pool,
        &["", "b:x", "tls://b", "u:p@b", "b/p", "c d", "[::2]:1"]
    ));
    assert_eq!(pool.discovered(), ["nats://[::2]:1"]);
}

#[test]
fn the_callback_is_not_due_during_the_first_connect() {
    let mut pool = pool(&["a"]);
    assert!(!pool.update_discovered(&strings(&["b"]), false, true, false));
    assert_eq!(hosts(&pool), "a b");
    assert!(
        !discover(&mut pool, &["b"]),
        "seen during the first connect"
    );
}

#[test]
fn names_of_this_machine_are_not_news() {
    let mut pool = pool(&["localhost:4222"]);
    assert!(!discover(&mut pool, &["127.0.0.1:4222", "[::1]:4222"]));
    assert_eq!(pool.len(), 3, "but they are added");
    assert!(discover(&mut pool, &["127.0.0.1:4223"]));
    assert!(!discover(&mut pool, &["LOCALHOST:4223", "127.0.0.1:4223"]));
}

#[test]
fn news_shuffle_all_but_the_first() {
    let urls: Vec<String> = (0..20).map(|n| format!("s{n:02}")).collect();
    let mut pool = pool(&["a", "b"]);
    pool.select(1);
    let mut moved = false;
    for n in 0..4 {
        let mut urls = urls.clone();
        urls.push(format!("new{n}"));
        let before = hosts(&pool);
        assert!(pool.update_discovered(&urls, false, false, true));
        assert!(hosts(&pool).starts_with("a "));
        assert_eq!(current(&pool), "b");
        moved |= !hosts(&pool).starts_with(&before);
    }
    assert!(moved, "four shuffles of 20 that change nothing");
    let before = hosts(&pool);
    assert!(!pool.update_discovered(&urls, false, false, true));
    let kept: Vec<_> = before.split(' ').filter(|h| *h != "new3").collect();
    assert_eq!(hosts(&pool), kept.join(" "), "no news, no shuffling");
}

#[test]
fn a_discovered_server_is_verified_by_the_name_of_its_announcer() {
    let mut pool = pool(&["name", "127.0.0.1"]);
    pool.select(0);
    discover(&mut pool, &["10.0.0.1"]);
    pool.select(1);
    discover(&mut pool, &["10.0.0.1", "10.0.0.2"]);
    let names: Vec<_> = pool.iter().map(|s| s.tls_name.as_deref()).collect();
    assert_eq!(names, [None, None, Some("name"), None]);
}

#[test]
fn debug_output_has_no_secrets() {
    let pool = pool(&["us3r:s3cret@a", "s3cret@b"]);
    let text = format!("{pool:?}");
    assert!(!text.contains("s3cret") && !text.contains("us3r"), "{text}");
}

#[test]
fn the_full_wait_is_at_the_end_of_a_pass() {
    use Pause::{Full, Short};
    let mut counter = PassCounter::new();
    let pauses: Vec<_> = (0..6).map(|_| counter.next_pause(3)).collect();
    assert_eq!(pauses, [Short, Short, Full, Short, Short, Full]);
    assert_eq!(counter.full_waits(), 2);

    let mut counter = PassCounter::new();
    for n in 1..4 {
        assert_eq!(counter.next_pause(1), Full);
        assert_eq!(counter.full_waits(), n);
    }
}

#[test]
fn a_list_that_shrinks_brings_the_full_wait_closer() {
    use Pause::{Full, Short};
    let mut counter = PassCounter::new();
    assert_eq!(counter.next_pause(4), Short);
    assert_eq!(counter.next_pause(3), Short);
    assert_eq!(counter.next_pause(2), Full);
    assert_eq!(counter.next_pause(2), Short);
    assert_eq!(counter.next_pause(2), Full);
}

#[test]
fn discovered_servers_have_the_path_of_the_one_that_announced_them() {
    let paths = |pool: &ServerPool| {
        let path = |s: &Server| s.url.path.as_deref().unwrap_or("none").to_owned();
        pool.iter().map(path).collect::<Vec<_>>()
    };
    let mut ws = pool(&["wss://t:1/nats?tenant=a", "wss://u:2/other"]);
    ws.select(0);
    discover(&mut ws, &["v:3", "u:2"]);
    assert_eq!(paths(&ws), ["/nats?tenant=a", "/other", "/nats?tenant=a"]);
    assert_eq!(ws.urls()[2], "wss://v:3", "it is not shown");
    // A server that was discovered hands it on.
    ws.select(2);
    discover(&mut ws, &["v:3", "w:4"]);
    assert_eq!(paths(&ws)[3], "/nats?tenant=a");

    let mut tcp = pool(&["nats://t:1/nats"]);
    tcp.select(0);
    discover(&mut tcp, &["v:3"]);
    assert_eq!(paths(&tcp), ["/nats", "none"]);
}

#[test]
fn websocket_is_for_all_servers_or_none() {
    for list in [["ws://a", "b"], ["tls://a", "wss://b"]] {
        let e = ServerPool::new(None, &strings(&list), true).unwrap_err();
        assert_eq!(e.status(), Status::NATS_INVALID_ARG);
    }
    let mut pool = pool(&["ws://a", "wss://b"]);
    assert!(pool.is_websocket());
    pool.select(1).unwrap();
    assert!(discover(&mut pool, &["c:8080", "d", "", "ws://e"]));
    let urls = ["ws://a:80", "wss://b:443", "wss://c:8080", "wss://d:443"];
    assert_eq!(pool.urls(), urls);
    assert_eq!(pool.discovered(), urls[2..]);
}

#[test]
fn servers_that_come_and_go_are_not_remembered_for_ever() {
    let mut pool = pool(&["a"]);
    pool.select(0);
    for round in 0..20 {
        let many: Vec<String> = (0..2 * ANNOUNCED_MAX)
            .map(|n| format!("h{round}x{n}:1"))
            .collect();
        assert!(pool.update_discovered(&many, false, false, false));
        assert_eq!(pool.len(), 1 + ANNOUNCED_MAX);
        assert!(pool.seen.len() <= SEEN_MAX);
    }
}

#[test]
fn another_list_takes_the_place_of_the_first() {
    let mut pool = pool(&["a", "b", "u:p@c"]);
    discover(&mut pool, &["d:4222"]);
    pool.select(1);
    pool.current_mut().unwrap().attempts = 2;
    let replace =
        |pool: &mut ServerPool, list: &[&str], in_use| pool.replace(&strings(list), true, in_use);
    assert!(replace(&mut pool, &["x", "y:z"], true).is_err());
    assert_eq!(
        (hosts(&pool).as_str(), current(&pool)),
        ("a b c d", "b"),
        "unchanged"
    );

    // The server in use is in both.
    replace(&mut pool, &["x", "B"], true).unwrap();
    assert_eq!((hosts(&pool).as_str(), current(&pool)), ("x B", "B"));
    assert_eq!(pool.current().unwrap().attempts, 2);
    assert!(pool.first_user_info().is_none());

    // It is not: it stays as long as it is in use, and is not shown.
    replace(&mut pool, &["y", "z"], true).unwrap();
    assert_eq!(current(&pool), "B");
    assert_eq!(pool.urls(), ["nats://y:4222", "nats://z:4222"]);
    assert!(pool.discovered().is_empty());
    pool.next_for_reconnect(-1).unwrap();
    assert_eq!((hosts(&pool).as_str(), current(&pool)), ("y z", "y"));

    // What is not in use leaves at once.
    replace(&mut pool, &["v", "w"], false).unwrap();
    assert_eq!((hosts(&pool).as_str(), current(&pool)), ("v w", "v"));

    // The cluster may announce the one that was to leave.
    replace(&mut pool, &["y"], true).unwrap();
    discover(&mut pool, &["v:4222"]);
    assert_eq!(pool.discovered(), ["nats://v:4222"]);
    pool.next_for_reconnect(-1).unwrap();
    assert_eq!(hosts(&pool), "y v");
}

#[test]
fn a_server_can_be_chosen_by_its_url() {
    let mut pool = pool(&["a", "b", "c"]);
    pool.select(1);
    let urls = pool.to_try();
    let names: Vec<_> = urls.iter().map(|url| url.host.as_str()).collect();
    assert_eq!(names, ["b", "a", "c"]);
    pool.select_url(&urls[2]);
    assert_eq!(current(&pool), "c");
    pool.replace(&strings(&["d"]), true, false).unwrap();
    pool.select_url(&urls[2]);
    assert_eq!(current(&pool), "d");
}
