//! libnats_rs for Rust: what the demo needs of it.
//!
//! Callbacks run on threads of the library, those of one subscription one at a time. A closure is freed when the library says
//! that it is not called again. Everything may be dropped anywhere, also in a callback.

use std::ffi::{CStr, CString, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::{fmt, mem, ptr, slice};

use crate::native::*;

/// A status that is not `NATS_OK`.
#[derive(Debug)]
pub struct Error {
    pub status: c_int,
    text: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;

/// Turns a status into a result. The text of the last error belongs to the thread: call this directly after the function.
fn check(status: c_int) -> Result<()> {
    if status == NATS_OK {
        return Ok(());
    }
    // SAFETY: both functions may be called at any time.
    let (name, detail) = unsafe {
        (
            text(natsStatus_GetText(status)),
            text(nats_GetLastError(ptr::null_mut())),
        )
    };
    let text = if detail.is_empty() {
        name
    } else {
        format!("{name}: {detail}")
    };
    Err(Error { status, text })
}

/// Copies a text of C; NULL is the empty one.
///
/// # Safety
/// `c` is NULL, or a text that stays until the function returns.
unsafe fn text(c: *const std::ffi::c_char) -> String {
    if c.is_null() {
        return String::new();
    }
    // SAFETY: by the contract.
    unsafe { CStr::from_ptr(c) }.to_string_lossy().into_owned()
}

/// A text for C.
///
/// # Panics
/// If it contains a zero byte.
fn c_text(text: &str) -> CString {
    CString::new(text).expect("a text for C has no zero byte")
}

fn length(data: &[u8]) -> c_int {
    c_int::try_from(data.len()).unwrap_or(c_int::MAX) // larger than any server accepts: the library refuses it
}

/// A message, copied.
pub struct Message {
    pub subject: String,
    pub reply: String,
    pub data: Vec<u8>,
}

impl Message {
    /// # Safety
    /// `msg` is a message that the caller owns.
    unsafe fn copied(msg: *mut natsMsg) -> Message {
        // SAFETY: by the contract; the data are as long as the library says.
        unsafe {
            let data = natsMsg_GetData(msg);
            let bytes = if data.is_null() {
                Vec::new()
            } else {
                slice::from_raw_parts(data.cast::<u8>(), natsMsg_GetDataLength(msg) as usize)
                    .to_vec()
            };
            Message {
                subject: text(natsMsg_GetSubject(msg)),
                reply: text(natsMsg_GetReply(msg)),
                data: bytes,
            }
        }
    }
}

/// What a closure of C points at. The outer box makes it one pointer.
type OnMessage = Box<dyn FnMut(Message) + Send>;
type OnEvent = Box<dyn FnMut() + Send>;

/// Runs a callback of the program. A panic must not leave it, because frames of C are above: the standard library has
/// already printed it, by the hook that the program may set.
fn guarded(callback: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(callback));
}

extern "C" fn on_message(
    _: *mut natsConnection,
    _: *mut natsSubscription,
    msg: *mut natsMsg,
    closure: *mut c_void,
) {
    // SAFETY: the callback owns the message. The closure is that of `subscribe`, not freed before `free_on_message`, and
    // not in use, since the callbacks of a subscription do not run at the same time.
    guarded(|| unsafe {
        let copied = Message::copied(msg);
        natsMsg_Destroy(msg);
        (*closure.cast::<OnMessage>())(copied);
    });
}

extern "C" fn free_on_message(closure: *mut c_void) {
    // SAFETY: from `subscribe`. The library calls this once, after the last message.
    guarded(|| drop(unsafe { Box::from_raw(closure.cast::<OnMessage>()) }));
}

extern "C" fn on_event(_: *mut natsConnection, closure: *mut c_void) {
    // SAFETY: from `connect`, as above.
    guarded(|| unsafe { (*closure.cast::<OnEvent>())() });
}

extern "C" fn free_on_event(closure: *mut c_void) {
    // SAFETY: from `connect`. The library calls this once, after the last callback of the connection.
    guarded(|| drop(unsafe { Box::from_raw(closure.cast::<OnEvent>()) }));
}

/// A connection. Its functions may be called by several threads.
pub struct Connection {
    /// NULL after `close`. A function that has loaded the handle before calls the library with one that is destroyed, and
    /// gets `NATS_INVALID_ARG`.
    handle: AtomicPtr<natsConnection>,
}

impl Connection {
    /// Connects. The function is called after each reconnection.
    pub fn connect(
        url: &str,
        on_reconnected: impl FnMut() + Send + 'static,
    ) -> Result<Arc<Connection>> {
        let mut options = ptr::null_mut();
        let mut handle = ptr::null_mut();
        // SAFETY: the texts live until the calls return, and the closure until the library releases it.
        unsafe {
            check(natsOptions_Create(&mut options))?;
            let closure =
                Box::into_raw(Box::new(Box::new(on_reconnected) as OnEvent)).cast::<c_void>();
            let url = c_text(url);
            let connected = check(natsOptions_SetURL(options, url.as_ptr()))
                .and_then(|()| check(natsOptions_SetReconnectWait(options, 100)))
                .and_then(|()| {
                    check(natsOptions_SetReconnectedCB(
                        options,
                        Some(on_event),
                        closure,
                    ))
                })
                .and_then(|()| {
                    check(natsOptions_SetReleasedCB(
                        options,
                        Some(free_on_event),
                        closure,
                    ))
                })
                .and_then(|()| check(natsConnection_Connect(&mut handle, options)));
            natsOptions_Destroy(options);
            if connected.is_err() {
                free_on_event(closure); // a connection that was not made is not reported as released
            }
            connected?;
        }
        Ok(Arc::new(Connection {
            handle: AtomicPtr::new(handle),
        }))
    }

    fn handle(&self) -> *mut natsConnection {
        self.handle.load(Ordering::Acquire)
    }

    pub fn publish(&self, subject: &str, data: &[u8]) -> Result<()> {
        let subject = c_text(subject);
        // SAFETY: what the pointers point at lives until the call returns.
        check(unsafe {
            natsConnection_Publish(
                self.handle(),
                subject.as_ptr(),
                data.as_ptr().cast(),
                length(data),
            )
        })
    }

    /// Waits for one answer.
    pub fn request(&self, subject: &str, data: &[u8], milliseconds: i64) -> Result<Message> {
        let subject = c_text(subject);
        let mut reply = ptr::null_mut();
        // SAFETY: as in `publish`; the reply belongs to this function.
        unsafe {
            check(natsConnection_Request(
                &mut reply,
                self.handle(),
                subject.as_ptr(),
                data.as_ptr().cast(),
                length(data),
                milliseconds,
            ))?;
            let copied = Message::copied(reply);
            natsMsg_Destroy(reply);
            Ok(copied)
        }
    }

    /// Calls the function for each message, in order, one at a time.
    pub fn subscribe(
        &self,
        subject: &str,
        callback: impl FnMut(Message) + Send + 'static,
    ) -> Result<Subscription> {
        let subject = c_text(subject);
        let closure = Box::into_raw(Box::new(Box::new(callback) as OnMessage)).cast::<c_void>();
        let mut handle = ptr::null_mut();
        // SAFETY: the closure lives until the library says that it is complete, or was never given to it.
        unsafe {
            check(natsConnection_Subscribe(
                &mut handle,
                self.handle(),
                subject.as_ptr(),
                Some(on_message),
                closure,
            ))
            .inspect_err(|_| free_on_message(closure))?;
            let sub = Subscription { handle };
            // If this fails, nobody says when the last callback has returned: the closure is never freed.
            check(natsSubscription_SetOnCompleteCB(
                handle,
                Some(free_on_message),
                closure,
            ))?;
            Ok(sub)
        }
    }

    pub fn jetstream(&self) -> Result<JetStream> {
        let mut handle = ptr::null_mut();
        // SAFETY: NULL means no options.
        check(unsafe { natsConnection_JetStream(&mut handle, self.handle(), ptr::null_mut()) })?;
        Ok(JetStream { handle })
    }

    /// Delivers what has been received, writes what has been published, and waits for the last callback. Not to be called
    /// in a callback of the connection, which would wait for itself.
    pub fn close(&self) -> Result<()> {
        let handle = self.handle.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: the swap leaves the handle to this call alone. Others that still use it get NATS_INVALID_ARG.
        unsafe {
            let drained = check(natsConnection_Drain(handle));
            let destroyed = check(natsConnection_DestroyAndWait(handle, 10_000));
            drained.and(destroyed)
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: nobody else has this value. NULL, after `close`, is ignored.
        unsafe { natsConnection_Destroy(*self.handle.get_mut()) }
    }
}

/// A subscription; ends when it is dropped.
pub struct Subscription {
    handle: *mut natsSubscription,
}

// SAFETY: all functions of the library may be called by any thread.
unsafe impl Send for Subscription {}

impl Subscription {
    /// Delivers what has been received, then ends.
    pub fn drain(self, milliseconds: i64) -> Result<()> {
        // SAFETY: the handle is destroyed by `drop`, afterwards.
        unsafe {
            check(natsSubscription_Drain(self.handle))?;
            check(natsSubscription_WaitForDrainCompletion(
                self.handle,
                milliseconds,
            ))
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // SAFETY: the handle belongs to this value.
        unsafe { natsSubscription_Destroy(self.handle) }
    }
}

/// A JetStream context.
pub struct JetStream {
    handle: *mut jsCtx,
}

impl JetStream {
    /// Creates a stream in memory with one subject.
    pub fn add_stream(&self, name: &str, subject: &str) -> Result<()> {
        let (name, subject) = (c_text(name), c_text(subject));
        let subjects = [subject.as_ptr()];
        let mut config = mem::MaybeUninit::<jsStreamConfig>::uninit();
        // SAFETY: the first call fills the struct. What it points at lives until the second one returns.
        unsafe {
            check(jsStreamConfig_Init(config.as_mut_ptr()))?;
            let mut config = config.assume_init();
            config.Name = name.as_ptr();
            config.Subjects = subjects.as_ptr();
            config.SubjectsLen = 1;
            config.Storage = JS_MEMORY_STORAGE;
            check(js_AddStream(
                ptr::null_mut(),
                self.handle,
                &mut config,
                ptr::null_mut(),
                ptr::null_mut(),
            ))
        }
    }

    /// Returns the sequence.
    pub fn publish(&self, subject: &str, data: &[u8]) -> Result<u64> {
        let subject = c_text(subject);
        let mut ack = ptr::null_mut();
        // SAFETY: the acknowledgment belongs to this function.
        unsafe {
            let (data, length) = (data.as_ptr().cast(), length(data));
            let none = ptr::null_mut();
            check(js_Publish(
                &mut ack,
                self.handle,
                subject.as_ptr(),
                data,
                length,
                none,
                ptr::null_mut(),
            ))?;
            let sequence = (*ack).Sequence;
            jsPubAck_Destroy(ack);
            Ok(sequence)
        }
    }

    /// Fetches messages, acknowledges each, and returns them.
    pub fn fetch(
        &self,
        subject: &str,
        durable: &str,
        count: c_int,
        milliseconds: i64,
    ) -> Result<Vec<Message>> {
        let (subject, durable) = (c_text(subject), c_text(durable));
        let mut handle = ptr::null_mut();
        let mut list = natsMsgList {
            Msgs: ptr::null_mut(),
            Count: 0,
        };
        // SAFETY: the subscription and the list belong to this function. The list has as many messages as it says.
        unsafe {
            let (none, code) = (ptr::null_mut(), ptr::null_mut());
            check(js_PullSubscribe(
                &mut handle,
                self.handle,
                subject.as_ptr(),
                durable.as_ptr(),
                none,
                none,
                code,
            ))?;
            let _sub = Subscription { handle };
            check(natsSubscription_Fetch(
                &mut list,
                handle,
                count,
                milliseconds,
                code,
            ))?;
            let mut fetched = Ok(Vec::new());
            for i in 0..list.Count as usize {
                let msg = *list.Msgs.add(i);
                fetched = fetched.and_then(|mut all| {
                    check(natsMsg_AckSync(msg, none, code))?;
                    all.push(Message::copied(msg));
                    Ok(all)
                });
            }
            natsMsgList_Destroy(&mut list);
            fetched
        }
    }

    /// Creates a bucket in memory.
    pub fn create_bucket(&self, name: &str) -> Result<KeyValue> {
        let name = c_text(name);
        let mut handle = ptr::null_mut();
        let mut config = mem::MaybeUninit::<kvConfig>::uninit();
        // SAFETY: as in `add_stream`.
        unsafe {
            check(kvConfig_Init(config.as_mut_ptr()))?;
            let mut config = config.assume_init();
            config.Bucket = name.as_ptr();
            config.StorageType = JS_MEMORY_STORAGE;
            check(js_CreateKeyValue(&mut handle, self.handle, &mut config))?;
        }
        Ok(KeyValue { handle })
    }
}

impl Drop for JetStream {
    fn drop(&mut self) {
        // SAFETY: the handle belongs to this value.
        unsafe { jsCtx_Destroy(self.handle) }
    }
}

/// A key-value bucket.
pub struct KeyValue {
    handle: *mut kvStore,
}

impl KeyValue {
    /// Returns the revision.
    pub fn put(&self, key: &str, value: &[u8]) -> Result<u64> {
        let key = c_text(key);
        let mut revision = 0;
        // SAFETY: what the pointers point at lives until the call returns.
        unsafe {
            let value_length = length(value);
            check(kvStore_Put(
                &mut revision,
                self.handle,
                key.as_ptr(),
                value.as_ptr().cast(),
                value_length,
            ))?;
        }
        Ok(revision)
    }

    /// Returns the value and its revision.
    pub fn get(&self, key: &str) -> Result<(Vec<u8>, u64)> {
        let key = c_text(key);
        let mut entry = ptr::null_mut();
        // SAFETY: the entry belongs to this function; its value is as long as the library says.
        unsafe {
            check(kvStore_Get(&mut entry, self.handle, key.as_ptr()))?;
            let value = kvEntry_Value(entry).cast::<u8>();
            let bytes = if value.is_null() {
                Vec::new()
            } else {
                slice::from_raw_parts(value, kvEntry_ValueLen(entry) as usize).to_vec()
            };
            let revision = kvEntry_Revision(entry);
            kvEntry_Destroy(entry);
            Ok((bytes, revision))
        }
    }
}

impl Drop for KeyValue {
    fn drop(&mut self) {
        // SAFETY: the handle belongs to this value.
        unsafe { kvStore_Destroy(self.handle) }
    }
}
