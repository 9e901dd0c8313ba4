//! The JSON of the API, in both directions.
//!
//! Each struct lists its fields once, with [`object!`]. The treatment of unusual input is the same for all of them: an
//! absent or `null` field has the empty value, unknown fields are no error, and structs that describe a configuration
//! keep them, so that an update sends them back. A known field of the wrong type is an error that names the field.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result, Status};
use crate::words::shown;

/// The fields of an object.
pub type Fields = serde_json::Map<String, Value>;

/// Metadata that a program or a server attached to a stream or a consumer.
pub type Metadata = BTreeMap<String, String>;

/// Fields of a configuration that this library does not know, from a newer server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rest(pub Fields);

/// A field whose value has the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// From the outermost object to the field, innermost first.
    path: Vec<String>,
    why: String,
}

impl Mismatch {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        let why = why.into();
        Mismatch {
            path: Vec::new(),
            why,
        }
    }

    /// A value that does not have the expected type.
    pub(crate) fn expected(what: &str, value: &Value) -> Self {
        let text = value.to_string();
        Self::new(format!("expected {what}, found {}", shown(text.as_bytes())))
    }

    fn within(mut self, field: &str) -> Self {
        self.path.push(field.to_owned());
        self
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Self {
        let path: Vec<_> = mismatch.path.iter().rev().map(String::as_str).collect();
        let text = match path.is_empty() {
            true => mismatch.why,
            false => format!("field '{}': {}", path.join("."), mismatch.why),
        };
        Error::invalid_arg(text)
    }
}

/// A value of the API's JSON.
pub trait Json: Sized {
    /// The value of an absent field.
    fn empty() -> Self;
    /// Parses the value.
    fn read(value: Value) -> Result<Self, Mismatch>;
    /// Encodes the value.
    fn write(&self) -> Value;
    /// Does it equal the value of an absent field, so that it need not be written?
    fn is_empty(&self) -> bool;
}

/// Parses a JSON text. An empty text is the empty value: the answers to some requests have no body.
pub fn parse<T: Json>(text: &[u8]) -> Result<T> {
    match parse_value(text)? {
        Value::Null => Ok(T::empty()),
        value => Ok(T::read(value)?),
    }
}

/// Parses a JSON text without knowledge of its type; an empty one is `null`.
pub(crate) fn parse_value(text: &[u8]) -> Result<Value> {
    if text.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(text).map_err(|e| {
        let why = e.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        let begin = shown(&text[..text.len().min(32)]);
        let text = format!("malformed JSON: {why} at byte {} of '{begin}'", e.column());
        Error::new(Status::NATS_ERR, text)
    })
}

/// The JSON text of a value.
pub fn to_text(value: &impl Json) -> Vec<u8> {
    value.write().to_string().into_bytes()
}

/// Removes a field and returns it; the empty value if it is absent or `null`.
pub(crate) fn take<T: Json>(fields: &mut Fields, name: &str) -> Result<T, Mismatch> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(T::empty()),
        Some(value) => T::read(value).map_err(|e| e.within(name)),
    }
}

/// The fields of a value that must be an object.
pub(crate) fn fields(value: Value) -> Result<Fields, Mismatch> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => Err(Mismatch::expected("an object", &other)),
    }
}

impl Json for bool {
    fn empty() -> Self {
        false
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        value
            .as_bool()
            .ok_or_else(|| Mismatch::expected("true or false", &value))
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }

    fn is_empty(&self) -> bool {
        !self
    }
}

impl Json for i64 {
    fn empty() -> Self {
        0
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        value
            .as_i64()
            .ok_or_else(|| Mismatch::expected("an integer of 64 bits", &value))
    }

    fn write(&self) -> Value {
        Value::from(*self)
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }
}

impl Json for u64 {
    fn empty() -> Self {
        0
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        value
            .as_u64()
            .ok_or_else(|| Mismatch::expected("an unsigned integer of 64 bits", &value))
    }

    fn write(&self) -> Value {
        Value::from(*self)
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }
}

