//! A TLS session and its socket, for threads that read and write at the same time.
//!
//! ```text
//! socket → received ─┐                    ┌─ sending → socket
//!                    └→ session (opens, seals) ─┘
//! ```
//!
//! The session's lock is held while bytes are opened or sealed and never while the socket is used,
//! so neither direction waits for the other's system calls. Sealed bytes are queued in the session
//! in order, and the thread that holds the sender's lock sends them in that order.
//!
//! Lock order: sender, then session; receiver, then session; never sender and receiver together.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read};

use socket2::Socket;

use super::session::{Sealed, Session};
use crate::error::Error;
use crate::locks::Mutex;
use crate::net::stream::{NO_SIGNAL, taken_if_begun, uninterrupted};
use crate::zeroed::Zeroed;

/// The most that is sealed before the socket has accepted what was sealed before.
const SEAL_MAX: usize = 64 * 1024;
/// How much to receive at once: at first, and when that is filled repeatedly.
const RECEIVE_MIN: usize = 20 * 1024;
const RECEIVE_MAX: usize = 80 * 1024;

/// A TLS session whose handshake is done.
pub struct TlsStream {
    session: Mutex<Session>,
    receiver: Mutex<Receiver>,
    sender: Mutex<Sender>,
}

/// Where the socket is read into.
struct Receiver {
    buf: Zeroed,
    size: usize,
}

/// What is on its way to the socket.
#[derive(Default)]
struct Sender {
    buf: Sealed,
    sent: usize,
}

impl TlsStream {
    /// Version, cipher suite, and whose certificate the server has.
    pub(in crate::net) fn words(&self) -> String {
        self.session.lock().words()
    }

    pub(super) fn new(session: Session) -> Self {
        TlsStream {
            session: Mutex::new(session),
            receiver: Mutex::new(Receiver {
                buf: Zeroed::new(),
                size: RECEIVE_MIN,
            }),
            sender: Mutex::default(),
        }
    }

