//! `jsCtx`: a connection's way to JetStream.

use std::borrow::Cow;
use std::time::Duration;

use super::options::{jsOptions, jsOptionsStreamPurge};
use super::publish_async;
use crate::error::{Error, Result, natsStatus};
use crate::ffi::convert::{required, text};
use crate::ffi::guard::{guard, guard_void};
use crate::ffi::handle::{self, borrow_arc, natsConnection};
use crate::js::publish::AsyncSettings;
use crate::js::{Context, ContextOptions, Purge};

pub use crate::ffi::handle::jsCtx;

/// How long a publish waits for room among those that wait, where nothing else is said.
const STALL_WAIT: Duration = Duration::from_millis(200);

/// Create a JetStream context of a connection.
///
/// Nothing is sent: only the first call with the context shows whether the account has JetStream.
/// If the connection is closed or destroyed before the context, calls with the context return
/// `NATS_CONNECTION_CLOSED`; the context still has to be destroyed.
///
/// @param js Receives the context, to be released with `jsCtx_Destroy`; written only with
/// `NATS_OK`.
/// @param nc The connection.
/// @param opts The settings of the context; NULL for the defaults. The structure and its strings
/// are copied; callbacks and closures must stay valid as long as the context.
///
/// @retval NATS_OK The context can be used.
/// @retval NATS_INVALID_ARG `js` or `nc` is NULL, `nc` was destroyed, `Wait` or
/// `PublishAsync.StallWait` is negative, or a string is not UTF-8.
///
/// @par Threads
/// Any thread may call this function at any time, callbacks included.
///
/// @par Example
/// ```c
/// jsCtx *js = NULL;
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// if (s == NATS_OK)
///     s = js_Publish(NULL, js, "orders.new", "17", 2, NULL, NULL);
/// jsCtx_Destroy(js);
/// ```
///
/// @see jsOptions_Init, jsCtx_Destroy
///
/// @ingroup nats_js_context
///
/// # Safety
/// `js` is NULL or valid for writing; `nc` is NULL or a handle of this library; `opts` is NULL or
/// options whose strings are NULL or strings, and whose functions may be called with their closures
/// on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn natsConnection_JetStream(
    js: *mut *mut jsCtx,
    nc: *mut natsConnection,
    opts: *mut jsOptions,
) -> natsStatus {
    guard("natsConnection_JetStream", || {
        required(js, "js")?;
        // SAFETY: the caller's contract, above.
        let (connection, opts) = unsafe { (borrow_arc(nc)?, opts.as_ref()) };
        let options = match opts {
            None => ContextOptions::default(),
            // SAFETY: likewise.
            Some(opts) => unsafe { context_options(opts) }?,
        };
        let context = Context::new(&connection, options);
        if let Some(opts) = opts {
            publish_async::set_handler(&context, &opts.PublishAsync);
        }
        // SAFETY: not NULL, and valid for writing by the caller's contract.
        unsafe { js.write(handle::new_context(&context)) };
        Ok(())
    })
}

/// # Safety
/// The strings are NULL or strings.
unsafe fn context_options(opts: &jsOptions) -> Result<ContextOptions> {
    let publish = &opts.PublishAsync;
    let jsOptionsStreamPurge {
        Subject: subject,
        Sequence: sequence,
        Keep: keep,
    } = opts.Stream.Purge;
    // SAFETY: the contract above.
    let (prefix, domain, subject) = unsafe {
        (
            text(opts.Prefix, "Prefix")?,
            text(opts.Domain, "Domain")?,
            text(subject, "Stream.Purge.Subject")?,
        )
    };
    Ok(ContextOptions {
        prefix: prefix.unwrap_or_default().to_owned(),
        domain: domain.unwrap_or_default().to_owned(),
        wait: wait(opts.Wait, "Wait")?.unwrap_or_default(),
        purge: Purge {
            subject: subject.map(|subject| Cow::Owned(subject.to_owned())),
            sequence,
            keep,
        },
        deleted_details: opts.Stream.Info.DeletedDetails,
        publish: AsyncSettings {
            // Below zero there is no limit either.
            max_pending: usize::try_from(publish.MaxPending).unwrap_or(0),
            stall_wait: wait(publish.StallWait, "PublishAsyncStallWait")?.unwrap_or(STALL_WAIT),
            mux_replies: publish.MuxReplies,
            ..AsyncSettings::default()
        },
        ..ContextOptions::default()
    })
}

