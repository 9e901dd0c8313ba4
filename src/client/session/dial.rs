//! Opening a socket to a server: directly, through a proxy, or by a function of the program.

use crate::client::callbacks::life::Life;
use crate::client::session::config::Config;
use crate::client::session::failure::Failure;
use crate::client::session::handshake::Attempt;
use crate::log::{Logger, Target};
use crate::net::Socket;
use crate::net::dial::{DialOptions, dial};
use crate::net::proxy::{Proxy, connect_with};

/// Connects to the server of an attempt. An error of the proxy or of the program's function counts as a refusal, so
/// that its text reaches the program.
pub(in crate::client) fn open(
    config: &Config,
    life: &Life,
    log: &Logger,
    attempt: &Attempt,
) -> Result<Socket, Failure> {
    let (host, port) = (attempt.url.host.as_str(), attempt.url.port);
    let cancel = &attempt.cancel;
    let options = DialOptions {
        order: config.ip_order,
        randomize: !config.no_randomize,
        deadline: attempt.deadline,
        local_addr: config.local_addr,
        log: log.clone(),
    };
    match &config.proxy {
        None => dial(host, port, &options, cancel).map_err(Failure::Unreachable),
        Some(Proxy::Handler(handler)) => {
            log.debug(Target::Connect, || {
                "the program's function makes the socket".to_owned()
            });
            let socket = life.call_program(|| connect_with(handler, host, port));
            socket
                .and_then(|socket| cancel.check().map(|()| socket))
                .map_err(Failure::Refused)
        }
        Some(Proxy::Url(proxy)) => {
            log.debug(Target::Connect, || format!("by way of the proxy {proxy:?}"));
            let socket = proxy.dial(&options, cancel).map_err(Failure::Unreachable)?;
            proxy
                .connect(&socket, host, port, attempt.deadline, cancel)
                .map_err(Failure::Refused)?;
            Ok(socket)
        }
    }
}
