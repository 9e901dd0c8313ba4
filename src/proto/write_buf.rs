//! The buffer that frames are written into.
//!
//! In contrast to a `Vec`, the memory behind the written bytes is initialised. A frame therefore reserves the room
//! that it may need once, and its pieces are written by plain stores of a size known to the compiler, where each
//! `Vec::extend_from_slice` would check the capacity and call `memcpy`.

use std::ops::Deref;

use crate::zeroed::Zeroed;

/// Bytes on their way to a server.
#[derive(Debug, Clone, Default)]
pub struct WriteBuf {
    /// All of it is initialised; the first `len` bytes are the content.
    room: Zeroed,
    len: usize,
}

/// The smallest allocation.
const SMALLEST: usize = 256;

impl WriteBuf {
    /// An empty buffer, which takes no memory.
    pub const fn new() -> Self {
        WriteBuf {
            room: Zeroed::new(),
            len: 0,
        }
    }

    /// The size of its allocation in bytes.
    pub fn capacity(&self) -> usize {
        self.room.len()
    }

    /// Discards the content and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends `bytes`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let mut frame = self.frame(bytes.len());
        frame.put(bytes);
        frame.end();
    }

    /// Moves all of `other` to the end; without a copy if `self` is empty.
    pub fn append(&mut self, other: &mut WriteBuf) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else {
            self.extend_from_slice(other);
            other.clear();
        }
    }

    /// Begins a frame of at most `most` bytes.
    #[inline]
    pub(super) fn frame(&mut self, most: usize) -> Frame<'_> {
        if self.room.len() - self.len < most {
            self.grow(most);
        }
        Frame {
            room: &mut self.room[self.len..],
            at: 0,
            len: &mut self.len,
        }
    }

    /// Makes room for this many more bytes, so that a frame of that size allocates nothing. False if there is no
    /// memory.
    #[inline]
    pub fn try_room(&mut self, most: usize) -> bool {
        self.room.len() - self.len >= most || self.try_grow(most)
    }

    #[cold]
    fn grow(&mut self, most: usize) {
        let size = self.size_with(most);
        self.room.grow(size);
    }

    #[cold]
    fn try_grow(&mut self, most: usize) -> bool {
        let size = self.size_with(most);
        self.room.try_grow(size)
    }

    fn size_with(&self, most: usize) -> usize {
        (self.len + most).max(2 * self.room.len()).max(SMALLEST)
    }
}

impl Deref for WriteBuf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.room[..self.len]
    }
}

/// A frame that is being written. It becomes content when it [ends](Frame::end).
pub(super) struct Frame<'a> {
    room: &'a mut [u8],
    at: usize,
    len: &'a mut usize,
}

