//! Tests of servers' URLs.

use super::*;
use Status::*;
use proptest::prelude::*;

fn parse(text: &str) -> ServerUrl {
    ServerUrl::parse(text).unwrap()
}

fn refused(text: &str) -> (Status, String) {
    let e = ServerUrl::parse(text).unwrap_err();
    (e.status(), e.text().to_owned())
}

#[test]
fn what_is_missing_has_a_default() {
    for text in [
        "localhost",
        "nats://",
        "://localhost",
        "NATS://localhost:",
        " :4222 ",
        "@localhost",
        "nats://:4222",
    ] {
        let url = parse(text);
        assert_eq!(&*url.full(), DEFAULT_URL, "{text}");
        assert_eq!(url.without_credentials(), DEFAULT_URL, "{text}");
        assert!(!url.has_credentials() && !url.is_tls(), "{text}");
        assert_eq!(url.path, None);
    }
}

#[test]
fn schemes() {
    let url = parse("TLS://Host:1");
    assert!(url.is_tls() && !url.is_websocket());
    assert_eq!(&*url.full(), "tls://Host:1");
    assert_eq!(url.without_credentials(), "nats://Host:1");
    assert!(parse("wss://h").is_tls() && parse("wss://h").is_websocket());
    assert!(!parse("ws://h").is_tls() && parse("ws://h").is_websocket());
    for text in [
        "tsl://h",
        "ssl://u:p@h",
        "https://h",
        "http://h",
        "natss://h",
        "any+thing.1://h",
        "TLS1://h",
        // A slash too few, or a colon.
        "tls:/h",
        "tls:/u:p@h:4222",
        "Nats:/h",
        "wss//h/path",
    ] {
        let (status, text) = refused(text);
        assert_eq!(status, NATS_INVALID_ARG, "{text}");
        assert!(text.contains("scheme"), "{text}");
    }
    // Hosts, users and passwords that look like schemes.
    assert_eq!(parse("tls").host, "tls");
    assert_eq!(parse("tls:1/x").host_port(), "tls:1");
    assert_eq!(&*parse("nats:nats@h").user.unwrap(), "nats");
    let url = parse("u:a://b@h");
    assert_eq!(
        (url.scheme, url.password.as_deref()),
        ("nats", Some("a://b"))
    );
    assert_eq!(parse("h/?to=http://x").host, "h");
}

#[test]
fn user_info() {
    let creds = |text: &str| {
        let url = parse(text);
        (url.user, url.password, url.token)
    };
    let some = |s: &str| Some(Secret::from(s));
    assert_eq!(creds("u:p@h"), (some("u"), some("p"), None));
    assert_eq!(creds("u:@h"), (some("u"), some(""), None));
    assert_eq!(creds(":p@h"), (None, None, None));
    assert_eq!(creds("tok%2@h"), (None, None, some("tok%2")));
    assert_eq!(creds("a@b:c:/d@h"), (some("a@b"), some("c:/d"), None));
    assert_eq!(creds("%41%c3%A9:%3a%2F@h"), (some("Aé"), some(":/"), None));
}

#[test]
fn the_full_url_keeps_the_credentials_as_written() {
    assert_eq!(parse("u:%41@h").full().as_str(), "nats://u:%41@h:4222");
    assert_eq!(parse("tls://:p@h:1/x").full().as_str(), "tls://:p@h:1/x");
    assert_eq!(parse("u:p@h").without_credentials(), "nats://h:4222");
    assert_eq!(parse("u:p@h").host_port(), "h:4222");
}

#[test]
fn malformed_escapes() {
    for (part, place) in [
        ("a%", "no two hexadecimal digits follow '%' at its byte 2"),
        ("a%4", "no two hexadecimal digits follow '%' at its byte 2"),
        (
            "%41%g1",
            "no two hexadecimal digits follow '%' at its byte 4",
        ),
        ("%+1", "no two hexadecimal digits follow '%' at its byte 1"),
        ("%ff", "it is not UTF-8"),
    ] {
        for (url, name) in [
            (format!("{part}:p@h"), "user"),
            (format!("u:{part}@h"), "password"),
        ] {
            let text = format!("invalid percent encoding in URL: {name}: {place}");
            assert_eq!(refused(&url), (NATS_ERR, text));
        }
    }
}

#[test]
fn ports() {
    assert_eq!(parse("h:0").port, 0);
    assert_eq!(parse("h:65535").port, 65535);
    assert_eq!(parse("h:00004222").port, 4222);
    for port in ["65536", "2147483648", "+1", "-1", "1x", "x", "b:1", "١"] {
        let (status, text) = refused(&format!("nats://h:{port}"));
        assert_eq!(status, NATS_INVALID_ARG);
        assert!(
            text.starts_with("invalid port at byte 9 of the server URL: "),
            "{text}"
        );
    }
}

#[test]
fn ipv6_addresses_are_in_brackets() {
    let url = parse("nats://u:p@[::1]:5222");
    assert_eq!((url.host.as_str(), url.port), ("::1", 5222));
    assert!(url.is_ipv6_literal && url.host_is_ip());
    assert_eq!(url.host_port(), "[::1]:5222");
    assert_eq!(&*url.full(), "nats://u:p@[::1]:5222");
    assert_eq!(parse("[fe80::1%eth0]").host, "fe80::1%eth0");
    assert_eq!(parse("[fe80::1%25eth0]").host, "fe80::1%eth0");
    assert_eq!(parse("[fe80::1%25]").host, "fe80::1%25");
    assert_eq!(parse("[fe80::1%25251]").host, "fe80::1%1");
    for text in ["::1", "[::1", "[::1]4222", "[]", "[name]:1", "[1.2.3.4]"] {
        assert_eq!(refused(text).0, NATS_INVALID_ARG, "{text}");
    }
    assert!(parse("127.0.0.1").host_is_ip());
    assert!(!parse("localhost").host_is_ip());
}

