//! The byte stream between a session and its server.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rustix::event::PollFlags;

use super::tls::{Peer, TlsOptions, TlsStream};
use super::wait::wait_ready;
use super::websocket::{self, WebSocket};
use super::{Cancel, ServerUrl, Socket};
use crate::error::{Error, Result};

/// No write may raise `SIGPIPE`, because the program may not expect that signal.
pub(super) const NO_SIGNAL: i32 = libc::MSG_NOSIGNAL;

/// The most buffers that the kernel accepts at once (`IOV_MAX` of Linux); more would be an error.
const MAX_SLICES: usize = 1024;

/// A connected stream. Several threads may read, write and wait at the same time.
///
/// Nothing blocks except the two waits. Dropping the stream closes its socket; what was written is
/// still delivered.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    /// Carries all bytes from [`start_tls`](Self::start_tls) on.
    tls: OnceLock<TlsStream>,
    /// Carries all bytes, above TLS, from [`start_websocket`](Self::start_websocket) on.
    websocket: OnceLock<WebSocket>,
}

/// The socket, with TLS over it if that is in use: the transport of a WebSocket.
pub(super) struct Transport<'a> {
    socket: &'a Socket,
    tls: Option<&'a TlsStream>,
}

impl Stream {
    /// A stream directly over a socket that [`dial`](super::dial()) or [`adopt`](super::adopt())
    /// returned.
    pub fn plain(socket: Socket) -> Self {
        Stream {
            socket,
            tls: OnceLock::new(),
            websocket: OnceLock::new(),
        }
    }

