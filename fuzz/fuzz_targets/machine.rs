//! The state of ordered and push consumers, whatever a server delivers: the program gets each sequence at most once, in
//! order.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use nats_rs::js::consume::Metadata;
use nats_rs::js::consume::machine::{Action, Created, Kind, Machine, Policy, Probed};
use nats_rs_fuzz::Choices;

fuzz_target!(|input: &[u8]| {
    let (mut setup, data) = Choices::split(input);
    let policy = [Policy::Fixed, Policy::Moving, Policy::LastPerSubject][setup.next() % 3];
    let heartbeat = Duration::from_millis(100 * (setup.next() % 5) as u64);
    let begin = Instant::now();
    let mut now = begin;
    let mut machine = Machine::new(Kind::Ordered, policy, heartbeat, setup.next() % 2 == 1, now);
    let (mut last, mut complete) = (0, false);
    for event in data.chunks_exact(4) {
        let [what, a, b, c] = *event else {
            return;
        };
        let (a, b) = (u64::from(a), u64::from(b));
        // Mostly about the present epoch.
        let epoch = machine.epoch().saturating_sub(u64::from(c % 4 == 0));
        let mut outcome = Default::default();
        match what % 14 {
            0..4 => {
                let meta = Metadata {
                    domain: None,
                    stream: b"S",
                    consumer: b"c",
                    delivered: 1,
                    stream_seq: machine.stream_seq() + a % 8,
                    consumer_seq: (machine.consumer_seq() + 1 + b % 3)
                        .saturating_sub(u64::from(c % 5 == 0)),
                    timestamp: i64::from(c),
                    pending: b,
                };
                outcome = machine.data(epoch, &meta, now);
                if outcome.deliver {
                    assert!(meta.stream_seq > last, "{} after {last}", meta.stream_seq);
                    last = meta.stream_seq;
                }
            }
            4 => outcome = machine.heartbeat(epoch, (a < 128).then_some(a), b % 2 == 1, now),
            5 => {
                let created = Created {
                    stream_seq: a,
                    consumer_seq: b % 2,
                    pending: u64::from(c),
                    time: 7,
                };
                outcome = machine.created(epoch, created, now).unwrap_or_default();
            }
            6 => machine.create_failed(epoch, now),
            7 => {
                let probed = Probed {
                    consumer_seq: a,
                    stream_seq: b,
                    pending: b,
                    stream_end: (c % 2 == 1).then_some(u64::from(c)),
                };
                outcome = machine.probed(epoch, probed, now);
            }
            8 => machine.probe_failed(epoch, a % 2 == 1, now),
            9 => machine.gone(epoch, now),
            10 if a % 2 == 0 => machine.overflowed(now),
            10 => machine.drained(now),
            11 if a % 2 == 0 => machine.lost(),
            11 => machine.restored(now),
            12 => drop(machine.missed(now, b % 2 == 1)),
            _ => now += Duration::from_millis(a * b),
        }
        if outcome.initial_complete {
            assert!(!complete, "said once");
            complete = true;
        }
        // It comes to rest.
        for round in 0.. {
            match machine.poll(now) {
                None => break,
                Some(
                    Action::Rebind { epoch }
                    | Action::Create { epoch, .. }
                    | Action::Probe { epoch },
                ) => {
                    assert!(epoch <= machine.epoch());
                }
            }
            assert!(round < 8, "it asks without end");
        }
        if let Some(at) = machine.wake_at() {
            assert!(at >= begin);
        }
    }
    machine.end();
    assert_eq!(machine.poll(now + Duration::from_secs(3600)), None);
});
