//! Tests of logging. Those with handlers of the process are in `c-tests/test_log_handlers.c`: a test here would receive the
//! lines of the others.

use std::any::Any;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::*;
use crate::locks::Mutex;
use crate::secret::Secret;

type Lines = Arc<Mutex<Vec<(Level, String)>>>;

/// A logger with a handler of its own, and what that receives.
fn logger(level: Level, secrets: &[&str]) -> (Logger, Lines) {
    let lines = Lines::default();
    let to = lines.clone();
    let own = OwnHandler {
        level,
        handler: Arc::new(move |record| to.lock().push((record.level, record.text.clone()))),
        lease: Box::new(|| Some(Box::new(()) as Box<dyn Any + Send>)),
    };
    let secrets = secrets.iter().map(|s| Secret::from(*s)).collect();
    (Logger::new(7, Some(own), secrets), lines)
}

/// Delivers while `f` runs, and everything that it logged.
fn delivering(f: impl FnOnce()) {
    let delivery = Delivery::default();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| delivery.run());
        f();
        delivery.stop();
        thread.join().unwrap();
    });
}

#[test]
fn lines_up_to_a_level_arrive_in_order_masked_and_in_one_line() {
    let (logger, lines) = logger(Level::Info, &["hush-hush"]);
    delivering(|| {
        for n in 0..50 {
            logger.info(Target::Session, || format!("{n}"));
            logger.debug(Target::Session, || unreachable!("nobody wants it"));
        }
        logger.error(Target::Tls, || "a\nb hush-hush nats://u:p@h".to_owned());
        logger.finish();
        assert_eq!(lines.lock().len(), 51, "finishing waits");
    });
    let lines = lines.lock();
    for (n, (level, text)) in lines[..50].iter().enumerate() {
        assert_eq!((*level, text), (Level::Info, &n.to_string()));
    }
    let last = (Level::Error, "a\\nb *** nats://***@h".to_owned());
    assert_eq!(lines[50], last);
}

#[test]
fn a_handler_may_log_and_finish_itself() {
    let (inner, lines) = logger(Level::Trace, &[]);
    let again = inner.clone();
    let own = OwnHandler {
        level: Level::Info,
        handler: Arc::new(move |_| {
            again.trace(|| "from the handler".to_owned());
            again.finish();
        }),
        lease: Box::new(|| Some(Box::new(()))),
    };
    let outer = Logger::new(8, Some(own), Vec::new());
    delivering(|| {
        outer.info(Target::Kv, || "first".to_owned());
        outer.finish();
        assert_eq!(lines.lock().len(), 1);
    });
}

#[test]
fn without_a_lease_a_handler_is_not_called() {
    let own = OwnHandler {
        level: Level::Trace,
        handler: Arc::new(|_| unreachable!()),
        lease: Box::new(|| None),
    };
    let logger = Logger::new(9, Some(own), Vec::new());
    delivering(|| {
        logger.trace(|| "too late".to_owned());
        logger.finish();
    });
}

#[test]
fn lines_of_standard_error_have_everything() {
    let record = Record {
        level: Level::Warn,
        target: Target::JetStream,
        time: UNIX_EPOCH,
        connection: 12,
        text: "text".to_owned(),
    };
    let line = as_line(&record);
    assert_eq!(
        line,
        "1970-01-01T00:00:00.000000Z warn  nats_rs::jetstream [12] text\n"
    );
    let of_none = Record {
        connection: 0,
        ..record
    };
    assert!(as_line(&of_none).contains("nats_rs::jetstream text"));
}

#[test]
fn targets_and_levels_are_numbered_in_their_order() {
    for (n, target) in Target::ALL.into_iter().enumerate() {
        assert_eq!(target as usize, n);
    }
    for (n, level) in Level::ALL.into_iter().enumerate() {
        assert_eq!(level as usize, n + 1);
    }
}
