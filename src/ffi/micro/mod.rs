//! Services for C.
//!
//! | Module | Holds |
//! |---|---|
//! | [`errors`] | `microError` |
//! | [`variadic`] | its functions that take a format, which `variadic.c` has |
//! | [`types`] | configurations and the types of the program's functions |
//! | [`service`] | `microService` |
//! | [`endpoints`] | endpoints, and `microGroup` |
//! | [`request`], [`request_headers`] | `microRequest` |
//! | [`stats`] | what services tell about themselves |
//! | [`additions`] | what nats.c does not have |
//! | [`client`] | `microClient` |
//! | `handler` | the program's functions as the core calls them |
//! | `given` | what the program gives in structures |
//! | `layout` | where the fields of structures are |

mod given;
mod handler;
mod layout;

pub mod additions;
pub mod client;
pub mod endpoints;
pub mod errors;
pub mod request;
pub mod request_headers;
pub mod service;
pub mod stats;
pub mod types;
pub mod variadic;
