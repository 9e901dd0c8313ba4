//! The entry and exit of every exported function: no panic crosses the boundary, and every failure
//! is recorded in one place. ([`super::callback`] is the way into the program's callbacks.)

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::last_error;
use crate::error::{Error, Result, Status, natsStatus};
use crate::fork;

/// Runs the body of the exported function `name`. An error becomes its status and the thread's
/// last error, a panic becomes `NATS_ERR`.
#[inline]
pub(crate) fn guard(name: &'static str, body: impl FnOnce() -> Result<()>) -> natsStatus {
    match run(body) {
        Ok(()) => Status::NATS_OK,
        Err(error) => record(name, &error),
    }
}

/// As [`guard`], for a look-up in a collection: `false` from the body is `NATS_NOT_FOUND`, an
/// ordinary outcome that does not change the thread's last error.
#[inline]
pub(crate) fn guard_lookup(name: &'static str, body: impl FnOnce() -> Result<bool>) -> natsStatus {
    match run(body) {
        Ok(true) => Status::NATS_OK,
        Ok(false) => Status::NATS_NOT_FOUND,
        Err(error) => record(name, &error),
    }
}

/// As [`guard`], for a question whose answer is a status: the inner result is returned and does not
/// change the thread's last error.
#[inline]
pub(crate) fn guard_answer(
    name: &'static str,
    body: impl FnOnce() -> Result<Result<()>>,
) -> natsStatus {
    match run(body) {
        Ok(answer) => answer.err().map_or(Status::NATS_OK, |error| error.status()),
        Err(error) => record(name, &error),
    }
}

/// Runs the body of a function that returns a value and not a status: `fallback` is returned for
/// any failure, and the thread's last error does not change.
#[inline]
pub(crate) fn guard_value<T>(fallback: T, body: impl FnOnce() -> Result<T>) -> T {
    run(body).unwrap_or(fallback)
}

/// As [`guard_value`], for functions that use only their arguments.
#[inline]
pub(crate) fn guard_local<T>(fallback: T, body: impl FnOnce() -> Result<T>) -> T {
    run(body).unwrap_or(fallback)
}

/// Runs the body of a function that returns nothing.
#[inline]
pub(crate) fn guard_void(body: impl FnOnce()) {
    guard_value((), || {
        body();
        Ok(())
    });
}

#[inline]
fn run<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    super::fork::notice();
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(panic) => Err(panicked(&*panic)),
    }
}

#[cold]
fn record(name: &'static str, error: &Error) -> natsStatus {
    last_error::record(error.status(), error.text(), name);
    error.status()
}

/// Prefix of texts that only the developers of the library can use.
const INTERNAL: &str = "internal error of the library, please report it: ";

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Error {
    if fork::has_left(panic) {
        return Error::illegal_state(
            "a callback has returned in another process than it was called in",
        );
    }
    let text = panic
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_owned());
    Error::new(Status::NATS_ERR, INTERNAL.to_owned() + &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Option<(Status, String)> {
        last_error::with(|status, text, _| (status, text.to_owned()))
    }

    #[test]
    fn an_error_is_returned_and_recorded() {
        last_error::clear();
        assert_eq!(guard("f", || Ok(())), Status::NATS_OK);
        assert_eq!(recorded(), None);
        let status = guard("f", || Err(Error::invalid_arg("no good")));
        assert_eq!(status, Status::NATS_INVALID_ARG);
        assert_eq!(
            recorded(),
            Some((Status::NATS_INVALID_ARG, "no good".into()))
        );
        assert_eq!(guard("f", || Ok(())), Status::NATS_OK);
        assert!(recorded().is_some(), "success leaves the record");
    }

    #[test]
    fn a_panic_is_an_error() {
        last_error::clear();
        let n = std::hint::black_box(7);
        assert_eq!(guard("f", || panic!("on purpose")), Status::NATS_ERR);
        let text = format!("{INTERNAL}on purpose");
        assert_eq!(recorded(), Some((Status::NATS_ERR, text.clone())));
        assert_eq!(guard("f", || panic!("on purpose {n}")), Status::NATS_ERR);
        assert_eq!(recorded(), Some((Status::NATS_ERR, text + " 7")));
        assert_eq!(guard_value(5, || panic!("on purpose")), 5);
        assert_eq!(guard_local(6, || panic!("on purpose")), 6);
        guard_void(|| panic!("on purpose"));
    }

    #[test]
    fn answers_and_absence_leave_the_record() {
        last_error::clear();
        assert_eq!(
            guard_answer("f", || Ok(Err(Status::NATS_TIMEOUT.into()))),
            Status::NATS_TIMEOUT
        );
        assert_eq!(guard_value(1, || Err(Status::NATS_TIMEOUT.into())), 1);
        assert_eq!(guard_lookup("f", || Ok(false)), Status::NATS_NOT_FOUND);
        assert_eq!(guard_lookup("f", || Ok(true)), Status::NATS_OK);
        assert_eq!(recorded(), None);
        assert_eq!(
            guard_lookup("f", || Err(Status::NATS_ERR.into())),
            Status::NATS_ERR
        );
        assert!(recorded().is_some());
    }
}
