//! What a plan may be made of.

use serde_json::{Value, json};

/// What a question can ask for, in the words of a plan.
pub const PLAN_INTENTS: [&str; 11] = [
    "find", "count", "rate", "measure", "trend", "first", "last", "top", "compare", "why",
    "summary",
];
/// The word for a field that stays empty.
pub(super) const NONE: &str = "none";
/// Severities that can be chosen.
pub(super) const LEVELS: [&str; 3] = ["warn", "error", "fatal"];
/// What can be computed without a number of the records.
const SHARES: [&str; 5] = ["distinct", "share", "per minute", "per hour", "per day"];
/// What can be computed of a number that records have.
const STATISTICS: [&str; 6] = ["average", "p50", "p95", "p99", "greatest", "sum"];
/// Words of the question that are looked at.
const MAX_WORDS: usize = 8;
/// Longest run of them.
const MAX_RUN: usize = 5;
/// Times that a local model can write; each is one that the time parser knows.
const TIMES: &str = "none|today|yesterday|yesterday (morning|afternoon|evening)|last night|this (morning|afternoon|evening|week)|last week|(last|past) [1-9][0-9]? (minutes|hours|days|weeks)|since (yesterday|monday|tuesday|wednesday|thursday|friday|saturday|sunday|[0-2][0-9]:[0-5][0-9])";

/// What may be chosen for one question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanForm {
    /// The question, as it was asked.
    pub question: String,
    /// The words of it that nobody understood, in their order: those that say which records are meant are chosen of these.
    pub words: Vec<String>,
    /// What records can be counted by, in the words of a plan: `service`, `user`, `attribute region`.
    pub groups: Vec<String>,
    /// Numbers that records have: `duration`, and attributes.
    pub quantities: Vec<String>,
    /// The services of the project; empty where the question names some.
    pub services: Vec<String>,
    /// The question names no time.
    pub has_time_field: bool,
    /// The question names no severity.
    pub has_level_field: bool,
}

impl PlanForm {
    /// What can be computed, in the words of a plan.
    #[must_use]
    pub fn computations(&self) -> Vec<String> {
        let statistics = STATISTICS.iter().flat_map(|statistic| {
            self.quantities
                .iter()
                .map(move |quantity| format!("{statistic} {quantity}"))
        });
        SHARES
            .map(str::to_owned)
            .into_iter()
            .chain(statistics)
            .collect()
    }

    /// What the records of this project alone can be counted by.
    pub(super) fn own_groups(&self) -> Vec<String> {
        let is_own = |group: &&String| group.starts_with("attribute ");
        self.groups.iter().filter(is_own).cloned().collect()
    }

    /// Runs of words that stand beside each other.
    pub(super) fn runs(&self) -> Vec<String> {
        let words = &self.words[..self.words.len().min(MAX_WORDS)];
        let mut runs: Vec<String> = Vec::new();
        for length in 1..=words.len() {
            if length > MAX_RUN && length < words.len() {
                continue;
            }
            for run in words.windows(length) {
                let run = run.join(" ");
                if !runs.contains(&run) {
                    runs.push(run);
                }
            }
        }
        runs
    }
}

/// The form as a JSON schema that lets nothing else be written. It holds names of the project.
pub(super) fn schema_of(form: &PlanForm) -> Value {
    let mut fields = serde_json::Map::new();
    let mut field = |name: &str, choices: Vec<String>| {
        let mut all = vec![NONE.to_owned()];
        all.extend(choices);
        fields.insert(name.to_owned(), json!({ "enum": all }));
    };
    field("by", form.groups.clone());
    field("compute", form.computations());
    field("about", form.runs());
    if form.has_level_field {
        field("level", LEVELS.map(str::to_owned).to_vec());
    }
    if !form.services.is_empty() {
        field("service", form.services.clone());
    }
    if form.has_time_field {
        let pattern = format!("^({TIMES})$");
        fields.insert(
            "when".to_owned(),
            json!({ "type": "string", "pattern": pattern }),
        );
    }
    let mut properties = serde_json::Map::new();
    properties.insert("intent".to_owned(), json!({ "enum": PLAN_INTENTS }));
    properties.extend(fields);
    // Without blanks of its own choice a model has less to write.
    document(properties, json!({ "whitespace_flexible": false }))
}

/// The same for models outside of the house: it holds nothing but our own words.
pub(super) fn schema() -> Value {
    let text = json!({ "type": "string" });
    let mut properties = serde_json::Map::new();
    properties.insert(
        "intent".to_owned(),
        json!({ "type": "string", "enum": PLAN_INTENTS }),
    );
    for name in ["by", "compute", "about", "level", "service", "when"] {
        properties.insert(name.to_owned(), text.clone());
    }
    document(properties, Value::Null)
}

fn document(properties: serde_json::Map<String, Value>, guidance: Value) -> Value {
    let required: Vec<String> = properties.keys().cloned().collect();
    let mut document = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if !guidance.is_null() {
        document["x-guidance"] = guidance;
    }
    document
}
