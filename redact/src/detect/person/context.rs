//! What stands around a row of words: who is named there, and how sure that is.

use super::super::lexicon::{ACTOR, BEFORE_A_NAME, COMMON, DEED, Lexicon, ROLE, TITLE};

/// How far before a row is looked, bytes.
const BEFORE_BYTES: usize = 48;
/// How far around a field `name` is looked for what makes it the name of a person, bytes.
const AROUND_BYTES: usize = 72;

/// What stands around a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Context {
    None,
    /// `requested a refund` behind: what people do, and programs sometimes.
    Deed,
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
    if closes_a_letter(head) {
        return Context::Actor;
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
    if flags & ACTOR != 0 || is_french_client(word, &tail[..word_start]) {
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

/// `Kind regards,` and its like in other languages, and the end of a line: who wrote the letter stands below.
fn closes_a_letter(head: &str) -> bool {
    const CLOSINGS: [&str; 21] = [
        "regards",
        "sincerely",
        "yours faithfully",
        "yours truly",
        "cheers",
        "many thanks",
        "viele grüße",
        "freundlichen grüßen",
        "freundlichen grüssen",
        "beste grüße",
        "liebe grüße",
        "cordialement",
        "sincères salutations",
        "saludos",
        "atentamente",
        "atenciosamente",
        "cordiali saluti",
        "distinti saluti",
        "met vriendelijke groet",
        "pozdrawiam",
        "hälsningar",
    ];
    let line = head
        .strip_suffix("\\n")
        .map(|line| line.trim_end_matches("\\r"))
        .or_else(|| head.strip_suffix('\n'));
    let Some(line) = line else {
        return false;
    };
    let lower = line
        .trim_end_matches([' ', ',', '!', '\r', '\n'])
        .to_lowercase();
    CLOSINGS.iter().any(|closing| lower.ends_with(closing))
}

/// `le client`: a customer; `client` alone is a program nearly always.
fn is_french_client(word: &str, head: &str) -> bool {
    word.eq_ignore_ascii_case("client")
        && ["le ", "du ", "au ", "un ", "notre "]
            .iter()
            .any(|article| head.to_ascii_lowercase().ends_with(article))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the word at the end, a number or other names aside, is something that people do or get: `approved`,
/// `refund 12`, `assigned to Ada Moreau`.
fn is_deed(lexicon: &Lexicon, head: &str) -> bool {
    let mut head = head.trim_end();
    for _ in 0..5 {
        let (start, word) = last_word(head);
        let flags = lexicon.flags_of(word);
        if flags & DEED != 0 {
            return true;
        }
        let is_number = word.bytes().any(|byte| byte.is_ascii_digit());
        let is_name = word.starts_with(char::is_uppercase) && flags & COMMON == 0;
        if !is_number && !is_name && flags & BEFORE_A_NAME == 0 {
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
    // `cn=Rosa Ueda,ou=People`
    if lower == "cn" {
        let to = text.ceil_char_boundary((start + AROUND_BYTES).min(text.len()));
        let is_of_people = ["ou=", "dc=", "o="]
            .iter()
            .any(|part| text[start..to].to_ascii_lowercase().contains(part));
        return if is_of_people {
            Context::Actor
        } else {
            Context::Maybe
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
    const BESIDE: [&str; 20] = [
        "taxid",
        "tax_id",
        "nationality",
        "zipcode",
        "passwd",
        "street",
        "postal",
        "postcode",
        "email",
        "e-mail",
        "phone",
        "mobile",
        "birth",
        "dob",
        "gender",
        "surname",
        "address",
        "ssn",
        "iban",
        "passport",
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
    let rest = rest[marks..]
        .trim_start_matches("sips:")
        .trim_start_matches("sip:")
        .trim_start_matches("tel:")
        .as_bytes();
    // `"Rosa Ueda" <+14155550132>`
    let digits = rest
        .iter()
        .skip(1)
        .take(16)
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))
        .count();
    if rest.first() == Some(&b'+') && digits >= 8 {
        return true;
    }
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

/// Whether one given name alone is spoken of as people are: `said Rosa`, `Rosa lives`, `my name is Rosa`.
pub(super) fn is_spoken_of(text: &str, start: usize, end: usize) -> bool {
    const BEFORE: [&str; 22] = [
        "name is ",
        "name's ",
        "named him ",
        "named her ",
        "calls me ",
        "call me ",
        "called me ",
        "i'm ",
        "i am ",
        "this is ",
        "said ",
        "told ",
        "leave me ",
        "remember me, ",
        "here's ",
        "why is ",
        "thanks ",
        "thanks, ",
        "regards, ",
        "regards,\n",
        "cheers, ",
        "sincerely, ",
    ];
    const BEHIND: [&str; 36] = [
        " said ",
        " says ",
        " lives ",
        " lived ",
        " wrote ",
        " writes ",
        " asked ",
        " asks ",
        " told ",
        " replied ",
        " answered ",
        " called to ",
        " called and ",
        " phoned ",
        " texted ",
        " emailed ",
        " complained ",
        " thinks ",
        " wants ",
        " would like ",
        " had given ",
        " has given ",
        " gave ",
        " spent ",
        " is from ",
        " is a very ",
        " was born ",
        " was influenced ",
        " just ",
        " speaks ",
        ", can i ",
        ", could you ",
        ", can you ",
        "'s address",
        "'s phone",
        "'s birthday",
    ];
    let from = text.floor_char_boundary(start.saturating_sub(16));
    let to = text.ceil_char_boundary((end + 16).min(text.len()));
    let head = text[from..start].to_ascii_lowercase();
    let tail = text[end..to].to_ascii_lowercase();
    BEFORE.iter().any(|words| head.ends_with(words))
        || BEHIND.iter().any(|words| tail.starts_with(words))
}

/// Whether what people do to things stands right behind two words: `requested a refund`, `uploaded contract.pdf`.
pub(super) fn is_before_a_deed(text: &str, end: usize) -> bool {
    const DEEDS: [&str; 40] = [
        "born ",
        "(born ",
        "requested a ",
        "requested the ",
        "asked ",
        "uploaded ",
        "signed ",
        "complained ",
        "ordered ",
        "booked ",
        "cancelled ",
        "canceled ",
        "paid ",
        "bought ",
        "called ",
        "phoned ",
        "wrote ",
        "replied ",
        "submitted a ",
        "submitted the ",
        "filed ",
        "moved to ",
        "checked in",
        "checked out",
        "logged in",
        "logged out",
        "signed in",
        "signed up",
        "changed his ",
        "changed her ",
        "changed their ",
        "has left ",
        "joined ",
        "subscribed ",
        "unsubscribed",
        "picked up ",
        "did not show",
        "commented ",
        "lives ",
        "works ",
    ];
    let Some(rest) = text[end..].strip_prefix(' ') else {
        return false;
    };
    DEEDS.iter().any(|deed| rest.starts_with(deed))
}
