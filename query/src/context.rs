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

/// Something that the records themselves tell and that questions name: "before it crashed", "since the restart".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The word for it, as [`happening_word`] gives it.
    pub word: &'static str,
    /// Who it happened to.
    pub service: String,
    /// The latest time that it did, unix nanoseconds UTC.
    pub at_ns: i64,
}

/// The one word for happenings that people name in many ways: `crash`, `restart`; `None` for other words.
#[must_use]
pub fn happening_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "crash" | "crashed" | "crashes" | "died" | "die" | "panicked" | "down" | "oom"
        | "killed" => "crash",
        "restart" | "restarted" | "restarts" | "reboot" | "rebooted" | "started" | "startup"
        | "boot" => "restart",
        _ => return None,
    })
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
    /// Words before values in the patterns of the project: `customer` of `invoice for customer <num>`.
    pub slots: Vec<String>,
    /// Words behind numbers in the patterns of the project: `rows` of `imported <num> rows`.
    pub counted: Vec<String>,
    /// Recent deploys, in any order.
    pub last_deploys: Vec<Deploy>,
    /// What the records tell of crashes and restarts, when the question names one.
    pub happenings: Vec<Happening>,
    /// The incident that is open, the latest when there are several.
    pub open_incident: Option<OpenIncident>,
    /// The trouble at hand, the latest first: all open incidents; where none is, those that were resolved within a day.
    pub troubles: Vec<OpenIncident>,
    /// The question leans on another one, whose subject is meant by "it".
    pub is_follow_up: bool,
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
            slots: Vec::new(),
            counted: Vec::new(),
            last_deploys: Vec::new(),
            happenings: Vec::new(),
            open_incident: None,
            troubles: Vec::new(),
            is_follow_up: false,
            default_range: None,
        }
    }

    /// When the trouble at hand of these services began, of any when there are none.
    pub(crate) fn trouble_at(&self, services: &[String]) -> Option<i64> {
        let concerns = |it: &&OpenIncident| {
            let is_of_all = services.is_empty() || it.services.is_empty();
            is_of_all || it.services.iter().any(|service| services.contains(service))
        };
        let found = self.troubles.iter().find(concerns);
        found.map(|it| it.started_at_ns)
    }

    /// Now in the asker's zone.
    pub(crate) fn now(&self) -> Zoned {
        jiff::Timestamp::from_nanosecond(i128::from(self.now_ns))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.time_zone.clone())
    }
}
