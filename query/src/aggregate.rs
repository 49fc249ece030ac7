//! Typed questions about records: what is asked, checked, and how it will be answered.

use domain::{LogFilter, NANOS_PER_MINUTE, NANOS_PER_SECOND, TimeRange};

use crate::error::Error;
use crate::sql::{Grouping, MAX_GROUP_FIELDS, Measure};

/// Most records of one answer.
const MAX_RECORDS: usize = 1_000;
/// Most groups of one answer, and when nobody says.
const MAX_GROUPS: usize = 10_000;
const DEFAULT_RECORDS: usize = 100;
const DEFAULT_TOP: usize = 10;
const DEFAULT_GROUPS: usize = 1_000;
/// Stretches of time of one answer, and when nobody says.
const MAX_BUCKETS: i64 = 2_000;
const DEFAULT_BUCKETS: i64 = 120;
/// Fields of one request for facets.
const MAX_FACETS: usize = 8;

/// What to do with the records that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Show the newest.
    Records,
    /// Count them.
    Count,
    /// A measure for each stretch of time, and each value of the fields.
    Histogram,
    /// The groups with the highest measure.
    Top,
    /// The most frequent values of each field on its own.
    Facets,
    /// A measure for each group.
    Aggregate,
}

impl Operation {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Count => "count",
            Self::Histogram => "histogram",
            Self::Top => "top",
            Self::Facets => "facets",
            Self::Aggregate => "aggregate",
        }
    }
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A page of records.
    Search,
    /// The counts that are kept per minute: no record is read, and minutes at the ends of the range count whole.
    Rollups,
    /// Every record that matches.
    Scan,
}

impl Source {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Rollups => "rollups",
            Self::Scan => "scan",
        }
    }
}

/// A question as it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Which records.
    pub filter: LogFilter,
    /// What to do.
    pub operation: Operation,
    /// Fields; a stretch of time is `bucket_ns`.
    pub by: Vec<Grouping>,
    /// What to compute; records are counted otherwise.
    pub measure: Option<Measure>,
    /// Stretches of time, nanoseconds.
    pub bucket_ns: Option<i64>,
    /// Records or groups.
    pub limit: Option<usize>,
}

/// A question that can be answered, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which records.
    pub filter: LogFilter,
    /// What to do.
    pub operation: Operation,
    /// Where the answer comes from.
    pub source: Source,
    /// Groups, or the fields of facets; a histogram's begins with the time.
    pub by: Vec<Grouping>,
    /// What is computed.
    pub measure: Measure,
    /// Width of the stretches, nanoseconds.
    pub bucket_ns: Option<i64>,
    /// Records or groups.
    pub limit: usize,
}

impl Question {
    /// Checks it and decides how it is answered.
    ///
    /// # Errors
    /// Fails when parts of it do not go together or a limit is exceeded.
    pub fn plan(self) -> Result<Plan, Error> {
        let is_measured = matches!(
            self.operation,
            Operation::Histogram | Operation::Top | Operation::Aggregate
        );
        let has_fields = is_measured || self.operation == Operation::Facets;
        let name = self.operation.as_str();
        if !is_measured && self.measure.as_ref().is_some_and(|m| *m != Measure::Count) {
            return Err(wrong(format!("'{name}' takes no measure")));
        }
        if !has_fields && !self.by.is_empty() {
            return Err(wrong(format!("'{name}' takes no fields in 'by'")));
        }
        let needs_fields = matches!(self.operation, Operation::Top | Operation::Facets);
        if needs_fields && self.by.is_empty() {
            return Err(wrong(format!(
                "'{name}' needs at least one field in 'by', such as service, severity, template or an attribute"
            )));
        }
        let most = if self.operation == Operation::Facets {
            MAX_FACETS
        } else {
            MAX_GROUP_FIELDS
        };
        limit("number of fields in 'by'", self.by.len(), most)?;
        for (position, field) in self.by.iter().enumerate() {
            if self.by[..position].contains(field) {
                return Err(wrong(format!("'{field}' stands twice in 'by'")));
            }
        }
        let bucket_ns = self.bucket()?;
        let (least, most) = self.limits();
        let wanted = self.limit.unwrap_or(least);
        if wanted == 0 {
            return Err(wrong("limit is 0, it must be at least 1".to_owned()));
        }
        limit("limit", wanted, most)?;
        let measure = self.measure.clone().unwrap_or(Measure::Count);
        let source = self.source(&measure);
        let mut by = self.by;
        if let Some(width_ns) = bucket_ns {
            by.insert(0, Grouping::Time(width_ns));
        }
        Ok(Plan {
            filter: self.filter,
            operation: self.operation,
            source,
            by,
            measure,
            bucket_ns,
            limit: wanted,
        })
    }

