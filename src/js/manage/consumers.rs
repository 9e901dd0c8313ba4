//! Consumers: create, update, delete, info, pause, reset, unpin.

use serde_json::json;

use super::support::check_consumer_answer;
use super::{Call, body, not_done, not_found};
use crate::error::Error as Plain;
use crate::js::api::json::{Fields, Json};
use crate::js::api::{ConsumerConfig, ConsumerInfo, ConsumerPause, ConsumerReset, Done, ErrCode};
use crate::js::error::Result;
use crate::js::names::{check_consumer, check_durable, check_group, check_stream};
use crate::js::time::Time;
use crate::words::shown;

const NOT_FOUND: &[ErrCode] = &[ErrCode::CONSUMER_NOT_FOUND];
const NEITHER_FOUND: &[ErrCode] = &[ErrCode::STREAM_NOT_FOUND, ErrCode::CONSUMER_NOT_FOUND];

/// The condition for creating or updating a consumer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConsumerAction {
    /// None: the consumer is created or updated.
    #[default]
    CreateOrUpdate,
    /// The consumer must not exist. Servers before 2.10 do not support this.
    Create,
    /// The consumer must exist. Servers before 2.10 do not support this.
    Update,
}

impl ConsumerAction {
    fn word(self) -> Option<&'static str> {
        match self {
            ConsumerAction::CreateOrUpdate => None,
            ConsumerAction::Create => Some("create"),
            ConsumerAction::Update => Some("update"),
        }
    }
}

/// Checks that a consumer has a name: all that follows is asked by it.
fn need_name(info: &ConsumerInfo) -> Result<()> {
    match info.name.is_empty() {
        true => Err(not_done("the answer names no consumer".to_owned())),
        false => Ok(()),
    }
}

impl Call<'_> {
    /// Creates or updates a consumer, according to the action. If it has no name, the server chooses one.
    pub fn put_consumer(
        &self,
        stream: &str,
        config: &ConsumerConfig,
        action: ConsumerAction,
    ) -> Result<ConsumerInfo> {
        check_stream(stream)?;
        if !config.name.is_empty() {
            check_consumer(&config.name)?;
        }
        if !config.durable.is_empty() {
            check_durable(&config.durable)?;
        }
        self.check_consumer_settings(config)?;
        let mut request = Fields::new();
        request.insert("stream_name".to_owned(), json!(stream));
        request.insert("config".to_owned(), config.write());
        if let Some(word) = action.word() {
            // Servers that do not support the action would do either.
            self.need_server(2, 10, "create-only and update-only consumers")?;
            request.insert("action".to_owned(), json!(word));
        }
        self.mark_pedantic(&mut request)?;
        let (function, tokens) = create_function(stream, config);
        let answer = self.request(function, &tokens, &body(request.into()));
        let info: ConsumerInfo = not_found(answer, NOT_FOUND)?;
        need_name(&info)?;
        check_consumer_answer(config, &info.config)?;
        Ok(info)
    }

    /// Creates a consumer, or changes it, without waiting. `then` is called with the answer, or with an error at the call's
    /// timeout, on a thread that must not be blocked; not where this fails.
    pub fn put_consumer_then(
        &self,
        stream: &str,
        config: &ConsumerConfig,
        then: impl FnOnce(Result<ConsumerInfo>) + Send + 'static,
    ) -> std::result::Result<(), Plain> {
        self.check_consumer_settings(config)?;
        let request = json!({ "stream_name": stream, "config": config.write() }).to_string();
        let (function, tokens) = create_function(stream, config);
        let asked = config.clone();
        self.request_then(function, &tokens, request.as_bytes(), move |answer| {
            then(answer.and_then(|info: ConsumerInfo| {
                need_name(&info)?;
                check_consumer_answer(&asked, &info.config)?;
                Ok(info)
            }));
        })
    }

    /// Returns the configuration and the state of a consumer.
    pub fn consumer_info(&self, stream: &str, consumer: &str) -> Result<ConsumerInfo> {
        check_stream(stream)?;
        check_consumer(consumer)?;
        let answer = self.request("CONSUMER.INFO", &[stream, consumer], &[]);
        not_found(answer, NOT_FOUND)
    }

    /// As [`Call::consumer_info`], of a consumer that is then asked for messages by the name in the answer.
    pub fn named_consumer_info(&self, stream: &str, consumer: &str) -> Result<ConsumerInfo> {
        let info = self.consumer_info(stream, consumer)?;
        need_name(&info)?;
        Ok(info)
    }

    /// Deletes a consumer.
    pub fn delete_consumer(&self, stream: &str, consumer: &str) -> Result<()> {
        check_stream(stream)?;
        check_consumer(consumer)?;
        let answer = self.request("CONSUMER.DELETE", &[stream, consumer], &[]);
        let done: Done = not_found(answer, NEITHER_FOUND)?;
        match done.success {
            true => Ok(()),
            false => Err(not_done(format!(
                "failed to delete consumer '{}'",
                shown(consumer.as_bytes())
            ))),
        }
    }

    /// Resets a consumer: to a sequence of the stream, or with 0 to the message behind the last acknowledged one.
    pub fn reset_consumer(
        &self,
        stream: &str,
        consumer: &str,
        sequence: u64,
    ) -> Result<ConsumerReset> {
        check_stream(stream)?;
        check_consumer(consumer)?;
        self.need_server(2, 14, "resets of consumers")?;
        // Servers do not answer the request to reset a consumer that does not exist: without this, the program would wait
        // until its time is over, and then not know why.
        self.consumer_info(stream, consumer)?;
        let text = match sequence {
            0 => Vec::new(),
            sequence => body(json!({ "seq": sequence })),
        };
        not_found(
            self.request("CONSUMER.RESET", &[stream, consumer], &text),
            NOT_FOUND,
        )
    }

    /// Pauses a consumer until a time; 0 or a time in the past resumes it.
    pub fn pause_consumer(
        &self,
        stream: &str,
        consumer: &str,
        until: Time,
    ) -> Result<ConsumerPause> {
        check_stream(stream)?;
        check_consumer(consumer)?;
        self.need_server(2, 11, "pauses of consumers")?;
        let text = match until {
            Time(0) => body(json!({})),
            until => body(json!({ "pause_until": until.to_text() })),
        };
        not_found(
            self.request("CONSUMER.PAUSE", &[stream, consumer], &text),
            NOT_FOUND,
        )
    }

    /// Unpins the client of a priority group, so that the messages go to another one.
    pub fn unpin_consumer(&self, stream: &str, consumer: &str, group: &str) -> Result<()> {
        check_stream(stream)?;
        check_consumer(consumer)?;
        check_group(group)?;
        self.need_server(2, 11, "priority groups")?;
        let text = body(json!({ "group": group }));
        let answer = self.request("CONSUMER.UNPIN", &[stream, consumer], &text);
        // The server does not confirm that it did.
        let _: Done = not_found(answer, NEITHER_FOUND)?;
        Ok(())
    }
}

