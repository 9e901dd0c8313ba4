//! `kvWatcher`: following keys.

use std::ffi::{c_char, c_int};
use std::ptr;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::config::{kvWatchOptions, watch_from_c};
use super::entry::{into_c, kvEntry};
use crate::error::{Result, Status, natsStatus};
use crate::ffi::callback::{Callback, Function};
use crate::ffi::convert::{millis, positive, required};
use crate::ffi::guard::{guard, guard_void};
use crate::ffi::handle::{
    self, EarlyOutput, Held, OwnedWatcher, borrow_arc, hold_watcher, kvStore, kvWatcher,
    new_watcher, prepare_watcher,
};
use crate::ffi::jetstream::call::guard_api;
use crate::ffi::jetstream::given;
use crate::js;
use crate::kv::Entry;
use crate::kv::watch::{EntrySink, watch};
use crate::locks::Mutex;

/// Watch a key, or the keys that match a pattern.
///
/// Delivers the last revision of each matching key, then a NULL entry with `NATS_OK`, which reports
/// that these initial data are complete, and then all changes. The options can select more or fewer
/// entries. The watcher uses an ordered consumer: no revision is delivered twice or out of order,
/// whatever happens to the connection and the servers. Source: ADR-8, ADR-17.
///
/// @param new_watcher Receives the watcher, to be released with `kvWatcher_Destroy`. It is written
/// before the first callback, and restored on failure.
/// @param kv The bucket.
/// @param keys The key or the pattern, which may have the wildcards `*` for a token and `>` for all
/// that follow.
/// @param opts The selection of entries; NULL for the defaults. Read during the call only; the
/// callback and its closure must stay valid until the watcher is destroyed and its last callback
/// has returned (see `kvWatcher_Destroy`). If the call fails, the callback is not called.
///
/// @retval NATS_OK The watcher was created.
/// @retval NATS_INVALID_ARG `new_watcher` or `keys` is NULL, `keys` is empty, or `kv` is NULL or
/// was destroyed.
/// @retval NATS_NOT_FOUND The bucket no longer exists.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @par Example
/// ```c
/// jsCtx *js = NULL;
/// kvStore *kv = NULL;
/// kvWatcher *w = NULL;
/// kvEntry *e = NULL;
///
/// natsStatus s = natsConnection_JetStream(&js, nc, NULL);
/// if (s == NATS_OK) s = js_KeyValue(&kv, js, "settings");
/// if (s == NATS_OK) s = kvStore_Watch(&w, kv, "lamp.*", NULL);
/// while (s == NATS_OK && (s = kvWatcher_Next(&e, w, 10000)) == NATS_OK) {
///     if (e == NULL)
///         printf("that is all for now\n");
///     else
///         printf("%s: %s\n", kvEntry_Key(e), kvEntry_ValueString(e));
///     kvEntry_Destroy(e);
/// }
/// kvWatcher_Destroy(w);
/// kvStore_Destroy(kv);
/// jsCtx_Destroy(js);
/// ```
///
/// @see kvWatcher_Next, kvStore_WatchMulti, kvStore_WatchAll
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `new_watcher` is NULL or valid for writing; `kv` is NULL or a handle of this library; `keys` is
/// NULL or a string; `opts` is NULL or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_Watch(
    new_watcher: *mut *mut kvWatcher,
    kv: *mut kvStore,
    keys: *const c_char,
    opts: *const kvWatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let keys = given::str(keys, "the keys")?;
        make(new_watcher, kv, &[keys], opts)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_Watch", ptr::null_mut(), body) }
}

/// Watch several keys or patterns of keys.
///
/// Delivers the last revision of each matching key, then a NULL entry with `NATS_OK`, which reports
/// that these initial data are complete, and then all changes. The options can select more or fewer
/// entries. The watcher uses an ordered consumer: no revision is delivered twice or out of order,
/// whatever happens to the connection and the servers. Source: ADR-8, ADR-17.
///
/// @param new_watcher Receives the watcher, to be released with `kvWatcher_Destroy`. It is written
/// before the first callback, and restored on failure.
/// @param kv The bucket.
/// @param keys The keys and patterns. They may overlap: each revision is delivered once.
/// @param numKeys The number of elements, at least 1.
/// @param opts The selection of entries; NULL for the defaults. Read during the call only; the
/// callback and its closure must stay valid until the watcher is destroyed and its last callback
/// has returned (see `kvWatcher_Destroy`). If the call fails, the callback is not called.
///
/// @retval NATS_OK The watcher was created.
/// @retval NATS_INVALID_ARG `new_watcher` or `keys` is NULL, a key is NULL or empty, `numKeys` is
/// less than 1, `kv` is NULL or was destroyed, or the server does not support consumers with
/// several subjects (before 2.10).
/// @retval NATS_NOT_FOUND The bucket no longer exists.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Watch
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// As for `kvStore_Watch`; `keys` is NULL or has `numKeys` pointers, which are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_WatchMulti(
    new_watcher: *mut *mut kvWatcher,
    kv: *mut kvStore,
    keys: *mut *const c_char,
    numKeys: c_int,
    opts: *const kvWatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        let keys = given::strings(keys, numKeys, "keys")?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        make(new_watcher, kv, &keys, opts)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_WatchMulti", ptr::null_mut(), body) }
}

