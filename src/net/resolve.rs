//! From a host to the addresses to try, in order.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rand::seq::SliceRandom;

use super::{Cancel, dns};
use crate::error::{Error, Result, Status};
use crate::random;

/// Which address families to try, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IpOrder {
    /// As the resolver gives them.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// IPv4 first.
    V4ThenV6,
    /// IPv6 first.
    V6ThenV4,
}

impl IpOrder {
    /// The order with this number in the C interface (0, 4, 6, 46, 64); `None` for any other.
    pub fn from_number(n: i32) -> Option<Self> {
        match n {
            0 => Some(IpOrder::Any),
            4 => Some(IpOrder::V4),
            6 => Some(IpOrder::V6),
            46 => Some(IpOrder::V4ThenV6),
            64 => Some(IpOrder::V6ThenV4),
            _ => None,
        }
    }

    /// Filters and sorts as this order says; addresses of one family keep their order.
    fn apply(self, addresses: &mut Vec<SocketAddr>) {
        match self {
            IpOrder::Any => {}
            IpOrder::V4 => addresses.retain(SocketAddr::is_ipv4),
            IpOrder::V6 => addresses.retain(SocketAddr::is_ipv6),
            IpOrder::V4ThenV6 => addresses.sort_by_key(SocketAddr::is_ipv6),
            IpOrder::V6ThenV4 => addresses.sort_by_key(SocketAddr::is_ipv4),
        }
    }
}

/// The addresses of `host` to try, in order; at least one. `randomize` shuffles them within each
/// family. A numeric address is used as it is, without a look-up.
///
/// Returns `NATS_NO_SERVER` if the name is unknown or has no address of the requested families, and
/// `NATS_TIMEOUT` if the resolver has not answered at the deadline.
pub fn resolve(
    host: &str,
    port: u16,
    order: IpOrder,
    randomize: bool,
    deadline: Instant,
) -> Result<Vec<SocketAddr>> {
    resolve_cancellable(host, port, order, randomize, deadline, None)
}

/// As [`resolve`], and ends with `NATS_CONNECTION_CLOSED` when cancelled.
pub(super) fn resolve_cancellable(
    host: &str,
    port: u16,
    order: IpOrder,
    randomize: bool,
    deadline: Instant,
    cancel: Option<&Cancel>,
) -> Result<Vec<SocketAddr>> {
    let mut addresses = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => dns::look_up(host, port, deadline, cancel)?,
    };
    if randomize {
        shuffle_families(&mut addresses);
    }
    order.apply(&mut addresses);
    if addresses.is_empty() {
        let text = format!("host '{host}' has no address of the wanted IP version");
        return Err(Error::new(Status::NATS_NO_SERVER, text));
    }
    Ok(addresses)
}

/// Shuffles within each family, and leaves each position to the family that the resolver gave it
/// to: it knows which one works better here.
fn shuffle_families(addresses: &mut [SocketAddr]) {
    let (mut v4, mut v6): (Vec<_>, Vec<_>) = addresses.iter().partition(|a| a.is_ipv4());
    random::with(|rng| {
        v4.shuffle(rng);
        v6.shuffle(rng);
    });
    for place in addresses {
        let family = if place.is_ipv4() { &mut v4 } else { &mut v6 };
        *place = family.pop().unwrap_or(*place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn numeric(host: &str, order: IpOrder) -> Result<Vec<SocketAddr>> {
        // The deadline has passed, so no look-up can have been made.
        resolve(host, 4222, order, true, Instant::now())
    }

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        let parse = |a: &&str| SocketAddr::new(a.parse().unwrap(), 1);
        list.iter().map(parse).collect()
    }

    #[test]
    fn numeric_addresses_need_no_resolver() {
        let v4 = numeric("127.0.0.1", IpOrder::Any).unwrap();
        assert_eq!(v4, ["127.0.0.1:4222".parse().unwrap()]);
        let v6 = numeric("::1", IpOrder::V6).unwrap();
        assert_eq!(v6, ["[::1]:4222".parse().unwrap()]);
        let e = numeric("::1", IpOrder::V4).unwrap_err();
        assert_eq!(e.status(), Status::NATS_NO_SERVER);
    }

    #[test]
    fn names_are_looked_up() {
        let deadline = Instant::now() + Duration::from_secs(20);
        let found = resolve("localhost", 1, IpOrder::V4, false, deadline).unwrap();
        assert!(found.iter().all(|a| a.is_ipv4() && a.ip().is_loopback()));
    }

    #[test]
    fn orders() {
        let list = ["::1", "1.1.1.1", "::2", "2.2.2.2"];
        for (number, expected) in [
            (0, &list[..]),
            (4, &["1.1.1.1", "2.2.2.2"]),
            (6, &["::1", "::2"]),
            (46, &["1.1.1.1", "2.2.2.2", "::1", "::2"]),
            (64, &["::1", "::2", "1.1.1.1", "2.2.2.2"]),
        ] {
            let mut found = addresses(&list);
            IpOrder::from_number(number).unwrap().apply(&mut found);
            assert_eq!(found, addresses(expected), "{number}");
        }
        for number in [-1, 1, 5, 44, 66] {
            assert_eq!(IpOrder::from_number(number), None);
        }
    }

    #[test]
    fn shuffling_keeps_the_families_in_place() {
        let before: Vec<SocketAddr> = (0..30u16)
            .map(|n| match n % 3 {
                0 => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, n], 1)),
                _ => SocketAddr::from(([10, 0, 0, n as u8], 1)),
            })
            .collect();
        let mut after = before.clone();
        let moved = (0..4).any(|_| {
            shuffle_families(&mut after);
            after != before
        });
        assert!(moved);
        assert!(
            before
                .iter()
                .zip(&after)
                .all(|(b, a)| b.is_ipv4() == a.is_ipv4())
        );
        after.sort_unstable();
        let mut sorted = before;
        sorted.sort_unstable();
        assert_eq!(after, sorted);
    }
}
