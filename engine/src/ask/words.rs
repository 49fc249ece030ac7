//! Words of questions and of patterns: their stems, and which of them say the opposite.

use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) use embeddings::stem;

/// Words that bind others and mean nothing alone.
const BINDING: [&str; 26] = [
    "in", "on", "to", "of", "at", "by", "for", "the", "an", "is", "was", "were", "be", "been",
    "are", "and", "or", "not", "with", "from", "as", "it", "this", "that", "into", "than",
];
/// Words that say the opposite of each other.
const OPPOSITES: [(&[&str], &[&str]); 12] = [
    (
        &["fail"],
        &[
            "accept",
            "succeed",
            "succeeded",
            "success",
            "successful",
            "successfully",
        ],
    ),
    (&["up"], &["down"]),
    (&["connect"], &["disconnect"]),
    (
        &["allow", "permit", "grant"],
        &["deny", "reject", "refuse", "forbidden"],
    ),
    (&["accept"], &["deny", "reject", "refuse", "decline"]),
    (&["open"], &["close"]),
    (&["start"], &["stop"]),
    (&["enable"], &["disable"]),
    (&["valid"], &["invalid"]),
    (&["login", "logon"], &["logout", "logoff"]),
    (&["healthy"], &["unhealthy"]),
    (&["available"], &["unavailable"]),
];

/// Words that are said for each other: what no pattern says one way may be said another way.
const ALIKE: [&[&str]; 8] = [
    &["declined", "refused", "rejected", "denied"],
    &[
        "login",
        "logon",
        "signin",
        "password",
        "authentication",
        "auth",
    ],
    &["failure", "error"],
    &["timeout", "deadline"],
    &["crash", "panic", "segfault", "abort"],
    &[
        "success",
        "successful",
        "successfully",
        "succeed",
        "succeeded",
        "accepted",
    ],
    &["restart", "reboot"],
    &["unreachable", "refused"],
];

/// Words that patterns say where people say the first one, and not the other way round.
const MEANT: [(&str, &[&str]); 19] = [
    ("lived", &["lifetime"]),
    ("lasted", &["lifetime", "duration"]),
    ("segfault", &["segmentation"]),
    ("successful", &["finished", "completed", "passed", "ok"]),
    ("succeeded", &["finished", "completed", "passed", "ok"]),
    (
        "recovered",
        &[
            "ready",
            "restored",
            "available",
            "online",
            "reconnected",
            "healthy",
        ],
    ),
    ("build", &["pipeline", "compile"]),
    ("reboot", &["boot", "restart"]),
    ("crash", &["killed", "exited", "terminated"]),
    ("serve", &["get", "answered"]),
    ("handle", &["get", "answered", "processed"]),
    ("request", &["get", "post", "put", "head", "patch"]),
    ("call", &["get", "post", "request"]),
    ("oom", &["memory"]),
    ("db", &["database", "postgres", "mysql", "sql"]),
    ("database", &["db", "postgres", "mysql", "sql"]),
    ("email", &["mail", "smtp"]),
    ("mail", &["email", "smtp"]),
    ("certificate", &["cert", "tls", "ssl"]),
];

/// Two sets of stems.
type Sides = (HashSet<String>, HashSet<String>);

/// [`OPPOSITES`] as stems.
static OPPOSITE_STEMS: LazyLock<Vec<Sides>> = LazyLock::new(|| {
    let side = |words: &[&str]| words.iter().map(|word| stem(word)).collect();
    OPPOSITES
        .iter()
        .map(|(one, other)| (side(one), side(other)))
        .collect()
});

/// The words of a text in lower case, without those that only bind.
pub(super) fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 1)
        .map(str::to_lowercase)
        .filter(|word| !BINDING.contains(&word.as_str()))
}

/// The words that may be said for one.
pub(super) fn alike(stem: &str) -> impl Iterator<Item = &'static str> + '_ {
    ALIKE
        .iter()
        .filter(move |group| group.iter().any(|word| self::stem(word) == stem))
        .flat_map(|group| group.iter().copied())
        .chain(
            MEANT
                .iter()
                .filter(move |(said, _)| self::stem(said) == stem)
                .flat_map(|(_, meant)| meant.iter().copied()),
        )
        .filter(move |word| self::stem(word) != stem)
}

