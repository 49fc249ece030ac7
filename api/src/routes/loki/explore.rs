//! What there is: `/labels`, `/label/{name}/values`, `/series`, `/index/*`, `/detected_*`, `/patterns`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::TimeRange;
use engine::logql::{self, Expression, IndexStats, Labels, LogQuery, Steps};
use serde_json::{Value, json};

use super::parameters::{LABELS_SINCE_NS, Parameters};
use super::{PlainProblem, wire};
use crate::auth::Reader;
use crate::extract::Path;
use crate::problem::Problem;
use crate::state::AppState;

type Answer = Result<Json<Value>, PlainProblem>;

/// Fields and values of an answer when nobody says.
const DEFAULT_LIMIT: usize = 1_000;
/// Groups of a volume when nobody says.
const DEFAULT_VOLUMES: usize = 100;
/// Selectors of one question for streams.
const MAX_SELECTORS: usize = 64;

fn range_of(state: &AppState, parameters: &Parameters) -> Result<TimeRange, Problem> {
    parameters.range(state.clock.now_ns(), LABELS_SINCE_NS)
}

/// Names of labels.
pub async fn labels(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let (range, selector) = (range_of(&state, &parameters)?, parameters.selector()?);
    let labels = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::labels(source, &selector, range)
        })
        .await?;
    let names: Vec<String> = labels.into_keys().collect();
    Ok(Json(wire::success(json!(names))))
}

/// Values of a label.
pub async fn values(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Answer {
    let (range, selector) = (range_of(&state, &parameters)?, parameters.selector()?);
    let values = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::values(source, &name, &selector, range)
        })
        .await?;
    Ok(Json(wire::success(json!(values))))
}

/// Streams.
pub async fn series(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let range = range_of(&state, &parameters)?;
    let texts = parameters.all("match[]").chain(parameters.all("match"));
    let mut selectors = texts
        .take(MAX_SELECTORS + 1)
        .map(logql::parse_selector)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    if selectors.len() > MAX_SELECTORS {
        return Err(Problem::bad_request(format!(
            "more than {MAX_SELECTORS} selectors in one request"
        ))
        .into());
    }
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let streams = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::streams(source, &selectors, range)
        })
        .await?;
    let streams: Vec<Value> = streams.into_iter().map(wire::object).collect();
    Ok(Json(wire::success(json!(streams))))
}

/// How much a selector is about.
pub async fn stats(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let (range, selector) = (range_of(&state, &parameters)?, parameters.selector()?);
    let IndexStats {
        streams,
        entries,
        bytes,
    } = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::stats(source, &selector, range)
        })
        .await?;
    // There are no chunks; clients take none for nothing to be there.
    Ok(Json(json!({
        "streams": streams,
        "chunks": streams,
        "entries": entries,
        "bytes": bytes,
    })))
}

/// What volumes are told apart by.
struct VolumeQuestion {
    range: TimeRange,
    selector: Vec<logql::Matcher>,
    targets: Vec<String>,
    limit: usize,
    is_by_name: bool,
}

impl VolumeQuestion {
    fn new(state: &AppState, parameters: &Parameters) -> Result<Self, Problem> {
        let targets = parameters.get("targetLabels").unwrap_or_default();
        let targets = targets.split(',').map(str::trim);
        Ok(Self {
            range: range_of(state, parameters)?,
            selector: parameters.selector()?,
            targets: targets
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            limit: parameters.number("limit", DEFAULT_VOLUMES)?,
            is_by_name: parameters.get("aggregateBy") == Some("labels"),
        })
    }
}

/// How much groups of streams wrote.
pub async fn volume(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let question = VolumeQuestion::new(&state, &parameters)?;
    let (range, is_by_name) = (question.range, question.is_by_name);
    let (volumes, usage) = state
        .engine
        .logql(reader.project_id, move |source| {
            let volumes = logql::volume(
                source,
                &question.selector,
                &question.targets,
                question.limit,
                range,
            )?;
            Ok((volumes, source.usage()))
        })
        .await?;
    let mut groups: Vec<(Labels, u64)> = Vec::new();
    if is_by_name {
        let mut by_name: BTreeMap<String, u64> = BTreeMap::new();
        for volume in volumes {
            for name in volume.labels.into_keys() {
                *by_name.entry(name).or_default() += volume.bytes;
            }
        }
        let named = |(name, bytes)| (Labels::from([(name, String::new())]), bytes);
        groups.extend(by_name.into_iter().map(named));
    } else {
        groups.extend(
            volumes
                .into_iter()
                .map(|volume| (volume.labels, volume.bytes)),
        );
    }
    let at = wire::seconds(range.end_ns);
    let result: Vec<Value> = groups
        .into_iter()
        .map(|(labels, bytes)| {
            json!({ "metric": wire::object(labels), "value": [at, bytes.to_string()] })
        })
        .collect();
    let count = result.len();
    Ok(Json(wire::of_type("vector", result.into(), &usage, count)))
}

