//! The memory of messages that wait or are kept, for all sizes and patterns of arrival.
//!
//! In a separate process, because all messages of a process share their memory; one test at a time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use nats_rs::msg::receive::READ_SIZE;
use nats_rs::msg::{Msg, Receiver, release_unused, trim, usage, wants_trim};
use nats_rs::proto::parser::{Op, Parser, Step};

/// Counts the memory that the process has allocated.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator, whose contract is passed on.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    release_unused();
    guard
}

/// Bytes of blocks with messages.
fn in_use() -> usize {
    let usage = usage();
    usage.all - usage.unused
}

/// The pattern of arrival.
#[derive(Debug, Clone, Copy)]
enum Rhythm {
    /// This number of frames, then a pause.
    Frames(usize),
    /// This number of bytes, then a pause.
    Bytes(usize),
    /// As many as are read, without a pause.
    Stream,
}

/// A connection to a server that sends the given bytes.
struct Connection {
    receiver: Receiver,
    parser: Parser,
    frame_len: Option<usize>,
    /// The bytes in the socket.
    wire: VecDeque<u8>,
    frames: usize,
    rhythm: Rhythm,
}

impl Connection {
    fn new(rhythm: Rhythm, padding: usize) -> Self {
        Connection {
            receiver: Receiver::new(padding, READ_SIZE),
            parser: Parser::new(1 << 26),
            frame_len: None,
            wire: VecDeque::new(),
            frames: 0,
            rhythm,
        }
    }

    /// Sends a message; `seen` gets the messages that the client has read.
    fn send(&mut self, subject: &str, headers: usize, payload: usize, seen: &mut dyn FnMut(Msg)) {
        let block = match headers {
            0 => Vec::new(),
            n => format!("NATS/1.0\r\nA:{}\r\n\r\n", "h".repeat(n)).into_bytes(),
        };
        let line = match headers {
            0 => format!("MSG {subject} 1 {payload}\r\n"),
            _ => format!(
                "HMSG {subject} 1 {} {}\r\n",
                block.len(),
                block.len() + payload
            ),
        };
        self.wire.extend(line.as_bytes());
        self.wire.extend(&block);
        self.wire.resize(self.wire.len() + payload, b'x');
        self.wire.extend(b"\r\n");
        self.frames += 1;
        match self.rhythm {
            Rhythm::Frames(n) if self.frames.is_multiple_of(n) => self.read(usize::MAX, seen),
            Rhythm::Bytes(n) => {
                while self.wire.len() >= n {
                    self.read(n, seen);
                }
            }
            Rhythm::Stream if self.wire.len() >= 4 * READ_SIZE => self.read(3 * READ_SIZE, seen),
            _ => {}
        }
    }

    /// Reads this number of bytes from the socket, and releases the idle block.
    fn read(&mut self, most: usize, seen: &mut dyn FnMut(Msg)) {
        let mut left = most.min(self.wire.len());
        while left > 0 {
            let wire = &mut self.wire;
            let n = self
                .receiver
                .read_with(self.frame_len, |room| {
                    let before = left;
                    for piece in room {
                        let n = piece.len().min(left);
                        let (first, second) = wire.as_slices();
                        let k = n.min(first.len());
                        piece[..k].copy_from_slice(&first[..k]);
                        piece[k..n].copy_from_slice(&second[..n - k]);
                        wire.drain(..n);
                        left -= n;
                    }
                    Ok(before - left)
                })
                .unwrap();
            assert!(n > 0);
            self.parse(seen);
        }
        self.receiver.release_idle_block();
    }

    fn parse(&mut self, seen: &mut dyn FnMut(Msg)) {
        loop {
            match self.parser.next(self.receiver.unparsed()).unwrap() {
                Step::Op {
                    op: Op::Msg(head), ..
                } => seen(self.receiver.take_msg(&head).unwrap()),
                Step::Op { consumed, .. } => self.receiver.consume(consumed),
                Step::Incomplete { frame_len } => {
                    self.frame_len = frame_len;
                    if !self.receiver.advance(frame_len).unwrap() {
                        return;
                    }
                }
            }
        }
    }

    fn finish(mut self, seen: &mut dyn FnMut(Msg)) {
        self.read(usize::MAX, seen);
    }
}

const RHYTHMS: [Rhythm; 12] = [
    Rhythm::Frames(1),
    Rhythm::Frames(2),
    Rhythm::Frames(7),
    Rhythm::Frames(100),
    Rhythm::Bytes(11),
    Rhythm::Bytes(300),
    Rhythm::Bytes(1000),
    Rhythm::Bytes(1448),
    Rhythm::Bytes(5000),
    Rhythm::Bytes(16_384),
    Rhythm::Bytes(65_536),
    Rhythm::Stream,
];

