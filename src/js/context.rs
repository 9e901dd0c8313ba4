//! A context: a connection, and the settings for using its JetStream.
//!
//! [`CallOptions`] can override settings of the context for one call. [`Context::call`] combines the two, and the
//! returned [`Call`] has all functions that send a request to the server.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::json::{Json, Mismatch, parse_value, take};
use super::api::{ApiError, ErrCode};
use super::error::{Error, Result};
use super::publish::{AsyncSettings, Publishing};
use crate::client::{Connection, ForeignHandle, ManyLimits, Publish};
use crate::error::{Error as Plain, Status};
use crate::msg::{Msg, MsgList};
use crate::proto::headers::{HeaderBlock, HeaderMap};

/// The default timeout of a call.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(5);
/// The default prefix of the API's subjects.
const DEFAULT_PREFIX: &str = "$JS.API";
/// The header with the required level of the API (ADR-44).
const REQUIRED_LEVEL: &[u8] = b"Nats-Required-Api-Level";

/// The settings of a context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextOptions {
    /// The prefix of the API's subjects; empty for `$JS.API`.
    pub prefix: String,
    /// The JetStream domain; takes precedence over the prefix.
    pub domain: String,
    /// The timeout of a call; zero for [`DEFAULT_WAIT`].
    pub wait: Duration,
    /// The messages that a purge removes.
    pub purge: Purge<'static>,
    /// Infos of streams include the deleted sequences.
    pub deleted_details: bool,
    /// The required level of the API; 0 for none. Servers before 2.12 ignore it.
    pub required_level: u32,
    /// The settings for asynchronous publishing. Their `patience` is `wait`.
    pub publish: AsyncSettings,
}

/// Selects the messages of a stream that a purge removes; all if nothing is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge<'a> {
    /// The messages of these subjects.
    pub subject: Option<Cow<'a, str>>,
    /// The messages before this sequence; 0 for all.
    pub sequence: u64,
    /// All except this number of last messages. Not together with `sequence`.
    pub keep: u64,
}

impl Purge<'_> {
    fn is_set(&self) -> bool {
        self.subject.is_some() || self.sequence > 0 || self.keep > 0
    }
}

/// Additional details of an info of a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InfoOptions<'a> {
    /// The deleted sequences.
    pub deleted_details: bool,
    /// The number of messages of each subject that matches this; empty for none. Lists of streams include only those
    /// that store such a subject.
    pub subjects_filter: &'a str,
}

/// The settings of one call. Empty and zero values mean those of the context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallOptions<'a> {
    /// The prefix of the API's subjects.
    pub prefix: &'a str,
    /// The JetStream domain; takes precedence over the prefix.
    pub domain: &'a str,
    /// The timeout.
    pub wait: Duration,
    /// The messages that a purge removes.
    pub purge: Purge<'a>,
    /// The details of an info; `None` for the context's.
    pub info: Option<InfoOptions<'a>>,
    /// The required level of the API.
    pub required_level: u32,
    /// The server refuses a configuration that it would have to adjust.
    pub pedantic: bool,
}

/// A connection, and the settings for using its JetStream. A connection can have any number of contexts.
pub struct Context {
    conn: Arc<Connection>,
    options: ContextOptions,
    /// The prefix of the API's subjects, without a dot at its end.
    prefix: String,
    publishing: Publishing,
    required_level: AtomicU32,
    pedantic: AtomicBool,
    handle: OnceLock<ForeignHandle>,
}

impl Context {
    /// Creates a context of this connection. Nothing is sent.
    pub fn new(conn: &Arc<Connection>, options: ContextOptions) -> Arc<Context> {
        let prefix = match prefix_of(&options.domain, &options.prefix) {
            Some(prefix) => prefix.into_owned(),
            None => DEFAULT_PREFIX.to_owned(),
        };
        let publish = AsyncSettings {
            patience: wait_of(&options),
            ..options.publish
        };
        Arc::new(Context {
            conn: conn.clone(),
            required_level: AtomicU32::new(options.required_level),
            pedantic: AtomicBool::new(false),
            options,
            prefix,
            publishing: Publishing::new(publish),
            handle: OnceLock::new(),
        })
    }

    /// Stores the handle by which a foreign caller knows the context; once.
    pub fn set_handle(&self, handle: ForeignHandle) {
        // A second call is a mistake of the caller; its handle is dropped.
        let _ = self.handle.set(handle);
    }

