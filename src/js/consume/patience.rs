//! When a server is taken to be silent: not while something that it has sent lies in the socket.
//!
//! A process that was stopped finds by its clock that heartbeats are missing, while they wait to be read.

use std::time::{Duration, Instant};

/// How soon it is looked again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How long a judgement has been put off.
#[derive(Debug, Default, Clone, Copy)]
pub struct Patience(Option<PutOff>);

#[derive(Debug, Clone, Copy)]
struct PutOff {
    /// When the server was heard last.
    heard: Instant,
    /// When it was first found silent since then, and when it is looked again.
    since: Instant,
    again: Instant,
}

impl Patience {
    /// The server was last heard at `heard` and is silent, but something has not been read yet. Returns whether the
    /// judgement is put off, for `most` at most: what is read may be anything, and without end.
    pub fn lasts(&mut self, heard: Instant, now: Instant, most: Duration) -> bool {
        let before = self.0.filter(|put_off| put_off.heard == heard);
        let since = before.map_or(now, |put_off| put_off.since);
        self.0 = Some(PutOff {
            heard,
            since,
            again: now + LOOK_AGAIN,
        });
        now.saturating_duration_since(since) < most
    }

    /// When the server, which was last heard at `heard`, is silent if it is not heard before: at `due`, or later if the
    /// judgement is put off.
    pub fn until(&self, heard: Instant, due: Instant) -> Instant {
        let put_off = self.0.filter(|put_off| put_off.heard == heard);
        put_off.map_or(due, |put_off| due.max(put_off.again))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_has_an_end_and_begins_anew_when_something_is_heard() {
        let (heard, most) = (Instant::now(), Duration::from_secs(1));
        let due = heard + most;
        let mut patience = Patience::default();
        assert_eq!(patience.until(heard, due), due);
        // The process was stopped for long.
        let mut now = due + 60 * most;
        assert!(patience.lasts(heard, now, most));
        assert_eq!(patience.until(heard, due), now + LOOK_AGAIN);
        now += most / 2;
        assert!(patience.lasts(heard, now, most));
        assert!(!patience.lasts(heard, now + most / 2, most));
        // A heartbeat has been read.
        let heard = now;
        assert_eq!(patience.until(heard, heard + most), heard + most);
        assert!(patience.lasts(heard, heard + 2 * most, most));
    }
}
