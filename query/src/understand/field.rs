//! Values that records name, to count by: "which IPs", "top 5 users", "by path", "per region".

use serde::{Deserialize, Serialize};

use super::{Claim, Reading, vocabulary};

/// A value that records name, in a slot of their pattern or in an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// An IP address.
    Address,
    /// A host name.
    Host,
    /// The name of a user.
    User,
    /// A path.
    Path,
    /// A URL.
    Url,
    /// A status code.
    Status,
    /// A port.
    Port,
    /// An id.
    Id,
    /// The attribute with this key.
    Attribute(String),
}

impl Field {
    /// The word for one such value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Address => "address",
            Self::Host => "host",
            Self::User => "user",
            Self::Path => "path",
            Self::Url => "url",
            Self::Status => "status",
            Self::Port => "port",
            Self::Id => "id",
            Self::Attribute(key) => key,
        }
    }
}

/// Words that may stand between "which" or "top" and the field.
const BETWEEN: [&str; 17] = [
    "requested",
    "affected",
    "often",
    "popular",
    "most",
    "frequent",
    "common",
    "active",
    "different",
    "distinct",
    "unique",
    "the",
    "all",
    "source",
    "client",
    "remote",
    "of",
];
/// How many of them.
const MAX_BETWEEN: usize = 3;

/// The field that the free word at `at` names, and how many words do so.
pub(super) fn here(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    let next = reading.free(at + 1);
    Some(match reading.free(at) {
        "ip" | "ips" if matches!(next, "address" | "addresses") => (Field::Address, 2),
        "ip" | "ips" | "address" | "addresses" | "ip-address" | "adress" | "adresses" => {
            (Field::Address, 1)
        }
        "client" | "clients" | "attacker" | "attackers" | "source" | "sources" | "rhost"
        | "rhosts"
            if attribute(reading, at)
                .or_else(|| key_of_pairs(reading, at))
                .is_none() =>
        {
            (Field::Address, 1)
        }
        "client" | "clients" | "source" | "sources" => {
            return attribute(reading, at).or_else(|| key_of_pairs(reading, at));
        }
        "host" | "hosts" | "hostname" | "hostnames" if matches!(next, "name" | "names") => {
            (Field::Host, 2)
        }
        "host" | "hosts" | "hostname" | "hostnames" => (Field::Host, 1),
        // "user agent" is something else.
        "user" | "users" if matches!(next, "agent" | "agents") => return attribute(reading, at),
        "user" | "users" if matches!(next, "name" | "names") => (Field::User, 2),
        "user" | "users" | "username" | "usernames" => (Field::User, 1),
        "path" | "paths" => (Field::Path, 1),
        "url" | "urls" => (Field::Url, 1),
        "http" | "response" if matches!(next, "code" | "codes" | "status" | "statuses") => {
            (Field::Status, 2)
        }
        "status" | "statuses" if matches!(next, "code" | "codes") => (Field::Status, 2),
        "status" | "statuses" => (Field::Status, 1),
        "endpoint" | "endpoints" | "route" | "routes" => (Field::Path, 1),
        "account" | "accounts" if attribute(reading, at).is_none() => (Field::User, 1),
        "server" | "servers" | "machine" | "machines" if attribute(reading, at).is_none() => {
            (Field::Host, 1)
        }
        "node" | "nodes" | "box" | "boxes" | "vm" | "vms" | "pod" | "pods"
            if attribute(reading, at)
                .or_else(|| slot(reading, at))
                .is_none() =>
        {
            (Field::Host, 1)
        }
        "port" | "ports" => (Field::Port, 1),
        "id" | "ids" => (Field::Id, 1),
        _ => return attribute(reading, at),
    })
}

/// Words for what writes records: programs keep it as their component.
const WRITERS: [&str; 20] = [
    "component",
    "components",
    "module",
    "modules",
    "tag",
    "tags",
    "logger",
    "loggers",
    "program",
    "programs",
    "process",
    "processes",
    "subsystem",
    "subsystems",
    "class",
    "classes",
    "package",
    "daemon",
    "daemons",
    "executable",
];

/// What records keep the word for their writer as; also where patterns call something else so, when the word behind tells
/// that it writes: "which tag logs the most".
fn writer(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    if !WRITERS.contains(&reading.free(at)) {
        return None;
    }
    let key = reading
        .context
        .attributes
        .iter()
        .find(|key| matches!(key.as_str(), "component" | "logger" | "program"))?;
    Some((Field::Attribute(key.clone()), 1))
}

/// Whether a word says that something writes records.
fn is_writing(word: &str) -> bool {
    matches!(
        word,
        "log"
            | "logs"
            | "logged"
            | "write"
            | "writes"
            | "wrote"
            | "emit"
            | "emits"
            | "print"
            | "prints"
    )
}