    /// The address by which the foreign caller knows the context, or 0.
    pub fn handle(&self) -> usize {
        self.handle.get().map_or(0, |h| h.address())
    }

    /// The publishing state.
    pub fn publishing(&self) -> &Publishing {
        &self.publishing
    }

    /// The program has destroyed it.
    pub fn destroy(&self) {
        self.publishing.destroy();
    }

    /// Sets the required level of the API for calls that begin from now on; 0 for none.
    pub fn set_required_level(&self, level: u32) {
        self.required_level.store(level, Ordering::Relaxed);
    }

    /// Sets whether configurations that are sent from now on are refused rather than adjusted.
    /// Counts for those calls that say so in their options.
    pub fn set_pedantic(&self, pedantic: bool) {
        self.pedantic.store(pedantic, Ordering::Relaxed);
    }

    /// Whether configurations that the program made are to be refused rather than adjusted.
    pub fn pedantic(&self) -> bool {
        self.pedantic.load(Ordering::Relaxed)
    }

    /// Its connection.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.conn
    }

    /// The prefix of the API's subjects, without a dot at its end: `$JS.API`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The timeout of a call.
    pub fn wait(&self) -> Duration {
        wait_of(&self.options)
    }

    /// Combines the settings of this context with the options of a call.
    pub fn call<'a>(&'a self, options: &CallOptions<'a>) -> Call<'a> {
        let of_context = &self.options;
        Call {
            context: self,
            prefix: prefix_of(options.domain, options.prefix)
                .unwrap_or(Cow::Borrowed(self.prefix.as_str())),
            wait: match options.wait {
                Duration::ZERO => self.wait(),
                wait => wait,
            },
            purge: match options.purge.is_set() {
                true => options.purge.clone(),
                false => of_context.purge.clone(),
            },
            info: options.info.unwrap_or(InfoOptions {
                deleted_details: of_context.deleted_details,
                subjects_filter: "",
            }),
            required_level: match options.required_level {
                0 => self.required_level.load(Ordering::Relaxed),
                level => level,
            },
            pedantic: options.pedantic,
        }
    }
}

fn wait_of(options: &ContextOptions) -> Duration {
    match options.wait {
        Duration::ZERO => DEFAULT_WAIT,
        wait => wait,
    }
}

/// The prefix for a domain or a prefix; `None` if neither is set.
fn prefix_of<'a>(domain: &str, prefix: &'a str) -> Option<Cow<'a, str>> {
    let without_dot = |text: &'a str| text.strip_suffix('.').unwrap_or(text);
    match (
        domain.strip_suffix('.').unwrap_or(domain),
        without_dot(prefix),
    ) {
        ("", "") => None,
        ("", prefix) => Some(Cow::Borrowed(prefix)),
        (domain, _) => Some(Cow::Owned(domain_prefix(domain))),
    }
}

/// The prefix of the API's subjects for a domain.
pub fn domain_prefix(domain: &str) -> String {
    format!("$JS.{domain}.API")
}

/// One call, or several with the same options.
#[derive(Clone)]
pub struct Call<'a> {
    context: &'a Context,
    prefix: Cow<'a, str>,
    wait: Duration,
    purge: Purge<'a>,
    info: InfoOptions<'a>,
    required_level: u32,
    pedantic: bool,
}

