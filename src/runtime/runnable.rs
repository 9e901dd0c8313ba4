//! Does a thread compute or wait? The operating system tells.

use std::path::PathBuf;

/// Where the state of one thread can be read.
#[derive(Default)]
pub(super) struct Probe(Option<PathBuf>);

impl Probe {
    /// For the calling thread. Takes some microseconds.
    pub(super) fn of_this_thread() -> Self {
        // The link points to `PID/task/TID`.
        let path = std::fs::read_link("/proc/thread-self").ok();
        Probe(path.map(|path| PathBuf::from("/proc").join(path).join("stat")))
    }

    /// Whether the thread runs, or would run if it had a processor. False if there is no `/proc`.
    /// Takes some microseconds.
    pub(super) fn is_runnable(&self) -> bool {
        let text = self.0.as_ref().and_then(|path| std::fs::read(path).ok());
        text.is_some_and(|text| state(&text) == Some(b'R'))
    }
}

/// The letter behind the name, which is in parentheses and may contain anything.
fn state(stat: &[u8]) -> Option<u8> {
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    stat.get(end + 2).copied()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_asks_runs_and_who_waits_does_not() {
        assert!(Probe::of_this_thread().is_runnable());
        assert!(!Probe::default().is_runnable());
        let (end, wait) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let waiter = std::thread::spawn(move || {
            tell.send(Probe::of_this_thread()).unwrap();
            wait.recv()
        });
        let probe = told.recv().unwrap();
        let start = std::time::Instant::now();
        while probe.is_runnable() {
            assert!(start.elapsed().as_secs() < 20);
            std::thread::yield_now();
        }
        drop(end);
        let _ = waiter.join();
    }

    #[test]
    fn the_state_follows_the_last_parenthesis() {
        assert_eq!(state(b"12 (a) R) S 1 2 3"), Some(b'S'));
        assert_eq!(state(b"12 (a)"), None);
        assert_eq!(state(b""), None);
    }
}
