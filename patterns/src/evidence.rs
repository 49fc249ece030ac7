//! When differing words are values of one variable rather than two messages.
//!
//! All rules ask the same question: how many different words stand in the same place of otherwise
//! equal lines? More are needed where less of the line is shared. The answers only ever grow with
//! the set of lines seen, which is what makes the result independent of their order.

use crate::shape::Shape;

/// Differing places beyond which two lines are never one message.
pub(crate) const MAX_WORD_PLACES: usize = 3;
/// Differing places of any kind beyond which two lines are not compared further.
pub(crate) const MAX_PLACES: usize = 7;
/// Context words that a slot and a word in the same place need to share around them.
const SLOT_CONTEXT: usize = 2;
/// Different values after `key=`, `key:`, in brackets or quotes.
const VALUES: usize = 3;
/// Different names after a word that announces one (`for user alice`).
const NAMES: usize = 3;
/// Context words that such a name needs around it.
const NAME_CONTEXT: usize = 3;
/// Different words that hold digits (`node7`, `R02-M1`).
const NUMBERED: usize = 3;
/// Different plain words, by the number of context words around them (the last holds for more), times
/// the number of places that vary so.
const WORDS: [usize; 6] = [usize::MAX, 24, 12, 8, 6, 5];
/// Words that announce a name.
const ANNOUNCERS: [&[u8]; 12] = [
    b"user",
    b"username",
    b"host",
    b"hostname",
    b"node",
    b"client",
    b"account",
    b"uid",
    b"login",
    b"owner",
    b"tenant",
    b"peer",
];

/// Whether `members` (shapes that are alike outside `places`) are enough evidence that each of
/// `places` is a variable. `members[0]` is the newest.
pub(crate) fn suffices(members: &[&Shape], places: &[usize]) -> bool {
    let first = members[0];
    let context = first
        .tokens
        .iter()
        .enumerate()
        .filter(|(place, token)| token.is_context && !places.contains(place))
        .count();
    let words: Vec<usize> = places
        .iter()
        .copied()
        .filter(|place| !is_variable_already(members, *place, context))
        .collect();
    if words.len() > MAX_WORD_PLACES || context == 0 && !words.is_empty() {
        return false;
    }
    let plain: Vec<usize> = words
        .into_iter()
        .filter(|place| !are_values(members, *place, context))
        .collect();
    let needed = WORDS[context.min(WORDS.len() - 1)].saturating_mul(plain.len());
    plain
        .into_iter()
        .all(|place| different(members, place, |_| true) >= needed)
}

/// Members that have the same outer parts as `members[0]` in each of `places`.
pub(crate) fn with_same_hulls<'shape>(
    members: &[&'shape Shape],
    places: &[usize],
) -> Vec<&'shape Shape> {
    let first = members[0];
    let alike = |shape: &Shape, place: usize| {
        first.hull(&first.tokens[place]) == shape.hull(&shape.tokens[place])
            && first.tokens[place].is_glued == shape.tokens[place].is_glued
    };
    members
        .iter()
        .copied()
        .filter(|shape| places.iter().all(|place| alike(shape, *place)))
        .collect()
}

/// How many different tokens with such cores stand in a place.
fn different(members: &[&Shape], place: usize, counts: impl Fn(&[u8]) -> bool) -> usize {
    let mut values: Vec<u64> = members
        .iter()
        .map(|shape| (shape, &shape.tokens[place]))
        .filter(|(shape, token)| counts(&shape.masked[token.core.clone()]))
        .map(|(_, token)| token.erased)
        .collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

fn same_hull(members: &[&Shape], place: usize) -> bool {
    with_same_hulls(members, &[place]).len() == members.len()
}

/// Whether one member has a slot in `place`, and enough around it.
fn is_variable_already(members: &[&Shape], place: usize, context: usize) -> bool {
    context >= SLOT_CONTEXT
        && members
            .iter()
            .any(|shape| shape.core_slot(&shape.tokens[place]).is_some())
        && same_hull(members, place)
}

/// Whether what stands in `place` are values beside a key, announced names, or words with digits.
fn are_values(members: &[&Shape], place: usize, context: usize) -> bool {
    let first = members[0];
    let before = place
        .checked_sub(1)
        .map_or(&[][..], |place| first.bytes(&first.tokens[place]));
    let is_keyed = !first.hull(&first.tokens[place]).0.is_empty() || before.ends_with(b"=");
    if is_keyed && same_hull(members, place) && different(members, place, |_| true) >= VALUES {
        return true;
    }
    let is_announced = context >= NAME_CONTEXT
        && ANNOUNCERS
            .iter()
            .any(|word| before.eq_ignore_ascii_case(word));
    is_announced && different(members, place, |core| !is_verb(core)) >= NAMES
        || different(members, place, |core| {
            core.iter()
                .any(|byte| byte.is_ascii_digit() || *byte < b' ')
        }) >= NUMBERED
}

/// `user created` names no user.
fn is_verb(core: &[u8]) -> bool {
    core.ends_with(b"ed") || core.ends_with(b"ing")
}
