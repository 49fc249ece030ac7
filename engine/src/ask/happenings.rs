//! Crashes and restarts that questions name ("before it crashed"), found in the records.

use domain::{
    LogFilter, LogReader as _, LogRecord, PageRequest, ProjectId, Severity, TemplateId, TextTerm,
    TimeRange,
};
use query::{Deploy, Happening, happening_word};

use super::words::{Stems, holds_value, stem};
use crate::{Error, Inner};

/// Services that are looked at when the question names none.
const SERVICES: usize = 32;
/// Records that hold the letters of a name or a version and are looked at for the word.
pub(super) const TRIED: usize = 50;
/// Shortest name of a service that is looked for in the records of others: a shorter one is part of many words.
const TELLABLE: usize = 4;
/// Stems of patterns that tell of a crash, also without a severity.
const CRASH: [&str; 8] = [
    "panic",
    "segfault",
    "crash",
    "oom",
    "coredump",
    "abort",
    "kil",
    "segmentat",
];
/// Stems of patterns that tell of a start.
const START: [&str; 5] = ["start", "restart", "boot", "reboot", "startup"];

/// Words of patterns that tell of a deploy whatever stands beside them. A connection is released and upgraded too.
const DEPLOY: [&str; 3] = ["deploy", "redeploy", "rollout"];
/// Words of patterns that tell of one beside a version.
const WITH_VERSION: [&str; 3] = ["release", "upgrade", "install"];

/// The patterns that tell of deploys.
pub(super) struct DeployPatterns {
    /// Those that say so.
    pub(super) said: Vec<TemplateId>,
    /// Those that tell of a start with a version.
    pub(super) starts: Vec<TemplateId>,
}

/// The version that a question names: `3.7.0`, `v2.4`.
fn version_of(question: &str) -> Option<String> {
    question
        .split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
        })
        .find(|word| query::is_version(word))
        .map(|word| word.trim_start_matches('v').to_owned())
}

