//! The tests of the session.

use super::*;

#[test]
fn an_answer_is_reported_before_servers_that_did_not_answer() {
    let outcomes = [Outcome::Unreachable, Outcome::Refused];
    let (host, hear) = host(&options(), &["a:1", "b:2"], outcomes);
    let error = connect(&host).unwrap_err();
    assert_eq!(error.status(), Status::NATS_PROTOCOL_ERROR);
    let (b, a) = (error.text().find("b:2"), error.text().find("a:1"));
    assert!(b.is_some() && b < a, "{error}");
    assert!(host.session.is_closed() && host.callbacks.life.lifetime_guard().is_none());
    assert_eq!(hear.try_iter().collect::<Vec<_>>(), ["outgoing closed"]);
}

#[test]
fn a_lost_server_is_followed_by_the_next() {
    let outcomes = [Outcome::Good, Outcome::Unreachable, Outcome::Good];
    let (host, hear) = host(&options(), &["a:1", "b:2"], outcomes);
    connect(&host).unwrap();
    let link = host.session.link().unwrap();
    assert_eq!(until(&hear, "resumed"), ["resumed"]);
    link.fail(gone());
    link.fail(gone());
    assert_eq!(
        until(&hear, "reconnected"),
        ["broke", "disconnected: gone", "resumed", "reconnected"]
    );
    assert!(link.stopped.load(Ordering::Acquire) && !host.session.is_reconnecting());
    assert_eq!(host.session.reconnects(), 1);
    // The old link has no effect any more.
    on_disconnect(&host, &link, gone());
    assert_eq!(
        host.session.status(),
        ConnStatus::NATS_CONN_STATUS_CONNECTED
    );
    assert_eq!(host.session.last_error(), (Status::NATS_OK, String::new()));
    close_now(&host);
    assert_eq!(
        until(&hear, "closed"),
        [
            "outgoing closed",
            "requests fail: Connection Closed",
            "subscriptions ended",
            "disconnected: ",
            "closed"
        ]
    );
    close_now(&host);
    assert!(hear.try_recv().is_err(), "closed once");
}

#[test]
fn the_program_may_ask_for_another_server() {
    let (host, hear) = host(&options(), &["a:1"], [Outcome::Good, Outcome::Good]);
    connect(&host).unwrap();
    reconnect(&host).unwrap();
    let told = until(&hear, "reconnected");
    assert_eq!(told[1], "given up");
    close_now(&host);
    let refused = reconnect(&host).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_CONNECTION_CLOSED);
}

#[test]
fn credentials_that_are_refused_twice_end_it() {
    let kind = AuthErrorKind::AuthorizationViolation;
    let outcomes = [Outcome::Good, Outcome::Said(kind), Outcome::Said(kind)];
    let (host, hear) = host(&options(), &["a:1"], outcomes);
    connect(&host).unwrap();
    host.session.link().unwrap().fail(gone());
    let told = until(&hear, "closed");
    let failures = told.iter().filter(|told| told.starts_with("failure: "));
    assert_eq!(failures.count(), 2, "{told:?}");
    let (status, text) = host.session.last_error();
    assert_eq!(status, Status::NATS_CONNECTION_AUTH_FAILED);
    assert!(
        text.starts_with("gone; then ") && text.contains("go away"),
        "{text}"
    );
}

#[test]
fn used_up_attempts_end_it_with_the_reason_of_the_loss() {
    let opts = Options {
        max_reconnect: 2,
        ..options()
    };
    let (host, hear) = host(&opts, &["a:1"], [Outcome::Good]);
    connect(&host).unwrap();
    host.session.link().unwrap().fail(gone());
    until(&hear, "closed");
    let (status, text) = host.session.last_error();
    assert_eq!(status, Status::NATS_NO_SERVER);
    assert!(
        text.starts_with("gone; then ") && text.contains("nobody there"),
        "{text}"
    );
}

#[test]
fn a_connect_in_the_background_is_told_of_as_the_first() {
    let mut opts = options();
    opts.set_retry_on_failed_connect(true, Some(Arc::new(|_| {})));
    opts.custom_reconnect_delay = Some(Arc::new(|_, _| Duration::ZERO));
    let (host, hear) = host(
        &opts,
        &["a:1"],
        [Outcome::Refused, Outcome::Unreachable, Outcome::Good],
    );
    let pending = connect(&host).unwrap_err();
    assert_eq!(pending.status(), Status::NATS_NOT_YET_CONNECTED);
    let told = until(&hear, "connected");
    assert!(told.contains(&"delay 1".to_owned()), "{told:?}");
    assert_eq!(host.session.reconnects(), 0);
    assert!(!host.session.is_first_pending());
    close_now(&host);
}

#[test]
fn unanswered_pings_end_the_link() {
    let opts = Options {
        ping_interval: Some(Duration::from_millis(1)),
        max_pings_out: 2,
        allow_reconnect: false,
        ..options()
    };
    let (host, hear) = host(&opts, &["a:1"], [Outcome::Good]);
    connect(&host).unwrap();
    until(&hear, "closed");
    let (status, text) = host.session.last_error();
    assert_eq!(status, Status::NATS_STALE_CONNECTION);
    assert!(text.contains("no answer to 2 PINGs"), "{text}");
}

