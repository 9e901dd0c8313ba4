//! An endpoint of a service: its handler and its statistics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::Result;
use super::config::{EndpointConfig, QueueChoice};
use super::error::Error;
use super::request::{Handler, Request};
use super::service::Service;
use crate::client::{Extension, MsgSink, Subscription};
use crate::error::Status;
use crate::locks::Mutex;
use crate::msg::Msg;

/// Creates the data that an endpoint adds to its statistics: the text of a JSON object, or nothing.
pub type StatsData = Arc<dyn Fn(&Arc<Service>, &Endpoint) -> Result<Option<String>> + Send + Sync>;

/// An endpoint of a service, either of the program or for monitoring.
pub struct Endpoint {
    service: Arc<Service>,
    /// Identifies the endpoint within its service.
    pub(super) id: u64,
    /// Is it one of the nine for monitoring?
    pub(super) monitors: bool,
    subject: String,
    queue_group: Option<String>,
    /// The settings for the queue group, for comparison.
    queue: QueueChoice,
    state: Mutex<State>,
}

/// A number of nanoseconds. `Instant` and `Duration` cost four times as many instructions a request.
type Nanos = u64;

fn monotonic() -> Nanos {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as Nanos * 1_000_000_000 + now.tv_nsec as Nanos
}

struct State {
    setup: Arc<Setup>,
    counts: Counts,
    /// When the request began whose time is not counted yet; `None` also after a reset, which forgets it.
    began: Option<Nanos>,
    data: Option<StatsData>,
}

/// The fields that a later configuration of the same subject replaces.
pub(super) struct Setup {
    pub(super) name: String,
    pub(super) metadata: BTreeMap<String, String>,
    handler: Arc<dyn Handler>,
}

#[derive(Default, Clone)]
struct Counts {
    requests: u64,
    errors: u64,
    time: Nanos,
    last_error: String,
}

/// The statistics of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointStats {
    /// The number of requests.
    pub requests: u64,
    /// The number of errors that were answered, or that occurred in the endpoint.
    pub errors: u64,
    /// The total time of its handler.
    pub time: Duration,
    /// The last error; empty if there was none.
    pub last_error: String,
}

impl EndpointStats {
    /// The average time of its handler.
    pub fn average(&self) -> Duration {
        let nanos = self.time.as_nanos().checked_div(u128::from(self.requests));
        Duration::from_nanos(nanos.unwrap_or(0).try_into().unwrap_or(u64::MAX))
    }
}

impl Endpoint {
    pub(super) fn new(
        service: &Arc<Service>,
        id: u64,
        monitors: bool,
        subject: String,
        queue_group: Option<String>,
        config: EndpointConfig,
    ) -> Result<Arc<Endpoint>> {
        let queue = config.queue.clone();
        Ok(Arc::new(Endpoint {
            service: service.clone(),
            id,
            monitors,
            subject,
            queue_group,
            queue,
            state: Mutex::new(State {
                setup: Arc::new(Setup::of(config)?),
                counts: Counts::default(),
                began: None,
                data: None,
            }),
        }))
    }

    /// The service that it belongs to.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Its complete subject.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its queue group, if there is one.
    pub fn queue_group(&self) -> Option<&str> {
        self.queue_group.as_deref()
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.setup().name.clone()
    }

