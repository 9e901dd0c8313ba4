//! The table of messages that wait for their acknowledgements.
//!
//! A token names a slot and the generation of the slot. So the reply subject leads to the message without a hash table,
//! and an acknowledgement that arrives late, twice or unsolicited leads to nothing. There is no lock: each change of a
//! slot is one exchange of its state, and the thread that makes it owns the contents of the slot.
//!
//! | from | to | by |
//! |---|---|---|
//! | free | sending | [`Slots::claim`], before the message is published |
//! | sending | pending | [`Slots::settle`], when it has been |
//! | sending | free | [`Slots::abandon`], when it could not be |
//! | pending, lost | free, next generation | [`Slots::acked`] and [`Slots::take`] |
//! | pending, lost | sending | [`Slots::hold`], to publish it again |
//! | pending | lost | [`Slots::mark_lost`] |
//!
//! While a message is being sent it belongs to the thread that publishes it. An acknowledgement that arrives before
//! that thread is done is stored in the slot: the state is *arriving* until it is there, then *arrived*. The publishing
//! thread finds it in [`Slots::settle`]. If it gets there while the state is arriving, it sets *settled*, and the
//! thread that brings the acknowledgement completes the message.
//!
//! What a slot contains is stored without an order of its own: the exchange of the state that follows publishes it. That
//! a slot is being sent is seen by the thread that reads the acknowledgement, because the frame is appended under a lock
//! in between. Each store with an order would cost what an exchange costs.

use std::sync::OnceLock;

use super::sync::{AtomicU32, AtomicU64, Relaxed, SeqCst};
use crate::msg::{Msg, MsgCell};
use crate::proto::nuid;

/// The first segment has this many slots, each further one twice as many as the one before.
const FIRST: u32 = 64;
const SEGMENTS: usize = 25;
const MOST: u32 = FIRST * ((1 << SEGMENTS) - 1);

const PHASE_BITS: u32 = 3;
const FREE: u64 = 0;
const SENDING: u64 = 1;
const ARRIVING: u64 = 2;
const ARRIVED: u64 = 3;
const SETTLED: u64 = 4;
const PENDING: u64 = 5;
const LOST: u64 = 6;

/// Identifies a message: its slot in the lower half, the slot's generation in the upper one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token(u64);

impl Token {
    /// Its length as text.
    pub(super) const LEN: usize = nuid::ID_LEN;

    fn new(index: u32, generation: u32) -> Self {
        Token(u64::from(generation) << 32 | u64::from(index))
    }

    fn index(self) -> u32 {
        self.0 as u32
    }

    fn in_phase(self, phase: u64) -> u64 {
        self.0 >> 32 << PHASE_BITS | phase
    }

    /// The state of the slot after this token has been used up.
    fn freed(self) -> u64 {
        u64::from(((self.0 >> 32) as u32).wrapping_add(1)) << PHASE_BITS | FREE
    }

    /// The token as part of a reply subject.
    pub(super) fn text(self) -> [u8; Self::LEN] {
        nuid::base62_id(self.0)
    }

    /// The token of this text; `None` for any other text.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        nuid::parse_base62_id(text).map(Token)
    }
}

/// What is recorded of a message when it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// The session of the connection in which it was sent.
    pub(super) session: u32,
    /// How often it was sent again because there was no responder.
    pub(super) retries: u32,
    /// How often in a row it was sent again because the connection was lost.
    pub(super) resends: u32,
    /// When it fails, in the publisher's time; [`NEVER`] if it does not.
    pub(super) due: u64,
}

/// No time.
pub(super) const NEVER: u64 = u64::MAX;

/// The outcome of an acknowledgement.
#[derive(Debug)]
pub(super) enum Acked {
    /// The message belongs to the caller. `lost`: it had been marked as lost.
    Done { msg: Msg, ack: Msg, lost: bool },
    /// The thread that publishes the message will find it.
    Later,
    /// There is no such message.
    Unknown,
}

#[derive(Default)]
struct Slot {
    state: AtomicU64,
    /// The next free slot's index + 1; 0 for none.
    next: AtomicU32,
    session: AtomicU32,
    due: AtomicU64,
    retries: AtomicU32,
    resends: AtomicU32,
    msg: MsgCell,
    ack: MsgCell,
}

