//! Both directions of a WebSocket, for threads that read and write at the same time.
//!
//! Reading decodes in the caller's memory, so nothing is buffered here that the readiness of the
//! socket would not report, except what arrived right behind the handshake. Writing puts bytes into
//! a frame of their own, and buffers what the transport does not accept of it; answers to pings
//! wait for the end of such a frame, and only the last one is kept.
//!
//! The two locks are never held together.

use std::io::{self, IoSlice, IoSliceMut};

use zeroize::Zeroize;

use super::frame::{self, Control, Decoder, End, Opcode, Reply};
use crate::error::{Error, Status};
use crate::locks::Mutex;
use crate::net::stream::{Transport, taken_if_begun};
use crate::random;

/// The most payload of one frame.
const FRAME_MAX: usize = 64 * 1024;
/// A peer that sends this many bytes in a row without any payload is not a NATS server.
const IDLE_MAX: usize = 64 * 1024;

/// A WebSocket whose handshake is done.
pub(in crate::net) struct WebSocket {
    receiver: Mutex<Receiver>,
    sender: Mutex<Sender>,
}

struct Receiver {
    decoder: Decoder,
    /// What arrived right behind the handshake, from `taken` on.
    early: Vec<u8>,
    taken: usize,
}

#[derive(Default)]
struct Sender {
    /// A frame, or the rest of it from `sent` on.
    buf: Vec<u8>,
    sent: usize,
    /// The answer that follows it.
    owed: Option<Reply>,
    /// A close frame was the last one.
    ended: bool,
}

impl WebSocket {
    /// A WebSocket with bytes that were received already.
    pub(in crate::net) fn new(early: Vec<u8>) -> Self {
        WebSocket {
            receiver: Mutex::new(Receiver {
                decoder: Decoder::new(),
                early,
                taken: 0,
            }),
            sender: Mutex::default(),
        }
    }

    /// As [`Stream::read`](crate::net::Stream::read).
    pub(in crate::net) fn read(&self, below: &Transport<'_>, buf: &mut [u8]) -> io::Result<usize> {
        let mut receiver = self.receiver.lock();
        let result = receiver.fill(below, buf);
        let reply = receiver.decoder.take_reply();
        drop(receiver);
        if let Some(reply) = reply {
            self.sender.lock().answer(below, reply);
        }
        result
    }

