//! What stands around a row of words: who is named there, and how sure that is.

use super::super::lexicon::{ACTOR, BEFORE_A_NAME, COMMON, DEED, Lexicon, ROLE, THING, TITLE};

/// How far before a row is looked, bytes.
const BEFORE_BYTES: usize = 48;
/// How far around a field `name` is looked for what makes it the name of a person, bytes.
const AROUND_BYTES: usize = 72;

/// What stands around a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Context {
    /// `product "`: a thing in quotes.
    Title,
    /// `product`: a thing that may be called like somebody.
    Thing,
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
    // `St. James`
    let is_saint = matches!(word.trim_end_matches('.'), "St" | "Ste" | "Saint" | "Sankt");
    if flags & THING != 0 || is_saint {
        return as_thing(head);
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

/// `name` in several languages, `Nm` of payments (ISO 20022) and `FN` of vCard.
const NAME_FIELDS: [&str; 9] = [
    "name", "nm", "fn", "nombre", "nome", "nom", "naam", "navn", "namn",
];

/// `customer_name`, `cardHolder`, `name`, `author`.
fn of_key(lexicon: &Lexicon, text: &str, start: usize, key: &str) -> Context {
    let last = key.rsplit(['_', '-', '.']).next().unwrap_or(key);
    let lower = last.to_ascii_lowercase();
    if NAME_FIELDS.contains(&lower.as_str()) {
        let is_alone = last.len() == key.len();
        let owner = key[..key.len() - last.len()].trim_end_matches(['_', '-', '.']);
        let owner = owner.rsplit(['_', '-', '.']).next().unwrap_or(owner);
        return if lexicon.flags_of(owner) & THING != 0 {
            as_thing(&text[..start])
        } else if !is_alone {
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
        // `ATTENDEE;CN="Rosa Ueda"` of a calendar (RFC 5545).
        let from = text.floor_char_boundary(start.saturating_sub(AROUND_BYTES));
        let is_invited = ["ATTENDEE", "ORGANIZER"]
            .iter()
            .any(|word| text[from..start].contains(word));
        return if is_invited {
            Context::Person
        } else if is_of_people {
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
    } else if flags & THING != 0 {
        as_thing(&text[..start])
    } else {
        Context::None
    }
}

/// What is in quotes behind the word for a thing is its title, whatever it is called like.
fn as_thing(head: &str) -> Context {
    if head.ends_with(['"', '\'', '\u{201c}']) {
        Context::Title
    } else {
        Context::Thing
    }
}

/// Whether the fields beside `name` are those of a person: an address, a telephone, an object `user` around.
fn is_in_a_person(text: &str, start: usize) -> bool {
    const BESIDE: [&str; 31] = [
        "vcard",
        "nif",
        "dni",
        "cpf",
        "apellido",
        "correo",
        "telefon",
        "teléfono",
        "nascimento",
        "nacimiento",
        "geburt",
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
    const AROUND: [&str; 23] = [
        "cliente",
        "kunde",
        "klant",
        "usuario",
        "paciente",
        "empleado",
        "debtor",
        "creditor",
        "dbtr",
        "cdtr",
        "payer",
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
