//! What the world looks like when a question or filter is read.

use domain::TimeRange;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// A change event of kind deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// The service that was deployed, if the event said so.
    pub service: Option<String>,
    /// When, unix nanoseconds UTC.
    pub at_ns: i64,
    /// For example `checkout v2.4.1`.
    pub title: String,
}

/// An incident that is not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncident {
    /// When it started, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// The services it concerns.
    pub services: Vec<String>,
}

/// What a question is read against. Nothing here is guessed: the same question with the same
/// context always gets the same interpretation.
#[derive(Debug, Clone)]
pub struct QuestionContext {
    /// The instant of the question, unix nanoseconds UTC.
    pub now_ns: i64,
    /// The zone in which "3pm" and "yesterday" are meant.
    pub time_zone: TimeZone,
    /// The services that exist in the project.
    pub services: Vec<String>,
    /// Keys of attributes that records of the project have.
    pub attributes: Vec<String>,
    /// Recent deploys, in any order.
    pub last_deploys: Vec<Deploy>,
    /// The incident that is open, the latest when there are several.
    pub open_incident: Option<OpenIncident>,
    /// The range of a filter, and of a question that needs one, when none is said; `None` means
    /// the last 24 hours.
    pub default_range: Option<TimeRange>,
}

impl QuestionContext {
    /// A context with nothing but a time and a zone.
    #[must_use]
    pub fn at(now_ns: i64, time_zone: TimeZone) -> Self {
        Self {
            now_ns,
            time_zone,
            services: Vec::new(),
            attributes: Vec::new(),
            last_deploys: Vec::new(),
            open_incident: None,
            default_range: None,
        }
    }

    /// Now in the asker's zone.
    pub(crate) fn now(&self) -> Zoned {
        jiff::Timestamp::from_nanosecond(i128::from(self.now_ns))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.time_zone.clone())
    }
}
