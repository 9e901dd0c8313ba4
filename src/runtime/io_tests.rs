//! Tests of driving sockets: real ones, and threads that only take turns.

use crate::error::Status;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Weak;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{self, Receiver, Sender};

use super::super::threads::Threads;
use super::*;

struct Running {
    io: Arc<Io>,
    threads: Arc<Threads>,
}

impl Running {
    fn new(count: usize) -> Self {
        let threads = Threads::new(None);
        let io = Arc::new(Io::new().unwrap());
        for _ in 0..count {
            let io = io.clone();
            let take_turns = move || {
                let mut turns = Turns::new();
                while !io.shared.inbox.lock().stop {
                    io.turn(&mut turns);
                }
                io.wake();
            };
            threads.spawn("test", take_turns).unwrap();
        }
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
        io.register(self.clone()).unwrap()
    }
}

impl AsFd for Reader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Source for Reader {
    fn read(&self) {
        let mut buffer = vec![0; self.chunk];
        match (&self.stream).read(&mut buffer) {
            Ok(n) => {
                buffer.truncate(n);
                self.seen.lock().send(Seen::Bytes(buffer)).unwrap();
            }
            Err(e) => assert_eq!(e.kind(), ErrorKind::WouldBlock),
        }
    }

    fn write(&self) {
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
fn requests_wake_a_thread_every_time() {
    let running = Running::new(2);
    let (reader, _peer, seen) = Reader::new(1);
    let registration = reader.register(&running.io);
    for _ in 0..2000 {
        registration.request_write();
        registration.request_write();
        assert_eq!(next(&seen), Seen::Flushed);
        while let Ok(one_more) = seen.try_recv() {
            assert_eq!(one_more, Seen::Flushed);
        }
    }
}

#[test]
fn the_flush_after_a_request_finds_what_was_put_before_it() {
    struct Counter {
        stream: UnixStream,
        waiting: Mutex<usize>,
        flushed: AtomicUsize,
    }
    impl AsFd for Counter {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.stream.as_fd()
        }
    }
    impl Source for Counter {
        fn read(&self) {}
        fn write(&self) {
            let taken = std::mem::take(&mut *self.waiting.lock());
            self.flushed.fetch_add(taken, Ordering::SeqCst);
        }
    }
    let running = Running::new(2);
    let (stream, _peer) = UnixStream::pair().unwrap();
    let counter = Arc::new(Counter {
        stream,
        waiting: Mutex::new(0),
        flushed: AtomicUsize::new(0),
    });
    let registration = running.io.register(counter.clone()).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..50_000 {
                    *counter.waiting.lock() += 1;
                    registration.request_write();
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
    registration.request_write();
    drop(registration);
    peer.write_all(b"2").unwrap();
    // The same socket again is a new source, which receives what the old one did not.
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
fn a_source_that_never_reads_to_the_end_leaves_others_their_turn() {
    struct Greedy(UnixStream, AtomicUsize);
    impl AsFd for Greedy {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    impl Source for Greedy {
        fn read(&self) {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
        fn write(&self) {}
    }
    let running = Running::new(1);
    let (stream, mut peer) = UnixStream::pair().unwrap();
    let greedy = Arc::new(Greedy(stream, AtomicUsize::new(0)));
    let _greedy_registration = running.io.register(greedy.clone()).unwrap();
    peer.write_all(b"x").unwrap();
    let (reader, mut peer, seen) = Reader::new(16);
    let _registration = reader.register(&running.io);
    for _ in 0..100 {
        peer.write_all(b"x").unwrap();
        assert_eq!(next(&seen), Seen::Bytes(b"x".into()));
    }
    let start = std::time::Instant::now();
    while greedy.1.load(Ordering::SeqCst) < 100 {
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::yield_now();
    }
}

#[test]
fn one_source_never_reads_in_two_threads() {
    struct Alone {
        stream: UnixStream,
        inside: AtomicUsize,
        bytes: AtomicUsize,
    }
    impl AsFd for Alone {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.stream.as_fd()
        }
    }
    impl Source for Alone {
        fn read(&self) {
            assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0);
            let mut buffer = [0; 2];
            if let Ok(n) = (&self.stream).read(&mut buffer) {
                self.bytes.fetch_add(n, Ordering::SeqCst);
            }
            thread::yield_now();
            self.inside.fetch_sub(1, Ordering::SeqCst);
        }
        fn write(&self) {}
    }
    let running = Running::new(3);
    let (stream, mut peer) = UnixStream::pair().unwrap();
    stream.set_nonblocking(true).unwrap();
    let alone = Arc::new(Alone {
        stream,
        inside: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
    });
    let registration = running.io.register(alone.clone()).unwrap();
    for n in 0..2000 {
        peer.write_all(b"abc").unwrap();
        registration.request_write();
        registration.request_read();
        if n % 3 == 0 && registration.take_reading() {
            alone.read();
            registration.release_reading();
        }
    }
    let start = std::time::Instant::now();
    while alone.bytes.load(Ordering::SeqCst) < 6000 {
        assert!(start.elapsed() < Duration::from_secs(20), "bytes are lost");
        thread::yield_now();
    }
}

#[test]
fn who_has_taken_reading_is_left_alone_and_the_rest_comes_afterwards() {
    let running = Running::new(2);
    let (reader, mut peer, seen) = Reader::new(16);
    let registration = reader.register(&running.io);
    assert!(registration.take_reading());
    assert!(!registration.take_reading());
    peer.write_all(b"mine").unwrap();
    registration.request_read();
    registration.request_write();
    assert_eq!(next(&seen), Seen::Flushed);
    assert!(seen.try_recv().is_err());
    reader.read();
    assert_eq!(next(&seen), Seen::Bytes(b"mine".into()));
    peer.write_all(b"theirs").unwrap();
    registration.release_reading();
    assert_eq!(next(&seen), Seen::Bytes(b"theirs".into()));
}

#[test]
fn a_full_socket_tells_when_it_takes_more() {
    let running = Running::new(2);
    let (reader, mut peer, seen) = Reader::new(16);
    let registration = reader.register(&running.io);
    let mut sent = 0;
    while let Ok(n) = (&reader.stream).write(&[0; 4096]) {
        sent += n;
    }
    registration.write_when_ready();
    registration.write_when_ready();
    assert!(seen.try_recv().is_err());
    peer.read_exact(&mut vec![0; sent]).unwrap();
    assert_eq!(next(&seen), Seen::Flushed);
    // Once for each request; reading continues.
    peer.write_all(b"x").unwrap();
    assert_eq!(next(&seen), Seen::Bytes(b"x".into()));
    assert!(seen.try_recv().is_err());
}

#[test]
fn after_an_event_one_thread_looks_for_the_next_and_sleeps_in_the_end() {
    struct Busy(UnixStream);
    impl AsFd for Busy {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    impl Source for Busy {
        fn read(&self) {
            let _ = (&self.0).read(&mut [0; 16]);
        }
        fn write(&self) {}
        fn busy_poll(&self) -> Duration {
            Duration::from_millis(1500)
        }
    }
    let running = Running::new(2);
    let shared = &running.io.shared;
    let polled = |expected| {
        let start = Instant::now();
        while shared.polling.lock().taken != expected {
            assert!(start.elapsed() < Duration::from_secs(20));
            thread::yield_now();
        }
    };
    let (stream, mut peer) = UnixStream::pair().unwrap();
    stream.set_nonblocking(true).unwrap();
    let registration = running.io.register(Arc::new(Busy(stream))).unwrap();
    assert!(!shared.polling.lock().taken);
    let start = Instant::now();
    peer.write_all(b"x").unwrap();
    polled(true);
    // Other work is not kept waiting.
    let (reader, _peer, seen) = Reader::new(1);
    let other = reader.register(&running.io);
    other.request_write();
    assert_eq!(next(&seen), Seen::Flushed);
    assert!(start.elapsed() < Duration::from_secs(1));
    polled(true);
    polled(false);
    assert!(start.elapsed() >= Duration::from_millis(1500));
    drop(registration);
}

#[test]
fn a_descriptor_that_cannot_be_polled_is_refused() {
    struct NoSocket(std::fs::File);
    impl AsFd for NoSocket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    impl Source for NoSocket {
        fn read(&self) {}
        fn write(&self) {}
    }
    let running = Running::new(1);
    let file = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let source = Arc::new(NoSocket(file));
    let error = running.io.register(source.clone()).err().unwrap();
    assert_eq!(error.status(), Status::NATS_SYS_ERROR);
    assert_eq!(Arc::strong_count(&source), 1);
}

/// Stops before everything is read, as TLS does, and requests another call.
struct Hidden {
    stream: UnixStream,
    registration: Mutex<Option<Arc<Registration>>>,
    left: AtomicUsize,
    reads: AtomicUsize,
}

impl AsFd for Hidden {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Source for Hidden {
    fn read(&self) {
        let mut buffer = [0; 64];
        while (&self.stream).read(&mut buffer).is_ok_and(|n| n > 0) {}
        if self.left.swap(0, Ordering::SeqCst) > 0 {
            if let Some(registration) = &*self.registration.lock() {
                registration.request_read();
            }
            // Other threads have the time to take the request before this call ends.
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(50) {
                std::hint::spin_loop();
            }
        }
        self.reads.fetch_add(1, Ordering::SeqCst);
    }

    fn write(&self) {}
}

#[test]
fn a_read_asked_for_while_another_ends_comes() {
    let running = Running::new(3);
    let (stream, mut peer) = UnixStream::pair().unwrap();
    stream.set_nonblocking(true).unwrap();
    let hidden = Arc::new(Hidden {
        stream,
        registration: Mutex::default(),
        left: AtomicUsize::new(0),
        reads: AtomicUsize::new(0),
    });
    let registration = Arc::new(running.io.register(hidden.clone()).unwrap());
    *hidden.registration.lock() = Some(registration);
    for round in 0..2000 {
        let before = hidden.reads.load(Ordering::SeqCst);
        hidden.left.store(1, Ordering::SeqCst);
        peer.write_all(b"x").unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while hidden.reads.load(Ordering::SeqCst) < before + 2 {
            assert!(Instant::now() < until, "round {round}");
            std::thread::yield_now();
        }
    }
    *hidden.registration.lock() = None;
}
