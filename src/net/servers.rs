//! The list of a connection's servers, and which one is next.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use rand::seq::SliceRandom;

use super::url::{DEFAULT_URL, ServerUrl};
use crate::error::{Error, Result};
use crate::random;

pub use crate::proto::server_error::AuthErrorKind;

/// The number of servers of one INFO that are used; more than any cluster has.
const ANNOUNCED_MAX: usize = 1024;

/// The number of servers that are remembered, so that none is reported to the program as new twice. If servers come
/// and go without end, those that are gone are forgotten.
const SEEN_MAX: usize = 4 * ANNOUNCED_MAX;

/// A server of the list.
#[derive(Debug)]
pub struct Server {
    /// Its URL. Each server has an `Arc` of its own, even if two have the same URL.
    pub url: Arc<ServerUrl>,
    /// Whether the program named it; otherwise another server announced it.
    pub explicit: bool,
    /// Attempts to reconnect since the last success.
    pub attempts: u32,
    /// Its last refusal since the last success.
    pub last_auth_error: Option<AuthErrorKind>,
    /// For a discovered server, the host of the announcing server if that is a name: the name that
    /// its certificate must have.
    pub tls_name: Option<String>,
    /// The last pass in which it had its turn.
    pass: u32,
    /// It is in use, and the program has taken it out of the list.
    leaving: bool,
}

impl Server {
    fn new(url: ServerUrl, explicit: bool, tls_name: Option<String>) -> Self {
        Server {
            url: Arc::new(url),
            explicit,
            attempts: 0,
            last_auth_error: None,
            tls_name,
            pass: 0,
            leaving: false,
        }
    }

    /// Notes a refusal. True if the server refused for the same reason the last time: then further
    /// attempts are pointless.
    pub fn note_auth_error(&mut self, kind: AuthErrorKind) -> bool {
        self.last_auth_error.replace(kind) == Some(kind)
    }
}

/// The servers that a connection may use, in the order in which it tries them.
#[derive(Debug)]
pub struct ServerPool {
    servers: Vec<Server>,
    /// The server in use, or used last.
    current: Option<usize>,
    /// The first explicit URL with credentials; kept when its server leaves the list.
    user_info: Option<Arc<ServerUrl>>,
    /// Every `host:port` ever known, see [`seen_key`]; beyond the limit only those of the list.
    seen: HashSet<String>,
    /// The number of the last pass; 0 before the first.
    pass: u32,
}

impl ServerPool {
    /// The list that the options describe: `url` first, then `servers`, which are shuffled unless `no_randomize`.
    /// Without any, `nats://localhost:4222`. Duplicates stay.
    ///
    /// Fails if a URL cannot be parsed, see [`ServerUrl::parse`], and with `NATS_INVALID_ARG` if only some of them
    /// are WebSocket URLs: servers announce different addresses for the two.
    pub fn new<S>(url: Option<&str>, servers: &[S], no_randomize: bool) -> Result<Self>
    where
        S: Deref<Target = str>,
    {
        let explicit = |url: &str| ServerUrl::parse(url).map(|url| Server::new(url, true, None));
        let count = servers.len() + usize::from(url.is_some());
        let mut list: Vec<Server> = Vec::with_capacity(count.max(1));
        for url in url.into_iter().chain(servers.iter().map(S::deref)) {
            list.push(explicit(url).map_err(|e| match count {
                1 => e,
                _ => {
                    let text = format!("server {} of {count}: {}", list.len() + 1, e.text());
                    Error::new(e.status(), text)
                }
            })?);
        }
        if list.is_empty() {
            list.push(explicit(DEFAULT_URL)?);
        }
        let websocket = list.iter().filter(|s| s.url.is_websocket()).count();
        if websocket > 0 && websocket < list.len() {
            return Err(Error::invalid_arg(
                "the servers' URLs must be all of WebSocket (ws, wss), or none of them",
            ));
        }
        // Determined before shuffling, so that it is the same at every run.
        let user_info = list
            .iter()
            .map(|s| &s.url)
            .find(|url| url.has_credentials())
            .cloned();
        let seen = list.iter().map(|s| seen_key(&s.url)).collect();
        if !no_randomize {
            let fixed = usize::from(url.is_some());
            random::with(|rng| list[fixed..].shuffle(rng));
        }
        Ok(ServerPool {
            servers: list,
            current: None,
            user_info,
            seen,
            pass: 0,
        })
    }

    /// Replaces the list by the servers of the program, in the order of [`ServerPool::new`]. Those that the cluster has
    /// announced leave it, too: the next server announces its own.
    ///
    /// `in_use` says that the current server is connected, or is being tried: if it is not in the new list, it is given
    /// up when it is lost. Otherwise the first one of the new list is next. Fails as [`ServerPool::new`], and changes
    /// nothing then.
    pub fn replace<S>(&mut self, servers: &[S], no_randomize: bool, in_use: bool) -> Result<()>
    where
        S: Deref<Target = str>,
    {
        let mut new = ServerPool::new(None, servers, no_randomize)?;
        let current = self.current.filter(|_| in_use);
        match current.map(|index| self.servers.swap_remove(index)) {
            None => new.current = Some(0),
            Some(used) => {
                let same = |s: &Server| key(&s.url) == key(&used.url);
                match new.servers.iter().position(same) {
                    Some(index) => {
                        let server = &mut new.servers[index];
                        server.attempts = used.attempts;
                        server.last_auth_error = used.last_auth_error;
                        new.current = Some(index);
                    }
                    None => {
                        new.current = Some(new.servers.len());
                        new.servers.push(Server {
                            leaving: true,
                            ..used
                        });
                    }
                }
            }
        }
        new.seen.extend(self.seen.drain());
        new.pass = self.pass;
        *self = new;
        Ok(())
    }

