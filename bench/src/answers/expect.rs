//! What an answer has to say, and whether it does.

use serde_json::Value;

/// How a question is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A few words.
    Terse,
    /// A sentence.
    Plain,
    /// A sentence of somebody who seldom writes English.
    Clumsy,
}

/// What is right.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// So many records.
    Count(u64),
    /// So many different values.
    Distinct(u64),
    /// These groups come first, in this order, with these counts.
    Top(Vec<(String, u64)>),
    /// Exactly these groups, in any order.
    Names(Vec<String>),
    /// The instant, unix seconds.
    At(i64),
    /// So many now, so many then.
    Compare(u64, u64),
    /// A number in its unit, within one part in a hundred.
    Number(f64, &'static str),
    /// The way it goes.
    Trend(&'static str),
    /// The sentences hold each of these texts, whatever their case.
    Says(Vec<&'static str>),
    /// The logs don't show it.
    Nothing,
}

/// A question with its right answer.
#[derive(Debug, Clone)]
pub struct Pair {
    pub style: Style,
    pub question: String,
    pub expect: Expect,
    /// Questions that were asked in the same conversation before.
    pub before: Vec<String>,
}

impl Expect {
    /// Whether a whole answer of the server is right; the reason when it is not.
    pub fn check(&self, whole: &Value) -> Result<(), String> {
        let answer = &whole["answer"];
        let result = &answer["result"];
        let text = told(answer);
        let is_found = answer["found"].as_bool().unwrap_or(false);
        if *self == Self::Nothing {
            return (!is_found)
                .then_some(())
                .ok_or_else(|| format!("claims: {text}"));
        }
        // "None" is a right answer to "how many?" where there are none, found or not.
        if !is_found && *self != Self::Count(0) {
            return Err(format!("abstains: {text}"));
        }
        let wrong = |got: String| Err(format!("wanted {self:?}, got {got}: {text}"));
        match self {
            // Decided above.
            Self::Nothing => Ok(()),
            Self::Count(0) if !is_found => Ok(()),
            Self::Count(count) => match result["count"].as_u64() {
                Some(got) if got == *count && says_number(&text, *count) => Ok(()),
                got => wrong(format!("{got:?}")),
            },
            Self::Distinct(count) => match result["distinct"].as_u64() {
                Some(got) if got == *count && says_number(&text, *count) => Ok(()),
                got => wrong(format!("{got:?}")),
            },
            Self::Top(groups) => {
                let got = got_groups(result);
                let is_right = got.len() >= groups.len() && got[..groups.len()] == groups[..];
                let is_said = groups.iter().all(|(key, count)| {
                    text.contains(&key.to_lowercase()) && says_number(&text, *count)
                });
                if is_right && is_said {
                    Ok(())
                } else {
                    wrong(format!("{got:?}"))
                }
            }
            Self::Names(names) => {
                let mut got: Vec<String> = got_groups(result).into_iter().map(|it| it.0).collect();
                got.sort();
                if got == *names {
                    Ok(())
                } else {
                    wrong(format!("{got:?}"))
                }
            }
            Self::At(at) => match result["at"].as_str().and_then(unix_seconds) {
                Some(got) if got == *at => Ok(()),
                got => wrong(format!("{got:?} ({:?})", got.map(|got| got - at))),
            },
            Self::Compare(now, then) => {
                let got = (result["count"].as_u64(), result["other_count"].as_u64());
                if got == (Some(*now), Some(*then)) {
                    Ok(())
                } else {
                    wrong(format!("{got:?}"))
                }
            }
            Self::Number(value, unit) => {
                let got = result["value"].as_f64();
                let is_right =
                    got.is_some_and(|got| (got - value).abs() <= value.abs() * 0.01 + 1e-9);
                if is_right && result["unit"].as_str() == Some(unit) {
                    Ok(())
                } else {
                    wrong(format!("{got:?} {}", result["unit"]))
                }
            }
            Self::Trend(direction) => match result["direction"].as_str() {
                Some(got) if got == *direction => Ok(()),
                got => wrong(format!("{got:?}")),
            },
            Self::Says(parts) => {
                let missing: Vec<_> = parts
                    .iter()
                    .filter(|part| !text.contains(&part.to_lowercase()))
                    .collect();
                if missing.is_empty() {
                    Ok(())
                } else {
                    Err(format!("misses {missing:?}: {text}"))
                }
            }
        }
    }
}

/// The computed sentences, in lower case.
fn told(answer: &Value) -> String {
    let sentences = answer["facts"].as_array().map_or(&[][..], Vec::as_slice);
    let said: Vec<&str> = sentences
        .iter()
        .filter_map(|it| it["text"].as_str())
        .collect();
    said.join(" ").to_lowercase()
}

fn got_groups(result: &Value) -> Vec<(String, u64)> {
    result["groups"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(|it| Some((it["key"].as_str()?.to_owned(), it["count"].as_u64()?)))
        .collect()
}

/// Whether a number stands in a text, with or without commas.
fn says_number(text: &str, number: u64) -> bool {
    let plain = number.to_string();
    if number == 0 {
        return true;
    }
    text.replace(',', "")
        .split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits == plain)
}

/// Unix seconds of `2026-11-28T15:04:05Z`, with or without a fraction.
pub fn unix_seconds(text: &str) -> Option<i64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    // Days from the civil calendar (Hinnant, 2014).
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(found: bool, text: &str, result: Value) -> Value {
        json!({"answer": {"found": found, "facts": [{"text": text}], "result": result}})
    }

    #[test]
    fn a_count_must_be_computed_and_said() {
        let right = answer(true, "1,197 matching records.", json!({"count": 1_197}));
        assert_eq!(Expect::Count(1_197).check(&right), Ok(()));
        assert!(Expect::Count(1_196).check(&right).is_err());
        let unsaid = answer(true, "Many.", json!({"count": 1_197}));
        assert!(Expect::Count(1_197).check(&unsaid).is_err());
        let nothing = answer(false, "Nothing matches.", json!({}));
        assert_eq!(Expect::Count(0).check(&nothing), Ok(()));
        assert_eq!(Expect::Nothing.check(&nothing), Ok(()));
        assert!(Expect::Nothing.check(&right).is_err());
        assert!(Expect::Count(3).check(&nothing).is_err());
    }

    #[test]
    fn groups_are_compared_in_order_and_instants_to_the_second() {
        let groups = json!({"groups": [{"key": "a", "count": 3}, {"key": "b", "count": 1}]});
        let top = answer(true, "a with 3; b with 1", groups);
        assert_eq!(Expect::Top(vec![("a".into(), 3)]).check(&top), Ok(()));
        assert!(Expect::Top(vec![("b".into(), 1)]).check(&top).is_err());
        assert_eq!(
            Expect::Names(vec!["a".into(), "b".into()]).check(&top),
            Ok(())
        );
        assert_eq!(unix_seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_seconds("2026-11-23T14:00:00.5Z"), Some(1_795_442_400));
        assert_eq!(unix_seconds("2024-02-29T00:00:01Z"), Some(1_709_164_801));
        let at = answer(true, "", json!({"at": "1970-01-01T00:01:00Z"}));
        assert_eq!(Expect::At(60).check(&at), Ok(()));
        assert!(Expect::At(61).check(&at).is_err());
    }
}
