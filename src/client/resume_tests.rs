//! Tests of what a new server is told.

use super::*;
use crate::client::options::Options;
use crate::client::outgoing::ping::Window;
use crate::client::subscription::state::SubscribeArgs;
use crate::msg::Msg;

#[test]
fn only_what_is_subscribed_anew_has_a_position() {
    let conn = Connection::new(&Options::default()).expect("no network needed");
    let subscribe = |subject: &str| {
        let sub = conn
            .prepare_subscription(SubscribeArgs::new(subject.as_bytes()))
            .unwrap();
        conn.start_subscription(&sub).unwrap();
        sub
    };
    let [exhausted, open, draining, last] =
        ["exhausted", "open", "draining", "last"].map(subscribe);
    exhausted.auto_unsubscribe(1).unwrap();
    exhausted.take(&Msg::create(b"exhausted", None, b"").unwrap());
    draining.start_draining().unwrap();
    // The server before had all that was subscribed with it.
    conn.send_subscriptions(|_| 0);
    let mut told = SessionStart::default();
    conn.send_subscriptions(|start| {
        told = start;
        7
    });
    let (exhausted, open, last) = (exhausted.sid(), open.sid(), last.sid());
    let hello = format!("UNSUB {exhausted} \r\nSUB open  {open}\r\nSUB last  {last}\r\n");
    assert_eq!(std::str::from_utf8(&told.frames).unwrap(), hello);
    assert_eq!(told.subscriptions, 2);
    assert!(!told.confirm, "none is suspected");

    conn.interest.one_is_refused(&conn.outbound);
    conn.mark_refused(Window { after: 7, last: 9 });
    conn.send_subscriptions(|start| {
        told = start;
        9
    });
    let hello = format!("UNSUB {exhausted} \r\nSUB open  {open}\r\n");
    assert_eq!(
        std::str::from_utf8(&told.frames).unwrap(),
        hello,
        "the last one was refused"
    );
}