#[test]
fn what_one_subscription_has_waiting_costs_what_it_weighs() {
    let _alone = alone();
    let mut wrong = Vec::new();
    let sizes = [
        0,
        16,
        300,
        700,
        1000,
        1200,
        1500,
        1900,
        2048,
        2500,
        3000,
        3950,
        4050,
        4200,
        5300,
        6000,
        8192,
        12_000,
        16_000,
        16_300,
        16_500,
        20_000,
        40_000,
        65_536,
        1 << 20,
    ];
    for rhythm in RHYTHMS {
        for size in sizes {
            for headers in [0, 200] {
                if matches!(rhythm, Rhythm::Bytes(11)) && size > 2000 {
                    continue;
                }
                release_unused();
                let n = (1_000_000 / (size + 300)).clamp(12, 500);
                let mut connection = Connection::new(rhythm, 0);
                let mut kept = Vec::with_capacity(n);
                let (before, heap) = (in_use(), BYTES.load(Ordering::Relaxed));
                for _ in 0..n {
                    connection.send("case-mem", headers, size, &mut |msg| kept.push(msg));
                }
                connection.finish(&mut |msg| kept.push(msg));
                assert_eq!(kept.len(), n);
                let weight = 8 + size + if headers > 0 { headers + 16 } else { 0 };
                let (used, heap) = (in_use() - before, BYTES.load(Ordering::Relaxed) - heap);
                let most = weight * 3 / 2 + 250;
                // One block may be half empty at the end.
                if used > n * most + 16_384 {
                    wrong.push(format!(
                        "{rhythm:?} {size}+{headers}: {} each, {most} allowed",
                        used / n
                    ));
                }
                assert!(heap <= used + usage().unused + 100_000, "{heap} of {used}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// Messages that come while one in many of them is kept, all others being destroyed at once.
struct Mixed {
    kept: usize,
    others: usize,
    /// The permitted cost of each kept message.
    most: usize,
}

#[test]
fn one_kept_of_a_thousand_keeps_little_beside_it() {
    let _alone = alone();
    let small = 4096;
    let mixed = |kept, others, most| Mixed { kept, others, most };
    let cases = [
        mixed(16, 16, small),
        mixed(100, 100, small),
        mixed(500, 500, small),
        mixed(1000, 1000, small),
        // A slow subscription beside a fast one.
        mixed(16, 1000, small),
        mixed(16, 2000, small),
        mixed(16, 5000, small),
        mixed(1000, 16, small),
        // Few longer messages fit into a block, and the room that is too short for one is lost.
        mixed(2000, 2000, 2 * 2000 + 1024),
        mixed(3000, 3000, 2 * 3000 + 2048),
        mixed(4200, 16, 2 * 4200),
    ];
    let mut wrong = Vec::new();
    for rhythm in RHYTHMS {
        for case in &cases {
            if matches!(rhythm, Rhythm::Bytes(11)) && case.others > 100 {
                continue;
            }
            release_unused();
            let n = 400;
            let every = (5_000_000 / (case.others + 40) / n).clamp(25, 150);
            let mut connection = Connection::new(rhythm, 0);
            let mut kept = Vec::with_capacity(n);
            let before = in_use();
            let mut keep = |msg: Msg| {
                if msg.subject() == b"kept" {
                    kept.push(msg);
                }
            };
            for _ in 0..n {
                for i in 0..every {
                    if i == every / 2 {
                        connection.send("kept", 0, case.kept, &mut keep);
                    } else {
                        connection.send("x", 0, case.others, &mut keep);
                    }
                }
            }
            connection.finish(&mut keep);
            assert_eq!(kept.len(), n);
            // The block that is being filled counts too: two reads.
            let used = (in_use() - before).saturating_sub(2 * READ_SIZE);
            let most = case.most;
            if used > n * most {
                let each = used / n;
                wrong.push(format!(
                    "{rhythm:?} {} of {}: {each} each, {most} allowed",
                    case.kept, case.others
                ));
            }
            // The kept messages have not been overwritten.
            assert!(kept.iter().all(|m| m.payload().len() == case.kept
                && m.payload().iter().all(|b| *b == b'x')
                && m.subject() == b"kept"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn connections_at_rest_hold_nothing_and_share_what_is_left_beside_messages() {
    let _alone = alone();
    let before = in_use();
    let mut kept = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..1000 {
        let mut connection = Connection::new(Rhythm::Frames(1), 0);
        connection.send("gone", 0, 100, &mut drop);
        idle.push(connection);
    }
    assert_eq!(in_use(), before);
    for connection in &mut idle {
        connection.send("kept", 0, 100, &mut |msg| kept.push(msg));
    }
    assert!(in_use() - before < 1000 * (150 + 250) + 16_384);
    drop(kept);
    assert_eq!(in_use(), before);
}

#[test]
fn unused_memory_is_bounded_and_given_back_when_there_is_no_traffic() {
    let _alone = alone();
    let mut connection = Connection::new(Rhythm::Stream, 0);
    let mut kept = Vec::new();
    for _ in 0..40_000 {
        connection.send("case-mem", 0, 1000, &mut |msg| kept.push(msg));
    }
    connection.finish(&mut |msg| kept.push(msg));
    assert!(in_use() > 40_000_000);
    kept.clear();
    assert!(usage().unused <= 16 << 20, "{:?}", usage());
    assert!(wants_trim());
    // Once for what was used until now, once for nothing.
    assert!(trim());
    assert!(!trim());
    assert!(usage().unused <= 256 << 10, "{:?}", usage());
}

#[test]
fn padding_is_paid_for_and_nothing_else() {
    let _alone = alone();
    for rhythm in RHYTHMS {
        let mut connection = Connection::new(rhythm, 64);
        let mut kept = Vec::new();
        let before = in_use();
        for _ in 0..500 {
            connection.send("case-mem", 0, 100, &mut |msg| kept.push(msg));
        }
        connection.finish(&mut |msg| kept.push(msg));
        assert!(in_use() - before < 500 * (108 * 3 / 2 + 250 + 64) + 32_768);
    }
}
