//! Attempts to reconnect, and the pauses between them.

use std::sync::Arc;
use std::time::Duration;

use super::closing::close_now;
use super::connect::{Kind, established, try_server};
use super::failure::Failure;
use super::host::{Event, SessionHost};
use super::loss::is_second_auth_error;
use super::status::ConnStatus;
use crate::locks::Mutex;
use crate::log::Target;
use crate::net::servers::Pause;
use crate::random;
use crate::runtime::Job;
use crate::words::ms;

/// The pause between one server and the next in the same pass.
const SHORT_PAUSE: Duration = Duration::from_millis(1);

/// A task that runs once on a dialing thread.
struct Step(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Job for Step {
    fn run(self: Arc<Self>) -> bool {
        let step = self.0.lock().take();
        if let Some(step) = step {
            step();
        }
        false
    }
}

/// Runs a task on a dialing thread.
fn step<H: SessionHost>(host: &Arc<H>, step: impl FnOnce(&Arc<H>) + Send + 'static) {
    let this = host.clone();
    let step: Box<dyn FnOnce() + Send> = Box::new(move || step(&this));
    host.runtime()
        .dialers
        .submit(Arc::new(Step(Mutex::new(Some(step)))));
}

/// Chooses the next server, and the time of the attempt.
pub(super) fn next_attempt<H: SessionHost>(host: &Arc<H>) {
    let pause = {
        let mut state = host.session().state.lock();
        if state.is_closed() {
            return;
        }
        if state
            .pool
            .next_for_reconnect(host.session().config().max_reconnect)
            .is_none()
        {
            state.give_up_on_servers();
            None
        } else {
            let servers = state.pool.len();
            let pause = match std::mem::take(&mut state.too_short) {
                true => state.pass.full_pause(),
                false => state.pass.next_pause(servers),
            };
            Some((pause, state.pass.full_waits()))
        }
    };
    let Some((pause, pass)) = pause else {
        let text = || "no server is left to try".to_owned();
        host.session().log().error(Target::Session, text);
        return close_now(host);
    };
    let config = host.session().config();
    let asks = config.chooses_server || (config.custom_delay && pause == Pause::Full);
    match asks {
        // The program's functions may block.
        true => step(host, move |host| ask_program(host, pause, pass)),
        false => attempt_after(host, pause_by_options(host, pause)),
    }
}

/// Calls the program's functions, if there are any, for the pause and for the next server.
fn ask_program<H: SessionHost>(host: &Arc<H>, pause: Pause, pass: u32) {
    let config = host.session().config();
    let ask = || {
        let pause = match pause {
            Pause::Full if config.custom_delay => host.reconnect_delay(pass),
            pause => pause_by_options(host, pause),
        };
        Ok(match config.chooses_server {
            true => choose_server(host, pause),
            false => pause,
        })
    };
    // Fails if the connection has been closed.
    if let Ok(pause) = host.callbacks().life.call_program(ask) {
        attempt_after(host, pause);
    }
}

/// Lets the program choose the next server. Returns the pause before the attempt.
fn choose_server<H: SessionHost>(host: &Arc<H>, pause: Duration) -> Duration {
    let servers = host.session().state.lock().pool.to_try();
    let urls: Vec<String> = servers
        .iter()
        .map(|url| url.without_credentials())
        .collect();
    let (choice, pause) = host.choose_server(&urls, pause);
    if let Some(url) = choice.and_then(|index| servers.get(index)) {
        host.session().state.lock().pool.select_url(url);
    }
    pause
}

fn pause_by_options<H: SessionHost>(host: &Arc<H>, pause: Pause) -> Duration {
    match pause {
        Pause::Short => SHORT_PAUSE,
        Pause::Full => host.session().config().reconnect_wait + jitter(host),
    }
}

fn jitter<H: SessionHost>(host: &Arc<H>) -> Duration {
    let most = if host.session().tls().is_costly() {
        host.session().config().reconnect_jitter_tls
    } else {
        host.session().config().reconnect_jitter
    };
    random::up_to(most)
}

fn attempt_after<H: SessionHost>(host: &Arc<H>, pause: Duration) {
    if pause.is_zero() {
        step(host, attempt);
        return;
    }
    let this = host.clone();
    let mut state = host.session().state.lock();
    if state.is_closed() {
        return;
    }
    let text = || format!("the next attempt is in {}", ms(pause));
    host.session().log().debug(Target::Connect, text);
    let go = Box::new(move || step(&this, attempt));
    state.retry_timer = Some(host.runtime().timers.after(pause, go));
}

/// One attempt to connect to the chosen server, on a dialing thread.
fn attempt<H: SessionHost>(host: &Arc<H>) {
    let attempt = {
        let mut state = host.session().state.lock();
        state.retry_timer = None;
        if state.is_closed() {
            return;
        }
        state.pool.count_attempt();
        host.session().begin_attempt(&mut state)
    };
    let result = attempt.map_err(Failure::Unreachable).and_then(|attempt| {
        let (link, info) = try_server(host, &attempt)?;
        let established = established(host, link, info, Kind::Later);
        established.map_err(Failure::Refused)
    });
    let Err(failure) = result else { return };
    host.session().count_failure();
    let said = matches!(failure, Failure::Said(..));
    let kind = failure.auth_kind();
    let error = failure.into_error();
    let abort = {
        let mut state = host.session().state.lock();
        state.attempt = None;
        if state.is_closed() {
            return;
        }
        let text = || error.text().to_owned();
        host.session().log().warn(Target::Connect, text);
        state.set_attempt_error(&error);
        host.session()
            .set_status(&mut state, ConnStatus::NATS_CONN_STATUS_RECONNECTING);
        if said && !state.first_pending {
            host.tell(Event::Failure(&error));
        }
        drop(state);
        kind.is_some_and(|kind| is_second_auth_error(host, kind))
    };
    if abort {
        let text = || "the server has refused the credentials twice".to_owned();
        host.session().log().error(Target::Session, text);
        close_now(host);
    } else {
        next_attempt(host);
    }
}
