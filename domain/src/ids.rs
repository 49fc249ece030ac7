//! Identifiers. Every id that crosses a room is a newtype, never a bare string or number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// An id in a request or a document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{value}' is not a valid {kind}")]
pub struct ParseIdError {
    /// What kind of id was expected.
    pub kind: &'static str,
    /// The text that was given, cut to 64 characters.
    pub value: String,
}

impl ParseIdError {
    fn new(kind: &'static str, value: &str) -> Self {
        Self {
            kind,
            value: value.chars().take(64).collect(),
        }
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The 16 bytes that databases store.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Builds a UUIDv7 from an instant (unix nanoseconds; cut to milliseconds) and 10 random bytes.
            /// Source: RFC 9562 section 5.7.
            #[must_use]
            pub fn from_parts(unix_ns: i64, random: [u8; 10]) -> Self {
                let millis = u64::try_from(unix_ns / 1_000_000).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| ParseIdError::new($kind, text))
            }
        }
    };
}

uuid_id!(
    /// A tenant. Every stored row and vector carries one; it comes from the credential only.
    ProjectId,
    "project id"
);
uuid_id!(
    /// One log record, a UUIDv7 of its arrival.
    RecordId,
    "record id"
);
uuid_id!(
    /// One detected anomaly.
    AnomalyId,
    "anomaly id"
);
uuid_id!(
    /// One incident.
    IncidentId,
    "incident id"
);
uuid_id!(
    /// One change event (a deploy, a configuration change).
    EventId,
    "event id"
);
uuid_id!(
    /// One delivery of one notification to one receiver; the same on every retry.
    DeliveryId,
    "delivery id"
);
uuid_id!(
    /// A person who can log in.
    UserId,
    "user id"
);
uuid_id!(
    /// An ingest token.
    TokenId,
    "token id"
);
uuid_id!(
    /// A unit of work in the job queue.
    JobId,
    "job id"
);
uuid_id!(
    /// A silence.
    SilenceId,
    "silence id"
);

/// A log pattern: the stable 64-bit hash of its text, so nodes agree without asking.
///
/// Shown and serialised as 16 lowercase hex digits; stored as `i64` with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TemplateId(pub u64);

impl TemplateId {
    /// The same 64 bits as a signed integer, as databases store them.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        self.0.cast_signed()
    }

    /// The inverse of [`TemplateId::to_i64`].
    #[must_use]
    pub fn from_i64(bits: i64) -> Self {
        Self(bits.cast_unsigned())
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for TemplateId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 16 || text.is_empty() || text.starts_with('+') {
            return Err(ParseIdError::new("template id", text));
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| ParseIdError::new("template id", text))
    }
}

impl Serialize for TemplateId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TemplateId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