    /// Its metadata.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        self.setup().metadata.clone()
    }

    pub(super) fn setup(&self) -> Arc<Setup> {
        self.state.lock().setup.clone()
    }

    /// Its statistics.
    pub fn stats(&self) -> EndpointStats {
        let counts = self.state.lock().counts.clone();
        EndpointStats {
            requests: counts.requests,
            errors: counts.errors,
            time: Duration::from_nanos(counts.time),
            last_error: counts.last_error,
        }
    }

    /// Resets the statistics.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        let old = std::mem::take(&mut state.counts);
        state.began = None;
        drop(state);
        drop(old);
    }

    /// Applies a new configuration of the same subject, and resets the statistics.
    pub(super) fn update(&self, config: EndpointConfig) -> Result<()> {
        let name = &config.name;
        if config.queue.none != self.queue.none {
            return Err(Error::new(
                0,
                format!("can't change the queue group settings for endpoint '{name}'"),
            ));
        }
        if config.queue.group != self.queue.group {
            return Err(Error::new(
                0,
                format!("can't change the queue group for endpoint '{name}'"),
            ));
        }
        let setup = Arc::new(Setup::of(config)?);
        let old = std::mem::replace(&mut self.state.lock().setup, setup);
        drop(old);
        self.reset();
        Ok(())
    }

    /// Sets the function that adds data to its statistics.
    pub fn set_stats_data(&self, data: Option<StatsData>) {
        let old = std::mem::replace(&mut self.state.lock().data, data);
        drop(old);
    }

    pub(super) fn stats_data(&self) -> Option<StatsData> {
        self.state.lock().data.clone()
    }

    /// Counts an error that was answered, or that occurred in the endpoint.
    pub(super) fn count_error(&self, text: String) {
        let mut state = self.state.lock();
        state.counts.errors += 1;
        let old = std::mem::replace(&mut state.counts.last_error, text);
        drop(state);
        drop(old);
    }

    /// Counts the end of the request before this one in the same round, and the beginning of this one: one look at the
    /// clock and one lock for both.
    fn begin(&self) -> Arc<Setup> {
        let now = monotonic();
        let mut state = self.state.lock();
        let before = state.began.replace(now);
        state.counts.finish(now, before);
        state.counts.requests += 1;
        state.setup.clone()
    }

    /// Counts the end of the last request of a round.
    fn finish(&self) {
        let now = monotonic();
        let mut state = self.state.lock();
        let began = state.began.take();
        state.counts.finish(now, began);
    }

    /// Handles one request. [`Endpoint::finish`] has to follow when there is no other one.
    fn handle(self: &Arc<Self>, msg: Msg) {
        let setup = self.begin();
        let mut request = Request::new(self, msg);
        if let Err(error) = setup.handler.handle(&mut request)
            && let Err(error) = request.respond_error(Some(error))
        {
            self.count_error(error.to_string());
        }
    }
}

impl Counts {
    /// Adds the time of a request.
    fn finish(&mut self, now: Nanos, began: Option<Nanos>) {
        if let Some(began) = began {
            self.time += now.saturating_sub(began);
        }
    }
}

impl Setup {
    fn of(config: EndpointConfig) -> Result<Setup> {
        Ok(Setup {
            handler: config.checked_handler()?,
            name: config.name,
            metadata: config.metadata,
        })
    }
}

/// Receives the requests of an endpoint's subscription.
pub(super) struct Requests(pub(super) Arc<Endpoint>);

impl MsgSink for Requests {
    fn around(&self, _sub: &Arc<Subscription>, round: &mut dyn FnMut()) {
        let service = self.0.service();
        service.events().around(service, round);
        self.0.finish();
    }

    fn deliver(&self, _sub: &Arc<Subscription>, msg: Option<Msg>) {
        if let Some(msg) = msg {
            self.0.handle(msg);
        }
    }
}

impl Extension for Endpoint {
    /// An error that no function call could return ends the service: it would answer some requests and not others.
    fn reported(&self, _sub: &Arc<Subscription>, status: Status) {
        let text = status.text();
        let subject = &self.subject;
        self.count_error(format!(
            "NATS error on endpoint '{subject}': status {}: {text}",
            status as i32
        ));
        self.service.tell_error(self, status);
        // A subscription that cannot be drained ends with the connection.
        let _ = self.service.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_is_cut_to_nanoseconds() {
        let mut stats = EndpointStats {
            time: Duration::from_nanos(10),
            ..EndpointStats::default()
        };
        assert_eq!(stats.average(), Duration::ZERO);
        stats.requests = 3;
        assert_eq!(stats.average(), Duration::from_nanos(3));
    }
}
