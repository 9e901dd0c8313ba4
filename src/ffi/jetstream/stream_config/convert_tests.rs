use std::ffi::CStr;

use proptest::prelude::*;

use super::*;
use crate::js::api::Retention;
use crate::js::api::arbitrary::any_of;
use crate::js::api::json::{parse, to_text};

/// The same with other characters for NULs, at which strings of C end, and with names where there are none.
fn for_c(config: &StreamConfig) -> StreamConfig {
    let text = String::from_utf8(to_text(config)).unwrap();
    let mut config: StreamConfig = parse(text.replace("\\u0000", "n").as_bytes()).unwrap();
    config.name.push('S');
    for source in config.sources.iter_mut().chain(&mut config.mirror) {
        source.name.push('S');
        source.domain = "D".to_owned();
    }
    config
}

fn read_back(c: &jsStreamConfig) -> Result<StreamConfig> {
    // SAFETY: made by `to_c`.
    unsafe { from_c(c) }
}

proptest! {
    #[test]
    fn a_config_comes_back_whole(config in any_of::<StreamConfig>()) {
        let config = for_c(&config);
        let c = to_c(&config).unwrap();
        let mut back = read_back(&c).unwrap();
        // What the structure cannot tell from not being there, or says in fewer bits.
        if config.republish.as_ref().is_some_and(|r| r.destination.is_empty()) {
            prop_assert_eq!(&back.republish, &None);
            back.republish = config.republish.clone();
        }
        if back.subject_transform.is_none() {
            back.subject_transform = config.subject_transform.clone();
        }
        match (&mut back.consumer_limits, &config.consumer_limits) {
            (Some(back), Some(limits)) => {
                let least = limits.max_ack_pending.clamp(i32::MIN.into(), i32::MAX.into());
                prop_assert_eq!(back.max_ack_pending, least);
                back.max_ack_pending = limits.max_ack_pending;
            }
            (back, limits) => *back = limits.clone(),
        }
        prop_assert_eq!(back.max_msg_size, config.max_msg_size.clamp(i32::MIN.into(), i32::MAX.into()));
        back.max_msg_size = config.max_msg_size;
        prop_assert_eq!(back, config);
    }
}

fn from_server(text: &str) -> StreamConfig {
    parse(text.as_bytes()).unwrap()
}

const NEWER: &str = r#"{"name":"S","subjects":["a","b"],"retention":"someday","max_msgs":5,"new_limit":7,
    "sources":[{"name":"O","subject_transforms":[{"src":"a.>","dest":"b.>"}],"consumer":{"name":"C"}},
               {"name":"O","filter_subject":"x","new":1}],
    "placement":{"cluster":"c","preferred":"p"}}"#;

#[test]
fn what_c_has_no_place_for_survives_a_change() {
    let config = from_server(NEWER);
    let mut c = to_c(&config).unwrap();
    assert_eq!(c.Retention.0, 255);
    c.MaxMsgs = 6;
    let mut expected = config.clone();
    expected.max_msgs = 6;
    assert_eq!(read_back(&c).unwrap(), expected);
    // By a copy as well, with the sources the other way round and one of them alone.
    let mut copy = *c;
    assert_eq!(read_back(&copy).unwrap(), expected);
    // SAFETY: an array of two that the structure owns.
    let sources = unsafe { [*copy.Sources.add(1), *copy.Sources] };
    copy.Sources = sources.as_ptr().cast_mut();
    expected.sources.reverse();
    assert_eq!(read_back(&copy).unwrap(), expected);
    copy.SourcesLen = 1;
    expected.sources.pop();
    assert_eq!(read_back(&copy).unwrap(), expected);
}