/// How much groups of streams wrote, over time.
pub async fn volume_range(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let question = VolumeQuestion::new(&state, &parameters)?;
    let steps = Steps {
        start_ns: question.range.start_ns,
        end_ns: question.range.end_ns,
        step_ns: parameters.step(question.range)?,
    }
    .aligned();
    let answer = state
        .engine
        .logql(reader.project_id, move |source| {
            let mut series =
                logql::volume_range(source, &question.selector, &question.targets, steps)?;
            series.truncate(question.limit);
            Ok(wire::matrix(series, &source.usage()))
        })
        .await?;
    Ok(Json(answer))
}

/// Labels with how many values they have.
pub async fn detected_labels(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let (range, selector) = (range_of(&state, &parameters)?, parameters.selector()?);
    let labels = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::labels(source, &selector, range)
        })
        .await?;
    let labels: Vec<Value> = labels
        .into_iter()
        .map(|(label, cardinality)| json!({ "label": label, "cardinality": cardinality }))
        .collect();
    Ok(Json(json!({ "detectedLabels": labels })))
}

async fn fields_of(
    state: &Arc<AppState>,
    reader: &Reader,
    parameters: &Parameters,
) -> Result<Vec<logql::DetectedField>, PlainProblem> {
    let range = range_of(state, parameters)?;
    let query: LogQuery = match parameters.get("query") {
        None => LogQuery::everything(),
        Some(text) => match logql::parse(text) {
            Ok(Expression::Logs(query)) => query,
            Ok(Expression::Metric(_)) => {
                return Err(Problem::bad_request("the query must ask for log lines").into());
            }
            Err(error) => return Err(Problem::bad_request(error.to_string()).into()),
        },
    };
    let fields = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::detected_fields(source, &query, range)
        })
        .await?;
    Ok(fields)
}

/// Fields of lines and of structured metadata.
pub async fn detected_fields(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let limit = parameters.number("limit", DEFAULT_LIMIT)?;
    let fields: Vec<Value> = fields_of(&state, &reader, &parameters)
        .await?
        .into_iter()
        .take(limit)
        .map(|field| {
            let parsers = (!field.parsers.is_empty()).then_some(field.parsers);
            json!({
                "label": field.label,
                "type": field.kind,
                "cardinality": field.values.len(),
                "parsers": parsers,
            })
        })
        .collect();
    Ok(Json(json!({ "fields": fields, "limit": limit })))
}

/// Values of such a field.
pub async fn detected_field_values(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Answer {
    let limit = parameters.number("limit", DEFAULT_LIMIT)?;
    let fields = fields_of(&state, &reader, &parameters).await?;
    let field = fields.into_iter().find(|field| field.label == name);
    let values = field.map(|field| field.values).unwrap_or_default();
    let values: Vec<String> = values.into_iter().take(limit).collect();
    Ok(Json(json!({ "values": values, "limit": limit })))
}

/// The patterns of lines.
pub async fn patterns(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    parameters: Parameters,
) -> Answer {
    let (range, selector) = (range_of(&state, &parameters)?, parameters.selector()?);
    let step_ns = parameters.step(range)?;
    let patterns = state
        .engine
        .logql_patterns(reader.project_id, selector, range, step_ns)
        .await?;
    let patterns: Vec<Value> = patterns
        .into_iter()
        .map(|pattern| {
            let samples = pattern.samples.into_iter();
            let samples: Vec<Value> = samples
                .map(|(at_ns, count)| json!([wire::seconds(at_ns), count]))
                .collect();
            json!({ "pattern": pattern.text, "samples": samples })
        })
        .collect();
    Ok(Json(wire::success(json!(patterns))))
}
