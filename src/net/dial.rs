//! Making a TCP connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};
use std::vec;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use socket2::{Domain, Protocol, SockAddr, Type};

use super::resolve::resolve_cancellable;
use super::url::host_port;
use super::wait::poll_until;
use super::{Cancel, IpOrder, Socket};
use crate::error::{Error, Result, Status};
use crate::log::{Logger, Target};
use crate::words::{ms, os, system};

/// How long an address is tried alone before the next one is tried beside it (RFC 8305, section 5:
/// the connection attempt delay).
const STAGGER: Duration = Duration::from_millis(250);
/// The minimum of it, when many addresses have to share little time (same section).
const STAGGER_MIN: Duration = Duration::from_millis(10);

/// How many bytes may wait in the kernel to be sent if the peer is on the same machine: what waits longer leaves the
/// processor's cache, and there is no network delay to bridge. Over a network there is: with an emulated delay of 20
/// ms this limit cost a sixth of the throughput.
const UNSENT_ON_SAME_HOST: u32 = 32 * 1024;

/// How to reach a host.
#[derive(Clone)]
pub struct DialOptions {
    /// The address families to try.
    pub order: IpOrder,
    /// Whether to shuffle the addresses of a name.
    pub randomize: bool,
    /// When to give up, name resolution included.
    pub deadline: Instant,
    /// The local address to connect from; only addresses of its family are tried.
    pub local_addr: Option<IpAddr>,
    /// Logs which addresses are tried, with the result.
    pub log: Logger,
}

impl DialOptions {
    fn log_failure(&self, address: SocketAddr, error: &io::Error) {
        let text = || format!("{address} failed: {}", os(error));
        self.log.debug(Target::Connect, text);
    }
}

/// Connects to a host. All its addresses are tried: one after the other if they fail, in parallel
/// if they do not answer; the first to accept is used.
///
/// The socket is non-blocking, closed on exec, without Nagle's delay and with keep-alive. Unlike
/// other NATS clients this one does not set `SO_LINGER`, so the kernel delivers what was written
/// before closing.
///
/// Returns `NATS_NO_SERVER` if the name cannot be resolved or all addresses fail, `NATS_TIMEOUT` at
/// the deadline, and `NATS_CONNECTION_CLOSED` when cancelled.
pub fn dial(host: &str, port: u16, options: &DialOptions, cancel: &Cancel) -> Result<Socket> {
    cancel.check()?;
    let begun = Instant::now();
    let addresses = resolve_cancellable(
        host,
        port,
        options.order,
        options.randomize,
        options.deadline,
        Some(cancel),
    );
    let addresses = addresses.map_err(|e| match e.status() {
        Status::NATS_CONNECTION_CLOSED => e,
        _ => e.about(&host_port(host, port)),
    })?;
    let more = addresses.len() > 1 || host.parse::<IpAddr>().is_err();
    options.log.debug(Target::Connect, || {
        let ips: Vec<_> = addresses.iter().map(|a| a.ip().to_string()).collect();
        format!("{}: addresses {}", host_port(host, port), ips.join(", "))
    });
    race(addresses, options, cancel).map_err(|failure| {
        let server = host_port(host, port);
        // Names the address, because those of one name may be different machines.
        let of = |(address, e): (SocketAddr, io::Error)| match more {
            true => format!("{}: {}", address.ip(), os(&e)),
            false => os(&e),
        };
        let late = || {
            let time = options.deadline.saturating_duration_since(begun);
            let time = ms(time);
            format!("{server}: no answer to a TCP connect in {time}: host down, or a firewall?")
        };
        match failure {
            Failure::Other(e) => e,
            Failure::Refused(e) => {
                let why = e.map_or_else(|| "no address".to_owned(), of);
                Error::new(Status::NATS_NO_SERVER, format!("{server}: {why}"))
            }
            Failure::Timeout(None) => Error::new(Status::NATS_TIMEOUT, late()),
            Failure::Timeout(Some(e)) => Error::new(
                Status::NATS_TIMEOUT,
                format!("{} (another address, {})", late(), of(e)),
            ),
        }
    })
}

/// Takes over a connected socket that the program made, for example through a proxy, and sets the
/// options that [`dial`] would have set. It need not be a TCP socket.
///
/// Returns `NATS_SYS_ERROR` if it cannot be made non-blocking.
pub fn adopt(fd: OwnedFd) -> Result<Socket> {
    let failed = |e: io::Error| system("cannot use the socket of the proxy handler", e);
    let socket = Socket::new(fd.into()).map_err(|e| failed(e.into()))?;
    socket.set_nonblocking(true).map_err(failed)?;
    socket.set_cloexec(true).map_err(failed)?;
    tune(&socket);
    Ok(socket)
}

