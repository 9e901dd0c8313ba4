//! Tests of what a link does with the bytes of a server. The server is the other end of a socket pair, the connection
//! is a fake, and the test itself reads.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::event_loop::ExternalLoop;
use super::link::Link;
use super::upstream::{After, Control, Received, Upstream};
use super::waiting::Waits;
use crate::client::callbacks::life::LifetimeGuard;
use crate::client::interest::Interest;
use crate::client::interest::registry::{Route, Subscriber};
use crate::client::outgoing::Outbound;
use crate::client::outgoing::attach::SessionStart;
use crate::error::{Error, Status};
use crate::locks::Mutex;
use crate::log::Logger;
use crate::msg::receive::READ_SIZE;
use crate::msg::{MsgList, Receiver};
use crate::net::Socket;
use crate::net::stream::Stream;
use crate::proto::parser::Parser;
use crate::runtime::{Runtime, library};

struct Sub;

impl Subscriber for Sub {
    fn line_len(&self) -> usize {
        1
    }

    fn is_counted(&self) -> bool {
        true
    }
}

struct Fake {
    runtime: Arc<Runtime>,
    outbound: Outbound<Link<Fake>>,
    interest: Interest<Sub>,
    received: Received,
    waits: Waits,
    /// The log of what has arrived, in order.
    log: Mutex<Vec<String>>,
    lost: Mutex<Vec<Error>>,
    logger: Logger,
}

impl Upstream for Fake {
    type Subscription = Sub;

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn outbound(&self) -> &Outbound<Link<Fake>> {
        &self.outbound
    }

    fn interest(&self) -> &Interest<Sub> {
        &self.interest
    }

    fn received(&self) -> &Received {
        &self.received
    }

    fn waits(&self) -> &Waits {
        &self.waits
    }

    fn event_loop(&self) -> Option<&ExternalLoop<Fake>> {
        None
    }

    fn lifetime_guard(&self) -> Option<LifetimeGuard> {
        None
    }

    fn present_link(&self) -> Option<Arc<Link<Fake>>> {
        None
    }

    fn receive_busy_poll(&self) -> Duration {
        Duration::ZERO
    }

    fn log(&self) -> &Logger {
        &self.logger
    }

    fn has_successor(&self) -> bool {
        false
    }

    fn deliver(&self, _: Route<Sub>, sid: u64, mut msgs: MsgList) {
        let next = || msgs.pop();
        let payloads: Vec<_> = std::iter::from_fn(next)
            .map(|msg| String::from_utf8(msg.payload().to_vec()).expect("text"))
            .collect();
        self.log
            .lock()
            .push(format!("{sid} {}", payloads.join("+")));
    }

    fn control(self: &Arc<Self>, link: &Arc<Link<Fake>>, control: Control) -> After {
        let (said, after) = match control {
            Control::Pong => {
                let (fake, link) = (self.clone(), link.clone());
                let act = move || {
                    let read = link.is_being_read();
                    fake.log
                        .lock()
                        .push(format!("acted, read by another: {read}"));
                };
                ("pong".to_owned(), After::Act(Box::new(act)))
            }
            Control::Info(info) => (format!("info of {}", info.server_id), After::ReadOn),
            Control::Err(e) => {
                let text = e.text().to_owned();
                let failed = Error::new(Status::NATS_ERR, text.clone());
                (format!("error {text}"), After::Fail(failed))
            }
        };
        self.log.lock().push(said);
        after
    }

    fn on_disconnect(self: &Arc<Self>, link: &Arc<Link<Fake>>, error: Error) {
        link.stop();
        self.lost.lock().push(error);
    }
}