    /// Selects a server by its URL, one of those that [`ServerPool::to_try`] has returned. No change if it has left the
    /// list since.
    pub fn select_url(&mut self, url: &Arc<ServerUrl>) {
        if let Some(index) = self.servers.iter().position(|s| Arc::ptr_eq(&s.url, url)) {
            self.current = Some(index);
        }
    }

    /// The servers that can be tried, the current one first.
    pub fn to_try(&self) -> Vec<Arc<ServerUrl>> {
        let current = self.current().map(|s| &s.url);
        let others = self.servers.iter().filter(|s| !s.leaving).map(|s| &s.url);
        let others = others.filter(|url| !current.is_some_and(|c| Arc::ptr_eq(c, url)));
        current.into_iter().chain(others).cloned().collect()
    }

    /// The number of servers.
    #[expect(
        clippy::len_without_is_empty,
        reason = "next_for_reconnect tells that; nobody else asks"
    )]
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// The servers in order.
    pub fn iter(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter()
    }

    /// The server in use, or used last.
    pub fn current(&self) -> Option<&Server> {
        self.current.and_then(|i| self.servers.get(i))
    }

    /// The server in use, or used last, for changing what is remembered about it.
    pub fn current_mut(&mut self) -> Option<&mut Server> {
        self.current.and_then(|i| self.servers.get_mut(i))
    }

    /// The first of the program's URLs that has a user or a token. Its credentials are used for
    /// servers without credentials of their own if the options have none either.
    pub fn first_user_info(&self) -> Option<&Arc<ServerUrl>> {
        self.user_info.as_ref()
    }

    /// Selects the server at this position. `None`, and no change, if there is none.
    pub fn select(&mut self, index: usize) -> Option<&Server> {
        let server = self.servers.get(index)?;
        self.current = Some(index);
        Some(server)
    }

    /// Begins a pass over the list for the first connect, see [`next_in_pass`](Self::next_in_pass).
    pub fn begin_pass(&mut self) {
        self.pass += 1;
    }

    /// Selects the first server that has not had its turn in this pass, or `None` at the end of it.
    ///
    /// This is [`select`](Self::select) for a list that changes meanwhile: a server that refuses
    /// the client has already announced others, and the list was shuffled.
    pub fn next_in_pass(&mut self) -> Option<&Server> {
        let pass = self.pass;
        let index = self.servers.iter().position(|s| s.pass != pass)?;
        self.servers[index].pass = pass;
        self.select(index)
    }

    /// Selects the next server for reconnecting: the one used last moves to the end of the list if
    /// it has attempts left (a negative `max_reconnect` is no limit) and leaves the list otherwise;
    /// then the first is next. `None` if the list is empty.
    ///
    /// The caller counts the attempt, after waiting: see [`count_attempt`](Self::count_attempt) and
    /// [`PassCounter`].
    pub fn next_for_reconnect(&mut self, max_reconnect: i32) -> Option<()> {
        if let Some(index) = self.current.take() {
            let used = self.servers.remove(index);
            if !used.leaving && u32::try_from(max_reconnect).map_or(true, |max| used.attempts < max)
            {
                self.servers.push(used);
            }
        }
        self.select(0).map(|_| ())
    }

    /// Counts an attempt to reconnect to the current server.
    pub fn count_attempt(&mut self) {
        if let Some(server) = self.current_mut() {
            server.attempts = server.attempts.saturating_add(1);
        }
    }

    /// The current server was connected for long enough: forget its attempts and its refusals.
    pub fn mark_connected(&mut self) {
        if let Some(server) = self.current_mut() {
            server.attempts = 0;
            server.last_auth_error = None;
        }
    }

    /// Does the connection use WebSocket?
    pub fn is_websocket(&self) -> bool {
        // The one in use may be the last one of a list that the program has replaced.
        let server = self.current().or(self.servers.first());
        server.is_some_and(|s| s.url.is_websocket())
    }

    /// Applies the `connect_urls` of an INFO (for WebSocket its `ws_connect_urls`, which get the scheme, the path and
    /// the query of the server in use). True if the discovered-servers callback is due.
    ///
    /// Announced servers that are not in the list are added, and discovered ones that are no longer announced are
    /// removed, except the one in use. `ignore` is the option to ignore all this. The callback is due for a server
    /// never seen before on this connection, but not while `initial`, during the first connect. If there is such a
    /// server and `randomize`, all but the first are shuffled.
    ///
    /// An empty `connect_urls` changes nothing, and malformed ones are skipped.
    pub fn update_discovered(
        &mut self,
        connect_urls: &[String],
        ignore: bool,
        initial: bool,
        randomize: bool,
    ) -> bool {
        if ignore {
            return false;
        }
        let in_use = self.current().map(|s| Arc::clone(&s.url));
        let scheme = in_use.as_ref().filter(|url| url.is_websocket());
        // What is in front of one server is likely to be in front of the others.
        let path = scheme.and_then(|url| url.path.clone());
        let scheme = scheme.map_or("nats", |url| url.scheme);
        let announced: Vec<ServerUrl> = connect_urls
            .iter()
            .take(ANNOUNCED_MAX)
            .filter_map(|s| announced(s, scheme))
            .map(|mut url| {
                url.path = path.clone();
                url
            })
            .collect();
        if announced.is_empty() {
            return false;
        }
        let is_in_use = |s: &Server| in_use.as_ref().is_some_and(|url| Arc::ptr_eq(url, &s.url));
        let tls_name = in_use
            .as_ref()
            .filter(|url| !url.host_is_ip())
            .map(|url| url.host.clone());

        let keys: HashSet<String> = announced.iter().map(key).collect();
        self.servers
            .retain(|s| s.explicit || is_in_use(s) || keys.contains(&key(&s.url)));
        let mut listed: HashSet<String> = self.servers.iter().map(|s| key(&s.url)).collect();
        let mut news = false;
        for url in announced {
            if let Some(stays) = self
                .servers
                .iter_mut()
                .find(|s| s.leaving && key(&s.url) == key(&url))
            {
                (stays.leaving, stays.explicit) = (false, false);
            }
            if listed.insert(key(&url)) {
                news |= self.seen.insert(seen_key(&url));
                self.servers.push(Server::new(url, false, tls_name.clone()));
            }
        }
        if news && randomize {
            random::with(|rng| self.servers[1..].shuffle(rng));
        }
        self.current = self.servers.iter().position(is_in_use);
        if self.seen.len() > SEEN_MAX {
            self.seen = self.servers.iter().map(|s| seen_key(&s.url)).collect();
        }
        news && !initial
    }

    /// All servers as `nats://host:port`, or with the WebSocket scheme, without credentials.
    pub fn urls(&self) -> Vec<String> {
        let urls = self.servers.iter().filter(|s| !s.leaving);
        urls.map(|s| s.url.without_credentials()).collect()
    }

    /// The discovered servers in the same form.
    pub fn discovered(&self) -> Vec<String> {
        let implicit = self.servers.iter().filter(|s| !s.explicit && !s.leaving);
        implicit.map(|s| s.url.without_credentials()).collect()
    }
}