/// The function of the API that creates a consumer with this configuration, and the tokens that follow.
fn create_function<'a>(
    stream: &'a str,
    config: &'a ConsumerConfig,
) -> (&'static str, Vec<&'a str>) {
    let one_filter = config.filter_subjects.is_empty() && !config.filter_subject.is_empty();
    match (config.name.as_str(), config.durable.as_str()) {
        ("", "") => ("CONSUMER.CREATE", vec![stream]),
        ("", durable) => ("CONSUMER.DURABLE.CREATE", vec![stream, durable]),
        (name, _) if one_filter => (
            "CONSUMER.CREATE",
            vec![stream, name, &config.filter_subject],
        ),
        (name, _) => ("CONSUMER.CREATE", vec![stream, name]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_and_the_filter_are_in_the_subject() {
        let config = |name: &str, durable: &str, filter: &str, filters: &[&str]| ConsumerConfig {
            name: name.into(),
            durable: durable.into(),
            filter_subject: filter.into(),
            filter_subjects: filters.iter().map(|f| (*f).into()).collect(),
            ..Default::default()
        };
        let of = |config: &ConsumerConfig| {
            let (function, tokens) = create_function("S", config);
            format!("{function}.{}", tokens.join("."))
        };
        assert_eq!(of(&config("", "", "a.b", &[])), "CONSUMER.CREATE.S");
        assert_eq!(
            of(&config("", "D", "a.b", &[])),
            "CONSUMER.DURABLE.CREATE.S.D"
        );
        assert_eq!(of(&config("C", "D", "", &[])), "CONSUMER.CREATE.S.C");
        assert_eq!(of(&config("C", "", "a.b", &[])), "CONSUMER.CREATE.S.C.a.b");
        assert_eq!(of(&config("C", "", "a", &["b"])), "CONSUMER.CREATE.S.C");
    }
}
