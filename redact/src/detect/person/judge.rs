//! Decides which words of a row are a name.

use super::super::lexicon::{
    BEFORE_A_PLACE, COMMON, FAMILY, GIVEN, Lexicon, MAYBE_FAMILY, MAYBE_GIVEN, PLACE, ROLE,
    STREET_AFTER, TITLE,
};
use super::behind::{is_before_a_deed, is_before_an_address, is_before_an_identity, is_spoken_of};
use super::context::{Context, before_row};
use super::ending::{is_foreign, is_of_family, looks_common};
use super::row::{Word, WordKind};

/// Longest name in words.
const LONGEST_NAME: usize = 4;

/// The place after the longest name that begins at `first`.
pub(super) fn longest_name(
    lexicon: &Lexicon,
    text: &str,
    row: &[Word],
    first: usize,
) -> Option<usize> {
    let begin = row[first];
    let is_role =
        begin.flags & ROLE != 0 && row.get(first + 1).is_some_and(|next| !next.is_behind_comma);
    if begin.kind == WordKind::Particle || is_only_common(begin) || is_role {
        return None;
    }
    let context = if first > 0 && row[first - 1].flags & (ROLE | TITLE) != 0 {
        Context::Person
    } else {
        before_row(lexicon, text, begin.start)
    };
    let limit = row[first..]
        .iter()
        .take(LONGEST_NAME)
        .enumerate()
        // `passenger Rosa Sevilla`: a family may be called like a town.
        .take_while(|(place, word)| {
            !is_only_common(**word)
                || *place > 0 && word.flags & PLACE != 0 && context >= Context::Actor
        })
        // `Der Kunde Rosa Ueda`
        .take_while(|(place, word)| {
            *place == 0 || word.flags & ROLE == 0 || word.flags & (FAMILY | MAYBE_FAMILY) != 0
        })
        .count();
    (1..=limit)
        .rev()
        .find(|length| {
            let words = &row[first..first + length];
            let context = if *length >= 2
                && context < Context::Person
                && (is_before_an_address(text, words[length - 1].end)
                    || is_before_an_identity(text, words[length - 1].end))
            {
                Context::Person
            } else {
                context
            };
            let context = if *length >= 2
                && matches!(context, Context::Thing | Context::None)
                && is_before_a_deed(text, words[length - 1].end)
            {
                Context::Deed
            } else {
                context
            };
            is_name(text, words, context)
        })
        .map(|length| first + length)
}

fn is_only_common(word: Word) -> bool {
    word.flags & (COMMON | STREET_AFTER) != 0
        && word.flags & (GIVEN | FAMILY | MAYBE_GIVEN | MAYBE_FAMILY) == 0
}

/// How much a word speaks for a given name: 2 for what a list knows, 1 for what may be one.
fn given(text: &str, word: Word) -> u8 {
    if word.flags & GIVEN != 0 {
        2
    } else {
        u8::from(word.flags & MAYBE_GIVEN != 0 || is_unknown_and_foreign(text, word))
    }
}

/// The same for a family name; an ending of family names is as good as a list.
fn family(text: &str, word: Word) -> u8 {
    if word.flags & FAMILY != 0 || (word.flags == 0 && is_of_family(text, word)) {
        2
    } else {
        u8::from(word.flags & MAYBE_FAMILY != 0 || is_unknown_and_foreign(text, word))
    }
}

fn is_unknown_and_foreign(text: &str, word: Word) -> bool {
    word.flags == 0 && word.kind == WordKind::Name && is_foreign(text, word)
}