    /// As [`Stream::read`](crate::net::Stream::read).
    pub(in crate::net) fn read(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
        let mut receiver = self.receiver.lock();
        let (result, owes) = loop {
            let mut session = self.session.lock();
            let result = session.read(buf);
            let owes = std::mem::take(&mut session.owes);
            let blocked = matches!(&result, Err(e) if e.kind() == ErrorKind::WouldBlock);
            if !blocked || owes {
                break (result, owes);
            }
            drop(session);
            match receiver.receive(socket) {
                Ok(n) => self.session.lock().receive(&mut receiver.buf, n),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    receiver.release_idle_memory();
                    self.session.lock().release_idle_memory();
                    break (Err(e), false);
                }
                // Frames have a length, so a missing end notice cannot truncate one unnoticed.
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => break (Ok(0), false),
                Err(e) => break (Err(e), false),
            }
        };
        drop(receiver);
        if owes {
            // What the socket does not accept now is sent when it is writable, or with the next
            // write; a broken socket is reported by the next read or write.
            let _ = self.flush(socket);
            if matches!(&result, Err(e) if e.kind() == ErrorKind::WouldBlock) {
                return self.read(socket, buf);
            }
        }
        result
    }

    /// As [`Stream::read_vectored`](crate::net::Stream::read_vectored).
    pub(in crate::net) fn read_vectored(
        &self,
        socket: &Socket,
        bufs: &mut [IoSliceMut<'_>],
    ) -> io::Result<usize> {
        let mut filled = 0;
        for buf in bufs.iter_mut().filter(|buf| !buf.is_empty()) {
            match self.read(socket, buf) {
                Ok(n) => {
                    filled += n;
                    if n < buf.len() {
                        break;
                    }
                }
                // Whatever it is, the next read reports it again.
                Err(_) if filled > 0 => break,
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }

    /// As [`Stream::write`](crate::net::Stream::write). Accepted bytes may be buffered until
    /// [`flush`](Self::flush); nothing is accepted while such bytes wait.
    pub(in crate::net) fn write(&self, socket: &Socket, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = self.write_some(socket, bufs);
        self.explain(socket, result)
    }

    fn write_some(&self, socket: &Socket, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_by(bufs, |rest| {
            uninterrupted(|| socket.send_with_flags(rest, NO_SIGNAL))
        })
    }

    /// `send` hands bytes to the kernel.
    pub(super) fn write_by(
        &self,
        bufs: &[IoSlice<'_>],
        mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut sender = self.sender.lock();
        self.send_all_by(&mut sender, &mut send)?;
        let mut taken = 0;
        let mut session = self.session.lock();
        for buf in bufs {
            let n = buf.len().min(SEAL_MAX - taken);
            if n > 0 {
                session.write(&buf[..n]).map_err(io::Error::other)?;
            }
            taken += n;
            if taken == SEAL_MAX {
                break;
            }
        }
        drop(session);
        let mut began = false;
        let sent = self.send_all_by(&mut sender, &mut |rest| {
            let n = send(rest)?;
            began |= n > 0;
            Ok(n)
        });
        let result = taken_if_begun(sent, began, taken);
        if result.is_err() {
            // The caller keeps the bytes: they must not leave after all when the session ends.
            sender.discard(&mut self.session.lock());
        }
        result
    }

    /// As [`Stream::flush`](crate::net::Stream::flush).
    pub(in crate::net) fn flush(&self, socket: &Socket) -> io::Result<()> {
        let result = self.send_all(socket, &mut self.sender.lock());
        self.explain(socket, result)
    }

    /// Sends everything that was sealed. `WouldBlock`: some of it waits.
    fn send_all(&self, socket: &Socket, sender: &mut Sender) -> io::Result<()> {
        self.send_all_by(sender, &mut |rest| {
            uninterrupted(|| socket.send_with_flags(rest, NO_SIGNAL))
        })
    }

    fn send_all_by(
        &self,
        sender: &mut Sender,
        send: &mut impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        loop {
            if sender.sent == sender.buf.bytes().len() {
                sender.buf.clear();
                sender.sent = 0;
                let mut session = self.session.lock();
                if session.out.is_empty() {
                    return Ok(());
                }
                std::mem::swap(&mut session.out, &mut sender.buf);
            }
            let rest = &sender.buf.bytes()[sender.sent..];
            sender.sent += send(rest)?;
        }
    }

    /// A socket that cannot be written any more: the server may have sent the reason before it closed, if it refuses
    /// the session. Everything it sent later is left to the reader.
    fn explain<T>(&self, socket: &Socket, result: io::Result<T>) -> io::Result<T> {
        let Err(error) = result else { return result };
        if error.kind() == ErrorKind::WouldBlock || is_ours(&error) {
            return Err(error);
        }
        if self.session.lock().has_heard() {
            return Err(error);
        }
        let mut scrap = [0; 4096];
        for _ in 0..64 {
            match self.read(socket, &mut scrap) {
                Ok(n) if n > 0 => {}
                Err(e) if is_ours(&e) => return Err(e),
                _ => break,
            }
        }
        Err(error)
    }

    /// Tells the server that nothing more follows, if that is possible without waiting.
    pub(in crate::net) fn say_end(&self, socket: &Socket) {
        let Some(mut sender) = self.sender.try_lock() else {
            return;
        };
        if let Some(mut session) = self.session.try_lock() {
            session.write_end();
        }
        let _ = self.send_all(socket, &mut sender);
    }
}

impl Sender {
    /// Drops what was sealed and not sent.
    fn discard(&mut self, session: &mut Session) {
        self.buf.clear();
        self.sent = 0;
        session.out.clear();
    }
}

impl Receiver {
    /// Reads what the socket has, up to a limit that grows with the traffic. The end is
    /// `UnexpectedEof`.
    fn receive(&mut self, socket: &Socket) -> io::Result<usize> {
        self.buf.grow(self.size);
        let n = uninterrupted(|| (&*socket).read(&mut self.buf))?;
        if n == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if n == self.buf.len() {
            self.size = (self.size * 2).min(RECEIVE_MAX);
        }
        Ok(n)
    }

    /// Releases memory while nothing is received.
    fn release_idle_memory(&mut self) {
        self.buf = Zeroed::new();
        self.size = RECEIVE_MIN;
    }
}

/// Whether an error has a status of the library.
fn is_ours(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Error>())
}

impl std::fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsStream").finish_non_exhaustive()
    }
}
