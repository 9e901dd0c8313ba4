//! Explores the outgoing buffer ([`crate::explore`]): its own source runs between models of the wire, of the socket
//! and of the threads that watch it. A test ends when the peer has received everything that was published, whole and
//! in order; data that nobody will write shows as a deadlock.
//!
//! Nothing here depends on how much is written at a time, or by which thread.

use std::collections::HashMap;

use self::connection::Connection;
use self::outgoing::Outbound;
use crate::explore::{JoinHandle, explore, spawn};
use outgoing::publish::{Outgoing, When};

#[path = "outgoing/mod.rs"]
#[expect(dead_code, reason = "not all of it is explored")]
mod outgoing;

/// The client's `sync`, with models of the locks. Their ranks are checked in all other tests.
mod sync {
    pub(super) use crate::explore::*;

    pub(super) type AppenderMutex<T> = Mutex<T>;
    pub(super) type AppenderGuard<'a, T> = MutexGuard<'a, T>;
    pub(super) type WriterMutex<T> = TimedMutex<T>;
    pub(super) type WriterGuard<'a, T> = TimedGuard<'a, T>;
}

mod connection {
    use std::sync::{Arc, Weak};

    use super::link::{Link, Watch};
    use super::outgoing::Outbound;
    use super::outgoing::attach::SessionStart;
    use crate::explore::Mutex;

    pub(super) struct Connection {
        pub(super) outbound: Outbound<Link>,
        /// All links so far, the present one last.
        pub(super) links: Mutex<Vec<Arc<Link>>>,
        pub(super) watch: Watch,
        me: Weak<Connection>,
    }

    impl Connection {
        pub(super) fn new(outbound: Outbound<Link>) -> Arc<Self> {
            Arc::new_cyclic(|me| Connection {
                outbound,
                links: Mutex::default(),
                watch: Watch::default(),
                me: me.clone(),
            })
        }

        /// Connects to a server that takes `at_once` bytes at a time, and breaks after a number of bytes.
        pub(super) fn connect(&self, room: usize, breaks_after: Option<usize>) {
            let conn = self.me.upgrade().expect("alive");
            let link = Arc::new(Link::new(conn, room, breaks_after));
            self.links.lock().push(link.clone());
            self.watch.all_look();
            self.outbound.attach(&link, SessionStart::default());
            self.outbound.try_flush(&link);
        }

        /// The link has ended: the next one is not broken.
        pub(super) fn on_disconnect(&self, link: &Arc<Link>) {
            let _ = self.outbound.detach(link, true);
            self.connect(link.stream.capacity, None);
        }
    }
}

mod link {
    use std::io::{Error as IoError, ErrorKind, IoSlice};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::connection::Connection;
    use super::outgoing::Outbound;
    use super::outgoing::wire::{ByteStream, Wire};
    use crate::error::{Error, Result};
    use crate::explore::{AtomicBool, Condvar, Mutex, SeqCst, spawn, yield_now};

    pub(super) struct Link {
        pub(super) conn: Arc<Connection>,
        pub(super) stream: Stream,
        ended: AtomicBool,
    }

    /// A socket. The peer makes room again when it has read everything that was taken.
    pub(super) struct Stream {
        pub(super) capacity: usize,
        state: Mutex<Pipe>,
        changed: Condvar,
    }

    struct Pipe {
        taken: Vec<u8>,
        /// The number of bytes that the peer has read.
        read: usize,
        breaks_after: Option<usize>,
        broken: bool,
        /// A call of the link's `write` is due, now or when there is room.
        asked: bool,
        armed: bool,
    }

    /// What the threads that watch the sockets wait for.
    #[derive(Default)]
    pub(super) struct Watch {
        changes: Mutex<(usize, bool)>,
        changed: Condvar,
    }

    impl Watch {
        pub(super) fn all_look(&self) {
            self.changes.lock().0 += 1;
            self.changed.notify_all();
        }

        pub(super) fn stop(&self) {
            self.changes.lock().1 = true;
            self.changed.notify_all();
        }

        /// The loop of a watching thread.
        pub(super) fn run(&self, conn: &Connection) {
            let mut seen = 0;
            loop {
                let mut changes = self.changes.lock();
                while changes.0 == seen && !changes.1 {
                    self.changed.wait(&mut changes);
                }
                if changes.1 {
                    return;
                }
                seen = changes.0;
                drop(changes);
                let links = conn.links.lock().clone();
                for link in links {
                    // As in runtime::io: cleared before the call.
                    if link.stream.take_request() {
                        conn.outbound.flush_on_watcher(&link);
                    }
                }
            }
        }
    }

    impl ByteStream for Stream {
        fn write(&self, bytes: &[u8]) -> std::io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&self, parts: &[IoSlice<'_>]) -> std::io::Result<usize> {
            let mut pipe = self.state.lock();
            if pipe.broken || pipe.breaks_after.is_some_and(|n| pipe.taken.len() >= n) {
                pipe.broken = true;
                return Err(IoError::from(ErrorKind::BrokenPipe));
            }
            let mut room = self.capacity - (pipe.taken.len() - pipe.read);
            if room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let before = pipe.taken.len();
            for part in parts {
                let n = part.len().min(room);
                pipe.taken.extend_from_slice(&part[..n]);
                room -= n;
            }
            self.changed.notify_all();
            Ok(pipe.taken.len() - before)
        }

        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }

