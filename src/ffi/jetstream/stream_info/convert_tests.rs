use std::ffi::{CStr, c_char};
use std::ptr;

use proptest::prelude::*;

use super::*;
use crate::js::api::arbitrary::any_of;
use crate::js::api::json::parse;
use crate::js::api::{AccountInfo, ConsumerInfo};

/// The text of a string; empty for NULL.
fn str(text: *const c_char) -> String {
    match text.is_null() {
        true => String::new(),
        // SAFETY: a string of a structure that was made.
        false => unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned(),
    }
}

#[test]
fn an_info_in_c() {
    let info: StreamInfo = parse(
        br#"{"config":{"name":"S"},"created":"1970-01-01T00:00:01Z",
        "state":{"messages":1,"bytes":2,"first_seq":3,"first_ts":"1970-01-01T00:00:02Z","last_seq":4,
            "last_ts":"1970-01-01T00:00:03Z","num_subjects":2,"subjects":{"a":5,"b":6},"num_deleted":2,
            "deleted":[7,8],"lost":{"msgs":[9],"bytes":10},"consumer_count":11},
        "cluster":{"name":"c","leader":"l","replicas":[{"name":"r","current":true,"active":12,"lag":13}],
            "raft_group":"g","leader_since":"1970-01-01T00:00:04Z","system_account":true,"traffic_account":"t"},
        "mirror":{"name":"m","external":{"api":"p"},"lag":14,"active":-1,"filter_subject":"f",
            "subject_transforms":[{"src":"x","dest":"y"},{"src":"","dest":"z"}]},
        "sources":[{"name":"o"}],"alternates":[{"name":"n","domain":"d","cluster":"k"}]}"#,
    )
    .unwrap();
    let made = to_c(&info).unwrap();
    let c = &*made;
    // SAFETY: all that it points at was made for it.
    unsafe {
        assert_eq!(str((*c.Config).Name), "S");
        let state = &c.State;
        assert_eq!((c.Created, state.Msgs, state.Bytes), (1_000_000_000, 1, 2));
        assert_eq!((state.FirstSeq, state.FirstTime), (3, 2_000_000_000));
        assert_eq!((state.LastSeq, state.LastTime), (4, 3_000_000_000));
        assert_eq!(
            (state.NumSubjects, state.NumDeleted, state.Consumers),
            (2, 2, 11)
        );
        let subjects = &*state.Subjects;
        let listed = std::slice::from_raw_parts(subjects.List, subjects.Count as usize);
        let listed: Vec<_> = listed.iter().map(|s| (str(s.Subject), s.Msgs)).collect();
        assert_eq!(listed, [("a".to_owned(), 5), ("b".to_owned(), 6)]);
        let deleted = std::slice::from_raw_parts(state.Deleted, state.DeletedLen as usize);
        assert_eq!(deleted, [7, 8]);
        let lost = &*state.Lost;
        assert_eq!((*lost.Msgs, lost.MsgsLen, lost.Bytes), (9, 1, 10));
        let cluster = &*c.Cluster;
        assert_eq!(
            (str(cluster.Name), str(cluster.Leader)),
            ("c".into(), "l".into())
        );
        assert_eq!(
            (str(cluster.RaftGroup), cluster.LeaderSince),
            ("g".into(), 4_000_000_000)
        );
        assert_eq!(
            (cluster.SystemAcc, str(cluster.TrafficAcc)),
            (true, "t".into())
        );
        assert_eq!(cluster.ReplicasLen, 1);
        let peer = &**cluster.Replicas;
        assert_eq!(
            (str(peer.Name), peer.Current, peer.Offline),
            ("r".into(), true, false)
        );
        assert_eq!((peer.Active, peer.Lag), (12, 13));
        let mirror = &*c.Mirror;
        assert_eq!(
            (str(mirror.Name), str(mirror.FilterSubject)),
            ("m".into(), "f".into())
        );
        assert_eq!((mirror.Lag, mirror.Active), (14, -1));
        assert_eq!(str((*mirror.External).APIPrefix), "p");
        assert!((*mirror.External).DeliverPrefix.is_null());
        assert_eq!(mirror.SubjectTransformsLen, 2);
        let second = &*mirror.SubjectTransforms.add(1);
        assert_eq!(
            (second.Source, str(second.Destination)),
            (ptr::null(), "z".into())
        );
        assert_eq!((c.SourcesLen, str((**c.Sources).Name)), (1, "o".into()));
        let alternate = &**c.Alternates;
        assert_eq!(c.AlternatesLen, 1);
        assert_eq!(
            [alternate.Name, alternate.Domain, alternate.Cluster].map(str),
            ["n", "d", "k"]
        );
    }
}

#[test]
fn what_is_not_there_is_null() {
    let made = to_c(&StreamInfo::default()).unwrap();
    assert!(made.Config.is_null() && made.Cluster.is_null() && made.Mirror.is_null());
    assert!(made.Sources.is_null() && made.Alternates.is_null());
    assert!(
        made.State.Subjects.is_null() && made.State.Deleted.is_null() && made.State.Lost.is_null()
    );
}

#[test]
fn a_program_may_take_things_out() {
    let names = ["a".to_owned(), "b".to_owned()];
    let made = names_to_c(&names).unwrap();
    let c = made.into_raw();
    // SAFETY: a list of two, of which the program takes one.
    unsafe {
        let taken = *(*c).List;
        *(*c).List = ptr::null_mut();
        destroy(c);
        assert_eq!(str(taken), "a");
        free(taken);
    }
    let infos = [StreamInfo::default(), StreamInfo::default()];
    let c = list_to_c(&infos).unwrap().into_raw();
    // SAFETY: likewise.
    unsafe {
        let taken = *(*c).List.add(1);
        *(*c).List.add(1) = ptr::null_mut();
        destroy(c);
        assert!((*taken).Config.is_null());
        destroy(taken);
        destroy::<jsStreamInfo>(ptr::null_mut());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 64 }))]

    /// Under valgrind and the sanitizers: all of it is freed, once.
    #[test]
    fn whatever_is_made_ends(
        streams in prop::collection::vec(any_of::<StreamInfo>(), 0..3),
        consumers in prop::collection::vec(any_of::<ConsumerInfo>(), 0..3),
        account in any_of::<AccountInfo>(),
    ) {
        let list = list_to_c(&streams).unwrap();
        prop_assert_eq!(list.Count as usize, streams.len());
        let list = crate::ffi::jetstream::consumer_info::convert::list_to_c(&consumers).unwrap();
        prop_assert_eq!(list.Count as usize, consumers.len());
        let account_in_c = crate::ffi::jetstream::account::to_c(&account).unwrap();
        prop_assert_eq!(account_in_c.TiersLen as usize, account.tiers.len());
    }
}
