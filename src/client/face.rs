//! Functions of a connection that layers above the client need beside messages.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use super::Subscription;
use super::callbacks::life::LifetimeGuard;
use super::connection::Connection;
use crate::error::Error;
use crate::locks::Mutex;
use crate::proto::nuid;
use crate::runtime::TimerHandle;

/// The extensions of layers above, one of each type. No other lock is taken while their lock is held.
#[derive(Default)]
pub(super) struct Extensions(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

/// An action that runs later unless it is cancelled. Dropping the handle has no effect.
pub struct Timer(TimerHandle);

impl Timer {
    /// Cancels the action; false if it has begun already.
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

/// Held by code that may still call the program: closing the connection and waiting for its last callback waits until
/// this is dropped.
#[derive(Clone)]
pub struct CallbackGuard {
    _lease: LifetimeGuard,
}

/// The version of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub patch: u32,
}

impl ServerVersion {
    /// Parses a version such as `2.15.0`, with any suffix.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim_start_matches('v').split('.').map(|part| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            part[..digits].parse().ok()
        });
        let mut next = || numbers.next().flatten();
        Some(ServerVersion {
            major: next()?,
            minor: next()?,
            patch: next().unwrap_or(0),
        })
    }
}

impl Connection {
    /// Runs an action later on the timer thread. The action must not wait, nor call the program.
    pub fn after(&self, delay: Duration, action: impl FnOnce() + Send + 'static) -> Timer {
        Timer(self.runtime.timers.after(delay, Box::new(action)))
    }

    /// Has the server sent something that has not been read and handed over yet? To be asked before a server is taken to
    /// be silent. Does not wait.
    pub fn has_unread(&self) -> bool {
        self.session.link().is_some_and(|link| link.has_unread())
    }

    /// Calls the program's error handler, in order with the other callbacks of the connection. Does not change the
    /// connection's last error. Does not wait.
    pub fn report_error(self: &Arc<Self>, sub: Option<&Arc<Subscription>>, error: &Error) {
        if !self.is_closed() {
            let text = Some(error.text().to_owned()).filter(|text| !text.is_empty());
            self.post_error(sub, error.status(), text);
        }
    }

    /// Returns the right to call the program; `None` once the connection is closed.
    pub fn callback_guard(&self) -> Option<CallbackGuard> {
        self.lifetime_guard().map(|lifetime_guard| CallbackGuard {
            _lease: lifetime_guard,
        })
    }

    /// Runs a callback of the program, so that functions called in it can tell that they run inside a callback of this
    /// connection.
    pub fn in_program<R>(&self, callback: impl FnOnce() -> R) -> R {
        self.callbacks.life.inside(callback)
    }

    /// Returns the value of this type that a layer above keeps with the connection; the first call creates it.
    ///
    /// The value lives as long as the connection, so a reference back to the connection has to be weak.
    pub fn extension<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let find = |all: &[Arc<dyn Any + Send + Sync>]| {
            all.iter().find_map(|one| one.clone().downcast::<T>().ok())
        };
        if let Some(found) = find(&self.extensions.0.lock()) {
            return found;
        }
        let made = Arc::new(make());
        let mut all = self.extensions.0.lock();
        if let Some(found) = find(&all) {
            drop(all);
            return found;
        }
        all.push(made.clone());
        made
    }

    /// Returns a unique subject below the connection's inbox prefix.
    pub fn new_inbox(&self) -> Vec<u8> {
        nuid::inbox(&self.opts.inbox_prefix)
    }

    /// Returns the version of the present server or the last one; `None` if there was none yet, or if its version
    /// cannot be parsed.
    pub fn server_release(&self) -> Option<ServerVersion> {
        self.session
            .with_info(|info| ServerVersion::parse(&info.version))
    }

    /// Has the present server, or the last one, this version or a later one? False if its version is unknown.
    pub fn server_at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        let wanted = ServerVersion {
            major,
            minor,
            patch,
        };
        self.server_release().is_some_and(|found| found >= wanted)
    }

    /// Returns the JetStream domain of the present server, or of the last one; `None` if it has none.
    pub fn server_domain(&self) -> Option<String> {
        self.session
            .with_info(|info| (!info.domain.is_empty()).then(|| info.domain.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Options;

    #[test]
    fn versions_by_example() {
        let version = |text| ServerVersion::parse(text).map(|v| (v.major, v.minor, v.patch));
        assert_eq!(version("2.15.0"), Some((2, 15, 0)));
        assert_eq!(version("v2.9.25-beta.1"), Some((2, 9, 25)));
        assert_eq!(version("2.10"), Some((2, 10, 0)));
        assert_eq!(version("2.11.0-RC.1"), Some((2, 11, 0)));
        for text in ["", "2", "a.b.c", "99999999999.0.0"] {
            assert_eq!(version(text), None, "{text}");
        }
        assert!(ServerVersion::parse("2.9.3") < ServerVersion::parse("2.10.0"));
    }

    #[test]
    fn a_connection_keeps_one_extension_of_each_type() {
        let conn = Connection::new(&Options::default()).expect("no network needed");
        let first = conn.extension(|| 1u32);
        assert!(Arc::ptr_eq(&first, &conn.extension(|| 2u32)));
        assert_eq!(*conn.extension(|| 3u8), 3);
        assert_eq!(conn.server_release(), None);
        assert!(!conn.server_at_least(0, 0, 0));
        assert_ne!(conn.new_inbox(), conn.new_inbox());
    }
}
