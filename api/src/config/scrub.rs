//! The section `[scrub]`: what is taken out of what is stored, sent to people, and sent to models outside.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use engine::{MessageMask, ScrubPolicy, Scrubbing};
use redact::{Rule, Scrubber};
use serde::Deserialize;

/// What the file may say of everybody, and under `[scrub.projects.NAME]` of a project by its name or id.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScrubFile {
    strict: Option<bool>,
    mask_stored: Option<bool>,
    mask_messages: Option<Messages>,
    #[serde(rename = "rule")]
    rules: Vec<RuleFile>,
    projects: BTreeMap<String, ProjectFile>,
}

/// The same of one project; what it leaves out is as for everybody. Its rules are added to those of everybody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProjectFile {
    strict: Option<bool>,
    mask_stored: Option<bool>,
    mask_messages: Option<Messages>,
    #[serde(rename = "rule")]
    rules: Vec<RuleFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    name: String,
    pattern: String,
    replacement: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Messages {
    Off,
    Secrets,
    All,
}

impl From<Messages> for MessageMask {
    fn from(messages: Messages) -> Self {
        match messages {
            Messages::Off => Self::Off,
            Messages::Secrets => Self::Secrets,
            Messages::All => Self::All,
        }
    }
}

impl ScrubFile {
    /// The policies of all projects.
    ///
    /// # Errors
    /// Fails with the name of a rule that cannot be used, and why.
    pub fn scrubbing(&self) -> anyhow::Result<Scrubbing> {
        let scrubber = Scrubber::new();
        let general = self
            .policy(&scrubber, &ProjectFile::default())
            .context("[scrub]")?;
        let projects = self
            .projects
            .iter()
            .map(|(name, own)| {
                let policy = self.policy(&scrubber, own);
                Ok((
                    name.clone(),
                    policy.with_context(|| format!("[scrub.projects.{name}]"))?,
                ))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Scrubbing::new(general, projects))
    }

    fn policy(&self, scrubber: &Scrubber, own: &ProjectFile) -> anyhow::Result<ScrubPolicy> {
        let rules = self
            .rules
            .iter()
            .chain(&own.rules)
            .map(|rule| {
                inference::scrub_rule(&rule.name, &rule.pattern, rule.replacement.as_deref())
                    .map_err(|reason| anyhow!(reason))
            })
            .collect::<anyhow::Result<Vec<Rule>>>()?;
        let policy = ScrubPolicy::new(scrubber.clone().with_rules(rules)?)
            .strict(own.strict.or(self.strict).unwrap_or(false))
            .masking_stored(own.mask_stored.or(self.mask_stored).unwrap_or(false));
        Ok(match own.mask_messages.or(self.mask_messages) {
            Some(messages) => policy.with_messages(messages.into()),
            None => policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbing(text: &str) -> anyhow::Result<Scrubbing> {
        toml::from_str::<ScrubFile>(text)?.scrubbing()
    }

    #[test]
    fn a_project_adds_its_rules_and_changes_what_it_names() {
        let scrubbing = scrubbing(
            r#"
            mask_messages = "all"
            [[rule]]
            name = "employee"
            pattern = 'E-\d{4}'
            [projects.payments]
            strict = true
            [[projects.payments.rule]]
            name = "merchant"
            pattern = 'M\d{6}'
            replacement = "[merchant]"
            "#,
        )
        .unwrap();
        let text = "E-1234 paid M123456 from 203.0.113.7";
        assert_eq!(
            scrubbing.general().message(text),
            "<EMPLOYEE> paid M123456 from <IP>"
        );
        let payments = scrubbing.named("payments").unwrap();
        assert_eq!(
            payments.message(text),
            "<EMPLOYEE> paid [merchant] from <IP>"
        );
        let sent = payments.outbound().scrub("code x77 of job").get().clone();
        assert!(!sent.contains("x77"), "{sent}");
        assert!(
            scrubbing
                .general()
                .outbound()
                .scrub("code x77 of job")
                .get()
                .contains("x77")
        );
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_named_with_its_section() {
        let error = scrubbing("[[projects.shop.rule]]\nname = \"odd\"\npattern = '('").unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("scrub.projects.shop") && text.contains("'odd'"),
            "{text}"
        );
        assert!(scrubbing("[[rule]]\nname = \"a\"").is_err());
        assert!(scrubbing("mask = true").is_err());
    }
}
