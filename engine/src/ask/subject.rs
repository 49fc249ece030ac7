//! Topics that name no thing of their own: "requests slower than 2 s", "503s that we served".

use query::StatusCode;

use super::words::split;

/// Words for what is counted, whatever it is, for who it was done to, and for doing it.
const GENERIC: &[&str] = &[
    "request",
    "requests",
    "call",
    "calls",
    "response",
    "responses",
    "answer",
    "answers",
    "reply",
    "replies",
    "traffic",
    "hit",
    "hits",
    "mail",
    "mails",
    "email",
    "emails",
    "query",
    "queries",
    "statement",
    "statements",
    "operation",
    "operations",
    "transaction",
    "transactions",
    "event",
    "events",
    "execution",
    "executions",
    "run",
    "runs",
    "step",
    "steps",
    "process",
    "processes",
    "command",
    "commands",
    "item",
    "items",
    "result",
    "results",
    "task",
    "tasks",
    "job",
    "jobs",
    "reading",
    "readings",
    "status",
    "statuses",
    "code",
    "codes",
    "http",
    "https",
    "api",
    "endpoint",
    "endpoints",
    "server",
    "servers",
    "site",
    "website",
    "page",
    "pages",
    "backend",
    "system",
    "app",
    "application",
    "customer",
    "customers",
    "client",
    "clients",
    "user",
    "users",
    "visitor",
    "visitors",
    "serve",
    "served",
    "return",
    "returned",
    "returning",
    "send",
    "sent",
    "answered",
    "responded",
    "handled",
    "processed",
    "completed",
    "finished",
    "ran",
    "running",
    "made",
    "performed",
    "produce",
    "produced",
    "received",
    "receive",
    "hosts",
    "host",
    "web",
    "activity",
    "happenings",
    "failed",
    "fail",
    "failing",
    "fails",
    "failure",
    "failures",
    "unsuccessful",
    "errored",
    "give",
    "giving",
    "gave",
    "gives",
    "got",
    "cause",
    "caused",
    "causing",
    "hitting",
    "throw",
    "throwing",
    "thrown",
    "came",
];

/// Verbs for doing anything at all.
const DOING: &[&str] = &[
    "send",
    "sends",
    "sending",
    "sent",
    "make",
    "makes",
    "making",
    "made",
    "do",
    "does",
    "doing",
    "serve",
    "serves",
    "served",
    "handle",
    "handles",
    "handled",
    "give",
    "gives",
    "gave",
    "giving",
    "return",
    "returns",
    "returned",
    "produce",
    "produces",
    "produced",
    "issue",
    "issued",
    "issues",
    "perform",
    "performs",
    "performed",
    "execute",
    "executed",
    "happen",
    "happens",
    "see",
    "sees",
    "throw",
    "throws",
    "throwing",
    "come",
    "comes",
    "had",
    "write",
    "wrote",
    "show",
    "shows",
    "contain",
    "contains",
    "cause",
    "causes",
    "caused",
    "hit",
    "hits",
];

/// Words that say a status code in other words.
const OF_STATUS: &[(u16, &[&str])] = &[
    (400, &["bad", "invalid"]),
    (401, &["unauthorized", "unauthorised", "unauthenticated"]),
    (403, &["forbidden", "denied"]),
    (404, &["missing", "found", "unknown", "not"]),
    (408, &["timeout", "timeouts", "timed", "out"]),
    (
        429,
        &[
            "rate",
            "limit",
            "limited",
            "limiting",
            "throttled",
            "throttling",
            "limits",
        ],
    ),
    (499, &["cancelled", "canceled", "closed", "aborted"]),
    (500, &["internal", "error", "errors", "crashed"]),
    (502, &["bad", "gateway", "gateways"]),
    (503, &["unavailable", "overloaded"]),
    (504, &["gateway", "timeout", "timeouts", "timed", "out"]),
];

/// Whether a word is a verb for doing anything at all.
pub(super) fn is_doing(word: &str) -> bool {
    DOING.contains(&word)
}

/// Whether a word is only what people call each thing that records tell of, whatever it is: programs write `close` where
/// people say that a connection was closed.
pub(super) fn is_common_noun(word: &str) -> bool {
    matches!(
        word.strip_suffix('s').unwrap_or(word),
        "connection" | "event" | "operation" | "entry" | "occurrence" | "mail" | "email"
    )
}

/// Whether a topic names nothing of its own beside status codes, which may be said in words as well.
pub(super) fn is_generic_beside(topic: &str, codes: &[StatusCode]) -> bool {
    let says = |word: &str| {
        OF_STATUS.iter().any(|(code, words)| {
            words.contains(&word)
                && codes.iter().any(|it| match it {
                    StatusCode::Exact(it) => it == code,
                    StatusCode::Class(class) => code / 100 == *class,
                })
        })
    };
    split(topic).all(|word| is_generic(&word) || is_doing(&word) || says(&word))
}

/// Whether a topic only says that records are asked for: "the most common event on node-7".
pub(super) fn is_neutral(topic: &str) -> bool {
    split(topic).all(|word| {
        matches!(
            word.as_str(),
            "event"
                | "events"
                | "activity"
                | "happenings"
                | "thing"
                | "things"
                | "output"
                | "information"
        )
    })
}

/// Whether a topic names nothing that other records would not have as well: what is exact beside it decides alone.
pub(super) fn is_generic(topic: &str) -> bool {
    split(topic).all(|word| GENERIC.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use query::StatusCode;

    use super::{is_generic, is_generic_beside, is_neutral};

    #[test]
    fn a_topic_with_a_thing_of_its_own_is_not_generic() {
        for topic in ["requests", "Requests served", "", "queries"] {
            assert!(is_generic(topic), "{topic}");
        }
        for topic in ["garbage collector paused", "requests coffee"] {
            assert!(!is_generic(topic), "{topic}");
        }
        assert!(is_neutral("events"));
        assert!(!is_neutral("requests"));
        let limited = [StatusCode::Exact(429)];
        assert!(is_generic_beside("requests rate limited", &limited));
        assert!(!is_generic_beside("requests forbidden", &limited));
        assert!(is_generic_beside("forbidden", &[StatusCode::Class(4)]));
    }
}
