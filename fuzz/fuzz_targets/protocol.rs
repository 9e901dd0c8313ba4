//! The server's operations: however they are cut, the same are found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nats_rs::proto::parser::{Op, Parser, Step};
use nats_rs_fuzz::Choices;

const MAX_MSG: usize = 1 << 12;

fn found(data: &[u8], ends: &[usize]) -> Vec<String> {
    let mut parser = Parser::new(MAX_MSG);
    let (mut all, mut start) = (Vec::new(), 0);
    for &end in ends {
        while start <= end {
            // At another place each time: nothing may be remembered but numbers.
            let buf = data[start..end].to_vec();
            match parser.next(&buf) {
                Ok(Step::Incomplete { frame_len: need }) => {
                    assert!(need.is_none_or(|n| n > buf.len()));
                    break;
                }
                Ok(Step::Op { op, consumed }) => {
                    assert!(consumed > 0 && consumed <= buf.len());
                    all.push(match op {
                        Op::Msg(head) => {
                            assert!(head.header_len <= head.total_len);
                            assert_eq!(head.end(), consumed);
                            let body = head.payload_start as usize;
                            let body = &buf[body..body + head.total_len as usize];
                            let subject = buf[head.subject.range()].escape_ascii();
                            let reply = head
                                .reply
                                .map(|r| buf[r.range()].escape_ascii().to_string());
                            let (sid, at) = (head.sid, head.header_len);
                            format!("{subject} {sid} {reply:?} {at} {}", body.escape_ascii())
                        }
                        other => format!("{other:?}"),
                    });
                    start += consumed;
                }
                Err(error) => {
                    // The text shows what has arrived, which differs.
                    let text = error.to_string();
                    let state = text.split(": '").next().unwrap_or_default();
                    all.push(state.to_owned());
                    return all;
                }
            }
        }
    }
    all
}

fuzz_target!(|input: &[u8]| {
    let (mut choices, data) = Choices::split(input);
    let cuts = choices.cuts(data.len());
    assert_eq!(found(data, &cuts), found(data, &[data.len()]));
});
