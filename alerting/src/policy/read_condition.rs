//! Conditions out of YAML.

use domain::{AnomalyKind, Severity};

use super::node::{Fields, Node, Source};
use super::read::{DAY, SECOND, read_map};
use super::{
    Absence, Aggregation, AnomalyCondition, Condition, EventCondition, LogCount, MetricThreshold,
    NewTemplate, Op, hint,
};
use crate::PolicyError;

const TYPES: [&str; 6] = [
    "metric_threshold",
    "log_count",
    "absence",
    "new_template",
    "anomaly",
    "event",
];
/// Types that later versions will read.
const LATER_TYPES: [&str; 7] = [
    "metric_change",
    "log_match",
    "heartbeat",
    "template_spike",
    "semantic_match",
    "slo_burn_rate",
    "external",
];
const MAX_QUERY: usize = 2_000;
const MAX_NAME: usize = 200;
const MAX_LIST: usize = 50;
const MAX_GROUP_BY: usize = 10;
/// The shortest score that a detector calls unusual at all.
const DEFAULT_MIN_SCORE: f64 = 0.5;
/// How far back "new" looks when the policy does not say.
const DEFAULT_NEW_WINDOW: i64 = 10 * domain::NANOS_PER_MINUTE;

pub(crate) const ANOMALY_KINDS: [(&str, AnomalyKind); 9] = [
    ("surge", AnomalyKind::Surge),
    ("drop", AnomalyKind::Drop),
    ("new_template", AnomalyKind::NewTemplate),
    ("vanished_template", AnomalyKind::VanishedTemplate),
    ("level_change", AnomalyKind::LevelChange),
    ("unusual_mix", AnomalyKind::UnusualMix),
    ("metric", AnomalyKind::Metric),
    ("unusual_session", AnomalyKind::UnusualSession),
    ("value_shift", AnomalyKind::ValueShift),
];
const SEVERITIES: [(&str, Severity); 7] = [
    ("trace", Severity::Trace),
    ("debug", Severity::Debug),
    ("info", Severity::Info),
    ("warn", Severity::Warn),
    ("warning", Severity::Warn),
    ("error", Severity::Error),
    ("fatal", Severity::Fatal),
];

pub(crate) fn read(
    source: Source<'_>,
    node: &Node,
    default_window: Option<i64>,
) -> Result<Condition, PolicyError> {
    let fields = Fields::of(source, "a condition", node)?;
    let kind_node = fields.need("type")?;
    let kind = fields.text_of("type", kind_node, 64)?;
    let line = kind_node.line;
    match kind.as_str() {
        "metric_threshold" => metric_threshold(source, node, default_window),
        "log_count" => log_count(source, node, default_window),
        "absence" => absence(source, node, default_window),
        "new_template" => new_template(source, node, default_window),
        "anomaly" => anomaly(source, node),
        "event" => event(source, node, default_window),
        later if LATER_TYPES.contains(&later) => Err(source.hinted(
            line,
            format!("conditions of type '{later}' are not understood by this version"),
            format!("known: {}", TYPES.join(", ")),
        )),
        other => Err(source.hinted(
            line,
            format!("unknown condition type '{other}'"),
            hint::suggestion(other, &TYPES),
        )),
    }
}

fn op(fields: &Fields<'_>) -> Result<Option<Op>, PolicyError> {
    fields.word("op", &Op::WORDS)
}

/// The condition's own window, or the policy's.
fn window(fields: &Fields<'_>, key: &str, default: Option<i64>) -> Result<i64, PolicyError> {
    match fields.duration(key, SECOND, 90 * DAY)?.or(default) {
        Some(window) => Ok(window),
        None => Err(fields.source.hinted(
            fields.line,
            format!("{} needs '{key}'", fields.what),
            "for example '5m'",
        )),
    }
}

fn threshold(fields: &Fields<'_>) -> Result<f64, PolicyError> {
    fields.need("threshold")?;
    Ok(fields.number("threshold")?.unwrap_or_default())
}

fn metric_threshold(
    source: Source<'_>,
    node: &Node,
    default_window: Option<i64>,
) -> Result<Condition, PolicyError> {
    let fields = Fields::of(source, "metric_threshold", node)?.only(&[
        "type",
        "metric",
        "labels",
        "agg",
        "op",
        "threshold",
        "resolve_threshold",
        "window",
        "group_by",
    ])?;
    Ok(Condition::MetricThreshold(MetricThreshold {
        metric: fields.text_of("metric", fields.need("metric")?, MAX_NAME)?,
        labels: read_map(&fields, "labels", MAX_NAME)?,
        agg: fields.word("agg", &Aggregation::WORDS)?,
        op: op(&fields)?.unwrap_or(Op::Greater),
        threshold: threshold(&fields)?,
        resolve_threshold: fields.number("resolve_threshold")?,
        window_ns: window(&fields, "window", default_window)?,
        group_by: fields.texts("group_by", MAX_NAME, MAX_GROUP_BY)?,
    }))
}

