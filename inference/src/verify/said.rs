//! Words of a model's text that what it cites does not say.
//!
//! Small models pad their sentences ("has expired on the device") with things that no line tells of. So each word with a
//! meaning has to stand in the cited evidence, in one of its forms or as one of its next relatives, or be a word of plain
//! reporting that claims nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::{Evidence, EvidenceKind, Severity};

use super::Grounds;

/// Words with fewer letters are taken as they are: articles, prepositions, `not`, `new`, `log`.
const SHORTEST: usize = 4;

/// What a report is made of besides its matter. Nothing here names a thing, a cause or a consequence.
const PLAIN: &str = "\
    able about above after according across again against along alongside already also although always among amount \
    amounts another appear appeared appearing appears around attempt attempted attempting attempts away based because \
    become been began begin beginning begins begun being below beside besides between both bring brings came cannot \
    change changed changes come comes coming common compared contain containing contains continue could current \
    currently describe described describes different does doing done during each earlier either else entries entry \
    even event events ever every evidence first follow followed following follows from gave gets give given gives \
    giving goes going happen happened happening happens have having held here however include included includes \
    including indicate indicated indicates indicating instead into itself just kept keep keeping keeps kind kinds \
    known last later least less like look looked looking looks likewise line lines little logged logs longer made \
    mainly make makes making many matching means mention mentioned mentions message messages more most mostly much \
    multiple name named names nearly newly next note noted notes notice number numbers numerous observed occasional \
    occasionally occur occurred occurrence occurrences occurring occurs often once only onto other others over part \
    particular past pattern patterns period point points previous previously reason record recorded records regular \
    regularly remain remained remains repeat repeated repeatedly repeating repeats report reported reporting reports \
    result results said same seen several share show showed showing shown shows similar similarly since single small \
    some soon state stated states still such suddenly take taken takes tell tells than that their them then there \
    these they thing things this those though through time times together told took total toward towards tried tries \
    trying turn twice type types unable under until upon used using usual usually various very want wants warning \
    warnings went were what when where whether which while whole whose will with within without would your frequency \
    service services system systems related regarding concerning involving zero three four five seven eight nine \
    eleven twelve twenty thirty forty fifty hundred hundreds thousand thousands million millions dozen dozens half \
    third quarter";

/// Words that may be told of others, as far as the forms of a word do not show it: what the evidence says, and how it may be
/// told.
const KIN: &[(&[&str], &[&str])] = &[
    (&["db"], &["database", "databases"]),
    (&["conn"], &["connection", "connections", "connect"]),
    (&["msg", "msgs"], &["message", "messages"]),
    (&["req", "reqs"], &["request", "requests"]),
    (&["resp"], &["response", "responses"]),
    (&["config"], &["configuration", "configurations"]),
    (
        &["write", "writing", "wrote", "written"],
        &["write", "writes", "writing", "wrote", "written"],
    ),
    (
        &["send", "sending", "sent"],
        &["send", "sends", "sending", "sent"],
    ),
    (&["lost", "lose"], &["lost", "loses", "losing"]),
    (
        &["timed", "timeout", "timeouts"],
        &["timed", "timeout", "timeouts", "time-out"],
    ),
    (
        &["refused", "rejected", "denied", "declined"],
        &[
            "refused",
            "rejected",
            "denied",
            "declined",
            "refusals",
            "rejections",
        ],
    ),
    (
        &[
            "connect",
            "connection",
            "connections",
            "unreachable",
            "route",
        ],
        &["reach", "reached", "connect", "connection", "connections"],
    ),
    (
        &["password", "login", "auth", "authentication"],
        &[
            "login",
            "logins",
            "password",
            "passwords",
            "authentication",
            "sign",
        ],
    ),
    (
        &["lookup", "dns", "host"],
        &["lookup", "lookups", "resolve", "resolution"],
    ),
    (&["space", "quota"], &["full"]),
    (
        &["slow", "slower", "latency"],
        &["slow", "slowly", "latency"],
    ),
    (
        &["certificate", "cert", "tls", "ssl"],
        &["certificate", "certificates"],
    ),
];

/// Endings of the forms of one word.
const ENDINGS: [&str; 22] = [
    "", "s", "es", "ed", "d", "e", "ing", "ion", "ions", "ation", "ations", "ate", "ated", "ates",
    "ating", "y", "ies", "ied", "al", "als", "ly", "able",
];
/// Letters that the forms of one word share at least.
const SHORTEST_STEM: usize = 3;

/// Words that say that something went wrong.
const WRONG: [&str; 24] = [
    "fail",
    "fails",
    "failed",
    "failing",
    "failure",
    "failures",
    "error",
    "errors",
    "problem",
    "problems",
    "issue",
    "issues",
    "unable",
    "cannot",
    "trouble",
    "exception",
    "exceptions",
    "warning",
    "warnings",
    "not",
    "no",
    "never",
    "none",
    "without",
];

/// Words besides by which a line of any severity says so itself.
const WRONG_IN_LINES: [&str; 10] = [
    "err", "invalid", "denied", "refused", "rejected", "could", "timed", "timeout", "lost",
    "missing",
];

