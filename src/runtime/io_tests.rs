//! Tests of the I/O threads.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Weak;
use std::sync::mpsc::{self, Receiver, Sender};

use super::*;

struct Running {
    io: Io,
    threads: Arc<Threads>,
}

impl Running {
    fn new(count: usize) -> Self {
        let threads = Threads::new(None);
        let io = Io::new(count).unwrap();
        io.start(&threads).unwrap();
        Running { io, threads }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.io.stop();
        assert!(self.threads.wait(Some(Duration::from_secs(20))));
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    Bytes(Vec<u8>),
    Flushed,
}

/// Reads at most `chunk` bytes at a time.
struct Reader {
    stream: UnixStream,
    chunk: usize,
    seen: Mutex<Sender<Seen>>,
}

impl Reader {
    fn new(chunk: usize) -> (Arc<Self>, UnixStream, Receiver<Seen>) {
        let (stream, peer) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        let (seen, receiver) = mpsc::channel();
        let seen = Mutex::new(seen);
        let reader = Arc::new(Reader {
            stream,
            chunk,
            seen,
        });
        (reader, peer, receiver)
    }

    fn register(self: &Arc<Self>, io: &Io) -> Registration {
        io.register(self.stream.as_raw_fd(), self.clone()).unwrap()
    }
}

impl Source for Reader {
    fn ready(&self, readable: bool, _: bool) -> Again {
        if !readable {
            return Again::No;
        }
        let mut buffer = vec![0; self.chunk];
        match (&self.stream).read(&mut buffer) {
            Ok(n) if n > 0 => {
                buffer.truncate(n);
                self.seen.lock().send(Seen::Bytes(buffer)).unwrap();
                Again::Yes
            }
            _ => Again::No,
        }
    }

    fn flush(&self) {
        self.seen.lock().send(Seen::Flushed).unwrap();
        panic!("a source panics");
    }
}

fn next(receiver: &Receiver<Seen>) -> Seen {
    receiver.recv_timeout(Duration::from_secs(20)).unwrap()
}

#[test]
fn bytes_are_read_to_the_last_in_turns() {
    let running = Running::new(2);
    let (reader, mut peer, seen) = Reader::new(3);
    peer.write_all(b"before").unwrap();
    let _registration = reader.register(&running.io);
    assert_eq!(next(&seen), Seen::Bytes(b"bef".into()));
    assert_eq!(next(&seen), Seen::Bytes(b"ore".into()));
    peer.write_all(b"after").unwrap();
    assert_eq!(next(&seen), Seen::Bytes(b"aft".into()));
    assert_eq!(next(&seen), Seen::Bytes(b"er".into()));
}

#[test]
fn requests_wake_the_thread_every_time() {
    let running = Running::new(1);
    let (reader, _peer, seen) = Reader::new(1);
    let registration = reader.register(&running.io);
    for _ in 0..2000 {
        registration.request_flush();
        registration.request_flush();
        assert_eq!(next(&seen), Seen::Flushed);
        while let Ok(one_more) = seen.try_recv() {
            assert_eq!(one_more, Seen::Flushed);
        }
    }
}

#[test]
fn the_flush_after_a_request_finds_what_was_put_before_it() {
    struct Counter {
        waiting: Mutex<usize>,
        flushed: AtomicUsize,
    }
    impl Source for Counter {
        fn ready(&self, _: bool, _: bool) -> Again {
            Again::No
        }
        fn flush(&self) {
            let taken = std::mem::take(&mut *self.waiting.lock());
            self.flushed.fetch_add(taken, Ordering::SeqCst);
        }
    }
    let running = Running::new(1);
    let (stream, _peer) = UnixStream::pair().unwrap();
    let counter = Arc::new(Counter {
        waiting: Mutex::new(0),
        flushed: AtomicUsize::new(0),
    });
    let registration = running
        .io
        .register(stream.as_raw_fd(), counter.clone())
        .unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..50_000 {
                    *counter.waiting.lock() += 1;
                    registration.request_flush();
                    if n % 64 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    let start = std::time::Instant::now();
    while counter.flushed.load(Ordering::SeqCst) < 150_000 {
        assert!(start.elapsed() < Duration::from_secs(20), "a flush is lost");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn after_the_registration_nothing_is_called_and_the_source_is_free() {
    let running = Running::new(1);
    let (reader, mut peer, seen) = Reader::new(16);
    let registration = reader.register(&running.io);
    peer.write_all(b"1").unwrap();
    assert_eq!(next(&seen), Seen::Bytes(b"1".into()));
    registration.request_flush();
    drop(registration);
    peer.write_all(b"2").unwrap();
    // The same socket again is a new source, which gets what the old one did not.
    while seen.try_recv().is_ok() {}
    let registration = reader.register(&running.io);
    assert_eq!(next(&seen), Seen::Bytes(b"2".into()));
    drop(registration);
    let weak: Weak<Reader> = Arc::downgrade(&reader);
    drop(reader);
    let start = std::time::Instant::now();
    while weak.strong_count() > 0 {
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::yield_now();
    }
}

#[test]
fn a_source_that_has_always_more_leaves_others_their_turn() {
    struct Greedy(AtomicUsize);
    impl Source for Greedy {
        fn ready(&self, _: bool, _: bool) -> Again {
            self.0.fetch_add(1, Ordering::SeqCst);
            Again::Yes
        }
        fn flush(&self) {}
    }
    let running = Running::new(1);
    let (stream, _peer) = UnixStream::pair().unwrap();
    let greedy = Arc::new(Greedy(AtomicUsize::new(0)));
    let greedy_registration = running
        .io
        .register(stream.as_raw_fd(), greedy.clone())
        .unwrap();
    greedy_registration.request_ready();
    let (reader, mut peer, seen) = Reader::new(16);
    let _registration = reader.register(&running.io);
    for _ in 0..100 {
        peer.write_all(b"x").unwrap();
        assert_eq!(next(&seen), Seen::Bytes(b"x".into()));
    }
    assert!(greedy.0.load(Ordering::SeqCst) > 100);
}

#[test]
fn a_descriptor_that_cannot_be_polled_is_refused() {
    let running = Running::new(1);
    let (reader, _peer, _seen) = Reader::new(1);
    let error = running.io.register(-1, reader.clone()).err().unwrap();
    assert_eq!(error.status(), Status::NATS_SYS_ERROR);
    assert_eq!(Arc::strong_count(&reader), 1);
}
