use super::*;

fn started(gaps: bool) -> Flow {
    let settings = FastSettings {
        flow: 10,
        max_acks: 2,
        gaps,
    };
    let mut flow = Flow::new(settings, true);
    assert!(flow.has_room());
    flow.sent = 1;
    assert!(!flow.has_room());
    flow.take(1, Operation::Start, Said::Ack { seq: 0, every: 10 });
    assert!(flow.has_started() && flow.has_room());
    flow
}

fn ack(flow: &mut Flow, seq: u64, every: u64) {
    flow.take(seq, Operation::Append, Said::Ack { seq, every });
}

fn refused(flow: &mut Flow, seq: u64) -> Effect {
    let error = error(10071);
    flow.take(seq, Operation::Append, Said::Refused { seq, error })
}

fn error(code: i32) -> Error {
    Error::new(Plain::from(Status::NATS_ERR), ErrCode(code))
}

fn code(flow: &Flow) -> i32 {
    flow.over().expect("it has ended").code().0
}

fn status(flow: &Flow) -> Status {
    flow.over().expect("it has ended").status()
}

fn close(flow: &mut Flow, stored: bool) {
    flow.sent += 1;
    flow.closing = Some(Closing {
        number: flow.sent,
        stored,
    });
}

#[test]
fn the_window_follows_the_stream() {
    let mut flow = started(false);
    while flow.has_room() {
        flow.sent += 1;
    }
    assert_eq!(flow.sent, 20);
    ack(&mut flow, 10, 10);
    assert!(flow.has_room());
    flow.sent = 30;
    assert!(!flow.has_room());
    // Slower: the acknowledgements come after each five.
    ack(&mut flow, 20, 5);
    assert!(!flow.has_room());
    ack(&mut flow, 25, 5);
    assert!(flow.has_room());
    assert_eq!(flow.progress().acked, 25);
}

#[test]
fn a_stream_cannot_make_the_window_larger_than_was_asked_for() {
    let mut flow = started(false);
    flow.sent = 5;
    ack(&mut flow, 1_000_000, 1_000_000);
    assert_eq!(flow.progress().acked, 5);
    assert_eq!(flow.progress().flow, 10);
    flow.sent = 25;
    assert!(!flow.has_room());
    ack(&mut flow, 25, 0);
    assert_eq!(flow.progress().flow, 1);
    ack(&mut flow, 3, 10);
    assert_eq!(flow.progress().acked, 25);
}

#[test]
fn an_acknowledgement_makes_up_for_those_before_it() {
    let mut flow = started(false);
    flow.sent = 20;
    ack(&mut flow, 20, 10);
    assert!(flow.has_room());
}

#[test]
fn refusals_make_room_where_gaps_are_allowed() {
    let mut flow = started(true);
    flow.sent = 20;
    assert!(!flow.has_room());
    for seq in 2..=20 {
        assert!(refused(&mut flow, seq).tell);
    }
    assert!(flow.has_room());
    assert!(flow.over().is_none());
    assert_eq!(flow.progress().refused, 19);
    assert_eq!(flow.progress().acked, 0);
    assert_eq!(flow.problems.len(), 19);
    assert_eq!((flow.problems[0].first, flow.problems[0].count), (2, 1));
}

#[test]
fn problems_that_nobody_takes_are_bounded() {
    let mut flow = started(true);
    flow.sent = u64::MAX / 2;
    for seq in 1..=5000 {
        refused(&mut flow, seq);
    }
    assert_eq!(flow.problems.len(), MOST_PROBLEMS);
    assert_eq!(flow.progress().refused, 5000);
}

#[test]
fn a_ping_finds_the_missing_ones_at_the_end() {
    let mut flow = started(true);
    flow.sent = 20;
    let gap = Said::Gap {
        expected: 2,
        seq: 21,
    };
    assert!(flow.take(20, Operation::Ping, gap).tell);
    flow.take(20, Operation::Ping, Said::Ack { seq: 0, every: 10 });
    assert!(flow.has_room());
    assert_eq!(flow.progress().lost, 19);
    assert_eq!((flow.problems[0].first, flow.problems[0].count), (2, 19));
    // That of a message says nothing about what is stored.
    flow.sent = 40;
    let gap = Said::Gap {
        expected: 21,
        seq: 40,
    };
    flow.take(40, Operation::Append, gap);
    assert!(!flow.has_room());
}