impl Inner {
    /// The latest deploys that the records tell of, one of each service that is named, else the latest of all: what says
    /// so, else what starts with a version.
    /// Empty when the question names no deploy. For those who send no change events. Blocks.
    pub(super) fn deploys_told(
        &self,
        project_id: ProjectId,
        question: &str,
        services: &[String],
        until_ns: i64,
    ) -> Result<Vec<Deploy>, Error> {
        let version = version_of(question);
        let is_asked = question
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_lowercase)
            .any(|word| query::is_deploy_word(&word) || version.is_some() && word == "version");
        if !is_asked {
            return Ok(Vec::new());
        }
        let patterns = self.deploy_patterns(project_id)?;
        let lower = question.to_lowercase();
        let named = services.iter().filter(|name| is_named(&lower, name));
        let mut looked_at: Vec<Option<&str>> = named.map(|name| Some(name.as_str())).collect();
        if looked_at.is_empty() {
            looked_at.push(None);
        }
        let mut found = Vec::new();
        for service in looked_at {
            let newest =
                self.newest_deploy(project_id, service, &patterns, version.as_deref(), until_ns)?;
            if let Some(record) = newest {
                found.push(Deploy {
                    service: Some(service.unwrap_or(&record.service).to_owned()),
                    at_ns: record.timestamp_ns,
                    title: record.body,
                });
            }
        }
        Ok(found)
    }

    /// The newest record that tells of a deploy: of this service by itself, by others that name it, or by its starts with
    /// a version. Blocks.
    fn newest_deploy(
        &self,
        project_id: ProjectId,
        service: Option<&str>,
        patterns: &DeployPatterns,
        version: Option<&str>,
        until_ns: i64,
    ) -> Result<Option<LogRecord>, Error> {
        let term = |text: &str| TextTerm {
            term: text.to_owned(),
            negated: false,
            template_ids: Vec::new(),
        };
        let own: Vec<String> = service.iter().map(|name| (*name).to_owned()).collect();
        let by_others = service.filter(|name| is_tellable(name));
        let tries = [
            (&own[..], None, &patterns.said),
            (&[][..], by_others, &patterns.said),
            (&own[..], None, &patterns.starts),
        ];
        for (services, name, ids) in tries {
            // Without a name those of others are of anybody.
            let is_of_others = services.is_empty() && service.is_some() && name.is_none();
            if ids.is_empty() || is_of_others {
                continue;
            }
            let mut filter = LogFilter {
                services: services.to_vec(),
                template_ids: ids.clone(),
                text: name.into_iter().chain(version).map(term).collect(),
                ..LogFilter::in_range(TimeRange {
                    start_ns: i64::MIN,
                    end_ns: until_ns,
                })
            };
            self.plan(project_id, &mut filter)?;
            let page = PageRequest::first(if filter.text.is_empty() { 1 } else { TRIED });
            let page = self.store.search(project_id, &filter, &page)?;
            let tells = |record: &LogRecord| {
                name.is_none_or(|name| holds_value(&record.body, name))
                    && version.is_none_or(|version| holds_version(&record.body, version))
            };
            if let Some(record) = page.items.into_iter().find(tells) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The patterns that tell of deploys.
    pub(super) fn deploy_patterns(&self, project_id: ProjectId) -> Result<DeployPatterns, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let told = |tells: &dyn Fn(&Stems) -> bool| -> Vec<TemplateId> {
            dictionary
                .iter()
                .filter(|template| !template.severity.is_error())
                .filter(|template| tells(&Stems::of(&template.text)))
                .map(|template| template.id)
                .collect()
        };
        let said = told(&|stems| DEPLOY.iter().any(|word| stems.hold(word, &stem(word))));
        let starts = told(&|stems| {
            let is_of_release = WITH_VERSION
                .iter()
                .any(|word| stems.hold(word, &stem(word)));
            stems.hold("version", &stem("version"))
                && (is_of_release || START.iter().any(|stem| stems.has(stem)))
        });
        Ok(DeployPatterns { said, starts })
    }

    /// The latest happenings that a question names; none when it names none. Blocks.
    pub(super) fn happenings(
        &self,
        project_id: ProjectId,
        question: &str,
        services: &[String],
        until_ns: i64,
    ) -> Result<Vec<Happening>, Error> {
        let mut words: Vec<&'static str> = question
            .split(|c: char| !c.is_alphanumeric())
            .filter_map(|word| happening_word(&word.to_lowercase()))
            .collect();
        words.sort_unstable();
        words.dedup();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let lower = question.to_lowercase();
        let named: Vec<&String> = services
            .iter()
            .filter(|name| is_named(&lower, name))
            .collect();
        let looked_at: Vec<&String> = if named.is_empty() {
            services.iter().take(SERVICES).collect()
        } else {
            named
        };
        let mut found = Vec::new();
        for word in words {
            let ids = self.telling(project_id, word)?;
            for service in &looked_at {
                if let Some(at_ns) = self.latest(project_id, word, service, &ids, until_ns)? {
                    found.push(Happening {
                        word,
                        service: (*service).clone(),
                        at_ns,
                    });
                }
            }
        }
        Ok(found)
    }

    /// The patterns that tell of it.
    fn telling(&self, project_id: ProjectId, word: &str) -> Result<Vec<TemplateId>, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let stems: &[&str] = if word == "crash" { &CRASH } else { &START };
        Ok(dictionary
            .iter()
            .filter(|template| {
                let said = Stems::of(&template.text);
                let is_memory =
                    word == "crash" && template.text.to_lowercase().contains("out of memory");
                is_memory || stems.iter().any(|stem| said.has(stem))
            })
            .map(|template| template.id)
            .collect())
    }

    /// When it happened to a service last: what tells of a crash is the fatal record, or the pattern that says so.
    fn latest(
        &self,
        project_id: ProjectId,
        word: &str,
        service: &str,
        ids: &[TemplateId],
        until_ns: i64,
    ) -> Result<Option<i64>, Error> {
        let base = LogFilter {
            services: vec![service.to_owned()],
            ..LogFilter::in_range(TimeRange {
                start_ns: i64::MIN,
                end_ns: until_ns,
            })
        };
        let newest = |filter: LogFilter| -> Result<Option<i64>, Error> {
            let page = self
                .store
                .search(project_id, &filter, &PageRequest::first(1))?;
            Ok(page.items.first().map(|record| record.timestamp_ns))
        };
        let fatal = if word == "crash" {
            newest(LogFilter {
                severities: vec![Severity::Fatal],
                ..base.clone()
            })?
        } else {
            None
        };
        if fatal.is_some() || ids.is_empty() {
            return Ok(fatal);
        }
        newest(LogFilter {
            template_ids: ids.to_vec(),
            ..base
        })
    }
}

/// Whether the name of a service is long enough to be looked for in what others tell.
pub(super) fn is_tellable(service: &str) -> bool {
    service.chars().count() >= TELLABLE
}

/// Whether a text holds a version, or a later one of the same: `3.7` is in `v3.7.1`, and not in `13.7` or `3.70`.
fn holds_version(text: &str, version: &str) -> bool {
    text.match_indices(version).any(|(at, _)| {
        let mut before = text[..at].chars().rev();
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let goes_on = match before.next() {
            Some('.') => is_digit(before.next()),
            first => is_digit(first),
        };
        !goes_on && !is_digit(text[at + version.len()..].chars().next())
    })
}

/// Whether a question names a service: its name, or the first part of it.
fn is_named(question: &str, service: &str) -> bool {
    let service = service.to_lowercase();
    let first = service.split(['-', '_', '.']).next().unwrap_or("");
    question.contains(&service) || first.len() > 3 && question.contains(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_no_part_of_another_number() {
        for text in [
            "deployed desk 3.7.0",
            "desk v3.7.0-rc1",
            "3.7.0.",
            "release-3.7.0, 13.7.0",
        ] {
            assert!(holds_version(text, "3.7.0"), "{text}");
        }
        for text in ["deployed desk 13.7.0", "3.7.01", "2.3.7.0"] {
            assert!(!holds_version(text, "3.7.0"), "{text}");
        }
        assert!(holds_version("desk 3.7.1", "3.7"));
    }

    #[test]
    fn short_names_are_not_looked_for_in_other_words() {
        assert!(is_tellable("desk"));
        assert!(!is_tellable("api"));
    }
}
