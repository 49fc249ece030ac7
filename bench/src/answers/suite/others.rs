//! First and last, comparisons, trends, causes, explanations, and what follows from the question before.

use super::super::expect::Expect;
use super::super::world::{DAY, HOUR, Kind, Line};
use super::{Suite, count, first, is, is_error, last, top};

pub(super) fn add(suite: &mut Suite<'_>) {
    edges(suite);
    comparisons(suite);
    trends(suite);
    whys(suite);
    explanations(suite);
    conversations(suite);
}

fn edges(suite: &mut Suite<'_>) {
    let null = first(suite.day(0).filter(is(Kind::NullPointer)));
    suite.plain(
        "When did the NullPointerException first occur?",
        null.clone(),
    );
    suite.terse("first NullPointerException", null.clone());
    suite.clumsy("when is starting the NullPointerException", null);
    let null = last(suite.day(0).filter(is(Kind::NullPointer)));
    suite.plain("when was the last NullPointerException?", null);
    let memory = first(suite.day(0).filter(is(Kind::OutOfMemory)));
    suite.plain("When did inventory run out of memory?", memory.clone());
    suite.terse("inventory oom when", memory.clone());
    suite.clumsy("at what time the inventory did crash", memory);
    let started = last(suite.day(0).filter(is(Kind::Started)));
    suite.plain("when was inventory last started?", started);
    let login = last(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::Login && l.user == "anna"),
    );
    suite.plain("When did user anna last log in?", login.clone());
    suite.terse("last login anna", login);
    let declined = last(suite.last(DAY).filter(is(Kind::Declined)));
    suite.plain(
        "when was a payment declined most recently?",
        declined.clone(),
    );
    suite.terse("latest declined payment", declined);
    let failed = first(suite.day(0).filter(is(Kind::LoginFailed)));
    suite.plain("when was the first failed login today?", failed);
    let bounce = last(suite.last(DAY).filter(is(Kind::Bounced)));
    suite.clumsy("when the last time mail was bounce", bounce);
    let timeout = first(
        suite
            .between(0, (13, 0), (13, 40))
            .filter(is(Kind::DatabaseTimeout)),
    );
    suite.plain("When was the first database timeout after 1pm?", timeout);
    let error = first(
        suite
            .since(suite.world.deployed_at)
            .filter(|l| is_error(l) && l.service == "checkout-api"),
    );
    suite.plain(
        "what was the first error in checkout-api after the deploy?",
        error,
    );
    let disk = last(suite.last(DAY).filter(is(Kind::Disk)));
    suite.terse("last disk usage warning", disk);
}

fn comparisons(suite: &mut Suite<'_>) {
    let gone = suite.world.now - suite.world.local(0, 0, 0);
    let then = suite.world.local(1, 0, 0);
    let today = suite.day(0).filter(|l| is_error(l)).count() as u64;
    let yesterday = suite
        .lines(then, then + gone)
        .filter(|l| is_error(l))
        .count() as u64;
    suite.plain(
        "compare errors today with yesterday",
        Expect::Compare(today, yesterday),
    );
    suite.terse(
        "errors today vs yesterday",
        Expect::Compare(today, yesterday),
    );
    suite.clumsy(
        "today have more error than yesterday or not?",
        Expect::Compare(today, yesterday),
    );
    let service = |name: &'static str| move |l: &&Line| l.service == name && is_error(l);
    let now = suite.last(HOUR).filter(|l| is_error(l)).count() as u64;
    let before = suite
        .lines(suite.world.now - 2 * HOUR, suite.world.now - HOUR)
        .filter(|l| is_error(l))
        .count() as u64;
    suite.plain(
        "compare errors in the last hour with the hour before",
        Expect::Compare(now, before),
    );
    let deployed = suite.world.deployed_at;
    let length = suite.world.now - deployed;
    let after = suite
        .since(deployed)
        .filter(service("checkout-api"))
        .count() as u64;
    let earlier = suite
        .lines(deployed - length, deployed)
        .filter(service("checkout-api"))
        .count() as u64;
    suite.plain(
        "compare checkout-api errors before and after the deploy",
        Expect::Compare(after, earlier),
    );
    let failed = |from: i64, until: i64| {
        suite
            .lines(from, until)
            .filter(is(Kind::LoginFailed))
            .count() as u64
    };
    let (a, b) = (
        failed(suite.world.local(0, 12, 0), suite.world.local(0, 14, 0)),
        failed(suite.world.local(0, 8, 0), suite.world.local(0, 10, 0)),
    );
    suite.plain(
        "compare failed logins between 12:00 and 14:00 with failed logins between 8:00 and 10:00",
        Expect::Compare(a, b),
    );
    let two = top(
        suite
            .day(0)
            .filter(|l| is_error(l) && matches!(l.service, "checkout-api" | "payments-worker")),
        2,
        |l| l.service.to_owned(),
    );
    suite.plain(
        "which has more errors today, checkout-api or payments-worker?",
        two.clone(),
    );
    suite.terse("checkout-api vs payments-worker errors today", two);
    suite.plain(
        "what is new in checkout-api since the deploy?",
        Expect::Says(vec!["NullPointerException"]),
    );
    suite.plain(
        "What changed after the deploy of checkout-api?",
        Expect::Says(vec!["NullPointerException"]),
    );
    suite.clumsy(
        "what new error come after the deployment",
        Expect::Says(vec!["NullPointerException"]),
    );
}

