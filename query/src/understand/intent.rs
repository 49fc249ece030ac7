//! What is to be done.

mod signs;

use serde::{Deserialize, Serialize};

use self::signs::SIGNS;
use super::group::GroupBy;
use super::measure::Measure;
use super::{Claim, Reading, TimeUnit, field};
use crate::time::number;

/// What a question asks to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Show records and patterns that fit.
    Find,
    /// Say how many.
    Count,
    /// Say how many per stretch of time, or which share of all.
    Rate,
    /// Compute a number that the records have: an average, an extreme, a percentile.
    Measure,
    /// Say whether it becomes more or less.
    Trend,
    /// Say when it occurred first.
    First,
    /// Say when it occurred last.
    Last,
    /// Show the most frequent patterns, services or stretches of time.
    Top,
    /// Show what differs between two ranges or services.
    Compare,
    /// Say what probably caused it.
    Why,
    /// Say what a line or pattern means.
    Explain,
    /// Say which services there are.
    ListServices,
    /// Say what went on.
    Summary,
}

impl Intent {
    /// The intent of a word that [`Self::as_str`] or the wire gives: `find`, `top`, `first`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        const ALL: [Intent; 13] = [
            Intent::Find,
            Intent::Count,
            Intent::Rate,
            Intent::Measure,
            Intent::Trend,
            Intent::First,
            Intent::Last,
            Intent::Top,
            Intent::Compare,
            Intent::Why,
            Intent::Explain,
            Intent::ListServices,
            Intent::Summary,
        ];
        ALL.into_iter()
            .find(|intent| intent.as_str() == word)
            .or(match word {
                "first" => Some(Self::First),
                "last" => Some(Self::Last),
                "top" => Some(Self::Top),
                "list_services" => Some(Self::ListServices),
                _ => None,
            })
    }

    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Measure => "measure",
            Self::Trend => "trend",
            Self::Explain => "explain",
            Self::First => "first occurrence",
            Self::Last => "last occurrence",
            Self::Top => "most frequent",
            Self::Compare => "compare",
            Self::Why => "why",
            Self::ListServices => "list services",
            Self::Summary => "summary",
        }
    }
}

/// Claims the words that show the intent. "Which services ..." groups by service.
pub(super) fn read(
    reading: &mut Reading<'_>,
    group_by: Option<GroupBy>,
    measure: Option<Measure>,
) -> (Intent, Option<GroupBy>, Option<Measure>) {
    let measured = measure.as_ref().map(|measure| match measure {
        Measure::Rate(_) | Measure::Share => Intent::Rate,
        Measure::Distinct => Intent::Count,
        _ => Intent::Measure,
    });
    let compared = comparative(reading);
    let distinct = distinct(reading);
    let is_ordered = ordered(reading);
    let becomes = becomes(reading);
    let mut signed = signed(reading);
    if signed == Some(Intent::Count)
        && let Some(at) = reading.position(&["top"])
    {
        // "the top 5 users by number of requests"
        reading.claim(at..at + 1, Claim::Intent);
        signed = Some(Intent::Top);
    }
    if becomes && signed == Some(Intent::Last) {
        signed = Some(Intent::First);
    }
    if is_ordered && signed.is_none() {
        signed = Some(Intent::Top);
    }
    let mut intent = compared
        .or_else(|| {
            signed.filter(|intent| matches!(intent, Intent::Compare | Intent::Why | Intent::Trend))
        })
        .or(measured)
        .or(signed)
        .unwrap_or(Intent::Find);
    let mut group_by = group_by;
    let mut measure = measure;
    if group_by.is_none()
        && matches!(
            intent,
            Intent::Find
                | Intent::Count
                | Intent::Top
                | Intent::Summary
                | Intent::Last
                | Intent::Measure
        )
        && let Some((field, is_how_many)) = field::asked(reading)
    {
        group_by = Some(GroupBy::Field(field));
        if intent == Intent::Count && is_how_many || distinct {
            intent = Intent::Count;
            measure = Some(Measure::Distinct);
        } else if !matches!(intent, Intent::Count | Intent::Measure) {
            intent = Intent::Top;
        }
    } else if distinct
        && group_by.is_none()
        && let Some(field) = field_anywhere(reading)
    {
        group_by = Some(GroupBy::Field(field));
        intent = Intent::Count;
        measure = Some(Measure::Distinct);
    }
    if group_by.is_none()
        && matches!(intent, Intent::Find | Intent::Top | Intent::Last)
        && let Some(unit) = busiest(reading)
    {
        (intent, group_by) = (Intent::Top, Some(GroupBy::Time(unit)));
    }
    if let Some(at) = one_of_services(reading).or_else(|| services_asked(reading)) {
        reading.claim(at..at + 2, Claim::Intent);
        let bare = reading.claims.iter().enumerate().all(|(at, claim)| {
            claim.is_some()
                && !matches!(claim, Some(Claim::Entity | Claim::Number | Claim::Severity))
                || super::vocabulary::is_filler(&reading.words[at].lower)
        });
        let has_severity =
            (0..reading.words.len()).any(|at| super::severity::here(reading, at).is_some());
        if intent == Intent::Find {
            intent = if bare && !has_severity {
                Intent::ListServices
            } else {
                Intent::Top
            };
        }
        group_by = group_by.or((intent != Intent::ListServices).then_some(GroupBy::Service));
    }
    if intent == Intent::Top && group_by.is_none() {
        // "top rate limited client"
        group_by = (0..reading.words.len()).find_map(|at| {
            let (field, length) = field::here(reading, at)?;
            if !field::ends(reading, at + length) {
                return None;
            }
            reading.claim(at..at + length, Claim::Group);
            Some(GroupBy::Field(field))
        });
    }
    if intent == Intent::Top && group_by.is_none() {
        let counts_services =
            (0..reading.words.len()).any(|at| matches!(reading.free(at), "services" | "service"));
        group_by = Some(if counts_services {
            GroupBy::Service
        } else {
            GroupBy::Template
        });
    }
    if intent == Intent::Measure && group_by.is_some() {
        measure = measure.map(Measure::of_groups);
    }
    (intent, group_by, measure)
}