/// Words for more than usual, and for less: the amounts of what is cited have to bear them out.
const MORE: [&str; 15] = [
    "increasing",
    "increase",
    "increased",
    "increases",
    "rise",
    "rises",
    "rising",
    "rose",
    "high",
    "higher",
    "frequent",
    "frequently",
    "unusual",
    "unusually",
    "unexpectedly",
];
/// See [`MORE`].
const LESS: [&str; 8] = [
    "decrease",
    "decreased",
    "decreases",
    "fewer",
    "rare",
    "rarely",
    "unusual",
    "unusually",
];

/// The first word of `text` that neither the cited evidence nor code says.
pub(super) fn unsaid(text: &str, cited: &[&Evidence], grounds: &Grounds<'_>) -> Option<String> {
    let mut known = words(grounds.given);
    for item in cited {
        known.extend(words(&item.text));
        known.extend(words(item.service.as_deref().unwrap_or_default()));
        known.extend(kind(item.kind).iter().map(|word| (*word).to_owned()));
    }
    let names: BTreeSet<String> = grounds
        .services
        .iter()
        .flat_map(|name| words(name))
        .collect();
    words(text)
        .into_iter()
        .filter(|word| word.chars().count() >= SHORTEST && !PLAIN_WORDS.contains(word.as_str()))
        .filter(|word| !WRONG.contains(&word.as_str()) && !is_borne_out(word, cited))
        .find(|word| !names.contains(word) && !known.iter().any(|other| is_kin(word, other)))
}

/// Whether a word about an amount is true of something that is cited.
fn is_borne_out(word: &str, cited: &[&Evidence]) -> bool {
    let compared = |is_so: fn(f64, f64) -> bool| {
        cited.iter().any(|item| {
            item.expected
                .is_some_and(|expected| is_so(item.count as f64, expected))
        })
    };
    MORE.contains(&word) && compared(|count, expected| count > expected)
        || LESS.contains(&word) && compared(|count, expected| count < expected)
        || word == "never" && compared(|_, expected| expected < 0.05)
}

/// The first word that says that something went wrong, where nothing that is cited does.
pub(super) fn made_wrong(text: &str, cited: &[&Evidence], grounds: &Grounds<'_>) -> Option<String> {
    let is_wrong = cited.iter().any(|item| {
        let speaks_up = item.severity >= Severity::Warn || item.kind == EvidenceKind::Anomaly;
        speaks_up || says_wrong(&item.text)
    });
    if is_wrong || says_wrong(grounds.given) {
        return None;
    }
    let said: BTreeSet<String> = cited.iter().flat_map(|item| words(&item.text)).collect();
    words(text)
        .into_iter()
        .find(|word| WRONG.contains(&word.as_str()) && !said.contains(word))
}

/// Whether a line says that something went wrong; "no errors" does not.
fn says_wrong(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let is_none = |at: usize| {
        let is_nothing = |word: &str| matches!(word, "no" | "0" | "zero" | "without");
        let is_named = |word: &str| word.starts_with("error") || word.starts_with("fail");
        is_nothing(words[at]) && words.get(at + 1).is_some_and(|next| is_named(next))
            || is_named(words[at]) && at > 0 && is_nothing(words[at - 1])
    };
    let is_wrong = |word: &str| {
        WRONG_IN_LINES.contains(&word) || WRONG.contains(&word) && word != "none" || word == "warn"
    };
    (0..words.len()).any(|at| is_wrong(words[at]) && !is_none(at))
}

static PLAIN_WORDS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| PLAIN.split_whitespace().collect());

/// Lowercase words; camel case is split as well, and also kept whole.
fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for whole in text.split(|c: char| !c.is_alphabetic()) {
        let mut start = 0;
        let mut was_lower = false;
        for (at, c) in whole.char_indices() {
            if c.is_uppercase() && was_lower {
                found.insert(whole[start..at].to_lowercase());
                start = at;
            }
            was_lower = c.is_lowercase();
        }
        found.insert(whole[start..].to_lowercase());
        found.insert(whole.to_lowercase());
    }
    found.remove("");
    found
}

/// Forms of one word (`connection`, `connecting`), or what may be told of the other.
pub(super) fn is_kin(word: &str, other: &str) -> bool {
    if word == other {
        return true;
    }
    let is_form = stems(word)
        .iter()
        .any(|stem| stems(other).iter().any(|it| it == stem));
    is_form
        || KIN
            .iter()
            .any(|(said, told)| said.contains(&other) && told.contains(&word))
}

/// What is left of a word without an ending, in all ways that there are: `stopped` is `stop` as well.
fn stems(word: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for ending in ENDINGS {
        let Some(stem) = word.strip_suffix(ending) else {
            continue;
        };
        if stem.chars().count() < SHORTEST_STEM {
            continue;
        }
        found.push(stem);
        let mut last = stem.chars().rev();
        if let (Some(a), Some(b)) = (last.next(), last.next())
            && a == b
            && matches!(ending, "ed" | "ing")
        {
            found.push(&stem[..stem.len() - a.len_utf8()]);
        }
    }
    found
}

/// What a piece of evidence may be called.
fn kind(kind: EvidenceKind) -> &'static [&'static str] {
    match kind {
        EvidenceKind::Template | EvidenceKind::Record | EvidenceKind::Related => &[],
        EvidenceKind::Anomaly => &["anomaly", "anomalies"],
        EvidenceKind::Change => &["version", "release", "deploy", "update", "rollout"],
        EvidenceKind::Metric => &["metric", "value"],
        EvidenceKind::Fact => &[],
    }
}
