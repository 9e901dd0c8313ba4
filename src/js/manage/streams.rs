//! Streams: create, update, delete, info, purge.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::json;

use super::pages::Pages;
use super::support::check_stream_answer;
use super::{Call, body, not_done, not_found};
use crate::error::{Error as Plain, Status};
use crate::js::api::json::{Json, fields};
use crate::js::api::{Done, ErrCode, External, StreamConfig, StreamInfo, StreamSource};
use crate::js::context::domain_prefix;
use crate::js::error::{Error, Result};
use crate::js::names::check_stream;

const NOT_FOUND: &[ErrCode] = &[ErrCode::STREAM_NOT_FOUND];
/// How often creating and updating are tried in turn if another client does the opposite at the same time.
const RACES: usize = 3;

impl Call<'_> {
    /// Creates a stream. If it exists with the same configuration, that is no error.
    ///
    /// The domain of a mirror or source is converted into its external API, unless it is the stream's own.
    pub fn create_stream(&self, config: &StreamConfig) -> Result<StreamInfo> {
        self.send_config("STREAM.CREATE", &self.with_domains(config)?)
    }

    /// Replaces the configuration of a stream. The domains of its mirror and sources are ignored: what was created with
    /// a domain has an external API.
    pub fn update_stream(&self, config: &StreamConfig) -> Result<StreamInfo> {
        let mut config = config.clone();
        let sources = config.mirror.iter_mut().chain(&mut config.sources);
        sources.for_each(|source| source.domain.clear());
        self.send_config("STREAM.UPDATE", &config)
    }

    /// Replaces the configuration of a stream by one that it could be created with. An external API takes precedence
    /// over a domain, from which it was made.
    pub fn replace_stream(&self, config: &StreamConfig) -> Result<StreamInfo> {
        let mut config = config.clone();
        let sources = config.mirror.iter_mut().chain(&mut config.sources);
        for source in sources.filter(|source| source.external.is_some()) {
            source.domain.clear();
        }
        self.send_config("STREAM.UPDATE", &self.with_domains(&config)?)
    }

    fn with_domains(&self, config: &StreamConfig) -> Result<StreamConfig> {
        with_domains(config, || self.domain())
    }

    /// Creates a stream, or replaces its configuration if it exists.
    pub fn create_or_update_stream(&self, config: &StreamConfig) -> Result<StreamInfo> {
        let mut result = self.replace_stream(config);
        for _ in 0..RACES {
            match &result {
                Err(e) if e.code() == ErrCode::STREAM_NOT_FOUND => {}
                _ => break,
            }
            result = self.create_stream(config);
            match &result {
                Err(e) if e.code() == ErrCode::STREAM_NAME_EXIST => {}
                _ => break,
            }
            result = self.replace_stream(config);
        }
        result
    }

    fn send_config(&self, function: &str, config: &StreamConfig) -> Result<StreamInfo> {
        check_stream(&config.name)?;
        self.check_stream_settings(config)?;
        let mut request = fields(config.write()).map_err(Plain::from)?;
        self.mark_pedantic(&mut request)?;
        let answer = self.request(function, &[&config.name], &body(request.into()));
        let info: StreamInfo = not_found(answer, NOT_FOUND)?;
        if let Some(got) = &info.config {
            check_stream_answer(config, got)?;
        }
        Ok(info)
    }

    /// Deletes a stream with all its messages and consumers.
    pub fn delete_stream(&self, stream: &str) -> Result<()> {
        check_stream(stream)?;
        let done: Done = not_found(self.request("STREAM.DELETE", &[stream], &[]), NOT_FOUND)?;
        match done.success {
            true => Ok(()),
            false => Err(not_done(format!("failed to delete stream '{stream}'"))),
        }
    }

    /// Deletes the messages of a stream that the call's [`Purge`](crate::js::Purge) selects. Returns their number.
    pub fn purge_stream(&self, stream: &str) -> Result<u64> {
        check_stream(stream)?;
        let purge = self.purge();
        let (sequence, keep) = (purge.sequence, purge.keep);
        if sequence > 0 && keep > 0 {
            // The missing closing parenthesis is part of the text that programs have seen so far.
            let text = format!("Sequence ({sequence}) and Keep ({keep} are mutually exclusive");
            return Err(Plain::invalid_arg(text).into());
        }
        let mut request = serde_json::Map::new();
        if let Some(subject) = &purge.subject {
            request.insert("filter".to_owned(), json!(subject));
        }
        for (name, number) in [("seq", sequence), ("keep", keep)] {
            if number > 0 {
                request.insert(name.to_owned(), json!(number));
            }
        }
        let text = match request.is_empty() {
            true => Vec::new(),
            false => body(request.into()),
        };
        let done: Done = not_found(self.request("STREAM.PURGE", &[stream], &text), NOT_FOUND)?;
        match done.success {
            true => Ok(done.purged),
            false => Err(not_done(format!("failed to purge stream '{stream}'"))),
        }
    }

    /// Returns the configuration and the state of a stream. With a filter for subjects, requests pages until all are
    /// there that existed all the time; the call's timeout applies to each request.
    pub fn stream_info(&self, stream: &str) -> Result<StreamInfo> {
        check_stream(stream)?;
        let options = self.info();
        if options.subjects_filter.is_empty() && !options.deleted_details {
            return self.plain_info(stream);
        }
        let mut subjects = BTreeMap::new();
        let mut pages = Pages::default();
        loop {
            let mut info = self.info_page(stream, pages.offset())?;
            let page = std::mem::take(&mut info.state.subjects);
            let ends = page.first_key_value().zip(page.last_key_value());
            let names = ends.map(|((first, _), (last, _))| (first.as_str(), last.as_str()));
            let step = i64::try_from(page.len()).unwrap_or(i64::MAX);
            let more = pages.add(names, step, info.total);
            subjects.extend(page);
            if options.subjects_filter.is_empty() || !more {
                info.state.subjects = subjects;
                return Ok(info);
            }
        }
    }

    fn info_page(&self, stream: &str, offset: i64) -> Result<StreamInfo> {
        let options = self.info();
        let mut request = serde_json::Map::new();
        if options.deleted_details {
            request.insert("deleted_details".to_owned(), json!(true));
        }
        if !options.subjects_filter.is_empty() {
            let filter = json!(options.subjects_filter);
            request.insert("subjects_filter".to_owned(), filter);
            if offset > 0 {
                request.insert("offset".to_owned(), json!(offset));
            }
        }
        let request = body(request.into());
        not_found(self.request("STREAM.INFO", &[stream], &request), NOT_FOUND)
    }

    /// The info of a stream, whatever the call's options are.
    fn plain_info(&self, stream: &str) -> Result<StreamInfo> {
        not_found(self.request("STREAM.INFO", &[stream], &[]), NOT_FOUND)
    }
}