    fn transport(&self) -> Transport<'_> {
        Transport {
            socket: &self.socket,
            tls: self.tls.get(),
        }
    }

    /// Switches to TLS for good. Nothing else may happen meanwhile; bytes that were read before
    /// must not be used any more.
    ///
    /// Returns `NATS_SSL_ERROR` if the handshake fails, `NATS_TIMEOUT` at the deadline, and
    /// `NATS_CONNECTION_CLOSED` when cancelled; the stream cannot be used then.
    pub fn start_tls(
        &self,
        options: &Arc<TlsOptions>,
        peer: Peer<'_>,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<()> {
        if self.is_tls() || self.is_websocket() {
            return Err(Error::illegal_state("TLS is in use already"));
        }
        let tls = TlsStream::connect(&self.socket, options, peer, deadline, cancel)?;
        self.tls
            .set(tls)
            .map_err(|_| Error::illegal_state("TLS is in use already"))
    }

    /// Whether TLS is in use.
    pub fn is_tls(&self) -> bool {
        self.tls.get().is_some()
    }

    /// TLS in words, if it is in use.
    pub fn tls_words(&self) -> Option<String> {
        self.tls.get().map(TlsStream::words)
    }

    /// Switches to WebSocket for good; after TLS, if that is wanted. Nothing else may happen meanwhile, and nothing
    /// may have been read.
    ///
    /// Returns `NATS_NO_SERVER` if the server refuses, `NATS_PROTOCOL_ERROR` if it violates HTTP or WebSocket,
    /// `NATS_TIMEOUT` at the deadline, and `NATS_CONNECTION_CLOSED` at the server's end or when cancelled; the stream
    /// cannot be used then.
    pub fn start_websocket(
        &self,
        url: &ServerUrl,
        headers: &websocket::Headers,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<()> {
        let in_use = || Error::illegal_state("WebSocket is in use already");
        if self.is_websocket() {
            return Err(in_use());
        }
        let early = websocket::upgrade(self, url, headers, deadline, cancel)?;
        self.websocket
            .set(WebSocket::new(early))
            .map_err(|_| in_use())
    }

    /// Whether WebSocket is in use.
    pub fn is_websocket(&self) -> bool {
        self.websocket.get().is_some()
    }

    /// Wipes the remains of written data from memory, once all of it is sent: for secrets. TLS only keeps what went
    /// over the wire.
    pub fn wipe_sent(&self) {
        if let Some(websocket) = self.websocket.get() {
            websocket.wipe_sent();
        }
    }

    /// Whether everything that can be read is in the socket: no TLS and no WebSocket over it.
    pub fn is_plain(&self) -> bool {
        !self.is_tls() && !self.is_websocket()
    }

    /// In another process than the one that opened it, the socket counts as closed.
    #[inline]
    fn check(&self) -> io::Result<()> {
        match self.socket.is_ours() {
            true => Ok(()),
            false => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Reads what is there, up to the size of `buf`. 0 is the end of the stream. Only `WouldBlock`
    /// means that there is nothing more: after a short read more may be buffered, which readiness
    /// of the socket does not report.
    pub fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        match self.websocket.get() {
            None => self.transport().read(buf),
            Some(websocket) => websocket.read(&self.transport(), buf),
        }
    }

    /// As [`read`](Self::read), into several buffers one after the other.
    pub fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.check()?;
        match (self.websocket.get(), self.tls.get()) {
            (None, None) => uninterrupted(|| (&*self.socket).read_vectored(bufs)),
            (None, Some(tls)) => tls.read_vectored(&self.socket, bufs),
            (Some(websocket), _) => websocket.read_vectored(&self.transport(), bufs),
        }
    }

    /// Writes as much of `buf` as fits, and returns how much that was. `WouldBlock` means that
    /// nothing fits. Accepted bytes are not necessarily in the kernel before [`flush`](Self::flush)
    /// succeeds.
    pub fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.check()?;
        match self.websocket.get() {
            None => self.transport().write(buf),
            Some(websocket) => websocket.write(&self.transport(), &[IoSlice::new(buf)]),
        }
    }

    /// As [`write`](Self::write), from several buffers one after the other.
    pub fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.check()?;
        let bufs = &bufs[..bufs.len().min(MAX_SLICES)];
        match (self.websocket.get(), self.tls.get()) {
            (None, None) => uninterrupted(|| self.socket.send_vectored_with_flags(bufs, NO_SIGNAL)),
            (None, Some(tls)) => tls.write(&self.socket, bufs),
            (Some(websocket), _) => websocket.write(&self.transport(), bufs),
        }
    }

    /// Hands the kernel what was accepted and is buffered here; without TLS and WebSocket nothing
    /// ever is. `WouldBlock` means that some of it still is: call again when the socket is
    /// writable.
    pub fn flush(&self) -> io::Result<()> {
        self.check()?;
        match self.websocket.get() {
            None => self.transport().flush(),
            Some(websocket) => websocket.flush(&self.transport()),
        }
    }

    /// Waits until a read would not be `WouldBlock`: there is data, the end or an error.
    ///
    /// Returns `NATS_TIMEOUT` at the deadline, and `NATS_CONNECTION_CLOSED` when cancelled.
    pub fn wait_readable(&self, deadline: Instant, cancel: Option<&Cancel>) -> Result<()> {
        wait_ready(self.as_fd(), PollFlags::IN, deadline, cancel)
    }

    /// Waits until a write would not be `WouldBlock`: there is room, or an error.
    ///
    /// Returns `NATS_TIMEOUT` at the deadline, and `NATS_CONNECTION_CLOSED` when cancelled.
    pub fn wait_writable(&self, deadline: Instant, cancel: Option<&Cancel>) -> Result<()> {
        wait_ready(self.as_fd(), PollFlags::OUT, deadline, cancel)
    }

    /// Ends the stream in both directions. Threads that poll or wait for it wake up; reads return
    /// the end, writes fail. The socket stays open until the stream is dropped, so its number
    /// cannot be reused. A second call does nothing.
    pub fn shutdown(&self) {
        if !self.socket.is_ours() {
            return;
        }
        if let Some(websocket) = self.websocket.get() {
            websocket.say_end(&self.transport());
        }
        if let Some(tls) = self.tls.get() {
            tls.say_end(&self.socket);
        }
        // Fails only if the peer has ended the connection already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// The local address. An adopted socket that is not a TCP socket has none.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

impl Transport<'_> {
    pub(super) fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self.tls {
            None => uninterrupted(|| (&**self.socket).read(buf)),
            Some(tls) => tls.read(self.socket, buf),
        }
    }

    pub(super) fn write(&self, buf: &[u8]) -> io::Result<usize> {
        match self.tls {
            None => uninterrupted(|| self.socket.send_with_flags(buf, NO_SIGNAL)),
            Some(tls) => tls.write(self.socket, &[IoSlice::new(buf)]),
        }
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        match self.tls {
            None => Ok(()),
            Some(tls) => tls.flush(self.socket),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// The result of a write whose `taken` bytes were packed, and then sent with this result. `began` tells whether any of
/// the packed bytes were handed to the kernel.
///
/// The server may act on those although the rest follows no more. They were taken, therefore: an error would have the
/// caller send them again to another server, and each message in them would be delivered twice. The next call reports it.
pub(super) fn taken_if_begun(sent: io::Result<()>, began: bool, taken: usize) -> io::Result<usize> {
    match sent {
        Err(e) if e.kind() != io::ErrorKind::WouldBlock && !began => Err(e),
        _ => Ok(taken),
    }
}

/// Repeats a system call until no signal interrupts it.
pub(super) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;
    use crate::net::adopt;
    use std::io::{ErrorKind, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::thread;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    /// A stream and its server's end.
    fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        (Stream::plain(adopt(client.into()).unwrap()), server)
    }

    fn kind(result: io::Result<usize>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn reads_what_is_there() {
        let (stream, mut server) = pair();
        let cancel = Cancel::new().unwrap();
        let mut buf = [0; 16];
        assert_eq!(kind(stream.read(&mut buf)), ErrorKind::WouldBlock);
        let e = stream
            .wait_readable(Instant::now(), Some(&cancel))
            .unwrap_err();
        assert_eq!(e.status(), Status::NATS_TIMEOUT);

        server.write_all(b"INFO").unwrap();
        stream.wait_readable(soon(), Some(&cancel)).unwrap();
        assert_eq!(stream.read(&mut buf).unwrap(), 4);
        assert_eq!(&buf[..4], b"INFO");

        drop(server);
        stream.wait_readable(soon(), Some(&cancel)).unwrap();
        assert_eq!(stream.read(&mut buf).unwrap(), 0);
    }

    #[test]
    fn writes_from_one_or_many_buffers() {
        let (stream, mut server) = pair();
        assert_eq!(stream.write(b"PING").unwrap(), 4);
        let slices: Vec<_> = (0..1500).map(|_| IoSlice::new(b"xy")).collect();
        assert_eq!(stream.write_vectored(&slices).unwrap(), 2 * MAX_SLICES);
        drop(stream);
        let mut all = Vec::new();
        server.read_to_end(&mut all).unwrap();
        assert_eq!(
            all.len(),
            4 + 2 * MAX_SLICES,
            "all is delivered after closing"
        );
        assert!(all.starts_with(b"PINGxyxy"));
    }

    #[test]
    fn a_full_socket_would_block_until_it_is_drained() {
        let (stream, mut server) = pair();
        let cancel = Cancel::new().unwrap();
        let block = [7; 65536];
        let mut written = 0;
        loop {
            match stream.write(&block) {
                Ok(n) => written += n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => panic!("{e}"),
            }
        }
        thread::scope(|scope| {
            let waiting = scope.spawn(|| stream.wait_writable(soon(), Some(&cancel)));
            let mut all = vec![0; written];
            server.read_exact(&mut all).unwrap();
            waiting.join().unwrap().unwrap();
        });
        stream.write(&block).unwrap();
    }

    #[test]
    fn writing_to_nobody_is_an_error_and_no_signal() {
        let (one, other) = UnixStream::pair().unwrap();
        let stream = Stream::plain(adopt(one.into()).unwrap());
        drop(other);
        // The test harness ignores SIGPIPE, as all Rust programs do: this shows the error only.
        assert_eq!(kind(stream.write(b"x")), ErrorKind::BrokenPipe);
        let slices = [IoSlice::new(b"x")];
        assert_eq!(kind(stream.write_vectored(&slices)), ErrorKind::BrokenPipe);
    }

    #[test]
    fn shutdown_wakes_who_waits() {
        let (stream, mut server) = pair();
        let cancel = Cancel::new().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| stream.wait_readable(soon(), Some(&cancel)));
            stream.shutdown();
            waiting.join().unwrap().unwrap();
        });
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
        assert_eq!(kind(stream.write(b"x")), ErrorKind::BrokenPipe);
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
        stream.shutdown();
    }

    #[test]
    fn cancelling_ends_a_wait() {
        let (stream, _server) = pair();
        let cancel = Cancel::new().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| stream.wait_readable(soon(), Some(&cancel)));
            cancel.cancel();
            let e = waiting.join().unwrap().unwrap_err();
            assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
        });
        let e = stream.wait_writable(soon(), Some(&cancel)).unwrap_err();
        assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
    }

    #[test]
    fn addresses() {
        let (stream, server) = pair();
        assert_eq!(stream.local_addr().unwrap(), server.peer_addr().unwrap());
        let (one, _other) = UnixStream::pair().unwrap();
        let stream = Stream::plain(adopt(one.into()).unwrap());
        let e = stream.local_addr().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        assert_eq!(stream.as_raw_fd(), stream.as_fd().as_raw_fd());
    }
}