/// "when did it get slow?" asks for the beginning.
fn becomes(reading: &mut Reading<'_>) -> bool {
    let Some(at) = reading.position(&["when", "did"]) else {
        return false;
    };
    let verb = (at + 2..reading.words.len())
        .find(|at| matches!(reading.free(*at), "get" | "become" | "turn"));
    if let Some(verb) = verb {
        reading.claim(verb..verb + 1, Claim::Intent);
    }
    verb.is_some()
}

/// Claims "by count", "by frequency": what is said is listed with the most frequent first.
fn ordered(reading: &mut Reading<'_>) -> bool {
    let at = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "by" | "with")
            && matches!(
                reading.free(at + 1),
                "count" | "counts" | "frequency" | "volume" | "occurrences" | "amount"
            )
            && reading.free(at + 2) != "of"
    });
    if let Some(at) = at {
        reading.claim(at..at + 2, Claim::Intent);
    }
    at.is_some()
}

/// Claims "different", "distinct", "unique".
fn distinct(reading: &mut Reading<'_>) -> bool {
    let at = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "different" | "distinct" | "unique")
            && reading.lower(at + 1) != "from"
    });
    if let Some(at) = at {
        reading.claim(at..at + 1, Claim::Group);
    }
    at.is_some()
}

/// Claims the first word that names a field.
fn field_anywhere(reading: &mut Reading<'_>) -> Option<field::Field> {
    (0..reading.words.len()).find_map(|at| {
        let (field, length) = field::here(reading, at)?;
        reading.claim(at..at + length, Claim::Group);
        Some(field)
    })
}

/// "which hour", "what day", "which minute".
fn busiest(reading: &mut Reading<'_>) -> Option<TimeUnit> {
    for at in 0..reading.words.len() {
        if !matches!(reading.lower(at), "which" | "what" | "busiest" | "worst") {
            continue;
        }
        let unit = match reading.free(at + 1) {
            "minute" => TimeUnit::Minute,
            "hour" => TimeUnit::Hour,
            "day" => TimeUnit::Day,
            _ => continue,
        };
        reading.claim(at..at + 2, Claim::Group);
        return Some(unit);
    }
    None
}

