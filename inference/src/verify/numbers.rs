//! Numbers that are spelled out: "four hundred connections" is as much a claim as "400 connections".

use std::collections::BTreeSet;

/// What a word counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Count {
    /// Adds: `three`, `forty`.
    Plain(u64),
    /// Multiplies what stands before it: `hundred`, `thousand`.
    Scale(u64),
    /// A size without a value, from and below: `dozens`, `hundreds`.
    Range(u64, u64),
    /// A ratio: `twice`, `doubled`.
    Ratio(u64),
    /// A part, which no computed figure is: `half`.
    Part,
}

/// The first run of number words that neither the cited text nor a computed figure of it bears out.
pub(super) fn unfounded(
    text: &str,
    cited_text: &str,
    figures: &BTreeSet<String>,
) -> Option<String> {
    let words: Vec<String> = words(text).collect();
    let cited: Vec<String> = self::words(cited_text).collect();
    let values: Vec<u64> = figures.iter().filter_map(|f| f.parse().ok()).collect();
    let mut at = 0;
    while at < words.len() {
        let length = run_length(&words[at..]);
        if length == 0 {
            at += 1;
            continue;
        }
        let run = &words[at..at + length];
        let is_quoted = cited.windows(length).any(|there| there == run);
        if !is_quoted && !is_borne_out(run, &values) {
            return Some(run.join(" "));
        }
        at += length;
    }
    None
}

/// Lowercase words; `twenty-five` and `five-fold` are two.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// How many words from here belong to one number: `four hundred and twelve` is one.
fn run_length(words: &[String]) -> usize {
    let is_number = |index: usize| words.get(index).is_some_and(|word| count(word).is_some());
    let mut length = 0;
    loop {
        if is_number(length) {
            length += 1;
        } else if length > 0
            && words.get(length).is_some_and(|word| word == "and")
            && is_number(length + 1)
            && matches!(count(&words[length - 1]), Some(Count::Scale(_)))
        {
            length += 2;
        } else {
            return length;
        }
    }
}

fn is_borne_out(run: &[String], values: &[u64]) -> bool {
    let mut total = 0_u64;
    let mut group = 0_u64;
    for word in run {
        match count(word) {
            Some(Count::Plain(value)) => group = group.saturating_add(value),
            // "hundred" multiplies its own group, "thousand" and above everything since the last of them.
            Some(Count::Scale(scale)) => {
                group = group.max(1).saturating_mul(scale);
                if scale >= 1_000 {
                    total = total.saturating_add(group);
                    group = 0;
                }
            }
            Some(Count::Range(from, below)) => {
                return run.len() == 1 && values.iter().any(|value| (from..below).contains(value));
            }
            Some(Count::Ratio(ratio)) => return run.len() == 1 && values.contains(&ratio),
            Some(Count::Part) => return false,
            None => {}
        }
    }
    values.contains(&total.saturating_add(group))
}

fn count(word: &str) -> Option<Count> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    let place = |list: &[&str], word: &str| list.iter().position(|known| *known == word);
    if let Some(unit) = place(&UNITS, word) {
        return Some(Count::Plain(unit as u64));
    }
    if let Some(ten) = place(&TENS, word) {
        return Some(Count::Plain((ten as u64 + 2) * 10));
    }
    if let Some(unit) = word
        .strip_suffix("fold")
        .and_then(|stem| place(&UNITS, stem))
    {
        return Some(Count::Ratio(unit as u64));
    }
    Some(match word {
        "dozen" => Count::Scale(12),
        "hundred" => Count::Scale(100),
        "thousand" => Count::Scale(1_000),
        "million" => Count::Scale(1_000_000),
        "billion" => Count::Scale(1_000_000_000),
        "tens" | "dozens" => Count::Range(20, 200),
        "hundreds" => Count::Range(200, 2_000),
        "thousands" => Count::Range(2_000, 2_000_000),
        "millions" => Count::Range(2_000_000, 2_000_000_000),
        "billions" => Count::Range(2_000_000_000, u64::MAX),
        "twice" | "double" | "doubled" | "doubling" => Count::Ratio(2),
        "thrice" | "triple" | "tripled" | "tripling" => Count::Ratio(3),
        "quadruple" | "quadrupled" => Count::Ratio(4),
        "half" | "halved" | "halves" | "quarter" => Count::Part,
        _ => return None,
    })
}
