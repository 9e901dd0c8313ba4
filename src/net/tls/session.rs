//! The records of one connection: opening what was received, sealing what is sent. No sockets here,
//! and no waiting.

use std::io::{self, ErrorKind};

use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic,
};

use super::text::{describe, ssl_error};
use super::verifier::failure;
use super::x509::names;
use crate::error::{Error, Result, Status};
use crate::zeroed::Zeroed;

/// The largest record on the wire, with a margin.
const RECORD: usize = 16 * 1024 + 512;
/// What sealing adds to a record, with a margin.
const OVERHEAD: usize = 64;
/// A buffer that grew beyond this is not kept.
const KEEP: usize = 128 * 1024;

/// The progress of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The server has to send more.
    Waiting,
    /// Both ends can send.
    Done,
    /// The server has ended the session.
    Ended,
}

/// One TLS session.
pub(super) struct Session {
    tls: UnbufferedClientConnection,
    /// Received and not opened yet: `start..end`.
    incoming: Zeroed,
    start: usize,
    end: usize,
    /// Opened and not read yet, from `taken` on.
    plain: Vec<u8>,
    taken: usize,
    /// Sealed and not sent yet.
    pub(super) out: Sealed,
    /// Reading has sealed something, for example the answer to a key update.
    pub(super) owes: bool,
    ended: bool,
    /// The server has sent something in the session: it has accepted the client.
    heard: bool,
    failed: Option<Error>,
}

impl Session {
    pub(super) fn new(tls: UnbufferedClientConnection) -> Self {
        Session {
            tls,
            incoming: Zeroed::new(),
            start: 0,
            end: 0,
            plain: Vec::new(),
            taken: 0,
            out: Sealed::default(),
            owes: false,
            ended: false,
            heard: false,
            failed: None,
        }
    }

    /// Takes over what was received from the socket: the first `len` bytes of `received`. The
    /// buffer that is returned may be another one.
    pub(super) fn receive(&mut self, received: &mut Zeroed, len: usize) {
        if self.start == self.end {
            std::mem::swap(&mut self.incoming, received);
            (self.start, self.end) = (0, len);
            return;
        }
        if self.end + len > self.incoming.len() {
            self.incoming.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if self.end + len > self.incoming.len() {
                self.incoming.grow((self.end + len).max(RECORD));
            }
        }
        self.incoming[self.end..self.end + len].copy_from_slice(&received[..len]);
        self.end += len;
    }

    /// Opens records into `buf` until it is full or more data is needed. 0 is the end of the
    /// session, `WouldBlock` means that more data is needed.
    pub(super) fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = self.take_plain(buf);
        while filled < buf.len() && !self.ended {
            if let Some(error) = &self.failed {
                if filled > 0 {
                    break;
                }
                return Err(io::Error::other(error.clone()));
            }
            let before = (self.start, filled);
            if let Err(error) = self.open(buf, &mut filled) {
                let error = self.name(&error);
                self.seal_alert();
                self.failed = Some(error);
            } else if (self.start, filled) == before {
                break;
            }
        }
        match filled {
            0 if self.ended || buf.is_empty() => Ok(0),
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }

    /// Continues the handshake.
    pub(super) fn shake_hands(&mut self) -> Result<Progress, rustls::Error> {
        let mut none = 0;
        self.open(&mut [], &mut none)
            .inspect_err(|_| self.seal_alert())
    }

    fn take_plain(&mut self, buf: &mut [u8]) -> usize {
        let n = buf.len().min(self.plain.len() - self.taken);
        buf[..n].copy_from_slice(&self.plain[self.taken..self.taken + n]);
        self.taken += n;
        if self.taken == self.plain.len() {
            self.plain.clear();
            self.taken = 0;
        }
        n
    }

