//! The tools: what each is for, what it takes, and what it asks.

mod arguments;
mod run;

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use self::arguments::Arguments;
use super::door::{Door, Refusal};

/// What an argument is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number between two.
    Number(i64, i64),
    /// Yes or no.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A JSON object.
    Object,
}

/// An argument of a tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_needed: bool,
    text: &'static str,
}

const fn may(name: &'static str, kind: Kind, text: &'static str) -> Property {
    Property {
        name,
        kind,
        is_needed: false,
        text,
    }
}

const fn must(name: &'static str, kind: Kind, text: &'static str) -> Property {
    Property {
        name,
        kind,
        is_needed: true,
        text,
    }
}

/// A tool.
pub(super) struct Spec {
    pub(super) name: &'static str,
    title: &'static str,
    text: &'static str,
    properties: &'static [Property],
}

const FROM: Property = may(
    "from",
    Kind::Text,
    "First instant: RFC 3339, or a duration before now such as 15m, 6h, 7d. The last 24 hours when left out.",
);
const TO: Property = may(
    "to",
    Kind::Text,
    "Last instant, in the same forms; now when left out.",
);
const SERVICE: Property = may("service", Kind::Text, "Services, separated by commas.");
const SEVERITY: Property = may(
    "severity",
    Kind::Text,
    "Severities, separated by commas (trace, debug, info, warn, error, fatal), or a least one such as >=warn.",
);
const INCIDENT: Property = must(
    "incident",
    Kind::Text,
    "The incident's number, such as 12, or its id.",
);

/// Every tool.
static SPECS: [Spec; 9] = [
    Spec {
        name: "search_logs",
        title: "Search log records",
        text: "Finds log records, newest first. The query is the language of the search box: words and \"quoted texts\" \
            must be in the record, -word must not, field:value matches service, level, trace_id or any attribute, \
            level>=warn compares, OR and parentheses combine. Use it to read the lines themselves; for counts use \
            run_query or ask.",
        properties: &[
            may(
                "query",
                Kind::Text,
                "What to look for, such as: service:checkout level>=warn \"timed out\" -healthcheck. Everything when left out.",
            ),
            FROM,
            TO,
            SERVICE,
            SEVERITY,
            may("trace_id", Kind::Text, "Only records of this trace."),
            may(
                "template_id",
                Kind::Text,
                "Only records of this pattern (an id of patterns or of evidence).",
            ),
            may(
                "order",
                Kind::Word(&["newest", "oldest"]),
                "Which come first; newest when left out.",
            ),
            may(
                "limit",
                Kind::Number(1, 200),
                "Most records; 50 when left out.",
            ),
            may(
                "cursor",
                Kind::Text,
                "next_cursor of the answer before, for the next page.",
            ),
        ],
    },
    Spec {
        name: "ask",
        title: "Ask a question about the logs",
        text: "Answers a question in plain words, such as \"why is checkout slow?\", \"how many failed logins in the last \
            hour by user?\", \"what changed since the deploy?\". Returns how it was understood, the computed facts with \
            citations, suspects, next steps and the evidence. Says so when the logs do not show it. The best first step.",
        properties: &[
            must(
                "question",
                Kind::Text,
                "The question, in plain words, at most 2,000 characters.",
            ),
            may(
                "time_zone",
                Kind::Text,
                "IANA name of the asker's time zone, for \"last night\"; UTC when left out.",
            ),
            may(
                "conversation_id",
                Kind::Text,
                "A name of your own: questions with the same one may lean on each other (\"and yesterday?\") for an hour.",
            ),
            may(
                "narrate",
                Kind::Flag,
                "Let the server's own language model add two sentences; takes seconds. False when left out.",
            ),
        ],
    },
    Spec {
        name: "patterns",
        title: "List log patterns",
        text: "The kinds of lines (templates) of a time range with their counts, most frequent first: text with typed slots, \
            an example, services, severity, a trend in twelve stretches, and how it compares with the time before (new, \
            surged, dropped, share_up, share_down, steady).",
        properties: &[
            may(
                "query",
                Kind::Text,
                "Only of records that match this, in the language of search_logs.",
            ),
            FROM,
            TO,
            SERVICE,
            SEVERITY,
            may(
                "limit",
                Kind::Number(1, 200),
                "Most patterns; 50 when left out.",
            ),
        ],
    },
    Spec {
        name: "pattern_diff",
        title: "Compare the patterns of two time windows",
        text: "What changed between two windows: patterns that are new, vanished, surged, dropped or changed their share, the \
            most surprising first. Use it for \"what is different since the deploy\" or \"today against yesterday\".",
        properties: &[
            may(
                "a",
                Kind::Text,
                "The earlier window: from..to with RFC 3339 or durations before now, such as 2h..1h. As long as b and just before it when left out.",
            ),
            may(
                "b",
                Kind::Text,
                "The later window, such as 1h (the last hour) or 2026-11-23T14:00:00Z..2026-11-23T15:00:00Z. The last hour when left out.",
            ),
            SERVICE,
            SEVERITY,
            may(
                "limit",
                Kind::Number(1, 200),
                "Most patterns; 30 when left out.",
            ),
        ],
    },
    Spec {
        name: "anomalies",
        title: "List anomalies",
        text: "What the detectors found unusual, newest first: kind, service, observed and expected value, score from 0 to 1, \
            and the reason in words.",
        properties: &[may(
            "limit",
            Kind::Number(1, 200),
            "Most anomalies; 30 when left out.",
        )],
    },
    Spec {
        name: "incidents",
        title: "List incidents",
        text: "Incidents, newest first: number, state, severity, headline, services, times, and who took them. Use \
            incident_summary with a number for what is behind one.",
        properties: &[
            may(
                "state",
                Kind::Word(&["active", "open", "acknowledged", "resolved"]),
                "Only those; active is not resolved. All when left out.",
            ),
            may(
                "limit",
                Kind::Number(1, 200),
                "Most incidents; 20 when left out.",
            ),
        ],
    },
    Spec {
        name: "incident_summary",
        title: "What is known about one incident",
        text: "Headline, what happened and impact with citations, suspects with how to confirm or refute each, next steps, \
            timeline, evidence, similar incidents and the graph of the services around it.",
        properties: &[
            INCIDENT,
            may(
                "postmortem",
                Kind::Flag,
                "Return the draft of a post-mortem in Markdown instead.",
            ),
            may(
                "time_zone",
                Kind::Text,
                "IANA name of the zone of times in sentences; that of the server's settings when left out.",
            ),
        ],
    },
    Spec {
        name: "services",
        title: "List services and who calls whom",
        text: "The services of a time range with their records and errors, and the calls between them as traces show them, \
            with counts, error rates and latencies.",
        properties: &[FROM, TO],
    },
    Spec {
        name: "run_query",
        title: "Count, group and aggregate records",
        text: "Runs one SELECT over the table logs, or one typed query. Columns of logs: timestamp, severity, service, body, \
            attributes, trace_id, span_id, template_id, severity_number, observed_at, id; attr(attributes, 'key') reads an \
            attribute. Always bound the time in WHERE. A typed query is {\"op\": \"count|histogram|top|facets|aggregate|\
            records\", \"range\": {\"from\": \"1h\"}, \"filter\": \"level>=error\", \"by\": [\"service\"], \"measure\": \
            {\"op\": \"p95\", \"field\": \"duration_ms\"}, \"bucket\": \"5m\", \"limit\": 20}. Give one of the two. Nothing \
            can be changed with it.",
        properties: &[
            may(
                "sql",
                Kind::Text,
                "One SELECT, such as: SELECT service, count(*) AS n FROM logs WHERE timestamp > now() - INTERVAL '1 hour' GROUP BY service ORDER BY n DESC.",
            ),
            may("query", Kind::Object, "A typed query."),
            may(
                "limit",
                Kind::Number(1, 1000),
                "Most rows of the SQL query; 200 when left out.",
            ),
        ],
    },
];

