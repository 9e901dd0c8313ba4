//! The JSON that describes an object.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error as Plain;
use crate::js::Result;
use crate::js::api::json::{Json, Mismatch, object, parse, to_text};
use crate::js::api::{Metadata, Rest};
use crate::msg::Msg;

/// The headers of an object: names with their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headers(pub BTreeMap<String, Vec<String>>);

/// Other clients have written one value as a string, and the whole inside of an object `inner`. What is of no such form
/// is left out: it does not keep anyone from the object's bytes.
impl Json for Headers {
    fn empty() -> Self {
        Headers::default()
    }

    fn read(value: Value) -> std::result::Result<Self, Mismatch> {
        let Value::Object(mut fields) = value else {
            return Ok(Headers::default());
        };
        if let (1, Some(Value::Object(_))) = (fields.len(), fields.get("inner")) {
            return Headers::read(fields.remove("inner").unwrap_or_default());
        }
        let values = |value| match value {
            Value::String(text) => vec![text],
            Value::Array(items) => items
                .into_iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        let all = fields.into_iter().map(|(name, v)| (name, values(v)));
        Ok(Headers(all.filter(|(_, v)| !v.is_empty()).collect()))
    }

    fn write(&self) -> Value {
        self.0.write()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
impl crate::js::api::arbitrary::Arbitrary for Headers {
    fn arbitrary(rng: &mut proptest::test_runner::TestRng) -> Self {
        let mut all = BTreeMap::<String, Vec<String>>::arbitrary(rng);
        all.retain(|name, values| !values.is_empty() && name != "inner");
        Headers(all)
    }
}

/// The error text for an invalid description.
pub const INVALID: &str = "object-store meta information invalid";

/// The description of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Info {
    /// Its name.
    pub name: String,
    /// A description for people.
    pub description: String,
    /// Its headers.
    pub headers: Headers,
    /// Metadata of the program.
    pub metadata: Metadata,
    /// How it is stored, or its link.
    pub options: MetaOptions,
    /// The bucket.
    pub bucket: String,
    /// The last token of the subject of its chunks.
    pub nuid: String,
    /// The number of bytes.
    pub size: u64,
    /// The number of chunks.
    pub chunks: u64,
    /// Not used: the time of the message counts.
    pub mtime: NoTime,
    /// The digest of its bytes; empty if there is none.
    pub digest: String,
    /// It was deleted.
    pub deleted: bool,
    /// The time of its last change, in nanoseconds since 1970: that of the message.
    pub mod_time: i64,
    /// Fields of other clients that are unknown here.
    pub rest: Rest,
}

object!(Info {
    name "name" always,
    description "description",
    headers "headers",
    metadata "metadata",
    options "options" always,
    bucket "bucket" always,
    nuid "nuid" always,
    size "size" always,
    chunks "chunks" always,
    mtime "mtime" always,
    digest "digest",
    deleted "deleted",
    mod_time "" local;
    .. rest
});

/// How an object is stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetaOptions {
    /// The maximum size of a chunk; 0 if it is not stated.
    pub chunk_size: u64,
    /// The target, if the object is a link.
    pub link: Option<Link>,
    /// Fields of other clients that are unknown here.
    pub rest: Rest,
}

object!(MetaOptions {
    chunk_size "max_chunk_size",
    link "link";
    .. rest
});

/// The target of a link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Link {
    /// The bucket.
    pub bucket: String,
    /// The object; empty for the bucket as a whole.
    pub name: String,
    /// Fields of other clients that are unknown here.
    pub rest: Rest,
}

object!(Link {
    bucket "bucket" always,
    name "name";
    .. rest
});

/// A time that is written as unset, and ignored when it is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoTime;

impl Json for NoTime {
    fn empty() -> Self {
        NoTime
    }

    fn read(_: Value) -> std::result::Result<Self, Mismatch> {
        Ok(NoTime)
    }

    fn write(&self) -> Value {
        "0001-01-01T00:00:00Z".into()
    }

    fn is_empty(&self) -> bool {
        true
    }
}

#[cfg(test)]
impl crate::js::api::arbitrary::Arbitrary for NoTime {
    fn arbitrary(_: &mut proptest::test_runner::TestRng) -> Self {
        NoTime
    }
}

impl Info {
    /// Parses the message of a description.
    pub fn of(msg: &Msg) -> Result<Info> {
        let invalid = |e: Plain| Plain::new(e.status(), INVALID);
        let mut info: Info = parse(msg.payload()).map_err(invalid)?;
        if info.name.is_empty() {
            return Err(Plain::illegal_state(INVALID).into());
        }
        info.mod_time = msg.time();
        Ok(info)
    }

    /// The JSON text.
    pub fn to_text(&self) -> Vec<u8> {
        to_text(self)
    }

    /// Is it a link?
    pub fn is_link(&self) -> bool {
        self.options.link.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::js::api::arbitrary::{any_of, survives};

    fn read(text: &str) -> Result<Info> {
        let mut msg = Msg::create_with(b"$O.B.M.x", None, b"", text.as_bytes())?;
        msg.set_origin(3, 77);
        Info::of(&msg)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(info in any_of::<Info>()) {
            survives(&info);
        }
    }

    #[test]
    fn descriptions_of_other_clients() {
        let info = read(
            r#"{"name":"a\"\\","description":null,"headers":null,"metadata":null,
            "options":{"link":null,"max_chunk_size":5},"bucket":"B","nuid":"N","size":3,"chunks":1,
            "mtime":"2024-05-06T07:08:09.1234567891+00:00","digest":"sha-256=x","new":{"a":1}}"#,
        )
        .unwrap();
        assert_eq!(
            (info.name.as_str(), info.size, info.mod_time),
            ("a\"\\", 3, 77)
        );
        assert!(!info.is_link() && info.headers.0.is_empty());
        let text = String::from_utf8(info.to_text()).unwrap();
        assert!(text.contains(r#""new":{"a":1}"#), "{text}");
        assert!(text.contains(r#""mtime":"0001-01-01T00:00:00Z""#), "{text}");
    }

    #[test]
    fn headers_of_other_clients() {
        let headers = |text: &str| {
            let text = format!(r#"{{"name":"a","headers":{text}}}"#);
            read(&text).unwrap().headers.0
        };
        let one = BTreeMap::from([("H".to_owned(), vec!["v".to_owned()])]);
        for text in [
            r#"{"H":["v"]}"#,
            r#"{"H":"v"}"#,
            r#"{"inner":{"H":["v"]}}"#,
            r#"{"H":["v",null,7],"I":{"a":1},"J":[],"K":null}"#,
        ] {
            assert_eq!(headers(text), one, "{text}");
        }
        let inner = BTreeMap::from([("inner".to_owned(), vec!["v".to_owned()])]);
        assert_eq!(headers(r#"{"inner":["v"]}"#), inner);
        for text in ["null", "[]", "7", r#""H: v""#, "{}"] {
            assert!(headers(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_no_description() {
        for bad in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"name":7}"#,
            r#"{"name":"a","size":-1}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().text(), INVALID, "{bad}");
        }
    }
}