#[test]
fn paths() {
    for (text, port, path) in [
        ("ws://h:80/a/b?c=d", 80, "/a/b?c=d"),
        ("h/a", 4222, "/a"),
        ("h:/", 4222, "/"),
        ("[::1]/x", 4222, "/x"),
    ] {
        let url = parse(text);
        assert_eq!((url.port, url.path.as_deref()), (port, Some(path)));
    }
    assert_eq!(parse("h/a").full().as_str(), "nats://h:4222/a");
}

#[test]
fn websocket() {
    let url = parse("ws://u:p@h/a?b");
    assert_eq!((url.port, url.full().as_str()), (80, "ws://u:p@h:80/a?b"));
    assert_eq!(url.without_credentials(), "ws://h:80");
    let url = parse("WSS://[::1]:");
    assert_eq!((url.port, url.full().as_str()), (443, "wss://[::1]:443"));
    assert_eq!(parse("wss://h:4222").without_credentials(), "wss://h:4222");
}

#[test]
fn blanks_and_control_characters() {
    for text in [
        "", " \t\n", "a b", "a\r\nPUB", "u\0:p@h", "u:\tp@h", "\u{7f}h", "h/\u{1}",
    ] {
        assert_eq!(refused(text).0, NATS_INVALID_ARG, "{text:?}");
    }
    assert!(!refused("u:s3 cret@h").1.contains("s3"), "no secrets");
    assert_eq!(parse("\t h:1 \r\n").host_port(), "h:1");
}

#[test]
fn debug_output_has_no_secrets() {
    for text in ["us3r:s3cret@h", "s3cret@h", ":s3cret@h"] {
        assert_eq!(format!("{:?}", parse(text)), "nats://***@h:4222");
    }
    let url = parse("ws://h/?key=s3cret");
    assert_eq!(format!("{url:?}"), "ws://h:80/***");
}

#[test]
fn a_seed_is_refused_wherever_it_is() {
    let seed = nkeys::KeyPair::new_user().seed().unwrap();
    let escaped = format!("%{:x}{}", seed.as_bytes()[0], &seed[1..]);
    for text in [
        format!("{seed}@h"),
        format!("{seed}:p@h"),
        format!("u:{seed}@h"),
        format!("u:{escaped}@h"),
        format!("nats://{seed}"),
        format!("ws://h/?key={seed}"),
    ] {
        let (status, text) = refused(&text);
        assert_eq!(status, NATS_INVALID_ARG);
        assert!(text.contains("holds an NKey seed"), "{text}");
    }
}

/// What an unencoded password may contain.
fn password() -> impl Strategy<Value = String> {
    // Longer than a text of the library may contain by chance, and with digits: no word.
    "[A-Za-z0-9%:@/\\[\\]?#,. \\t\\u{7f}\\u{e4}-]{0,6}[A-Z][0-9][a-z][0-9][A-Z]{2}[A-Za-z0-9%:@/\\[\\]?#,. -]{0,6}"
}

proptest! {
    /// Wherever the mistake is, the error text has nothing of the password or the token.
    #[test]
    fn no_text_has_a_secret(
        secret in password(),
        before in prop::sample::select(vec![
            "", "u:", "nats://", "nats://u:", "tls://u:", "tsl://u:", "ws://", "nats:/u:", "://u:", "u%zz:",
        ]),
        after in prop::sample::select(vec![
            "", "@h", "@h:x", "@[::1", "@[x]", "@h:99999", "@", "@h/p?q", "@h:1,h2", "@a b",
        ]),
    ) {
        let text = format!("{before}{secret}{after}");
        let needle = needle(&secret);
        match ServerUrl::parse(&text) {
            Err(e) => prop_assert!(!e.text().contains(&needle), "{}: {}", text, e),
            // If it was parsed, the secret may have become the host, if no '@' followed it.
            Ok(url) if after.starts_with('@') && !secret.contains('@') => {
                let shown = format!("{url:?}");
                prop_assert!(!shown.contains(&needle));
                prop_assert!(!url.without_credentials().contains(&needle));
                prop_assert!(!url.host_port().contains(&needle));
            }
            Ok(_) => {}
        }
        for part in split_list(&text).unwrap_or_default() {
            if let Err(e) = ServerUrl::parse(&part) {
                prop_assert!(!e.text().contains(&needle), "{}: {}", part, e);
            }
        }
    }
}

/// The part of a password that is unlike any word.
fn needle(secret: &str) -> String {
    let is_core = |w: &[u8]| {
        w[0].is_ascii_uppercase()
            && w[1].is_ascii_digit()
            && w[2].is_ascii_lowercase()
            && w[3].is_ascii_digit()
            && w[4].is_ascii_uppercase()
            && w[5].is_ascii_uppercase()
    };
    let core = secret
        .as_bytes()
        .windows(6)
        .find(|w| is_core(w))
        .expect("it has one");
    String::from_utf8(core.to_owned()).expect("ASCII")
}

#[test]
fn lists() {
    assert_eq!(split_list("a").unwrap(), ["a"]);
    assert_eq!(split_list(" a , b:1,c").unwrap(), ["a", "b:1", "c"]);
    for list in ["", " ", ",", "a,", ",a", "a, ,b"] {
        let e = split_list(list).unwrap_err();
        assert_eq!(e.status(), NATS_INVALID_ARG, "{list:?}");
    }
}