        fn wait_writable(&self, _: Instant) -> Result<()> {
            let mut pipe = self.state.lock();
            while !pipe.is_writable(self.capacity) {
                self.changed.wait(&mut pipe);
            }
            Ok(())
        }
    }

    impl Stream {
        pub(super) fn shutdown(&self) {
            self.state.lock().broken = true;
            self.changed.notify_all();
        }

        /// Is a call of the link's `write` due?
        fn take_request(&self) -> bool {
            let mut pipe = self.state.lock();
            let ready = pipe.armed && pipe.is_writable(self.capacity);
            pipe.armed &= !ready;
            std::mem::take(&mut pipe.asked) || ready
        }

        /// The peer reads what is there. Returns everything that it has received, or `None` if the link has ended and
        /// there is no more.
        pub(super) fn peer_reads(&self) -> Option<Vec<u8>> {
            let mut pipe = self.state.lock();
            while pipe.read == pipe.taken.len() && !pipe.broken {
                self.changed.wait(&mut pipe);
            }
            if pipe.read == pipe.taken.len() {
                return None;
            }
            pipe.read = pipe.taken.len();
            self.changed.notify_all();
            Some(pipe.taken.clone())
        }

        pub(super) fn taken(&self) -> Vec<u8> {
            self.state.lock().taken.clone()
        }
    }

    impl Pipe {
        fn is_writable(&self, capacity: usize) -> bool {
            self.broken || self.taken.len() - self.read < capacity
        }
    }

    impl Link {
        pub(super) fn new(conn: Arc<Connection>, room: usize, breaks_after: Option<usize>) -> Self {
            let pipe = Pipe {
                taken: Vec::new(),
                read: 0,
                breaks_after,
                broken: false,
                asked: false,
                armed: false,
            };
            Link {
                conn,
                stream: Stream {
                    capacity: room,
                    state: Mutex::new(pipe),
                    changed: Condvar::new(),
                },
                ended: AtomicBool::new(false),
            }
        }
    }

    impl Wire for Link {
        type Stream = Stream;

        fn stream(&self) -> &Stream {
            &self.stream
        }

        fn outbound(&self) -> &Outbound<Link> {
            &self.conn.outbound
        }

        /// A timer is a thread that gets to run at some time.
        fn run_later(&self, _: Duration, action: Box<dyn FnOnce() + Send>) {
            spawn(move || {
                yield_now();
                action();
            });
        }

        fn has_ended(&self) -> bool {
            self.ended.load(SeqCst)
        }

        fn is_loop_driven(&self) -> bool {
            false
        }

        fn has_successor(&self) -> bool {
            true
        }

        fn request_flush(&self) {
            self.stream.state.lock().asked = true;
            self.conn.watch.all_look();
        }

        fn write_when_ready(self: &Arc<Self>) {
            self.stream.state.lock().armed = true;
            self.conn.watch.all_look();
        }

        fn ask_write(self: &Arc<Self>) {
            unreachable!("no event loop drives it");
        }

        fn fail(self: &Arc<Self>, _: Error) {
            if !self.ended.swap(true, SeqCst) {
                self.stream.shutdown();
                self.conn.on_disconnect(self);
            }
        }

        fn fail_after_reading(self: &Arc<Self>, error: Error) {
            self.fail(error);
        }

        fn end_writing(self: &Arc<Self>, error: Error) {
            self.stream.shutdown();
            let link = self.clone();
            spawn(move || link.fail(error));
        }
    }
}

/// The messages that one thread publishes, one after the other.
#[derive(Clone, Copy)]
struct Publisher {
    msgs: usize,
    size: usize,
    when: When,
}

const BUFFERED: Publisher = Publisher {
    msgs: 2,
    size: 8,
    when: When::Buffered,
};

/// Publishers, one thread each; two watchers; and a peer that reads.
fn all_arrives(publishers: &[Publisher], room: usize, breaks_after: Option<usize>) {
    all_arrives_with(publishers, 0, room, breaks_after);
}

