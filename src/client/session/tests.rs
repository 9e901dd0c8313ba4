//! The session against a scripted host: no network, and links that only record what happens to them. The host is here,
//! the tests are in `cases`.

mod cases;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::closing::close_now;
use super::connect::{connect, info_received};
use super::drain::{drain, subscription_gone};
use super::failure::Failure;
use super::handshake::Attempt;
use super::host::{Event, SessionHost, SessionLink};
use super::loss::{on_disconnect, reconnect};
use super::state::Session;
use super::status::ConnStatus;
use super::tls::TlsPolicy;
use crate::client::callbacks::events::Callbacks;
use crate::client::options::Options;
use crate::client::outgoing::attach::Detached;
use crate::client::outgoing::ping::PingWaiter;
use crate::error::{Error, Result, Status};
use crate::locks::Mutex;
use crate::log::Logger;
use crate::net::Socket;
use crate::net::servers::{AuthErrorKind, ServerPool};
use crate::proto::info::ServerInfo;
use crate::runtime::{Runtime, library};

/// Practically for ever, as a timeout.
const LONG: Duration = Duration::from_secs(20);

/// The outcome of an attempt.
enum Outcome {
    Unreachable,
    Refused,
    Said(AuthErrorKind),
    Good,
}

struct TestLink {
    host: Weak<TestHost>,
    over: AtomicBool,
    given_up: AtomicBool,
    stopped: AtomicBool,
}

