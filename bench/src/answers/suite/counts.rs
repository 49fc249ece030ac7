//! How many, how often, how fast.

use super::super::expect::Expect;
use super::super::world::{DAY, HOUR, Kind, Line, MINUTE};
use super::{Suite, count, distinct, is, is_error};

pub(super) fn add(suite: &mut Suite<'_>) {
    by_time(suite);
    by_service_and_severity(suite);
    by_topic(suite);
    by_value(suite);
    by_number(suite);
    rates(suite);
}

fn by_time(suite: &mut Suite<'_>) {
    let errors = |lines: &mut dyn Iterator<Item = &Line>| {
        Expect::Count(lines.filter(|l| is_error(l)).count() as u64)
    };
    let hour = errors(&mut suite.last(HOUR));
    suite.plain("How many errors were there in the last hour?", hour.clone());
    suite.terse("errors past hour count", hour.clone());
    suite.clumsy("please, how much error we have since one hour", hour);
    let half = errors(&mut suite.last(30 * MINUTE));
    suite.terse("count errors last 30m", half.clone());
    suite.plain("how many errors occurred within the past half hour?", half);
    let quarter = errors(&mut suite.last(15 * MINUTE));
    suite.plain("how many error logs in the last 15 minutes", quarter);
    let today = errors(&mut suite.day(0));
    suite.plain("how many errors today?", today.clone());
    suite.clumsy("how many the errors of today", today);
    let yesterday = errors(&mut suite.day(1));
    suite.plain("How many errors did we see yesterday?", yesterday.clone());
    suite.clumsy("the number of error from yesterday is how much?", yesterday);
    let morning = errors(&mut suite.between(0, (6, 0), (12, 0)));
    suite.plain("how many errors happened this morning?", morning);
    let noon = errors(&mut suite.since(suite.world.local(0, 12, 0)));
    suite.plain("number of errors since noon", noon);
    let clock = errors(&mut suite.between(0, (9, 0), (11, 0)));
    suite.plain("how many errors between 9am and 11am?", clock.clone());
    suite.terse("errors 9:00-11:00 count", clock.clone());
    suite.clumsy("how many error are there from 9 until 11 in morning", clock);
    let then = errors(&mut suite.between(1, (14, 0), (16, 0)));
    suite.plain(
        "How many errors were logged yesterday between 2pm and 4pm?",
        then.clone(),
    );
    suite.terse("error count yesterday 14:00 to 16:00", then);
    let day = suite.weekday_name(3);
    let weekday = errors(&mut suite.day(3));
    suite.plain(&format!("how many errors on {day}?"), weekday.clone());
    suite.terse(&format!("errors last {day} count"), weekday);
    let days = errors(&mut suite.last(2 * DAY));
    suite.terse("how many errors last 48h", days.clone());
    suite.plain("how many errors in the last two days", days);
    let deploy = count(
        suite
            .since(suite.world.deployed_at)
            .filter(|l| is_error(l) && l.service == "checkout-api"),
    );
    suite.plain(
        "how many errors does checkout-api have since the deploy?",
        deploy.clone(),
    );
    suite.clumsy("since deployment, how many error in checkout api?", deploy);
    let crash = count(
        suite
            .since(suite.world.crashed_at)
            .filter(|l| l.service == "inventory" && l.level == "warn"),
    );
    suite.plain("how many warnings from inventory since it crashed?", crash);
    let trouble = count(
        suite
            .between(0, (13, 0), (13, 40))
            .filter(is(Kind::Declined)),
    );
    suite.plain(
        "How many payments were declined between 13:00 and 13:40?",
        trouble,
    );
}

