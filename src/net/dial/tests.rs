//! Tests of connecting, on the loopback interface.

use super::*;
use std::io::Read;
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::thread;

fn options(ms: u64) -> DialOptions {
    DialOptions {
        order: IpOrder::Any,
        randomize: true,
        deadline: Instant::now() + Duration::from_millis(ms),
        local_addr: None,
        log: crate::log::Logger::of_no_connection(),
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port that refuses: its socket is bound, so nobody else gets it, and does not listen.
fn refusing() -> (Socket, SocketAddr) {
    let socket =
        Socket::new(socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// An address that does not answer: a listener whose queue is full drops packets.
struct Silent {
    address: SocketAddr,
    _sockets: Vec<Socket>,
}

fn silent() -> Silent {
    let (listening, address) = refusing();
    listening.listen(0).unwrap();
    let mut sockets = vec![listening];
    loop {
        let socket = start(address, None).unwrap();
        let mut fds = [PollFd::new(&socket, PollFlags::OUT)];
        let connected = poll_until(&mut fds, Instant::now() + Duration::from_millis(50)).unwrap();
        sockets.push(socket);
        if !connected {
            return Silent {
                address,
                _sockets: sockets,
            };
        }
    }
}

fn dialled(address: SocketAddr, options: &DialOptions) -> Result<Socket> {
    let cancel = Cancel::new().unwrap();
    dial(&address.ip().to_string(), address.port(), options, &cancel)
}

fn raced(addresses: &[SocketAddr], ms: u64) -> Result<SocketAddr, Failure> {
    let cancel = Cancel::new().unwrap();
    let socket = race(addresses.to_vec(), &options(ms), &cancel)?;
    Ok(socket.peer_addr().unwrap().as_socket().unwrap())
}

#[test]
fn a_dialled_socket_has_its_options() {
    let (listener, address) = listener();
    let socket = dialled(address, &options(20_000)).unwrap();
    listener.accept().unwrap();
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    assert!(socket.nonblocking().unwrap());
    assert_eq!(socket.linger().unwrap(), None);
    let flags = rustix::io::fcntl_getfd(&socket).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
}

#[test]
fn names_are_dialled_too() {
    let (_listener, address) = listener();
    let options = DialOptions {
        order: IpOrder::V4,
        ..options(20_000)
    };
    let cancel = Cancel::new().unwrap();
    let socket = dial("localhost", address.port(), &options, &cancel).unwrap();
    let peer = socket.peer_addr().unwrap().as_socket().unwrap();
    assert_eq!(peer, address);
}

#[test]
fn refusal_names_the_server_and_the_reason() {
    let (_kept, address) = refusing();
    let e = dialled(address, &options(20_000)).unwrap_err();
    assert_eq!(e.status(), Status::NATS_NO_SERVER);
    assert_eq!(e.text(), format!("{address}: Connection refused"));
    let cancel = Cancel::new().unwrap();
    let v4 = DialOptions {
        order: IpOrder::V4,
        ..options(20_000)
    };
    let port = address.port();
    let e = dial("localhost", port, &v4, &cancel).unwrap_err();
    assert_eq!(
        e.text(),
        format!("localhost:{port}: 127.0.0.1: Connection refused")
    );
    let e = dial("no such host", 1, &options(20_000), &cancel).unwrap_err();
    let start = "no such host:1: cannot resolve host 'no such host': ";
    assert!(e.text().starts_with(start), "{e}");
}

#[test]
fn a_deadline_that_has_passed_is_a_timeout() {
    let (_listener, address) = listener();
    let e = dialled(address, &options(0)).unwrap_err();
    assert_eq!(e.status(), Status::NATS_TIMEOUT);
    let start = format!("{address}: no answer to a TCP connect in ");
    assert!(e.text().starts_with(&start), "{e}");
}

#[test]
fn a_server_that_does_not_answer_is_a_timeout() {
    let silent = silent();
    let options = options(30);
    let e = dialled(silent.address, &options).unwrap_err();
    assert_eq!(e.status(), Status::NATS_TIMEOUT);
    assert!(Instant::now() >= options.deadline);
}

#[test]
fn all_addresses_are_tried() {
    let (_kept, refusing) = refusing();
    let (_listener, address) = listener();
    let reached = raced(&[refusing, refusing, address], 20_000);
    assert_eq!(reached.ok(), Some(address));
}

#[test]
fn a_silent_address_does_not_hold_up_the_next() {
    let silent = silent();
    let (_listener, address) = listener();
    let begun = Instant::now();
    let reached = raced(&[silent.address, address], 20_000);
    assert_eq!(reached.ok(), Some(address));
    assert!(begun.elapsed() >= STAGGER);
}

#[test]
fn a_silent_and_a_refusing_address_are_a_timeout() {
    let silent = silent();
    let (_kept, refusing) = refusing();
    let failure = raced(&[silent.address, refusing], 60).unwrap_err();
    assert!(matches!(failure, Failure::Timeout(Some(_))));
}

#[test]
fn little_time_is_shared_among_the_addresses() {
    let silent = silent();
    let (_listener, address) = listener();
    let reached = raced(&[silent.address, silent.address, address], 200);
    assert_eq!(reached.ok(), Some(address));
}

#[test]
fn cancelling_ends_a_dial() {
    let silent = silent();
    let cancel = Cancel::new().unwrap();
    let host = silent.address.ip().to_string();
    let begun = Instant::now();
    thread::scope(|scope| {
        let dialling =
            scope.spawn(|| dial(&host, silent.address.port(), &options(60_000), &cancel));
        cancel.cancel();
        let e = dialling.join().unwrap().unwrap_err();
        assert_eq!(e.status(), Status::NATS_CONNECTION_CLOSED);
    });
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_local_address_is_used() {
    let (_listener, address) = listener();
    let local = DialOptions {
        local_addr: Some([127, 0, 0, 9].into()),
        ..options(20_000)
    };
    let socket = dialled(address, &local).unwrap();
    let from = socket.local_addr().unwrap().as_socket().unwrap();
    assert_eq!(Some(from.ip()), local.local_addr);

    let other = DialOptions {
        local_addr: Some(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])),
        ..options(20_000)
    };
    let e = dialled(address, &other).unwrap_err();
    assert_eq!(e.status(), Status::NATS_NO_SERVER);
}

#[test]
fn a_connection_to_itself_is_none() {
    let (socket, address) = refusing();
    socket.connect(&address.into()).unwrap();
    let e = outcome(&socket).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_unix_socket_can_be_adopted() {
    let (one, mut other) = UnixStream::pair().unwrap();
    let socket = adopt(one.into()).unwrap();
    assert!(socket.nonblocking().unwrap());
    socket.send(b"hello").unwrap();
    socket.shutdown(Shutdown::Both).unwrap();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
}

#[test]
fn an_adopted_tcp_socket_has_the_options() {
    let (listener, address) = listener();
    let stream = std::net::TcpStream::connect(address).unwrap();
    listener.accept().unwrap();
    let socket = adopt(stream.into()).unwrap();
    assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
    assert!(socket.nonblocking().unwrap());
}
