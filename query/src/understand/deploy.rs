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

/// Whether the first of these words names a service.
pub(crate) fn is_service(words: &[Word], context: &QuestionContext) -> bool {
    !words.is_empty() && service::at(words, 0, &context.services).is_some()
}

/// The instant of the deploy that `words` start with, and how many words say so. The latest one
/// of the service that is named, else of any; `None` when no such deploy is known.
pub(crate) fn parse(words: &[Word], context: &QuestionContext) -> Option<(i64, usize)> {
    let lower = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    let is_deploy = is_deploy_word;
    let mut at = 0;
    while matches!(
        lower(at),
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
    ) {
        at += 1;
    }
    let named_before = service::at(words, at, &context.services)
        .filter(|(_, length)| is_deploy(lower(at + length)));
    let (mut services, mut length) = match named_before {
        Some((services, length)) => (services, at + length + 1),
        None if is_deploy(lower(at)) => (Vec::new(), at + 1),
        None => return None,
    };
    if matches!(lower(length), "of" | "to" | "for" | "on") {
        let the = usize::from(lower(length + 1) == "the");
        if let Some((named, more)) = service::at(words, length + 1 + the, &context.services) {
            services = named;
            length += 1 + the + more;
        }
    }
    let concerns = |deploy: &&Deploy| {
        services.is_empty()
            || deploy
                .service
                .as_ref()
                .is_some_and(|service| services.contains(service))
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
