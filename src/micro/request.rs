//! A request while its handler has it, and the answers to it.

use std::sync::Arc;

use super::Result;
use super::endpoint::Endpoint;
use super::error::Error;
use super::service::Service;
use crate::client::{Publish, When};
use crate::error::Result as PlainResult;
use crate::msg::Msg;
use crate::proto::headers::HeaderBlock;

/// The handler of requests. If it returns an error, that is the answer.
pub trait Handler: Send + Sync {
    /// Handles one request. It may block: only the requests of the same endpoint wait.
    fn handle(&self, request: &mut Request<'_>) -> Result<()>;
}

impl<F: Fn(&mut Request<'_>) -> Result<()> + Send + Sync> Handler for F {
    fn handle(&self, request: &mut Request<'_>) -> Result<()> {
        self(request)
    }
}

/// A request that is being handled.
pub struct Request<'a> {
    endpoint: &'a Arc<Endpoint>,
    /// `None` only while it is lent.
    msg: Option<Msg>,
}

impl<'a> Request<'a> {
    pub(super) fn new(endpoint: &'a Arc<Endpoint>, msg: Msg) -> Self {
        Request {
            endpoint,
            msg: Some(msg),
        }
    }

    /// The endpoint that received it.
    pub fn endpoint(&self) -> &'a Arc<Endpoint> {
        self.endpoint
    }

    /// The service that received it.
    pub fn service(&self) -> &'a Arc<Service> {
        self.endpoint.service()
    }

    /// The message; `None` while it is taken out.
    pub fn msg(&self) -> Option<&Msg> {
        self.msg.as_ref()
    }

    /// Takes the message out; the caller has to give it back.
    pub fn take_msg(&mut self) -> Option<Msg> {
        self.msg.take()
    }

    /// Gives the message back.
    pub fn put_msg(&mut self, msg: Msg) {
        self.msg = Some(msg);
    }

    /// Answers with data.
    pub fn respond(&self, data: &[u8]) -> Result<()> {
        self.endpoint.respond(self.reply(), data, None)
    }

    /// Answers with an error, or with an empty message if there is none.
    pub fn respond_error(&self, error: Option<Error>) -> Result<()> {
        self.endpoint.respond(self.reply(), b"", error)
    }

    fn reply(&self) -> Option<&[u8]> {
        self.msg.as_ref().and_then(Msg::reply)
    }
}

impl Endpoint {
    /// Answers a request that was received with this reply subject: with data, and with an error if there is one, which is counted.
    pub fn respond(&self, reply: Option<&[u8]>, data: &[u8], error: Option<Error>) -> Result<()> {
        let block = error.as_ref().map(Error::header_block);
        if let Some(error) = error {
            self.count_error(error.to_string());
        }
        let sent = match reply.filter(|reply| !reply.is_empty()) {
            None => Err(crate::error::Error::invalid_arg(format!(
                "the request to '{}' has no reply subject",
                self.subject()
            ))),
            Some(reply) => self.answer(reply, data, block.as_deref()),
        };
        sent.map_err(respond_failed)
    }

    fn answer(&self, reply: &[u8], data: &[u8], headers: Option<&[u8]>) -> PlainResult<()> {
        let conn = self.service().connection();
        if headers.is_none() {
            return conn.answer(reply, data, When::Buffered);
        }
        let out = Publish {
            subject: reply,
            reply: None,
            headers: headers.map(HeaderBlock::Bytes),
            payload: data,
        };
        conn.publish_with(&out, When::Buffered, None)
    }
}

/// Counts an answer that could not be sent.
pub fn respond_failed(error: crate::error::Error) -> Error {
    Error::from(error).wrap("microRequest_RespondErrorWithData failed")
}