/// Watch all keys of a bucket.
///
/// Delivers the last revision of each matching key, then a NULL entry with `NATS_OK`, which reports
/// that these initial data are complete, and then all changes. The options can select more or fewer
/// entries. The watcher uses an ordered consumer: no revision is delivered twice or out of order,
/// whatever happens to the connection and the servers. Source: ADR-8, ADR-17.
///
/// @param new_watcher Receives the watcher, to be released with `kvWatcher_Destroy`. It is written
/// before the first callback, and restored on failure.
/// @param kv The bucket.
/// @param opts The selection of entries; NULL for the defaults. Read during the call only; the
/// callback and its closure must stay valid until the watcher is destroyed and its last callback
/// has returned (see `kvWatcher_Destroy`). If the call fails, the callback is not called.
///
/// @retval NATS_OK The watcher was created.
/// @retval NATS_INVALID_ARG `new_watcher` is NULL, or `kv` is NULL or was destroyed.
/// @retval NATS_NOT_FOUND The bucket no longer exists.
/// @retval NATS_ERR The server refused: its text is the last error.
/// @retval NATS_NO_RESPONDERS JetStream is not enabled.
/// @retval NATS_TIMEOUT No answer arrived in time.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
/// @retval NATS_DRAINING The connection is draining.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Watch
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `new_watcher` is NULL or valid for writing; `kv` is NULL or a handle of this library; `opts` is
/// NULL or valid, and so is what the fields point at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvStore_WatchAll(
    new_watcher: *mut *mut kvWatcher,
    kv: *mut kvStore,
    opts: *const kvWatchOptions,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        make(new_watcher, kv, &[">"], opts)?;
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvStore_WatchAll", ptr::null_mut(), body) }
}

/// Makes a watcher.
///
/// # Safety
/// `out` is NULL or valid for writing; `kv` is NULL or a handle of this library; `opts` is NULL or options whose
/// callback may be called with its closure on any thread.
unsafe fn make(
    out: *mut *mut kvWatcher,
    kv: *mut kvStore,
    keys: &[&str],
    opts: *const kvWatchOptions,
) -> js::Result<()> {
    required(out, "new_watcher")?;
    // SAFETY: the contract above.
    let (store, opts) = unsafe { (borrow_arc(kv)?, opts.as_ref()) };
    let object = prepare_watcher(&store);
    let callback = opts.and_then(|opts| Callback::new(opts.Callback, opts.Closure));
    let sink = callback.map(|callback| -> Box<dyn EntrySink> {
        Box::new(CallbackSink {
            callback,
            watcher: Arc::downgrade(&object),
            current: Mutex::new(None),
        })
    });
    // SAFETY: not NULL, hence valid for writing by the contract above.
    let mut output = unsafe { EarlyOutput::new(out) };
    let made = watch(store.store(), keys, &watch_from_c(opts), sink, |watcher| {
        // SAFETY: the handle is new.
        unsafe { output.write(new_watcher(&object, watcher)) };
    });
    output.finish(made)
}

/// A `kvWatchCb` that is not NULL.
type WatchCb =
    unsafe extern "C" fn(*mut kvWatcher, *mut kvEntry, natsStatus, *mut std::ffi::c_void);

/// The program's function, called with each entry of a watcher.
struct CallbackSink {
    callback: Callback<WatchCb>,
    watcher: Weak<OwnedWatcher>,
    /// The watcher, and what keeps its handle usable, from the beginning of a round to its end.
    current: Mutex<Option<(Arc<OwnedWatcher>, Held<kvWatcher>)>>,
}

impl EntrySink for CallbackSink {
    fn around(&self, round: &mut dyn FnMut()) {
        let watcher = self.watcher.upgrade();
        *self.current.lock() = watcher.map(|watcher| {
            let held = hold_watcher(&watcher);
            (watcher, held)
        });
        round();
        let current = self.current.lock().take();
        drop(current);
    }