/// Where something goes to, which patterns hold as a host, and who sent it: what stands behind `from=`.
fn destination(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    let is_from = reading.context.slots.iter().any(|slot| slot == "from");
    if is_from && matches!(reading.free(at), "sender" | "senders") {
        let is_address = matches!(reading.free(at + 1), "address" | "addresses");
        let length = 1 + usize::from(is_address);
        return Some((Field::Attribute("from".to_owned()), length));
    }
    matches!(
        reading.free(at),
        "destination"
            | "destinations"
            | "target"
            | "targets"
            | "domain"
            | "domains"
            | "site"
            | "sites"
            | "website"
            | "websites"
    )
    .then_some((Field::Host, 1))
}

/// Whether what follows a field is what it did: "which user failed", and no name of one.
fn is_verb(word: &str) -> bool {
    word.ends_with("ed")
        || word.ends_with("ing")
        || word.ends_with('s')
        || matches!(word, "had" | "sent" | "wrote" | "did" | "most" | "got")
}

/// An attribute whose key, or the last part of it, is the word or what it is the plural of.
fn attribute(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    let word = reading.free(at);
    if word.len() < 2 || is_reserved(word) {
        return None;
    }
    let singular = word.strip_suffix('s').filter(|stem| stem.len() > 1);
    let is_it = |name: &str| name == word || Some(name) == singular;
    let keys = || reading.context.attributes.iter();
    // `patient_id` and `patientId` name a patient.
    let is_id_of = |key: &str| {
        ["_id", ".id", "-id", "_name", ".name", "_no", "id"]
            .iter()
            .filter_map(|ending| key.strip_suffix(ending))
            .any(is_it)
    };
    let key = keys()
        .find(|key| is_it(&key.to_lowercase()))
        .or_else(|| {
            keys().find(|key| {
                let key = key.to_lowercase();
                key.rsplit(['.', '_', '-']).next().is_some_and(is_it)
            })
        })
        .or_else(|| keys().find(|key| is_id_of(&key.to_lowercase())))?;
    Some((Field::Attribute(key.clone()), 1))
}

/// "client" and "source" where patterns keep something else under them than an address: `client=ios`.
fn key_of_pairs(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    matches!(
        reading.free(at),
        "client" | "clients" | "source" | "sources"
    )
    .then(|| slot(reading, at))
    .flatten()
}

/// A word before values in patterns, or what it is the plural of.
fn slot(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    let word = reading.free(at);
    let is_reason = matches!(word, "reason" | "reasons" | "cause" | "causes");
    if word.len() < 2 || is_reserved(word) && !is_reason {
        return None;
    }
    let singular = word.strip_suffix('s');
    let key = reading
        .context
        .slots
        .iter()
        .find(|key| key.as_str() == word || Some(key.as_str()) == singular)?;
    Some((Field::Attribute(key.clone()), 1))
}

/// The field that is grouped by at `at`: as [`here`], and what only patterns name.
pub(super) fn grouped(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    let is_writer = is_writing(reading.free(at + 1));
    here(reading, at)
        .or_else(|| writer(reading, at).filter(|_| is_writer))
        .or_else(|| slot(reading, at))
        .or_else(|| writer(reading, at))
        .or_else(|| destination(reading, at))
}

/// A field of which how many there are is asked: that of machines also where patterns name them.
fn counted(reading: &Reading<'_>, at: usize) -> Option<(Field, usize)> {
    // Each record tells of one of these, whatever id an attribute keeps of it.
    let is_told_once = matches!(
        reading.free(at),
        "request"
            | "requests"
            | "response"
            | "responses"
            | "call"
            | "calls"
            | "query"
            | "queries"
            | "event"
            | "events"
            | "operation"
            | "operations"
            | "connection"
            | "connections"
    );
    if is_told_once {
        return None;
    }
    let is_machine = matches!(
        reading.free(at),
        "node" | "nodes" | "vm" | "vms" | "pod" | "pods"
    );
    here(reading, at).or_else(|| is_machine.then(|| slot(reading, at)).flatten())
}

/// Words with a meaning of their own in questions, whatever attributes are called.
pub(super) fn is_reserved(word: &str) -> bool {
    vocabulary::is_filler(word)
        || matches!(
            word,
            "error"
                | "errors"
                | "warning"
                | "warnings"
                | "failure"
                | "failures"
                | "exception"
                | "exceptions"
                | "template"
                | "templates"
                | "type"
                | "types"
                | "app"
                | "application"
                | "minute"
                | "hour"
                | "day"
                | "days"
                | "hours"
                | "trace"
        )
}

/// Whether a grouping may end before the word at `at`: "by user today", but not "by user root" or
/// "by user 4711".
pub(super) fn ends(reading: &Reading<'_>, at: usize) -> bool {
    let is_cut = at
        .checked_sub(1)
        .and_then(|before| reading.words.get(before))
        .is_none_or(|word| word.ends_phrase);
    match (reading.words.get(at), reading.claims.get(at)) {
        (Some(_), Some(Some(Claim::Entity))) => is_cut,
        (Some(word), Some(None)) => is_cut || !word.quoted && vocabulary::is_filler(&word.lower),
        _ => true,
    }
}