/// The URL of a `host:port` that a server announced; `None` for anything else, so that no server
/// can hand out credentials or schemes.
fn announced(host_port: &str, scheme: &str) -> Option<ServerUrl> {
    let host_port = host_port.trim();
    let url = ServerUrl::parse(&format!("{scheme}://{host_port}")).ok()?;
    let bare = !host_port.is_empty() && !host_port.contains("://") && !host_port.contains('@');
    let plain = bare && url.path.is_none();
    plain.then_some(url)
}

/// Servers with equal keys are the same entry of the list. Host names are case-insensitive.
fn key(url: &ServerUrl) -> String {
    url.host_port().to_ascii_lowercase()
}

/// Servers with equal keys count as the same for being known: as [`key`], with all names of this
/// machine being one.
fn seen_key(url: &ServerUrl) -> String {
    let key = key(url);
    match key.rsplit_once(':') {
        Some(("127.0.0.1" | "[::1]", port)) => format!("localhost:{port}"),
        _ => key,
    }
}

/// The pause before an attempt to reconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// 1 ms: within a pass over the list.
    Short,
    /// The reconnect wait with its jitter, or the result of the program's delay callback.
    Full,
}

/// Spreads attempts to reconnect: servers of one pass over the list follow at once, and between two
/// passes is the full wait. One counter is used for each loss of the connection.
#[derive(Debug, Default)]
pub struct PassCounter {
    position: usize,
    full_waits: u32,
}

impl PassCounter {
    /// A counter at the start of a pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pause before the next attempt. `list_len` is the length of the list *after*
    /// [`ServerPool::next_for_reconnect`]: servers that leave the list bring the full wait closer.
    ///
    /// With the lost server at the end of three, that is short, short, full; with a single server
    /// every attempt has a full wait before it, including the first.
    pub fn next_pause(&mut self, list_len: usize) -> Pause {
        self.position += 1;
        if self.position < list_len {
            return Pause::Short;
        }
        self.full_pause()
    }

    /// As [`next_pause`](Self::next_pause), for a server that was lost right after its handshake: a full pause,
    /// wherever in the list it is. Another pass begins.
    pub fn full_pause(&mut self) -> Pause {
        self.position = 0;
        self.full_waits = self.full_waits.saturating_add(1);
        Pause::Full
    }

    /// The number of full waits so far: the argument of the program's delay callback.
    pub fn full_waits(&self) -> u32 {
        self.full_waits
    }
}

#[cfg(test)]
mod tests;
