//! Log severities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How bad a record is. The numbers are the first of each OpenTelemetry severity range.
///
/// Source: OpenTelemetry logs data model, "Severity Fields".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Severity {
    /// The sender did not say and nothing in the text did.
    #[default]
    Unspecified = 0,
    /// Finest tracing.
    Trace = 1,
    /// Debugging detail.
    Debug = 5,
    /// Normal operation.
    Info = 9,
    /// Something to look at.
    Warn = 13,
    /// An operation failed.
    Error = 17,
    /// The process or system cannot go on.
    Fatal = 21,
}

/// A severity word or number that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a severity (trace, debug, info, warn, error, fatal)")]
pub struct ParseSeverityError(pub String);

impl Severity {
    /// All severities, least bad first.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// The stored number (0, 1, 5, 9, 13, 17, 21).
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The severity of an OpenTelemetry number; ranges collapse to their first, out of range is unspecified.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        match number {
            1..=4 => Self::Trace,
            5..=8 => Self::Debug,
            9..=12 => Self::Info,
            13..=16 => Self::Warn,
            17..=20 => Self::Error,
            21..=24 => Self::Fatal,
            _ => Self::Unspecified,
        }
    }

    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Whether this counts as a failure (error or fatal).
    #[must_use]
    pub fn is_error(self) -> bool {
        self >= Self::Error
    }

    /// Reads a severity word of the usual logging libraries and of syslog, in any case, without allocation.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        const WORDS: [(&str, Severity); 36] = [
            ("trace", Severity::Trace),
            ("trc", Severity::Trace),
            ("verbose", Severity::Trace),
            ("finest", Severity::Trace),
            ("finer", Severity::Trace),
            ("t", Severity::Trace),
            ("v", Severity::Trace),
            ("debug", Severity::Debug),
            ("dbg", Severity::Debug),
            ("fine", Severity::Debug),
            ("d", Severity::Debug),
            ("info", Severity::Info),
            ("information", Severity::Info),
            ("informational", Severity::Info),
            ("inf", Severity::Info),
            ("notice", Severity::Info),
            ("config", Severity::Info),
            ("i", Severity::Info),
            ("n", Severity::Info),
            ("warn", Severity::Warn),
            ("warning", Severity::Warn),
            ("wrn", Severity::Warn),
            ("w", Severity::Warn),
            ("error", Severity::Error),
            ("err", Severity::Error),
            ("severe", Severity::Error),
            ("failure", Severity::Error),
            ("e", Severity::Error),
            ("fatal", Severity::Fatal),
            ("ftl", Severity::Fatal),
            ("critical", Severity::Fatal),
            ("crit", Severity::Fatal),
            ("alert", Severity::Fatal),
            ("emerg", Severity::Fatal),
            ("emergency", Severity::Fatal),
            ("panic", Severity::Fatal),
        ];
        WORDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|(_, severity)| *severity)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = ParseSeverityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "unspecified" {
            return Ok(Self::Unspecified);
        }
        Self::from_word(text).ok_or_else(|| ParseSeverityError(text.chars().take(64).collect()))
    }
}
