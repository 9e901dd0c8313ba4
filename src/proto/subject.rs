//! Rules for subjects, queue groups and inbox prefixes.

use super::bytes::has_unprintable;
use crate::words::shown_around;

/// The fault of a name, and its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    at: usize,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Empty,
    Blank,
    Control(u8),
    EmptyToken,
    LastDot,
    EarlyRest,
    Wildcard(u8),
}

impl Fault {
    /// The description of the fault: `what` is the kind of name, `name` the name itself.
    pub fn describe(self, what: &str, name: &[u8]) -> String {
        if self.what == What::Empty {
            return format!("{what} cannot be NULL nor empty");
        }
        let (name, at) = (shown_around(name, self.at), self.at);
        let fault = match self.what {
            What::Empty | What::Blank => "blank".to_owned(),
            What::Control(byte) => format!("control character 0x{byte:02x}"),
            What::EmptyToken => "empty token".to_owned(),
            What::LastDot => "dot with no token behind it".to_owned(),
            What::EarlyRest => "'>' before the last token".to_owned(),
            What::Wildcard(byte) => format!("wildcard '{}'", char::from(byte)),
        };
        format!("{what} '{name}': {fault} at byte {at}")
    }
}

/// May a message be published to `subject`, or have it as reply subject?
///
/// It must not be empty, nor contain anything that would break the protocol line: no white space,
/// no control characters. Other rules (wildcards, empty tokens) are left to the server. This runs
/// for every message, so it checks eight bytes at a time.
#[inline]
pub fn check_publish(subject: &[u8]) -> bool {
    !subject.is_empty() && !has_unprintable(subject)
}

/// Why a message may not be published to `subject`.
#[cold]
pub fn publish_fault(subject: &[u8]) -> Option<Fault> {
    if subject.is_empty() {
        let what = What::Empty;
        return Some(Fault { at: 0, what });
    }
    let at = subject.iter().position(|&b| b <= b' ' || b == 0x7f)?;
    let what = match subject[at] {
        b' ' => What::Blank,
        byte => What::Control(byte),
    };
    Some(Fault { at, what })
}

/// Why `subject` cannot be subscribed to. In addition to the rules for publishing, no token may be
/// empty and `>` may only be the last token.
pub fn subscribe_fault(subject: &[u8]) -> Option<Fault> {
    if !check_publish(subject) {
        return publish_fault(subject);
    }
    let mut at = 0;
    for token in subject.split(|&b| b == b'.') {
        let last = at + token.len() == subject.len();
        let what = match token {
            b"" if last && at > 0 => What::LastDot,
            b"" => What::EmptyToken,
            b">" if !last => What::EarlyRest,
            _ => {
                at += token.len() + 1;
                continue;
            }
        };
        // The dot itself is shown.
        let at = if what == What::LastDot { at - 1 } else { at };
        return Some(Fault { at, what });
    }
    None
}

/// Why `queue` is not a valid queue group: it is empty, or has white space or control characters.
pub fn queue_fault(queue: &[u8]) -> Option<Fault> {
    publish_fault(queue)
}

/// Why `subject` is not a subject without wildcards, such as an inbox prefix (without the dot that separates it from the
/// unique part) has to be.
pub fn literal_fault(subject: &[u8]) -> Option<Fault> {
    subscribe_fault(subject).or_else(|| {
        let mut at = 0;
        for token in subject.split(|&b| b == b'.') {
            if let b"*" | b">" = token {
                let what = What::Wildcard(token[0]);
                return Some(Fault { at, what });
            }
            at += token.len() + 1;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publish() {
        for good in [
            "foo",
            "foo.bar",
            "a.*.>",
            "..",
            "größe",
            "a-very-long.subject.with.more.than.8",
        ] {
            assert!(check_publish(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            " ",
            "foo bar",
            "foo\r\nPUB x 0",
            "foo\n",
            "a\tb",
            "a\0",
            "longer.than.8.\x7f",
        ] {
            assert!(!check_publish(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn subscribe() {
        for good in [
            "foo", "*", ">", "a.*.b", "a.>", "a*.b>.c", "größe", "_INBOX.x",
        ] {
            assert!(subscribe_fault(good.as_bytes()).is_none(), "{good}");
        }
        for bad in [
            "", ".", ".a", "a.", "a..b", ">.a", "a.>.b", "a b", "a\tb", "a\n", "a\x0bb", "a.\r",
            "a\x01b", "\x7f", "a.b\x7f", "\x1b", "a\0b",
        ] {
            assert!(subscribe_fault(bad.as_bytes()).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn queue_groups() {
        for good in ["workers", "a.b", ".."] {
            assert_eq!(queue_fault(good.as_bytes()), None);
        }
        for bad in ["", " ", "a b", "a\r\n", "\x0c", "\x01", "queue\x7f"] {
            assert!(queue_fault(bad.as_bytes()).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn inbox_prefixes() {
        for good in ["_INBOX", "a.b", "a*.b"] {
            assert_eq!(literal_fault(good.as_bytes()), None);
        }
        for bad in ["", "a.", "*", "a.*", "a.>", "*.a", "a b", "a\x02"] {
            assert!(literal_fault(bad.as_bytes()).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn faults_say_what_and_where() {
        let publish = |name: &str| {
            publish_fault(name.as_bytes())
                .unwrap()
                .describe("reply", name.as_bytes())
        };
        let subscribe = |name: &str| {
            subscribe_fault(name.as_bytes())
                .unwrap()
                .describe("subject", name.as_bytes())
        };
        let prefix = |name: &str| {
            literal_fault(name.as_bytes())
                .unwrap()
                .describe("prefix", name.as_bytes())
        };
        assert_eq!(publish(""), "reply cannot be NULL nor empty");
        assert_eq!(publish("a b"), "reply 'a b': blank at byte 1");
        assert_eq!(
            publish("a\r\nPUB"),
            "reply 'a\\r\\nPUB': control character 0x0d at byte 1"
        );
        assert_eq!(subscribe("a b"), "subject 'a b': blank at byte 1");
        assert_eq!(subscribe("."), "subject '.': empty token at byte 0");
        assert_eq!(subscribe("a..b"), "subject 'a..b': empty token at byte 2");
        assert_eq!(
            subscribe("a.b."),
            "subject 'a.b.': dot with no token behind it at byte 3"
        );
        assert_eq!(
            subscribe("a.>.b"),
            "subject 'a.>.b': '>' before the last token at byte 2"
        );
        assert_eq!(prefix("a.*"), "prefix 'a.*': wildcard '*' at byte 2");
        let long = "x".repeat(500) + " ";
        assert!(subscribe(&long).ends_with("': blank at byte 500"));
        assert!(subscribe(&long).len() < 160);
    }
}
