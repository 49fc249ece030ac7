//! Finds the values. Each rule looks at the text once; none backtracks.

mod address;
mod assignment;
mod code;
mod command;
mod encoded;
mod header;
mod hl7;
mod host;
mod identity;
mod key_name;
pub(crate) mod lexicon;
mod number;
mod pem;
mod person;
mod phone;
mod place;
mod shape;
mod sql;
mod token;
mod url;

use std::borrow::Cow;
use std::collections::HashSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::Kind;

/// A stretch of a text that must not leave, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Where it begins.
    pub start: usize,
    /// The place after it.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

pub(crate) use Found as Finding;

/// What a keyword hit leads to.
#[derive(Debug, Clone, Copy)]
enum Trigger {
    /// A provider's key begins here.
    Token(usize),
    /// Part of the name of a secret.
    Name,
    /// `authorization`, `bearer`, `basic`.
    Authorization,
    Cookie,
    PrivateKey,
    /// A word that says what the number behind it is.
    Announced(identity::Announced),
    ShortDegrees,
    /// `www.`
    Host,
    /// The folder of all homes.
    Home,
    PostBox,
    ForeignPostBox,
    /// What announces a postal address, and whether it may announce other things.
    Place(bool),
    /// `IDENTIFIED BY`.
    Identified,
    /// `VALUES` of SQL.
    Values,
    /// `/user:` of `net use`.
    NetUse,
    /// `"auth"` of a container registry.
    Registry,
    /// `8Q~` of a secret of Azure.
    Azure,
    /// `:AA` of a Telegram token.
    Bot,
    /// `:APA91b` of a device of Firebase.
    Firebase,
    /// `?code=` of a login elsewhere.
    Code,
    /// `ConvertTo-SecureString`.
    SecureString,
    /// `net user`.
    NetUser,
    /// `sqlplus`, `jdbc:oracle:thin:`.
    Oracle,
    /// `PID|` of HL7.
    Segment,
    /// `Password:` in base64, as mail servers ask for it.
    Prompt,
    /// `response="` of a login by digest.
    Response,
    /// `crypt(` of PostgreSQL.
    Crypt,
    /// `rabbitmqctl add_user`: how many words stand before the password.
    Positional(usize),
}

/// Keywords in one automaton, so that text without any costs one pass.
#[derive(Debug)]
pub(crate) struct Detector {
    keywords: AhoCorasick,
    triggers: Vec<Trigger>,
    lexicon: lexicon::Lexicon,
}

