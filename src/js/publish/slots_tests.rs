use std::collections::HashMap;

use proptest::prelude::*;

use super::slots::{Acked, Freed, NEVER, Sent, Slots, Token};
use crate::msg::Msg;

fn msg(text: &str) -> Msg {
    Msg::create(b"s", None, text.as_bytes()).unwrap()
}

fn ack() -> Msg {
    msg("ack")
}

fn number(msg: &Msg) -> usize {
    str::from_utf8(msg.payload()).unwrap().parse().unwrap()
}

/// Passes an acknowledgement. Returns the message that it completes, if there is one.
fn acked(slots: &Slots, token: Token, ack: Msg) -> Option<usize> {
    let mut freed = Freed::default();
    let outcome = slots.acked(token, ack, &mut freed);
    slots.give_back(freed);
    match outcome {
        Acked::Done { msg, ack, .. } => {
            assert_eq!(ack.payload(), b"ack");
            Some(number(&msg))
        }
        Acked::Later | Acked::Unknown => None,
    }
}

#[test]
fn a_message_is_acknowledged_once_and_its_slot_used_again() {
    let slots = Slots::new();
    let first = slots.claim().unwrap();
    assert!(slots.settle(first, msg("1"), Sent::default()).is_none());
    assert_eq!(slots.waiting().count(), 1);
    assert_eq!(acked(&slots, first, ack()), Some(1));
    assert_eq!(acked(&slots, first, ack()), None);
    let second = slots.claim().unwrap();
    assert_ne!(first, second);
    assert_eq!(slots.capacity(), 1);
    assert!(slots.settle(second, msg("2"), Sent::default()).is_none());
    assert_eq!(acked(&slots, first, ack()), None, "late");
    assert_eq!(acked(&slots, second, ack()), Some(2));
}

#[test]
fn an_acknowledgement_may_come_before_the_message_is_settled() {
    let slots = Slots::new();
    let token = slots.claim().unwrap();
    assert_eq!(acked(&slots, token, ack()), None);
    assert_eq!(acked(&slots, token, ack()), None, "twice");
    assert!(
        !slots.abandon(token),
        "it was stored, whatever the error was"
    );
    let early = slots.settle(token, msg("7"), Sent::default()).unwrap();
    assert_eq!(acked(&slots, token, early), Some(7));
    assert_eq!(slots.waiting().count(), 0);
}

#[test]
fn what_is_known_of_a_message_stays_with_it() {
    let slots = Slots::new();
    let token = slots.claim().unwrap();
    let sent = Sent {
        session: 3,
        retries: 1,
        resends: 2,
        due: NEVER,
    };
    assert!(slots.settle(token, msg("1"), sent).is_none());
    assert_eq!(slots.waiting().next(), Some((token, sent)));
    assert!(slots.mark_lost(token));
    assert!(!slots.mark_lost(token));
    assert_eq!(slots.waiting().count(), 1, "lost ones wait as well");
    let (held, again, lost) = slots.hold(token).unwrap();
    assert_eq!((number(&held), again, lost), (1, sent, true));
    assert_eq!(slots.waiting().count(), 0);
    assert!(slots.take(token).is_none() && slots.hold(token).is_none());
    assert!(slots.settle(token, held, again).is_none());
    let (taken, lost) = slots.take(token).unwrap();
    assert_eq!((number(&taken), lost), (1, false));
}

#[test]
fn tokens_from_outside_lead_to_nothing() {
    let slots = Slots::new();
    let token = slots.claim().unwrap();
    assert!(slots.settle(token, msg("1"), Sent::default()).is_none());
    for text in [
        "",
        "0",
        "zzzzzzzzzzz",
        "00000000001",
        "11111111111",
        "-0000000000",
    ] {
        if let Some(other) = Token::parse(text.as_bytes()) {
            assert_ne!(other, token);
            assert_eq!(acked(&slots, other, ack()), None, "{text}");
            assert!(slots.take(other).is_none() && !slots.abandon(other));
        }
    }
    assert_eq!(Token::parse(&token.text()), Some(token));
    assert_eq!(acked(&slots, token, ack()), Some(1));
}

#[test]
fn the_table_grows_by_segments_and_is_not_larger_than_it_was_ever_full() {
    let slots = Slots::new();
    for round in 0..3 {
        let tokens: Vec<_> = (0..1000)
            .map(|n| {
                let token = slots.claim().unwrap();
                let n = msg(&n.to_string());
                assert!(slots.settle(token, n, Sent::default()).is_none());
                token
            })
            .collect();
        assert_eq!(slots.waiting().count(), 1000);
        assert_eq!(slots.capacity(), 1000, "{round}");
        let mut freed = Freed::default();
        for (n, token) in tokens.into_iter().enumerate() {
            match slots.acked(token, ack(), &mut freed) {
                Acked::Done { msg, .. } => assert_eq!(number(&msg), n),
                other => panic!("{other:?}"),
            }
        }
        slots.give_back(freed);
    }
}

