//! `/loki/api/v1/query_range` and `/query`: lines and numbers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use engine::logql::{self, Expression, LogsRequest, Numbers, Series, Steps};
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::{PlainProblem, wire};
use crate::auth::Reader;
use crate::problem::Problem;
use crate::state::AppState;

/// Lines of an answer when nobody says.
pub(super) const DEFAULT_LIMIT: usize = 100;
/// How clients say what of newer answers they understand.
pub(super) const FLAGS: &str = "x-loki-response-encoding-flags";

/// Understands a query.
pub(super) fn parse(text: &str) -> Result<Expression, Problem> {
    logql::parse(text).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Lines of a range, or numbers over it.
pub async fn range(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Json<Value>, PlainProblem> {
    let range = parameters.range(state.clock.now_ns(), super::parameters::DEFAULT_SINCE_NS)?;
    let metric = match parse(parameters.query()?)? {
        Expression::Metric(metric) => metric,
        Expression::Logs(query) => {
            let request = LogsRequest {
                range,
                limit: parameters.number("limit", DEFAULT_LIMIT)?,
                order: parameters.direction()?,
                interval_ns: parameters.duration("interval")?.unwrap_or(0),
            };
            let flags = headers.get(FLAGS).and_then(|value| value.to_str().ok());
            let is_categorized = wire::is_categorized(flags);
            let answer = state
                .engine
                .logql(reader.project_id, move |source| {
                    let entries = logql::logs(source, &query, &request)?;
                    Ok(wire::streams(entries, is_categorized, &source.usage()))
                })
                .await?;
            return Ok(Json(answer));
        }
    };
    let steps = Steps {
        start_ns: range.start_ns,
        end_ns: range.end_ns,
        step_ns: parameters.step(range)?,
    }
    .aligned();
    let answer = state
        .engine
        .logql(reader.project_id, move |source| {
            let series = match logql::numbers(source, &metric, steps)? {
                Numbers::Series(series) => series,
                Numbers::Scalar(number) => vec![Series {
                    labels: logql::Labels::new(),
                    samples: steps.instants().map(|at_ns| (at_ns, number)).collect(),
                }],
            };
            Ok(wire::matrix(series, &source.usage()))
        })
        .await?;
    Ok(Json(answer))
}

/// Numbers at an instant.
pub async fn instant(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Result<Json<Value>, PlainProblem> {
    let at_ns = parameters
        .instant("time")?
        .unwrap_or_else(|| state.clock.now_ns());
    let metric = match parse(parameters.query()?)? {
        Expression::Metric(metric) => metric,
        Expression::Logs(_) => {
            return Err(Problem::bad_request(
                "log queries are not supported as an instant query type, please change your query to a range query type",
            )
            .into());
        }
    };
    let answer = state
        .engine
        .logql(reader.project_id, move |source| {
            let numbers = logql::numbers(source, &metric, Steps::at(at_ns))?;
            Ok(wire::instant(numbers, at_ns, &source.usage()))
        })
        .await?;
    Ok(Json(answer))
}

/// The query written as we understand it.
pub async fn format(_reader: Reader, parameters: Parameters) -> Result<Json<Value>, PlainProblem> {
    let expression = parse(parameters.query()?)?;
    Ok(Json(
        json!({ "status": "success", "data": expression.to_string() }),
    ))
}
