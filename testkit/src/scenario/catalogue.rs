//! What can break.

use super::Scenario;
use super::estate::Role;

/// How often a line is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Often {
    /// So many a minute.
    Minute(f64),
    /// For this share of the service's requests.
    Request(f64),
    /// For each request that fails by the fault itself.
    Failure,
}

/// Severity, text, how often.
pub(super) type Line = (&'static str, &'static str, Often);

/// What breaks, where, and how it looks there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub role: Role,
    /// `deploy` and the like, shortly before.
    pub change: Option<&'static str>,
    /// Minutes until it is at its worst.
    pub ramp: f64,
    /// Requests of the service take so much longer, seconds.
    pub seconds: f64,
    /// Share of its requests that fail.
    pub fails: f64,
    /// Share of requests that never arrive.
    pub unreachable: f64,
    /// Everybody asks so many times as often.
    pub traffic: f64,
    /// Its logs stop.
    pub is_mute: bool,
    /// What it writes.
    pub lines: &'static [Line],
    /// What its callers write about calls that never arrive, with `{}` for its name.
    pub callers_write: Option<&'static str>,
    /// A gauge of it that goes to a value.
    pub gauge: Option<(&'static str, f64)>,
}

const CALM: Fault = Fault {
    role: Role::Middle,
    change: None,
    ramp: 1.0,
    seconds: 0.0,
    fails: 0.0,
    unreachable: 0.0,
    traffic: 1.0,
    is_mute: false,
    lines: &[],
    callers_write: None,
    gauge: None,
};

const fn scenario(name: &'static str, class: &'static str, fault: Fault) -> Scenario {
    Scenario { name, class, fault }
}

use Often::{Failure, Minute, Request};

/// All scenarios; the controls come last.
#[must_use]
pub fn scenarios() -> &'static [Scenario] {
    SCENARIOS
}