impl SessionLink for TestLink {
    fn start(self: &Arc<Self>) -> Result<()> {
        Ok(())
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    fn fail(self: &Arc<Self>, error: Error) {
        if !self.over.swap(true, Ordering::AcqRel)
            && let Some(host) = self.host.upgrade()
        {
            on_disconnect(&host, self, error);
        }
    }

    fn give_up(self: &Arc<Self>, error: Error) {
        self.given_up.store(true, Ordering::Release);
        self.fail(error);
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    fn has_unread(&self) -> bool {
        let host = self.host.upgrade();
        host.is_some_and(|host| host.unread.load(Ordering::Acquire))
    }

    fn wait_for_its_reader(&self) {}
}

struct TestHost {
    session: Session<TestLink>,
    callbacks: Callbacks,
    runtime: Arc<Runtime>,
    /// When none are left, servers are unreachable.
    outcomes: Mutex<VecDeque<Outcome>>,
    told: Sender<String>,
    pings: Mutex<Vec<PingWaiter>>,
    subscriptions: AtomicUsize,
    /// Links have something that was not read.
    unread: AtomicBool,
}

impl TestHost {
    fn tell(&self, what: impl Into<String>) {
        let _ = self.told.send(what.into());
    }
}

impl SessionHost for TestHost {
    type Link = TestLink;

    fn session(&self) -> &Session<TestLink> {
        &self.session
    }

    fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn tell(self: &Arc<Self>, event: Event<'_>) {
        assert!(
            self.session.is_closed() || self.session.state.try_lock().is_none(),
            "told with the state locked, so that the order is that of the changes"
        );
        TestHost::tell(
            self,
            match event {
                Event::Connected => "connected".to_owned(),
                Event::Reconnected => "reconnected".to_owned(),
                Event::Disconnected(reason) => {
                    format!("disconnected: {}", reason.map_or("", |e| e.text()))
                }
                Event::Draining => "draining".to_owned(),
                Event::Closed => "closed".to_owned(),
                Event::DiscoveredServers => "discovered".to_owned(),
                Event::LameDuck => "lame duck".to_owned(),
                Event::Failure(error) => format!("failure: {}", error.text()),
            },
        );
    }

    fn detach(&self, _: &Arc<TestLink>, broke: bool) -> Detached {
        assert!(self.session.state.try_lock().is_none());
        TestHost::tell(self, if broke { "broke" } else { "given up" });
        Detached::default()
    }

    fn dial(&self, _: &Attempt) -> Result<Socket, Failure> {
        let mut outcomes = self.outcomes.lock();
        if let None | Some(Outcome::Unreachable) = outcomes.front() {
            outcomes.pop_front();
            let refused = Error::new(Status::NATS_NO_SERVER, "nobody there");
            return Err(Failure::Unreachable(refused));
        }
        let (socket, _) = UnixStream::pair().unwrap();
        Ok(Socket::new(OwnedFd::from(socket).into()).expect("a number is free"))
    }

    fn shake_hands(
        self: &Arc<Self>,
        _: Socket,
        _: &Attempt,
    ) -> Result<(Arc<TestLink>, ServerInfo), Failure> {
        assert_eq!(
            self.session.status(),
            ConnStatus::NATS_CONN_STATUS_CONNECTING
        );
        match self.outcomes.lock().pop_front() {
            Some(Outcome::Good) => {}
            Some(Outcome::Said(kind)) => {
                let error = Error::new(Status::NATS_CONNECTION_AUTH_FAILED, "go away");
                return Err(Failure::Said(error, Some(kind)));
            }
            _ => return Err(Error::new(Status::NATS_PROTOCOL_ERROR, "no INFO").into()),
        }
        let link = Arc::new(TestLink {
            host: Arc::downgrade(self),
            over: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        Ok((link, ServerInfo::default()))
    }

    fn reconnect_delay(self: &Arc<Self>, pass: u32) -> Duration {
        TestHost::tell(self, format!("delay {pass}"));
        Duration::ZERO
    }

    fn choose_server(
        self: &Arc<Self>,
        urls: &[String],
        pause: Duration,
    ) -> (Option<usize>, Duration) {
        TestHost::tell(self, format!("choose of {}", urls.join(" ")));
        (Some(1), pause)
    }

    fn heed_limits(self: &Arc<Self>, _: &ServerInfo) {}

    fn resume(&self, _: &Arc<TestLink>) {
        TestHost::tell(self, "resumed");
    }

    fn ping(&self, waiter: PingWaiter) {
        if !matches!(waiter, PingWaiter::Keepalive) {
            self.pings.lock().push(waiter);
        }
    }

    fn write_pending(&self, _: &Arc<TestLink>) {}

    fn forgive_refused(&self) {}

    fn fail_requests(&self, status: Status) {
        TestHost::tell(self, format!("requests fail: {}", status.text()));
    }

    fn close_outgoing(&self) {
        TestHost::tell(self, "outgoing closed");
    }

    fn end_subscriptions(&self) {
        TestHost::tell(self, "subscriptions ended");
    }

    fn leave_loop(&self) {}

    fn refuse_publishes(&self) {
        TestHost::tell(self, "no publishes");
    }

    fn unsubscribe_answers(&self) {}

    fn drain_subscriptions(&self) -> Box<dyn FnOnce(Result<()>) + Send> {
        let told = self.told.clone();
        Box::new(move |result| {
            let _ = told.send(format!("flushed: {}", result.is_ok()));
        })
    }

    fn open_subscriptions(&self) -> usize {
        self.subscriptions.load(Ordering::Relaxed)
    }

    fn late_subscriptions(&self) -> Option<(String, Box<dyn FnOnce()>)> {
        let left = self.open_subscriptions();
        (left > 0).then(|| (format!("{left} left"), Box::new(|| {}) as Box<dyn FnOnce()>))
    }
}

fn options() -> Options {
    Options {
        no_randomize: true,
        reconnect_wait: Duration::from_millis(1),
        reconnect_jitter: Duration::ZERO,
        ping_interval: None,
        ..Options::default()
    }
}

/// Creates a host with these servers, and the receiver of its events.
fn host(
    opts: &Options,
    servers: &[&str],
    outcomes: impl IntoIterator<Item = Outcome>,
) -> (Arc<TestHost>, Receiver<String>) {
    let runtime = library::runtime().unwrap();
    let pool = ServerPool::new(None, servers, true).unwrap();
    let (told, hear) = mpsc::channel();
    let host = TestHost {
        session: Session::new(
            opts.session(),
            TlsPolicy::new(opts.security.clone()),
            pool,
            Logger::of_no_connection(),
        ),
        callbacks: Callbacks::new(1, runtime.clone(), false, None).unwrap(),
        runtime,
        outcomes: Mutex::new(outcomes.into_iter().collect()),
        told,
        pings: Mutex::default(),
        subscriptions: AtomicUsize::new(0),
        unread: AtomicBool::new(false),
    };
    (Arc::new(host), hear)
}

/// The events up to `last`.
fn until(hear: &Receiver<String>, last: &str) -> Vec<String> {
    let mut all = Vec::new();
    while all.last().is_none_or(|told| told != last) {
        all.push(hear.recv_timeout(LONG).unwrap());
    }
    all
}

fn gone() -> Error {
    Error::new(Status::NATS_CONNECTION_CLOSED, "gone")
}
