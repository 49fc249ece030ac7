//! Segments of HL7 version 2, as hospitals send them: `PID|1||12^^^H^MR||UEDA^ROSA||19840312|F|||1 Elm St^^Austin`. Where a
//! field stands says what it is.

use super::Finding;
use super::shape::before;
use crate::Kind;

/// Most bytes of a segment that are read.
const LONGEST: usize = 2_048;

type Fields = &'static [(usize, Kind)];

/// The first words of segments and which of their fields, counted from 1, hold what. Source: HL7 version 2.5.1, chapters 3
/// and 6.
const SEGMENTS: [(&str, Fields); 5] = [
    (
        "PID|",
        &[
            (2, Kind::NationalId),
            (3, Kind::NationalId),
            (4, Kind::NationalId),
            (5, Kind::Name),
            (6, Kind::Name),
            (7, Kind::BirthDate),
            (9, Kind::Name),
            (11, Kind::Address),
            (13, Kind::Phone),
            (14, Kind::Phone),
            (18, Kind::NationalId),
            (19, Kind::Ssn),
            (20, Kind::NationalId),
        ],
    ),
    (
        "NK1|",
        &[
            (2, Kind::Name),
            (4, Kind::Address),
            (5, Kind::Phone),
            (6, Kind::Phone),
        ],
    ),
    (
        "GT1|",
        &[
            (3, Kind::Name),
            (4, Kind::Name),
            (5, Kind::Address),
            (6, Kind::Phone),
            (7, Kind::Phone),
            (8, Kind::BirthDate),
            (12, Kind::Ssn),
        ],
    ),
    (
        "IN1|",
        &[(16, Kind::Name), (18, Kind::BirthDate), (19, Kind::Address)],
    ),
    (
        "PV1|",
        &[
            (7, Kind::Name),
            (8, Kind::Name),
            (9, Kind::Name),
            (17, Kind::Name),
        ],
    ),
];

/// What the automaton looks for, in small letters.
pub(super) const WORDS: [&str; 5] = ["pid|", "nk1|", "gt1|", "in1|", "pv1|"];

/// Reads the segment that begins at `start`; a table of processes has a column `PID|` as well, but no `^`.
pub(super) fn segment(text: &str, start: usize, found: &mut Vec<Finding>) {
    let head = &text[..start];
    let begins_line = before(text, start)
        .is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'|' | b'_')))
        || head.ends_with("\\r")
        || head.ends_with("\\n");
    let known = SEGMENTS
        .iter()
        .find(|(name, _)| text[start..].starts_with(name));
    let Some((name, fields)) = known.filter(|_| begins_line) else {
        return;
    };
    let body = &text[start + name.len()..text.floor_char_boundary(start + LONGEST)];
    let bytes = body.as_bytes();
    let end = bytes.iter().enumerate().position(|(at, byte)| {
        matches!(byte, b'\r' | b'\n' | b'"')
            || *byte == b'\\' && matches!(bytes.get(at + 1), Some(b'r' | b'n'))
    });
    let line = end.map_or(body, |end| &body[..end]);
    if !line.contains('^') {
        return;
    }
    let mut at = start + name.len();
    for (place, field) in line.split('|').enumerate() {
        let kind = fields.iter().find(|(known, _)| *known == place + 1);
        if let Some((_, kind)) = kind {
            field_of(field, at, *kind, found);
        }
        at += field.len() + 1;
    }
}

/// Takes a field whole, of an identifier only the part before the mark for what issued it.
fn field_of(field: &str, at: usize, kind: Kind, found: &mut Vec<Finding>) {
    let value = match kind {
        Kind::NationalId | Kind::Ssn => field.split('^').next().unwrap_or(field),
        _ => field,
    };
    let value = value.trim_end_matches(['^', '~', ' ']);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let fits = match kind {
        Kind::Name | Kind::Address => value.chars().filter(|c| c.is_alphabetic()).count() >= 2,
        Kind::BirthDate => digits >= 8,
        _ => digits >= 4,
    };
    if fits {
        found.push(Finding {
            start: at,
            end: at + value.len(),
            kind,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::kinds;

    #[test]
    fn fields_of_a_patient_are_known_by_their_place_in_the_segment() {
        let line = "PID|1||90417^^^HOSP^MR||WEXCOMBE^NEBBIN^Q||19840312|F|||8 Quill Rd^^Ostend^^8400||(512)555-0132";
        assert_eq!(
            kinds(line),
            [
                "NATIONAL_ID 90417",
                "NAME WEXCOMBE^NEBBIN^Q",
                "BIRTH_DATE 19840312",
                "ADDRESS 8 Quill Rd^^Ostend^^8400",
                "PHONE (512)555-0132",
            ]
        );
        assert_eq!(
            kinds("msg=\"MSH|^~\\\\&|LAB\\rNK1|1|Wexcombe^Nebbin|SPO\""),
            ["NAME Wexcombe^Nebbin"]
        );
    }

    #[test]
    fn tables_with_a_column_of_process_ids_are_left() {
        for text in [
            "PID|USER|PR|NI|VIRT|RES|SHR",
            "rapid|1||2^3||X^Y",
            "pid|4242^1|x||A^B",
        ] {
            assert!(kinds(text).is_empty(), "{text}: {:?}", kinds(text));
        }
    }
}