    fn entry(&self, entry: Result<Option<Entry>>) {
        let current = self
            .current
            .lock()
            .as_ref()
            .map(|(w, held)| (w.clone(), **held));
        let Some((watcher, handle)) = current else {
            return;
        };
        let (entry, status) = match entry {
            Ok(None) => (ptr::null_mut(), Status::NATS_OK),
            Ok(Some(entry)) => (into_c(entry, watcher.store()), Status::NATS_OK),
            Err(error) => (ptr::null_mut(), error.status()),
        };
        let (function, closure) = self.callback.parts();
        // SAFETY: the program gave the function for this, to be called with its closure on any thread. The handle is
        // usable for the round; the entry is the function's.
        unsafe { function.call((handle, entry, status, closure)) };
    }
}

/// Wait for the next entry of a watcher.
///
/// @param new_entry Receives the entry, to be released with `kvEntry_Destroy`; NULL if there is
/// none or the call fails, except that it is not written if an argument is not valid.
/// @param w The watcher.
/// @param timeout The longest time to wait in milliseconds; greater than 0.
///
/// @retval NATS_OK An entry was written; or NULL, which reports once that the initial data are
/// complete.
/// @retval NATS_TIMEOUT No entry arrived in time.
/// @retval NATS_ILLEGAL_STATE The watcher was stopped before or during the call, or it has a
/// callback.
/// @retval NATS_INVALID_ARG `new_entry` is NULL, `w` is NULL or was destroyed, or `timeout` is not
/// positive.
/// @retval NATS_NOT_FOUND The bucket no longer exists. Returned once; the watcher continues if a
/// bucket of the same name is created. The last error is cleared.
/// @retval NATS_ERR A message of the bucket is not a valid entry.
/// @retval NATS_DRAINING The connection is draining: nothing follows.
/// @retval NATS_CONNECTION_CLOSED The connection is closed, or was closed during the call.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvStore_Watch, kvWatcher_Stop
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `new_entry` is NULL or valid for writing; `w` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvWatcher_Next(
    new_entry: *mut *mut kvEntry,
    w: *mut kvWatcher,
    timeout: i64,
) -> natsStatus {
    // SAFETY: the caller's contract, above.
    let body = || unsafe {
        required(new_entry, "new_entry")?;
        let object = borrow_arc(w)?;
        let wait = millis(positive(timeout, "timeout")?, "timeout")?;
        new_entry.write(ptr::null_mut());
        let watcher = object.watcher().ok_or(Status::NATS_ILLEGAL_STATE)?;
        if let Some(entry) = watcher.next(Instant::now().checked_add(wait))? {
            new_entry.write(into_c(entry, object.store()));
        }
        Ok(())
    };
    // SAFETY: nothing is written to NULL.
    unsafe { guard_api("kvWatcher_Next", ptr::null_mut(), body) }
}

/// Stop a watcher.
///
/// Threads in `kvWatcher_Next` return with `NATS_ILLEGAL_STATE`, no further callback begins, and
/// the consumer is deleted on the server. The watcher must still be destroyed.
///
/// @param w The watcher.
///
/// @retval NATS_OK The watcher is stopped, or was stopped before.
/// @retval NATS_INVALID_ARG `w` is NULL or was destroyed.
/// @retval NATS_ILLEGAL_STATE The watcher was created by the parent process before `fork`.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvWatcher_Destroy
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `w` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvWatcher_Stop(w: *mut kvWatcher) -> natsStatus {
    guard("kvWatcher_Stop", || {
        // SAFETY: the caller's contract, above.
        unsafe { borrow_arc(w) }?.stop();
        Ok(())
    })
}

/// Stop and destroy a watcher.
///
/// No further callback begins; one that is running finishes. `natsConnection_DestroyAndWait` waits
/// for it, and the function of `natsOptions_SetReleasedCB` is called after it.
///
/// @param w The watcher; NULL is ignored.
///
/// @par Threads
/// Any thread may call this function at any time. It waits for the answer of the server, also in a
/// callback.
///
/// @see kvWatcher_Stop, natsConnection_DestroyAndWait
///
/// @ingroup nats_kv_watch
///
/// # Safety
/// `w` is NULL or a handle of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kvWatcher_Destroy(w: *mut kvWatcher) {
    guard_void(|| {
        // SAFETY: the caller's contract, above.
        if let Some(object) = unsafe { handle::destroy(w) } {
            object.stop();
        }
    });
}