/// The configuration, with the domains of its sources and mirror converted into external APIs. Servers do not find the
/// streams of their own domain by its external API: nothing would ever arrive. `own` is asked only if a domain is set.
fn with_domains<'a>(
    config: &StreamConfig,
    own: impl Fn() -> Option<Cow<'a, str>>,
) -> Result<StreamConfig> {
    let mut config = config.clone();
    let resolve = |what: &str, source: &mut StreamSource| -> Result<()> {
        let domain = std::mem::take(&mut source.domain);
        if domain.is_empty() {
            return Ok(());
        }
        if source.external.is_some() {
            let text = format!("{what}'s domain and external are both set");
            return Err(Error::from(Plain::new(Status::NATS_INVALID_ARG, text)));
        }
        if own().as_deref() != Some(domain.as_str()) {
            source.external = Some(External {
                api: domain_prefix(&domain),
                ..Default::default()
            });
        }
        Ok(())
    };
    if let Some(mirror) = &mut config.mirror {
        resolve("mirror", mirror)?;
    }
    for source in &mut config.sources {
        resolve("source", source)?;
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_become_external_apis() {
        let source = |domain: &str, external| StreamSource {
            name: "O".into(),
            domain: domain.into(),
            external,
            ..Default::default()
        };
        let config = StreamConfig {
            mirror: Some(source("hub", None)),
            sources: vec![source("", None), source("leaf", None)],
            ..Default::default()
        };
        let none = || None;
        let resolved = with_domains(&config, none).unwrap();
        let api = |source: &StreamSource| source.external.clone().map(|e| e.api);
        assert_eq!(
            resolved.mirror.as_ref().and_then(api).as_deref(),
            Some("$JS.hub.API")
        );
        assert_eq!(api(&resolved.sources[0]), None);
        assert_eq!(api(&resolved.sources[1]).as_deref(), Some("$JS.leaf.API"));
        let own = with_domains(&config, || Some("leaf".into())).unwrap();
        assert_eq!(
            own.mirror.as_ref().and_then(api).as_deref(),
            Some("$JS.hub.API")
        );
        assert_eq!(own.sources[1].external, None);
        assert_eq!(own.sources[1].domain, "");
        let both = Some(External::default());
        let mirror = StreamConfig {
            mirror: Some(source("hub", both.clone())),
            ..Default::default()
        };
        assert_eq!(
            with_domains(&mirror, none).unwrap_err().text(),
            "mirror's domain and external are both set"
        );
        let sources = StreamConfig {
            sources: vec![source("hub", both)],
            ..Default::default()
        };
        assert_eq!(
            with_domains(&sources, none).unwrap_err().text(),
            "source's domain and external are both set"
        );
    }
}