impl Detector {
    pub fn new() -> Self {
        let mut words: Vec<Cow<'static, str>> = Vec::new();
        let mut triggers = Vec::new();
        for (index, form) in token::FORMS.iter().enumerate() {
            words.push(form.prefix.into());
            triggers.push(Trigger::Token(index));
        }
        let passwords = key_name::PASSWORD_WORDS.iter();
        for stem in key_name::STEMS
            .iter()
            .chain(passwords)
            .copied()
            .chain(key_name::foreign_stems())
        {
            for word in spellings(stem) {
                words.push(word);
                triggers.push(Trigger::Name);
            }
        }
        let mut written = HashSet::new();
        for (word, announced) in identity::WORDS {
            for word in spellings(word).chain(joined(word)) {
                if written.insert(word.clone()) {
                    words.push(word);
                    triggers.push(Trigger::Announced(announced));
                }
            }
        }
        for word in command::ORACLE {
            words.push(word.into());
            triggers.push(Trigger::Oracle);
        }
        for (word, skipped) in command::POSITIONAL {
            words.push(word.into());
            triggers.push(Trigger::Positional(skipped));
        }
        for word in hl7::WORDS {
            words.push(word.into());
            triggers.push(Trigger::Segment);
        }
        for word in identity::SHORT_DEGREES {
            words.push(word.into());
            triggers.push(Trigger::ShortDegrees);
        }
        for word in place::POST_BOXES {
            words.push(word.into());
            triggers.push(Trigger::ForeignPostBox);
        }
        for (word, is_doubtful) in place::WORDS {
            words.push(word.into());
            triggers.push(Trigger::Place(is_doubtful));
        }
        for (word, trigger) in [
            ("www.", Trigger::Host),
            ("/home/", Trigger::Home),
            ("/users/", Trigger::Home),
            ("\\users\\", Trigger::Home),
            ("box ", Trigger::PostBox),
            ("identified by ", Trigger::Identified),
            ("\"auth\"", Trigger::Registry),
            ("\"auth\\\"", Trigger::Registry),
            ("/user:", Trigger::NetUse),
            ("values", Trigger::Values),
            ("q~", Trigger::Azure),
            (":aa", Trigger::Bot),
            (":apa91b", Trigger::Firebase),
            ("?code=", Trigger::Code),
            (" code=", Trigger::Code),
            ("&code=", Trigger::Code),
            ("code_verifier=", Trigger::Code),
            ("?ticket=", Trigger::Code),
            ("?appid=", Trigger::Code),
            ("&appid=", Trigger::Code),
            ("securestring ", Trigger::SecureString),
            ("net user ", Trigger::NetUser),
            (encoded::PROMPT, Trigger::Prompt),
            ("response=\"", Trigger::Response),
            ("crypt(", Trigger::Crypt),
            ("ssws ", Trigger::Authorization),
            ("geniekey ", Trigger::Authorization),
            ("\\documents and settings\\", Trigger::Home),
            ("authorization", Trigger::Authorization),
            ("bearer ", Trigger::Authorization),
            ("basic ", Trigger::Authorization),
            ("cookie", Trigger::Cookie),
            ("-----begin ", Trigger::PrivateKey),
        ] {
            words.push(word.into());
            triggers.push(trigger);
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words.iter().map(|word| &**word))
            .expect("a few hundred short words fit the automaton");
        Self {
            keywords,
            triggers,
            lexicon: lexicon::Lexicon::new(),
        }
    }

    /// What is known about words.
    pub fn lexicon(&self) -> &lexicon::Lexicon {
        &self.lexicon
    }

    /// Everything found in `text`, in no order, perhaps overlapping.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut found = self.find_plain(text);
        encoded::find(self, text, &mut found);
        found
    }

    /// The same without a look into base64.
    fn find_plain(&self, text: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        // Where the last name ended: overlapping stems of one name are read once.
        let mut name_end = 0;
        // Where the last secret ended: keywords inside it say nothing new, and following them would cost a scan each.
        let mut covered = 0;
        for hit in self.keywords.find_overlapping_iter(text) {
            if hit.end() < covered {
                continue;
            }
            let known = found.len();
            match self.triggers[hit.pattern().as_usize()] {
                Trigger::Token(form) => {
                    token::find(text, hit.start(), &token::FORMS[form], &mut found)
                }
                Trigger::Name if hit.start() >= name_end => {
                    name_end =
                        assignment::find(&self.lexicon, text, hit.start(), hit.end(), &mut found);
                }
                Trigger::Name => {}
                Trigger::Authorization => {
                    header::authorization(text, hit.start(), hit.end(), &mut found)
                }
                Trigger::Cookie => header::cookie(text, hit.end(), &mut found),
                Trigger::PrivateKey => pem::private_key(text, hit.start(), &mut found),
                Trigger::Announced(what) => {
                    identity::after_word(text, hit.start(), hit.end(), what, &mut found);
                }
                Trigger::ShortDegrees => {
                    identity::short_degrees(text, hit.start(), hit.end(), &mut found);
                }
                Trigger::Host => host::bare(text, hit.start(), &mut found),
                Trigger::Home => host::account(text, hit.start(), hit.end(), &mut found),
                Trigger::PostBox => {
                    place::post_box(&self.lexicon, text, hit.start(), hit.end(), &mut found);
                }
                Trigger::ForeignPostBox => {
                    let (start, end) = (hit.start(), hit.end());
                    place::foreign_post_box(&self.lexicon, text, start, end, &mut found);
                }
                Trigger::Place(is_doubtful) => {
                    place::announced(&self.lexicon, text, hit.end(), is_doubtful, &mut found);
                }
                Trigger::Identified => assignment::identified(text, hit.end(), &mut found),
                Trigger::Values => {
                    sql::values(&self.lexicon, text, hit.start(), hit.end(), &mut found);
                }
                Trigger::NetUse => command::net_use(text, hit.end(), &mut found),
                Trigger::Registry => header::registry(text, hit.end(), &mut found),
                Trigger::Azure => token::azure(text, hit.start(), &mut found),
                Trigger::Bot => token::telegram(text, hit.start(), &mut found),
                Trigger::Firebase => token::firebase(text, hit.start(), &mut found),
                Trigger::Code => {
                    code::of_login(text, hit.start(), hit.end(), &mut found);
                }
                Trigger::SecureString => command::secure_string(text, hit.end(), &mut found),
                Trigger::NetUser => {
                    command::net_user(text, hit.start(), hit.end(), &mut found);
                }
                Trigger::Oracle => command::oracle(text, hit.start(), hit.end(), &mut found),
                Trigger::Segment => hl7::segment(text, hit.start(), &mut found),
                Trigger::Prompt => encoded::answer(text, hit.end(), &mut found),
                Trigger::Crypt => assignment::crypted(text, hit.end(), &mut found),
                Trigger::Response => header::response(text, hit.end(), &mut found),
                Trigger::Positional(skipped) => {
                    command::positional(text, hit.end(), skipped, &mut found);
                }
            }
            let ends = found[known..].iter().map(|finding| finding.end);
            covered = covered.max(ends.max().unwrap_or(0));
        }
        pem::lines_of_key(text, &mut found);
        url::find(text, &mut found);
        command::find(text, &mut found);
        address::emails(text, &mut found);
        address::network(text, &mut found);
        number::find(&self.lexicon, text, &mut found);
        person::find(&self.lexicon, text, &mut found);
        phone::find(text, &mut found);
        forged(text, &mut found);
        found
    }
}

