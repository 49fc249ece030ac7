//! Questions that the records cannot answer: there is no such service, person, thing or time, or it is not in logs.

use super::super::expect::Expect;
use super::Suite;

const PLAIN: [&str; 34] = [
    "How many errors does the billing service have today?",
    "why is the recommendation service down?",
    "how many errors in the kafka-connect service in the last hour?",
    "How many failed logins for user zacharias in the last 24 hours?",
    "when did user ludmilla last log in?",
    "how many payments were made for order ORD-999999999?",
    "What is the capital of France?",
    "who won the football game yesterday?",
    "how much revenue did we make today?",
    "What is the weather like in Berlin?",
    "how many customers cancelled their subscription this week?",
    "When did the Kubernetes node run out of pods?",
    "how many DNS lookups failed today?",
    "which elevator is stuck?",
    "How many SSL handshakes failed in the last hour?",
    "did the backup to tape succeed last night?",
    "how many Kafka partitions were rebalanced today?",
    "What is the temperature of the server room?",
    "how many errors will there be tomorrow?",
    "which employee wrote the checkout code?",
    "how many printers are out of toner?",
    "when was the firewall rule last changed?",
    "how many times did the leader election fail today?",
    "Why did the GPU overheat?",
    "how many kernel panics occurred in the last 24 hours?",
    "how many requests came from 8.8.8.8 in the last 24 hours?",
    "which user deleted the production bucket?",
    "how many segmentation faults were there today?",
    "how many push notifications were delivered today?",
    "show me deadlocks in the last 24 hours",
    "how many requests returned 418 in the last 24 hours?",
    "how many refunds were issued today?",
    "When did the license server expire?",
    "how many files were uploaded to S3 today?",
];
const TERSE: [&str; 10] = [
    "zookeeper session expired count",
    "ntp drift today",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "errors in warehouse-sync today",
    "smtp relay denied 24h",
    "user wolfgang logins",
    "replication lag replica-3",
    "\"quota of tenant exceeded\" today",
    "gc pause over 10s",
    "coffee machine errors",
];
const CLUMSY: [&str; 8] = [
    "how many time the vpn was disconnect today",
    "why the satellite link is not working",
    "please tell how many virus was found by scanner today",
    "which one printer have error",
    "how many the user with name hildegard have logged in today",
    "the ticket of customer was answer when",
    "how much salary we pay this month",
    "is the raid array degrade today",
];

pub(super) fn add(suite: &mut Suite<'_>) {
    for question in PLAIN {
        suite.plain(question, Expect::Nothing);
    }
    for question in TERSE {
        suite.terse(question, Expect::Nothing);
    }
    for question in CLUMSY {
        suite.clumsy(question, Expect::Nothing);
    }
}
