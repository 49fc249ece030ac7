//! Why a session is unusual, in words.

use domain::TemplateId;

use super::verdict::{Part, SessionVerdict};
use crate::log::TemplateInfo;
use crate::log::words::{quoted, records};

/// `'payment declined' was never seen in a session; 'order stored' is missing`.
pub(super) fn why(verdict: &SessionVerdict, info: &dyn TemplateInfo) -> String {
    let mut parts: Vec<String> = verdict
        .parts
        .iter()
        .map(|part| part_in_words(part, info))
        .collect();
    let (few, many) = verdict.usual_records;
    let length = verdict.records as u64;
    if length < few || length > many {
        let usual = if few == many {
            few.to_string()
        } else {
            format!("{few} to {many}")
        };
        parts.push(format!(
            "it has {}, usually {usual}",
            records(length as f64)
        ));
    }
    parts.join("; ")
}

fn part_in_words(part: &Part, info: &dyn TemplateInfo) -> String {
    match *part {
        Part::Count {
            template_id,
            is_known: false,
            ..
        } => format!("{} was never seen in a session", named(template_id, info)),
        Part::Count {
            template_id,
            count: 0,
            usual,
            ..
        } => format!(
            "{} is missing{}",
            named(template_id, info),
            if usual > 1 {
                format!(", usually {usual} times")
            } else {
                String::new()
            }
        ),
        Part::Count {
            template_id,
            count,
            usual,
            ..
        } => format!(
            "{} came {}, usually {}",
            named(template_id, info),
            times(count),
            times(usual)
        ),
        Part::Order { before, after } => match (before, after) {
            (None, after) => format!("it began with {}", named(after, info)),
            (before, None) => format!("it ended after {}", named(before, info)),
            (before, after) => format!(
                "{} came right after {}, which it never did",
                named(after, info),
                named(before, info)
            ),
        },
    }
}

fn times(count: u32) -> String {
    match count {
        0 => "not at all".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

fn named(template_id: Option<TemplateId>, info: &dyn TemplateInfo) -> String {
    template_id.map_or_else(
        || "a rare pattern".to_owned(),
        |id| {
            info.text(id)
                .map_or_else(|| quoted(&id.to_string()), |text| quoted(&text))
        },
    )
}
