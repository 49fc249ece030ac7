//! The words of questions about the trouble at hand.

/// Words for the trouble itself.
#[rustfmt::skip]
pub(super) const TROUBLE: &[&str] = &[
    "problem", "problems", "issue", "issues", "trouble", "troubles", "incident", "outage", "downtime", "mess",
];

/// What hosts and users are said to be or have that are in trouble.
#[rustfmt::skip]
pub(super) const AFFECTED: &[&str] = &[
    "affected", "impacted", "struggling", "misbehaving", "suffering", "problem", "problems", "issue", "issues", "trouble",
];

/// The same of services; of other things records may say it, and then these are meant.
#[rustfmt::skip]
pub(super) const FAILING: &[&str] = &[
    "failing", "broken", "erroring", "hurt", "hurting", "bad", "failed", "fail", "down", "unhealthy", "degraded", "sick",
];

/// What may be said of the state of anything.
#[rustfmt::skip]
pub(super) const STATE: &[&str] = &[
    "fine", "good", "alright", "healthy", "up", "alive", "working", "running", "normal", "stable", "down", "broken", "bad",
    "wrong", "weird", "strange", "odd", "unusual", "suspicious", "fishy", "affected", "degraded", "unhealthy", "off",
];

/// Names of everything that there is.
#[rustfmt::skip]
pub(super) const WHOLE: &[&str] = &[
    "everything", "all", "site", "website", "platform", "system", "systems", "production", "prod", "stack", "apps",
    "anything", "something",
];

/// What is said of trouble that may have ended, also of a service.
pub(super) const ENDED: &[&str] = &["fixed", "resolved", "recovered", "recover", "recovering"];

/// The same of the trouble alone.
#[rustfmt::skip]
pub(super) const COURSE: &[&str] = &["ongoing", "stop", "stopped", "ended", "cleared", "better", "worse"];

/// Verbs of a beginning.
pub(super) const BEGIN: &[&str] = &[
    "start", "started", "begin", "began", "begun", "starting", "break", "broke",
];

/// Words of questions for a cause or a remedy.
#[rustfmt::skip]
pub(super) const REMEDY: &[&str] = &[
    "fault", "blame", "responsible", "fix", "solve", "repair", "mitigate", "stop", "culprit", "guilty", "source", "origin",
];

/// What stands beside "incident" where incidents themselves are asked for.
#[rustfmt::skip]
pub(super) const INCIDENTS: &[&str] = &[
    "open", "current", "ongoing", "active", "unresolved", "incident", "incidents", "latest", "recent", "newest", "summarize",
    "summarise", "summary", "describe", "overview", "status",
];