impl Spec {
    /// The JSON schema of its arguments.
    fn schema(&self) -> JsonObject {
        let mut properties = JsonObject::new();
        for property in self.properties {
            let mut schema = match property.kind {
                Kind::Text => json!({ "type": "string" }),
                Kind::Number(least, most) => {
                    json!({ "type": "integer", "minimum": least, "maximum": most })
                }
                Kind::Flag => json!({ "type": "boolean" }),
                Kind::Word(words) => json!({ "type": "string", "enum": words }),
                Kind::Object => json!({ "type": "object" }),
            };
            schema["description"] = property.text.into();
            properties.insert(property.name.to_owned(), schema);
        }
        let needed: Vec<&str> = self
            .properties
            .iter()
            .filter(|property| property.is_needed)
            .map(|property| property.name)
            .collect();
        let schema = json!({
            "type": "object",
            "properties": properties,
            "required": needed,
            "additionalProperties": false,
        });
        match schema {
            Value::Object(schema) => schema,
            _ => JsonObject::new(),
        }
    }

    fn tool(&self) -> Tool {
        Tool::new(self.name, self.text, Arc::new(self.schema()))
            .with_title(self.title)
            .with_annotations(
                ToolAnnotations::with_title(self.title)
                    .read_only(true)
                    .destructive(false)
                    .idempotent(true)
                    .open_world(false),
            )
    }

    /// Checks the arguments and asks.
    pub(super) async fn run(
        &self,
        door: &dyn Door,
        arguments: JsonObject,
    ) -> Result<Value, Refusal> {
        let arguments = Arguments::checked(self.name, self.properties, arguments)?;
        run::run(self.name, door, &arguments).await
    }
}

/// Every tool as it is listed.
pub(super) fn list() -> Vec<Tool> {
    SPECS.iter().map(Spec::tool).collect()
}

/// The tool of this name.
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.name == name)
}

#[cfg(test)]
mod tests;
