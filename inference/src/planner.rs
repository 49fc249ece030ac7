//! A question that the grammar does not know, as a form: a model chooses among what exists, and every choice is held
//! against the form before anybody acts on it. Nothing that a model makes up gets further than this file.

mod form;
mod instructions;

use std::time::Duration;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::generator::{GenerateRequest, Generator, Grammar, Origin};
use crate::metrics;
use crate::prompt::data;

use form::{NONE, schema, schema_of};
pub use form::{PLAN_INTENTS, PlanForm};

/// Characters of a question that a model reads.
const QUESTION_LIMIT: usize = 300;
/// Bytes of an answer that are looked at: many times what a form needs.
const MAX_ANSWER: usize = 2_048;
/// Tokens of a form: some 40, and long names.
const MAX_TOKENS: u32 = 120;
/// Longest time phrase in bytes.
const MAX_WHEN: usize = 40;

/// Limits of one plan.
#[derive(Debug, Clone)]
pub struct PlanBudget {
    /// From the call to the verdict, waiting in the queue included.
    pub timeout: Duration,
    /// A number that nobody else can know: take a new random one for each call.
    pub nonce: u64,
    /// On whose behalf.
    pub origin: Origin,
}

/// A form that was filled in with what it offers, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedForm {
    /// One of [`PLAN_INTENTS`].
    pub intent: String,
    /// One of [`PlanForm::groups`].
    pub by: Option<String>,
    /// One of [`PlanForm::computations`].
    pub compute: Option<String>,
    /// A run of [`PlanForm::words`]; empty: none of them says which records are meant.
    pub about: String,
    /// One of `warn`, `error`, `fatal`; only where the form asks.
    pub level: Option<String>,
    /// One of [`PlanForm::services`].
    pub service: Option<String>,
    /// A phrase that may be a time: letters, digits, blanks and colons, to be read by the time parser. Only where the form
    /// asks.
    pub when: Option<String>,
    /// Which model filled it in.
    pub model: String,
}

/// The form as a model writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    intent: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    compute: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    when: String,
}

/// Lets `generator` fill in a form.
///
/// # Errors
/// What the generator reports, and [`Error::Unreadable`] when the form holds anything that was not offered.
pub async fn plan_question(
    generator: &dyn Generator,
    form: &PlanForm,
    budget: &PlanBudget,
    cancel: CancellationToken,
) -> Result<PlannedForm> {
    let request = GenerateRequest {
        examples: &instructions::EXAMPLES,
        // Never leaves the process; what a provider is told holds no name of the project's.
        grammar: Grammar::JsonSchema(schema_of(form)),
        schema: Some(schema()),
        origin: budget.origin.clone(),
        max_tokens: MAX_TOKENS,
        timeout: budget.timeout,
        ..GenerateRequest::new("plan", instructions::RULES, prompt(form, budget.nonce))
    };
    let generation = match generator.generate(request, cancel).await {
        Ok(generation) => generation,
        Err(error) => {
            metrics::verdict("plan", "not_written");
            return Err(error);
        }
    };
    let model = generation
        .model
        .unwrap_or_else(|| generator.name().to_owned());
    match checked(&generation.text, form) {
        Ok(planned) => {
            metrics::verdict("plan", "accepted");
            Ok(PlannedForm { model, ..planned })
        }
        Err(reason) => {
            metrics::verdict("plan", "rejected");
            Err(Error::Unreadable(reason))
        }
    }
}

/// The question and what exists, in a data block: names come from whoever sends logs.
fn prompt(form: &PlanForm, nonce: u64) -> String {
    let mark = format!("{nonce:016x}");
    let mut lines = vec![format!("DATA {mark}")];
    let mut list = |label: &str, items: &[String], before: &str| {
        if !items.is_empty() {
            let items: Vec<String> = items.iter().map(|item| data(item, 64)).collect();
            lines.push(format!("{label}: {}", items.join(before)));
        }
    };
    list("Services", &form.services, ", ");
    list("Fields", &form.own_groups(), ", ");
    list("Words", &form.words, " ");
    lines.push(format!(
        "Question: {}",
        data(&form.question, QUESTION_LIMIT)
    ));
    lines.push(format!("END {mark}"));
    lines.push("The form in JSON.".to_owned());
    lines.join("\n")
}

/// The form in a model's text when each field is something that was offered; otherwise why not, without its words.
fn checked(text: &str, form: &PlanForm) -> std::result::Result<PlannedForm, String> {
    if text.len() > MAX_ANSWER {
        return Err(format!("{} bytes, the limit is {MAX_ANSWER}", text.len()));
    }
    let document = text
        .find('{')
        .zip(text.rfind('}'))
        .and_then(|(start, end)| text.get(start..=end))
        .ok_or("no JSON object in it")?;
    let written: Written =
        serde_json::from_str(document).map_err(|_| "it is not the form that was asked for")?;
    let offered = |field: &str, value: &str, choices: &[String]| {
        let value = value.trim();
        if value.is_empty() || value == NONE {
            return Ok(None);
        }
        if choices.iter().any(|choice| choice == value) {
            return Ok(Some(value.to_owned()));
        }
        Err(format!("'{field}' is none of what was offered"))
    };
    let intents = PLAN_INTENTS.map(str::to_owned);
    let intent = offered("intent", &written.intent, &intents)?.ok_or("no intent in it")?;
    let when = written.when.trim();
    let is_phrase = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | ':' | '-');
    let when = match when {
        _ if !form.has_time_field => None,
        "" | NONE => None,
        when if when.len() <= MAX_WHEN && when.chars().all(is_phrase) => Some(when.to_owned()),
        _ => return Err("'when' is no time".to_owned()),
    };
    // What was understood without a model stays: a choice there is not looked at.
    let level = match form.has_level_field {
        true => offered("level", &written.level, &form::LEVELS.map(str::to_owned))?,
        false => None,
    };
    let service = match form.services.is_empty() {
        true => None,
        false => offered("service", &written.service, &form.services)?,
    };
    Ok(PlannedForm {
        by: offered("by", &written.by, &form.groups)?,
        compute: offered("compute", &written.compute, &form.computations())?,
        about: offered("about", &written.about, &form.runs())?.unwrap_or_default(),
        intent,
        level,
        service,
        when,
        model: String::new(),
    })
}

#[cfg(test)]
mod tests;
