//! Files that contain a user's JWT, its seed, or both.
//!
//! A credentials file has each of them on a line of its own between two decorated lines, as `nsc`
//! and `nats` write them:
//!
//! ```text
//! -----BEGIN NATS USER JWT-----
//! eyJ0eXAiOi...
//! ------END NATS USER JWT------
//!
//! -----BEGIN USER NKEY SEED-----
//! SU...
//! ------END USER NKEY SEED------
//! ```
//!
//! The content of each is checked, because what is in the place of the JWT is sent to the server,
//! and a seed must never be sent. If the decorated lines do not say which block is which, the first
//! is the JWT's. A file without decorated lines is a bare JWT, or has a seed on a line that begins
//! with `SU`.

use std::fmt::{self, Display};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result, Status};
use crate::net::{nkey, without_mark};
use crate::words;

/// The largest file that is read.
const MAX_FILE: u64 = 1024 * 1024;

/// The source of credentials, as error texts name it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    File(&'a Path),
    Memory,
}

impl Source<'_> {
    /// Something exists and is not what it should be.
    fn wrong(self, what: impl Display) -> Error {
        let status = match self {
            Source::File(_) => Status::NATS_ERR,
            Source::Memory => Status::NATS_INVALID_ARG,
        };
        Error::new(status, format!("{self}{what}"))
    }

    /// There is neither a block with a seed nor a line that may be one.
    fn without_seed(self) -> Error {
        match self {
            Source::File(path) => {
                let text = format!("no nkey user seed found in '{}'", path.display());
                Error::new(Status::NATS_ERR, text)
            }
            Source::Memory => self.missing("no seed block"),
        }
    }

    /// Something is missing.
    fn missing(self, what: impl Display) -> Error {
        let status = match self {
            Source::File(_) => Status::NATS_ERR,
            Source::Memory => Status::NATS_NOT_FOUND,
        };
        Error::new(status, format!("{self}: {what}"))
    }
}

impl Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => write!(f, "credentials file '{}'", path.display()),
            Source::Memory => f.write_str("credentials in memory"),
        }
    }
}

/// Reads a whole file into memory that is wiped afterwards. Only regular files are read, and at
/// most 1 MiB: a wrong path must cost neither much memory nor endless time.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |why: &dyn Display| {
        let text = format!("error opening file '{}': {why}", path.display());
        Error::new(Status::NATS_ERR, text)
    };
    let os = |e: io::Error| failed(&words::os(&e));
    let mut options = OpenOptions::new();
    // Opening a pipe without a writer would wait for one.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path).map_err(os)?;
    let metadata = file.metadata().map_err(os)?;
    if metadata.is_dir() {
        return Err(os(io::Error::from_raw_os_error(libc::EISDIR)));
    }
    if !metadata.is_file() {
        return Err(failed(&"not a regular file"));
    }
    // In one allocation: a buffer that grows leaves copies behind.
    let expected = metadata.len().min(MAX_FILE) as usize;
    let mut content = Zeroizing::new(Vec::with_capacity(expected.max(64) + 1));
    file.take(MAX_FILE + 1)
        .read_to_end(&mut content)
        .map_err(os)?;
    if content.len() as u64 > MAX_FILE {
        return Err(failed(&"larger than 1 MiB"));
    }
    Ok(content)
}

/// The JWT in the content of a file.
pub(super) fn jwt<'a>(content: &'a [u8], source: Source<'_>) -> Result<&'a str> {
    let content = without_mark(content);
    let blocks = blocks(content);
    if blocks.is_empty() {
        let bare: Vec<&[u8]> = lines(content).collect();
        return check_jwt(&bare).map_err(|why| source.missing(format!("no JWT block, and {why}")));
    }
    let block = blocks
        .iter()
        .find(|block| block.kind() != Some(Kind::Seed))
        .ok_or_else(|| source.missing("no JWT block, but a seed block"))?;
    let wrong = |why: String| source.wrong(format!(", JWT block: {why}"));
    if !block.closed {
        return Err(wrong("its last line is missing".to_owned()));
    }
    check_jwt(&block.lines).map_err(wrong)
}

/// The seed in a seed file, or behind the JWT in a chained file.
pub(super) fn seed<'a>(content: &'a [u8], source: Source<'_>, chained: bool) -> Result<&'a [u8]> {
    let content = without_mark(content);
    let blocks = blocks(content);
    let wrong = |why: String| source.wrong(format!(", seed block: {why}"));
    let labelled = blocks.iter().position(|b| b.kind() == Some(Kind::Seed));
    // Blocks without a label have their meaning by their position.
    let first = usize::from(chained && !blocks.is_empty());
    let unlabelled = || {
        let block = blocks
            .get(first..)?
            .iter()
            .position(|b| b.kind().is_none())?;
        Some(first + block)
    };
    let Some(at) = labelled.or_else(unlabelled) else {
        let line = seed_line(content).ok_or_else(|| source.without_seed())?;
        let why = |fault: nkey::SeedFault| source.wrong(format!(", seed: {}", fault.in_words()));
        return nkey::check_seed(line).map(|()| line).map_err(why);
    };
    let is_jwt = |b: &&Block<'_>| b.kind() == Some(Kind::Jwt);
    if chained && blocks[..at].iter().filter(is_jwt).count() > 1 {
        return Err(source.wrong(": several JWT blocks in front of the seed block"));
    }
    let block = &blocks[at];
    if !block.closed {
        return Err(wrong("its last line is missing".to_owned()));
    }
    let line = one_line(&block.lines).map_err(wrong)?;
    let fault = |fault: nkey::SeedFault| match check_jwt(&[line]) {
        Ok(_) => wrong("a JWT stands in its place".to_owned()),
        Err(_) => wrong(fault.in_words()),
    };
    nkey::check_seed(line).map(|()| line).map_err(fault)
}

