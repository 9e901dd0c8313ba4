//! Services: endpoints that answer requests, with discovery and statistics (ADR-32).
//!
//! A service is a set of subscriptions on one connection: those of its endpoints, and nine for monitoring tools. Uses
//! the public face of [`client`](crate::client).
//!
//! | file | subject |
//! |---|---|
//! | [`service`] | the service: its endpoints, from the first subscription to the last |
//! | `stop` | how a service ends |
//! | [`config`] | the configurations of services, groups and endpoints; names, subjects, queue groups |
//! | [`endpoint`] | an endpoint: its handler and its statistics |
//! | [`request`] | a request while it is handled, and its answers |
//! | [`monitor`] | the answers to PING, INFO and STATS |
//! | [`caller`] | the client side: requests to services |
//! | [`error`] | an error with a code, a status and a cause |
//!
//! # Locks
//! The list of endpoints of a service and the statistics of an endpoint have a lock each. No function of the connection
//! or of the program is called with one of them held, and the two are never held together.

#![forbid(unsafe_code)]

pub mod caller;
pub mod config;
pub mod endpoint;
pub mod error;
pub mod monitor;
pub mod request;
pub mod service;
mod stop;
#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use config::{EndpointConfig, Group, GroupConfig, QueueChoice, ServiceConfig};
pub use endpoint::{Endpoint, EndpointStats, StatsData};
pub use error::Error;
pub use request::{Handler, Request};
pub use service::{Events, Service};
/// The result type of services.
pub type Result<T, E = Error> = std::result::Result<T, E>;
