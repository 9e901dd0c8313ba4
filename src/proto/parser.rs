//! An incremental parser for what a server sends. It borrows, never allocates, and never copies a
//! payload.
//!
//! The caller keeps the bytes that have not been consumed in one piece and calls [`Parser::next`]
//! with them. When that says [`Step::Incomplete`] it calls again with the same bytes and more
//! behind them; they may have moved in memory meanwhile, all positions are relative to the
//! operation's start. What the parser remembers between calls is only how far it got, so that a
//! line or a payload which arrives in many pieces is not searched from the start again and again.

mod head;

use memchr::memchr;

use super::bytes::excerpt;
pub use head::{MsgHead, Span};

/// The longest line of any operation but INFO, with its LF.
///
/// Much more than the 4096 bytes that a server accepts in a line by default: that limit can be
/// raised in its configuration, and a MSG line is longer than the PUB line it came from, by the
/// sid.
pub const MAX_CONTROL_LINE: usize = 1 << 16;

/// The longest INFO line, with its LF. In a large cluster `connect_urls` makes it long.
pub const MAX_INFO_LINE: usize = 1 << 20;

/// The most that [`Parser::set_max_msg`] can allow. The interface counts bytes in a C `int`; and
/// with it every position in a frame fits a `u32`.
pub const MAX_MSG: usize = i32::MAX as usize;

/// One operation of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op<'a> {
    /// MSG or HMSG: a message, complete.
    Msg(MsgHead),
    /// INFO: the JSON text without blanks around it. May be empty.
    Info(&'a [u8]),
    /// PING, to be answered with PONG.
    Ping,
    /// PONG, the answer to a PING.
    Pong,
    /// +OK, the answer to anything in verbose mode.
    Ok,
    /// -ERR: the text behind it as it came, without the line's end.
    Err(&'a [u8]),
}

/// What [`Parser::next`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A whole operation.
    Op {
        /// The operation.
        op: Op<'a>,
        /// How many bytes it takes: the next operation starts behind them.
        consumed: usize,
    },
    /// The operation is not complete yet.
    Incomplete {
        /// Length of the whole frame, if the line that announces it is complete: so that the caller
        /// can make room for it at once.
        need: Option<usize>,
    },
}

/// The server sent something that is not the NATS protocol. The connection cannot go on: there is
/// no telling where the next operation starts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Neither MSG nor HMSG can have this many arguments.
    #[error("processMsgArgs Parse Error: wrong number of arguments")]
    WrongArguments,
    /// Bytes that make no sense.
    #[error("Parse Error [{state}]: '{rest}'")]
    Unexpected {
        /// What was being parsed.
        state: &'static str,
        /// The first bytes in question.
        rest: String,
    },
}

impl ParseError {
    #[cold]
    fn at(state: &'static str, rest: &[u8]) -> Self {
        ParseError::Unexpected {
            state,
            rest: excerpt(rest),
        }
    }
}

/// The parser of one connection's incoming bytes. See the [module](self).
#[derive(Debug, Clone)]
pub struct Parser {
    max_msg: u32,
    /// So many bytes of the present operation are known to hold no LF.
    searched: usize,
    /// The present operation's line, if that is complete and the payload is not.
    head: Option<MsgHead>,
}

impl Parser {
    /// A parser that refuses messages (headers and payload together) larger than `max_msg` bytes.
    pub fn new(max_msg: usize) -> Self {
        let mut parser = Parser {
            max_msg: 0,
            searched: 0,
            head: None,
        };
        parser.set_max_msg(max_msg);
        parser
    }

    /// Changes the limit for messages that begin from now on.
    pub fn set_max_msg(&mut self, max_msg: usize) {
        self.max_msg = max_msg.min(MAX_MSG) as u32;
    }

