//! Policy documents out of YAML text.

use std::collections::BTreeMap;

use domain::IncidentSeverity;
use sha2::{Digest, Sha256};

use super::node::{Fields, Node, Source, Value, cut};
use super::{
    Match, NoData, Policy, PolicyId, check, compatibility, hint, read_condition, read_workflow,
};
use crate::PolicyError;
use crate::template::{TemplateFacts, render};

/// A policy text may be this long.
const MAX_TEXT_BYTES: usize = 256 * 1024;
/// And hold this many documents.
const MAX_DOCUMENTS: usize = 200;
const MAX_CONDITIONS: usize = 20;
const MAX_LABELS: usize = 30;
pub(crate) const SECOND: i64 = domain::NANOS_PER_SECOND;
pub(crate) const DAY: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;
/// How long `no_data: keep` keeps when the policy does not say: long enough for a redeploy of the
/// metrics pipeline, short enough that a series that was renamed does not fire for ever.
const DEFAULT_NO_DATA_FOR: i64 = 60 * domain::NANOS_PER_MINUTE;

const KEYS: [&str; 19] = [
    "id",
    "name",
    "enabled",
    "severity",
    "labels",
    "annotations",
    "title",
    "match",
    "conditions",
    "window",
    "evaluate",
    "for",
    "keep_firing_for",
    "no_data",
    "no_data_for",
    "dedup_key",
    "dedup",
    "workflow",
    "description",
];
/// Kinds of document that later versions will read.
const LATER_KINDS: [&str; 9] = [
    "escalation",
    "schedule",
    "receiver",
    "route",
    "inhibit",
    "maintenance",
    "slo",
    "template",
    "job",
];
const SEVERITIES: [(&str, IncidentSeverity); 4] = [
    ("info", IncidentSeverity::Info),
    ("warning", IncidentSeverity::Warning),
    ("error", IncidentSeverity::Error),
    ("critical", IncidentSeverity::Critical),
];

/// Reads all policies of a text: one or more YAML documents, each `policy: {...}` or `policies: [...]`.
///
/// Tabs and the charter's arrow form are understood (see [`crate::compatibility_notes`]); unknown keys
/// are errors. `source_name` is only used in messages.
///
/// # Errors
/// The first thing that is wrong, with its line and, where known, what to write instead.
pub fn parse_policies(source_name: &str, text: &str) -> Result<Vec<Policy>, PolicyError> {
    let source = Source(source_name);
    if text.len() > MAX_TEXT_BYTES {
        return Err(source.error(
            0,
            format!(
                "policy text is {} bytes, limit is {MAX_TEXT_BYTES}",
                text.len()
            ),
        ));
    }
    let (rewritten, _) = compatibility::rewrite(text);
    let documents: Vec<Node> =
        serde_saphyr::from_multiple(&rewritten).map_err(|error| yaml_error(source, &error))?;
    if documents.len() > MAX_DOCUMENTS {
        return Err(source.error(
            0,
            format!(
                "policy text has {} documents, limit is {MAX_DOCUMENTS}",
                documents.len()
            ),
        ));
    }
    let mut policies = Vec::new();
    for document in &documents {
        read_document(source, document, &mut policies)?;
    }
    if let Some(problem) = check::duplicate_policies(&policies).into_iter().next() {
        return Err(source.hinted(problem.line, problem.message, "give one of them another id"));
    }
    Ok(policies)
}

fn yaml_error(source: Source<'_>, error: &serde_saphyr::Error) -> PolicyError {
    let line = error
        .location()
        .map_or(0, |location| usize::try_from(location.line()).unwrap_or(0));
    let message = error.without_snippet().to_string();
    let message = message
        .lines()
        .next()
        .unwrap_or("not YAML")
        .trim_start_matches("error: ");
    // The parser's advice to programmers, and the place, which is named in front.
    let message = message
        .split(", set DuplicateKeyPolicy")
        .next()
        .unwrap_or(message);
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    source.error(line, format!("not valid YAML: {message}"))
}

