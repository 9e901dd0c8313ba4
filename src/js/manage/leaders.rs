//! Which server leads: requests that it hand over to another one.

use serde_json::{Map, json};

use super::{Call, body, not_done, not_found};
use crate::js::api::{Done, ErrCode};
use crate::js::error::Result;
use crate::js::names::{check_consumer, check_stream};

const NO_STREAM: &[ErrCode] = &[ErrCode::STREAM_NOT_FOUND];
const NEITHER_FOUND: &[ErrCode] = &[ErrCode::STREAM_NOT_FOUND, ErrCode::CONSUMER_NOT_FOUND];

impl Call<'_> {
    /// Has another server lead a stream: the preferred one, or with an empty name any.
    pub fn step_down_stream(&self, stream: &str, preferred: &str) -> Result<()> {
        check_stream(stream)?;
        let request = self.step_down_request(preferred)?;
        let answer = self.request("STREAM.LEADER.STEPDOWN", &[stream], &request);
        let done: Done = not_found(answer, NO_STREAM)?;
        match done.success {
            true => Ok(()),
            false => Err(not_done(format!(
                "the leader of stream '{stream}' did not step down"
            ))),
        }
    }

    /// Has another server lead a consumer: the preferred one, or with an empty name any.
    pub fn step_down_consumer(&self, stream: &str, consumer: &str, preferred: &str) -> Result<()> {
        check_stream(stream)?;
        check_consumer(consumer)?;
        let request = self.step_down_request(preferred)?;
        let tokens = [stream, consumer];
        let answer = self.request("CONSUMER.LEADER.STEPDOWN", &tokens, &request);
        let done: Done = not_found(answer, NEITHER_FOUND)?;
        match done.success {
            true => Ok(()),
            false => Err(not_done(format!(
                "the leader of consumer '{consumer}' did not step down"
            ))),
        }
    }

    fn step_down_request(&self, preferred: &str) -> Result<Vec<u8>> {
        if preferred.is_empty() {
            return Ok(Vec::new());
        }
        self.need_server(2, 11, "preferred leaders")?;
        let mut request = Map::new();
        request.insert("placement".to_owned(), json!({ "preferred": preferred }));
        Ok(body(request.into()))
    }
}