fn by_service_and_severity(suite: &mut Suite<'_>) {
    let warnings = count(suite.last(6 * HOUR).filter(|l| l.level == "warn"));
    suite.plain("How many warnings in the last 6 hours?", warnings.clone());
    suite.terse("warn count 6h", warnings);
    let fatal = count(suite.day(0).filter(|l| l.level == "fatal"));
    suite.plain("how many fatal errors today?", fatal.clone());
    suite.clumsy("is there how many critical message today", fatal);
    let checkout = count(
        suite
            .day(0)
            .filter(|l| l.service == "checkout-api" && is_error(l)),
    );
    suite.plain("how many errors did checkout have today?", checkout.clone());
    suite.terse("chekout-api errors today, how many", checkout);
    let auth = count(
        suite
            .last(DAY)
            .filter(|l| l.service == "auth-service" && l.level == "warn"),
    );
    suite.plain(
        "count the warnings of the auth service over the last 24 hours",
        auth,
    );
    let two = count(
        suite
            .last(12 * HOUR)
            .filter(|l| matches!(l.service, "checkout-api" | "payments-worker") && is_error(l)),
    );
    suite.plain(
        "how many errors in checkout-api and payments-worker in the last 12 hours?",
        two,
    );
    let but = count(
        suite
            .last(12 * HOUR)
            .filter(|l| l.service != "payments-worker" && is_error(l)),
    );
    suite.plain(
        "how many errors in the past 12 hours, not counting payments-worker?",
        but.clone(),
    );
    suite.clumsy(
        "how many error last 12 hours except from payments worker",
        but,
    );
    let all = count(suite.last(HOUR).filter(|l| l.service == "search"));
    suite.plain("how many log lines did search write in the last hour?", all);
    let least = count(
        suite
            .last(3 * HOUR)
            .filter(|l| l.level == "warn" || is_error(l)),
    );
    suite.plain(
        "how many records at warning level or above in the last 3 hours?",
        least,
    );
    let debug = count(suite.last(2 * HOUR).filter(|l| l.level == "debug"));
    suite.terse("debug messages last 2 hours, count", debug);
    let total = count(suite.day(1));
    suite.plain("how many log records were there in total yesterday?", total);
}

fn by_topic(suite: &mut Suite<'_>) {
    let failed = count(suite.last(DAY).filter(is(Kind::LoginFailed)));
    suite.plain(
        "How many failed logins were there in the last 24 hours?",
        failed.clone(),
    );
    suite.terse("failed logins 24h count", failed.clone());
    suite.clumsy(
        "how many time the login was failed in last 24 hour",
        failed.clone(),
    );
    suite.plain(
        "how often did someone enter a wrong password in the past day?",
        failed,
    );
    let logins = count(suite.day(0).filter(is(Kind::Login)));
    suite.plain(
        "how many times did users log in successfully today?",
        logins.clone(),
    );
    suite.plain("How many logins succeeded today?", logins);
    let declined = count(suite.day(0).filter(is(Kind::Declined)));
    suite.plain("How many payments were declined today?", declined.clone());
    suite.terse("declined payments today count", declined.clone());
    suite.clumsy("how many payment was refuse by the bank today", declined);
    let captured = count(suite.day(0).filter(is(Kind::Captured)));
    suite.plain("how many payments were captured today?", captured);
    let timeouts = count(suite.day(0).filter(is(Kind::DatabaseTimeout)));
    suite.plain(
        "How many database timeouts did we have today?",
        timeouts.clone(),
    );
    suite.terse("db timeouts today how many", timeouts.clone());
    suite.clumsy(
        "how many connection to database did timeout today",
        timeouts,
    );
    let misses = count(suite.last(3 * HOUR).filter(is(Kind::CacheMiss)));
    suite.plain(
        "How many cache misses were there in the last 3 hours?",
        misses,
    );
    let slow = count(suite.last(DAY).filter(is(Kind::SlowQuery)));
    suite.plain("how many slow queries in the last day?", slow.clone());
    suite.terse("slow query count last 24 hours", slow);
    let bounced = count(suite.last(DAY).filter(is(Kind::Bounced)));
    suite.plain(
        "How many mails bounced in the last 24 hours?",
        bounced.clone(),
    );
    suite.clumsy(
        "how many email is coming back bounce, last 24 hours",
        bounced,
    );
    let limited = count(suite.last(12 * HOUR).filter(is(Kind::RateLimited)));
    suite.plain(
        "how often was the rate limit exceeded in the last 12 hours?",
        limited.clone(),
    );
    suite.terse("rate limit hits 12h count", limited);
    let null = count(suite.day(0).filter(is(Kind::NullPointer)));
    suite.plain("how many NullPointerException today?", null.clone());
    suite.terse("count \"voucher is null\" today", null);
    let quoted = count(suite.last(DAY).filter(|l| l.body.contains("mailbox full")));
    suite.plain(
        "how many records contain \"mailbox full\" in the last 24 hours?",
        quoted,
    );
    let crashes = count(suite.day(0).filter(is(Kind::OutOfMemory)));
    suite.plain(
        "How many times did something run out of memory today?",
        crashes,
    );
    let without = count(
        suite
            .last(HOUR)
            .filter(|l| l.service == "search" && l.kind != Kind::Heartbeat),
    );
    suite.plain(
        "how many records of search in the last hour without heartbeats?",
        without,
    );
}

