//! The API as a subscription uses it: with the prefix and the timeout of its context, on threads that must not wait.

use std::sync::Arc;
use std::time::Duration;

use crate::client::{Connection, Subscription};
use crate::error::{Error, Result, Status};
use crate::js::api::json::Json;
use crate::js::api::{ConsumerConfig, ConsumerInfo, DeliverPolicy};
use crate::js::context::{Call, CallOptions, Context};
use crate::js::time::Time;

/// The API settings of a context, for the life of a subscription.
pub(super) struct Api {
    pub(super) context: Arc<Context>,
    prefix: String,
    pub(super) wait: Duration,
}

impl Api {
    pub(super) fn of(call: &Call<'_>, context: &Arc<Context>) -> Arc<Self> {
        Arc::new(Api {
            context: context.clone(),
            prefix: call.prefix().to_owned(),
            wait: call.wait(),
        })
    }

    pub(super) fn call(&self) -> Call<'_> {
        self.context.call(&CallOptions {
            prefix: &self.prefix,
            wait: self.wait,
            ..CallOptions::default()
        })
    }

    /// The same, with the options of one call.
    pub(super) fn call_with<'a>(&'a self, options: &CallOptions<'a>) -> Call<'a> {
        let mut options = options.clone();
        if options.domain.is_empty() && options.prefix.is_empty() {
            options.prefix = &self.prefix;
        }
        self.context.call(&options)
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.context.connection()
    }

    /// Sends a request without waiting. `then` is called with the answer, on a thread that must not
    /// wait, unless the call fails.
    pub(super) fn ask<T: Json>(
        &self,
        function: &str,
        tokens: &[&str],
        body: &[u8],
        then: impl FnOnce(crate::js::Result<T>) + Send + 'static,
    ) -> Result<()> {
        self.call().request_then(function, tokens, body, then)
    }

    /// Creates a consumer as [`ask`](Self::ask) does.
    pub(super) fn create_consumer(
        &self,
        stream: &str,
        config: &ConsumerConfig,
        then: impl FnOnce(crate::js::Result<ConsumerInfo>) + Send + 'static,
    ) -> Result<()> {
        self.call().put_consumer_then(stream, config, then)
    }

    /// Reports to the error handler that the consumer does not exist any more.
    pub(super) fn report_gone(&self, sub: &Arc<Subscription>, stream: &str, consumer: &str) {
        let text = format!("consumer '{consumer}' of stream '{stream}' is gone");
        let error = Error::new(Status::NATS_NOT_FOUND, text);
        self.connection().report_error(Some(sub), &error);
    }

    /// Reports to the error handler that a consumer could not be created again.
    pub(super) fn report_not_recreated(
        &self,
        sub: &Arc<Subscription>,
        what: &str,
        error: &crate::js::Error,
    ) {
        let text = format!(
            "error recreating {what}, will try again: status={} error={}",
            error.status() as i32,
            error.text()
        );
        let error = Error::new(error.status(), text);
        self.connection().report_error(Some(sub), &error);
    }
}

/// Sets the start of a consumer to the message behind this stream sequence.
pub(super) fn start_behind(config: &mut ConsumerConfig, sequence: u64) {
    config.deliver_policy = Some(DeliverPolicy::ByStartSequence);
    config.opt_start_seq = sequence.saturating_add(1);
    config.opt_start_time = Time(0);
}