#[test]
fn a_program_that_chooses_is_heard() {
    let config = from_server(NEWER);
    let mut c = to_c(&config).unwrap();
    c.Retention = jsRetentionPolicyArg(2);
    // SAFETY: two sources that the structure owns.
    let first = unsafe { &mut **c.Sources };
    first.FilterSubject = c"y".as_ptr();
    let mut expected = config.clone();
    expected.retention = Retention::WorkQueue;
    expected.sources[0].filter_subject = "y".into();
    expected.sources[0].subject_transforms.clear();
    assert_eq!(read_back(&c).unwrap(), expected);
    // SAFETY: likewise.
    unsafe { (**c.Sources).FilterSubject = ptr::null() };
    // Another name is another stream, of which nothing is known.
    let mut copy = *c;
    copy.Name = c"T".as_ptr();
    copy.Sources = ptr::null_mut();
    copy.SourcesLen = 0;
    let other = read_back(&copy).unwrap();
    assert_eq!((other.name.as_str(), other.rest), ("T", Default::default()));
    copy.Retention = jsRetentionPolicyArg(255);
    let refused = read_back(&copy).unwrap_err();
    assert_eq!(refused.text(), "invalid retention policy 255");
}

#[test]
fn what_is_kept_ends_with_the_structure() {
    let config = from_server(NEWER);
    let c = to_c(&config).unwrap();
    let name = c.Name;
    let is_kept = |name| {
        // SAFETY: only looked up, or a string of a living structure.
        unsafe { kept::find(name, |_| ()) }.is_some()
    };
    assert!(is_kept(name));
    // SAFETY: a string of the structure.
    let text = unsafe { CStr::from_ptr(name) }.to_owned();
    drop(c);
    let plain = to_c(&from_server(r#"{"name":"S","subjects":["a"]}"#)).unwrap();
    assert!(!is_kept(plain.Name));
    assert!(!is_kept(text.as_ptr()));
}

#[test]
fn arrays_and_numbers_are_checked() {
    let plain = to_c(&from_server(r#"{"name":"S"}"#)).unwrap();
    let refused = |change: &dyn Fn(&mut jsStreamConfig)| {
        let mut copy = *plain;
        change(&mut copy);
        read_back(&copy).unwrap_err().text().to_owned()
    };
    assert_eq!(
        refused(&|c| c.SubjectsLen = -1),
        "the number of subjects cannot be negative: -1"
    );
    assert_eq!(
        refused(&|c| c.SubjectsLen = 2),
        "subjects cannot be NULL where there are 2"
    );
    let mut none: [*const std::ffi::c_char; 1] = [ptr::null()];
    assert_eq!(
        refused(&|c| (c.Subjects, c.SubjectsLen) = (none.as_ptr().cast_mut(), 1)),
        "one of the subjects is NULL"
    );
    none[0] = c"\xff".as_ptr();
    assert_eq!(
        refused(&|c| (c.Subjects, c.SubjectsLen) = (none.as_ptr().cast_mut(), 1)),
        "subjects must be UTF-8: byte 0 is not"
    );
    let no_source: [*mut jsStreamSource; 1] = [ptr::null_mut()];
    assert_eq!(
        refused(&|c| (c.Sources, c.SourcesLen) = (no_source.as_ptr().cast_mut(), 1)),
        "one of the sources is NULL"
    );
    assert_eq!(
        refused(&|c| c.Metadata.Count = c_int::MAX),
        format!("the number of metadata cannot be negative: {}", c_int::MIN)
    );
    for (change, text) in [
        (
            (|c| c.Discard.0 = 7) as fn(&mut jsStreamConfig),
            "invalid discard policy 7",
        ),
        (|c| c.Storage.0 = -1, "invalid storage type -1"),
        (|c| c.Compression.0 = 9, "invalid storage type 9"),
        (|c| c.PersistMode.0 = 5, "invalid persist mode 5"),
    ] {
        assert_eq!(refused(&change), text);
    }
    // A pointer without a length is not looked at.
    let mut copy = *plain;
    copy.Subjects = ptr::dangling_mut();
    assert!(read_back(&copy).unwrap().subjects.is_empty());
}