#[test]
fn what_has_not_been_read_gives_a_connection_one_more_interval() {
    let opts = Options {
        ping_interval: Some(Duration::from_millis(1)),
        max_pings_out: 1,
        allow_reconnect: false,
        ..options()
    };
    let (host, hear) = host(&opts, &["a:1"], [Outcome::Good]);
    host.unread.store(true, Ordering::Release);
    connect(&host).unwrap();
    until(&hear, "closed");
    let (status, text) = host.session.last_error();
    assert_eq!(status, Status::NATS_STALE_CONNECTION);
    assert!(text.contains("no answer to 2 PINGs"), "{text}");
}

#[test]
fn a_drain_ends_subscriptions_then_publishes_then_the_connection() {
    let (host, hear) = host(&options(), &["a:1"], [Outcome::Good]);
    let refused = drain(&host, None).unwrap_err();
    assert_eq!(refused.status(), Status::NATS_ILLEGAL_STATE);
    connect(&host).unwrap();
    host.subscriptions.store(1, Ordering::Relaxed);
    drain(&host, None).unwrap();
    drain(&host, None).unwrap();
    let answer = || {
        let ping = host.pings.lock().pop().unwrap();
        ping.finish(Ok(()));
    };
    // The link must not end before the server has answered.
    host.subscriptions.store(0, Ordering::Relaxed);
    subscription_gone(&host);
    host.subscriptions.store(1, Ordering::Relaxed);
    answer();
    assert_eq!(
        until(&hear, "flushed: true"),
        ["resumed", "draining", "flushed: true"]
    );
    assert_eq!(
        host.session.status(),
        ConnStatus::NATS_CONN_STATUS_DRAINING_SUBS
    );
    host.subscriptions.store(0, Ordering::Relaxed);
    subscription_gone(&host);
    assert_eq!(
        host.session.status(),
        ConnStatus::NATS_CONN_STATUS_DRAINING_PUBS
    );
    answer();
    let told = until(&hear, "closed");
    assert_eq!(told[0], "no publishes");
    assert!(host.session.is_closed());
}

#[test]
fn a_drain_that_is_late_says_what_is_left() {
    let (host, hear) = host(&options(), &["a:1"], [Outcome::Good]);
    connect(&host).unwrap();
    host.subscriptions.store(3, Ordering::Relaxed);
    drain(&host, Some(Duration::from_millis(1))).unwrap();
    let told = until(&hear, "closed");
    assert!(
        told.iter()
            .any(|told| told.starts_with("failure: Drain error")
                && told.ends_with("limit of 1 ms passed, 3 left")),
        "{told:?}"
    );
}

#[test]
fn what_a_server_tells_of_the_cluster_is_told_on() {
    let (host, hear) = host(&options(), &["a:1"], [Outcome::Good]);
    connect(&host).unwrap();
    until(&hear, "resumed");
    let info = ServerInfo {
        connect_urls: vec!["b:2".to_owned()],
        ldm: true,
        ..ServerInfo::default()
    };
    info_received(&host, info, false);
    assert_eq!(until(&hear, "lame duck"), ["discovered", "lame duck"]);
    assert_eq!(host.session.discovered_servers().len(), 1);
    close_now(&host);
    // No event follows the end.
    until(&hear, "closed");
    info_received(
        &host,
        ServerInfo {
            ldm: true,
            ..ServerInfo::default()
        },
        false,
    );
    assert!(hear.try_recv().is_err());
}

#[test]
fn the_program_chooses_the_next_server() {
    let mut opts = options();
    opts.reconnect_wait = Duration::ZERO;
    opts.next_server = Some(Arc::new(|_, _, pause| (None, pause)));
    let (host, hear) = host(
        &opts,
        &["a:1", "b:2", "c:3"],
        [Outcome::Good, Outcome::Unreachable, Outcome::Good],
    );
    connect(&host).unwrap();
    host.session.link().unwrap().fail(gone());
    let told = until(&hear, "reconnected");
    let asked: Vec<_> = told.iter().filter(|t| t.starts_with("choose")).collect();
    // The test's host chooses the second of the servers that it is offered.
    assert_eq!(
        asked,
        [
            "choose of nats://b:2 nats://c:3 nats://a:1",
            "choose of nats://b:2 nats://a:1 nats://c:3"
        ]
    );
    assert_eq!(host.session.server_address(), "a:1");
    host.session.set_servers(&["d:4"]).unwrap();
    assert_eq!(host.session.server_address(), "a:1");
    assert_eq!(host.session.servers(), ["nats://d:4"]);
    assert_eq!(
        host.session.set_servers(&[]).unwrap_err().status(),
        Status::NATS_INVALID_ARG
    );
    close_now(&host);
    assert_eq!(
        host.session.set_servers(&["d:4"]).unwrap_err().status(),
        Status::NATS_CONNECTION_CLOSED
    );
}
