//! HTTP proxies: `CONNECT host:port` opens a tunnel (RFC 9110, section 9.3.6; RFC 7617 for user and
//! password).

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::{Line, Login, Target, refused};
use crate::error::{Error, Result};

/// The longest answer that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The longest part of a status line that is shown to people, in bytes.
const MAX_SHOWN: usize = 120;
/// The largest number of interim answers before the final one.
const MAX_INTERIM: usize = 8;
const END: &[u8] = b"\r\n\r\n";

/// Checks that the credentials can be sent: the first colon ends the user.
pub(super) fn check(login: &Login) -> Result<()> {
    let control = |text: &str| text.contains(char::is_control);
    if login.user.contains(':') || control(&login.user) || control(&login.password) {
        let text = "invalid proxy URL: a user with a colon, or a control character";
        return Err(Error::invalid_arg(text));
    }
    Ok(())
}

/// Requests a tunnel.
pub(super) fn connect(line: &Line<'_>, target: &Target<'_>, login: Option<&Login>) -> Result<()> {
    let target = target.host_port();
    let login_len = login.map_or(0, |login| login.user.len() + login.password.len());
    // Room for everything, with the credentials in base64: growing would leave a copy behind.
    let room = 256 + 2 * target.len() + 2 * login_len;
    let mut request = Zeroizing::new(String::with_capacity(room));
    request.push_str(&format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: libnats_rs\r\n"
    ));
    if let Some(login) = login {
        let pair = Zeroizing::new([&*login.user, ":", &login.password].concat());
        request.push_str("Proxy-Authorization: Basic ");
        BASE64.encode_append(pair.as_bytes(), &mut request);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    line.send(request.as_bytes())?;
    for _ in 0..MAX_INTERIM {
        let head = read_head(line)?;
        match status(&head)? {
            (200..=299, _) => return Ok(()),
            (100..=199, _) => {}
            (_, words) => return Err(refused(format!("it answered {words}"))),
        }
    }
    Err(refused("it sent too many interim answers"))
}

/// Reads an answer up to the empty line at its end, and not a byte more.
fn read_head(line: &Line<'_>) -> Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    let mut chunk = [0; 512];
    while head.len() < MAX_HEAD {
        let n = line.peek(&mut chunk)?;
        let known = head.len();
        head.extend_from_slice(&chunk[..n]);
        // The end may have begun in the previous part.
        let from = known.saturating_sub(END.len() - 1);
        let end = memchr::memmem::find(&head[from..], END).map(|at| from + at + END.len());
        let take = end.map_or(n, |end| end - known);
        line.read_exact(&mut chunk[..take])?;
        head.truncate(known + take);
        if end.is_some() {
            return Ok(head);
        }
        if !head.starts_with(&b"HTTP/"[..head.len().min(5)]) {
            return Err(not_http());
        }
    }
    Err(refused("its answer is too long"))
}

/// The number in the status line, and the part of the line to show.
fn status(head: &[u8]) -> Result<(u16, String)> {
    let line = head.split(|b| *b == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let (version, rest) = line.split_once(' ').ok_or_else(not_http)?;
    let code = rest.get(..3).filter(|code| {
        code.bytes().all(|b| b.is_ascii_digit())
            && matches!(rest.as_bytes().get(3), None | Some(b' '))
    });
    match code.map(str::parse::<u16>) {
        Some(Ok(code)) if version.starts_with("HTTP/1.") => {
            let mut shown = rest.replace(char::is_control, "?");
            shown.truncate(shown.floor_char_boundary(MAX_SHOWN));
            Ok((code, shown.trim_end().to_owned()))
        }
        _ => Err(not_http()),
    }
}

fn not_http() -> crate::error::Error {
    refused("it did not answer as an HTTP proxy")
}