fn is_name(text: &str, words: &[Word], context: Context) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if matches!(last.kind, WordKind::Particle | WordKind::Initial) {
        return false;
    }
    // `San Francisco`, unless a customer has that name.
    if words.len() > 1 && first.flags & BEFORE_A_PLACE != 0 && context < Context::Person {
        return false;
    }
    let full = words.iter().filter(|word| word.is_full()).count();
    let is_common = words.iter().enumerate().any(|(place, word)| {
        // `holder: Rosa White`, `passenger Rosa Sevilla`
        let may_be_family = place > 0
            && context >= Context::Actor
            && first.flags & COMMON == 0
            && word.flags & (PLACE | MAYBE_FAMILY) != 0;
        // `owner: Jan Tottleby`, where no other word means anything.
        let may_be_given = place == 0
            && context >= Context::Actor
            && word.flags & MAYBE_GIVEN != 0
            && words[1..].iter().all(|word| word.flags & COMMON == 0);
        word.flags & COMMON != 0 && !may_be_family && !may_be_given
    });
    let is_shouted = words.iter().any(|word| word.kind == WordKind::Capitals);
    if words.len() == 1 {
        return is_single(text, *first, context, is_common || is_shouted);
    }
    let last_as_family = family(text, *last).max(u8::from(given(text, *last) == 2));
    // `M. Rosa Ueda`, `J. Rosa Ueda`: initials say nothing.
    let leading = words
        .iter()
        .find(|word| word.kind != WordKind::Initial)
        .filter(|word| word.start != last.start)
        .unwrap_or(first);
    let forward = given(text, *leading) + last_as_family;
    // `Ueda, Hana`: the first is of the family.
    let is_turned = words[1..].iter().any(|word| word.is_behind_comma);
    let forward = if is_turned { 0 } else { forward };
    // `Ueda Hana`; where nothing announces a name both must be known: `Wells Fargo` is none.
    let backward = match family(text, *first) + given(text, *last) {
        score if context > Context::None || score == 4 => score,
        _ => 0,
    };
    // `John D. Smith`, `J. Smith`.
    let has_initial = words[..words.len() - 1]
        .iter()
        .any(|word| word.kind == WordKind::Initial);
    let has_particle = words.iter().any(|word| word.kind == WordKind::Particle);
    let score = forward.max(backward)
        + u8::from(has_initial && forward > 0)
        + u8::from(has_particle && context > Context::None)
        + 2 * u8::from(has_van(text, words))
        + u8::from(context == Context::Deed && !is_common);
    let looks_odd = words.iter().any(|word| {
        word.is_full()
            && word.flags & (GIVEN | FAMILY | MAYBE_GIVEN | MAYBE_FAMILY) == 0
            && looks_common(text, *word)
    });
    let is_plain = !is_common && !looks_odd;
    let needed = match context {
        Context::Title => u8::MAX,
        Context::Thing => 4,
        Context::Person if is_plain => 0,
        Context::Actor if is_plain && !is_shouted => 0,
        Context::Person | Context::Actor | Context::Key | Context::Maybe if !is_common => 2,
        _ if is_common || looks_odd || is_shouted => 3,
        _ => 2,
    };
    // Two words that both mean something else need to be announced.
    let is_known = |word: &Word| word.flags & (GIVEN | FAMILY) != 0;
    let is_announced = context > Context::None && context != Context::Key;
    full >= 1
        && score >= needed
        && (context > Context::None || !is_shouted)
        && (is_announced
            || is_known(leading)
            || is_known(first)
            || is_known(last)
            || has_van(text, words))
        && (full >= 2 || has_initial)
}

/// `Conny Van den Bergh`, `Ruud van der Meer`: two particles in a row, the first perhaps with a capital.
fn has_van(text: &str, words: &[Word]) -> bool {
    words.len() >= 4
        && words[1..].windows(2).any(|pair| {
            let first = &text[pair[0].start..pair[0].end];
            matches!(first, "Van" | "van" | "Von" | "von" | "De" | "de")
                && pair[1].kind == WordKind::Particle
        })
}

/// One word alone: after a title or a role, or a given name that is nothing else behind `user` and its like.
fn is_single(text: &str, word: Word, context: Context, is_doubtful: bool) -> bool {
    let known = given(text, word).max(family(text, word));
    match context {
        Context::Person => !is_doubtful && (known >= 1 || !looks_common(text, word)),
        Context::Actor => !is_doubtful && word.flags & GIVEN != 0,
        _ => !is_doubtful && word.flags & GIVEN != 0 && is_spoken_of(text, word.start, word.end),
    }
}
