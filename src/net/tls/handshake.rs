//! The TLS handshake, bounded by the attempt's deadline.

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::event::PollFlags;
use rustls::client::UnbufferedClientConnection;
use socket2::Socket;

use super::config::{self, Peer};
use super::options::TlsOptions;
use super::session::{Progress, Session};
use super::stream::TlsStream;
use super::text::handshake_error;
use super::verifier::{Findings, failure};
use crate::error::{Error, Result};
use crate::net::Cancel;
use crate::net::stream::{NO_SIGNAL, uninterrupted};
use crate::net::wait::wait_ready;
use crate::words;
use crate::zeroed::Zeroed;

/// How much to read at once; a server's certificates are a few KiB.
const READ: usize = 8 * 1024;

impl TlsStream {
    /// Performs the handshake over a connected socket that nothing else uses meanwhile.
    ///
    /// `NATS_SSL_ERROR` if it fails, with a text that says why; `NATS_TIMEOUT` at the deadline,
    /// `NATS_CONNECTION_CLOSED` when cancelled.
    pub(in crate::net) fn connect(
        socket: &Socket,
        options: &Arc<TlsOptions>,
        peer: Peer<'_>,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<TlsStream> {
        let setup = config::build(options, peer)?;
        let tls =
            UnbufferedClientConnection::new(setup.config, setup.sni).map_err(|e| failure(&e))?;
        let mut shake = Shake {
            socket,
            session: Session::new(tls),
            findings: setup.findings,
            received: Zeroed::new(),
            deadline,
            cancel,
        };
        match shake.run() {
            Ok(()) => Ok(TlsStream::new(shake.session)),
            Err(error) => {
                // The server should learn the reason, but nobody waits for that.
                let alert = std::mem::take(&mut shake.session.out);
                let _ = socket.send_with_flags(alert.bytes(), NO_SIGNAL);
                Err(error)
            }
        }
    }
}

struct Shake<'a> {
    socket: &'a Socket,
    session: Session,
    findings: Arc<Findings>,
    received: Zeroed,
    deadline: Instant,
    cancel: &'a Cancel,
}

impl Shake<'_> {
    fn run(&mut self) -> Result<()> {
        loop {
            let progress = self.session.shake_hands();
            let progress = progress.map_err(|e| self.findings.explain(&e))?;
            self.send()?;
            match progress {
                Progress::Done => return Ok(()),
                Progress::Ended => return Err(closed()),
                Progress::Waiting => self.receive()?,
            }
        }
    }

    fn send(&mut self) -> Result<()> {
        let out = std::mem::take(&mut self.session.out);
        let mut rest = out.bytes();
        while !rest.is_empty() {
            match uninterrupted(|| self.socket.send_with_flags(rest, NO_SIGNAL)) {
                Ok(n) => rest = &rest[n..],
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.wait(PollFlags::OUT)?,
                Err(e) => return Err(handshake_error(words::os(&e))),
            }
        }
        self.session.owes = false;
        Ok(())
    }

    fn receive(&mut self) -> Result<()> {
        loop {
            self.received.grow(READ);
            let socket = self.socket;
            match uninterrupted(|| (&*socket).read(&mut self.received)) {
                Ok(0) => return Err(closed()),
                Ok(n) => {
                    self.session.receive(&mut self.received, n);
                    return Ok(());
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.wait(PollFlags::IN)?,
                Err(e) => return Err(handshake_error(words::os(&e))),
            }
        }
    }

    fn wait(&self, events: PollFlags) -> Result<()> {
        wait_ready(
            self.socket.as_fd(),
            events,
            self.deadline,
            Some(self.cancel),
        )
    }
}

fn closed() -> Error {
    handshake_error("the server closed the connection")
}