    /// As [`Stream::read_vectored`](crate::net::Stream::read_vectored).
    pub(in crate::net) fn read_vectored(
        &self,
        below: &Transport<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> io::Result<usize> {
        let mut filled = 0;
        for buf in bufs.iter_mut().filter(|buf| !buf.is_empty()) {
            match self.read(below, buf) {
                Ok(n) => {
                    filled += n;
                    if n < buf.len() {
                        break;
                    }
                }
                // Whatever it is, the next read says it again.
                Err(_) if filled > 0 => break,
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }

    /// As [`Stream::write`](crate::net::Stream::write). Accepted bytes may be buffered until
    /// [`flush`](Self::flush); nothing is accepted while such bytes wait.
    pub(in crate::net) fn write(
        &self,
        below: &Transport<'_>,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.write_by(bufs, |rest| below.write(rest))
    }

    /// `send` hands bytes to the transport.
    fn write_by(
        &self,
        bufs: &[IoSlice<'_>],
        mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut sender = self.sender.lock();
        sender.send_by(&mut send)?;
        if sender.ended {
            return Err(io::Error::other(Error::from(
                Status::NATS_CONNECTION_CLOSED,
            )));
        }
        let taken = bufs
            .iter()
            .map(|buf| buf.len())
            .sum::<usize>()
            .min(FRAME_MAX);
        if taken == 0 {
            return Ok(0);
        }
        let mut room = taken;
        let parts = bufs.iter().map(|buf| {
            let n = buf.len().min(room);
            room -= n;
            &buf[..n]
        });
        let parts: Vec<&[u8]> = parts.collect();
        sender.pack(Opcode::Binary, parts.into_iter());
        let mut began = false;
        let sent = sender.send_by(&mut |rest| {
            let n = send(rest)?;
            began |= n > 0;
            Ok(n)
        });
        let result = taken_if_begun(sent, began, taken);
        if result.is_err() {
            // The caller keeps the bytes: they must not leave after all in front of the close frame.
            sender.buf.clear();
        }
        result
    }

    /// As [`Stream::flush`](crate::net::Stream::flush).
    pub(in crate::net) fn flush(&self, below: &Transport<'_>) -> io::Result<()> {
        self.sender.lock().send(below)?;
        below.flush()
    }

    /// Wipes what was sent. A frame can be read easily, because its mask is in front of it.
    pub(in crate::net) fn wipe_sent(&self) {
        let mut sender = self.sender.lock();
        if sender.sent == sender.buf.len() {
            sender.buf.zeroize();
            sender.sent = 0;
        }
    }

    /// Tells the server that nothing more follows, if that is possible without waiting.
    pub(in crate::net) fn say_end(&self, below: &Transport<'_>) {
        if let Some(mut sender) = self.sender.try_lock() {
            sender.answer(below, Reply::Close(Control::close(frame::NORMAL)));
        }
    }
}

impl Receiver {
    /// Fills `buf` with payload, until it is full or there is nothing more.
    fn fill(&mut self, below: &Transport<'_>, buf: &mut [u8]) -> io::Result<usize> {
        let (mut filled, mut idle) = (0, 0);
        while filled < buf.len() {
            match self.decoder.end() {
                Some(End::Failed(error)) if filled == 0 => {
                    return Err(io::Error::other(error.clone()));
                }
                Some(_) => break,
                None => {}
            }
            let room = &mut buf[filled..];
            let n = match self.receive(below, room) {
                Ok(0) => break,
                Ok(n) => n,
                // Whatever it is, the next read says it again.
                Err(_) if filled > 0 => break,
                Err(e) => return Err(e),
            };
            let payload = self.decoder.decode(&mut room[..n]);
            let more = n == room.len();
            filled += payload;
            if payload == 0 {
                idle += n;
                if idle > IDLE_MAX {
                    self.decoder.fail("nothing but frames without payload");
                }
            } else if !more {
                break;
            }
        }
        Ok(filled)
    }

    fn receive(&mut self, below: &Transport<'_>, buf: &mut [u8]) -> io::Result<usize> {
        if self.early.is_empty() {
            return below.read(buf);
        }
        let rest = &self.early[self.taken..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        if self.taken == self.early.len() {
            self.early = Vec::new();
        }
        Ok(n)
    }
}

impl Sender {
    /// Puts bytes into a frame, which then is the whole content of `buf`.
    fn pack<'a>(&mut self, opcode: Opcode, parts: impl Iterator<Item = &'a [u8]> + Clone) {
        self.buf.clear();
        self.sent = 0;
        // New for each frame, and unpredictable (RFC 6455, section 5.3).
        frame::encode(opcode, parts, random::bytes(), &mut self.buf);
    }

    /// Sends the frame, and the answer that follows it. `WouldBlock`: some of it waits.
    fn send(&mut self, below: &Transport<'_>) -> io::Result<()> {
        self.send_by(&mut |rest| below.write(rest))
    }

    fn send_by(&mut self, send: &mut impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        loop {
            while self.sent < self.buf.len() {
                self.sent += send(&self.buf[self.sent..])?;
            }
            match self.owed.take() {
                None => {
                    self.buf.clear();
                    self.sent = 0;
                    return Ok(());
                }
                Some(Reply::Pong(pong)) => {
                    self.pack(Opcode::Pong, std::iter::once(pong.bytes()));
                }
                Some(Reply::Close(close)) => {
                    self.ended = true;
                    self.pack(Opcode::Close, std::iter::once(close.bytes()));
                }
            }
        }
    }

    /// Answers the server. What is not accepted now is sent when there is room, or with the next
    /// write; a broken transport is reported by the next read or write.
    fn answer(&mut self, below: &Transport<'_>, reply: Reply) {
        let is_last = self.ended || matches!(self.owed, Some(Reply::Close(_)));
        if !is_last {
            self.owed = Some(reply);
        }
        let _ = self.send(below).and_then(|()| below.flush());
    }
}

impl std::fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    /// The result of a write for which the transport accepts so many bytes and then fails, and what is left to be sent.
    fn written(accepted: usize, kind: ErrorKind) -> (io::Result<usize>, usize) {
        let socket = WebSocket::new(Vec::new());
        let mut room = accepted;
        let result = socket.write_by(&[IoSlice::new(&[b'x'; 1000])], |rest| {
            let n = rest.len().min(room);
            room -= n;
            if n == 0 { Err(kind.into()) } else { Ok(n) }
        });
        let sender = socket.sender.lock();
        (result, sender.buf.len() - sender.sent)
    }

    #[test]
    fn what_the_server_may_have_is_not_given_back() {
        let whole = written(usize::MAX, ErrorKind::ConnectionReset);
        assert!(matches!(whole, (Ok(1000), 0)));
        // In front of the payload are two bytes, two of the length, and four of the mask.
        let begun = written(300, ErrorKind::ConnectionReset);
        assert!(matches!(begun, (Ok(1000), 708)), "{begun:?}");
        let blocked = written(0, ErrorKind::WouldBlock);
        assert!(matches!(blocked, (Ok(1000), 1008)), "{blocked:?}");
        // Not begun: the caller keeps all of it, and nothing of it may follow.
        let none = written(0, ErrorKind::ConnectionReset);
        assert!(matches!(none, (Err(_), 0)), "{none:?}");
    }
}