fn read_document(
    source: Source<'_>,
    document: &Node,
    policies: &mut Vec<Policy>,
) -> Result<(), PolicyError> {
    if matches!(document.value, Value::Null) {
        return Ok(());
    }
    let fields = Fields::of(source, "the document", document)?;
    for field in fields.keys() {
        match (field.key.as_str(), &field.node.value) {
            ("policy", _) => policies.push(read_policy(source, &field.node)?),
            ("policies", Value::List(items)) => {
                for item in items {
                    policies.push(read_policy(source, item)?);
                }
            }
            ("policies", _) => {
                return Err(source.error(field.line, "'policies' must be a list of policies"));
            }
            (kind, _) if LATER_KINDS.contains(&kind) => {
                return Err(source.hinted(
                    field.line,
                    format!("documents of kind '{kind}' are not understood by this version"),
                    "remove the document; receivers are configured in the configuration file",
                ));
            }
            (kind, _) => {
                let hint = if KEYS.contains(&kind) {
                    "put everything under 'policy:', indented".to_owned()
                } else {
                    hint::suggestion(kind, &["policy", "policies"])
                };
                return Err(source.hinted(
                    field.line,
                    format!("unknown kind of document '{}'", cut(kind)),
                    hint,
                ));
            }
        }
    }
    Ok(())
}

fn read_policy(source: Source<'_>, node: &Node) -> Result<Policy, PolicyError> {
    let fields = Fields::of(source, "policy", node)?.only(&KEYS)?;
    let name = fields.text_of("name", fields.need("name")?, 200)?;
    let id = match fields.text("id", 64)? {
        Some(id) => read_id(&fields, id)?,
        None => PolicyId(slug(&name)),
    };
    let default_window = fields.duration("window", SECOND, 90 * DAY)?;
    let evaluate = fields
        .get("evaluate")
        .map(|node| read_evaluate(source, node))
        .transpose()?;
    let (every_ns, delay_ns) = evaluate.unwrap_or((domain::NANOS_PER_MINUTE, 0));
    let mut annotations = read_map(&fields, "annotations", 2_000)?;
    if let Some(description) = fields.text("description", 2_000)? {
        annotations
            .entry("description".to_owned())
            .or_insert(description);
    }
    let policy = Policy {
        id,
        enabled: fields.flag("enabled")?.unwrap_or(true),
        severity: fields
            .word("severity", &SEVERITIES)?
            .unwrap_or(IncidentSeverity::Error),
        labels: read_map(&fields, "labels", 200)?,
        annotations,
        title: fields.text("title", 500)?,
        matches: fields
            .word("match", &[("all", Match::All), ("any", Match::Any)])?
            .unwrap_or_default(),
        conditions: read_conditions(&fields, default_window)?,
        every_ns,
        delay_ns,
        for_ns: fields.duration("for", 0, 7 * DAY)?.unwrap_or(0),
        keep_firing_for_ns: fields.duration("keep_firing_for", 0, 7 * DAY)?.unwrap_or(0),
        no_data: fields.word("no_data", &NO_DATA)?.unwrap_or_default(),
        no_data_for_ns: fields
            .duration("no_data_for", SECOND, 90 * DAY)?
            .unwrap_or(DEFAULT_NO_DATA_FOR),
        dedup_key: fields
            .text("dedup_key", 500)?
            .or(fields.text("dedup", 500)?),
        workflow: read_workflow::read(&fields)?,
        line: node.line,
        name,
    };
    check_templates(&fields, &policy)?;
    check::check(source, &policy)?;
    Ok(policy)
}

pub(crate) const NO_DATA: [(&str, NoData); 4] = [
    ("ok", NoData::Ok),
    ("alert", NoData::Alert),
    ("keep", NoData::Keep),
    ("ignore", NoData::Ignore),
];

