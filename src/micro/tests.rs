//! Services on a connection that has no server: the answers to monitoring.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::config::API_PREFIX;
use super::monitor::{info_json, stats_json};
use super::*;
use crate::client::{Connection, Options};
use crate::error::Status;

fn config() -> ServiceConfig {
    ServiceConfig {
        name: "s".into(),
        version: "1.0.0".into(),
        description: "a \"test\"".into(),
        queue: QueueChoice::default(),
        metadata: BTreeMap::new(),
        prefix: API_PREFIX.into(),
        stats_handler: None,
        events: Box::new(()),
    }
}

fn endpoint(name: &str) -> EndpointConfig {
    let nothing = |_: &mut Request<'_>| Ok(());
    EndpointConfig {
        name: name.into(),
        metadata: [("k".to_owned(), "v\n".to_owned())].into(),
        handler: Some(Arc::new(nothing)),
        ..EndpointConfig::default()
    }
}

fn service() -> Arc<Service> {
    let conn = Connection::new(&Options::default()).expect("no network needed");
    let service = Service::new(&conn, config()).expect("it can be");
    service
        .start(Some(endpoint("first")))
        .expect("nothing is sent yet");
    service
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

#[test]
fn infos_and_statistics_have_what_the_schemas_ask_for() {
    let service = service();
    service.add_endpoint(endpoint("second")).expect("it can be");
    let one = |name: &str| json!({"name": name, "subject": name, "queue_group": "q", "metadata": {"k": "v\n"}});
    assert_eq!(
        parsed(&info_json(&service)),
        json!({
            "type": "io.nats.micro.v1.info_response", "name": "s", "id": service.id(), "version": "1.0.0",
            "metadata": {}, "description": "a \"test\"", "endpoints": [one("second"), one("first")],
        })
    );
    let one = |name: &str| {
        json!({
            "name": name, "subject": name, "queue_group": "q", "num_requests": 0, "num_errors": 0, "last_error": "",
            "processing_time": 0, "average_processing_time": 0,
        })
    };
    let stats = parsed(&stats_json(&service));
    let started = stats["started"].as_str().expect("a text").to_owned();
    assert!(
        started.starts_with("20") && started.ends_with('Z'),
        "{started}"
    );
    assert_eq!(
        stats,
        json!({
            "type": "io.nats.micro.v1.stats_response", "name": "s", "id": service.id(), "version": "1.0.0",
            "metadata": {}, "started": started, "endpoints": [one("second"), one("first")],
        })
    );
}

#[test]
fn data_are_an_object_or_an_error() {
    let service = service();
    let set = |result: fn() -> Result<Option<String>>| {
        let data: StatsData = Arc::new(move |_: &Arc<Service>, _: &Endpoint| result());
        service
            .set_stats_data("first", Some(data))
            .expect("there is one");
        parsed(&stats_json(&service))["endpoints"][0].clone()
    };
    assert_eq!(
        set(|| Ok(Some("{\"a\":1}".into())))["data"],
        json!({"a": 1})
    );
    assert_eq!(set(|| Ok(None)).get("data"), None);
    let broken = set(|| Ok(Some("[1]".into())));
    assert_eq!(
        (broken.get("data"), &broken["num_errors"]),
        (None, &json!(1))
    );
    assert_eq!(
        set(|| Err(Error::new(3, "no")))["last_error"],
        json!("code 3: no")
    );
    service.reset();
    assert_eq!(service.endpoints()[0].stats(), EndpointStats::default());
    assert_eq!(
        service.set_stats_data("none", None).map_err(|e| e.status()),
        Err(Status::NATS_NOT_FOUND)
    );
}

#[test]
fn a_service_that_is_stopped_takes_no_endpoint() {
    let service = service();
    let group = service
        .add_group(GroupConfig {
            prefix: "g".into(),
            queue: QueueChoice::default(),
        })
        .expect("it can be");
    assert_eq!(
        group
            .add_endpoint(endpoint("e"))
            .expect("it can be")
            .subject(),
        "g.e"
    );
    assert!(!service.is_stopped());
    service.stop().expect("they can drain");
    service.run();
    let text = service
        .add_endpoint(endpoint("x"))
        .err()
        .map(|e| e.to_string());
    assert_eq!(
        text.as_deref(),
        Some("can't add an endpoint 'x' to service 's': the service is stopped")
    );
}

#[test]
fn names_versions_and_prefixes_are_checked() {
    let conn = Connection::new(&Options::default()).expect("no network needed");
    let refused = |change: fn(&mut ServiceConfig)| {
        let mut config = config();
        change(&mut config);
        Service::new(&conn, config).err() == Some(Error::INVALID_ARG)
    };
    assert!(refused(|c| c.name = "a b".into()));
    assert!(refused(|c| c.version.clear()));
    assert!(refused(|c| c.prefix.clear()));
    assert!(refused(|c| c.prefix = "a.*".into()));
    assert!(refused(|c| c.prefix = "a.".into()));
    assert!(!refused(|_| ()));
}