impl Json for String {
    fn empty() -> Self {
        String::new()
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Mismatch::expected("a string", &other)),
        }
    }

    fn write(&self) -> Value {
        Value::String(self.clone())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// Any value.
impl Json for Value {
    fn empty() -> Self {
        Value::Null
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }

    fn write(&self) -> Value {
        self.clone()
    }

    fn is_empty(&self) -> bool {
        self.is_null()
    }
}

/// Any object.
impl Json for Fields {
    fn empty() -> Self {
        Fields::new()
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        fields(value)
    }

    fn write(&self) -> Value {
        Value::Object(self.clone())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Json> Json for Vec<T> {
    fn empty() -> Self {
        Vec::new()
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        let Value::Array(items) = value else {
            return Err(Mismatch::expected("an array", &value));
        };
        let item = |(n, value)| match value {
            Value::Null => Ok(T::empty()),
            value => T::read(value).map_err(|e| e.within(&format!("[{n}]"))),
        };
        items.into_iter().enumerate().map(item).collect()
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(Json::write).collect())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// An object whose keys are not known beforehand.
impl<T: Json> Json for BTreeMap<String, T> {
    fn empty() -> Self {
        BTreeMap::new()
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        let entry = |(name, value): (String, Value)| match value {
            Value::Null => Ok((name, T::empty())),
            value => match T::read(value) {
                Ok(value) => Ok((name, value)),
                Err(e) => Err(e.within(&name)),
            },
        };
        fields(value)?.into_iter().map(entry).collect()
    }

    fn write(&self) -> Value {
        let entry = |(name, value): (&String, &T)| (name.clone(), value.write());
        Value::Object(self.iter().map(entry).collect())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

/// A field for which absence differs from the empty value. If it has to be written although it is absent, the empty
/// value is written.
impl<T: Json> Json for Option<T> {
    fn empty() -> Self {
        None
    }

    fn read(value: Value) -> Result<Self, Mismatch> {
        T::read(value).map(Some)
    }

    fn write(&self) -> Value {
        match self {
            Some(value) => value.write(),
            None => T::empty().write(),
        }
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

/// Gives a struct its JSON: `field "name"` for each of its fields, with one word behind it that says
/// when it is written. Without a word that is: where it is not empty.
///
/// | word | written |
/// |---|---|
/// | `always` | in every object |
/// | `positive` | above zero: a negative number means the default, and servers refuse it |
/// | `lenient` | where it is not empty; what is read and is no object counts as absent |
/// | `received` | never: the server says it and takes it from nobody |
/// | `local` | never, and not read either: it is not a part of the JSON |
///
/// `.. field` at the end names the [`Rest`] that keeps what is not known.
macro_rules! object {
    ($name:ident { $($field:ident $key:literal $($when:ident)?),* $(,)? $(; .. $rest:ident)? }) => {
        impl $crate::js::api::json::Json for $name {
            fn empty() -> Self {
                $name {
                    $($field: $crate::js::api::json::Json::empty(),)*
                    $($rest: $crate::js::api::json::Rest::default(),)?
                }
            }

            fn read(
                value: serde_json::Value,
            ) -> Result<Self, $crate::js::api::json::Mismatch> {
                #[allow(unused_mut, reason = "a struct can have no field but the rest")]
                let mut fields = $crate::js::api::json::fields(value)?;
                Ok($name {
                    $($field: $crate::js::api::json::object!(@take fields, $key $(, $when)?),)*
                    $($rest: $crate::js::api::json::Rest(fields),)?
                })
            }

            fn write(&self) -> serde_json::Value {
                #[allow(unused_mut, unused_assignments, reason = "not all structs keep a rest")]
                let mut fields = $crate::js::api::json::Fields::new();
                $(fields = self.$rest.0.clone();)?
                $($crate::js::api::json::object!(@field fields, self.$field, $key $(, $when)?);)*
                serde_json::Value::Object(fields)
            }

            fn is_empty(&self) -> bool {
                false
            }
        }

        #[cfg(test)]
        impl $crate::js::api::arbitrary::Arbitrary for $name {
            fn arbitrary(rng: &mut proptest::test_runner::TestRng) -> Self {
                $name {
                    $($field: $crate::js::api::json::object!(@any rng $(, $when)?),)*
                    $($rest: $crate::js::api::arbitrary::rest(rng),)?
                }
            }
        }
    };
    // Only a value that is written can be read again.
    (@any $rng:ident) => {
        $crate::js::api::arbitrary::Arbitrary::arbitrary($rng)
    };
    (@any $rng:ident, always) => {
        $crate::js::api::arbitrary::Arbitrary::present($rng)
    };
    (@any $rng:ident, positive) => {{
        let value = $crate::js::api::arbitrary::Arbitrary::arbitrary($rng);
        let empty = $crate::js::api::json::Json::empty();
        if value > empty { value } else { empty }
    }};
    (@any $rng:ident, lenient) => {
        $crate::js::api::arbitrary::Arbitrary::arbitrary($rng)
    };
    (@any $rng:ident, $unwritten:ident) => {
        $crate::js::api::json::Json::empty()
    };
    (@take $fields:ident, $key:literal, local) => {
        $crate::js::api::json::Json::empty()
    };
    (@take $fields:ident, $key:literal, lenient) => {{
        $fields
            .get_mut($key)
            .filter(|value| !value.is_object())
            .map(serde_json::Value::take);
        $crate::js::api::json::take(&mut $fields, $key)?
    }};
    (@take $fields:ident, $key:literal $(, $when:ident)?) => {
        $crate::js::api::json::take(&mut $fields, $key)?
    };
    (@field $fields:ident, $value:expr, $key:literal) => {
        if !$crate::js::api::json::Json::is_empty(&$value) {
            $fields.insert($key.to_owned(), $crate::js::api::json::Json::write(&$value));
        }
    };
    (@field $fields:ident, $value:expr, $key:literal, lenient) => {
        $crate::js::api::json::object!(@field $fields, $value, $key)
    };
    (@field $fields:ident, $value:expr, $key:literal, always) => {
        $fields.insert($key.to_owned(), $crate::js::api::json::Json::write(&$value));
    };
    (@field $fields:ident, $value:expr, $key:literal, positive) => {
        if $value > $crate::js::api::json::Json::empty() {
            $fields.insert($key.to_owned(), $crate::js::api::json::Json::write(&$value));
        }
    };
    (@field $fields:ident, $value:expr, $key:literal, received) => {};
    (@field $fields:ident, $value:expr, $key:literal, local) => {};
}
pub(crate) use object;

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
