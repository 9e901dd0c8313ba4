//! INFO, CONNECT and -ERR.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::net::url::ServerUrl;
use nats_rs::proto::connect::Connect;
use nats_rs::proto::info::ServerInfo;
use nats_rs::proto::server_error::ServerError;
use nats_rs_fuzz::halves;

fuzz_target!(|data: &[u8]| {
    match ServerInfo::parse(data) {
        Ok(info) => {
            for url in info.connect_urls.iter().chain(&info.ws_connect_urls) {
                let _ = ServerUrl::parse(url);
            }
        }
        Err(error) => assert!(error.to_string().len() < 1000),
    }
    let error = ServerError::parse(data);
    let _ = (
        error.meaning(),
        error.consequence(),
        error.auth_kind(),
        error.text(),
    );

    let (user, name) = halves(data);
    let (user, name) = (String::from_utf8_lossy(user), String::from_utf8_lossy(name));
    let connect = Connect {
        user: Some(&user),
        pass: Some(&name),
        name: &name,
        ..Connect::default()
    };
    let line = connect.encode(b"PING\r\n");
    let json = line.strip_prefix(b"CONNECT ").expect("the operation");
    let json = json.strip_suffix(b"\r\nPING\r\n").expect("its end");
    assert!(!json.contains(&b'\n') && !json.contains(&b'\r'), "one line");
    let read: serde_json::Value = serde_json::from_slice(json).expect("it is JSON");
    assert_eq!(read["user"], *user);
    assert_eq!(read["pass"], *name);
    assert_eq!(read["name"], *name);
});
