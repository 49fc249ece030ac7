mod asks;
mod dates;
mod fields;
mod filter;
mod kinds;
mod oncall;
mod plan;
mod questions;
mod read;
mod robust;
mod trouble;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::{Deploy, QuestionContext};

/// The services of the made-up shop of these tests.
const SERVICES: [&str; 8] = [
    "checkout-service",
    "payments-api",
    "payments-worker",
    "inventory",
    "auth",
    "web-frontend",
    "search-api",
    "order-service",
];

/// Unix nanoseconds of a wall-clock time in a zone.
fn at(text: &str, zone: &str) -> i64 {
    let zoned: Zoned = format!("{text}[{zone}]")
        .parse()
        .expect("a civil time in a test");
    i64::try_from(zoned.timestamp().as_nanosecond()).expect("a time of this century")
}

/// A context of the shop: Wednesday 2026-11-18 15:30 in Berlin unless said otherwise.
fn context_at(now: &str, zone: &str) -> QuestionContext {
    let mut context = QuestionContext::at(
        at(now, zone),
        TimeZone::get(zone).expect("the zone is in the database"),
    );
    context.services = SERVICES.map(str::to_owned).to_vec();
    context
}

/// See [`context_at`]; with two deploys.
fn context() -> QuestionContext {
    let mut context = context_at("2026-11-18T15:30:00", "Europe/Berlin");
    let deploy = |service: &str, time: &str| Deploy {
        service: Some(service.to_owned()),
        at_ns: at(time, "Europe/Berlin"),
        title: format!("{service} v2"),
    };
    context.last_deploys = vec![
        deploy("checkout-service", "2026-11-18T11:00:00"),
        deploy("auth", "2026-11-18T13:15:00"),
    ];
    context
}