/// "more errors than yesterday", "before and after the deploy".
fn comparative(reading: &mut Reading<'_>) -> Option<Intent> {
    let is_time =
        |reading: &Reading<'_>, at: usize| reading.claims.get(at) == Some(&Some(Claim::Time));
    let both_sides = (0..reading.words.len().saturating_sub(2)).any(|at| {
        is_time(reading, at)
            && (
                reading.lower(at),
                reading.lower(at + 1),
                reading.lower(at + 2),
            ) == ("before", "and", "after")
    });
    let than =
        (0..reading.words.len()).find(|at| reading.free(*at) == "than" && is_time(reading, at + 1));
    let compared = than.and_then(|than| {
        (0..than).find(|at| {
            matches!(
                reading.free(*at),
                "more" | "fewer" | "less" | "higher" | "lower" | "worse" | "better"
            )
        })
    });
    // "which has more errors, checkout or payments?"
    let which = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "more" | "fewer" | "less")
            && (0..*at).any(|before| matches!(reading.free(before), "which" | "who" | "what"))
    });
    if let Some(at) = which
        && reading
            .claims
            .iter()
            .filter(|claim| **claim == Some(Claim::Service))
            .count()
            > 1
    {
        reading.claim(at..at + 1, Claim::Intent);
        return Some(Intent::Compare);
    }
    if let (Some(than), Some(compared)) = (than, compared) {
        reading.claim(compared..compared + 1, Claim::Intent);
        reading.claim(than..than + 1, Claim::Intent);
        return Some(Intent::Compare);
    }
    if both_sides {
        claim_all(reading, SIGNS[0].1);
    }
    both_sides.then_some(Intent::Compare)
}

fn signed(reading: &mut Reading<'_>) -> Option<Intent> {
    // "what should I look at first?" asks for no first time.
    const WHOLE: [&[&str]; 3] = [
        &["should", "i", "look", "at", "first"],
        &["should", "i", "look", "at"],
        &["look", "at", "first"],
    ];
    for sign in WHOLE {
        if let Some(at) = reading.position(sign) {
            reading.claim(at..at + sign.len(), Claim::Intent);
            return Some(Intent::Summary);
        }
    }
    for (intent, signs) in SIGNS {
        for sign in *signs {
            let Some(at) = reading.position(sign) else {
                continue;
            };
            // "users who changed their password" did something.
            let is_done_to = *sign == ["changed"]
                && matches!(
                    reading.lower(at + 1),
                    "their"
                        | "his"
                        | "her"
                        | "its"
                        | "your"
                        | "the"
                        | "a"
                        | "to"
                        | "owner"
                        | "state"
                )
                && reading.position(&["what"]).is_none()
                && reading.position(&["anything"]).is_none();
            if is_done_to {
                continue;
            }
            // "which servers went down?" is about an outage, not about a number.
            let is_of_machine = matches!(sign, ["went" | "go" | "goes" | "going", "down" | "up"])
                && at > 0
                && is_machine(reading.lower(at - 1));
            if is_of_machine {
                continue;
            }
            // "when did it start" asks for the first time; "service started" is a message.
            let needs_when = matches!(
                sign,
                ["start"
                    | "started"
                    | "starting"
                    | "begin"
                    | "began"
                    | "beginning"
                    | "stop"
                    | "stopped"
                    | "end"
                    | "ended"]
            );
            let asks_when = ["when", "time"]
                .iter()
                .any(|word| reading.position(&[word]).is_some());
            if needs_when && !asks_when {
                continue;
            }
            // "last" may be said of another thing: "when was it last started?"
            if matches!(sign, ["start" | "started" | "starting"])
                && (reading.position(&["last"]).is_some()
                    || reading.position(&["latest"]).is_some())
            {
                continue;
            }
            if matches!(
                sign,
                ["decline"
                    | "declining"
                    | "drop"
                    | "dropping"
                    | "rise"
                    | "grow"
                    | "increase"
                    | "decrease"
                    | "steady"
                    | "stable"]
            ) && !is_asked_for_trend(reading, at)
            {
                continue;
            }
            // "most errors" leaves the errors to the severities.
            let length = if matches!(
                sign,
                ["most" | "new", "errors" | "warnings" | "logs" | "error"]
            ) {
                1
            } else {
                sign.len()
            };
            reading.claim(at..at + length, Claim::Intent);
            if matches!(
                intent,
                Intent::Compare | Intent::Trend | Intent::First | Intent::Last
            ) {
                claim_all(reading, signs);
            }
            return Some(*intent);
        }
    }
    None
}

