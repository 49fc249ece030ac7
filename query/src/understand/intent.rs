//! What is to be done.

use serde::{Deserialize, Serialize};

use super::group::GroupBy;
use super::{Claim, Reading, field};
use crate::time::number;

/// What a question asks to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Show records and patterns that fit.
    Find,
    /// Say how many.
    Count,
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
    /// Say which services there are.
    ListServices,
    /// Say what went on.
    Summary,
}

impl Intent {
    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Count => "count",
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

/// What shows an intent, the decisive ones first; comparisons stand at the start.
const SIGNS: &[(Intent, &[&[&str]])] = &[
    (
        Intent::Compare,
        &[
            &["compare"],
            &["compared", "to"],
            &["compared", "with"],
            &["comparison"],
            &["vs"],
            &["versus"],
            &["difference", "between"],
            &["differences", "between"],
            &["differ"],
            &["different", "from"],
            &["changed"],
            &["what", "is", "new"],
            &["what's", "new"],
            &["new", "patterns"],
            &["new", "pattern"],
        ],
    ),
    (
        Intent::Why,
        &[
            &["why"],
            &["what", "caused"],
            &["what", "causes"],
            &["what", "is", "causing"],
            &["what's", "causing"],
            &["root", "cause"],
            &["cause"],
            &["reason"],
            &["reasons"],
            &["how", "come"],
            &["what", "went", "wrong"],
            &["what", "is", "wrong"],
            &["what's", "wrong"],
            &["what", "broke"],
            &["what", "made"],
            &["explain"],
            &["diagnose"],
            &["troubleshoot"],
        ],
    ),
    (
        Intent::Count,
        &[
            &["how", "many"],
            &["how", "often"],
            &["how", "much"],
            &["count"],
            &["number", "of"],
            &["counts"],
            &["total"],
            &["how", "frequently"],
        ],
    ),
    (
        Intent::Top,
        &[
            &["top"],
            &["most", "common"],
            &["most", "frequent"],
            &["most", "often"],
            &["noisiest"],
            &["busiest"],
            &["worst"],
            &["loudest"],
            &["biggest"],
            &["most", "errors"],
            &["most", "warnings"],
            &["most", "logs"],
            &["the", "most"],
            &["main"],
            &["common"],
        ],
    ),
    (
        Intent::First,
        &[
            &["first", "time"],
            &["first"],
            &["earliest"],
            &["start"],
            &["started"],
            &["begin"],
            &["began"],
            &["since", "when"],
            &["oldest"],
        ],
    ),
    (
        Intent::Last,
        &[
            &["last", "time"],
            &["last"],
            &["latest"],
            &["most", "recent"],
            &["newest"],
            &["stop"],
            &["stopped"],
        ],
    ),
    (
        Intent::Summary,
        &[
            &["summary"],
            &["summarize"],
            &["summarise"],
            &["overview"],
            &["what", "happened"],
            &["what", "is", "happening"],
            &["what's", "happening"],
            &["what", "was", "happening"],
            &["what", "is", "going"],
            &["what", "was", "going"],
            &["what's", "going"],
            &["status", "of"],
            &["health", "of"],
            &["healthy"],
            &["how", "is"],
            &["how", "are"],
            &["how", "was"],
            &["how's"],
            &["what's", "up"],
            &["anything", "unusual"],
            &["anything", "wrong"],
            &["recap"],
            &["report"],
        ],
    ),
];

/// Claims the words that show the intent. "Which services ..." groups by service.
pub(super) fn read(
    reading: &mut Reading<'_>,
    group_by: Option<GroupBy>,
) -> (Intent, Option<GroupBy>) {
    let mut intent = comparative(reading)
        .or_else(|| signed(reading))
        .unwrap_or(Intent::Find);
    let mut group_by = group_by;
    if group_by.is_none()
        && matches!(
            intent,
            Intent::Find | Intent::Count | Intent::Top | Intent::Summary
        )
        && let Some(field) = field::asked(reading)
    {
        group_by = Some(GroupBy::Field(field));
        if intent != Intent::Count {
            intent = Intent::Top;
        }
    }
    if let Some(at) = services_asked(reading) {
        reading.claim(at..at + 2, Claim::Intent);
        let bare = reading.claims.iter().enumerate().all(|(at, claim)| {
            claim.is_some() && *claim != Some(Claim::Entity)
                || super::vocabulary::is_filler(&reading.words[at].lower)
        });
        if intent == Intent::Find {
            intent = if bare {
                Intent::ListServices
            } else {
                Intent::Top
            };
        }
        group_by = group_by.or((intent != Intent::ListServices).then_some(GroupBy::Service));
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
    (intent, group_by)
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
    for (intent, signs) in SIGNS {
        for sign in *signs {
            let Some(at) = reading.position(sign) else {
                continue;
            };
            // "when did it start" asks for the first time; "service started" is a message.
            let needs_when = matches!(
                sign,
                ["start" | "started" | "begin" | "began" | "stop" | "stopped"]
            );
            if needs_when && reading.position(&["when"]).is_none() {
                continue;
            }
            // "most errors" leaves the errors to the severities.
            let length = if matches!(sign, ["most", "errors" | "warnings" | "logs"]) {
                1
            } else {
                sign.len()
            };
            reading.claim(at..at + length, Claim::Intent);
            if *intent == Intent::Compare {
                claim_all(reading, signs);
            }
            return Some(*intent);
        }
    }
    None
}

/// A comparison is often said twice: "compare today vs yesterday".
fn claim_all(reading: &mut Reading<'_>, signs: &[&[&str]]) {
    for sign in signs {
        if let Some(at) = reading.position(sign) {
            reading.claim(at..at + sign.len(), Claim::Intent);
        }
    }
}

/// "which services", "what services", "list services", "show all services".
fn services_asked(reading: &Reading<'_>) -> Option<usize> {
    (0..reading.words.len().saturating_sub(1)).find(|at| {
        matches!(reading.free(at + 1), "services" | "service")
            && matches!(
                reading.free(*at),
                "which" | "what" | "list" | "all" | "show" | "the" | "my" | "our" | "available"
            )
            && (matches!(reading.free(*at), "which" | "what" | "list") || reading.words.len() <= 4)
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