/// A time in milliseconds; `None` for 0.
fn wait(ms: i64, what: &str) -> Result<Option<Duration>> {
    match u64::try_from(ms) {
        Ok(0) => Ok(None),
        Ok(ms) => Ok(Some(Duration::from_millis(ms))),
        Err(_) => Err(Error::invalid_arg(format!(
            "option '{what}' ({ms}) cannot be negative"
        ))),
    }
}

/// Destroy a context.
///
/// Messages that were published asynchronously and still wait for their acknowledgements are destroyed without a
/// call of a handler; threads in `js_PublishAsyncComplete` return with `NATS_ILLEGAL_STATE`. Other calls that wait
/// for an answer continue. Subscriptions and batches that were created with the context continue to work. A handler
/// that is running finishes: `natsConnection_DestroyAndWait` waits for it, and the function of
/// `natsOptions_SetReleasedCB` is called after it.
///
/// @param js The context. NULL and a destroyed context are ignored.
///
/// @par Threads
/// Any thread may call this function at any time, the context's own handlers included.
///
/// @see natsConnection_JetStream, js_PublishAsyncGetPendingList
///
/// @ingroup nats_js_context
///
/// # Safety
/// `js` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jsCtx_Destroy(js: *mut jsCtx) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Some(context) = unsafe { handle::destroy(js) } {
            context.destroy();
        }
    });
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::client::{Connection, Options};
    use crate::error::Status::*;
    use crate::ffi::handle::new_connection;
    use crate::ffi::jetstream::options::jsOptions_Init;
    use crate::ffi::last_error;

    #[test]
    fn a_context_has_what_its_options_say_and_lives_until_it_is_destroyed() {
        let connection = Connection::new(&Options::default()).expect("no network needed");
        let nc = new_connection(&connection);
        let mut js = ptr::null_mut();
        let mut opts = std::mem::MaybeUninit::uninit();
        // SAFETY: handles of this library, live locals and literals.
        unsafe {
            assert_eq!(jsOptions_Init(opts.as_mut_ptr()), NATS_OK);
            let mut opts = opts.assume_init();
            assert_eq!(
                natsConnection_JetStream(&mut js, ptr::null_mut(), &mut opts),
                NATS_INVALID_ARG
            );
            assert_eq!(
                natsConnection_JetStream(ptr::null_mut(), nc, &mut opts),
                NATS_INVALID_ARG
            );
            opts.Wait = -1;
            assert_eq!(
                natsConnection_JetStream(&mut js, nc, &mut opts),
                NATS_INVALID_ARG
            );
            let text = last_error::with(|_, text, _| text.to_owned()).expect("there is one");
            assert_eq!(text, "option 'Wait' (-1) cannot be negative");
            opts.Wait = 7;
            opts.PublishAsync.StallWait = -2;
            assert_eq!(
                natsConnection_JetStream(&mut js, nc, &mut opts),
                NATS_INVALID_ARG
            );
            let text = last_error::with(|_, text, _| text.to_owned()).expect("there is one");
            assert_eq!(
                text,
                "option 'PublishAsyncStallWait' (-2) cannot be negative"
            );
            assert!(js.is_null());
            opts.PublishAsync.StallWait = 0;
            opts.Domain = c"hub.".as_ptr();
            opts.Prefix = c"ignored".as_ptr();
            assert_eq!(natsConnection_JetStream(&mut js, nc, &mut opts), NATS_OK);
            let context = borrow_arc(js).expect("alive");
            assert_eq!(context.prefix(), "$JS.hub.API");
            assert_eq!(context.wait(), Duration::from_millis(7));
            jsCtx_Destroy(js);
            assert_eq!(
                borrow_arc(js).err(),
                Some(Error::invalid_arg("the JetStream context was destroyed"))
            );
            jsCtx_Destroy(js);
            jsCtx_Destroy(ptr::null_mut());
            drop(handle::destroy(nc));
        }
    }
}
