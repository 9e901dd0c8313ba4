//! Files that hold a user's JWT, its seed, or both.
//!
//! A credentials file has each of them on a line of its own between two decorated lines, as
//! `nsc` and `nats` write them:
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
//! A file without decorated lines is a bare JWT, or has a seed on a line that begins with `SU`.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result, Status};
use crate::net::nkey;

/// The largest file that is read.
const MAX_FILE: u64 = 1024 * 1024;

/// Reads a whole file, which is wiped from memory afterwards. Only regular files are read, and
/// never more than 1 MiB: a mistaken path must cost neither much memory nor for ever.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |why: &dyn Display| {
        let text = format!("error opening file '{}': {why}", path.display());
        Error::new(Status::NATS_ERR, text)
    };
    let mut options = OpenOptions::new();
    // Opening a pipe that nobody writes to would wait for somebody who does.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path).map_err(|e| failed(&e))?;
    let metadata = file.metadata().map_err(|e| failed(&e))?;
    if metadata.is_dir() {
        return Err(failed(&io::Error::from_raw_os_error(libc::EISDIR)));
    }
    if !metadata.is_file() {
        return Err(failed(&"not a regular file"));
    }
    // All of it at once: a buffer that grows leaves copies behind.
    let expected = metadata.len().min(MAX_FILE) as usize;
    let mut content = Zeroizing::new(Vec::with_capacity(expected.max(64) + 1));
    file.take(MAX_FILE + 1)
        .read_to_end(&mut content)
        .map_err(|e| failed(&e))?;
    if content.len() as u64 > MAX_FILE {
        return Err(failed(&"larger than 1 MiB"));
    }
    Ok(content)
}

/// The JWT in the content of a file: its first block, or all of it.
pub(super) fn jwt<'a>(content: &'a [u8], path: &Path) -> Result<&'a str> {
    let block = blocks(content)[0];
    let jwt = block.unwrap_or_else(|| content.trim_ascii());
    let secret = block.is_none() && has_seed(content);
    std::str::from_utf8(jwt)
        .ok()
        // What is sent to the server as a JWT must not be a seed that stands in its place.
        .filter(|jwt| !jwt.is_empty() && !secret)
        .ok_or_else(|| missing("user JWT", path))
}

/// The seed in the content of a file of its own: its first block, or the first line like one.
pub(super) fn seed<'a>(content: &'a [u8], path: &Path) -> Result<&'a [u8]> {
    blocks(content)[0]
        .or_else(|| seed_line(content))
        .ok_or_else(|| missing("nkey user seed", path))
}

/// The seed in the content of a file that has the JWT too: its second block, or the first line
/// like one.
pub(super) fn chained_seed<'a>(content: &'a [u8], path: &Path) -> Result<&'a [u8]> {
    blocks(content)[1]
        .or_else(|| seed_line(content))
        .ok_or_else(|| missing("nkey user seed", path))
}

/// The JWT in what the program gave: its first block.
pub(super) fn jwt_in_memory(content: &[u8]) -> Result<&str> {
    blocks(content)[0]
        .and_then(|jwt| std::str::from_utf8(jwt).ok())
        .ok_or_else(|| {
            let text = "no user JWT found in the credentials in memory";
            Error::new(Status::NATS_NOT_FOUND, text)
        })
}

/// The seed in what the program gave: its second block.
pub(super) fn seed_in_memory(content: &[u8]) -> Result<&[u8]> {
    blocks(content)[1].ok_or_else(|| {
        let text = "no nkey user seed found in the credentials in memory";
        Error::new(Status::NATS_NOT_FOUND, text)
    })
}

fn missing(what: &str, path: &Path) -> Error {
    let text = format!("no {what} found in '{}'", path.display());
    Error::new(Status::NATS_ERR, text)
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|b| *b == b'\n').map(<[u8]>::trim_ascii)
}

/// The first line that looks like a user's seed.
fn seed_line(content: &[u8]) -> Option<&[u8]> {
    lines(content).find(|line| line.starts_with(b"SU"))
}

/// Whether any line is a seed.
fn has_seed(content: &[u8]) -> bool {
    lines(content).any(nkey::is_seed)
}

/// The first two blocks: single lines between two decorated ones. Empty lines do not count.
fn blocks(content: &[u8]) -> [Option<&[u8]>; 2] {
    let mut found = [None, None];
    let mut count = 0;
    // The line after an opening one, once there is one, and whether more than one came.
    let mut open = None;
    for line in lines(content).filter(|line| !line.is_empty()) {
        if !is_decorated(line) {
            open = match open {
                Some(Inside::Nothing) => Some(Inside::Line(line)),
                // More than a line is no block.
                Some(_) | None => None,
            };
            continue;
        }
        open = match open {
            Some(Inside::Line(line)) => {
                found[count] = Some(line);
                count += 1;
                if count == found.len() {
                    break;
                }
                None
            }
            Some(Inside::Nothing) | None => Some(Inside::Nothing),
        };
    }
    found
}

/// What has come since an opening line.
enum Inside<'a> {
    Nothing,
    Line(&'a [u8]),
}