/// A link of a connection with these sids, and the server's end of it.
fn link(sids: &[u64]) -> (Arc<Fake>, Arc<Link<Fake>>, UnixStream) {
    let (client, server) = UnixStream::pair().unwrap();
    client.set_nonblocking(true).unwrap();
    let fake = Arc::new(Fake {
        runtime: library::runtime().expect("it is open"),
        outbound: Outbound::new(None, usize::MAX, None),
        interest: Interest::default(),
        received: Received::default(),
        waits: Waits::new(Duration::ZERO, 1),
        log: Mutex::default(),
        lost: Mutex::default(),
        logger: Logger::of_no_connection(),
    });
    for sid in sids {
        let route = Route::Subscription(Arc::new(Sub));
        let mut changing = fake.interest.change(&fake.outbound);
        changing.subscribe(*sid, route, |_| unreachable!("there is no server"));
    }
    let stream =
        Stream::plain(Socket::new(OwnedFd::from(client).into()).expect("a number is free"));
    let receiver = Receiver::new(0, READ_SIZE);
    let link = Link::new(&fake, stream, receiver, Parser::new(1 << 20));
    (fake, link, server)
}

#[test]
fn messages_are_gathered_by_sid_up_to_what_is_no_message() {
    let (fake, link, mut server) = link(&[1, 2]);
    server
        .write_all(
            b"MSG a 1 1\r\nx\r\nMSG b 2 1\r\ny\r\nMSG a 1 1\r\nz\r\nINFO {\"server_id\":\"S\"}\r\nMSG ? 9 3\r\n???\r\n",
        )
        .unwrap();
    assert_eq!(link.try_read(), Some(false));
    assert_eq!(*fake.log.lock(), ["1 x+z", "2 y", "info of S"]);
    // Including those without a receiver.
    assert_eq!(fake.received.counts(), (4, 6));
}

#[test]
fn what_may_close_the_connection_runs_without_the_reader_and_before_what_follows() {
    let (fake, link, mut server) = link(&[1]);
    server
        .write_all(b"MSG a 1 1\r\nx\r\nPONG\r\nPONG\r\nMSG a 1 1\r\ny\r\n")
        .unwrap();
    assert_eq!(link.try_read(), Some(false));
    let acted = "acted, read by another: false";
    assert_eq!(
        *fake.log.lock(),
        ["1 x", "pong", acted, "pong", acted, "1 y"]
    );
}

#[test]
fn a_frame_may_come_in_parts_and_nonsense_in_info_is_no_harm() {
    let (fake, link, mut server) = link(&[1]);
    for part in [
        "MSG a 1 ",
        "3\r\nn",
        "ow\r",
        "\n+OK\r\nINFO {\"max_payload\":\"much\"}\r\nINFO {\"server_id\":\"S\"}\r\n",
    ] {
        server.write_all(part.as_bytes()).unwrap();
        assert!(link.try_read().is_some());
    }
    let log = fake.log.lock().clone();
    assert_eq!(log[0], "1 now");
    assert!(log.contains(&"info of S".to_owned()), "{log:?}");
}

#[test]
fn a_ping_is_answered() {
    let (fake, link, mut server) = link(&[]);
    fake.outbound.attach(&link, SessionStart::default());
    server.write_all(b"PING\r\n").unwrap();
    link.try_read();
    fake.outbound.flush_on_watcher(&link);
    let mut answer = [0; 6];
    server.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"PONG\r\n");
    fake.outbound.close();
}

#[test]
fn the_end_is_told_once_and_after_what_was_said_before() {
    let (fake, link, mut server) = link(&[1]);
    server
        .write_all(b"MSG a 1 1\r\nx\r\n-ERR 'on purpose'\r\n")
        .unwrap();
    assert!(link.try_read().is_none());
    drop(server);
    assert!(link.try_read().is_none());
    assert_eq!(*fake.log.lock(), ["1 x", "error on purpose"]);
    let lost = fake.lost.lock();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].text(), "on purpose");
}

#[test]
fn why_writing_failed_says_more_than_the_end_of_the_stream() {
    let (fake, link, server) = link(&[]);
    drop(server);
    link.end_writing(Error::new(Status::NATS_IO_ERROR, "on purpose"));
    assert!(link.try_read().is_none());
    assert_eq!(fake.lost.lock()[0].text(), "on purpose");
}

#[test]
fn what_is_no_protocol_ends_it() {
    let (fake, link, mut server) = link(&[]);
    server.write_all(b"HTTP/1.1 400 Bad Request\r\n").unwrap();
    assert!(link.try_read().is_none());
    assert_eq!(fake.lost.lock()[0].status(), Status::NATS_PROTOCOL_ERROR);
}
