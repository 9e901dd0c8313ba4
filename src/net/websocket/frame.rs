//! Frames: encoded for the server, and decoded from what it sent. No sockets here.
//!
//! The payload of data frames is one stream of bytes. It is moved together in the buffer that it
//! was received into, so no frame, however long, takes memory of its own; only control frames,
//! which have at most 125 bytes, are collected.

use crate::error::Error;

/// The longest payload of a control frame.
const CONTROL_MAX: usize = 125;
/// The longest head of a frame that the server may send.
const HEAD_MAX: usize = 10;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// The type of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Opcode {
    Continuation = 0,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// Reasons for closing, as used in close frames (RFC 6455, section 7.4.1).
pub(super) const NORMAL: u16 = 1000;
pub(super) const PROTOCOL_ERROR: u16 = 1002;

/// Appends one whole frame, masked as a client has to.
pub(super) fn encode<'a>(
    opcode: Opcode,
    parts: impl Iterator<Item = &'a [u8]> + Clone,
    mask: [u8; 4],
    out: &mut Vec<u8>,
) {
    let len: usize = parts.clone().map(<[u8]>::len).sum();
    out.reserve(len + HEAD_MAX + mask.len());
    out.push(FIN | opcode as u8);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ 0..=125), _) => out.push(MASKED | len),
        (_, Ok(len)) => {
            out.push(MASKED | 126);
            out.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    let payload = out.len();
    for part in parts {
        out.extend_from_slice(part);
    }
    apply(mask, &mut out[payload..]);
}

/// Masks or unmasks bytes.
fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let word = u32::from_ne_bytes(mask);
    let wide = u64::from(word) << 32 | u64::from(word);
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut value = [0; 8];
        value.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(value) ^ wide).to_ne_bytes());
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// The payload of a control frame.
#[derive(Clone, Copy)]
pub(super) struct Control {
    bytes: [u8; CONTROL_MAX],
    len: usize,
}

impl Control {
    const EMPTY: Control = Control {
        bytes: [0; CONTROL_MAX],
        len: 0,
    };

    /// The payload of a close frame with this reason.
    pub(super) fn close(code: u16) -> Self {
        let mut control = Control::EMPTY;
        code.to_be_bytes().iter().for_each(|b| control.push(*b));
        control
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Never more bytes than a control frame can have are pushed.
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
}

/// The answer that the server requires.
#[derive(Clone, Copy)]
pub(super) enum Reply {
    Pong(Control),
    Close(Control),
}

/// Why nothing more is received.
#[derive(Clone)]
pub(super) enum End {
    /// The server closed the connection.
    Closed,
    /// The server violated the protocol.
    Failed(Error),
}

/// The position of the decoder in the stream of frames.
enum State {
    /// In a head, of which `have` bytes were received.
    Head { have: usize },
    /// In a data frame with this many bytes left.
    Data { left: u64 },
    /// In a control frame with this many bytes left.
    Control { opcode: Opcode, left: usize },
}

/// Extracts the payload from the server's frames, wherever the given pieces begin and end.
pub(super) struct Decoder {
    state: State,
    head: [u8; HEAD_MAX],
    control: Control,
    /// A message has begun, and its next frame is a continuation.
    fragmented: bool,
    /// The answer to the last ping, or to the close.
    reply: Option<Reply>,
    end: Option<End>,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Decoder {
            state: State::Head { have: 0 },
            head: [0; HEAD_MAX],
            control: Control::EMPTY,
            fragmented: false,
            reply: None,
            end: None,
        }
    }

    /// Why nothing more is received, if so.
    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The answer that the server requires; returned once.
    pub(super) fn take_reply(&mut self) -> Option<Reply> {
        self.reply.take()
    }

    /// Ends the connection because of a violation.
    pub(super) fn fail(&mut self, why: &str) {
        self.end = Some(End::Failed(Error::protocol(format!(
            "WebSocket error: {why}"
        ))));
        self.reply = Some(Reply::Close(Control::close(PROTOCOL_ERROR)));
    }

