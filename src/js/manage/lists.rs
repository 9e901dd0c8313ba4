//! Lists of streams and consumers, read page by page; the stream of a subject; the account.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::pages::Pages;
use super::{Call, body, not_found};
use crate::error::{Error as Plain, Status};
use crate::js::api::json::{Fields, Json, Mismatch, take};
use crate::js::api::{AccountInfo, ConsumerInfo, ErrCode, StreamInfo};
use crate::js::context::Context;
use crate::js::error::Result;
use crate::js::names::check_stream;

const NOT_FOUND: &[ErrCode] = &[ErrCode::STREAM_NOT_FOUND];

/// The result of a listing. It is complete if `missing` and `offline` are empty, and `nameless` is 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing<T> {
    /// The items that were found, by name.
    pub items: BTreeMap<String, T>,
    /// The names of items whose servers did not answer in time, or whose data could not be parsed.
    pub missing: Vec<String>,
    /// The names of items that their server cannot run, with the reason.
    pub offline: BTreeMap<String, String>,
    /// The number of items that cannot be parsed, and of which not even the name can.
    pub nameless: usize,
}

/// A page of a listing.
struct Page {
    total: i64,
    limit: i64,
    items: Vec<Value>,
    missing: Vec<String>,
    offline: BTreeMap<String, String>,
}

fn read_page(value: Value, items: &str) -> std::result::Result<Page, Mismatch> {
    let mut fields = Fields::read(value)?;
    let fields = &mut fields;
    Ok(Page {
        total: take(fields, "total")?,
        limit: take(fields, "limit")?,
        items: take(fields, items)?,
        missing: take(fields, "missing")?,
        offline: take(fields, "offline")?,
    })
}

/// The kind of item that is listed, and its name.
pub trait Listed: Json {
    /// What such items are called in texts.
    const KIND: &'static str;
    /// Its name.
    fn name(&self) -> &str;
    /// The name of an item that cannot be parsed.
    fn name_in(value: &Value) -> Option<&str>;
}

impl Listed for StreamInfo {
    const KIND: &'static str = "streams";

    fn name(&self) -> &str {
        StreamInfo::name(self)
    }

    fn name_in(value: &Value) -> Option<&str> {
        value.get("config")?.get("name")?.as_str()
    }
}

impl Listed for ConsumerInfo {
    const KIND: &'static str = "consumers";

    fn name(&self) -> &str {
        &self.name
    }

    fn name_in(value: &Value) -> Option<&str> {
        value.get("name")?.as_str()
    }
}

impl Listed for String {
    const KIND: &'static str = "names";

    fn name(&self) -> &str {
        self
    }

    fn name_in(_: &Value) -> Option<&str> {
        None
    }
}

impl<T: Listed> Listing<T> {
    /// Adds an item. An invalid item must not hide the others. Returns its name, if that can be read.
    fn add(&mut self, value: Value) -> Option<String> {
        let name = T::name_in(&value).map(str::to_owned);
        match (T::read(value), name) {
            (Ok(item), _) if !item.name().is_empty() => {
                let name = item.name().to_owned();
                self.items.insert(name.clone(), item);
                Some(name)
            }
            (Err(_), Some(name)) if !name.is_empty() => {
                self.missing.push(name.clone());
                Some(name)
            }
            _ => {
                self.nameless += 1;
                None
            }
        }
    }

    /// Tells the program's error handler of items that cannot be named in a list of those that are missing.
    fn tell_nameless(&self, context: &Context) {
        if self.nameless > 0 {
            let text = format!(
                "the server's list of {} has {} without a name that can be read, which {} left out",
                T::KIND,
                self.nameless,
                if self.nameless == 1 { "is" } else { "are" }
            );
            let error = Plain::new(Status::NATS_ERR, text);
            context.connection().report_error(None, &error);
        }
    }
}