/// The table.
pub(super) struct Slots {
    segments: [OnceLock<Box<[Slot]>>; SEGMENTS],
    /// The number of slots so far.
    used: AtomicU32,
    /// The index + 1 of the first free slot in the lower half. The upper half counts the changes, so that an exchange
    /// that is based on an outdated value fails.
    free: AtomicU64,
}

/// Slots that are released together.
#[derive(Default)]
#[must_use]
pub(super) struct Freed {
    first: u32,
    last: u32,
}

impl Slots {
    pub(super) fn new() -> Self {
        Slots {
            segments: [const { OnceLock::new() }; SEGMENTS],
            used: AtomicU32::new(0),
            free: AtomicU64::new(0),
        }
    }

    /// Claims a slot for a message that is about to be sent. `None` if there are too many.
    pub(super) fn claim(&self) -> Option<Token> {
        let index = self.pop().or_else(|| self.grow())?;
        let slot = self.slot(index)?;
        let generation = slot.state.load(SeqCst) >> PHASE_BITS;
        let token = Token::new(index, generation as u32);
        slot.state.store(token.in_phase(SENDING), Relaxed);
        Some(token)
    }

    /// The message has been sent. Returns its acknowledgement if that has arrived already: the caller passes it to
    /// [`Slots::acked`].
    pub(super) fn settle(&self, token: Token, msg: Msg, sent: Sent) -> Option<Msg> {
        let slot = self.slot(token.index())?;
        slot.session.store(sent.session, Relaxed);
        slot.due.store(sent.due, Relaxed);
        slot.retries.store(sent.retries, Relaxed);
        slot.resends.store(sent.resends, Relaxed);
        slot.msg.put(msg);
        if slot.change(token, SENDING, PENDING) || slot.change(token, ARRIVING, SETTLED) {
            return None;
        }
        // It has arrived: no other thread changes the state now.
        let ack = slot.ack.take();
        slot.state.store(token.in_phase(PENDING), SeqCst);
        ack
    }

    /// The message could not be sent: its slot is free again. False if there is an acknowledgement nevertheless; then
    /// the message has to be settled.
    pub(super) fn abandon(&self, token: Token) -> bool {
        let abandoned = self.slot(token.index()).is_some_and(|slot| {
            let sending = token.in_phase(SENDING);
            slot.exchange(sending, token.freed())
        });
        if abandoned {
            self.give_back_one(token);
        }
        abandoned
    }

    /// An acknowledgement has arrived.
    pub(super) fn acked(&self, token: Token, ack: Msg, freed: &mut Freed) -> Acked {
        let Some(slot) = self.slot(token.index()) else {
            return Acked::Unknown;
        };
        loop {
            let state = slot.state.load(SeqCst);
            if state == token.in_phase(SENDING) {
                if !slot.change(token, SENDING, ARRIVING) {
                    continue;
                }
                slot.ack.put(ack);
                if slot.change(token, ARRIVING, ARRIVED) {
                    return Acked::Later;
                }
                // It was settled in the meantime, and is left to this thread.
                let ack = slot.ack.take();
                slot.state.store(token.freed(), SeqCst);
                let msg = slot.msg.take();
                self.add_freed(freed, token);
                return match (msg, ack) {
                    (Some(msg), Some(ack)) => {
                        let lost = false;
                        Acked::Done { msg, ack, lost }
                    }
                    _ => Acked::Unknown,
                };
            }
            let lost = state == token.in_phase(LOST);
            if !lost && state != token.in_phase(PENDING) {
                return Acked::Unknown;
            }
            if !slot.exchange(state, token.freed()) {
                continue;
            }
            let msg = slot.msg.take();
            self.add_freed(freed, token);
            return match msg {
                Some(msg) => Acked::Done { msg, ack, lost },
                None => Acked::Unknown,
            };
        }
    }

    /// Takes a pending message; also returns whether it was marked as lost.
    pub(super) fn take(&self, token: Token) -> Option<(Msg, bool)> {
        let slot = self.slot(token.index())?;
        let lost = match () {
            () if slot.exchange(token.in_phase(PENDING), token.freed()) => false,
            () if slot.exchange(token.in_phase(LOST), token.freed()) => true,
            () => return None,
        };
        let msg = slot.msg.take();
        self.give_back_one(token);
        Some((msg?, lost))
    }

