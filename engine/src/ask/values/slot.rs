//! Values in the slots of a pattern: which slot fits a field best.

use patterns::{SlotPlace, Slots};
use query::Field;

use super::{fitting, names};

/// Digits from which on what stands after "for" is an id and no name.
const ID_DIGITS: usize = 5;

pub(super) fn value(field: &Field, slots: &Slots, body: &str) -> Option<String> {
    let values = slots.values(body)?;
    let places = slots.places();
    let ranks = |place: &SlotPlace, before: Option<&SlotPlace>| rank(field, place, before);
    let mut best: Option<(u8, String)> = None;
    for (index, value) in values.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| places.get(before));
        let Some(rank) = places.get(index).and_then(|place| ranks(place, before)) else {
            continue;
        };
        let Some(value) = fitting(field, value) else {
            continue;
        };
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        if *field == Field::User && rank > 0 && digits >= ID_DIGITS {
            continue;
        }
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, value));
        }
    }
    best.map(|(_, value)| value)
}

/// How well a slot fits a field, the smaller the better; `None` when it does not.
fn rank(field: &Field, place: &SlotPlace, before: Option<&SlotPlace>) -> Option<u8> {
    let is_named = names(field)
        .iter()
        .any(|name| place.key.split(['.', '_', '-']).any(|part| part == *name));
    let is_any = place.kind == "*";
    match field {
        Field::Address => match place.kind {
            "ip" if matches!(
                place.key.as_str(),
                "from" | "rhost" | "client" | "peer" | "source" | "src"
            ) =>
            {
                Some(0)
            }
            "ip" => Some(1),
            "host" | "*" => Some(2),
            _ => None,
        },
        Field::Host => match place.kind {
            "host" => Some(0),
            _ if is_named => Some(1),
            "ip" => Some(2),
            _ => None,
        },
        Field::User => match place.key.as_str() {
            _ if is_named => Some(0),
            "for" | "by" | "as" if is_any => Some(1),
            _ if place.kind == "email" => Some(2),
            _ => None,
        },
        Field::Path => match place.kind {
            "path" => Some(0),
            "url" => Some(1),
            _ if is_named || is_any || place.kind == "quoted" => Some(2),
            _ => None,
        },
        Field::Url => match place.kind {
            "url" => Some(0),
            _ if is_named => Some(1),
            _ => None,
        },
        Field::Port => {
            let is_glued =
                place.key.is_empty() && before.is_some_and(|it| matches!(it.kind, "ip" | "host"));
            match place.kind {
                "num" if is_named => Some(0),
                "num" if is_glued => Some(1),
                _ => None,
            }
        }
        Field::Id => match place.kind {
            _ if is_named => Some(0),
            "uuid" => Some(1),
            "hex" => Some(2),
            "*" => Some(3),
            _ => None,
        },
        Field::Attribute(key) => (place.key == key.to_lowercase()).then_some(0),
        Field::Status => None,
    }
}