    /// Opens what was received, until there is nothing more to do or a record was opened.
    fn open(&mut self, buf: &mut [u8], filled: &mut usize) -> Result<Progress, rustls::Error> {
        loop {
            let status = self
                .tls
                .process_tls_records(&mut self.incoming[self.start..self.end]);
            let UnbufferedStatus {
                mut discard, state, ..
            } = status;
            let progress = match state {
                // What was read before the error is consumed all the same.
                Err(error) => {
                    self.discard(discard);
                    return Err(error);
                }
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        let n = record.payload.len().min(buf.len() - *filled);
                        buf[*filled..*filled + n].copy_from_slice(&record.payload[..n]);
                        *filled += n;
                        self.plain.extend_from_slice(&record.payload[n..]);
                    }
                    self.heard = true;
                    Some(Progress::Done)
                }
                Ok(ConnectionState::EncodeTlsData(state)) => {
                    encode(state, &mut self.out)?;
                    self.owes = true;
                    None
                }
                Ok(ConnectionState::TransmitTlsData(state)) => {
                    state.done();
                    None
                }
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.ended = true;
                    Some(Progress::Ended)
                }
                Ok(ConnectionState::WriteTraffic(_)) => Some(Progress::Done),
                Ok(ConnectionState::BlockedHandshake) => Some(Progress::Waiting),
                Ok(_) => {
                    return Err(rustls::Error::General("unexpected state of TLS".to_owned()));
                }
            };
            self.discard(discard);
            if let Some(progress) = progress {
                return Ok(progress);
            }
        }
    }

    /// Seals `data` for the wire.
    pub(super) fn write(&mut self, data: &[u8]) -> Result<()> {
        if self.ended {
            return Err(Status::NATS_CONNECTION_CLOSED.into());
        }
        self.seal(&Job::Data(data))
    }

    /// Seals the notice that nothing more follows. A session that cannot do so just ends.
    pub(super) fn write_end(&mut self) {
        if self.failed.is_none() && !self.ended {
            let _ = self.seal(&Job::End);
        }
    }

    /// Sealing is possible in one state only, which a session is in once its handshake is done,
    /// except for moments.
    fn seal(&mut self, job: &Job<'_>) -> Result<()> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        loop {
            // With everything that was received: a partial record there must not be lost.
            let UnbufferedStatus {
                mut discard, state, ..
            } = self
                .tls
                .process_tls_records(&mut self.incoming[self.start..self.end]);
            let mut result = None;
            let mut failed = None;
            match state {
                Ok(ConnectionState::WriteTraffic(traffic)) => {
                    result = Some(job.run(traffic, &mut self.out));
                }
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        discard += record.discard;
                        self.plain.extend_from_slice(record.payload);
                    }
                    self.heard = true;
                }
                Ok(ConnectionState::EncodeTlsData(state)) => {
                    failed = encode(state, &mut self.out).err();
                }
                Ok(ConnectionState::TransmitTlsData(state)) => state.done(),
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.ended = true;
                    result = Some(Err(Status::NATS_CONNECTION_CLOSED.into()));
                }
                Ok(_) => result = Some(Err(ssl_error("SSL error: the handshake is not done"))),
                Err(error) => failed = Some(error),
            }
            self.discard(discard);
            if let Some(error) = failed {
                let error = self.name(&error);
                self.seal_alert();
                self.failed = Some(error.clone());
                result = Some(Err(error));
            }
            if let Some(result) = result {
                return result;
            }
        }
    }

    /// Discards the first received bytes.
    fn discard(&mut self, n: usize) {
        self.start += n;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// After an error: the alert for the server. Asked for once: whatever else was received is
    /// ignored from then on.
    fn seal_alert(&mut self) {
        let UnbufferedStatus { state, .. } = self
            .tls
            .process_tls_records(&mut self.incoming[self.start..self.end]);
        if let Ok(ConnectionState::EncodeTlsData(state)) = state {
            self.owes = encode(state, &mut self.out).is_ok();
        }
    }

    /// Version, cipher suite, and whose certificate the server has.
    pub(super) fn words(&self) -> String {
        let version = self.tls.protocol_version().and_then(|v| v.as_str());
        let suite = self.tls.negotiated_cipher_suite();
        let suite = suite.and_then(|s| s.suite().as_str()).unwrap_or_default();
        let mut words = format!("{} with {suite}", version.unwrap_or("TLS"));
        let certificates = self.tls.peer_certificates().unwrap_or_default();
        if let Some(names) = certificates.first().and_then(|c| names(c)) {
            words += &format!("; certificate of '{}' by '{}'", names.subject, names.issuer);
        }
        words
    }

    /// Has the server sent something in the session?
    pub(super) fn has_heard(&self) -> bool {
        self.heard
    }

    /// Until the server has sent something in the session, its refusals are part of the handshake:
    /// TLS 1.3 checks the client's certificate after the client's handshake is done.
    fn name(&self, error: &rustls::Error) -> Error {
        if self.heard {
            ssl_error(format!("SSL error: {}", describe(error)))
        } else {
            failure(error)
        }
    }

    /// Releases memory that an idle session does not need.
    pub(super) fn release_idle_memory(&mut self) {
        if self.start == self.end && !self.incoming.is_empty() {
            self.incoming = Zeroed::new();
        }
        if self.plain.is_empty() && self.plain.capacity() > KEEP {
            self.plain = Vec::new();
        }
    }
}

/// Bytes to be sent. The buffer is filled with zeros only when it grows.
#[derive(Default)]
pub(super) struct Sealed {
    buf: Zeroed,
    len: usize,
}

impl Sealed {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        if self.buf.len() > KEEP {
            self.buf = Zeroed::new();
        }
    }

    /// Room for this many more bytes; `add` sets how many were written.
    fn room(&mut self, size: usize) -> &mut [u8] {
        self.buf.grow(self.len + size);
        &mut self.buf[self.len..]
    }

    fn add(&mut self, n: usize) {
        self.len += n;
    }
}

/// What is to be sealed.
enum Job<'a> {
    Data(&'a [u8]),
    /// Nothing more follows.
    End,
}

impl Job<'_> {
    fn run<D>(&self, mut traffic: WriteTraffic<'_, D>, out: &mut Sealed) -> Result<()> {
        let mut size = match self {
            Job::Data(data) => data.len() + (data.len() / (16 * 1024) + 2) * OVERHEAD,
            Job::End => OVERHEAD,
        };
        loop {
            let room = out.room(size);
            let sealed = match self {
                Job::Data(data) => traffic.encrypt(data, room),
                Job::End => traffic.queue_close_notify(room),
            };
            match sealed {
                Ok(n) => {
                    out.add(n);
                    return Ok(());
                }
                Err(EncryptError::InsufficientSize(more)) => size = more.required_size,
                Err(e) => return Err(ssl_error(format!("SSL error: {e}"))),
            }
        }
    }
}

fn encode<Data>(mut state: EncodeTlsData<'_, Data>, out: &mut Sealed) -> Result<(), rustls::Error> {
    let mut size = 1024;
    loop {
        match state.encode(out.room(size)) {
            Ok(n) => {
                out.add(n);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(more)) => size = more.required_size,
            Err(e) => return Err(rustls::Error::General(e.to_string())),
        }
    }
}