/// Claims the field of "which IPs", "top 5 users", "how many paths", "most frequent hosts", "who logged in".
/// True when how many there are is asked.
pub(super) fn asked(reading: &mut Reading<'_>) -> Option<(Field, bool)> {
    if reading.free(0) == "who"
        && !matches!(reading.free(1), "is" | "are" | "was" | "were" | "owns")
    {
        reading.claim(0..1, Claim::Group);
        return Some((Field::User, false));
    }
    // "whose login failed most often?"
    if reading.free(0) == "whose" && grouped(reading, 1).is_none() {
        reading.claim(0..1, Claim::Group);
        return Some((Field::User, false));
    }
    // "status codes of the gateway", "hosts with errors"
    if let Some((field, length)) = here(reading, 0)
        && reading.free(length - 1).ends_with('s')
        && reading.free(length - 1) != "status"
        && matches!(
            reading.lower(length),
            "of" | "with" | "that" | "who" | "which" | "returning" | "where" | "having"
        )
    {
        reading.claim(0..length, Claim::Group);
        return Some((field, false));
    }
    if let Some(field) = value_of(reading) {
        return Some((field, false));
    }
    for at in 0..reading.words.len() {
        let leads = match reading.lower(at) {
            "which" | "what" | "whose" | "top" | "most" | "worst" | "noisiest" | "busiest"
            | "slowest" | "fastest" | "unique" | "distinct" | "different" => true,
            "many" => at > 0 && reading.lower(at - 1) == "how",
            "of" => at > 0 && reading.lower(at - 1) == "number",
            // "show user 4711" shows one.
            "list" | "show" => reading
                .words
                .get(at + 1)
                .is_some_and(|word| word.lower.ends_with('s') && word.lower != "status"),
            _ => false,
        };
        if !leads {
            continue;
        }
        let place = place_of(reading, at);
        // "how many tasks finished" counts records; what only patterns name is counted when different ones are asked for.
        let is_distinct =
            (at..place).any(|at| matches!(reading.lower(at), "different" | "distinct" | "unique"));
        let is_counted = matches!(reading.lower(at), "many" | "of") && !is_distinct;
        let field = match is_counted {
            true => counted(reading, place),
            false => grouped(reading, place),
        };
        let Some((field, length)) = field else {
            continue;
        };
        let is_one = reading.claims.get(place + length) == Some(&Some(Claim::Entity));
        if !is_one {
            for between in at + 1..place {
                if reading.claims[between].is_none() {
                    reading.claim(between..between + 1, Claim::Group);
                }
            }
            let is_how_many = matches!(
                reading.lower(at),
                "many" | "of" | "unique" | "distinct" | "different"
            );
            // "the user root" is one.
            if !ends(reading, place + length)
                && !is_how_many
                && !is_verb(reading.free(place + length))
                && matches!(field, Field::User | Field::Host)
                && reading.lower(at) != "top"
                && !reading.lower(place).ends_with('s')
            {
                continue;
            }
            // "which process writes most lines": that it writes tells nothing about them.
            let writes =
                writer(reading, place).is_some() && is_writing(reading.free(place + length));
            reading.claim(place..place + length + usize::from(writes), Claim::Group);
            return Some((field, is_how_many));
        }
    }
    None
}

/// Claims "what is the size of ...": the values are asked for. How something is tells no value.
fn value_of(reading: &mut Reading<'_>) -> Option<Field> {
    let at = match (reading.free(0), reading.free(1)) {
        ("what's" | "whats", "the") => 2,
        ("what", "is" | "are" | "was" | "were") if reading.free(2) == "the" => 3,
        _ => return None,
    };
    let is_condition = matches!(
        reading.free(at),
        "status" | "state" | "health" | "reason" | "cause" | "problem" | "issue" | "trend" | "rate"
    );
    if is_condition || !matches!(reading.lower(at + 1), "of" | "for") {
        return None;
    }
    let (field, length) = attribute(reading, at).or_else(|| slot(reading, at))?;
    reading.claim(0..at + length, Claim::Group);
    Some(field)
}

/// Where the field may be that the word at `at` asks for: "which client ip" asks for the address and "which client opened"
/// for the client; "which storage domain" asks for the domain.
fn place_of(reading: &Reading<'_>, at: usize) -> usize {
    let mut last = at + 1;
    while last <= at + MAX_BETWEEN
        && (reading.claims.get(last) == Some(&Some(Claim::Limit))
            || BETWEEN.contains(&reading.lower(last)))
    {
        last += 1;
    }
    let named = (at + 1..=last)
        .rev()
        .find(|place| grouped(reading, *place).is_some());
    if let Some(place) = named {
        return place;
    }
    let first = reading.free(last);
    let is_noun = first.len() > 2
        && first.chars().all(char::is_alphabetic)
        && !is_verb(first)
        && !is_reserved(first)
        && !reading.words[last].ends_phrase;
    let is_of_thing = is_noun
        && matches!(reading.lower(at), "which" | "what" | "top" | "different")
        && slot(reading, last + 1)
            .or_else(|| attribute(reading, last + 1))
            .is_some();
    last + usize::from(is_of_thing)
}