    /// Looks for one operation at the start of `buf`.
    ///
    /// After [`Step::Op`] the next call must begin behind the consumed bytes; after
    /// [`Step::Incomplete`] at the same byte. After an error the parser is of no further use.
    // Inlined by force, with all that a message passes through: so its fields stay in registers.
    // Handed up through memory, they cost more than the parsing (17 ns against 10 for a short line).
    #[inline(always)]
    pub fn next<'a>(&mut self, buf: &'a [u8]) -> Result<Step<'a>, ParseError> {
        // Nearly everything that a busy connection receives is a message in the form that servers
        // write. All else, and all errors, take the general way.
        let head = match self.head {
            Some(head) => head,
            None if self.searched == 0 => match MsgHead::from_canonical(buf, self.max_msg) {
                Some(head) => head,
                None => return self.next_line(buf),
            },
            None => return self.next_line(buf),
        };
        self.next_payload(head, buf)
    }

    /// The second part of a message: is it all there, and does it end as it should?
    #[inline(always)]
    fn next_payload<'a>(&mut self, head: MsgHead, buf: &'a [u8]) -> Result<Step<'a>, ParseError> {
        let consumed = head.end();
        if buf.len() < consumed {
            self.head = Some(head);
            return Ok(Step::Incomplete {
                need: Some(consumed),
            });
        }
        self.head = None;
        if buf[consumed - 2..consumed] != *b"\r\n" {
            return Err(ParseError::at("end of message", &buf[consumed - 2..]));
        }
        Ok(Step::Op {
            op: Op::Msg(head),
            consumed,
        })
    }

    /// An operation in general, up to the end of its line.
    #[inline(never)]
    fn next_line<'a>(&mut self, buf: &'a [u8]) -> Result<Step<'a>, ParseError> {
        // Before the line is complete: refuse nonsense at its first wrong byte, not after 64 KiB.
        let Some((kind, name)) = Kind::of(buf)? else {
            return Ok(Step::Incomplete { need: None });
        };
        let limit = if kind == Kind::Info {
            MAX_INFO_LINE
        } else {
            MAX_CONTROL_LINE
        };
        let visible = &buf[..buf.len().min(limit)];
        let new = visible.get(self.searched..).unwrap_or_default();
        let Some(line_len) = memchr(b'\n', new).map(|at| self.searched + at) else {
            if visible.len() == limit {
                return Err(ParseError::at("line too long", buf));
            }
            self.searched = visible.len();
            return Ok(Step::Incomplete { need: None });
        };
        self.searched = 0;

        let consumed = line_len + 1;
        let args = &buf[name..line_len];
        let op = match kind {
            Kind::Msg | Kind::HMsg => {
                let head =
                    MsgHead::from_line(buf, name, line_len, kind == Kind::HMsg, self.max_msg)?;
                return self.next_payload(head, buf);
            }
            Kind::Info => Op::Info(args.trim_ascii()),
            Kind::Ping => Op::Ping,
            Kind::Pong => Op::Pong,
            Kind::Ok => Op::Ok,
            Kind::Err => Op::Err(args.strip_suffix(b"\r").unwrap_or(args)),
        };
        Ok(Step::Op { op, consumed })
    }
}

/// The operations of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Msg,
    HMsg,
    Info,
    Ping,
    Pong,
    Ok,
    Err,
}

impl Kind {
    /// Their names, none of which begins another.
    const NAMES: [(&'static [u8], Kind); 7] = [
        (b"MSG", Kind::Msg),
        (b"HMSG", Kind::HMsg),
        (b"PING", Kind::Ping),
        (b"PONG", Kind::Pong),
        (b"INFO", Kind::Info),
        (b"+OK", Kind::Ok),
        (b"-ERR", Kind::Err),
    ];

    /// The operation that `buf` begins with, and the length of its name. `None` if it takes more
    /// bytes to know.
    fn of(buf: &[u8]) -> Result<Option<(Kind, usize)>, ParseError> {
        for (name, kind) in Self::NAMES {
            let known = buf.len().min(name.len());
            if !buf[..known].eq_ignore_ascii_case(&name[..known]) {
                continue;
            }
            return match buf.get(name.len()) {
                None => Ok(None),
                Some(b' ' | b'\t' | b'\r' | b'\n') => Ok(Some((kind, name.len()))),
                Some(_) => break,
            };
        }
        Err(ParseError::at("operation", buf))
    }
}

#[cfg(test)]
mod tests;
