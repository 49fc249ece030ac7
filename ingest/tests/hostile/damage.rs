//! Good requests, torn at every byte and flipped at every bit.

use crate::doors::{Door, Isolation, Kept, Line, doors};
use crate::oracle::check;
use crate::packed::{PLAIN, deflate, gzip, zlib, zstd};

/// Larger samples are for the fuzz targets.
const LARGEST: usize = 1_000;

/// Every body that differs from this one in a bit.
fn flips(body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..body.len() * 8).map(|bit| {
        let mut flipped = body.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

/// Every beginning of it, the whole not among them.
fn torn(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    (0..body.len()).map(|length| &body[..length])
}

fn is_small(body: &[u8]) -> bool {
    body.len() <= LARGEST
}

#[test]
fn every_sample_is_read_as_it_is() {
    for door in doors() {
        let samples = door.all_samples();
        assert!(!samples.is_empty(), "{}", door.name);
        for sample in samples {
            let outcome =
                check(&door, &sample).unwrap_or_else(|error| panic!("{}: {error}", door.name));
            let keeps = !matches!(door.name, "gzip" | "zstd" | "deflate" | "file");
            assert!(
                outcome.kept.is_empty() != keeps,
                "{}: {outcome:?}",
                door.name
            );
        }
    }
}

#[test]
fn requests_torn_at_any_byte_are_survived() {
    for door in doors() {
        for sample in door.all_samples().into_iter().filter(|body| is_small(body)) {
            torn(&sample).for_each(|body| drop(check(&door, body)));
        }
    }
}

#[test]
fn requests_with_any_bit_flipped_are_survived() {
    for door in doors() {
        for sample in door.all_samples().into_iter().filter(|body| is_small(body)) {
            flips(&sample).for_each(|body| drop(check(&door, &body)));
        }
    }
}

/// A good record before and one behind, and what they become alone.
pub fn neighbours(door: &Door) -> Option<([Vec<u8>; 2], Vec<Kept>)> {
    let parts = door.parts?;
    let good = [Line::new("before", "k", "1"), Line::new("behind", "k", "2")];
    let elements = good.each_ref().map(parts.element);
    let alone = check(door, &(parts.frame)(&elements)).ok()?.kept;
    Some((elements, alone))
}

/// Puts an element between good neighbours and sees to it that both are as they are without it.
pub fn check_between(door: &Door, element: &[u8]) {
    let Some(((parts, [before, behind]), alone)) = door
        .parts
        .zip(neighbours(door))
        .map(|(parts, (elements, alone))| ((parts, elements), alone))
    else {
        return;
    };
    let body = (parts.frame)(&[before, element.to_vec(), behind]);
    let shown = String::from_utf8_lossy(&element[..element.len().min(400)]).into_owned();
    let read = check(door, &body);
    let outcome = read.unwrap_or_else(|error| panic!("{}: {error} for {shown}", door.name));
    for neighbour in &alone {
        assert!(
            outcome.kept.contains(neighbour),
            "{}: '{}' is lost or changed beside {shown}: {:?}",
            door.name,
            neighbour.text(),
            outcome
        );
    }
}

#[test]
fn a_record_torn_or_flipped_anywhere_costs_no_neighbour() {
    for door in doors() {
        let Some(parts) = door.parts else {
            continue;
        };
        // Lines of text may belong to the one before them.
        let is_kept_apart = matches!(parts.isolation, Isolation::Length | Isolation::Mark(_));
        if !is_kept_apart || !door.is_exact {
            continue;
        }
        let element = (parts.element)(&Line::new("it broke", "key", "value"));
        torn(&element).for_each(|torn| check_between(&door, torn));
        flips(&element).for_each(|flipped| check_between(&door, &flipped));
    }
}

#[test]
fn what_is_packed_is_whole_or_refused() {
    let all = doors();
    let door = |name: &str| all.iter().find(|door| door.name == name);
    let unpack = |encoding, body: &[u8]| {
        let plain = ingest::decompress(encoding, body, crate::doors::limits());
        plain.map(std::borrow::Cow::into_owned)
    };
    for (name, encoding, packed) in [
        ("gzip", ingest::Encoding::Gzip, gzip(PLAIN)),
        ("zstd", ingest::Encoding::Zstd, zstd(PLAIN)),
        ("deflate", ingest::Encoding::Deflate, zlib(PLAIN)),
        ("deflate", ingest::Encoding::Deflate, deflate(PLAIN)),
    ] {
        assert!(door(name).is_some());
        assert_eq!(unpack(encoding, &packed).unwrap(), PLAIN, "{name}");
        for body in torn(&packed).skip(1) {
            let told = unpack(encoding, body).map_err(|error| error.to_string());
            assert!(
                told.is_err(),
                "{name}: {} of {} bytes: {told:?}",
                body.len(),
                packed.len()
            );
        }
        let longer = [&packed[..], b"{\"message\":\"lost\"}"].concat();
        assert!(
            unpack(encoding, &longer).is_err(),
            "{name}: what follows is lost"
        );
        // Two of them have a checksum: a flipped bit is noticed or changes nothing.
        if packed == gzip(PLAIN) || packed == zlib(PLAIN) {
            for body in flips(&packed) {
                assert!(
                    unpack(encoding, &body).is_ok_and(|plain| plain == PLAIN)
                        || unpack(encoding, &body).is_err()
                );
            }
        }
    }
}
