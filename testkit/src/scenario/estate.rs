//! The services of a story and who calls whom.

use super::super::Random;

/// What a service is for, which decides what can break there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Where requests come in.
    Entry,
    /// A service in the middle that asks others.
    Middle,
    /// A service in the middle that asks somebody outside.
    Bridge,
    /// Logs people in.
    Login,
    /// A party outside, which writes no logs here.
    Outside,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// Works on messages of a queue.
    Consumer,
}

/// One service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub name: &'static str,
    pub role: Role,
    /// What it takes by itself, seconds.
    pub seconds: f64,
    /// Share of its requests that fail on a normal day.
    pub fails: f64,
    /// Says in its errors whom it could not reach.
    pub names_others: bool,
    /// Tries again so many times.
    pub retries: f64,
}

/// A caller and what it asks of a callee.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub caller: usize,
    pub callee: usize,
    /// Calls for each request.
    pub times: f64,
    /// Seconds after which it gives up.
    pub timeout: f64,
    /// Share of failed calls that fail the caller's request too.
    pub needed: f64,
    /// It goes by a queue: nobody waits.
    pub is_message: bool,
}

/// Services in an order in which callers come before those they call.
#[derive(Debug, Clone)]
pub(super) struct Estate {
    pub services: Vec<Service>,
    pub edges: Vec<Edge>,
    /// Requests from outside in a minute.
    pub traffic: f64,
}

/// Names by role, callers first.
const NAMES: [[&str; 10]; 3] = [
    [
        "gateway",
        "checkout",
        "catalog",
        "payments",
        "login",
        "bank",
        "orders-db",
        "cache",
        "mailer",
        "images",
    ],
    [
        "edge",
        "playback",
        "library",
        "drm",
        "accounts",
        "licences",
        "media-db",
        "redis-main",
        "transcoder",
        "artwork",
    ],
    [
        "portal",
        "transfers",
        "statements",
        "ledger-api",
        "identity",
        "swift-link",
        "ledger-db",
        "session-store",
        "notifier",
        "documents",
    ],
];
const ROLES: [Role; 10] = [
    Role::Entry,
    Role::Middle,
    Role::Middle,
    Role::Bridge,
    Role::Login,
    Role::Outside,
    Role::Database,
    Role::Cache,
    Role::Consumer,
    Role::Middle,
];
/// Caller, callee, calls a request, share that is needed, whether by a queue.
const EDGES: [(usize, usize, f64, f64, bool); 13] = [
    (0, 1, 0.4, 1.0, false),
    (0, 2, 1.0, 1.0, false),
    (0, 4, 0.3, 1.0, false),
    (0, 9, 0.5, 0.2, false),
    (1, 3, 1.0, 1.0, false),
    (1, 6, 3.0, 1.0, false),
    (1, 2, 0.3, 0.5, false),
    (3, 5, 1.0, 1.0, false),
    (3, 6, 1.0, 1.0, false),
    (2, 7, 2.0, 0.1, false),
    (2, 6, 0.5, 1.0, false),
    (4, 7, 1.0, 0.6, false),
    (1, 8, 0.5, 0.0, true),
];

impl Estate {
    /// The estate of a seed: six to ten services.
    pub(super) fn build(random: &mut Random) -> Self {
        let names = NAMES[random.below(NAMES.len() as u64) as usize];
        let between =
            |random: &mut Random, low: f64, high: f64| low + (high - low) * uniform(random);
        let services: Vec<Service> = names
            .iter()
            .zip(ROLES)
            .map(|(name, role)| Service {
                name,
                role,
                seconds: match role {
                    Role::Cache => between(random, 0.001, 0.003),
                    Role::Database => between(random, 0.004, 0.02),
                    Role::Outside => between(random, 0.08, 0.3),
                    Role::Consumer => between(random, 0.2, 0.6),
                    _ => between(random, 0.005, 0.04),
                },
                fails: between(random, 0.0, 0.003),
                names_others: role != Role::Entry && !random.is_one_of(3),
                retries: if random.is_one_of(3) { 1.0 } else { 0.0 },
            })
            .collect();
        // Some estates have no pictures and no mail.
        let count = 8 + random.below(3) as usize;
        let edges = EDGES
            .into_iter()
            .filter(|edge| edge.0 < count && edge.1 < count)
            .map(|(caller, callee, times, needed, is_message)| Edge {
                caller,
                callee,
                times: times * between(random, 0.6, 1.5),
                timeout: if services[callee].role == Role::Outside {
                    5.0
                } else {
                    2.0
                },
                needed,
                is_message,
            })
            .collect();
        Self {
            services: services.into_iter().take(count).collect(),
            edges,
            traffic: between(random, 200.0, 900.0),
        }
    }

    /// A service of a role; the first one when there is none.
    pub(super) fn pick(&self, role: Role, random: &mut Random) -> usize {
        let fitting: Vec<usize> = (0..self.services.len())
            .filter(|at| self.services[*at].role == role)
            .collect();
        let at = random.below(fitting.len() as u64) as usize;
        fitting.get(at).copied().unwrap_or(1)
    }
}

/// Evenly between 0 and 1, never either.
pub(super) fn uniform(random: &mut Random) -> f64 {
    ((random.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A standard normal number (Box and Muller 1958).
pub(super) fn normal(random: &mut Random) -> f64 {
    (-2.0 * uniform(random).ln()).sqrt() * (std::f64::consts::TAU * uniform(random)).cos()
}

/// A count of independent events with this mean (Knuth 1969; the normal approximation above 30).
pub(super) fn poisson(random: &mut Random, mean: f64) -> u64 {
    if mean > 30.0 {
        return (mean + mean.sqrt() * normal(random)).round().max(0.0) as u64;
    }
    let (limit, mut product, mut count) = ((-mean.max(0.0)).exp(), uniform(random), 0);
    while product > limit {
        product *= uniform(random);
        count += 1;
    }
    count
}