static SCENARIOS: &[Scenario] = &[
    scenario(
        "bad_deploy",
        "change",
        Fault {
            change: Some("deploy"),
            fails: 0.35,
            lines: &[(
                "error",
                "TypeError: cannot read property 'total' of undefined at cart line <*>",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "slow_deploy",
        "change",
        Fault {
            change: Some("deploy"),
            ramp: 2.0,
            seconds: 0.8,
            lines: &[(
                "warn",
                "request <*> took <*> ms, serialising took most of it",
                Request(0.1),
            )],
            ..CALM
        },
    ),
    scenario(
        "bad_flag",
        "change",
        Fault {
            change: Some("feature_flag"),
            fails: 0.2,
            lines: &[(
                "error",
                "assertion failed: unknown variant <*> of flag",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "config_typo",
        "configuration",
        Fault {
            role: Role::Bridge,
            change: Some("config_change"),
            fails: 0.9,
            lines: &[(
                "error",
                "invalid configuration value 'tru' for key <*>",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "dependency_timeout",
        "timeouts",
        Fault {
            role: Role::Outside,
            seconds: 25.0,
            ..CALM
        },
    ),
    scenario(
        "dependency_errors",
        "server_errors",
        Fault {
            role: Role::Outside,
            fails: 0.5,
            ..CALM
        },
    ),
    scenario(
        "rate_limited",
        "rate_limited",
        Fault {
            role: Role::Bridge,
            fails: 0.3,
            lines: &[(
                "error",
                "outside API answered 429 Too Many Requests for client <*>",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "disk_full",
        "disk_full",
        Fault {
            role: Role::Database,
            fails: 0.4,
            lines: &[(
                "error",
                "could not write block <*>: No space left on device",
                Failure,
            )],
            gauge: Some(("disk_used_share", 1.0)),
            ..CALM
        },
    ),
    scenario(
        "memory_leak",
        "out_of_memory",
        Fault {
            ramp: 8.0,
            seconds: 0.6,
            fails: 0.25,
            lines: &[
                ("warn", "garbage collection took <*> ms", Minute(30.0)),
                (
                    "error",
                    "OutOfMemoryError: java heap space while handling request <*>",
                    Failure,
                ),
            ],
            gauge: Some(("memory_used_share", 0.99)),
            ..CALM
        },
    ),
    scenario(
        "certificate_expired",
        "tls",
        Fault {
            role: Role::Bridge,
            unreachable: 1.0,
            callers_write: Some("TLS handshake with {} failed: certificate has expired"),
            ..CALM
        },
    ),
    scenario(
        "pool_exhausted",
        "database_pool",
        Fault {
            seconds: 1.5,
            fails: 0.3,
            lines: &[(
                "error",
                "connection pool exhausted: no connection after <*> ms",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "brute_force",
        "failed_logins",
        Fault {
            role: Role::Login,
            lines: &[(
                "warn",
                "failed login for user <*> from <*>: wrong password",
                Minute(400.0),
            )],
            ..CALM
        },
    ),
    scenario(
        "clock_skew",
        "configuration",
        Fault {
            role: Role::Login,
            fails: 0.6,
            lines: &[(
                "error",
                "token of <*> rejected: issued in the future by <*> s, check the clock",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "noisy_neighbour",
        "hardware",
        Fault {
            seconds: 0.5,
            gauge: Some(("cpu_steal_share", 0.6)),
            ..CALM
        },
    ),
    scenario(
        "dns_failure",
        "dns",
        Fault {
            role: Role::Bridge,
            unreachable: 0.9,
            callers_write: Some("getaddrinfo ENOTFOUND {}.internal"),
            ..CALM
        },
    ),
    scenario(
        "retry_storm",
        "timeouts",
        Fault {
            role: Role::Database,
            ramp: 3.0,
            seconds: 1.5,
            traffic: 1.2,
            lines: &[(
                "warn",
                "statement <*> waited <*> ms for a worker",
                Request(0.2),
            )],
            ..CALM
        },
    ),
    scenario(
        "slow_query",
        "database",
        Fault {
            role: Role::Database,
            seconds: 0.4,
            lines: &[(
                "warn",
                "slow query: <*> ms, sequential scan on table orders",
                Request(0.15),
            )],
            ..CALM
        },
    ),
    scenario(
        "deadlocks",
        "database",
        Fault {
            role: Role::Database,
            seconds: 0.1,
            fails: 0.15,
            lines: &[(
                "error",
                "deadlock detected: process <*> waits for lock on relation <*>",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "queue_backlog",
        "backlog",
        Fault {
            role: Role::Consumer,
            seconds: 6.0,
            lines: &[(
                "warn",
                "queue lag is <*> messages, oldest <*> s",
                Minute(40.0),
            )],
            gauge: Some(("queue_length", 50_000.0)),
            ..CALM
        },
    ),
    scenario(
        "poison_message",
        "damaged_data",
        Fault {
            role: Role::Consumer,
            fails: 0.5,
            lines: &[(
                "error",
                "message <*> cannot be decoded: unexpected end of input, delivered again",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "zone_outage",
        "connections",
        Fault {
            role: Role::Database,
            unreachable: 0.33,
            callers_write: Some("connect to {} in zone b: connection refused"),
            ..CALM
        },
    ),
    scenario(
        "crash",
        "crashes",
        Fault {
            role: Role::Bridge,
            unreachable: 0.97,
            is_mute: true,
            lines: &[(
                "fatal",
                "panicked at worker <*>: index out of bounds",
                Minute(3.0),
            )],
            callers_write: Some("connect to {}: connection refused"),
            ..CALM
        },
    ),
    scenario(
        "cache_down",
        "connections",
        Fault {
            role: Role::Cache,
            unreachable: 1.0,
            is_mute: true,
            callers_write: Some("connect to {}: connection refused, reading without cache"),
            ..CALM
        },
    ),
    scenario(
        "threads_exhausted",
        "timeouts",
        Fault {
            role: Role::Entry,
            seconds: 3.0,
            fails: 0.1,
            lines: &[(
                "error",
                "worker threads exhausted: request <*> rejected after <*> ms",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "permission_denied",
        "permission_denied",
        Fault {
            role: Role::Bridge,
            fails: 0.8,
            lines: &[(
                "error",
                "permission denied reading secret <*> for role <*>",
                Failure,
            )],
            ..CALM
        },
    ),
    scenario(
        "log_silence",
        "silence",
        Fault {
            is_mute: true,
            ..CALM
        },
    ),
    scenario("calm", "none", CALM),
    scenario(
        "traffic_peak",
        "none",
        Fault {
            traffic: 2.0,
            ramp: 15.0,
            ..CALM
        },
    ),
    scenario(
        "harmless_deploy",
        "none",
        Fault {
            change: Some("deploy"),
            lines: &[(
                "info",
                "loaded <*> price rules of the new format",
                Minute(6.0),
            )],
            ..CALM
        },
    ),
    scenario(
        "client_errors",
        "none",
        Fault {
            role: Role::Entry,
            lines: &[("info", "GET <*> 404 unknown page", Minute(60.0))],
            ..CALM
        },
    ),
    scenario(
        "traffic_dip",
        "none",
        Fault {
            traffic: 0.5,
            ramp: 15.0,
            ..CALM
        },
    ),
    scenario(
        "debug_switched_on",
        "none",
        Fault {
            lines: &[
                (
                    "debug",
                    "cache key <*> looked up in <*> us",
                    Minute(2_500.0),
                ),
                ("debug", "span <*> opened", Minute(900.0)),
            ],
            ..CALM
        },
    ),
    scenario(
        "deprecation_notice",
        "none",
        Fault {
            change: Some("deploy"),
            lines: &[("warn", "option <*> is deprecated, use <*>", Minute(4.0))],
            ..CALM
        },
    ),
    scenario(
        "bigger_cache",
        "none",
        Fault {
            change: Some("config_change"),
            ramp: 10.0,
            gauge: Some(("memory_used_share", 0.6)),
            ..CALM
        },
    ),
    scenario(
        "batch_job",
        "none",
        Fault {
            role: Role::Consumer,
            ramp: 3.0,
            lines: &[
                ("info", "exported <*> rows of day <*>", Minute(200.0)),
                ("warn", "row <*> has no address, left out", Minute(2.0)),
            ],
            ..CALM
        },
    ),
];
