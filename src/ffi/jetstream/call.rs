//! What the functions that ask a server have in common: the options of a call, and the number of the server's error.

use std::borrow::Cow;
use std::time::Duration;

use super::err_code::jsErrCodeArg;
use super::given;
use super::memory::{Made, Release, hand_out};
use super::options::jsOptions;
use crate::error::{Result, Status, natsStatus};
use crate::ffi::convert::{required, write_optional};
use crate::ffi::guard::guard;
use crate::ffi::handle::{borrow_arc, jsCtx};
use crate::ffi::last_error;
use crate::js::{self, Call, CallOptions, InfoOptions, Purge};

/// What the options of a single call say.
///
/// # Safety
/// `opts` is NULL or options whose strings are NULL or strings; all stay as they are for `'a`.
pub(in crate::ffi) unsafe fn call_options<'a>(opts: *const jsOptions) -> Result<CallOptions<'a>> {
    // SAFETY: the contract above.
    let Some(opts) = (unsafe { opts.as_ref() }) else {
        return Ok(CallOptions::default());
    };
    let (purge, info) = (&opts.Stream.Purge, &opts.Stream.Info);
    // SAFETY: likewise.
    unsafe {
        let subject = given::str(purge.Subject, "Stream.Purge.Subject")?;
        Ok(CallOptions {
            prefix: given::str(opts.Prefix, "Prefix")?,
            domain: given::str(opts.Domain, "Domain")?,
            // Zero or less is the context's.
            wait: Duration::from_millis(u64::try_from(opts.Wait).unwrap_or(0)),
            purge: Purge {
                subject: (!purge.Subject.is_null()).then_some(Cow::Borrowed(subject)),
                sequence: purge.Sequence,
                keep: purge.Keep,
            },
            info: Some(InfoOptions {
                deleted_details: info.DeletedDetails,
                subjects_filter: given::str(info.SubjectsFilter, "Stream.Info.SubjectsFilter")?,
            }),
            ..CallOptions::default()
        })
    }
}

