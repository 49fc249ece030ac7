//! Texts with `{{ placeholders }}` in policies: titles, annotations and dedup keys.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior, context};

/// What a template may name.
pub(crate) struct TemplateFacts<'a> {
    pub policy: &'a str,
    pub severity: &'a str,
    pub labels: &'a BTreeMap<String, String>,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
}

/// Renders a template; `limit` is in characters. A text without placeholders is returned as it is.
///
/// Statements (`{% %}`) are refused, so a template cannot loop; missing labels render as nothing.
///
/// # Errors
/// A lowercase message that says what the template engine did not like.
pub(crate) fn render(
    template: &str,
    facts: &TemplateFacts<'_>,
    limit: usize,
) -> Result<String, String> {
    if template.contains("{%") {
        return Err("statements ({% %}) are not allowed, only {{ placeholders }}".to_owned());
    }
    if !template.contains("{{") {
        return Ok(template.chars().take(limit).collect());
    }
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.add_filter("upper", |text: String| text.to_uppercase());
    environment.add_filter("lower", |text: String| text.to_lowercase());
    let text = environment
        .render_str(
            template,
            context! {
                policy => facts.policy,
                severity => facts.severity,
                labels => facts.labels,
                value => facts.value.map(number_text),
                threshold => facts.threshold.map(number_text),
            },
        )
        .map_err(|error| error.to_string().to_lowercase())?;
    Ok(text.chars().take(limit).collect())
}

/// A number the way people write it: `143`, `0.25`, at most four decimals.
pub(crate) fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.4}");
    if text.contains('.') && value.abs() < 1e15 {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    format!("{value:e}")
}

#[cfg(test)]
mod tests;
