//! One JSON object to one record.

use std::borrow::Cow;
use std::collections::HashSet;

use super::severity::severity_of_value;
use crate::context::Origin;
use crate::draft::{Attributes, Draft};
use crate::json::{
    Field, Form, Kind, Scanner, Value, decode_string, too_many_attributes, write_value,
};
use crate::roles::{Role, SEVERITY_NUMBER_RANK, WEAK_TIMESTAMP_RANK, role_of};
use crate::time::{epoch_to_ns, parse_timestamp};

const ROLES: usize = 6;
/// What a request adds to the attributes of a record usually finds place in this many bytes.
const ROOM_BYTES: usize = 64;
const NONE: usize = usize::MAX;

/// Which field was taken for which role.
struct Taken {
    /// The best field of each role, `NONE` when there is none.
    best: [usize; ROLES],
    rank: [u8; ROLES],
}

impl Taken {
    fn of(fields: &[Field<'_>]) -> Self {
        let mut taken = Self {
            best: [NONE; ROLES],
            rank: [u8::MAX; ROLES],
        };
        for (index, field) in fields.iter().enumerate() {
            if let Some((role, rank)) = role_of(&field.key)
                && rank < taken.rank[role as usize]
                && may_play(role, rank, &field.value)
            {
                taken.best[role as usize] = index;
                taken.rank[role as usize] = rank;
            }
        }
        taken
    }

    fn has(&self, index: usize) -> bool {
        self.best.contains(&index)
    }

    fn field<'f, 'a>(&self, role: Role, fields: &'f [Field<'a>]) -> Option<&'f Field<'a>> {
        fields.get(self.best[role as usize])
    }
}

/// Whether a value of this kind can be the field at all. Objects are messages only under the keys that mean nothing
/// else; `log`, `event` and `service` objects hold fields of their own.
fn may_play(role: Role, rank: u8, value: &Value<'_>) -> bool {
    match (role, value.kind) {
        (_, Kind::Null) => false,
        (Role::Message, Kind::Object | Kind::Array) => rank <= 2,
        (Role::Message, Kind::Number | Kind::Boolean) => rank <= 4,
        (Role::Timestamp, kind) => matches!(kind, Kind::String | Kind::Number | Kind::Object),
        (_, kind) => matches!(kind, Kind::String | Kind::Number),
    }
}

/// Reads the fields of one object; duplicate keys are resolved first, the last one wins.
///
/// # Errors
/// The reason for rejecting the record.
pub(crate) fn draft_of_object<'a>(
    fields: &mut Vec<Field<'a>>,
    origin: &Origin,
) -> Result<Draft<'a>, String> {
    drop_duplicates(fields);
    let mut taken = Taken::of(fields);
    let mut draft = Draft::default();
    take_timestamp(fields, &mut taken, origin, &mut draft);
    take_severity(fields, &mut taken, &mut draft);
    draft.service = taken
        .field(Role::Service, fields)
        .map(|field| text_of(&field.value))
        .or_else(|| nested_text(fields, "service", "name"));
    draft.trace_id = taken
        .field(Role::TraceId, fields)
        .map(|field| text_of(&field.value))
        .or_else(|| nested_text(fields, "trace", "id"));
    draft.span_id = taken
        .field(Role::SpanId, fields)
        .map(|field| text_of(&field.value))
        .or_else(|| nested_text(fields, "span", "id"));
    let message = taken
        .field(Role::Message, fields)
        .map(|field| trim_line_end(text_of(&field.value)));

    draft.attributes = attributes_of(fields, &taken, origin)?;
    draft.body = match message {
        Some(text) => text,
        None if draft.attributes.is_empty() => {
            return Err("record has no message and no other fields".to_owned());
        }
        None => Cow::Owned(object_text(fields, &taken)),
    };
    Ok(draft)
}