fn by_value(suite: &mut Suite<'_>) {
    let root = count(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::LoginFailed && l.user == "root"),
    );
    suite.plain(
        "How many failed logins for user root in the last 24 hours?",
        root.clone(),
    );
    suite.terse("failed login root 24h count", root);
    let address = count(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::LoginFailed && l.address == "203.0.113.77"),
    );
    suite.plain(
        "how many failed logins came from 203.0.113.77 in the last 24 hours?",
        address.clone(),
    );
    suite.clumsy(
        "from ip 203.0.113.77 how many wrong password in 24 hours",
        address,
    );
    let not_found = count(suite.last(12 * HOUR).filter(|l| l.status == 404));
    suite.plain("How many 404s in the last 12 hours?", not_found.clone());
    suite.terse("status 404 count 12h", not_found);
    let five = count(suite.last(DAY).filter(|l| l.status >= 500));
    suite.plain(
        "how many requests failed with a 5xx status in the last 24 hours?",
        five.clone(),
    );
    suite.terse("5xx last 24h how many", five);
    let cart = count(
        suite
            .last(6 * HOUR)
            .filter(|l| l.kind == Kind::Request && l.path == "/cart"),
    );
    suite.plain("how many requests to /cart in the last 6 hours?", cart);
    let region = count(
        suite
            .last(6 * HOUR)
            .filter(|l| l.region == "eu-west" && l.kind == Kind::Request),
    );
    suite.plain(
        "how many requests with region=eu-west in the last 6 hours?",
        region.clone(),
    );
    suite.plain(
        "How many requests came from region eu-west in the last 6 hours?",
        region,
    );
    let host = count(
        suite
            .last(6 * HOUR)
            .filter(|l| l.host == "web-02" && l.kind == Kind::Request),
    );
    suite.plain(
        "how many requests did host web-02 serve in the last 6 hours?",
        host.clone(),
    );
    suite.clumsy("on host web-02 how many request, last 6 hours", host);
    let users = distinct(suite.last(DAY).filter(is(Kind::LoginFailed)), |l| {
        l.user.to_owned()
    });
    suite.plain(
        "How many different users had failed logins in the last 24 hours?",
        users,
    );
    let addresses = distinct(suite.last(DAY).filter(is(Kind::RateLimited)), |l| {
        l.address.to_owned()
    });
    suite.plain(
        "how many distinct IPs were rate limited in the last 24 hours?",
        addresses,
    );
    let paths = distinct(suite.last(DAY).filter(|l| l.status == 404), |l| {
        l.path.to_owned()
    });
    suite.terse("unique paths with 404 last 24h", paths);
}