/// Whether a word means something that goes down as a whole.
fn is_machine(word: &str) -> bool {
    matches!(
        word.strip_suffix('s').unwrap_or(word),
        "server"
            | "host"
            | "node"
            | "machine"
            | "service"
            | "backend"
            | "database"
            | "cluster"
            | "site"
            | "link"
            | "interface"
            | "replica"
            | "instance"
            | "pod"
            | "device"
    )
}

/// "is it stable?", "do they increase?", and not "increase of the limit failed".
fn is_asked_for_trend(reading: &Reading<'_>, at: usize) -> bool {
    (0..at).any(|before| {
        matches!(
            reading.lower(before),
            "is" | "are" | "do" | "does" | "did" | "was" | "were" | "or" | "any"
        )
    }) || reading.lower(at + 1) == "or"
}

/// A comparison is often said twice: "compare today vs yesterday".
fn claim_all(reading: &mut Reading<'_>, signs: &[&[&str]]) {
    for sign in signs {
        // These are said of things too.
        if matches!(
            *sign,
            [
                "start"
                    | "started"
                    | "starting"
                    | "begin"
                    | "began"
                    | "stop"
                    | "stopped"
                    | "end"
                    | "ended"
                    | "drop"
                    | "rise"
                    | "grow"
                    | "declining"
                    | "dropping"
                    | "new",
                ..
            ]
        ) {
            continue;
        }
        if let Some(at) = reading.position(sign) {
            reading.claim(at..at + sign.len(), Claim::Intent);
        }
    }
}

/// "which one of the services": where its last two words are.
fn one_of_services(reading: &Reading<'_>) -> Option<usize> {
    let at = (0..reading.words.len()).find(|at| {
        matches!(reading.free(at + 1), "services" | "service")
            && matches!(reading.free(*at), "of" | "the" | "our" | "my")
    })?;
    let begins = |at: usize| {
        matches!(reading.free(at), "which" | "what")
            && matches!(reading.free(at + 1), "one" | "ones" | "of")
    };
    (at.saturating_sub(3)..at).any(begins).then_some(at)
}

/// "which services", "what services", "list services", "show all services".
fn services_asked(reading: &Reading<'_>) -> Option<usize> {
    (0..reading.words.len().saturating_sub(1)).find(|at| {
        matches!(reading.free(at + 1), "services" | "service")
            && matches!(
                reading.free(*at),
                "which" | "what" | "list" | "all" | "show" | "the" | "my" | "our" | "available"
            )
            && (matches!(reading.free(*at), "which" | "what" | "list")
                || reading.words.len() <= 4
                || matches!(reading.lower(0), "what" | "which" | "list") && *at <= 3)
    })
}

/// Claims "top 5", "first 10", "last 20 errors", "5 most".
pub(super) fn read_limit(reading: &mut Reading<'_>) -> Option<usize> {
    for at in 0..reading.words.len() {
        let is_leading = matches!(
            reading.free(at),
            "top"
                | "first"
                | "last"
                | "latest"
                | "newest"
                | "worst"
                | "show"
                | "list"
                | "only"
                | "noisiest"
        );
        let count_at = if is_leading { at + 1 } else { at };
        let counted = is_leading
            || matches!(
                reading.free(at + 1),
                "most" | "latest" | "newest" | "noisiest" | "worst" | "top"
            );
        let Some(count) =
            number(reading.free(count_at)).filter(|count| counted && count.fract() == 0.0)
        else {
            continue;
        };
        let count = (count as usize).clamp(1, 1_000);
        reading.claim(count_at..count_at + 1, Claim::Limit);
        // "last 20 errors" wants twenty records, not the last time.
        if matches!(reading.free(at), "last" | "latest" | "newest" | "first") && count > 1 {
            reading.claim(at..at + 1, Claim::Limit);
        }
        return Some(count);
    }
    None
}