/// Sets options that make a connection faster or safer. A socket that does not have such an option
/// works without it.
fn tune(socket: &Socket) {
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_keepalive(true);
    if is_same_host(socket) {
        let _ = socket.set_tcp_notsent_lowat(UNSENT_ON_SAME_HOST);
    }
}

/// Whether the peer is on this machine.
fn is_same_host(socket: &Socket) -> bool {
    let ip = |address: io::Result<SockAddr>| Some(address.ok()?.as_socket()?.ip());
    ip(socket.local_addr()).is_some_and(|local| ip(socket.peer_addr()) == Some(local))
}

/// Why no connection was made.
enum Failure {
    /// All addresses failed; the last one's error.
    Refused(Option<(SocketAddr, io::Error)>),
    /// The time ran out; the error of an address that failed, if one did.
    Timeout(Option<(SocketAddr, io::Error)>),
    /// Cancelled, or polling failed.
    Other(Error),
}

/// Connects to the address that accepts first.
fn race(
    addresses: Vec<SocketAddr>,
    options: &DialOptions,
    cancel: &Cancel,
) -> Result<Socket, Failure> {
    let begun = Instant::now();
    let time = options.deadline.saturating_duration_since(begun);
    let share = time / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let stagger = share.clamp(STAGGER_MIN, STAGGER);

    let mut addresses: vec::IntoIter<SocketAddr> = addresses.into_iter();
    let mut running: Vec<(SocketAddr, Socket)> = Vec::new();
    let mut last_error = None;
    let mut next_start = begun;
    loop {
        cancel.check().map_err(Failure::Other)?;
        let now = Instant::now();
        if now >= options.deadline {
            return Err(Failure::Timeout(last_error));
        }
        if now >= next_start || running.is_empty() {
            match addresses.next().map(|a| (a, start(a, options.local_addr))) {
                Some((address, Ok(socket))) => {
                    running.push((address, socket));
                    next_start = now + stagger;
                }
                Some((address, Err(e))) => {
                    options.log_failure(address, &e);
                    last_error = Some((address, e));
                    continue;
                }
                None if running.is_empty() => return Err(Failure::Refused(last_error)),
                None => {}
            }
        }
        let wake = if addresses.as_slice().is_empty() {
            options.deadline
        } else {
            next_start.min(options.deadline)
        };
        for index in poll_connecting(&running, cancel, wake).map_err(Failure::Other)? {
            let (address, socket) = running.swap_remove(index);
            match outcome(&socket) {
                Ok(()) => {
                    tune(&socket);
                    options.log.debug(Target::Connect, || {
                        format!("{address} accepted after {}", ms(now - begun))
                    });
                    return Ok(socket);
                }
                Err(e) => {
                    options.log_failure(address, &e);
                    last_error = Some((address, e));
                    next_start = now;
                }
            }
        }
    }
}

/// Waits for connecting sockets; returns the positions of those with an outcome, the last one
/// first, so that each can be removed without moving the others.
fn poll_connecting(
    running: &[(SocketAddr, Socket)],
    cancel: &Cancel,
    until: Instant,
) -> Result<Vec<usize>> {
    let mut fds = Vec::with_capacity(running.len() + 1);
    fds.extend(running.iter().map(|(_, s)| PollFd::new(s, PollFlags::OUT)));
    fds.push(PollFd::from_borrowed_fd(cancel.as_fd(), PollFlags::IN));
    poll_until(&mut fds, until)?;
    let ready = |i: &usize| !fds[*i].revents().is_empty();
    Ok((0..running.len()).rev().filter(ready).collect())
}

/// Begins to connect.
fn start(address: SocketAddr, local: Option<IpAddr>) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(socket2::Socket::new(
        domain,
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?)?;
    if let Some(ip) = local {
        if ip.is_ipv4() != address.is_ipv4() {
            let text = "the local address is of the other IP version";
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
        }
        socket.bind(&SocketAddr::new(ip, 0).into())?;
    }
    match socket.connect(&address.into()) {
        Ok(()) => Ok(socket),
        // An interrupted connect continues in the background as well.
        Err(e) => match Errno::from_io_error(&e) {
            Some(Errno::INPROGRESS | Errno::INTR) => Ok(socket),
            _ => Err(e),
        },
    }
}

/// Whether a socket that poll reported is connected.
fn outcome(socket: &Socket) -> io::Result<()> {
    if let Some(e) = socket.take_error()? {
        return Err(e);
    }
    // TCP connects to itself if the kernel picks the very port that nobody listens on. Seen when
    // reconnecting to a local server that is down: the client would wait for its own INFO, and the
    // server could not start because its port is taken.
    let (local, peer) = (socket.local_addr()?, socket.peer_addr()?);
    if local.as_socket() == peer.as_socket() {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
