//! What must hold beyond the shape of a policy.

use std::collections::{BTreeMap, BTreeSet};

use super::node::Source;
use super::{Condition, Match, Op, Policy, PolicyId, hint};
use crate::{PolicyError, format_policy_duration};

/// Something about a set of policies that the loader warns of or refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    /// The policy.
    pub policy_id: PolicyId,
    /// Line of its document.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Receivers that a workflow names and `known` does not hold; the caller warns or refuses.
#[must_use]
pub fn unknown_receivers(policies: &[Policy], known: &BTreeSet<String>) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for policy in policies {
        for receiver in policy.receivers() {
            if known.contains(receiver) {
                continue;
            }
            let near = hint::nearest(receiver, known.iter().map(String::as_str));
            problems.push(PolicyProblem {
                policy_id: policy.id.clone(),
                line: policy.line,
                message: format!(
                    "policy '{}' tells '{receiver}', which is not configured",
                    policy.name
                ),
                hint: Some(near.map_or_else(
                    || format!("configure a receiver named '{receiver}'"),
                    |near| format!("did you mean '{near}'?"),
                )),
            });
        }
    }
    problems
}

/// Policies that carry the id of an earlier one.
#[must_use]
pub fn duplicate_policies(policies: &[Policy]) -> Vec<PolicyProblem> {
    let mut seen: BTreeMap<&PolicyId, &Policy> = BTreeMap::new();
    let mut problems = Vec::new();
    for policy in policies {
        if let Some(first) = seen.get(&policy.id) {
            problems.push(PolicyProblem {
                policy_id: policy.id.clone(),
                line: policy.line,
                message: format!(
                    "policy '{}' has the id '{}' of policy '{}'",
                    policy.name, policy.id, first.name
                ),
                hint: Some("give one of them another 'id'".to_owned()),
            });
        } else {
            seen.insert(&policy.id, policy);
        }
    }
    problems
}

pub(crate) fn check(source: Source<'_>, policy: &Policy) -> Result<(), PolicyError> {
    let line = policy.line;
    for condition in &policy.conditions {
        if let Some(message) = thresholds_disagree(condition) {
            return Err(source.hinted(
                line,
                message,
                "the resolve threshold lies on the good side of the threshold",
            ));
        }
        let window = condition.window_ns();
        if window > 0 && window < policy.every_ns {
            return Err(source.hinted(
                line,
                format!(
                    "the window is {}, but the policy is evaluated every {}",
                    format_policy_duration(window),
                    format_policy_duration(policy.every_ns)
                ),
                "make the window at least as long, or set 'evaluate: {every: ...}'",
            ));
        }
    }
    if policy.matches == Match::All {
        let groups: BTreeSet<BTreeSet<&str>> = policy
            .conditions
            .iter()
            .map(Condition::group_by)
            .filter(|g| !g.is_empty())
            .collect();
        if groups.len() > 1 {
            return Err(source.hinted(
                line,
                "conditions that must all hold are grouped by different labels",
                "use the same 'group_by' in each (anomaly conditions are grouped by service), or 'match: any'",
            ));
        }
    }
    Ok(())
}

fn thresholds_disagree(condition: &Condition) -> Option<String> {
    let comparison = condition.comparison();
    let resolve = comparison.resolve_threshold?;
    let fits = match comparison.op {
        Op::Greater | Op::GreaterOrEqual => resolve <= comparison.threshold,
        Op::Less | Op::LessOrEqual => resolve >= comparison.threshold,
        Op::Equal | Op::NotEqual => resolve == comparison.threshold,
    };
    (!fits).then(|| {
        format!(
            "resolve_threshold {resolve} is on the wrong side of '{} {}'",
            comparison.op.as_str(),
            comparison.threshold
        )
    })
}
