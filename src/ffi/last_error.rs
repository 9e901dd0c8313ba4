//! The calling thread's last error: what failed last, and in which function.

use std::cell::RefCell;

use super::short_text::ShortText;
use crate::error::Status;

/// The record of a failure.
struct Record {
    status: Status,
    text: ShortText,
    /// The exported function that failed, or empty if the program called none.
    function: &'static str,
}

thread_local! {
    static RECORD: RefCell<Record> = const {
        RefCell::new(Record { status: Status::NATS_OK, text: ShortText::new(), function: "" })
    };
}

/// Records a failure of the exported function `function`.
pub(crate) fn record(status: Status, text: &str, function: &'static str) {
    RECORD.with_borrow_mut(|r| {
        r.status = status;
        r.text.set(text);
        r.function = function;
    });
}

/// Makes the status and text of an event the thread's last error, for the callback that is about to
/// be called.
pub(crate) fn preset(status: Status, text: &str) {
    record(status, text, "");
}

/// Clears the last error.
pub(crate) fn clear() {
    record(Status::NATS_OK, "", "");
}

/// Releases what the record holds beyond the thread's own memory, which is nothing, and clears the
/// last error.
pub(crate) fn release() {
    clear();
}

/// The last error's status, text and function, if there is one.
pub(crate) fn with<T>(look: impl FnOnce(Status, &str, &'static str) -> T) -> Option<T> {
    RECORD.with_borrow(|r| {
        let text = r.text.as_c_str().to_str().unwrap_or_default();
        (r.status != Status::NATS_OK).then(|| look(r.status, text, r.function))
    })
}

/// The last error's status and words; `NATS_OK` and nothing if there is none. The words stay where they are until the
/// next failure of the thread.
pub(super) fn read<T>(look: impl FnOnce(Status, &ShortText) -> T) -> T {
    RECORD.with_borrow(|r| look(r.status, &r.text))
}
