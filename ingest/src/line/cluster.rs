//! Logs of supercomputers and clusters, which repeat the time as an epoch.

use super::level::level_word;
use super::names::{digit_run, is_host, next_token};
use super::stamp::leading_stamp;
use super::syslog::tag_into;
use crate::context::Origin;
use crate::draft::Draft;
use crate::time::leading_timestamp;

/// Reads one of the forms below; `None` for other lines.
pub(super) fn read<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    alert_first(line, origin).or_else(|| state_change(line, origin))
}

/// `- 1117838570 2005.06.03 node time ...`: an alert label or `-`, an epoch, a date, a node, then either a second exact
/// time, the node again, type, component and level (Blue Gene), or a syslog line (Thunderbird, Spirit, Liberty).
fn alert_first<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let (label, rest) = next_token(line);
    let (epoch, rest) = next_token(rest);
    let (date, rest) = next_token(rest);
    if digit_run(epoch) != 10 || epoch.len() != 10 || !is_dotted_date(date) {
        return None;
    }
    let (node, rest) = next_token(rest);
    let epoch_ns = crate::time::epoch_to_ns(epoch)?;
    let mut draft = Draft {
        timestamp_ns: Some(epoch_ns),
        timestamp_text: Some(epoch.into()),
        ..Draft::default()
    };
    if label != "-" {
        draft.attributes.push_text("alert", label);
    }
    if !is_host(node) {
        draft.body = rest.trim_end().into();
        return Some(draft);
    }
    draft.attributes.push_text("host", node);
    let Some((exact_ns, length)) = leading_stamp(rest, origin.received_at_ns) else {
        draft.body = rest.trim_end().into();
        return Some(draft);
    };
    let is_exact = rest.as_bytes()[0].is_ascii_digit();
    // The first stamp knows the year and, being an epoch, the zone; the second may only add the fraction.
    draft.timestamp_ns = Some(if is_exact {
        epoch_ns.saturating_add(exact_ns.rem_euclid(domain::NANOS_PER_SECOND))
    } else {
        epoch_ns
    });
    let (_, rest) = next_token(&rest[length..]);
    draft.body = if is_exact {
        typed(rest, &mut draft)
    } else {
        tag_into(rest, &mut draft, origin)
    }
    .into();
    Some(draft)
}

/// `RAS KERNEL INFO message`: up to three capital words, the last of them a level.
fn typed<'a>(text: &'a str, draft: &mut Draft<'a>) -> &'a str {
    let mut rest = text;
    let mut component = None;
    for _ in 0..3 {
        let (word, after) = next_token(rest);
        let is_capital = word.len() >= 2
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_capital {
            break;
        }
        rest = after;
        if let Some(severity) = level_word(word) {
            draft.severity = Some(severity);
            break;
        }
        component = Some(word);
    }
    if let Some(name) = component {
        draft.attributes.push_text("component", name);
    }
    rest.trim_end()
}

fn is_dotted_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'.',
            _ => byte.is_ascii_digit(),
        })
}

/// `134681 node-246 unix.hw state_change.unavailable 1077804742 1 message`: number, node, component, state, epoch, flag.
fn state_change<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let (number, rest) = next_token(line);
    if number.is_empty() || digit_run(number) != number.len() {
        return None;
    }
    let (node, rest) = next_token(rest);
    let (component, rest) = next_token(rest);
    let (state, rest) = next_token(rest);
    let (epoch, rest) = next_token(rest);
    let (flag, rest) = next_token(rest);
    let fits = epoch.len() == 10
        && digit_run(flag) == flag.len()
        && (1..=3).contains(&flag.len())
        && is_host(node)
        && is_host(component)
        && is_host(state)
        && node.as_bytes()[0].is_ascii_alphabetic()
        && !rest.is_empty();
    if !fits {
        return None;
    }
    let (instant, length) = leading_timestamp(epoch, origin.received_at_ns)?;
    if length != epoch.len() {
        return None;
    }
    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some(epoch.into()),
        body: rest.trim_end().into(),
        ..Draft::default()
    };
    draft.attributes.push_text("host", node);
    draft.attributes.push_text("component", component);
    draft.attributes.push_text("state", state);
    Some(draft)
}