/// A decorated line ends with three dashes and has three more somewhere before those.
fn is_decorated(line: &[u8]) -> bool {
    line.strip_suffix(b"---")
        .is_some_and(|rest| rest.windows(3).any(|part| part == b"---"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nkeys::KeyPair;

    const PATH: &str = "/the/file";

    fn chained(jwt: &str, seed: &str, end: &str) -> String {
        [
            "-----BEGIN NATS USER JWT-----",
            jwt,
            "------END NATS USER JWT------",
            "",
            "************************* IMPORTANT *************************",
            "",
            "-----BEGIN USER NKEY SEED-----",
            seed,
            "------END USER NKEY SEED------",
            "",
        ]
        .join(end)
    }

    fn both(content: &str) -> Option<(&str, &str)> {
        let path = Path::new(PATH);
        let jwt = jwt(content.as_bytes(), path).ok()?;
        let seed = chained_seed(content.as_bytes(), path).ok()?;
        Some((jwt, std::str::from_utf8(seed).unwrap()))
    }

    #[test]
    fn decorated_lines() {
        for line in ["------", "---a---", "--- BEGIN ---", "x---x---", "-------"] {
            assert!(is_decorated(line.as_bytes()), "{line}");
        }
        for line in ["", "---", "-----", "--a---", "---a--", "---a--- b", "a---b"] {
            assert!(!is_decorated(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_chained_file_has_both() {
        for end in ["\n", "\r\n", "\n\n", "  \n"] {
            let content = chained("the.j.wt", "SUSEED", end);
            assert_eq!(both(&content), Some(("the.j.wt", "SUSEED")), "{end:?}");
            assert_eq!(jwt_in_memory(content.as_bytes()).unwrap(), "the.j.wt");
            assert_eq!(seed_in_memory(content.as_bytes()).unwrap(), b"SUSEED");
        }
        // Without the last line's end, and with other decorations.
        assert_eq!(
            both("------\nj\n---b---\n---\n---c---\ns\n------"),
            Some(("j", "s"))
        );
    }

    #[test]
    fn what_is_no_block() {
        let path = Path::new(PATH);
        let two_lines = "---a---\none\ntwo\n---b---\nthree\n---c---\n";
        assert_eq!(blocks(two_lines.as_bytes()), [Some(&b"three"[..]), None]);
        for content in [
            "",
            "---a---",
            "---a---\nj\n",
            "---a---\n---b---\n",
            "no dashes",
        ] {
            assert_eq!(blocks(content.as_bytes()), [None, None], "{content}");
            let e = seed(content.as_bytes(), path).unwrap_err();
            assert_eq!(e.status(), Status::NATS_ERR);
            assert_eq!(e.text(), "no nkey user seed found in '/the/file'");
            let e = jwt_in_memory(content.as_bytes()).unwrap_err();
            assert_eq!(e.status(), Status::NATS_NOT_FOUND);
            let e = seed_in_memory(content.as_bytes()).unwrap_err();
            assert_eq!(e.status(), Status::NATS_NOT_FOUND);
        }
    }

    #[test]
    fn bare_files() {
        let path = Path::new(PATH);
        assert_eq!(jwt(b" \n the.j.wt \r\n", path).unwrap(), "the.j.wt");
        let keys = b"# keys\n  SUFIRST \nSUSECOND\n";
        assert_eq!(seed(keys, path).unwrap(), b"SUFIRST");
        assert_eq!(
            seed(b"--- a ---\nSUBLOCK\n--- b ---\n", path).unwrap(),
            b"SUBLOCK"
        );
        for bad in [&b""[..], b" \n", b"\xff\xfe"] {
            let e = jwt(bad, path).unwrap_err();
            assert_eq!(e.text(), "no user JWT found in '/the/file'");
        }
    }

    #[test]
    fn a_seed_is_never_taken_for_a_jwt() {
        let secret = KeyPair::new_user().seed().unwrap();
        for content in [secret.clone(), format!("# mine\n {secret}\n")] {
            let e = jwt(content.as_bytes(), Path::new(PATH)).unwrap_err();
            assert!(!e.text().contains(&secret));
        }
    }

    #[test]
    fn files_that_are_not_read() {
        let dir = std::env::temp_dir().join(format!("nats-rs-creds-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let why = |path: &Path| {
            let e = read(path).unwrap_err();
            assert_eq!(e.status(), Status::NATS_ERR);
            e.text().to_owned()
        };
        let text = why(&dir);
        assert!(text.starts_with(&format!("error opening file '{}': ", dir.display())));
        assert!(text.contains("directory"), "{text}");
        assert!(why(&dir.join("none")).contains("No such file"));
        assert!(why(Path::new("/dev/zero")).contains("not a regular file"));

        let pipe = dir.join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        assert!(why(&pipe).contains("not a regular file"));

        let file = dir.join("file");
        std::fs::write(&file, vec![b'x'; MAX_FILE as usize]).unwrap();
        assert_eq!(read(&file).unwrap().len() as u64, MAX_FILE);
        std::fs::write(&file, vec![b'x'; MAX_FILE as usize + 1]).unwrap();
        assert!(why(&file).ends_with("larger than 1 MiB"));
        // A hole of a gigabyte costs neither disk nor memory.
        std::fs::File::create(&file)
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
        assert!(why(&file).ends_with("larger than 1 MiB"));
        std::fs::write(&file, "SUx").unwrap();
        assert_eq!(read(&file).unwrap().as_slice(), b"SUx");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