/// Runs `ask` with a call of the context.
///
/// # Safety
/// `js` is NULL or a handle of this library; `opts` is NULL or options whose strings are NULL or strings.
pub(in crate::ffi) unsafe fn with_call<R>(
    js: *mut jsCtx,
    opts: *const jsOptions,
    ask: impl FnOnce(&Call<'_>) -> js::Result<R>,
) -> js::Result<R> {
    // SAFETY: the contract above.
    let (context, options) = unsafe { (borrow_arc(js)?, call_options(opts)?) };
    ask(&context.call(&CallOptions {
        pedantic: context.pedantic(),
        ..options
    }))
}

/// Runs the body of the exported function `name`, which may have a server's error to tell: `errCode` gets its number,
/// or 0. That something is not there leaves the thread without a last error.
///
/// # Safety
/// `errCode` is NULL or valid for writing.
pub(in crate::ffi) unsafe fn guard_api(
    name: &'static str,
    errCode: *mut jsErrCodeArg,
    body: impl FnOnce() -> js::Result<()>,
) -> natsStatus {
    let code = |code| {
        // SAFETY: the contract above.
        unsafe { write_optional(errCode, jsErrCodeArg(code)) };
    };
    let mut not_found = false;
    let status = guard(name, || {
        code(0);
        body().or_else(|error| {
            code(error.code().0);
            not_found = is_bare(&error);
            if not_found { Ok(()) } else { Err(error.into()) }
        })
    });
    match not_found {
        true => {
            last_error::clear();
            Status::NATS_NOT_FOUND
        }
        false => status,
    }
}

/// Runs the body of the exported function `name`, which asks a server, and hands out what `make` makes of the answer.
///
/// # Safety
/// As for [`with_call`] and [`guard_api`]; `out` is NULL or valid for writing a pointer.
pub(in crate::ffi) unsafe fn guard_answer<T, C: Release>(
    name: &'static str,
    out: *mut *mut C,
    js: *mut jsCtx,
    opts: *const jsOptions,
    errCode: *mut jsErrCodeArg,
    ask: impl FnOnce(&Call<'_>) -> js::Result<T>,
    make: impl FnOnce(&T) -> Result<Made<C>>,
) -> natsStatus {
    // SAFETY: the contract above.
    unsafe {
        guard_api(name, errCode, || {
            let answer = with_call(js, opts, ask)?;
            hand_out(out, || make(&answer))
        })
    }
}

/// As [`guard_answer`] for a list, which must be wanted. An empty one is none: [`Status::NATS_NOT_FOUND`].
///
/// # Safety
/// As for [`guard_answer`].
pub(in crate::ffi) unsafe fn guard_list<T, C: Release>(
    name: &'static str,
    list: *mut *mut C,
    js: *mut jsCtx,
    opts: *const jsOptions,
    errCode: *mut jsErrCodeArg,
    ask: impl FnOnce(&Call<'_>) -> js::Result<Vec<T>>,
    make: impl FnOnce(&[T]) -> Result<Made<C>>,
) -> natsStatus {
    // SAFETY: the contract above.
    unsafe {
        guard_api(name, errCode, || {
            required(list, "list")?;
            let items = with_call(js, opts, ask)?;
            if items.is_empty() {
                return Err(Status::NATS_NOT_FOUND.into());
            }
            hand_out(list, || make(&items))
        })
    }
}

/// Whether it says no more than that something is not there.
fn is_bare(error: &js::Error) -> bool {
    error.status() == Status::NATS_NOT_FOUND && error.text() == Status::NATS_NOT_FOUND.text()
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::error::{Error, Status};
    use crate::js::ErrCode;

    fn run(result: js::Result<()>) -> (Status, jsErrCodeArg, Option<String>) {
        let mut code = jsErrCodeArg(77);
        last_error::clear();
        // SAFETY: a live local.
        let status = unsafe { guard_api("f", &mut code, || result) };
        (status, code, last_error::with(|_, text, _| text.to_owned()))
    }

    #[test]
    fn the_code_is_the_server_s_or_zero() {
        assert_eq!(run(Ok(())), (Status::NATS_OK, jsErrCodeArg(0), None));
        let plain = Error::invalid_arg("no");
        assert_eq!(
            run(Err(plain.into())),
            (Status::NATS_INVALID_ARG, jsErrCodeArg(0), Some("no".into()))
        );
        let new = js::Error::new(Error::new(Status::NATS_ERR, "new"), ErrCode(20_000));
        assert_eq!(
            run(Err(new)),
            (Status::NATS_ERR, jsErrCodeArg(20_000), Some("new".into()))
        );
        let gone = js::Error::new(Status::NATS_NOT_FOUND, ErrCode::STREAM_NOT_FOUND);
        assert_eq!(
            run(Err(gone.clone())),
            (Status::NATS_NOT_FOUND, jsErrCodeArg(10059), None)
        );
        // SAFETY: NULL is left alone.
        let status = unsafe { guard_api("f", ptr::null_mut(), || Err(gone)) };
        assert_eq!(status, Status::NATS_NOT_FOUND);
    }

    #[test]
    fn zero_is_the_context_s() {
        // SAFETY: NULL, and options with strings.
        unsafe {
            assert_eq!(call_options(ptr::null()).unwrap(), CallOptions::default());
            let mut opts: jsOptions = std::mem::zeroed();
            let none = CallOptions {
                info: Some(InfoOptions::default()),
                ..Default::default()
            };
            assert_eq!(call_options(&opts).unwrap(), none);
            opts.Wait = -5;
            assert_eq!(call_options(&opts).unwrap(), none);
            opts.Wait = 5;
            opts.Prefix = c"P".as_ptr();
            opts.Domain = c"D".as_ptr();
            opts.Stream.Purge.Subject = c"".as_ptr();
            opts.Stream.Purge.Keep = 3;
            opts.Stream.Info.SubjectsFilter = c">".as_ptr();
            let read = call_options(&opts).unwrap();
            assert_eq!((read.prefix, read.domain), ("P", "D"));
            assert_eq!(read.wait, Duration::from_millis(5));
            assert_eq!((read.purge.subject, read.purge.keep), (Some("".into()), 3));
            assert_eq!(read.info.unwrap().subjects_filter, ">");
            opts.Prefix = c"\xff".as_ptr();
            let refused = call_options(&opts).unwrap_err();
            assert_eq!(refused.text(), "Prefix must be UTF-8: byte 0 is not");
        }
    }
}
