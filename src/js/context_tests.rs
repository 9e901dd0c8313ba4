use super::*;
use crate::client::Options;
use crate::js::api::StreamInfo;

fn context(options: ContextOptions) -> Arc<Context> {
    let conn = Connection::new(&Options::with_library_defaults(Duration::ZERO, false)).unwrap();
    Context::new(&conn, options)
}

#[test]
fn prefixes_and_domains() {
    let prefix = |domain: &str, prefix: &str| {
        let options = ContextOptions {
            domain: domain.into(),
            prefix: prefix.into(),
            ..Default::default()
        };
        context(options).prefix().to_owned()
    };
    assert_eq!(prefix("", ""), "$JS.API");
    assert_eq!(prefix("", "my.api."), "my.api");
    assert_eq!(prefix("hub", ""), "$JS.hub.API");
    assert_eq!(prefix("hub.", "my.api"), "$JS.hub.API");

    let context = context(ContextOptions {
        prefix: "my.api".into(),
        ..Default::default()
    });
    let of_call = |domain, prefix| {
        let options = CallOptions {
            domain,
            prefix,
            ..Default::default()
        };
        context.call(&options).subject("STREAM.INFO", &["S"])
    };
    assert_eq!(of_call("", ""), "my.api.STREAM.INFO.S");
    assert_eq!(of_call("", "x."), "x.STREAM.INFO.S");
    assert_eq!(of_call("hub", "x"), "$JS.hub.API.STREAM.INFO.S");
    let domain = |domain, prefix| {
        let options = CallOptions {
            domain,
            prefix,
            ..Default::default()
        };
        context.call(&options).domain().map(Cow::into_owned)
    };
    assert_eq!(domain("", ""), None);
    assert_eq!(domain("", "$JS.API"), None, "not connected");
    assert_eq!(domain("hub", ""), Some("hub".into()));
    assert_eq!(domain("", "$JS.leaf.API"), Some("leaf".into()));
}

#[test]
fn a_call_has_its_own_options_or_the_contexts() {
    let context = context(ContextOptions {
        purge: Purge {
            subject: Some("a".into()),
            keep: 2,
            ..Default::default()
        },
        deleted_details: true,
        required_level: 2,
        ..Default::default()
    });
    let plain = context.call(&CallOptions::default());
    assert_eq!(plain.wait(), DEFAULT_WAIT);
    assert_eq!((plain.purge.keep, plain.required_level), (2, 2));
    assert!(plain.info.deleted_details);
    let own = CallOptions {
        wait: Duration::from_millis(7),
        purge: Purge {
            sequence: 3,
            ..Default::default()
        },
        info: Some(InfoOptions {
            deleted_details: false,
            subjects_filter: "b",
        }),
        required_level: 3,
        ..Default::default()
    };
    let own = context.call(&own);
    assert_eq!(own.wait(), Duration::from_millis(7));
    // The three belong together.
    assert_eq!((own.purge.sequence, own.purge.keep), (3, 0));
    assert_eq!(own.purge.subject, None);
    assert_eq!(own.info.subjects_filter, "b");
    assert!(!own.info.deleted_details);
    assert_eq!(own.required_level, 3);
}

#[test]
fn answers_are_errors_or_values() {
    let error = |text: &str| read_response::<StreamInfo>(text.as_bytes()).unwrap_err();
    let known =
        error(r#"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#);
    assert_eq!(known.status(), Status::NATS_ERR);
    assert_eq!(known.code(), ErrCode::STREAM_NOT_FOUND);
    assert_eq!(known.text(), "stream not found");
    let unknown = error(r#"{"error":{"code":500,"err_code":99999}}"#);
    assert_eq!(unknown.code(), ErrCode(99999));
    assert_eq!(unknown.text(), "JetStream error 99999 (500)");
    let code_only = error(r#"{"error":{"code":503}}"#);
    assert_eq!(code_only.code(), ErrCode::NONE);
    let odd = error(r#"{"error":{"code":400,"err_code":9223372036854775807}}"#);
    assert_eq!(odd.code(), ErrCode(i32::MAX));
    let broken = error(r#"{"error":"#);
    assert_eq!(
        (broken.status(), broken.code()),
        (Status::NATS_ERR, ErrCode::NONE)
    );
    let wrong = error(r#"{"error":7}"#);
    assert_eq!(wrong.status(), Status::NATS_INVALID_ARG);
    assert_eq!(error("[]").status(), Status::NATS_INVALID_ARG);

    let value = |text: &str| read_response::<StreamInfo>(text.as_bytes()).unwrap();
    assert_eq!(value(""), StreamInfo::default());
    assert_eq!(value(r#"{"error":null}"#), StreamInfo::default());
    assert_eq!(value(r#"{"error":{"code":0}}"#), StreamInfo::default());
    assert_eq!(value(r#"{"state":{"messages":4}}"#).state.msgs, 4);
}