#[test]
fn a_gap_ends_a_batch_that_allows_none() {
    for (disconnected, expected) in [
        (false, Status::NATS_MISMATCH),
        (true, Status::NATS_CONNECTION_DISCONNECTED),
    ] {
        let mut flow = started(false);
        flow.sent = 9;
        flow.disconnected = disconnected;
        let gap = Said::Gap {
            expected: 3,
            seq: 6,
        };
        assert!(!flow.take(6, Operation::Append, gap).tell);
        assert!(flow.over().is_none());
        flow.take(6, Operation::Append, Said::Ended { count: 2 });
        assert_eq!(status(&flow), expected);
        assert!(flow.over().unwrap().text().contains("messages 3 to 5"));
        assert_eq!(flow.progress().acked, 2);
        assert!(flow.gone);
        // What follows changes nothing.
        flow.take(7, Operation::Append, Said::Failed(error(10208)));
        assert_eq!(status(&flow), expected);
    }
}

#[test]
fn backwards_is_no_underflow() {
    let mut flow = started(true);
    flow.sent = 5;
    let gap = Said::Gap {
        expected: 6,
        seq: 3,
    };
    assert!(!flow.take(3, Operation::Append, gap).tell);
    assert_eq!(flow.progress().lost, 0);
    flow.take(3, Operation::Append, Said::Ended { count: 5 });
    assert_eq!(status(&flow), Status::NATS_MISMATCH);
}

#[test]
fn commits() {
    for gaps in [false, true] {
        for stored in [false, true] {
            let mut flow = started(gaps);
            flow.sent = 7;
            close(&mut flow, stored);
            let count = if stored { 8 } else { 7 };
            let said = Said::Ended { count };
            flow.take(8, Operation::CommitMessage, said);
            assert_eq!(flow.end(), Some(&End::Committed));
            assert_eq!(status(&flow), Status::NATS_ILLEGAL_STATE);

            let mut flow = started(gaps);
            flow.sent = 7;
            close(&mut flow, stored);
            let said = Said::Ended { count: count - 1 };
            flow.take(8, Operation::CommitMessage, said);
            assert_eq!(status(&flow), Status::NATS_MISMATCH);
        }
    }
}

#[test]
fn the_last_message_is_refused() {
    for gaps in [false, true] {
        let mut flow = started(gaps);
        flow.sent = 7;
        close(&mut flow, true);
        let said = Said::Refused {
            seq: 8,
            error: error(10071),
        };
        assert!(!flow.take(8, Operation::CommitMessage, said).tell);
        flow.take(8, Operation::CommitMessage, Said::Ended { count: 7 });
        assert_eq!(code(&flow), 10071);
    }
}

#[test]
fn a_refusal_in_the_middle_counts_only_where_no_gaps_are_allowed() {
    let mut flow = started(true);
    flow.sent = 3;
    refused(&mut flow, 2);
    close(&mut flow, false);
    flow.take(4, Operation::CommitEob, Said::Ended { count: 3 });
    assert_eq!(flow.end(), Some(&End::Committed));

    let mut flow = started(false);
    flow.sent = 3;
    refused(&mut flow, 2);
    flow.take(2, Operation::Append, Said::Ended { count: 1 });
    assert_eq!(code(&flow), 10071);
    assert_eq!(flow.progress().acked, 1);
}

#[test]
fn an_error_that_is_none_of_the_batch() {
    let mut flow = started(false);
    flow.sent = 3;
    flow.take(3, Operation::Append, Said::Failed(error(10054)));
    assert_eq!(code(&flow), 10054);
    // The stream still has the batch.
    assert!(!flow.gone);

    let mut flow = started(true);
    flow.sent = 3;
    assert!(
        flow.take(3, Operation::Append, Said::Failed(error(10054)))
            .tell
    );
    assert!(flow.over().is_none());

    // On the way to the end it is the reason for the gap that follows.
    let mut flow = started(false);
    flow.sent = 3;
    close(&mut flow, true);
    flow.take(3, Operation::Append, Said::Failed(error(10054)));
    assert!(flow.over().is_none());
    let gap = Said::Gap {
        expected: 3,
        seq: 4,
    };
    flow.take(4, Operation::CommitMessage, gap);
    flow.take(4, Operation::CommitMessage, Said::Ended { count: 2 });
    assert_eq!(code(&flow), 10054);
}