impl Call<'_> {
    /// Lists the streams with their state: all, or those that store a subject that matches the call's filter.
    pub fn streams(&self) -> Result<Listing<StreamInfo>> {
        self.list("STREAM.LIST", &[], "streams", self.info().subjects_filter)
    }

    /// Lists the names of streams: all, or those that store a subject that matches the call's filter.
    pub fn stream_names(&self) -> Result<Vec<String>> {
        let filter = self.info().subjects_filter;
        let names: Listing<String> = self.list("STREAM.NAMES", &[], "streams", filter)?;
        Ok(names.items.into_keys().collect())
    }

    /// Lists the consumers of a stream with their state.
    pub fn consumers(&self, stream: &str) -> Result<Listing<ConsumerInfo>> {
        check_stream(stream)?;
        self.list("CONSUMER.LIST", &[stream], "consumers", "")
    }

    /// Lists the names of a stream's consumers.
    pub fn consumer_names(&self, stream: &str) -> Result<Vec<String>> {
        check_stream(stream)?;
        let names: Listing<String> = self.list("CONSUMER.NAMES", &[stream], "consumers", "")?;
        Ok(names.items.into_keys().collect())
    }

    /// The name of a stream that stores messages of this subject.
    pub fn stream_of_subject(&self, subject: &str) -> Result<Option<String>> {
        let request = body(json!({ "subject": subject }));
        let answer: Value = self.request("STREAM.NAMES", &[], &request)?;
        let page = match answer {
            Value::Null => return Ok(None),
            answer => read_page(answer, "streams").map_err(Plain::from)?,
        };
        match page.items.into_iter().next() {
            None => Ok(None),
            Some(name) => Ok(Some(String::read(name).map_err(Plain::from)?)),
        }
    }

    /// The account's usage of JetStream, and its limits.
    pub fn account_info(&self) -> Result<AccountInfo> {
        let mut answer: Value = self.request("INFO", &[], &[])?;
        // The member's name where it is not "tiers": in answers of some stand-ins for the API.
        if let Some(tiers) = answer.get_mut("tier").map(Value::take)
            && let Some(fields) = answer.as_object_mut()
        {
            fields.entry("tiers").or_insert(tiers);
        }
        Ok(AccountInfo::read(answer).map_err(Plain::from)?)
    }

    /// Requests page after page until the list is complete. The call's timeout applies to all of them together.
    fn list<T: Listed>(
        &self,
        function: &str,
        tokens: &[&str],
        items: &'static str,
        subject: &str,
    ) -> Result<Listing<T>> {
        let deadline = self.deadline();
        let mut listing = Listing {
            items: BTreeMap::new(),
            missing: Vec::new(),
            offline: BTreeMap::new(),
            nameless: 0,
        };
        let mut pages = Pages::default();
        loop {
            let mut request = Fields::new();
            request.insert("offset".to_owned(), json!(pages.offset()));
            if !subject.is_empty() {
                request.insert("subject".to_owned(), json!(subject));
            }
            let request = body(request.into());
            let answer = self.request_until(function, tokens, &request, deadline);
            let answer: Value = not_found(answer, NOT_FOUND)?;
            let page = match answer {
                Value::Null => {
                    listing.tell_nameless(self.context());
                    return Ok(listing);
                }
                answer => read_page(answer, items).map_err(Plain::from)?,
            };
            // If a server does not say how long its pages are, the number of received items is used.
            let sent = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
            let step = if page.limit > 0 { page.limit } else { sent };
            let mut names = Vec::new();
            for item in page.items {
                names.extend(listing.add(item));
            }
            names.extend(page.missing.iter().chain(page.offline.keys()).cloned());
            let ends = names.iter().min().zip(names.iter().max());
            let ends = ends.map(|(first, last)| (first.as_str(), last.as_str()));
            let more = pages.add(ends, step, page.total);
            listing.missing.extend(page.missing);
            listing.offline.extend(page.offline);
            if !more {
                listing
                    .missing
                    .retain(|name| !listing.items.contains_key(name));
                listing.missing.sort_unstable();
                listing.missing.dedup();
                listing.tell_nameless(self.context());
                return Ok(listing);
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                let text = format!(
                    "the list of {} was not complete in time: {} of {} were read (Wait of jsOptions)",
                    T::KIND,
                    listing.items.len(),
                    page.total
                );
                return Err(Plain::new(Status::NATS_TIMEOUT, text).into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_element_does_not_hide_the_others() {
        let mut listing = Listing::<ConsumerInfo> {
            items: BTreeMap::new(),
            missing: Vec::new(),
            offline: BTreeMap::new(),
            nameless: 0,
        };
        let page = read_page(
            json!({"total": 3, "offset": 0, "limit": 256, "missing": ["gone"],
                "offline": {"off": "unsupported"}, "consumers": [
                {"name": "a", "config": {"ack_policy": "of tomorrow"}},
                {"name": "strange", "config": []},
                {"name": "b", "new": 1}]}),
            "consumers",
        )
        .unwrap();
        assert_eq!((page.total, page.limit), (3, 256));
        assert_eq!(page.missing, ["gone"]);
        assert_eq!(page.offline["off"], "unsupported");
        for item in page.items {
            listing.add(item);
        }
        assert_eq!(listing.items.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(listing.missing, ["strange"]);
        for strange in [json!({}), json!(7), json!({"name": ""}), json!({"name": 7})] {
            listing.add(strange);
        }
        assert_eq!((listing.items.len(), listing.nameless), (2, 4));
    }

    #[test]
    fn pages_without_anything() {
        let page = read_page(json!({"streams": null}), "streams").unwrap();
        assert!(page.items.is_empty() && page.total == 0);
        assert!(read_page(json!({"streams": {}}), "streams").is_err());
    }
}