/// A name as it is written and, where it has underscores, with dashes: `given_name`, `given-name`.
fn spellings(word: &'static str) -> impl Iterator<Item = Cow<'static, str>> {
    let dashed = word.contains('_').then(|| word.replace('_', "-").into());
    std::iter::once(word.into()).chain(dashed)
}

/// Words with a space between them as programs write them: `pin_code`, `pin-code`, `pincode`.
fn joined(word: &'static str) -> impl Iterator<Item = Cow<'static, str>> {
    let is_name = word.trim_end().contains(' ')
        && word
            .chars()
            .all(|character| character.is_alphanumeric() || character == ' ')
        && !word.ends_with(' ');
    ["_", "-", ""]
        .into_iter()
        .filter(move |_| is_name)
        .map(|mark| word.replace(' ', mark).into())
}

/// `<WORD_1:letters>`: the form of our pseudonyms. One in the input was not put there by us; as a value of its own it
/// gets a pseudonym and comes back as the text that it is.
fn forged(text: &str, found: &mut Vec<Finding>) {
    for open in memchr::memchr_iter(b'<', text.as_bytes()) {
        let rest = &text[open + 1..];
        let name = rest
            .bytes()
            .take(32)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        if name == 0 || rest.as_bytes().get(name) != Some(&b':') || !rest[..name].contains('_') {
            continue;
        }
        let letters = rest[name + 1..]
            .bytes()
            .take(32)
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let end = name + 1 + letters;
        if letters > 0 && rest.as_bytes().get(end) == Some(&b'>') {
            found.push(Finding {
                start: open,
                end: open + end + 2,
                kind: Kind::Forged,
            });
        }
    }
}

/// Findings in order without overlaps: where they overlap, their union is taken under the name of the weightiest, so
/// that nothing which any rule claimed is left.
pub(crate) fn merged(mut found: Vec<Finding>) -> Vec<Finding> {
    found.retain(|finding| finding.start < finding.end);
    found.sort_unstable_by_key(|finding| (finding.start, usize::MAX - finding.end));
    let mut merged: Vec<Finding> = Vec::with_capacity(found.len());
    for finding in found {
        match merged.last_mut() {
            Some(last) if finding.start < last.end => {
                last.end = last.end.max(finding.end);
                if finding.kind.weight() > last.kind.weight() {
                    last.kind = finding.kind;
                }
            }
            _ => merged.push(finding),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