fn trends(suite: &mut Suite<'_>) {
    // Declines rise in the trouble and fall after it; null pointers begin with the deploy.
    suite.plain(
        "Are payment declines going up between 12:00 and 13:40?",
        Expect::Trend("rising"),
    );
    suite.plain(
        "trend of declined payments between 13:10 and 15:00",
        Expect::Trend("falling"),
    );
    suite.terse(
        "NullPointerException trend 11:00 to 14:00",
        Expect::Trend("rising"),
    );
    suite.plain(
        "is the number of heartbeats stable over the last 12 hours?",
        Expect::Trend("steady"),
    );
    suite.clumsy(
        "the timeout of database is increasing or decreasing between 12:00 and 13:40?",
        Expect::Trend("rising"),
    );
    suite.plain(
        "Are requests increasing over the last 12 hours?",
        Expect::Trend("steady"),
    );
}

fn whys(suite: &mut Suite<'_>) {
    suite.plain(
        "Why is checkout-api failing since the deploy?",
        Expect::Says(vec!["NullPointerException"]),
    );
    suite.terse("why checkout errors", Expect::Says(vec!["checkout-api"]));
    suite.clumsy(
        "what is reason that the payments fail between 13:00 and 13:40",
        Expect::Says(vec!["declined"]),
    );
    suite.plain(
        "Why did inventory crash?",
        Expect::Says(vec!["out of memory"]),
    );
    suite.plain(
        "what caused the restart of inventory this morning?",
        Expect::Says(vec!["out of memory"]),
    );
    suite.plain(
        "why did mails bounce in the last 24 hours?",
        Expect::Says(vec!["mailbox full"]),
    );
    suite.terse(
        "root cause inventory crash",
        Expect::Says(vec!["out of memory"]),
    );
}

fn explanations(suite: &mut Suite<'_>) {
    suite.plain(
        "What does \"connection to database postgres-main timed out after 5000 ms\" mean?",
        Expect::Says(vec!["checkout-api", "timed out"]),
    );
    suite.plain(
        "explain this line: out of memory: killed process 431 (inventory)",
        Expect::Says(vec!["inventory", "memory"]),
    );
    suite.clumsy(
        "what mean the message \"circuit breaker open\"",
        Expect::Says(vec!["web-frontend", "circuit breaker"]),
    );
}

fn conversations(suite: &mut Suite<'_>) {
    let first = "how many errors in checkout-api today?";
    let yesterday = count(
        suite
            .day(1)
            .filter(|l| is_error(l) && l.service == "checkout-api"),
    );
    suite.after(&[first], "and yesterday?", yesterday);
    let other = count(
        suite
            .day(0)
            .filter(|l| is_error(l) && l.service == "payments-worker"),
    );
    suite.after(&[first], "what about payments-worker?", other.clone());
    suite.after(&[first], "same for payments-worker", other);
    let null = count(suite.day(0).filter(is(Kind::NullPointer)));
    suite.after(
        &[first],
        "how many of those are NullPointerException?",
        null,
    );
    let failed = "how many failed logins in the last 24 hours?";
    let by_user = top(suite.last(DAY).filter(is(Kind::LoginFailed)), 3, |l| {
        l.user.to_owned()
    });
    suite.after(&[failed], "by user?", by_user.clone());
    suite.after(&[failed], "which users?", by_user);
    let last_one = last(suite.last(DAY).filter(is(Kind::LoginFailed)));
    suite.after(&[failed], "when was the last one?", last_one);
    let root = count(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::LoginFailed && l.user == "root"),
    );
    suite.after(&[failed], "only for root", root);
    let hour = count(suite.last(HOUR).filter(is(Kind::LoginFailed)));
    suite.after(&[failed], "and in the last hour?", hour.clone());
    suite.after(
        &[failed, "by user?"],
        "now just the last hour",
        top(suite.last(HOUR).filter(is(Kind::LoginFailed)), 1, |l| {
            l.user.to_owned()
        }),
    );
    let warnings = count(
        suite
            .day(0)
            .filter(|l| l.service == "checkout-api" && l.level == "warn"),
    );
    suite.after(&[first], "and warnings?", warnings);
    let fresh = count(suite.last(12 * HOUR).filter(is(Kind::RateLimited)));
    suite.after(
        &[first],
        "how often was the rate limit exceeded in the last 12 hours?",
        fresh,
    );
}
