//! The parser compared with a second one that is written for simplicity: it has the whole input and
//! works on whole lines.

use super::{Found, incremental};
use proptest::collection::vec;
use proptest::prelude::*;

/// The operations in `input`, found by simple means.
fn reference(mut input: &[u8], max_msg: usize) -> Vec<Found> {
    let mut out = Vec::new();
    while let Some(line_len) = input.iter().position(|&b| b == b'\n') {
        let line = &input[..line_len];
        let body = &input[line_len + 1..];
        let blank = |b: &u8| b" \t\r".contains(b);
        let name_len = line.iter().position(blank).unwrap_or(line_len);
        let rest = &line[name_len..];
        let mut consumed = line_len + 1;
        let op = match line[..name_len].to_ascii_uppercase().as_slice() {
            b"PING" => Found::Ping,
            b"PONG" => Found::Pong,
            b"+OK" => Found::Ok,
            b"-ERR" => Found::Err(rest.strip_suffix(b"\r").unwrap_or(rest).to_vec()),
            b"INFO" => Found::Info(rest.trim_ascii().to_vec()),
            name @ (b"MSG" | b"HMSG") => {
                let args: Vec<&[u8]> = rest.split(blank).filter(|arg| !arg.is_empty()).collect();
                let sizes = if name == b"MSG" { 1 } else { 2 };
                if args.len() < 2 + sizes || args.len() > 3 + sizes {
                    out.push(Found::Failure("arguments"));
                    return out;
                }
                let number = |arg: &[u8]| -> Option<u64> {
                    let digits = arg.iter().all(u8::is_ascii_digit);
                    std::str::from_utf8(arg)
                        .ok()
                        .filter(|_| digits)?
                        .parse()
                        .ok()
                };
                let sid = number(args[1]);
                let total = number(args[args.len() - 1]).filter(|&n| n <= max_msg as u64);
                let header = match name {
                    b"MSG" => Some(0),
                    _ => number(args[args.len() - 2]).filter(|n| total.is_none_or(|t| *n <= t)),
                };
                let (sid, total, header) = match (sid, total, header) {
                    (None, ..) => return push(out, Found::Failure("sid")),
                    (_, None, _) => return push(out, Found::Failure("message size")),
                    (_, _, None) => return push(out, Found::Failure("header size")),
                    (Some(sid), Some(total), Some(header)) => {
                        (sid, total as usize, header as usize)
                    }
                };
                if body.len() < total + 2 {
                    return out;
                }
                if &body[total..total + 2] != b"\r\n" {
                    return push(out, Found::Failure("end of message"));
                }
                consumed += total + 2;
                Found::Msg {
                    subject: args[0].to_vec(),
                    sid,
                    reply: (args.len() == 3 + sizes).then(|| args[2].to_vec()),
                    headers: body[..header].to_vec(),
                    payload: body[header..total].to_vec(),
                }
            }
            _ => return push(out, Found::Failure("operation")),
        };
        out.push(op);
        input = &input[consumed..];
    }
    let started = input.to_ascii_uppercase();
    let possible = [
        &b"MSG "[..],
        b"HMSG ",
        b"PING ",
        b"PONG ",
        b"INFO ",
        b"+OK ",
        b"-ERR ",
    ];
    let possible = possible.iter().any(|name| {
        let known = started.len().min(name.len());
        let blank = |b: &u8| if b" \t\r".contains(b) { b' ' } else { *b };
        started[..known]
            .iter()
            .map(blank)
            .eq(name[..known].iter().copied())
    });
    if !possible {
        out.push(Found::Failure("operation"));
    }
    out
}

fn push(mut out: Vec<Found>, found: Found) -> Vec<Found> {
    out.push(found);
    out
}

/// A mostly valid operation in one of the many forms that it may have.
fn operation() -> impl Strategy<Value = Vec<u8>> {
    let blank = prop_oneof![8 => Just(" "), 1 => Just("\t"), 1 => Just("  ")];
    let end = prop_oneof![8 => Just("\r\n"), 1 => Just("\n")];
    let word = "[a-z0-9._*>]{1,12}";
    // Bytes that are announced but not sent: the frame then ends wrongly, or its header is larger
    // than the whole.
    let missing = prop_oneof![8 => Just(0usize), 1 => 1usize..3];
    let message = (
        (any::<bool>(), any::<bool>(), word, any::<u64>(), 0u32..64),
        (
            prop::option::of(word),
            vec(any::<u8>(), 0..40),
            0usize..40,
            missing,
            blank,
            end,
        ),
    );
    let message = message.prop_map(|((headers, lower, subject, sid, shift), rest)| {
        let (reply, payload, header_len, missing, blank, end) = rest;
        let name = if headers { "HMSG" } else { "MSG" };
        let name = if lower {
            name.to_lowercase()
        } else {
            name.to_owned()
        };
        let mut args = vec![name, subject, (sid >> shift).to_string()];
        args.extend(reply);
        if headers {
            args.push(header_len.min(payload.len() + 2 * missing).to_string());
        }
        args.push((payload.len() + missing).to_string());
        let mut out = (args.join(blank) + end).into_bytes();
        out.extend(payload);
        out.extend(b"\r\n");
        out
    });
    prop_oneof![
        6 => message,
        2 => "(PING|pong|\\+OK|-ERR '[a-zA-Z ]*'|INFO \\{\"a\":1\\} ?)\r?\n".prop_map(String::into_bytes),
        1 => "(MSG|HMSG|INFO|PING|-ERR|X)[ \ta-z0-9\r-]{0,20}\r?\n".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn any_chunking_finds_what_the_reference_finds(
        ops in vec(operation(), 0..12),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut input = ops.concat();
        input.truncate(keep.index(input.len() + 1).max(input.len() / 2));
        let expected = reference(&input, 60);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(&incremental(&input, &cuts, 60), &expected);
        let every_byte: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(&incremental(&input, &every_byte, 60), &expected);
    }

    #[test]
    fn a_cut_anywhere_makes_no_difference(ops in vec(operation(), 1..4)) {
        let input = ops.concat();
        let expected = reference(&input, 60);
        for cut in 0..=input.len() {
            prop_assert_eq!(&incremental(&input, &[cut], 60), &expected);
        }
    }

    #[test]
    fn garbage_is_refused_the_same_way_however_it_arrives(
        start in "(MSG |HMSG |INFO |-ERR |PING|)",
        garbage in vec(prop_oneof![any::<u8>(), prop::sample::select(b" \t\r\n0123456789a".to_vec())], 0..60),
    ) {
        let input = [start.as_bytes(), &garbage].concat();
        let expected = reference(&input, 60);
        let every_byte: Vec<usize> = (0..input.len()).collect();
        prop_assert_eq!(&incremental(&input, &[], 60), &expected);
        prop_assert_eq!(&incremental(&input, &every_byte, 60), &expected);
    }
}