fn by_number(suite: &mut Suite<'_>) {
    let slow = count(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::Request && l.took_ms > 2_000),
    );
    suite.plain(
        "How many requests took longer than 2 seconds in the last 24 hours?",
        slow.clone(),
    );
    suite.terse("requests slower than 2s last 24h count", slow.clone());
    suite.clumsy(
        "how many request was more slow than 2000 ms in last 24 hours",
        slow,
    );
    let above = count(
        suite
            .last(DAY)
            .filter(|l| l.took_ms > 1_000 && l.kind == Kind::Request),
    );
    suite.plain(
        "how many requests with duration_ms > 1000 in the last 24 hours?",
        above,
    );
    let status = count(suite.last(DAY).filter(|l| l.status >= 500));
    suite.terse("count status >= 500 last 24h", status);
    let client = count(suite.last(DAY).filter(|l| (400..500).contains(&l.status)));
    suite.plain(
        "how many requests had a status between 400 and 499 in the last 24 hours?",
        client,
    );
    let queries = count(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::SlowQuery && l.took_ms >= 3_000),
    );
    suite.plain(
        "How many slow queries took at least 3 seconds in the last 24 hours?",
        queries,
    );
    let fast = count(
        suite
            .last(6 * HOUR)
            .filter(|l| l.kind == Kind::Request && l.took_ms < 100),
    );
    suite.plain(
        "how many requests took less than 100 ms in the last 6 hours?",
        fast,
    );
    let other = count(
        suite
            .last(6 * HOUR)
            .filter(|l| l.kind == Kind::Request && l.status != 200),
    );
    suite.plain(
        "how many requests did not return 200 in the last 6 hours?",
        other,
    );
    let took: Vec<f64> = suite
        .last(DAY)
        .filter(is(Kind::Request))
        .map(|l| l.took_ms as f64)
        .collect();
    let mean = took.iter().sum::<f64>() / took.len().max(1) as f64;
    suite.plain(
        "What is the average duration_ms of requests in the last 24 hours?",
        Expect::Number(mean, "ms"),
    );
    let most = took.iter().copied().fold(0.0, f64::max);
    suite.plain(
        "what was the slowest request in the last 24 hours, in duration_ms?",
        Expect::Number(most, "ms"),
    );
    let mut sorted = took;
    sorted.sort_by(f64::total_cmp);
    let median = sorted
        .get(sorted.len().div_ceil(2).saturating_sub(1))
        .copied()
        .unwrap_or_default();
    suite.terse(
        "median duration_ms requests 24h",
        Expect::Number(median, "ms"),
    );
}

fn rates(suite: &mut Suite<'_>) {
    let minutes = |seconds: i64| (seconds / MINUTE) as f64;
    let errors = suite.last(2 * HOUR).filter(|l| is_error(l)).count() as f64;
    suite.plain(
        "How many errors per minute on average in the last 2 hours?",
        Expect::Number(errors / minutes(2 * HOUR), "per minute"),
    );
    let requests = suite.last(HOUR).filter(is(Kind::Request)).count() as f64;
    suite.terse(
        "request rate per minute last hour",
        Expect::Number(requests / 60.0, "per minute"),
    );
    let logins = suite.last(DAY).filter(is(Kind::LoginFailed)).count() as f64;
    suite.plain(
        "what is the rate of failed logins per hour over the last 24 hours?",
        Expect::Number(logins / 24.0, "per hour"),
    );
    let share = |bad: usize, all: usize| 100.0 * bad as f64 / all.max(1) as f64;
    let all = suite
        .last(6 * HOUR)
        .filter(|l| l.service == "checkout-api")
        .count();
    let bad = suite
        .last(6 * HOUR)
        .filter(|l| l.service == "checkout-api" && is_error(l))
        .count();
    suite.terse(
        "checkout-api error rate last 6h in percent",
        Expect::Number(share(bad, all), "%"),
    );
    let all = suite.last(DAY).filter(is(Kind::Request)).count();
    let bad = suite.last(DAY).filter(|l| l.status >= 500).count();
    suite.plain(
        "What percentage of requests returned 5xx in the last 24 hours?",
        Expect::Number(share(bad, all), "%"),
    );
    suite.clumsy(
        "how many percent of the request have status 500 or more, last 24 hours",
        Expect::Number(share(bad, all), "%"),
    );
    let all = suite
        .last(3 * HOUR)
        .filter(|l| l.service == "web-frontend")
        .count();
    let bad = suite
        .last(3 * HOUR)
        .filter(|l| l.service == "web-frontend" && is_error(l))
        .count();
    suite.plain(
        "what share of the web-frontend records are errors in the last 3 hours?",
        Expect::Number(share(bad, all), "%"),
    );
}

impl Suite<'_> {
    pub(super) fn weekday_name(&self, back: i64) -> &'static str {
        [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ][self.world.weekday(back)]
    }
}
