//! The logger of a connection: its handler, and the secrets that must not appear.

use super::callbacks::life::{Life, inside_of};
use super::options::Options;
use crate::log::{Logger, OwnHandler};
use crate::net::servers::ServerPool;
use crate::secret::Secret;

/// Creates the logger of a connection with these options. While a line waits for the connection's handler, the
/// connection counts as one that still calls the program.
pub(super) fn logger(opts: &Options, life: &Life, pool: &ServerPool) -> Logger {
    let own = opts.log.clone().map(|(level, handler)| {
        let (id, guards) = (life.id(), life.source_of_guards());
        OwnHandler {
            level,
            handler: std::sync::Arc::new(move |record| inside_of(id, || handler(record))),
            lease: Box::new(move || Some(Box::new(guards()?))),
        }
    });
    Logger::new(life.id(), own, secrets(opts, pool))
}

/// What the connection signs in with, as far as it is known beforehand.
fn secrets(opts: &Options, pool: &ServerPool) -> Vec<Secret> {
    let urls = pool.iter().flat_map(|server| {
        let url = &server.url;
        [url.password.clone(), url.token.clone()]
    });
    let given = [opts.password.clone(), opts.token.clone()];
    given.into_iter().chain(urls).flatten().collect()
}