fn attributes_of(
    fields: &[Field<'_>],
    taken: &Taken,
    origin: &Origin,
) -> Result<Attributes, String> {
    let rest = || {
        fields
            .iter()
            .enumerate()
            .filter(|(index, _)| !taken.has(*index))
            .map(|(_, field)| field)
    };
    let (count, size) = rest().fold((0_usize, 0_usize), |(count, size), field| {
        (
            count + 1,
            size + field.key.len() + field.value.raw.len() + 4,
        )
    });
    if count > origin.limits.attributes {
        return Err(too_many_attributes(count, &origin.limits));
    }
    let mut attributes = if count == 0 {
        Attributes::default()
    } else {
        Attributes::with_capacity(size + 2 + ROOM_BYTES)
    };
    for field in rest() {
        attributes.push_field(field);
    }
    // Escaping control characters can grow them sixfold.
    if attributes.len_bytes() > origin.limits.record_bytes {
        return Err(format!(
            "attributes are {} bytes after escaping, limit is {}",
            attributes.len_bytes(),
            origin.limits.record_bytes
        ));
    }
    Ok(attributes)
}

/// What a record without a message shows: its other fields as compact JSON.
fn object_text(fields: &[Field<'_>], taken: &Taken) -> String {
    let mut attributes = Attributes::default();
    for (index, field) in fields.iter().enumerate() {
        if !taken.has(index) {
            attributes.push_field(field);
        }
    }
    attributes.finish()
}

/// Resolves duplicate keys: the last one wins.
pub(crate) fn drop_duplicates(fields: &mut Vec<Field<'_>>) {
    const FEW: usize = 24;
    let has_duplicates = if fields.len() <= FEW {
        has_few_duplicates(fields)
    } else {
        let mut seen = HashSet::with_capacity(fields.len());
        !fields.iter().all(|field| seen.insert(field.key.as_ref()))
    };
    if !has_duplicates {
        return;
    }
    let mut last = HashSet::with_capacity(fields.len());
    let mut keep: Vec<bool> = fields
        .iter()
        .rev()
        .map(|field| last.insert(field.key.clone()))
        .collect();
    fields.retain(|_| keep.pop().unwrap_or(true));
}

/// Keys are compared only when their lengths and ends agree, which one bit each remembers.
fn has_few_duplicates(fields: &[Field<'_>]) -> bool {
    let mut seen = 0_u64;
    fields.iter().enumerate().any(|(at, field)| {
        let key = field.key.as_bytes();
        let ends = key.first().zip(key.last()).map_or(0, |(first, last)| {
            usize::from(*first) * 7 + usize::from(*last) * 3
        });
        let bit = 1_u64 << ((key.len() * 11 + ends) % 64);
        let may_repeat = seen & bit != 0;
        seen |= bit;
        may_repeat && fields[..at].iter().any(|other| other.key == field.key)
    })
}

/// Takes the best timestamp that can be read; when none can, the text of a strong one is remembered.
fn take_timestamp<'a>(
    fields: &[Field<'a>],
    taken: &mut Taken,
    origin: &Origin,
    draft: &mut Draft<'a>,
) {
    let role = Role::Timestamp as usize;
    let first = taken.best[role];
    let Some(field) = fields.get(first) else {
        return;
    };
    if let Some(instant) = instant_of(&field.value, origin.received_at_ns) {
        draft.timestamp_ns = Some(instant);
        draft.timestamp_text = keep_if_absurd(instant, &field.value, origin);
        return;
    }
    let mut others = of_role(fields, Role::Timestamp);
    others.retain(|(_, index)| *index != first);
    for (_, index) in others {
        if let Some(instant) = instant_of(&fields[index].value, origin.received_at_ns) {
            taken.best[role] = index;
            draft.timestamp_ns = Some(instant);
            draft.timestamp_text = keep_if_absurd(instant, &fields[index].value, origin);
            return;
        }
    }
    if taken.rank[role] < WEAK_TIMESTAMP_RANK {
        draft.timestamp_text = Some(text_of(&field.value));
    } else {
        taken.best[role] = NONE;
    }
}

fn keep_if_absurd<'a>(instant: i64, value: &Value<'a>, origin: &Origin) -> Option<Cow<'a, str>> {
    (!origin.limits.is_plausible(instant, origin.received_at_ns)).then(|| text_of(value))
}

/// Takes the best severity that can be read; words that mean no severity stay attributes.
fn take_severity(fields: &[Field<'_>], taken: &mut Taken, draft: &mut Draft<'_>) {
    let role = Role::Severity as usize;
    let read = |index: usize, rank: u8| {
        let value = &fields[index].value;
        severity_of_value(&text_of(value), rank == SEVERITY_NUMBER_RANK)
    };
    let best = taken.best[role];
    if best != NONE {
        draft.severity = read(best, taken.rank[role]);
        if draft.severity.is_none() {
            taken.best[role] = NONE;
            let others = of_role(fields, Role::Severity);
            if let Some((index, severity)) = others
                .into_iter()
                .find_map(|(rank, index)| read(index, rank).map(|severity| (index, severity)))
            {
                taken.best[role] = index;
                draft.severity = Some(severity);
            }
        }
    }
    if draft.severity.is_none() {
        draft.severity =
            nested_text(fields, "log", "level").and_then(|word| severity_of_value(&word, false));
    }
}

/// All fields of a role that can play it, best rank first: (rank, index).
fn of_role(fields: &[Field<'_>], role: Role) -> Vec<(u8, usize)> {
    let mut found: Vec<(u8, usize)> = fields
        .iter()
        .enumerate()
        .filter_map(|(index, field)| {
            let (its_role, rank) = role_of(&field.key)?;
            (its_role == role && may_play(role, rank, &field.value)).then_some((rank, index))
        })
        .collect();
    found.sort_unstable();
    found
}

fn instant_of(value: &Value<'_>, received_at_ns: i64) -> Option<i64> {
    match value.kind {
        Kind::String => parse_timestamp(&text_of(value), received_at_ns),
        Kind::Number => epoch_to_ns(value.raw),
        // MongoDB's extended JSON.
        Kind::Object => parse_timestamp(&member_text(value, "$date")?, received_at_ns),
        _ => None,
    }
}

/// A value as text: strings decoded, the others as compact JSON.
pub(crate) fn text_of<'a>(value: &Value<'a>) -> Cow<'a, str> {
    match value.kind {
        Kind::String if value.form == Form::Plain => {
            Cow::Borrowed(&value.raw[1..value.raw.len() - 1])
        }
        Kind::String => decode_string(value.raw),
        _ if value.form == Form::Plain => Cow::Borrowed(value.raw),
        Kind::Number => Cow::Borrowed(value.raw),
        _ => {
            let mut text = String::with_capacity(value.raw.len());
            write_value(value, &mut text);
            Cow::Owned(text)
        }
    }
}

/// `fields[outer][inner]` as text, for the nested spelling of dotted names (ECS).
fn nested_text<'a>(fields: &[Field<'a>], outer: &str, inner: &str) -> Option<Cow<'a, str>> {
    let field = fields.iter().find(|field| field.key == outer)?;
    if field.value.kind != Kind::Object {
        return None;
    }
    member_text(&field.value, inner)
}