#[test]
fn errors_that_end_a_batch_of_either_kind() {
    for gaps in [false, true] {
        for code_of_it in [10205, 10206, 10207, 10208] {
            let mut flow = started(gaps);
            flow.sent = 3;
            flow.take(3, Operation::Append, Said::Failed(error(code_of_it)));
            assert_eq!(code(&flow), code_of_it);
            assert!(flow.gone);
        }
        let mut flow = started(gaps);
        flow.sent = 3;
        flow.disconnected = true;
        flow.take(3, Operation::Ping, Said::Failed(error(10208)));
        assert_eq!(status(&flow), Status::NATS_CONNECTION_DISCONNECTED);
        assert_eq!(code(&flow), 10208);
        // No stream has the subject any more.
        let mut flow = started(gaps);
        flow.take(1, Operation::Ping, Said::Failed(error(0)));
        assert!(flow.over().is_some() && flow.gone);
    }
}

#[test]
fn the_first_message_is_refused() {
    let settings = FastSettings::default();
    let mut flow = Flow::new(settings, false);
    flow.sent = 1;
    flow.take(1, Operation::Start, Said::Failed(error(10205)));
    assert_eq!(code(&flow), 10205);
    assert!(flow.gone);

    // After the batch was accepted.
    let mut flow = started(false);
    flow.take(1, Operation::Start, Said::Failed(error(10071)));
    assert_eq!(code(&flow), 10071);

    let mut flow = Flow::new(settings, false);
    flow.sent = 1;
    flow.take(1, Operation::Start, Said::StoredAlone);
    assert_eq!(status(&flow), Status::NATS_NO_SERVER_SUPPORT);
}

#[test]
fn a_batch_that_is_gone_while_its_end_is_waited_for() {
    let mut flow = started(false);
    close(&mut flow, true);
    let effect = flow.take(1, Operation::Ping, Said::Failed(error(10208)));
    assert!(effect.forgotten);
    assert!(flow.over().is_none());
    flow.take(2, Operation::CommitMessage, Said::Ended { count: 2 });
    assert_eq!(flow.end(), Some(&End::Committed));
}

#[test]
fn what_is_broken_off_is_not_committed() {
    let mut flow = started(false);
    flow.sent = 4;
    flow.take(3, Operation::Append, Said::Failed(error(10054)));
    flow.broken_off = true;
    let gap = Said::Gap {
        expected: 3,
        seq: 5,
    };
    flow.take(5, Operation::CommitEob, gap);
    flow.take(5, Operation::CommitEob, Said::Ended { count: 2 });
    assert_eq!(code(&flow), 10054);
    assert_eq!(flow.progress().acked, 2);
    assert!(flow.gone);
}

#[test]
fn the_end_itself_is_lost() {
    // A stream that allows no gaps ends the batch by that; one that does waits for the end.
    for (gaps, stored, expected) in [
        (false, false, Status::NATS_ILLEGAL_STATE),
        (false, true, Status::NATS_CONNECTION_DISCONNECTED),
        (true, false, Status::NATS_CONNECTION_DISCONNECTED),
        (true, true, Status::NATS_CONNECTION_DISCONNECTED),
    ] {
        let mut flow = started(gaps);
        flow.sent = 4;
        close(&mut flow, stored);
        flow.disconnected = true;
        let gap = Said::Gap {
            expected: 5,
            seq: 6,
        };
        flow.take(5, Operation::Ping, gap);
        if !gaps {
            flow.take(5, Operation::Ping, Said::Ended { count: 4 });
        }
        assert_eq!(status(&flow), expected);
        assert_eq!(flow.end() == Some(&End::Committed), !gaps && !stored);
    }
}