/// The operations on a message; the number selects one of the messages so far.
#[derive(Debug, Clone)]
enum Op {
    Claim,
    Settle(usize),
    Abandon(usize),
    Ack(usize),
    Take(usize),
    Hold(usize),
    MarkLost(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let which = 0..64usize;
    prop_oneof![
        3 => Just(Op::Claim),
        3 => which.clone().prop_map(Op::Settle),
        1 => which.clone().prop_map(Op::Abandon),
        4 => which.clone().prop_map(Op::Ack),
        1 => which.clone().prop_map(Op::Take),
        1 => which.clone().prop_map(Op::Hold),
        1 => which.prop_map(Op::MarkLost),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Sending { early: bool },
    Pending { lost: bool },
    Over,
}

proptest! {
    /// In any order of operations, a message is completed by its first acknowledgement or taken, exactly once.
    #[test]
    fn a_table_does_what_a_map_would(ops in prop::collection::vec(op(), 0..200)) {
        let slots = Slots::new();
        let mut all: Vec<(Token, Phase)> = Vec::new();
        let mut held: HashMap<usize, Msg> = HashMap::new();
        for op in ops {
            let index = match op {
                Op::Claim => {
                    let n = all.len();
                    all.push((slots.claim().unwrap(), Phase::Sending { early: false }));
                    held.insert(n, msg(&n.to_string()));
                    continue;
                }
                Op::Settle(n) | Op::Abandon(n) | Op::Ack(n) | Op::Take(n) | Op::Hold(n)
                | Op::MarkLost(n) => n,
            };
            if all.is_empty() {
                continue;
            }
            let n = index % all.len();
            let (token, phase) = all[n];
            all[n].1 = match (op, phase) {
                (Op::Settle(_), Phase::Sending { early }) => {
                    let msg = held.remove(&n).unwrap();
                    let ack = slots.settle(token, msg, Sent::default());
                    prop_assert_eq!(ack.is_some(), early);
                    match ack {
                        None => Phase::Pending { lost: false },
                        Some(ack) => {
                            prop_assert_eq!(acked(&slots, token, ack), Some(n));
                            Phase::Over
                        }
                    }
                }
                // Only the thread that sends a message settles or abandons it.
                (Op::Settle(_), phase) => phase,
                (Op::Abandon(_), Phase::Sending { early }) => {
                    prop_assert_eq!(slots.abandon(token), !early);
                    match early {
                        true => phase,
                        false => {
                            held.remove(&n);
                            Phase::Over
                        }
                    }
                }
                (Op::Abandon(_), phase) => {
                    prop_assert!(!slots.abandon(token));
                    phase
                }
                (Op::Ack(_), Phase::Pending { .. }) => {
                    prop_assert_eq!(acked(&slots, token, ack()), Some(n));
                    Phase::Over
                }
                (Op::Ack(_), phase) => {
                    prop_assert_eq!(acked(&slots, token, ack()), None);
                    match phase {
                        Phase::Sending { .. } => Phase::Sending { early: true },
                        phase => phase,
                    }
                }
                (Op::Take(_), phase) => match (slots.take(token), phase) {
                    (Some((msg, lost)), Phase::Pending { lost: expected }) => {
                        prop_assert_eq!((number(&msg), lost), (n, expected));
                        Phase::Over
                    }
                    (None, Phase::Sending { .. } | Phase::Over) => phase,
                    (taken, phase) => panic!("{:?} in {phase:?}", taken.is_some()),
                },
                (Op::Hold(_), phase) => match (slots.hold(token), phase) {
                    (Some((msg, _, lost)), Phase::Pending { lost: expected }) => {
                        prop_assert_eq!((number(&msg), lost), (n, expected));
                        held.insert(n, msg);
                        Phase::Sending { early: false }
                    }
                    (None, Phase::Sending { .. } | Phase::Over) => phase,
                    (taken, phase) => panic!("{:?} in {phase:?}", taken.is_some()),
                },
                (Op::MarkLost(_), phase) => {
                    let marked = slots.mark_lost(token);
                    prop_assert_eq!(marked, phase == Phase::Pending { lost: false });
                    match marked {
                        true => Phase::Pending { lost: true },
                        false => phase,
                    }
                }
                (Op::Claim, phase) => phase,
            };
            let waiting = all.iter().filter(|(_, p)| matches!(p, Phase::Pending { .. }));
            prop_assert_eq!(slots.waiting().count(), waiting.count());
        }
        let alive = all.iter().filter(|(_, p)| *p != Phase::Over).count();
        prop_assert!(slots.capacity() as usize >= alive);
    }
}