/// Checks what is sent as a JWT: three parts of base64url with dots between them, on one line, and
/// no seed among them. The text of the error shows nothing of it.
pub(super) fn check_jwt<'a>(lines: &[&'a [u8]]) -> Result<&'a str, String> {
    if nkey::holds_seed(&Zeroizing::new(lines.concat())) {
        return Err("a seed stands in its place".to_owned());
    }
    let line = one_line(lines)?;
    let text = str::from_utf8(line).map_err(|_| "it is not text".to_owned())?;
    let parts = text.split('.').count();
    if parts != 3 {
        return Err(format!(
            "not a JWT, which has three parts with dots between them: {parts} found"
        ));
    }
    if text.split('.').any(str::is_empty) {
        return Err("not a JWT: one of its three parts is empty".to_owned());
    }
    let strange = |b: u8| !b.is_ascii_alphanumeric() && !b"-_.".contains(&b);
    if let Some(at) = text.bytes().position(strange) {
        let at = at + 1;
        return Err(format!("not a JWT: character {at} is not one of base64url"));
    }
    Ok(text)
}

/// Checks what a callback of the program gave as a JWT: its form is the business of program and server, but it must
/// not be a seed, not even a mistyped one or one that is wrapped over lines. White space around it is left out.
pub(super) fn check_given(text: &str) -> Result<&str, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let lines: Vec<&[u8]> = lines(text.as_bytes()).collect();
    let joined = Zeroizing::new(lines.concat());
    if nkey::holds_seed(&joined) || nkey::resembles_seed(&joined) {
        return Err("a seed stands in its place".to_owned());
    }
    Ok(text)
}

fn one_line<'a>(lines: &[&'a [u8]]) -> Result<&'a [u8], String> {
    let mut full = lines.iter().filter(|line| !line.is_empty());
    match (full.next(), full.count()) {
        (None, _) => Err("it is empty".to_owned()),
        (Some(line), 0) => Ok(line),
        (Some(_), more) => Err(format!("it is wrapped over {} lines", more + 1)),
    }
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|b| *b == b'\n').map(<[u8]>::trim_ascii)
}

/// The first line that is a seed, or else the first that may have been meant to be one.
fn seed_line(content: &[u8]) -> Option<&[u8]> {
    lines(content)
        .find(|line| nkey::check_seed(line).is_ok())
        .or_else(|| lines(content).find(|line| line.starts_with(b"SU")))
}

/// The label of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Jwt,
    Seed,
}

/// The lines between two decorated lines, without empty ones.
struct Block<'a> {
    /// The first of the two.
    opening: &'a [u8],
    lines: Vec<&'a [u8]>,
    /// The second decorated line exists.
    closed: bool,
}

impl Block<'_> {
    fn kind(&self) -> Option<Kind> {
        let says = |word: &[u8]| memchr::memmem::find(self.opening, word).is_some();
        match (says(b"SEED"), says(b"JWT")) {
            (true, _) => Some(Kind::Seed),
            (false, true) => Some(Kind::Jwt),
            (false, false) => None,
        }
    }
}

/// All blocks. Decorated lines that say neither BEGIN nor END open and close blocks alternately.
fn blocks(content: &[u8]) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in lines(content).filter(|line| !line.is_empty()) {
        if !is_decorated(line) {
            if let Some(block) = &mut open {
                block.lines.push(line);
            }
            continue;
        }
        let says = |word: &[u8]| memchr::memmem::find(line, word).is_some();
        let closes = match (says(b"BEGIN"), says(b"END")) {
            (true, _) => false,
            (false, true) => true,
            // A decorated line directly behind another is a heading.
            (false, false) => open.as_ref().is_some_and(|block| !block.lines.is_empty()),
        };
        match (closes, open.take()) {
            (true, Some(block)) => found.push(Block {
                closed: true,
                ..block
            }),
            (true, None) => {}
            (false, unfinished) => {
                // Without a line of content, or BEGIN, no block has begun yet.
                let begun = |block: &Block<'_>| !block.lines.is_empty() || block.kind().is_some();
                found.extend(unfinished.filter(begun));
                open = Some(Block {
                    opening: line,
                    lines: Vec::new(),
                    closed: false,
                });
            }
        }
    }
    found.extend(open.filter(|block| !block.lines.is_empty() || block.kind().is_some()));
    found
}

/// A decorated line ends with three dashes and has three more somewhere before them. A JWT may do
/// so by chance.
fn is_decorated(line: &[u8]) -> bool {
    line.strip_suffix(b"---")
        .is_some_and(|rest| rest.windows(3).any(|part| part == b"---"))
        && check_jwt(&[line]).is_err()
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
