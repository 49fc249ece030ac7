//! What a pattern says of itself where its severity does not: much of syslog comes as `info` or without any.

use domain::Severity;

/// Words that name a failure, at the beginning of a word of the text, in lowercase.
const FAILURES: [&str; 17] = [
    "fail",
    "error",
    "denied",
    "refused",
    "invalid",
    "unauthori",
    "forbidden",
    "break-in",
    "attack",
    "illegal",
    "unable",
    "cannot",
    "corrupt",
    "unreachable",
    "timeout",
    "exception",
    "abort",
];
/// Words that say that it turned out well, or that it is only counted.
const HARMLESS: [&str; 6] = [
    "corrected",
    "recovered",
    "resolved",
    "errors=0",
    "without",
    "success",
];

/// The severity that a pattern is watched with: of one below warning that names a failure, a warning.
pub(super) fn severity_of(severity: Severity, text: &str) -> Severity {
    if severity < Severity::Warn && names_failure(text) {
        Severity::Warn
    } else {
        severity
    }
}

fn names_failure(text: &str) -> bool {
    let mut fails = false;
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '='))) {
        let starts = |list: &[&str]| {
            list.iter().any(|wanted| {
                word.get(..wanted.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(wanted))
            })
        };
        if word.eq_ignore_ascii_case("no") || starts(&HARMLESS) {
            return false;
        }
        fails |= starts(&FAILURES);
    }
    fails
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_failure_is_watched_as_a_warning_and_what_was_repaired_is_not() {
        for text in [
            "sshd[<num>]: Failed password for <*> from <ip> port <num> ssh2",
            "reverse mapping checking getaddrinfo for <*> failed - POSSIBLE BREAK-IN ATTEMPT!",
            "Invalid user <*> from <ip>",
        ] {
            assert_eq!(severity_of(Severity::Info, text), Severity::Warn, "{text}");
            assert_eq!(severity_of(Severity::Error, text), Severity::Error);
        }
        for text in [
            "instruction cache parity error corrected",
            "batch <num> done, no errors",
            "GET <path> 200 in <num> ms",
        ] {
            assert_eq!(severity_of(Severity::Info, text), Severity::Info, "{text}");
        }
    }
}
