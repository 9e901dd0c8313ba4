//! Object stores for C.
//!
//! | Module | Holds |
//! |---|---|
//! | [`types`] | the structures |
//! | [`buckets`] | stores: create, update, open, delete, lists, seal, status |
//! | [`objects`] | information about objects; update of metadata, delete, links |
//! | [`puts`], [`gets`] | storing and reading: by pieces, whole, files |
//! | [`watches`] | watching and listing |
//! | [`additions`] | what nats.c does not have |
//! | `convert` | the structures from and to the core |

pub mod additions;
pub mod buckets;
mod convert;
pub mod gets;
pub mod objects;
pub mod puts;
pub mod types;
pub mod watches;

use std::ffi::c_char;
use std::time::{Duration, Instant};

use crate::error::{Error, natsStatus};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::js;

/// Runs the body of an exported function. That something is not there leaves the thread without a last error.
fn guard_obj(name: &'static str, body: impl FnOnce() -> js::Result<()>) -> natsStatus {
    // SAFETY: NULL is left alone.
    unsafe { guard_api(name, std::ptr::null_mut(), body) }
}

/// A name that must be there.
///
/// # Safety
/// `name` is NULL or a string that stays as it is for `'a`.
unsafe fn name<'a>(name: *const c_char) -> js::Result<&'a str> {
    // SAFETY: the contract above.
    let name = unsafe { given::str(name, "name") }?;
    match name {
        "" => Err(Error::invalid_arg("name is required").into()),
        name => Ok(name),
    }
}

/// When a time in milliseconds is over, which must be positive.
fn until(timeout: i64) -> js::Result<Instant> {
    let ms = u64::try_from(timeout).unwrap_or(0);
    if ms == 0 {
        let text = format!("the timeout must be above 0: {timeout}");
        return Err(Error::invalid_arg(text).into());
    }
    let now = Instant::now();
    // What clocks cannot say is as good as for ever.
    let far = now + Duration::from_secs(u64::from(u32::MAX));
    Ok(now.checked_add(Duration::from_millis(ms)).unwrap_or(far))
}