/// Whether a text says that something is not so: its words then stand for their opposite.
pub(super) fn is_negated(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.to_lowercase();
        matches!(
            word.as_str(),
            "not" | "no" | "cannot" | "never" | "without" | "nothing"
        ) || word.ends_with("n't")
            || word.ends_with("n\u{2019}t")
    })
}

/// Whether a pattern is a line of an access log: a path and the protocol.
pub(super) fn is_access_line(text: &str) -> bool {
    let has_place = text.contains("<path>") || text.contains("<url>");
    has_place && text.to_ascii_uppercase().contains(ACCESS)
}

/// What the lines of access logs hold.
pub(super) const ACCESS: &str = "HTTP/";

/// What a text says without its negation, where the patterns have one word for it: `not readable` is `unreadable`,
/// or say it themselves: `no route`. `None` where one stays.
pub(super) fn without_negation(text: &str, is_written: impl Fn(&str) -> bool) -> Option<String> {
    const PREFIXES: [&str; 5] = ["un", "in", "im", "dis", "non-"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut kept: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at];
        at += 1;
        if !is_negated(word) {
            kept.push(word.to_owned());
            continue;
        }
        let next = words.get(at)?.to_lowercase();
        let opposite = PREFIXES
            .iter()
            .map(|prefix| format!("{prefix}{next}"))
            .find(|word| is_written(word));
        if let Some(opposite) = opposite {
            kept.push(opposite);
            at += 1;
        } else if is_written_as_failure(&next, &is_written) {
            // "could not be resolved" is `Failed to resolve`.
            kept.push("failed".to_owned());
        } else if is_written(&format!("{} {next}", word.to_lowercase())) {
            // "no route" stands in the pattern so.
            kept.push(word.to_owned());
        } else {
            return None;
        }
    }
    Some(kept.join(" "))
}

/// Whether patterns say that what a verb tells failed: `Failed to resolve`, `unable to resolve` for "resolved".
fn is_written_as_failure(verb: &str, is_written: impl Fn(&str) -> bool) -> bool {
    const DENIALS: [&str; 4] = ["failed to", "unable to", "could not", "cannot"];
    let base = stem(verb);
    verb.ends_with("ed")
        && base.len() > 3
        && DENIALS
            .iter()
            .any(|denial| is_written(&format!("{denial} {base}")))
}

/// The stems of a pattern's constant words.
#[derive(Debug, Default)]
pub(super) struct Stems {
    words: Vec<String>,
    stems: HashSet<String>,
}

impl Stems {
    /// Of a template's text.
    pub(super) fn of(text: &str) -> Self {
        let readable = patterns::readable(text);
        let words: Vec<String> = readable.split(' ').map(str::to_owned).collect();
        let mut stems: HashSet<String> = words.iter().map(|word| stem(word)).collect();
        if is_access_line(text) {
            // A line of a web server's access log tells of a request without the word.
            stems.insert(stem("request"));
        }
        if is_denial(&words) {
            // "could not connect": what cannot be done has failed.
            stems.insert(stem("failed"));
        }
        Self { words, stems }
    }

    /// Whether a word occurs, bent or not, also as two: `timeouts` in `timed out`.
    pub(super) fn hold(&self, word: &str, stem: &str) -> bool {
        self.stems.contains(stem)
            || self.hold_noun(word, stem)
            || self.hold_adverb(word)
            || (1..self.words.len()).any(|at| {
                let (first, second) = (&self.words[at - 1], &self.words[at]);
                word.trim_end_matches('s')
                    .strip_suffix(second.as_str())
                    .is_some_and(|rest| {
                        rest.len() > 2
                            && self::stem(rest) == self::stem(first)
                            && (rest != first || !self.is_noun_before_preposition(at))
                    })
            })
    }

    /// Whether the words before `at` and at it are a noun and where it is: in `wrote the log in <num> ms` nobody logs in.
    fn is_noun_before_preposition(&self, at: usize) -> bool {
        let is_preposition = matches!(self.words[at].as_str(), "in" | "on" | "at" | "to" | "by");
        let before = at.checked_sub(2).map(|at| self.words[at].as_str());
        let is_verb = before.is_none_or(|word| {
            matches!(
                word,
                "to" | "not"
                    | "cannot"
                    | "can"
                    | "could"
                    | "must"
                    | "may"
                    | "please"
                    | "will"
                    | "user"
                    | "users"
            )
        });
        is_preposition && !is_verb
    }