    /// Takes a pending message, to send it again with the same token; it has to be settled or abandoned then. Also
    /// returns its record, and whether it was marked as lost.
    pub(super) fn hold(&self, token: Token) -> Option<(Msg, Sent, bool)> {
        let slot = self.slot(token.index())?;
        let lost = match () {
            () if slot.change(token, PENDING, SENDING) => false,
            () if slot.change(token, LOST, SENDING) => true,
            () => return None,
        };
        let msg = slot.msg.take()?;
        Some((msg, slot.sent(), lost))
    }

    /// Marks a message whose acknowledgement will not arrive. False if it is not pending.
    pub(super) fn mark_lost(&self, token: Token) -> bool {
        self.slot(token.index())
            .is_some_and(|slot| slot.change(token, PENDING, LOST))
    }

    /// The pending messages, including lost ones, with their records. Messages may be added and completed in the
    /// meantime.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (Token, Sent)> {
        (0..self.used.load(SeqCst)).filter_map(|index| {
            let slot = self.slot(index)?;
            let state = slot.state.load(SeqCst);
            let token = Token::new(index, (state >> PHASE_BITS) as u32);
            let waits = state == token.in_phase(PENDING) || state == token.in_phase(LOST);
            waits.then(|| (token, slot.sent()))
        })
    }

    /// The number of slots so far.
    pub(super) fn capacity(&self) -> u32 {
        self.used.load(SeqCst)
    }

    /// Releases slots for reuse.
    pub(super) fn give_back(&self, freed: Freed) {
        let Some(last) = freed.last.checked_sub(1).and_then(|last| self.slot(last)) else {
            return;
        };
        let mut head = self.free.load(SeqCst);
        loop {
            last.next.store(head as u32, Relaxed);
            let with = next_change(head) | u64::from(freed.first);
            match self.free.compare_exchange(head, with, SeqCst, SeqCst) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    fn give_back_one(&self, token: Token) {
        let mut freed = Freed::default();
        self.add_freed(&mut freed, token);
        self.give_back(freed);
    }

    fn add_freed(&self, freed: &mut Freed, token: Token) {
        let number = token.index() + 1;
        match freed.first {
            0 => freed.last = number,
            first => {
                if let Some(slot) = self.slot(token.index()) {
                    slot.next.store(first, Relaxed);
                }
            }
        }
        freed.first = number;
    }

    fn pop(&self) -> Option<u32> {
        let mut head = self.free.load(SeqCst);
        loop {
            let index = (head as u32).checked_sub(1)?;
            let next = self.slot(index)?.next.load(Relaxed);
            let with = next_change(head) | u64::from(next);
            match self.free.compare_exchange(head, with, SeqCst, SeqCst) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
    }

    #[cold]
    fn grow(&self) -> Option<u32> {
        let mut used = self.used.load(SeqCst);
        loop {
            if used == MOST {
                return None;
            }
            // Before another thread can see the index.
            let (segment, _) = place(used)?;
            let size = (FIRST as usize) << segment;
            self.segments[segment].get_or_init(|| (0..size).map(|_| Slot::default()).collect());
            match self.used.compare_exchange(used, used + 1, SeqCst, SeqCst) {
                Ok(_) => return Some(used),
                Err(now) => used = now,
            }
        }
    }

    /// `None` for an index that was never assigned, as a token from outside may have it.
    fn slot(&self, index: u32) -> Option<&Slot> {
        let (segment, at) = place(index)?;
        self.segments[segment].get()?.get(at)
    }
}

impl Slot {
    fn change(&self, token: Token, from: u64, to: u64) -> bool {
        self.exchange(token.in_phase(from), token.in_phase(to))
    }

    fn exchange(&self, from: u64, to: u64) -> bool {
        self.state
            .compare_exchange(from, to, SeqCst, SeqCst)
            .is_ok()
    }

    fn sent(&self) -> Sent {
        Sent {
            session: self.session.load(Relaxed),
            retries: self.retries.load(Relaxed),
            resends: self.resends.load(Relaxed),
            due: self.due.load(Relaxed),
        }
    }
}

/// The segment of a slot, and the index in it.
fn place(index: u32) -> Option<(usize, usize)> {
    if index >= MOST {
        return None;
    }
    let segment = (index / FIRST + 1).ilog2();
    let start = FIRST * ((1 << segment) - 1);
    Some((segment as usize, (index - start) as usize))
}

/// The upper half of the free list's head after one more change.
fn next_change(head: u64) -> u64 {
    (head >> 32).wrapping_add(1) << 32
}
