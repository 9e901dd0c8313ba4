//! A model of a stream and its consumers, as the server keeps them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::*;
use crate::js::consume::metadata::Metadata;

/// The stream: the messages by sequence.
#[derive(Default, Clone)]
pub(super) struct Stream {
    pub(super) alive: BTreeMap<u64, u8>,
    pub(super) last_of: BTreeMap<u8, u64>,
    /// Subjects whose newest message was deleted.
    pub(super) revived: BTreeSet<u8>,
    pub(super) end: u64,
}

impl Stream {
    pub(super) fn publish(&mut self, subject: u8) {
        self.end += 1;
        self.alive.insert(self.end, subject);
        self.last_of.insert(subject, self.end);
    }

    pub(super) fn delete(&mut self, seq: u64) {
        let subject = self.alive.remove(&seq);
        self.revived
            .extend(subject.filter(|subject| self.last_of[subject] == seq));
    }

    /// The last message of each subject, in the order of the stream.
    pub(super) fn last_per_subject(&self) -> Vec<u64> {
        let mut last = BTreeMap::new();
        for (seq, subject) in &self.alive {
            last.insert(*subject, *seq);
        }
        let mut seqs: Vec<u64> = last.into_values().collect();
        seqs.sort_unstable();
        seqs
    }
}

/// The request of the program.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    All,
    Behind(u64),
    New,
    Last,
    LastPerSubject,
}

impl Asked {
    pub(super) fn policy(self) -> Policy {
        match self {
            Asked::All | Asked::Behind(_) => Policy::Fixed,
            Asked::New | Asked::Last => Policy::Moving,
            Asked::LastPerSubject => Policy::LastPerSubject,
        }
    }
}

/// A consumer on the server.
pub(super) struct Consumer {
    pub(super) epoch: u64,
    /// Last per subject: the messages that are still to be delivered.
    pub(super) initial: VecDeque<u64>,
    /// The last sequence that it has considered, once those are delivered.
    pub(super) position: u64,
    pub(super) delivered: u64,
    /// The sequence that was delivered last, or the one before the first.
    pub(super) seen: u64,
    /// By how much less than there is it names as pending, until it has come to the end of the stream.
    pub(super) undercount: u64,
}

impl Consumer {
    pub(super) fn new(epoch: u64, stream: &Stream, start: Start, asked: Asked) -> (Self, Created) {
        let mut initial = VecDeque::new();
        let position = match (start, asked) {
            (Start::Behind(seq), _) | (_, Asked::Behind(seq)) => seq,
            (_, Asked::All) => 0,
            (_, Asked::New) => stream.end,
            (_, Asked::Last) => {
                let last = stream.alive.keys().next_back();
                last.map_or(stream.end, |seq| seq - 1)
            }
            (_, Asked::LastPerSubject) => {
                initial = stream.last_per_subject().into();
                stream.end
            }
        };
        let first = initial.front().map_or(position, |seq| seq - 1);
        let consumer = Consumer {
            epoch,
            initial,
            position,
            delivered: 0,
            seen: first,
            undercount: 0,
        };
        let created = Created {
            stream_seq: first,
            consumer_seq: 0,
            pending: consumer.pending(stream),
            time: 0,
        };
        (consumer, created)
    }

    pub(super) fn pending(&self, stream: &Stream) -> u64 {
        let initial = self.initial.iter();
        let initial = initial.filter(|seq| stream.alive.contains_key(*seq));
        (initial.count() + stream.alive.range(self.position + 1..).count()) as u64
    }

    /// What it names as pending.
    pub(super) fn named_pending(&self, stream: &Stream) -> u64 {
        self.pending(stream).saturating_sub(self.undercount)
    }

    /// Up to where it has looked at the stream.
    pub(super) fn looked_at(&self, stream: &Stream) -> u64 {
        match self.initial.front() {
            Some(next) => next - 1,
            None if self.pending(stream) == 0 => stream.end,
            None => self.position,
        }
    }

    /// The next message that it sends.
    pub(super) fn next(&mut self, stream: &Stream) -> Option<Frame> {
        let mut seq = None;
        while let Some(next) = self.initial.pop_front() {
            if stream.alive.contains_key(&next) {
                seq = Some(next);
                break;
            }
        }
        if seq.is_none() {
            let (next, _) = stream.alive.range(self.position + 1..).next()?;
            self.position = *next;
            seq = Some(*next);
        }
        self.delivered += 1;
        self.seen = seq?;
        Some(Frame {
            epoch: self.epoch,
            stream_seq: seq?,
            consumer_seq: self.delivered,
            pending: self.named_pending(stream),
        })
    }
}

#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) epoch: u64,
    pub(super) stream_seq: u64,
    pub(super) consumer_seq: u64,
    pub(super) pending: u64,
}

impl Frame {
    pub(super) fn meta(&self) -> Metadata<'static> {
        Metadata {
            domain: None,
            stream: b"S",
            consumer: b"C",
            delivered: 1,
            stream_seq: self.stream_seq,
            consumer_seq: self.consumer_seq,
            timestamp: 0,
            pending: self.pending,
        }
    }
}