    /// Whether it says how something is done where the word says how it is: `directly` for "direct".
    fn hold_adverb(&self, word: &str) -> bool {
        word.len() >= 4
            && self.words.iter().any(|it| {
                let of_adverb = it.strip_suffix("ly");
                of_adverb == Some(word) || word.strip_suffix("ly") == Some(it.as_str())
            })
    }

    /// Whether one is the noun of the other's verb: `cancellation` and `cancelled`, `approval` and `approved`.
    fn hold_noun(&self, word: &str, stem: &str) -> bool {
        let base = |least: usize, ending: &str| {
            stem.strip_suffix(ending).filter(|base| base.len() >= least)
        };
        let word = word.strip_suffix('s').unwrap_or(word);
        let of_noun = match word {
            word if word.ends_with("ation") => base(4, "at"),
            // "denial" is of `deny`, "signal" not of `sign`.
            word if word.ends_with("ial") => base(4, "al"),
            word if word.ends_with("al") => base(5, "al"),
            _ => None,
        };
        of_noun.is_some_and(|base| self.stems.contains(base))
            || stem.len() >= 4
                && word.ends_with("ed")
                && self
                    .words
                    .iter()
                    .any(|it| it.ends_with("ation") || it.ends_with("ations"))
                && self.stems.contains(&format!("{stem}at"))
    }

    /// Whether it says right before a word that this was not so: `can't find child`, `unable to open`.
    pub(super) fn deny(&self, stem: &str) -> bool {
        let is_denial = |word: &str| {
            matches!(word, "not" | "cannot" | "never" | "unable") || word.ends_with("n't")
        };
        (1..self.words.len()).any(|at| {
            let mut before = at;
            while before > 0 && matches!(self.words[before - 1].as_str(), "to" | "be" | "get") {
                before -= 1;
            }
            let Some(word) = before.checked_sub(1).map(|at| self.words[at].as_str()) else {
                return false;
            };
            let has_failed = before < at && matches!(word, "failed" | "fails" | "failure");
            (is_denial(word) || has_failed) && self::stem(&self.words[at]) == stem
        })
    }

    /// Whether it says a word only as what goes on where that is done, or the other way round: `generating` and
    /// `generated` are two records.
    pub(super) fn has_other_aspect(&self, word: &str, stem: &str) -> bool {
        let other = match word {
            word if word.ends_with("ing") => "ed",
            word if word.ends_with("ed") => "ing",
            _ => return false,
        };
        !self.words.iter().any(|it| it == word)
            && self
                .words
                .iter()
                .any(|it| it.ends_with(other) && self::stem(it) == stem)
    }

    /// Whether it holds a word as it was said.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|it| it == word)
    }

    /// Whether one of its words has this stem.
    pub(super) fn has(&self, stem: &str) -> bool {
        self.stems.contains(stem)
    }

    /// Whether it says the opposite of a word, and not the word.
    pub(super) fn contradict(&self, word: &str, stem: &str) -> bool {
        let any = |side: &HashSet<String>| side.iter().any(|it| self.stems.contains(it));
        OPPOSITE_STEMS.iter().any(|(one, other)| {
            one.contains(stem) && any(other) || other.contains(stem) && any(one)
        }) && !self.hold(word, stem)
    }
}

/// Whether words say that something could not be done.
fn is_denial(words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let before = at
            .checked_sub(1)
            .map_or("", |before| words[before].as_str());
        match word.as_str() {
            "unable" | "cannot" | "couldn't" | "can't" => true,
            "not" => matches!(before, "could" | "can"),
            _ => false,
        }
    })
}

/// Whether a text holds a value as a word of its own, without regard to ASCII case: `root` is in `user=root`
/// and not in `chroot`, `10.0.0.1` not in `10.0.0.12`.
pub(super) fn holds_value(text: &str, value: &str) -> bool {
    let (text, value) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
    let is_number = value.ends_with(|c: char| c.is_ascii_digit());
    text.match_indices(&value).any(|(at, _)| {
        let mut before = text[..at].chars().rev();
        let mut after = text[at + value.len()..].chars();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let goes_on = |first: Option<char>, second: Option<char>| match first {
            Some('.') => is_number && second.is_some_and(|c| c.is_ascii_digit()),
            Some(c) => is_part(c),
            None => false,
        };
        !goes_on(before.next(), before.next()) && !goes_on(after.next(), after.next())
    })
}

#[cfg(test)]
mod tests;
