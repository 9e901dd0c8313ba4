//! INFO: what a server reports about itself.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::words::shown;

/// The fields of an INFO. Fields that the server left out, or sent as `null`, are empty, false or
/// 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerInfo {
    /// The server's unique id.
    pub server_id: String,
    /// Its configured name; by default the id.
    pub server_name: String,
    /// The version of the server, for example `2.12.1`.
    pub version: String,
    /// The name of the cluster that it belongs to.
    pub cluster: String,
    /// The JetStream domain.
    pub domain: String,
    /// The address it listens on.
    pub host: String,
    /// The port it listens on.
    pub port: i32,
    /// The version of the protocol that it speaks.
    pub proto: i32,
    /// Does it require credentials?
    pub auth_required: bool,
    /// Does it require TLS?
    pub tls_required: bool,
    /// Does it offer TLS?
    pub tls_available: bool,
    /// Does it support message headers?
    pub headers: bool,
    /// Does it have JetStream?
    pub jetstream: bool,
    /// Lame duck mode: the server is about to shut down, and clients should connect elsewhere.
    pub ldm: bool,
    /// The largest message, headers and payload together, that it accepts.
    pub max_payload: i64,
    /// Its number for this connection.
    pub client_id: u64,
    /// The client's address as the server sees it.
    pub client_ip: String,
    /// The nonce to sign with an NKey as proof of its possession.
    pub nonce: String,
    /// `host:port` of all servers of the cluster.
    pub connect_urls: Vec<String>,
    /// The same for WebSocket.
    pub ws_connect_urls: Vec<String>,
}

/// An INFO that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InfoError {
    /// It is not JSON.
    #[error("{0}")]
    Syntax(String),
    /// It is JSON, but not an object, or a field has the wrong type.
    #[error("Invalid protocol: {0}")]
    WrongType(String),
}

impl ServerInfo {
    /// Parses the JSON text of an INFO. An empty text is accepted: then nothing is known.
    pub fn parse(json: &[u8]) -> Result<Self, InfoError> {
        if json.trim_ascii().is_empty() {
            return Ok(ServerInfo::default());
        }
        // In two steps, so that invalid JSON is distinguished from a wrong type wherever each of
        // them occurs, and the last one counts of a field that is sent twice. Written by hand:
        // derived code is 16 KB larger.
        let value = serde_json::from_slice(json).map_err(|e| {
            let text = e.to_string();
            let why = text.split(" at line ").next().unwrap_or_default();
            let (at, begin) = (e.column(), shown(&json[..json.len().min(32)]));
            InfoError::Syntax(format!("INFO is not JSON: {why} at byte {at} of '{begin}'"))
        })?;
        let Value::Object(mut fields) = value else {
            return Err(InfoError::WrongType("INFO is not an object".into()));
        };
        let fields = &mut fields;
        Ok(ServerInfo {
            server_id: take(fields, "server_id")?,
            server_name: take(fields, "server_name")?,
            version: take(fields, "version")?,
            cluster: take(fields, "cluster")?,
            domain: take(fields, "domain")?,
            host: take(fields, "host")?,
            port: take(fields, "port")?,
            proto: take(fields, "proto")?,
            auth_required: take(fields, "auth_required")?,
            tls_required: take(fields, "tls_required")?,
            tls_available: take(fields, "tls_available")?,
            headers: take(fields, "headers")?,
            jetstream: take(fields, "jetstream")?,
            ldm: take(fields, "ldm")?,
            max_payload: take(fields, "max_payload")?,
            client_id: take(fields, "client_id")?,
            client_ip: take(fields, "client_ip")?,
            nonce: take(fields, "nonce")?,
            connect_urls: take(fields, "connect_urls")?,
            ws_connect_urls: take(fields, "ws_connect_urls")?,
        })
    }
}

/// A field; the default if it is absent or `null`.
fn take<T: DeserializeOwned + Default>(
    fields: &mut Map<String, Value>,
    name: &str,
) -> Result<T, InfoError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|e| {
            let text = e.to_string();
            // The expectation is expressed in terms of the deserializer, so it is left out.
            let why = text.split(", expected ").next().unwrap_or_default();
            InfoError::WrongType(format!("{why} in INFO's field '{name}'"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_real_one() {
        let json =
            br#"{"server_id":"NB","server_name":"n1","version":"2.10.7","proto":1,"go":"go1.21.5",
            "host":"0.0.0.0","port":4222,"headers":true,"auth_required":true,"tls_available":true,
            "max_payload":1048576,"jetstream":true,"client_id":18446744073709551615,
            "client_ip":"127.0.0.1","nonce":"abc","cluster":"c","domain":"hub",
            "connect_urls":["a:1","[::1]:2"],"ws_connect_urls":["a:80"],"new":{"x":[1]}}"#;
        let info = ServerInfo::parse(json).unwrap();
        let expected = ServerInfo {
            server_id: "NB".into(),
            server_name: "n1".into(),
            version: "2.10.7".into(),
            cluster: "c".into(),
            domain: "hub".into(),
            host: "0.0.0.0".into(),
            port: 4222,
            proto: 1,
            auth_required: true,
            tls_required: false,
            tls_available: true,
            headers: true,
            jetstream: true,
            ldm: false,
            max_payload: 1_048_576,
            client_id: u64::MAX,
            client_ip: "127.0.0.1".into(),
            nonce: "abc".into(),
            connect_urls: vec!["a:1".into(), "[::1]:2".into()],
            ws_connect_urls: vec!["a:80".into()],
        };
        assert_eq!(info, expected);
    }

    #[test]
    fn absent_and_null() {
        for json in [
            "",
            " \r",
            "{}",
            r#"{"server_id":null,"port":null,"connect_urls":null}"#,
        ] {
            assert_eq!(
                ServerInfo::parse(json.as_bytes()),
                Ok(ServerInfo::default())
            );
        }
        let twice = ServerInfo::parse(br#"{"port":1,"port":2}"#);
        assert_eq!(twice.unwrap().port, 2);
    }

    #[test]
    fn errors() {
        for json in [
            "{",
            "{]",
            "x",
            "{} {}",
            r#"{"port":"1","#,
            "{\"host\":\"\u{1}\"}",
        ] {
            let error = ServerInfo::parse(json.as_bytes()).unwrap_err();
            assert!(matches!(error, InfoError::Syntax(_)), "{json}: {error}");
        }
        for json in [
            "[]",
            "1",
            "null",
            r#"{"port":"1"}"#,
            r#"{"ldm":1}"#,
            r#"{"connect_urls":[1]}"#,
        ] {
            let error = ServerInfo::parse(json.as_bytes()).unwrap_err();
            assert!(
                error.to_string().starts_with("Invalid protocol: "),
                "{json}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(json: Vec<u8>, text in "[\\[\\]{}\",:0-9a-z]{0,40}") {
            let _ = ServerInfo::parse(&json);
            let _ = ServerInfo::parse(text.as_bytes());
        }
    }
}
