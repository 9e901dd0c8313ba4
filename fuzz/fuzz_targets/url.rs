//! Servers' URLs and lists of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::net::url::{ServerUrl, split_list};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Ok(urls) = split_list(&text) {
        for url in urls {
            let _ = ServerUrl::parse(&url);
        }
    }
    let Ok(url) = ServerUrl::parse(&text) else {
        return;
    };
    assert!(!url.host.is_empty());
    let _ = url.host_is_ip();
    // What it says of itself is the same URL.
    let full = url.full();
    let again = ServerUrl::parse(&full).expect("what it says is a URL");
    assert_eq!(again.host_port(), url.host_port());
    assert_eq!(again.full().as_str(), full.as_str());
    assert_eq!(again.user.as_deref(), url.user.as_deref());
    assert_eq!(again.password.as_deref(), url.password.as_deref());
    assert_eq!(again.token.as_deref(), url.token.as_deref());
    assert_eq!(again.path.as_deref(), url.path.as_deref());
    let bare = ServerUrl::parse(&url.without_credentials()).expect("what is listed is a URL");
    assert!(!bare.has_credentials());
    assert_eq!(bare.host_port(), url.host_port());
});