    /// How many when nobody says, and at most.
    fn limits(&self) -> (usize, usize) {
        match self.operation {
            Operation::Records => (DEFAULT_RECORDS, MAX_RECORDS),
            Operation::Count => (1, 1),
            Operation::Top | Operation::Facets => (DEFAULT_TOP, MAX_RECORDS),
            Operation::Histogram => (MAX_GROUPS, MAX_GROUPS),
            Operation::Aggregate => (DEFAULT_GROUPS, MAX_GROUPS),
        }
    }

    fn bucket(&self) -> Result<Option<i64>, Error> {
        match (self.operation, self.bucket_ns) {
            (Operation::Histogram, asked) => {
                Ok(Some(width(self.filter.range, asked, self.is_by_severity())))
            }
            (Operation::Aggregate, Some(asked)) => {
                Ok(Some(width(self.filter.range, Some(asked), false)))
            }
            (_, Some(_)) => Err(wrong(format!(
                "'{}' takes no bucket; histogram and aggregate do",
                self.operation.as_str()
            ))),
            (_, None) => Ok(None),
        }
    }

    /// Whether the counts per minute have what is asked over time.
    fn is_by_severity(&self) -> bool {
        let counts = self.measure.as_ref().is_none_or(|m| *m == Measure::Count);
        counts && matches!(self.by.as_slice(), [] | [Grouping::Severity])
    }

    fn source(&self, measure: &Measure) -> Source {
        let is_kept = |field: &Grouping| {
            matches!(
                field,
                Grouping::Service | Grouping::Severity | Grouping::Template
            )
        };
        let is_answered = match self.operation {
            Operation::Records => return Source::Search,
            Operation::Count => true,
            Operation::Histogram => self.is_by_severity(),
            // Facets are decided one by one.
            Operation::Top | Operation::Facets => self.by.iter().all(is_kept),
            Operation::Aggregate => self.bucket_ns.is_none() && self.by.iter().all(is_kept),
        };
        if is_answered && *measure == Measure::Count && self.filter.is_answered_by_rollups() {
            Source::Rollups
        } else {
            Source::Scan
        }
    }
}

/// The width of stretches: at least what is asked, whole minutes where the kept counts answer (else whole seconds), and
/// wide enough that at most [`MAX_BUCKETS`] cover the range.
fn width(range: TimeRange, asked_ns: Option<i64>, is_in_minutes: bool) -> i64 {
    let unit = if is_in_minutes {
        NANOS_PER_MINUTE
    } else {
        NANOS_PER_SECOND
    };
    let length = range.duration_ns();
    let asked = asked_ns.unwrap_or(length / DEFAULT_BUCKETS);
    let least = asked.max(length / (MAX_BUCKETS - 1)).max(1);
    let units = least / unit + i64::from(least % unit != 0);
    units.saturating_mul(unit)
}

fn wrong(message: String) -> Error {
    Error::Question(message)
}

fn limit(what: &'static str, value: usize, limit: usize) -> Result<(), Error> {
    if value <= limit {
        return Ok(());
    }
    let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    Err(Error::Limit {
        what,
        value: wide(value),
        limit: wide(limit),
    })
}

#[cfg(test)]
mod tests;