fn log_count(
    source: Source<'_>,
    node: &Node,
    default_window: Option<i64>,
) -> Result<Condition, PolicyError> {
    let fields = Fields::of(source, "log_count", node)?.only(&[
        "type",
        "query",
        "op",
        "threshold",
        "resolve_threshold",
        "window",
        "group_by",
    ])?;
    Ok(Condition::LogCount(LogCount {
        query: fields.text_of("query", fields.need("query")?, MAX_QUERY)?,
        op: op(&fields)?.unwrap_or(Op::Greater),
        threshold: threshold(&fields)?,
        resolve_threshold: fields.number("resolve_threshold")?,
        window_ns: window(&fields, "window", default_window)?,
        group_by: fields.texts("group_by", MAX_NAME, MAX_GROUP_BY)?,
    }))
}

fn absence(
    source: Source<'_>,
    node: &Node,
    default_window: Option<i64>,
) -> Result<Condition, PolicyError> {
    let fields =
        Fields::of(source, "absence", node)?.only(&["type", "query", "metric", "window"])?;
    let query = fields.text("query", MAX_QUERY)?;
    let metric = fields.text("metric", MAX_NAME)?;
    if query.is_some() == metric.is_some() {
        return Err(source.error(node.line, "absence needs either 'query' or 'metric'"));
    }
    Ok(Condition::Absence(Absence {
        query,
        metric,
        window_ns: window(&fields, "window", default_window)?,
    }))
}

fn new_template(
    source: Source<'_>,
    node: &Node,
    default_window: Option<i64>,
) -> Result<Condition, PolicyError> {
    let fields = Fields::of(source, "new_template", node)?.only(&[
        "type",
        "query",
        "services",
        "severity",
        "min_count",
        "window",
        "group_by",
    ])?;
    let min_count = fields.number("min_count")?.unwrap_or(1.0);
    if !(1.0..=1e9).contains(&min_count) || min_count.fract() != 0.0 {
        return Err(source.error(
            node.line,
            format!("'min_count' is {min_count}, it must be a whole number from 1"),
        ));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above"
    )]
    let min_count = min_count as u64;
    Ok(Condition::NewTemplate(NewTemplate {
        query: fields.text("query", MAX_QUERY)?,
        services: fields.texts("services", MAX_NAME, MAX_LIST)?,
        min_severity: fields.word("severity", &SEVERITIES)?,
        min_count,
        window_ns: window(
            &fields,
            "window",
            default_window.or(Some(DEFAULT_NEW_WINDOW)),
        )?,
        group_by: fields.texts("group_by", MAX_NAME, MAX_GROUP_BY)?,
    }))
}

fn anomaly(source: Source<'_>, node: &Node) -> Result<Condition, PolicyError> {
    let fields = Fields::of(source, "anomaly", node)?.only(&[
        "type",
        "kinds",
        "min_score",
        "sensitivity",
        "services",
        "severity",
    ])?;
    let sensitivity = fields.number("sensitivity")?;
    if let Some(sensitivity) = sensitivity.filter(|given| !(0.0..=1.0).contains(given)) {
        return Err(source.error(
            node.line,
            format!("'sensitivity' is {sensitivity}, it must be 0 to 1"),
        ));
    }
    if sensitivity.is_some() && fields.get("min_score").is_some() {
        return Err(source.error(
            node.line,
            "'sensitivity' and 'min_score' say the same, give one of them".to_owned(),
        ));
    }
    // One number: 0 hears of nothing but what is certain, 1 of everything.
    let min_score = match sensitivity {
        Some(sensitivity) => ((1.0 - sensitivity) * 1e3).round() / 1e3,
        None => fields.number("min_score")?.unwrap_or(DEFAULT_MIN_SCORE),
    };
    if !(0.0..=1.0).contains(&min_score) {
        return Err(source.error(
            node.line,
            format!("'min_score' is {min_score}, it must be 0 to 1"),
        ));
    }
    let line = fields.get("kinds").map_or(node.line, |kinds| kinds.line);
    let kinds = fields
        .texts("kinds", 64, MAX_LIST)?
        .iter()
        .map(|kind| fields.word_of("kinds", line, kind, &ANOMALY_KINDS))
        .collect::<Result<_, _>>()?;
    Ok(Condition::Anomaly(AnomalyCondition {
        kinds,
        min_score,
        services: fields.texts("services", MAX_NAME, MAX_LIST)?,
        min_severity: fields.word("severity", &SEVERITIES)?,
    }))
}

fn event(
    source: Source<'_>,
    node: &Node,
    default_window: Option<i64>,
) -> Result<Condition, PolicyError> {
    let fields =
        Fields::of(source, "event", node)?.only(&["type", "event", "services", "within"])?;
    fields.need("event")?;
    Ok(Condition::Event(EventCondition {
        events: fields.texts("event", 64, MAX_LIST)?,
        services: fields.texts("services", MAX_NAME, MAX_LIST)?,
        within_ns: window(&fields, "within", default_window)?,
    }))
}