/// The same, and a number of threads that collect.
fn all_arrives_with(
    publishers: &[Publisher],
    collectors: usize,
    room: usize,
    breaks_after: Option<usize>,
) {
    let conn = Connection::new(Outbound::new(None, usize::MAX, None));
    conn.connect(room, breaks_after);
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for _ in 0..2 {
        let conn = conn.clone();
        threads.push(spawn(move || conn.watch.run(&conn)));
    }
    for (id, publisher) in publishers.iter().copied().enumerate() {
        let conn = conn.clone();
        threads.push(spawn(move || {
            for number in 0..publisher.msgs {
                let mut payload = format!("{id} {number} ");
                payload.extend(std::iter::repeat_n('x', publisher.size));
                let out = Outgoing {
                    subject: b"s",
                    reply: None,
                    headers: None,
                    payload: payload.as_bytes(),
                    deadline: None,
                };
                let result = conn.outbound.publish(&out, publisher.when);
                result.expect("it is accepted");
            }
        }));
    }
    for _ in 0..collectors {
        let conn = conn.clone();
        threads.push(spawn(move || {
            for _ in 0..2 {
                let collecting = conn.outbound.collect();
                sync::yield_now();
                drop(collecting);
            }
        }));
    }
    let expected: usize = publishers.iter().map(|p| p.msgs).sum();
    peer(&conn, publishers, expected);
    conn.watch.stop();
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(conn.outbound.waiting(), 0);
    conn.links.lock().clear();
}

/// Reads from each link in turn until everything has arrived.
fn peer(conn: &Connection, publishers: &[Publisher], expected: usize) {
    let mut link_number = 0;
    let mut before = Vec::new();
    loop {
        let link = conn.links.lock().get(link_number).cloned();
        let Some(link) = link else {
            // The next link is being made.
            sync::yield_now();
            continue;
        };
        let all = match link.stream.peer_reads() {
            Some(taken) => [before.clone(), arrived(&taken)].concat(),
            None => {
                before.extend(arrived(&link.stream.taken()));
                link_number += 1;
                continue;
            }
        };
        conn.watch.all_look();
        check_order(&all, publishers);
        if all.len() == expected {
            return;
        }
    }
}

/// Checks that nothing else arrived; returns the publisher and the number of each publish that arrived whole.
fn arrived(bytes: &[u8]) -> Vec<(usize, usize)> {
    let text = std::str::from_utf8(bytes).expect("text");
    let mut arrived = Vec::new();
    let mut lines = text.split_inclusive("\r\n");
    while let (Some(head), Some(payload)) = (lines.next(), lines.next()) {
        let size = head.strip_prefix("PUB s ").expect("a publish").trim_end();
        let Some(payload) = payload.strip_suffix("\r\n") else {
            break;
        };
        assert_eq!(size.parse(), Ok(payload.len()));
        let mut words = payload.split(' ');
        let mut number = || words.next().and_then(|w| w.parse().ok()).expect("a number");
        arrived.push((number(), number()));
    }
    arrived
}

fn check_order(arrived: &[(usize, usize)], publishers: &[Publisher]) {
    let mut next: HashMap<usize, usize> = HashMap::new();
    for (id, number) in arrived {
        let next = next.entry(*id).or_default();
        assert_eq!(number, next, "lost, doubled or out of order");
        *next += 1;
        assert!(*next <= publishers[*id].msgs);
    }
}

#[test]
fn small_publishes_leave() {
    explore(300, || all_arrives(&[BUFFERED; 3], 1000, None));
}

/// Each write takes a part, and then the socket takes no more.
#[test]
fn a_socket_that_takes_little_gets_all() {
    explore(200, || all_arrives(&[BUFFERED; 2], 20, None));
}

#[test]
fn who_waits_for_the_write_comes_back() {
    let now = Publisher {
        when: When::Now,
        ..BUFFERED
    };
    let soon = Publisher {
        when: When::Soon,
        ..BUFFERED
    };
    explore(200, move || all_arrives(&[now, soon, BUFFERED], 50, None));
}

/// What is published meanwhile is written at the end of that, or later; also where the socket takes little, or the link
/// breaks.
#[test]
fn what_is_collected_leaves() {
    let soon = Publisher {
        when: When::Soon,
        ..BUFFERED
    };
    for (room, breaks_after) in [(1000, None), (20, None), (30, Some(15)), (30, Some(40))] {
        explore(100, move || {
            all_arrives_with(&[soon, soon, BUFFERED], 1, room, breaks_after)
        });
    }
    explore(100, move || all_arrives_with(&[soon, soon], 2, 50, None));
}

/// The thread that publishes a large payload holds the writer lock while it waits for the socket.
#[test]
fn what_is_published_beside_a_large_payload_leaves() {
    let large = Publisher {
        msgs: 1,
        size: 90_000,
        when: When::Buffered,
    };
    explore(150, move || {
        all_arrives(&[large, BUFFERED, BUFFERED], 40_000, None)
    });
}

/// More than the buffer holds: publishers wait for room, and bursts begin and end.
#[test]
fn what_fills_the_buffer_leaves() {
    let much = Publisher {
        msgs: 6,
        size: 30_000,
        when: When::Buffered,
    };
    explore(40, move || {
        all_arrives(&[much, much, BUFFERED], 100_000, None)
    });
}

/// The link breaks anywhere, in the middle of a frame as well.
#[test]
fn what_did_not_leave_is_for_the_next_link() {
    for breaks_after in [0, 15, 40, 70] {
        explore(60, move || {
            all_arrives(&[BUFFERED; 2], 30, Some(breaks_after))
        });
    }
}
