//! Finding names of services in error texts.

use std::collections::BTreeMap;

/// Decorations of service names: `payments`, `payments-service` and `svc-payments` are one.
const SUFFIXES: [&str; 9] = [
    "service",
    "svc",
    "server",
    "api",
    "app",
    "backend",
    "worker",
    "prod",
    "production",
];
/// Words of sentences about another party. A service named like an everyday word ("cart", "mail")
/// only counts as mentioned beside one of these.
const CALL_WORDS: [&str; 32] = [
    "upstream",
    "downstream",
    "connect",
    "connecting",
    "connection",
    "timeout",
    "timed",
    "refused",
    "unavailable",
    "unreachable",
    "dial",
    "resolve",
    "host",
    "call",
    "calling",
    "called",
    "request",
    "requests",
    "response",
    "responded",
    "rpc",
    "grpc",
    "http",
    "https",
    "service",
    "reset",
    "deadline",
    "dependency",
    "returned",
    "fetch",
    "handshake",
    "lookup",
];

/// Knows the services of a project and finds them in texts.
#[derive(Debug, Clone, Default)]
pub struct Mentions {
    /// From the plain form of a name to the name.
    names: BTreeMap<String, String>,
}

impl Mentions {
    /// Finds these services.
    pub fn of<'a>(services: impl IntoIterator<Item = &'a str>) -> Self {
        let names = services
            .into_iter()
            .filter(|name| name.len() > 1 && *name != "unknown")
            .map(|name| (plain(name), name.to_owned()))
            .filter(|(plain, _)| !plain.is_empty())
            .collect();
        Self { names }
    }

    /// The services that a text names, each with 1 (as a host or URL) or 0.6 (as a word in a sentence
    /// about a call).
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<(&str, f64)> {
        let mut found: BTreeMap<&str, f64> = BTreeMap::new();
        let is_about_a_call = || {
            text.split(|c: char| !c.is_ascii_alphanumeric())
                .any(|w| CALL_WORDS.iter().any(|k| w.eq_ignore_ascii_case(k)))
        };
        let mut about_a_call = None;
        for (token, is_host) in tokens(text) {
            let Some(name) = self.names.get(&plain(token)) else {
                continue;
            };
            let weight = if is_host || token.contains(['-', '_']) {
                1.0
            } else if *about_a_call.get_or_insert_with(is_about_a_call) {
                0.6
            } else {
                continue;
            };
            let best = found.entry(name).or_insert(0.0);
            *best = best.max(weight);
        }
        found.into_iter().collect()
    }
}

/// Lowercase, without decorations, `_` as `-`.
fn plain(name: &str) -> String {
    let lower = name.to_ascii_lowercase().replace('_', "-");
    let parts: Vec<&str> = lower.split('-').filter(|p| !p.is_empty()).collect();
    let kept: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|p| !SUFFIXES.contains(p))
        .collect();
    // A service that is called "api" and nothing else keeps its name.
    if kept.is_empty() {
        parts.join("-")
    } else {
        kept.join("-")
    }
}

/// Words with `-` and `_` inside, and whether each stands as a host: after `//`, before `:port`, or as
/// the first label of a dotted name.
fn tokens(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let length = text[start..].find(|c| !is_part(c));
        let end = length.map_or(text.len(), |l| start + l);
        rest = end;
        let before = &text[..start];
        let after = &text[end..];
        let mut next = after.chars();
        let followed = match next.next() {
            Some(':') => next.next().is_some_and(|c| c.is_ascii_digit() || c == '<'),
            Some('.') => next.next().is_some_and(|c| c.is_ascii_alphabetic()),
            _ => false,
        };
        let is_label = before.ends_with('.');
        let is_host = before.ends_with("//") || followed && !is_label;
        Some((text[start..end].trim_matches('-'), is_host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        let mentions = Mentions::of(["payments", "cart-service", "mail", "api", "unknown"]);
        let names: Vec<String> = mentions
            .find(text)
            .into_iter()
            .map(|(name, weight)| format!("{name} {weight}"))
            .collect();
        names.join(", ")
    }

    #[test]
    fn hosts_and_sentences_about_calls_name_services_and_everyday_words_do_not() {
        for (text, expected) in [
            ("upstream payments timed out after 30 s", "payments 0.6"),
            ("POST http://payments/charge: 503", "payments 1"),
            (
                "dial tcp payments.prod.svc.cluster.local:8443: connection refused",
                "payments 1",
            ),
            ("lookup payments-svc: no such host", "payments 1"),
            ("call to Cart failed: deadline exceeded", "cart-service 0.6"),
            ("invalid mail address", ""),
            ("item added to cart", ""),
            ("könnte payments:8080 nicht erreichen", "payments 1"),
            ("", ""),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
