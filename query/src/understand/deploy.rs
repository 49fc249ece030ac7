//! "the deploy", "the last checkout release": which change event is meant.

use crate::context::{Deploy, QuestionContext};
use crate::understand::service;
use crate::words::Word;

/// The context with the deploys of the services that the question names anywhere, when they have any: "why
/// does checkout fail since the deploy" means a deploy of checkout.
pub(super) fn of_named(words: &[Word], context: &QuestionContext) -> Option<QuestionContext> {
    let services = service::named(words, &context.services);
    let theirs: Vec<Deploy> = context
        .last_deploys
        .iter()
        .filter(|deploy| {
            deploy
                .service
                .as_ref()
                .is_some_and(|service| services.contains(service))
        })
        .cloned()
        .collect();
    let is_known = theirs.iter().any(|deploy| deploy.at_ns <= context.now_ns);
    is_known.then(|| QuestionContext {
        last_deploys: theirs,
        ..context.clone()
    })
}

/// Whether a word means a deploy.
#[must_use]
pub fn is_deploy_word(word: &str) -> bool {
    matches!(
        word,
        "deploy"
            | "deployment"
            | "release"
            | "rollout"
            | "deploys"
            | "deployed"
            | "upgrade"
            | "redeploy"
            | "deployments"
            | "released"
    )
}

/// Whether a word is a version: `3.7.0`, `v2.4`.
#[must_use]
pub fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    digits.contains('.')
        && digits
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the word at `at` is the version of a deploy that is known and named: "the 3.7.0 deploy".
pub(super) fn is_version_of_one(words: &[Word], at: usize, context: &QuestionContext) -> bool {
    let word = words[at].lower.as_str();
    let near = at.saturating_sub(2)..(at + 2).min(words.len());
    is_version(word)
        && words[near]
            .iter()
            .any(|it| is_deploy_word(&it.lower) || it.lower == "version")
        && context
            .last_deploys
            .iter()
            .any(|deploy| has_version(deploy, word))
}

/// Whether the title of a deploy holds a version.
fn has_version(deploy: &Deploy, version: &str) -> bool {
    let version = version.trim_start_matches('v');
    deploy
        .title
        .split(|c: char| !(c.is_alphanumeric() || c == '.'))
        .any(|part| part.trim_matches('.').trim_start_matches('v') == version)
}

/// Whether the first of these words names a service.
pub(crate) fn is_service(words: &[Word], context: &QuestionContext) -> bool {
    !words.is_empty() && service::at(words, 0, &context.services).is_some()
}

/// Words that may stand before the deploy.
fn is_before_deploy(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "our"
            | "its"
            | "that"
            | "new"
            | "last"
            | "latest"
            | "recent"
            | "most"
            | "previous"
            | "today"
            | "this"
    )
}

/// The instant of the deploy that `words` start with, and how many words say so. The latest one
/// of the service that is named, else of any; `None` when no such deploy is known.
pub(crate) fn parse(words: &[Word], context: &QuestionContext) -> Option<(i64, usize)> {
    let lower = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    let mut version = None;
    let mut at = 0;
    while is_before_deploy(lower(at)) || is_version(lower(at)) {
        if is_version(lower(at)) {
            version = Some(lower(at));
        }
        at += 1;
    }
    // "since version 3.7.0"
    let has_version_behind = lower(at) == "version" && is_version(lower(at + 1));
    let is_versioned = version.is_some() || has_version_behind;
    let is_deploy = |word: &str| is_deploy_word(word) || is_versioned && word == "version";
    let named_before = service::at(words, at, &context.services)
        .filter(|(_, length)| is_deploy(lower(at + length)));
    let (mut services, mut length) = match named_before {
        Some((services, length)) => (services, at + length + 1),
        None if is_deploy(lower(at)) => (Vec::new(), at + 1),
        None => return None,
    };
    if lower(length) == "of" && is_version(lower(length + 1)) {
        length += 1;
    } else if matches!(lower(length), "of" | "to" | "for" | "on") {
        let the = usize::from(lower(length + 1) == "the");
        if let Some((named, more)) = service::at(words, length + 1 + the, &context.services) {
            services = named;
            length += 1 + the + more;
        }
    }
    if is_version(lower(length)) {
        version = Some(lower(length));
        length += 1;
    }
    let concerns = |deploy: &&Deploy| {
        let is_theirs = services.is_empty()
            || deploy
                .service
                .as_ref()
                .is_some_and(|service| services.contains(service));
        is_theirs && version.is_none_or(|version| has_version(deploy, version))
    };
    let latest = context
        .last_deploys
        .iter()
        .filter(|deploy| deploy.at_ns <= context.now_ns)
        .filter(concerns);
    latest
        .map(|deploy| deploy.at_ns)
        .max()
        .map(|at_ns| (at_ns, length))
}