impl Frame<'_> {
    /// Appends bytes whose number is not known to the compiler.
    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.take(bytes.len()).copy_from_slice(bytes);
    }

    /// Appends bytes whose number is known to the compiler.
    #[inline(always)]
    pub(super) fn put_array<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.take(N).copy_from_slice(bytes);
    }

    /// Appends bytes that are usually few: then as two pieces that may overlap, each of which is
    /// one instruction, where a call of `memcpy` takes thirty.
    #[inline(always)]
    pub(super) fn put_short(&mut self, bytes: &[u8]) {
        match bytes.len() {
            4..8 => self.put_overlapping::<4>(bytes),
            8..=16 => self.put_overlapping::<8>(bytes),
            17..=32 => self.put_overlapping::<16>(bytes),
            _ => self.put(bytes),
        }
    }

    /// Appends `N` to `2 * N` bytes.
    #[inline(always)]
    fn put_overlapping<const N: usize>(&mut self, bytes: &[u8]) {
        let room = self.take(bytes.len());
        if let (Some(first), Some(last)) = (bytes.first_chunk::<N>(), bytes.last_chunk::<N>())
            && let Some(to) = room.first_chunk_mut::<N>()
        {
            *to = *first;
            if let Some(to) = room.last_chunk_mut::<N>() {
                *to = *last;
            }
        }
    }

    /// Appends a blank and `n` in decimal.
    #[inline(always)]
    pub(super) fn put_number(&mut self, n: u64) {
        if n < 10_000_000 {
            self.put_word(n, 0, 0);
        } else {
            self.put_any_number(n);
        }
    }

    /// Appends a blank, `n` in decimal, and the end of the line.
    #[inline(always)]
    pub(super) fn put_last_number(&mut self, n: u64) {
        if n < 100_000 {
            self.put_word(n, u64::from(u16::from_le_bytes(*b"\r\n")), 2);
        } else {
            self.put_number(n);
            self.put_array(b"\r\n");
        }
    }

    /// Appends a blank, `n`, and `tail_len` bytes, lowest first: eight bytes at most. They are
    /// assembled in a register, the last one first, and stored at once.
    #[inline(always)]
    fn put_word(&mut self, n: u64, tail: u64, tail_len: usize) {
        let (mut word, mut len, mut rest) = (tail, 2 + tail_len, n as u32);
        loop {
            word = (word << 8) | u64::from(b'0' + (rest % 10) as u8);
            rest /= 10;
            if rest == 0 {
                break;
            }
            len += 1;
        }
        word = (word << 8) | u64::from(b' ');
        // Some of the eight bytes do not belong to it; the next piece overwrites them.
        let room = &mut self.room[self.at..];
        match room.first_chunk_mut() {
            Some(to) => *to = word.to_le_bytes(),
            None => room[..len].copy_from_slice(&word.to_le_bytes()[..len]),
        }
        self.at += len;
    }

    /// As [`Frame::put_number`], with less code and more time.
    #[cold]
    pub(super) fn put_any_number(&mut self, n: u64) {
        let text = n.to_string();
        self.put_array(b" ");
        self.put(text.as_bytes());
    }

    #[inline(always)]
    fn take(&mut self, n: usize) -> &mut [u8] {
        let at = self.at;
        self.at += n;
        &mut self.room[at..at + n]
    }

    /// Turns what was written into content.
    #[inline(always)]
    pub(super) fn end(self) {
        *self.len += self.at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// The bytes that `put` appends, behind content that it must not change.
    fn made(most: usize, put: impl FnOnce(&mut Frame<'_>)) -> Vec<u8> {
        let mut buf = WriteBuf::new();
        buf.extend_from_slice(b"before");
        let mut frame = buf.frame(most);
        put(&mut frame);
        frame.end();
        buf.strip_prefix(b"before").expect("untouched").to_vec()
    }

    #[test]
    fn a_frame_that_does_not_end_is_none() {
        let mut buf = WriteBuf::new();
        buf.frame(4).put_array(b"PING");
        assert!(buf.is_empty());
        assert_eq!(buf.capacity(), SMALLEST);
    }

    #[test]
    fn appending_moves_or_copies() {
        let (mut a, mut b) = (WriteBuf::new(), WriteBuf::new());
        b.extend_from_slice(b"one");
        a.append(&mut b);
        assert!(b.is_empty());
        b.extend_from_slice(b"two");
        a.append(&mut b);
        assert_eq!((&a[..], &b[..]), (&b"onetwo"[..], &b""[..]));
        a.clear();
        assert!(a.is_empty() && a.capacity() > 0);
    }

    proptest! {
        #[test]
        fn pieces_are_put_whole(pieces in vec(vec(any::<u8>(), 0..50), 0..20)) {
            let all = pieces.concat();
            let short = made(all.len(), |frame| pieces.iter().for_each(|p| frame.put_short(p)));
            prop_assert_eq!(&short, &all);
            let any = made(all.len(), |frame| pieces.iter().for_each(|p| frame.put(p)));
            prop_assert_eq!(&any, &all);
        }

        #[test]
        fn numbers_are_decimal(n: u64, shift in 0u32..64, spare in 0usize..9) {
            let n = n >> shift;
            let plain = format!(" {n}");
            let put = made(plain.len() + spare, |frame| frame.put_number(n));
            prop_assert_eq!(&put, plain.as_bytes());
            let line = format!(" {n}\r\n");
            let put = made(line.len() + spare, |frame| frame.put_last_number(n));
            prop_assert_eq!(put, line.into_bytes());
        }
    }
}
