//! Which subjects, queue groups and inbox prefixes are legal.

use super::bytes::has_unprintable;

/// May a message be published to `subject`, or name it as its reply?
///
/// Not empty, and nothing in it that would break the protocol line that it becomes a part of: no
/// white space, no control characters. What else a subject should not hold (wildcards, empty
/// tokens) is for the server to say. This runs for every message, so it looks at eight bytes at a
/// time.
#[inline]
pub fn check_publish(subject: &[u8]) -> bool {
    !subject.is_empty() && !has_unprintable(subject)
}

/// May one subscribe to `subject`? As [`check_publish`]; besides, tokens are not empty, and `>` is
/// only the last one.
pub fn check_subscribe(subject: &[u8]) -> bool {
    if !check_publish(subject) {
        return false;
    }
    let mut tokens = subject.split(|&b| b == b'.').peekable();
    while let Some(token) = tokens.next() {
        let wildcard_too_early = token == b">" && tokens.peek().is_some();
        if token.is_empty() || wildcard_too_early {
            return false;
        }
    }
    true
}

/// Is `queue` fit to name a queue group? As [`check_publish`].
pub fn check_queue(queue: &[u8]) -> bool {
    check_publish(queue)
}

/// Can inboxes begin with `prefix`? A subject to subscribe to and to publish to, without wildcards; its
/// last dot, which separates it from the unique part, is not part of it here.
pub fn check_inbox_prefix(prefix: &[u8]) -> bool {
    check_subscribe(prefix)
        && !prefix
            .split(|&b| b == b'.')
            .any(|token| matches!(token, b"*" | b">"))
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
            assert!(check_subscribe(good.as_bytes()), "{good}");
        }
        for bad in [
            "", ".", ".a", "a.", "a..b", ">.a", "a.>.b", "a b", "a\tb", "a\n", "a\x0bb", "a.\r",
            "a\x01b", "a.b\x7f", "\x1b", "a\0b",
        ] {
            assert!(!check_subscribe(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn queue_groups() {
        assert!(check_queue(b"workers") && check_queue(b"a.b") && check_queue(b".."));
        for bad in ["", " ", "a b", "a\r\n", "\x0c", "\x01", "queue\x7f"] {
            assert!(!check_queue(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn inbox_prefixes() {
        assert!(
            check_inbox_prefix(b"_INBOX")
                && check_inbox_prefix(b"a.b")
                && check_inbox_prefix(b"a*.b")
        );
        for bad in ["", "a.", "*", "a.*", "a.>", "*.a", "a b", "a\x02"] {
            assert!(!check_inbox_prefix(bad.as_bytes()), "{bad:?}");
        }
    }
}
