//! The answers to PING, INFO and STATS: which services exist, their endpoints, and their statistics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Result;
use super::config::EndpointConfig;
use super::endpoint::Endpoint;
use super::error::Error;
use super::request::{Handler, Request};
use super::service::Service;
use crate::error::Status;
use crate::js::time::Time;

/// The type of the answer to PING.
pub const PING_TYPE: &str = "io.nats.micro.v1.ping_response";
/// The type of the answer to INFO.
pub const INFO_TYPE: &str = "io.nats.micro.v1.info_response";
/// The type of the answer to STATS.
pub const STATS_TYPE: &str = "io.nats.micro.v1.stats_response";

#[derive(Clone, Copy)]
enum Verb {
    Ping,
    Info,
    Stats,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Ping => "PING",
            Verb::Info => "INFO",
            Verb::Stats => "STATS",
        }
    }
}

/// The nine endpoints for monitoring, with their subjects: for each verb one for all services, one for those with this
/// name, and one for this instance.
pub(super) fn endpoints(service: &Service) -> Vec<(String, EndpointConfig)> {
    let (name, id) = (service.name(), service.id());
    let mut endpoints = Vec::new();
    for verb in [Verb::Ping, Verb::Info, Verb::Stats] {
        let all = format!("{}.{}", service.prefix(), verb.name());
        let handler: Arc<dyn Handler> = match (verb, service.stats_handler()) {
            (Verb::Stats, Some(handler)) => handler,
            _ => Arc::new(Answer(verb)),
        };
        let kind = format!("{all}.{name}");
        let instance = format!("{kind}.{id}");
        for (subject, level) in [(all, ""), (kind, "-kind"), (instance, "-instance")] {
            let config = EndpointConfig {
                name: format!("{}{level}", verb.name()),
                handler: Some(handler.clone()),
                ..EndpointConfig::default()
            };
            endpoints.push((subject, config));
        }
    }
    endpoints
}

struct Answer(Verb);

impl Handler for Answer {
    fn handle(&self, request: &mut Request<'_>) -> Result<()> {
        let service = request.service();
        let json = match self.0 {
            Verb::Ping => text_of(&Identity::of(service, PING_TYPE)),
            Verb::Info => text_of(&info(service)),
            Verb::Stats => text_of(&stats(service)),
        };
        request.respond(json.as_bytes())
    }
}

/// The fields that all answers have.
#[derive(Serialize)]
struct Identity<'a> {
    name: &'a str,
    id: &'a str,
    version: &'a str,
    metadata: &'a BTreeMap<String, String>,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> Identity<'a> {
    fn of(service: &'a Service, kind: &'static str) -> Self {
        Identity {
            name: service.name(),
            id: service.id(),
            version: service.version(),
            metadata: service.metadata(),
            kind,
        }
    }
}

#[derive(Serialize)]
struct Info<'a> {
    #[serde(flatten)]
    identity: Identity<'a>,
    description: &'a str,
    endpoints: Vec<EndpointInfo>,
}

#[derive(Serialize)]
struct EndpointInfo {
    name: String,
    subject: String,
    /// Empty for none: other clients do not read an endpoint without it.
    queue_group: String,
    metadata: BTreeMap<String, String>,
}

fn info(service: &Service) -> Info<'_> {
    let endpoint = |e: Arc<Endpoint>| {
        let setup = e.setup();
        EndpointInfo {
            name: setup.name.clone(),
            subject: e.subject().to_owned(),
            queue_group: e.queue_group().unwrap_or_default().to_owned(),
            metadata: setup.metadata.clone(),
        }
    };
    Info {
        identity: Identity::of(service, INFO_TYPE),
        description: service.description(),
        endpoints: service.endpoints().into_iter().map(endpoint).collect(),
    }
}

#[derive(Serialize)]
struct Stats<'a> {
    #[serde(flatten)]
    identity: Identity<'a>,
    started: String,
    endpoints: Vec<EndpointAnswer>,
}

#[derive(Serialize)]
struct EndpointAnswer {
    name: String,
    subject: String,
    /// Empty for none: other clients do not read an endpoint without it.
    queue_group: String,
    num_requests: u64,
    num_errors: u64,
    last_error: String,
    processing_time: u64,
    average_processing_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

fn stats(service: &Arc<Service>) -> Stats<'_> {
    let endpoint = |e: Arc<Endpoint>| {
        // The function that adds data may fail, which counts as an error: so it is called first.
        let data = data_of(service, &e).unwrap_or_else(|error| {
            e.count_error(error.to_string());
            None
        });
        let stats = e.stats();
        EndpointAnswer {
            name: e.name(),
            subject: e.subject().to_owned(),
            queue_group: e.queue_group().unwrap_or_default().to_owned(),
            num_requests: stats.requests,
            num_errors: stats.errors,
            processing_time: nanos(stats.time),
            average_processing_time: nanos(stats.average()),
            last_error: stats.last_error,
            data,
        }
    };
    Stats {
        identity: Identity::of(service, STATS_TYPE),
        started: Time(service.started()).to_text(),
        endpoints: service.endpoints().into_iter().map(endpoint).collect(),
    }
}

/// The data that an endpoint adds to its statistics. The schema requires an object.
fn data_of(service: &Arc<Service>, endpoint: &Endpoint) -> Result<Option<Value>> {
    let Some(data) = endpoint.stats_data() else {
        return Ok(None);
    };
    let Some(text) = data(service, endpoint)? else {
        return Ok(None);
    };
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        _ => Err(Error::new(
            0,
            format!(
                "the data for the statistics of endpoint '{}' are not a JSON object",
                endpoint.subject()
            ),
        )),
    }
}

fn nanos(time: Duration) -> u64 {
    let most = i64::MAX as u64;
    u64::try_from(time.as_nanos()).unwrap_or(most).min(most)
}

/// The answer to STATS, for handlers that replace the library's.
pub fn stats_json(service: &Arc<Service>) -> String {
    text_of(&stats(service))
}

/// The answer to INFO.
pub fn info_json(service: &Service) -> String {
    text_of(&info(service))
}

fn text_of(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|_| format!("{{\"error\":\"{}\"}}", Status::NATS_ERR.text()))
}
