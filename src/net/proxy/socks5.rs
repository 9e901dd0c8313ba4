//! SOCKS5 proxies (RFC 1928), with user and password if they require it (RFC 1929).

use std::net::IpAddr;

use zeroize::Zeroizing;

use super::{Line, Login, Target, refused};
use crate::error::{Error, Result};

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Checks that the credentials can be sent: the length of each part has to fit into a byte.
pub(super) fn check(login: &Login) -> Result<()> {
    if login.user.is_empty() || login.user.len() > 255 || login.password.len() > 255 {
        let text = "invalid proxy URL: SOCKS5 takes a user of 1 to 255 bytes, and a password of \
                    at most 255";
        return Err(Error::invalid_arg(text));
    }
    Ok(())
}

/// Requests a connection.
pub(super) fn connect(line: &Line<'_>, target: &Target<'_>, login: Option<&Login>) -> Result<()> {
    let request = request(target)?;
    log_in(line, login)?;
    line.send(&request)?;

    let mut head = [0; 4];
    // A refusal may be shorter than a success.
    line.read_exact(&mut head[..2])?;
    if head[0] != VERSION {
        return Err(not_socks());
    }
    if head[1] != 0 {
        return Err(refused(format!("it refused: {}", reason(head[1]))));
    }
    line.read_exact(&mut head[2..])?;
    // The address that the proxy connects from: it has to be read, because the server's bytes
    // follow.
    let len = match head[3] {
        IPV4 => 4,
        IPV6 => 16,
        NAME => {
            let mut len = [0];
            line.read_exact(&mut len)?;
            usize::from(len[0])
        }
        _ => return Err(not_socks()),
    };
    let mut bound = [0; 255 + 2];
    line.read_exact(&mut bound[..len + 2])
}

fn log_in(line: &Line<'_>, login: Option<&Login>) -> Result<()> {
    match login {
        None => line.send(&[VERSION, 1, NO_LOGIN])?,
        Some(_) => line.send(&[VERSION, 2, NO_LOGIN, USER_AND_PASSWORD])?,
    }
    let mut choice = [0; 2];
    line.read_exact(&mut choice)?;
    match (choice, login) {
        ([VERSION, NO_LOGIN], _) => return Ok(()),
        ([VERSION, USER_AND_PASSWORD], Some(login)) => {
            let mut message = Zeroizing::new(Vec::with_capacity(3 + 255 + 255));
            message.push(LOGIN_VERSION);
            for part in [&login.user, &login.password] {
                // `check` ensured that the length fits.
                message.push(part.len() as u8);
                message.extend_from_slice(part.as_bytes());
            }
            line.send(&message)?;
        }
        ([VERSION, NO_METHOD], None) => return Err(refused("it wants a user and password")),
        ([VERSION, NO_METHOD], Some(_)) => {
            return Err(refused("it takes neither user and password nor nothing"));
        }
        _ => return Err(not_socks()),
    }
    let mut answer = [0; 2];
    line.read_exact(&mut answer)?;
    match answer[1] {
        0 => Ok(()),
        _ => Err(refused("it refused the user and password")),
    }
}

fn request(target: &Target<'_>) -> Result<Vec<u8>> {
    let mut request = vec![VERSION, CONNECT, 0];
    match target.ip() {
        Some(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend_from_slice(&ip.octets());
        }
        Some(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend_from_slice(&ip.octets());
        }
        None => {
            let len = u8::try_from(target.host.len())
                .map_err(|_| Error::invalid_arg("the host is too long for SOCKS5"))?;
            request.extend_from_slice(&[NAME, len]);
            request.extend_from_slice(target.host.as_bytes());
        }
    }
    request.extend_from_slice(&target.port.to_be_bytes());
    Ok(request)
}

/// The meaning of a reply code (RFC 1928, section 6).
fn reason(code: u8) -> String {
    let words = match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        code => return format!("reply {code}"),
    };
    words.to_owned()
}

fn not_socks() -> Error {
    refused("it did not answer as a SOCKS5 proxy")
}
