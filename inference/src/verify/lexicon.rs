//! Words that a model may not use, or only when the evidence does.

/// Beginnings of words that claim more than a log pattern can show; allowed when a cited line has them.
const OVERCLAIMS: [&str; 37] = [
    "compromis",
    "breach",
    "hack",
    "intru",
    "malicious",
    "malware",
    "exploit",
    "stolen",
    "steal",
    "leak",
    "attack",
    "brute",
    "data loss",
    "lost data",
    "loss of data",
    "outage",
    "offline",
    "unavailab",
    "block",
    "corrupt",
    "destroy",
    "delet",
    "overload",
    "overheat",
    "cooling",
    "hardware",
    "shut down",
    "shutdown",
    "crash",
    "critical",
    "catastroph",
    "all users",
    "all customers",
    "every user",
    "completely",
    "permanent",
    "security",
];

/// Whole words of the same kind.
const OVERCLAIM_WORDS: [&str; 5] = ["down", "dead", "broken", "banned", "killed"];

/// Causal words; allowed when code has a suspect that is at least medium sure.
const CAUSES: [&str; 19] = [
    "because",
    "due to",
    "caus",
    "led to",
    "leads to",
    "leading to",
    "lead to",
    "result in",
    "resulted",
    "resulting",
    "results in",
    "as a result",
    "triggered",
    "root cause",
    "owing to",
    "stems from",
    "stemming",
    "responsible for",
    "therefore",
];

/// The single words that causal phrases begin with: to be kept from writing "due" is better than to be stopped
/// after it.
const CAUSE_WORDS: [&str; 11] = [
    "because",
    "due",
    "caus",
    "lead",
    "led",
    "result",
    "trigger",
    "owing",
    "stem",
    "responsible",
    "therefore",
];

/// Advice, instructions and playing down: never a model's to say.
const ADVICE: [&str; 33] = [
    "ignore",
    "instruction",
    "please",
    "should",
    "must",
    "recommend",
    "advis",
    "need to",
    "needs to",
    "assistant",
    "prompt",
    "no action",
    "false alarm",
    "false positive",
    "known noise",
    "known issue",
    "mark resolved",
    "is resolved",
    "was resolved",
    "been resolved",
    "harmless",
    "nothing to worry",
    "informational",
    "severity",
    "not an incident",
    "as expected",
    "scheduled",
    "approved",
    "silence",
    "downgrade",
    "do not page",
    "language model",
    "load test",
];

/// The first causal word in a lowercase text.
pub(super) fn cause(lower: &str) -> Option<&'static str> {
    CAUSES.into_iter().find(|word| begins_a_word(lower, word))
}

/// Words that put one thing before another. Small models like to add a cause that way ("after the limit was lowered"), so what
/// went before has to be a change that is cited.
const SEQUENCES: [&str; 4] = ["after", "since", "following", "until"];

/// The first word of sequence in a lowercase text that the lowercase evidence does not have.
pub(super) fn sequence(lower: &str, evidence: &str) -> Option<&'static str> {
    SEQUENCES
        .into_iter()
        .find(|word| is_a_word(lower, word) && !is_a_word(evidence, word))
}

/// The first word of advice in a lowercase text.
pub(super) fn advice(lower: &str) -> Option<&'static str> {
    ADVICE.into_iter().find(|word| begins_a_word(lower, word))
}

/// The first claim in a lowercase text that the lowercase evidence does not make.
pub(super) fn overclaim(lower: &str, evidence: &str) -> Option<&'static str> {
    OVERCLAIMS
        .into_iter()
        .find(|word| begins_a_word(lower, word) && !begins_a_word(evidence, word))
        .or_else(|| {
            OVERCLAIM_WORDS
                .into_iter()
                .find(|word| is_a_word(lower, word) && !is_a_word(evidence, word))
        })
}

/// Beginnings of single words that a story about this evidence should not hold: what a local model is kept
/// from writing, so that fewer of its texts are refused afterwards.
pub(crate) fn avoided(evidence: &str, may_say_cause: bool, has_change: bool) -> Vec<String> {
    let evidence = evidence.to_lowercase();
    let claims = OVERCLAIMS
        .into_iter()
        .filter(|word| !begins_a_word(&evidence, word));
    let causes = CAUSE_WORDS.into_iter().filter(|_| !may_say_cause);
    let sequences = SEQUENCES
        .into_iter()
        .filter(|word| !has_change && !is_a_word(&evidence, word));
    claims
        .chain(ADVICE)
        .filter(|word| !word.contains(' '))
        .chain(causes)
        .chain(sequences)
        .map(str::to_owned)
        .collect()
}

/// Whether `start` occurs in the text at the beginning of a word.
fn begins_a_word(text: &str, start: &str) -> bool {
    text.match_indices(start).any(|(at, _)| {
        text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric())
    })
}

/// Whether `word` occurs as a whole word.
fn is_a_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|part| part == word)
}
