//! What stands around a row of words: who is named there, and how sure that is.

use super::super::lexicon::{ACTOR, BEFORE_A_NAME, DEED, Lexicon, ROLE, TITLE};

/// How far before a row is looked, bytes.
const BEFORE_BYTES: usize = 48;
/// How far around a field `name` is looked for what makes it the name of a person, bytes.
const AROUND_BYTES: usize = 72;

/// What stands around a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Context {
    None,
    /// `for`, `to`: a name may follow, or anything else.
    Maybe,
    /// `name=`, `"name": "`.
    Key,
    /// `user`, `approved by`, `refund for`: a person, if two words can be one.
    Actor,
    /// `customer`, `Mrs`, `customer_name=`, `<ada@example.org>` behind.
    Person,
}

/// The word that ends a text and where it begins.
fn last_word(text: &str) -> (usize, &str) {
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    (start, &text[start..])
}

/// What stands before the place where a row begins.
pub(super) fn before_row(lexicon: &Lexicon, text: &str, start: usize) -> Context {
    let from = text.floor_char_boundary(start.saturating_sub(BEFORE_BYTES));
    let head = &text[from..start];
    // `<name>Rosa Ueda</name>`
    if let Some(tag) = head.strip_suffix('>') {
        let (tag_start, key) = last_word(tag);
        if tag[..tag_start].ends_with('<') && !key.is_empty() {
            return of_key(lexicon, text, start, key);
        }
    }
    let tail = head.trim_end_matches([' ', '"', '\'', '\\', '(', '[', '.', '<', '+', '*']);
    // `Dear Rosa`, but `Ueda: Rosa` and `x=Rosa` have a key.
    let (tail, is_key) = match tail.strip_suffix(['=', ':']) {
        Some(name) => (name.trim_end_matches(['"', '\'', '\\', ' ', ']']), true),
        None => (tail, false),
    };
    let (word_start, word) = last_word(tail);
    if word.is_empty() {
        return Context::None;
    }
    if is_key && !is_number(word) {
        return of_key(lexicon, text, start, word);
    }
    // `customer 12 (Rosa Ueda)`
    let (word_start, word) = if is_number(word) {
        last_word(tail[..word_start].trim_end_matches([' ', '#', '=', ':']))
    } else {
        (word_start, word)
    };
    let flags = lexicon.flags_of(word.trim_end_matches('.'));
    if flags & (ROLE | TITLE) != 0 {
        return Context::Person;
    }
    if flags & ACTOR != 0 {
        return Context::Actor;
    }
    if flags & BEFORE_A_NAME != 0 {
        // `approved by Rosa Ueda`, `refund for Rosa Ueda`, `order 12 from Rosa Ueda`.
        return if is_deed(lexicon, &tail[..word_start]) {
            Context::Actor
        } else {
            Context::Maybe
        };
    }
    if word == "is"
        && tail[..word_start]
            .trim_end()
            .to_ascii_lowercase()
            .ends_with("name")
    {
        return Context::Person;
    }
    Context::None
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the word at the end, a number aside, is something that people do or get.
fn is_deed(lexicon: &Lexicon, head: &str) -> bool {
    let mut head = head.trim_end();
    for _ in 0..2 {
        let (start, word) = last_word(head);
        if lexicon.flags_of(word) & DEED != 0 {
            return true;
        }
        if !word.bytes().any(|byte| byte.is_ascii_digit()) {
            return false;
        }
        head = head[..start].trim_end_matches([' ', '#', '=']);
    }
    false
}

/// `customer_name`, `cardHolder`, `name`, `author`.
fn of_key(lexicon: &Lexicon, text: &str, start: usize, key: &str) -> Context {
    let last = key.rsplit(['_', '-', '.']).next().unwrap_or(key);
    let lower = last.to_ascii_lowercase();
    if lower == "name" {
        let is_alone = last.len() == key.len();
        return if !is_alone {
            Context::Maybe
        } else if is_in_a_person(text, start) {
            Context::Person
        } else {
            Context::Key
        };
    }
    let holds_role = lower.strip_suffix("name").unwrap_or(&lower);
    let flags = lexicon.get(holds_role);
    if flags & (ROLE | TITLE) != 0 || matches!(lower.as_str(), "cardholder" | "accountholder") {
        Context::Person
    } else if flags & ACTOR != 0 || matches!(holds_role, "by" | "from" | "to" | "cc" | "bcc") {
        Context::Actor
    } else if flags & BEFORE_A_NAME != 0 {
        Context::Maybe
    } else {
        Context::None
    }
}

/// Whether the fields beside `name` are those of a person: an address, a telephone, an object `user` around.
fn is_in_a_person(text: &str, start: usize) -> bool {
    const BESIDE: [&str; 15] = [
        "street", "postal", "postcode", "email", "e-mail", "phone", "mobile", "birth", "dob",
        "gender", "surname", "address", "ssn", "iban", "passport",
    ];
    const AROUND: [&str; 12] = [
        "user",
        "customer",
        "patient",
        "employee",
        "person",
        "contact",
        "member",
        "recipient",
        "sender",
        "guest",
        "passenger",
        "holder",
    ];
    let from = text.floor_char_boundary(start.saturating_sub(AROUND_BYTES));
    let to = text.ceil_char_boundary((start + AROUND_BYTES).min(text.len()));
    let head = text[from..start].to_ascii_lowercase();
    let tail = text[start..to].to_ascii_lowercase();
    BESIDE
        .iter()
        .any(|word| head.contains(word) || tail.contains(word))
        || AROUND.iter().any(|word| {
            head.match_indices(word).any(|(at, _)| {
                // An object or a word of its own, no `username-service`.
                let rest = &head[at + word.len()..];
                rest.starts_with(['"', '\'', ':', ' ', '\\', '>'])
            })
        })
}

/// Whether an e-mail address or a telephone number stands right behind: `Rosa Ueda <ueda@`, `Rosa Ueda,ueda@`, `'Rosa Ueda', 'ueda@`.
pub(super) fn is_before_an_address(text: &str, end: usize) -> bool {
    let rest = &text[end..];
    let marks = rest
        .bytes()
        .take(6)
        .take_while(|byte| {
            matches!(
                byte,
                b' ' | b'<'
                    | b'('
                    | b'"'
                    | b'\''
                    | b','
                    | b';'
                    | b'|'
                    | b'\t'
                    | b'['
                    | b'\\'
                    | b'/'
                    | b'-'
            )
        })
        .count();
    if marks == 0 {
        return false;
    }
    let rest = &rest.as_bytes()[marks..];
    let local = rest
        .iter()
        .take(48)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-')
        })
        .count();
    let domain = rest.get(local + 1..).map_or(0, |rest| {
        rest.iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count()
    });
    local >= 2 && rest.get(local) == Some(&b'@') && domain >= 2
}