    /// Continues with received bytes. Payload of data frames in them is moved to the front of `buf`; returns its
    /// length.
    pub(super) fn decode(&mut self, buf: &mut [u8]) -> usize {
        let (mut at, mut payload) = (0, 0);
        while at < buf.len() && self.end.is_none() {
            match &mut self.state {
                State::Data { left } => {
                    let n =
                        usize::try_from(*left).map_or(buf.len() - at, |l| l.min(buf.len() - at));
                    if payload != at {
                        buf.copy_within(at..at + n, payload);
                    }
                    at += n;
                    payload += n;
                    *left -= n as u64;
                    if *left == 0 {
                        self.state = State::Head { have: 0 };
                    }
                }
                State::Control { opcode, left } => {
                    self.control.push(buf[at]);
                    at += 1;
                    *left -= 1;
                    if *left == 0 {
                        let opcode = *opcode;
                        self.controlled(opcode);
                    }
                }
                State::Head { have } => {
                    self.head[*have] = buf[at];
                    *have += 1;
                    at += 1;
                    let have = *have;
                    if let Err(why) = self.head(have) {
                        self.fail(why);
                    }
                }
            }
        }
        payload
    }

    /// Checks the first `have` bytes of a head, and continues with the payload when the head is
    /// complete.
    fn head(&mut self, have: usize) -> Result<(), &'static str> {
        let first = self.head[0];
        let fin = first & FIN != 0;
        let opcode = match first & 0x0f {
            0 => Opcode::Continuation,
            1 => return Err("a text frame, where NATS uses binary ones"),
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err("a frame of an unknown kind"),
        };
        if first & RESERVED != 0 {
            return Err("a frame with reserved bits");
        }
        let is_control = opcode as u8 & 8 != 0;
        if have < 2 {
            return Ok(());
        }
        let second = self.head[1];
        if second & MASKED != 0 {
            return Err("a masked frame, which only clients send");
        }
        let short = second & 0x7f;
        if is_control && !fin {
            return Err("a control frame in fragments");
        }
        if is_control && usize::from(short) > CONTROL_MAX {
            return Err("a control frame that is too long");
        }
        match (opcode, self.fragmented) {
            (Opcode::Continuation, false) => return Err("a continuation of nothing"),
            (Opcode::Binary, true) => return Err("a new message inside another one"),
            _ => {}
        }
        let extended = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if have < 2 + extended {
            return Ok(());
        }
        let mut len = u64::from(short);
        if extended > 0 {
            len = self.head[2..2 + extended]
                .iter()
                .fold(0, |len, byte| len << 8 | u64::from(*byte));
            if i64::try_from(len).is_err() {
                return Err("a frame that is too long");
            }
            if len < 126 || (extended == 8 && len <= u64::from(u16::MAX)) {
                return Err("a length with more bytes than it needs");
            }
        }
        if is_control {
            self.control = Control::EMPTY;
            self.state = State::Control {
                opcode,
                left: usize::from(short),
            };
            if short == 0 {
                self.controlled(opcode);
            }
            return Ok(());
        }
        self.fragmented = !fin;
        self.state = match len {
            0 => State::Head { have: 0 },
            left => State::Data { left },
        };
        Ok(())
    }

    /// A control frame is complete.
    fn controlled(&mut self, opcode: Opcode) {
        self.state = State::Head { have: 0 };
        match opcode {
            Opcode::Ping => self.reply = Some(Reply::Pong(self.control)),
            Opcode::Close if self.control.len == 1 => self.fail("half a reason in a close frame"),
            Opcode::Close => {
                // The reason code is returned unchanged, without its text.
                self.control.len = self.control.len.min(2);
                self.reply = Some(Reply::Close(self.control));
                self.end = Some(End::Closed);
            }
            _ => {}
        }
    }
}
