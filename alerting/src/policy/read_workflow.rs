//! Workflow steps out of YAML.

use super::node::{Fields, Node, Value};
use super::read::{DAY, SECOND};
use super::{Step, Verb, hint};
use crate::PolicyError;

const MAX_STEPS: usize = 50;
const MAX_RECEIVERS: usize = 20;
const MAX_RECEIVER: usize = 200;
const KEYS: [&str; 4] = ["notify", "page", "escalate_after", "wait"];
/// Verbs that later versions will read.
const LATER: [&str; 12] = [
    "escalation",
    "ticket",
    "run",
    "webhook",
    "if",
    "then",
    "else",
    "repeat",
    "silence",
    "resolve",
    "thread",
    "template",
];
/// Kinds of receiver that `notify` knows.
const KINDS: [&str; 8] = [
    "slack",
    "pagerduty",
    "webhook",
    "email",
    "sms",
    "teams",
    "discord",
    "console",
];

pub(crate) fn read(fields: &Fields<'_>) -> Result<Vec<Step>, PolicyError> {
    let Some(node) = fields.get("workflow") else {
        return Ok(Vec::new());
    };
    let Value::List(items) = &node.value else {
        return Err(fields.source.error(
            node.line,
            format!("'workflow' must be a list of steps, not {}", node.kind()),
        ));
    };
    if items.len() > MAX_STEPS {
        return Err(fields.source.error(
            node.line,
            format!(
                "the workflow has {} steps, limit is {MAX_STEPS}",
                items.len()
            ),
        ));
    }
    items.iter().map(|item| step(fields, item)).collect()
}

fn step(policy: &Fields<'_>, node: &Node) -> Result<Step, PolicyError> {
    let source = policy.source;
    let fields = Fields::of(source, "a workflow step", node)?;
    for field in fields.keys() {
        let key = field.key.as_str();
        if key == "summarize" || key == "summarise" {
            return Err(source.hinted(
                field.line,
                format!("'{key}' is not a step"),
                "every incident is summarised by itself; remove the step",
            ));
        }
        if LATER.contains(&key) {
            return Err(source.hinted(
                field.line,
                format!("the step '{key}' is not understood by this version"),
                format!("known: {}", KEYS.join(", ")),
            ));
        }
    }
    let fields = fields.only(&KEYS)?;
    if let Some(wait) = fields.duration("wait", SECOND, 7 * DAY)? {
        if fields.keys().count() > 1 {
            return Err(source.hinted(
                node.line,
                "a 'wait' step has no other keys",
                "write the next step as an item of its own",
            ));
        }
        return Ok(Step {
            verb: Verb::Wait,
            after_ns: wait,
            escalation: false,
            receivers: Vec::new(),
        });
    }
    let escalate_after = fields.duration("escalate_after", SECOND, 7 * DAY)?;
    let (verb, key) = match (fields.get("notify"), fields.get("page")) {
        (Some(_), None) => (Verb::Notify, "notify"),
        (None, Some(_)) => (Verb::Page, "page"),
        (Some(_), Some(_)) => {
            return Err(source.hinted(
                node.line,
                "a step has either 'notify' or 'page'",
                "write two steps",
            ));
        }
        (None, None) => {
            return Err(source.hinted(
                node.line,
                "the step does not say whom to tell",
                "for example 'notify: slack:#ops'",
            ));
        }
    };
    let line = fields.get(key).map_or(node.line, |node| node.line);
    let mut receivers = Vec::new();
    for receiver in fields.texts(key, MAX_RECEIVER, MAX_RECEIVERS)? {
        check_receiver(&fields, line, &receiver)?;
        if !receivers.contains(&receiver) {
            receivers.push(receiver);
        }
    }
    Ok(Step {
        verb,
        after_ns: escalate_after.unwrap_or(0),
        escalation: escalate_after.is_some(),
        receivers,
    })
}

fn check_receiver(fields: &Fields<'_>, line: usize, receiver: &str) -> Result<(), PolicyError> {
    let Some((kind, name)) = receiver.split_once(':') else {
        return Err(fields.source.hinted(
            line,
            format!("'{receiver}' is not a receiver"),
            "write 'kind:name', for example 'slack:#ops'",
        ));
    };
    if name.trim().is_empty() || receiver.chars().any(|c| c.is_control()) {
        return Err(fields
            .source
            .error(line, format!("'{receiver}' has no name after the colon")));
    }
    if matches!(
        kind,
        "user" | "schedule" | "team" | "jira" | "github" | "linear"
    ) {
        return Err(fields.source.hinted(
            line,
            format!("receivers of kind '{kind}' are not understood by this version"),
            format!("known: {}", KINDS.join(", ")),
        ));
    }
    if !KINDS.contains(&kind) {
        return Err(fields.source.hinted(
            line,
            format!("unknown kind of receiver '{kind}'"),
            hint::suggestion(kind, &KINDS),
        ));
    }
    Ok(())
}
