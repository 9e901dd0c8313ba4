//! A connection that is closed by what it reads is closed without the reader's lock, so that a program with an event loop
//! of its own is called with no lock held.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::*;
use crate::client::{Attachment, EventLoop, Options};
use crate::error::Status;
use crate::locks::Mutex;

/// The arguments of the loop's calls, and whether the reader was held during each.
#[derive(Default)]
struct Seen {
    conn: Mutex<Weak<Connection>>,
    link: Mutex<Option<Arc<Link>>>,
    calls: Mutex<Vec<String>>,
}

impl Seen {
    fn note(&self, call: &str) {
        let link = self.link.lock().clone();
        let locked = link.is_some_and(|link| link.is_being_read());
        self.calls
            .lock()
            .push(format!("{call}, reader locked: {locked}"));
    }
}

struct Loop(Arc<Seen>);

impl EventLoop<Connection> for Loop {
    fn attachment(&self) -> Box<dyn Attachment<Connection>> {
        Box::new(Loop(self.0.clone()))
    }
}

impl Attachment<Connection> for Loop {
    fn attach(&self, connection: &Arc<Connection>, _: OwnedFd) -> Result<(), Status> {
        *self.0.conn.lock() = Arc::downgrade(connection);
        Ok(())
    }

    fn read(&self, _: bool) -> Result<(), Status> {
        self.0.note("read");
        Ok(())
    }

    fn write(&self, _: bool) -> Result<(), Status> {
        Ok(())
    }

    fn detach(&self) {
        self.0.note("detach");
    }

    fn release(&self) {}
}

/// A server that answers PINGs, and says this when it is told "foo".
fn server(last_words: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"INFO {\"max_payload\":1024}\r\n")
            .unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            let answer = match line.split(' ').next() {
                Some("PING") => "PONG\r\n",
                Some("PUB") => last_words,
                _ => "",
            };
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    url
}

/// Connects, does this, and plays the loop until the connection is closed. Returns what that was called with.
fn calls(last_words: &'static str, act: impl FnOnce(&Arc<Connection>)) -> Vec<String> {
    let seen = Arc::new(Seen::default());
    let conn = Connection::new(&Options {
        url: Some(server(last_words).into()),
        event_loop: Some(Arc::new(Loop(seen.clone()))),
        error_handler: Some(Arc::new(|_, _, _, _| {})),
        ping_interval: None,
        ..Options::default()
    })
    .unwrap();
    conn.connect().unwrap();
    *seen.link.lock() = conn.session.link();
    act(&conn);
    let until = Instant::now() + Duration::from_secs(20);
    while !conn.is_closed() {
        assert!(Instant::now() < until, "it is closed some time");
        conn.process_write_event();
        conn.process_read_event();
        std::thread::yield_now();
    }
    seen.calls.lock().clone()
}

#[test]
fn an_error_of_the_server_closes_without_the_reader() {
    let calls = calls("-ERR 'Unknown Protocol Operation'\r\n", |conn| {
        conn.publish(b"foo", None, b"x", When::Soon).unwrap();
    });
    assert_eq!(
        calls,
        ["read, reader locked: false", "detach, reader locked: false"]
    );
}

#[test]
fn the_last_answer_of_a_drain_closes_without_the_reader() {
    let calls = calls("", |conn| conn.drain(None).unwrap());
    assert_eq!(
        calls,
        ["read, reader locked: false", "detach, reader locked: false"]
    );
}