fn read_id(fields: &Fields<'_>, id: String) -> Result<PolicyId, PolicyError> {
    let fits =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if id.chars().all(fits) {
        return Ok(PolicyId(id));
    }
    Err(fields.source.hinted(
        fields.need("id")?.line,
        format!(
            "'{}' is not a policy id (lowercase letters, digits, - _ .)",
            cut(&id)
        ),
        format!("write '{}'", slug(&id)),
    ))
}

/// A name as an id: lowercase ASCII letters and digits with single dashes, at most 64 characters; the hash of
/// the name when nothing is left.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.truncate(64);
    let slug = slug.trim_end_matches('-').to_owned();
    if slug.is_empty() {
        let digest = Sha256::digest(name.as_bytes());
        return format!(
            "policy-{:02x}{:02x}{:02x}{:02x}",
            digest[0], digest[1], digest[2], digest[3]
        );
    }
    slug
}

fn read_evaluate(source: Source<'_>, node: &Node) -> Result<(i64, i64), PolicyError> {
    let fields = Fields::of(source, "evaluate", node)?.only(&["every", "delay"])?;
    Ok((
        fields
            .duration("every", SECOND, DAY)?
            .unwrap_or(domain::NANOS_PER_MINUTE),
        fields.duration("delay", 0, DAY)?.unwrap_or(0),
    ))
}

pub(crate) fn read_map(
    fields: &Fields<'_>,
    key: &str,
    limit: usize,
) -> Result<BTreeMap<String, String>, PolicyError> {
    let Some(node) = fields.get(key) else {
        return Ok(BTreeMap::new());
    };
    let inner = Fields::of(fields.source, key, node)?;
    let mut map = BTreeMap::new();
    for field in inner.keys() {
        map.insert(
            field.key.clone(),
            inner.text_of(&field.key, &field.node, limit)?,
        );
    }
    if map.len() > MAX_LABELS {
        return Err(fields.source.error(
            node.line,
            format!("'{key}' has {} entries, limit is {MAX_LABELS}", map.len()),
        ));
    }
    Ok(map)
}

fn read_conditions(
    fields: &Fields<'_>,
    default_window: Option<i64>,
) -> Result<Vec<super::Condition>, PolicyError> {
    let node = fields.need("conditions")?;
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Map(_) => std::slice::from_ref(node),
        _ => {
            return Err(fields.source.error(
                node.line,
                format!(
                    "'conditions' must be a list of conditions, not {}",
                    node.kind()
                ),
            ));
        }
    };
    if items.is_empty() || items.len() > MAX_CONDITIONS {
        return Err(fields.source.error(
            node.line,
            format!(
                "a policy has {} conditions, it must have 1 to {MAX_CONDITIONS}",
                items.len()
            ),
        ));
    }
    items
        .iter()
        .map(|item| read_condition::read(fields.source, item, default_window))
        .collect()
}

/// Templates fail when the policy is loaded, not at night.
fn check_templates(fields: &Fields<'_>, policy: &Policy) -> Result<(), PolicyError> {
    let facts = TemplateFacts {
        policy: &policy.name,
        severity: policy.severity.as_str(),
        labels: &policy.labels,
        value: Some(1.0),
        threshold: Some(1.0),
    };
    let texts = policy
        .title
        .iter()
        .map(|text| ("title", text))
        .chain(policy.dedup_key.iter().map(|text| ("dedup_key", text)))
        .chain(
            policy
                .annotations
                .values()
                .map(|text| ("annotations", text)),
        );
    for (key, text) in texts {
        render(text, &facts, 2_000).map_err(|message| {
            let line = fields.get(key).map_or(fields.line, |node| node.line);
            fields.source.hinted(
                line,
                format!("the template in '{key}' cannot be read: {message}"),
                "known: {{ policy }}, {{ severity }}, {{ labels.NAME }}, {{ value }}, {{ threshold }}",
            )
        })?;
    }
    Ok(())
}
