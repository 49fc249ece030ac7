//! The values of a template's slots in a body, proven by putting the body together again.

use std::ops::Range;

use crate::body::deciding_line;
use crate::mask::{Masker, Span};
use crate::shape::{Shape, Token};
use crate::slot::{Slot, is_slot};

/// Puts a body together from a template's text and the values of its slots.
///
/// There are as many values as slots, or one more, which is appended. `None` for any other number.
#[must_use]
pub fn rebuild(text: &str, variables: &[&str]) -> Option<String> {
    let bytes = text.as_bytes();
    let mut values = variables.iter();
    let mut body = String::with_capacity(
        text.len() + variables.iter().map(|value| value.len()).sum::<usize>(),
    );
    let mut from = 0;
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'<', &bytes[at..]) {
        at += offset;
        let Some((_, length)) = Slot::at_start_of(&bytes[at..]) else {
            at += 1;
            continue;
        };
        body.push_str(&text[from..at]);
        body.push_str(values.next()?);
        at += length;
        from = at;
    }
    body.push_str(&text[from..]);
    if let Some(tail) = values.next() {
        body.push_str(tail);
    }
    values.next().is_none().then_some(body)
}

/// See [`crate::Miner::variables`].
pub(crate) fn extract<'body>(template: &Shape, body: &'body str) -> Option<Vec<&'body str>> {
    let (range, mut values) = ranges(template, body)?;
    if range.start > 0 {
        let first = values
            .first_mut()
            .filter(|_| template.masked.first().is_some_and(|byte| is_slot(*byte)))?;
        first.start = 0;
    }
    let mut variables: Vec<&str> = values
        .into_iter()
        .map(|value| body.get(value))
        .collect::<Option<_>>()?;
    if range.end < body.len() {
        variables.push(&body[range.end..]);
    }
    (rebuild(&template.text(), &variables)? == body).then_some(variables)
}

/// The deciding line of a body, and where in the body the values of the template's slots stand.
pub(crate) fn ranges(template: &Shape, body: &str) -> Option<(Range<usize>, Vec<Range<usize>>)> {
    let range = deciding_line(body);
    let line = &body.as_bytes()[range.clone()];
    let mut masker = Masker::default();
    let masked = masker.mask(line).to_vec();
    let shape = Shape::parse(&masked);
    let is_general =
        template.tokens.len() == 2 && template.core_slot(&template.tokens[1]) == Some(Slot::Any);
    let mut values: Vec<Range<usize>> = Vec::new();
    if template.covers(&shape) {
        values = slots_of(
            template,
            &shape,
            &Positions::new(masker.spans(), line.len()),
        )?;
    } else if template.masked == [Slot::Any.code()] {
        values.push(0..line.len());
    } else if is_general && shape.tokens.first()?.erased == template.tokens[0].erased {
        let start = template.tokens[0].range.end + 1;
        values.extend((start <= line.len()).then_some(start..line.len()));
    } else {
        return None;
    }
    for value in &mut values {
        *value = range.start + value.start..range.start + value.end;
    }
    Some((range, values))
}

/// Where each byte of masked text came from.
struct Positions {
    spans: Vec<Span>,
    line_length: usize,
}

impl Positions {
    fn new(spans: &[Span], line_length: usize) -> Self {
        Self {
            spans: spans.to_vec(),
            line_length,
        }
    }

    /// Start and end in the line of each byte of the masked text.
    fn ranges(&self) -> Vec<Range<usize>> {
        let mut ranges = Vec::with_capacity(self.line_length);
        let mut from = 0;
        for span in &self.spans {
            ranges.extend((from..span.start).map(|at| at..at + 1));
            ranges.push(span.start..span.end);
            from = span.end;
        }
        ranges.extend((from..self.line_length).map(|at| at..at + 1));
        ranges
    }
}

/// The ranges of the line that the template's slots stand for, in order.
fn slots_of(template: &Shape, shape: &Shape, positions: &Positions) -> Option<Vec<Range<usize>>> {
    let ranges = positions.ranges();
    let mut values: Vec<Range<usize>> = Vec::new();
    let mut end_of_previous = None;
    let last = template.tokens.len().saturating_sub(1);
    for (place, (mine, theirs)) in template.tokens.iter().zip(&shape.tokens).enumerate() {
        let first_value = values.len();
        token_values(template, mine, shape, theirs, &ranges, &mut values);
        let cut = place == last && shape.tokens.len() > crate::shape::MAX_TOKENS;
        if let (true, Some(value)) = (cut, values.last_mut()) {
            value.end = positions.line_length;
        }
        let starts_with_slot = is_slot(template.masked[mine.range.start]);
        let start = ranges.get(theirs.range.start)?.start;
        if let Some((end, ends_with_slot)) = end_of_previous {
            take_extra_blanks(
                &mut values,
                first_value,
                start - end,
                ends_with_slot,
                starts_with_slot,
            );
        }
        let ends_with_slot = mine.range.end > 0 && is_slot(template.masked[mine.range.end - 1]);
        end_of_previous = Some((ranges.get(theirs.range.end - 1)?.end, ends_with_slot));
    }
    Some(values)
}

/// The values of one token's slots.
fn token_values(
    template: &Shape,
    mine: &Token,
    shape: &Shape,
    theirs: &Token,
    ranges: &[Range<usize>],
    values: &mut Vec<Range<usize>>,
) {
    let line_range = |masked: Range<usize>, empty_at: usize| {
        if masked.is_empty() {
            let at = ranges.get(empty_at).map_or_else(
                || ranges.last().map_or(0, |range| range.end),
                |range| range.start,
            );
            at..at
        } else {
            ranges[masked.start].start..ranges[masked.end - 1].end
        }
    };
    if mine.erased == theirs.erased {
        let offset = theirs.range.start;
        for (index, byte) in template.bytes(mine).iter().enumerate() {
            if is_slot(*byte) {
                values.push(ranges[offset + index].clone());
            }
        }
    } else if template.hull(mine) == shape.hull(theirs) && template.hull(mine) != (&[][..], &[][..])
    {
        values.push(line_range(theirs.core.clone(), theirs.core.start));
    } else {
        values.push(line_range(theirs.range.clone(), theirs.range.start));
    }
}

/// More than one blank between two tokens belongs to a slot beside it, if there is one.
fn take_extra_blanks(
    values: &mut [Range<usize>],
    first_value: usize,
    gap: usize,
    ends_with_slot: bool,
    starts_with_slot: bool,
) {
    if gap < 2 {
        return;
    }
    if starts_with_slot {
        if let Some(value) = values.get_mut(first_value) {
            value.start -= gap - 1;
        }
    } else if ends_with_slot
        && let Some(value) = first_value
            .checked_sub(1)
            .and_then(|index| values.get_mut(index))
    {
        value.end += gap - 1;
    }
}