impl Call<'_> {
    /// The context that it was created with.
    pub fn context(&self) -> &Context {
        self.context
    }

    /// The prefix of the API's subjects, without a dot at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The JetStream domain of the servers that answer; `None` if they have none, or if the prefix does not say it.
    pub fn domain(&self) -> Option<Cow<'_, str>> {
        if self.prefix == DEFAULT_PREFIX {
            return self.context.conn.server_domain().map(Cow::Owned);
        }
        let inner = self.prefix.strip_prefix("$JS.")?;
        Some(Cow::Borrowed(inner.strip_suffix(".API")?))
    }

    /// The timeout.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// The messages that a purge removes.
    pub fn purge(&self) -> &Purge<'_> {
        &self.purge
    }

    /// The details of an info of a stream.
    pub fn info(&self) -> InfoOptions<'_> {
        self.info
    }

    /// Whether the server is to refuse a configuration that it would have to adjust.
    pub fn pedantic(&self) -> bool {
        self.pedantic
    }

    /// When its time is over that begins now; `None` if that is beyond what clocks can say.
    pub fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.wait)
    }

    /// The subject of a function of the API: its name, and the tokens that follow.
    pub fn subject(&self, function: &str, tokens: &[&str]) -> String {
        let mut subject = format!("{}.{function}", self.prefix);
        for token in tokens {
            subject.push('.');
            subject.push_str(token);
        }
        subject
    }

    /// Sends a request to a function of the API, and waits for the answer until the call's timeout.
    pub fn request<T: Json>(&self, function: &str, tokens: &[&str], body: &[u8]) -> Result<T> {
        self.request_until(function, tokens, body, self.deadline())
    }

    /// As [`Call::request`], until a deadline. An error of the server becomes the error of this call. An answer without
    /// a body is the empty value.
    pub fn request_until<T: Json>(
        &self,
        function: &str,
        tokens: &[&str],
        body: &[u8],
        deadline: Option<Instant>,
    ) -> Result<T> {
        let reply = self.request_msg(&self.subject(function, tokens), body, deadline)?;
        read_response(reply.payload())
    }

    /// Sends a request, and returns the answer as it was received. If there is no responder, JetStream is not enabled:
    /// [`Status::NATS_NO_RESPONDERS`] with [`ErrCode::NOT_ENABLED`].
    pub fn request_msg(
        &self,
        subject: &str,
        body: &[u8],
        deadline: Option<Instant>,
    ) -> Result<Msg> {
        let conn = &self.context.conn;
        let reply = self.with_request(subject, body, |request| {
            conn.request_with(request, deadline)
        });
        reply.map_err(with_code)
    }

    /// Sends a request to a function of the API without waiting. `then` is called with the answer, or with an error at
    /// the call's timeout, on a thread that must not be blocked. It is not called if this function fails.
    pub fn request_then<T: Json>(
        &self,
        function: &str,
        tokens: &[&str],
        body: &[u8],
        then: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<(), Plain> {
        let conn = &self.context.conn;
        let answered = |answer: Result<Msg, Plain>| {
            then(
                answer
                    .map_err(with_code)
                    .and_then(|msg| read_response(msg.payload())),
            );
        };
        self.with_request(&self.subject(function, tokens), body, |request| {
            conn.request_then(request, self.deadline(), answered)
        })
        .map(drop)
    }

    /// Sends a request that has several answers, and returns them as they were received.
    pub(super) fn request_many(
        &self,
        subject: &str,
        body: &[u8],
        deadline: Option<Instant>,
        limits: &ManyLimits<'_>,
    ) -> Result<MsgList> {
        let conn = &self.context.conn;
        let replies = self.with_request(subject, body, |request| {
            conn.request_many(request, deadline, limits)
        });
        replies.map_err(with_code)
    }

    /// Builds a request, with the headers that all requests of this call have.
    fn with_request<R>(
        &self,
        subject: &str,
        body: &[u8],
        send: impl FnOnce(&Publish<'_>) -> R,
    ) -> R {
        let mut headers = HeaderMap::new();
        if self.required_level > 0 {
            let level = self.required_level.to_string();
            headers.set(REQUIRED_LEVEL, Some(level.as_bytes()));
        }
        send(&Publish {
            subject: subject.as_bytes(),
            headers: (!headers.is_empty()).then(|| HeaderBlock::of(&headers)),
            payload: body,
            ..Default::default()
        })
    }
}

/// No responder means that JetStream is not enabled.
fn with_code(error: Plain) -> Error {
    let code = match error.status() {
        Status::NATS_NO_RESPONDERS => ErrCode::NOT_ENABLED,
        _ => ErrCode::NONE,
    };
    Error::new(error, code)
}

/// Parses an answer of the API: an error, or the result.
pub fn read_response<T: Json>(text: &[u8]) -> Result<T> {
    let mut value = parse_value(text)?;
    if let Value::Object(fields) = &mut value {
        // A null, or an empty object, is none.
        let error: Option<ApiError> = take(fields, "error").map_err(Plain::from)?;
        if let Some(error) = error.filter(ApiError::is_error) {
            return Err(Error::from_api(error));
        }
    }
    let read = match value {
        Value::Null => Ok(T::empty()),
        value => T::read(value),
    };
    Ok(read.map_err(|e: Mismatch| Plain::from(e))?)
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
