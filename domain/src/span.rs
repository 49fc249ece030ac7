//! Spans: one timed operation of one service, part of a trace.
//!
//! Source: OpenTelemetry trace data model; W3C Trace Context, sections 3.2.2.3 and 3.2.2.4 (ids).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ParseIdError, ProjectId};

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $number:ty, $digits:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name($number);

        impl $name {
            /// The id of these bits; zero is no id.
            #[must_use]
            pub fn new(bits: $number) -> Option<Self> {
                (bits != 0).then_some(Self(bits))
            }

            /// The bits.
            #[must_use]
            pub fn bits(self) -> $number {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $digits, "x}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let has_form = text.len() == $digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                has_form
                    .then(|| <$number>::from_str_radix(text, 16).ok())
                    .flatten()
                    .and_then(Self::new)
                    .ok_or_else(|| ParseIdError {
                        kind: $kind,
                        value: text.chars().take(64).collect(),
                    })
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseIdError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

hex_id!(
    /// A trace: 128 bits, never zero; shown as 32 lowercase hexadecimal digits.
    TraceId,
    u128,
    32,
    "trace id (32 hexadecimal digits, not all zero)"
);
hex_id!(
    /// A span of a trace: 64 bits, never zero; shown as 16 lowercase hexadecimal digits.
    SpanId,
    u64,
    16,
    "span id (16 hexadecimal digits, not all zero)"
);

/// Which side of a call a span is. The numbers are those of OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum SpanKind {
    /// The sender did not say.
    #[default]
    Unspecified = 0,
    /// Work inside a service.
    Internal = 1,
    /// A request that is answered.
    Server = 2,
    /// A request that is made.
    Client = 3,
    /// A message that is sent.
    Producer = 4,
    /// A message that is worked on.
    Consumer = 5,
}

impl SpanKind {
    /// The stored number.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The kind of a number; unknown ones are unspecified.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// How an operation ended. The numbers are those of OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum SpanStatus {
    /// Nobody said; by convention it went well.
    #[default]
    Unset = 0,
    /// Somebody says that it went well.
    Ok = 1,
    /// It failed.
    Error = 2,
}

impl SpanStatus {
    /// The stored number.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The status of a number; unknown ones are unset.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }

    /// Reads the lowercase word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "unset" => Some(Self::Unset),
            "ok" => Some(Self::Ok),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// One span.
///
/// Text fields hold no NUL and no lone surrogate: decoders replace them (see `ingest`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The tenant, from the credential.
    pub project_id: ProjectId,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id; unique in its trace.
    pub span_id: SpanId,
    /// The span that caused it; none at the root of a trace.
    pub parent_span_id: Option<SpanId>,
    /// The service that worked; `"unknown"` when nobody said.
    pub service: String,
    /// What was done, for example `GET /cart`.
    pub name: String,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// When it began: unix nanoseconds UTC.
    pub start_ns: i64,
    /// When it ended, never before it began: unix nanoseconds UTC.
    pub end_ns: i64,
    /// How it ended.
    pub status: SpanStatus,
    /// What went wrong, `""` when nobody said.
    pub status_message: String,
    /// Its own attributes and those of its scope and resource: one compact JSON object as text, `""` when there are none.
    pub attributes: String,
    /// What happened inside: a JSON array of `{time_unix_ns, name, attributes}` as text, `""` when there is nothing.
    pub events: String,
    /// Spans of other traces that it belongs to: a JSON array of `{trace_id, span_id, attributes}` as text, `""` when there are none.
    pub links: String,
}

impl Span {
    /// How long it took, nanoseconds; never negative.
    #[must_use]
    pub fn duration_ns(&self) -> i64 {
        self.end_ns.saturating_sub(self.start_ns).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal_of_one_length_and_never_zero() {
        let text = "0af7651916cd43dd8448eb211c80319c";
        let id: TraceId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(text.to_ascii_uppercase().parse(), Ok(id));
        let span: SpanId = "00f067aa0ba902b7".parse().unwrap();
        assert_eq!(span.to_string(), "00f067aa0ba902b7");
        for bad in [
            "",
            "0",
            "+af7651916cd43dd8448eb211c80319",
            "b7ad6b716920333g",
            "0000000000000000",
        ] {
            assert!(bad.parse::<SpanId>().is_err(), "{bad}");
            assert!(bad.parse::<TraceId>().is_err(), "{bad}");
        }
        let json = serde_json::to_string(&span).unwrap();
        assert_eq!(json, "\"00f067aa0ba902b7\"");
        assert_eq!(serde_json::from_str::<SpanId>(&json).unwrap(), span);
    }

    #[test]
    fn numbers_of_kinds_and_statuses_come_back() {
        for number in 0..=5 {
            assert_eq!(i64::from(SpanKind::from_number(number).number()), number);
        }
        for number in 0..=2 {
            let status = SpanStatus::from_number(number);
            assert_eq!(i64::from(status.number()), number);
            assert_eq!(SpanStatus::from_word(status.as_str()), Some(status));
        }
        assert_eq!(SpanKind::from_number(-1), SpanKind::Unspecified);
        assert_eq!(SpanStatus::from_number(9), SpanStatus::Unset);
    }
}
