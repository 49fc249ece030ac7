//! Which, who, where: the most frequent ones, lists, and counts over time.

use super::super::expect::Expect;
use super::super::world::{DAY, HOUR, Kind, Line};
use super::{Suite, is, is_error, names, top};

pub(super) fn add(suite: &mut Suite<'_>) {
    services(suite);
    values(suite);
    lists(suite);
}

fn service(line: &Line) -> String {
    line.service.to_owned()
}

fn services(suite: &mut Suite<'_>) {
    let worst = top(suite.day(0).filter(|l| is_error(l)), 1, service);
    suite.plain("Which service had the most errors today?", worst.clone());
    suite.terse("worst service today", worst.clone());
    suite.clumsy("which service is having most error today", worst);
    let noisy = top(suite.last(HOUR), 1, service);
    suite.plain(
        "which service is the noisiest in the last hour?",
        noisy.clone(),
    );
    suite.terse("noisiest service last hour", noisy);
    let three = top(suite.last(DAY).filter(|l| is_error(l)), 3, service);
    suite.plain(
        "What are the top 3 services by errors in the last 24 hours?",
        three.clone(),
    );
    suite.terse("top 3 services errors 24h", three);
    let by = top(
        suite.last(6 * HOUR).filter(|l| l.level == "warn"),
        4,
        service,
    );
    suite.plain(
        "how many warnings per service in the last 6 hours?",
        by.clone(),
    );
    suite.terse("warnings by service 6h", by);
    let levels = top(suite.last(HOUR), 3, |l| l.level.to_owned());
    suite.plain("break down the last hour by severity", levels.clone());
    suite.terse("count by level last hour", levels);
    let declined = names(suite.day(0).filter(is(Kind::Declined)), service);
    suite.plain("Which service reported declined payments today?", declined);
}

fn values(suite: &mut Suite<'_>) {
    let failed = |suite: &Suite<'_>, limit: usize, key: fn(&Line) -> String| {
        top(suite.last(DAY).filter(is(Kind::LoginFailed)), limit, key)
    };
    let user = |l: &Line| l.user.to_owned();
    let address = |l: &Line| l.address.to_owned();
    let path = |l: &Line| l.path.to_owned();
    let one = failed(suite, 1, address);
    suite.plain(
        "Which IP address had the most failed logins in the last 24 hours?",
        one.clone(),
    );
    suite.terse("top ip failed logins 24h", one.clone());
    suite.clumsy(
        "from which ip come the most wrong password last 24 hours",
        one,
    );
    let three = failed(suite, 3, address);
    suite.plain("top 3 IPs with failed logins in the last 24 hours", three);
    let users = failed(suite, 3, user);
    suite.plain(
        "What are the top 3 users by failed logins in the last 24 hours?",
        users.clone(),
    );
    suite.terse("failed logins by user 24h", users);
    let one = failed(suite, 1, user);
    suite.plain(
        "which user failed to log in most often in the last 24 hours?",
        one,
    );
    let who = names(suite.last(HOUR * 6).filter(is(Kind::Login)), user);
    suite.plain("who logged in during the last 6 hours?", who);
    let paths = top(suite.last(DAY).filter(|l| l.status == 404), 1, path);
    suite.plain(
        "Which path returns the most 404s in the last 24 hours?",
        paths.clone(),
    );
    suite.clumsy(
        "which path is giving the most 404 in the last 24 hours",
        paths,
    );
    let paths = top(suite.last(DAY).filter(is(Kind::Request)), 3, path);
    suite.plain(
        "what are the 3 most requested paths in the last 24 hours?",
        paths.clone(),
    );
    suite.terse("top 3 paths 24h", paths);
    let hosts = top(suite.last(12 * HOUR).filter(is(Kind::Request)), 3, |l| {
        l.host.to_owned()
    });
    suite.plain(
        "how many requests per host in the last 12 hours?",
        hosts.clone(),
    );
    suite.terse("requests by host 12h", hosts);
    let regions = top(suite.last(12 * HOUR).filter(|l| l.status >= 500), 1, |l| {
        l.region.to_owned()
    });
    suite.plain(
        "Which region has the most 5xx responses in the last 12 hours?",
        regions,
    );
    let codes = top(suite.last(6 * HOUR).filter(is(Kind::Request)), 3, |l| {
        l.status.to_string()
    });
    suite.plain(
        "what are the most common status codes in the last 6 hours?",
        codes.clone(),
    );
    suite.terse("requests by status code 6h", codes);
    let limited = top(suite.last(DAY).filter(is(Kind::RateLimited)), 1, address);
    suite.plain(
        "which client was rate limited the most in the last 24 hours?",
        limited.clone(),
    );
    suite.terse("top rate limited client 24h", limited);
    let slow = top(
        suite
            .last(DAY)
            .filter(|l| l.kind == Kind::Request && l.took_ms > 1_000),
        1,
        path,
    );
    suite.plain(
        "which path has the most requests slower than 1 second in the last 24 hours?",
        slow,
    );
}

fn lists(suite: &mut Suite<'_>) {
    let all = names(suite.last(DAY), service);
    suite.plain("Which services are there?", all.clone());
    suite.terse("list services", all.clone());
    suite.clumsy("what services you have in the logs", all);
    let failing = names(suite.last(6 * HOUR).filter(|l| is_error(l)), service);
    suite.plain(
        "which services had errors in the last 6 hours?",
        failing.clone(),
    );
    suite.clumsy(
        "what are the services that have error in last 6 hours",
        failing,
    );
    let hosts = names(suite.last(DAY).filter(is(Kind::Request)), |l| {
        l.host.to_owned()
    });
    suite.plain("Which hosts served requests in the last 24 hours?", hosts);
    let regions = names(suite.last(DAY).filter(is(Kind::Request)), |l| {
        l.region.to_owned()
    });
    suite.plain("list the regions of requests in the last 24 hours", regions);
    let crashed = names(suite.day(0).filter(is(Kind::OutOfMemory)), service);
    suite.plain("which service ran out of memory today?", crashed.clone());
    suite.clumsy(
        "which one of service was killed because of memory today",
        crashed,
    );
    let quiet = names(suite.day(0).filter(is(Kind::Certificate)), service);
    suite.plain("which service has a certificate that expires soon?", quiet);
    let hours = |suite: &Suite<'_>| -> Vec<(String, u64)> {
        let (from, until) = (suite.world.local(0, 9, 0), suite.world.local(0, 12, 0));
        let mut hours: Vec<(i64, u64)> = Vec::new();
        for line in suite.lines(from, until).filter(|l| is_error(l)) {
            let hour = (line.at - from) / HOUR;
            match hours.iter_mut().find(|it| it.0 == hour) {
                Some(found) => found.1 += 1,
                None => hours.push((hour, 1)),
            }
        }
        hours.sort_by_key(|hour| std::cmp::Reverse(hour.1));
        hours
            .into_iter()
            .map(|(hour, count)| (format!("{:02}:00", 9 + hour), count))
            .collect()
    };
    let worst = hours(suite);
    if worst.len() > 1 && worst[0].1 > worst[1].1 {
        suite.plain(
            "which hour had the most errors between 9:00 and 12:00?",
            Expect::Says(vec![leak(&worst[0].0)]),
        );
    }
}

/// A text for the rest of the program.
fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
