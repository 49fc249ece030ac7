//! What Loki's clients send with a question: in the address or as a form.

use axum::extract::{Form, FromRequest, Query, Request};
use axum::http::{Method, header};
use domain::{NANOS_PER_MINUTE, NANOS_PER_SECOND, Order, TimeRange};
use engine::logql;

use super::PlainProblem;
use crate::problem::Problem;

/// How far back questions look when nobody says.
pub(super) const DEFAULT_SINCE_NS: i64 = 3_600 * NANOS_PER_SECOND;
/// How far back labels and the like are looked for when nobody says.
pub(super) const LABELS_SINCE_NS: i64 = 6 * DEFAULT_SINCE_NS;
/// Points of a graph when nobody says how wide its steps are.
const DEFAULT_POINTS: i64 = 250;
/// Seconds have at most so many digits; longer numbers are nanoseconds.
const SECONDS_DIGITS: usize = 10;

/// Names and values, in the order in which they came.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = PlainProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, PlainProblem> {
        let refused = |text: String| PlainProblem(Problem::bad_request(text));
        let Query(mut pairs) = Query::<Vec<(String, String)>>::try_from_uri(request.uri())
            .map_err(|error| refused(error.body_text()))?;
        let has_form = request.method() == Method::POST
            && request.headers().contains_key(header::CONTENT_TYPE);
        if has_form {
            let Form(more) = Form::<Vec<(String, String)>>::from_request(request, state)
                .await
                .map_err(|error| refused(error.body_text()))?;
            pairs.extend(more);
        }
        Ok(Self(pairs))
    }
}

impl Parameters {
    /// The first value of a name that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        let (_, value) = named.find(|(_, value)| !value.is_empty())?;
        Some(value)
    }

    /// All values of a name that are not empty.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The query, which must be there.
    pub fn query(&self) -> Result<&str, Problem> {
        self.get("query")
            .ok_or_else(|| Problem::bad_request("parse error : syntax error: unexpected $end"))
    }

    /// A selector, which may be left out.
    pub fn selector(&self) -> Result<Vec<logql::Matcher>, Problem> {
        let text = self.get("query").unwrap_or_default();
        logql::parse_selector(text).map_err(|error| Problem::bad_request(error.to_string()))
    }

    /// From `start` or `since` to `end`.
    pub fn range(&self, now_ns: i64, since_ns: i64) -> Result<TimeRange, Problem> {
        let end_ns = self.instant("end")?.unwrap_or(now_ns);
        let since_ns = self.duration("since")?.unwrap_or(since_ns);
        let start_ns = match self.instant("start")? {
            Some(start_ns) => start_ns,
            // What has not happened yet is not counted back from.
            None => end_ns.min(now_ns).saturating_sub(since_ns),
        };
        if start_ns >= end_ns {
            return Err(Problem::bad_request(
                "end timestamp must not be before or equal to start time",
            ));
        }
        Ok(TimeRange { start_ns, end_ns })
    }

    /// An instant: seconds (whole or not), nanoseconds, or RFC 3339.
    pub fn instant(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let found = if let Ok(number) = text.parse::<i64>() {
            if text.trim_start_matches('-').len() <= SECONDS_DIGITS {
                number.checked_mul(NANOS_PER_SECOND)
            } else {
                Some(number)
            }
        } else if let Ok(seconds) = text.parse::<f64>() {
            nanoseconds(seconds)
        } else {
            domain::parse_timestamp(text)
        };
        found.map(Some).ok_or_else(|| {
            Problem::bad_request(format!(
                "could not parse '{text}' as {name}: it must be seconds, nanoseconds or RFC 3339"
            ))
        })
    }

    /// A duration: seconds, or such as `5m`.
    pub fn duration(&self, name: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let found = match text.parse::<f64>() {
            Ok(seconds) => nanoseconds(seconds),
            Err(_) => logql::parse_duration(text),
        };
        found.map(Some).ok_or_else(|| {
            Problem::bad_request(format!("cannot parse '{text}' to a valid duration"))
        })
    }

    /// How wide the steps of a graph over a range are.
    pub fn step(&self, range: TimeRange) -> Result<i64, Problem> {
        if let Some(step_ns) = self.duration("step")? {
            return Ok(step_ns);
        }
        let least_ns = range.duration_ns() / DEFAULT_POINTS;
        // Steps of whole minutes are answered out of the counts per minute.
        let unit_ns = if least_ns < NANOS_PER_MINUTE {
            NANOS_PER_SECOND
        } else {
            NANOS_PER_MINUTE
        };
        Ok((least_ns / unit_ns).max(1).saturating_mul(unit_ns))
    }

    /// A whole number.
    pub fn number(&self, name: &str, default: usize) -> Result<usize, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        text.parse().map_err(|_| {
            Problem::bad_request(format!("{name} is '{text}', it must be a whole number"))
        })
    }

    /// Which lines come first.
    pub fn direction(&self) -> Result<Order, Problem> {
        let text = self.get("direction").unwrap_or("backward");
        match text.to_ascii_lowercase().as_str() {
            "backward" => Ok(Order::NewestFirst),
            "forward" => Ok(Order::OldestFirst),
            _ => Err(Problem::bad_request(format!("invalid direction '{text}'"))),
        }
    }
}

fn nanoseconds(seconds: f64) -> Option<i64> {
    let nanoseconds = seconds * NANOS_PER_SECOND as f64;
    (nanoseconds.abs() < 9.2e18).then_some(nanoseconds.round() as i64)
}

#[cfg(test)]
mod tests;