fn member_text<'a>(object: &Value<'a>, key: &str) -> Option<Cow<'a, str>> {
    let mut members = Vec::new();
    Scanner::new(object.raw)
        .object(&mut members, 256, 63)
        .ok()?;
    let member = members.iter().rev().find(|member| member.key == key)?;
    matches!(member.value.kind, Kind::String | Kind::Number).then(|| text_of(&member.value))
}

/// The text of `a.b.c`, however its sender nested it: `{"a.b.c": _}`, `{"a": {"b": {"c": _}}}` or anything between.
pub(crate) fn text_at<'a>(fields: &[Field<'a>], path: &str) -> Option<Cow<'a, str>> {
    fields.iter().find_map(|field| {
        let rest = path.strip_prefix(field.key.as_ref())?;
        if rest.is_empty() {
            return matches!(field.value.kind, Kind::String | Kind::Number)
                .then(|| text_of(&field.value));
        }
        let rest = rest.strip_prefix('.')?;
        if field.value.kind != Kind::Object {
            return None;
        }
        let mut members = Vec::new();
        Scanner::new(field.value.raw)
            .object(&mut members, 256, 63)
            .ok()?;
        text_at(&members, rest)
    })
}

fn trim_line_end(text: Cow<'_, str>) -> Cow<'_, str> {
    let length = text.trim_end_matches(['\n', '\r']).len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
        Cow::Owned(mut text) => {
            text.truncate(length);
            Cow::Owned(text)
        }
    }
}
