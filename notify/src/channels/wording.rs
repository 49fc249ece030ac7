//! Words that several channels share.

use domain::{IncidentSeverity, Notification, NotificationKind, Suspect};

/// A sign for the severity, or for the end; the word always stands beside it.
pub(crate) fn icon(notification: &Notification) -> &'static str {
    match notification.kind {
        NotificationKind::Resolved => "\u{2705}",
        NotificationKind::Acknowledged => "\u{1f440}",
        _ => match notification.severity {
            IncidentSeverity::Info => "\u{1f535}",
            IncidentSeverity::Warning => "\u{1f7e1}",
            IncidentSeverity::Error => "\u{1f7e0}",
            IncidentSeverity::Critical => "\u{1f534}",
        },
    }
}

/// What happened to the incident: `Incident #12`, `Incident #12 resolved`.
pub(crate) fn event(notification: &Notification) -> String {
    let number = notification.incident_number;
    match notification.kind {
        NotificationKind::Opened => format!("Incident #{number}"),
        NotificationKind::Escalated => format!("Nobody took incident #{number}"),
        NotificationKind::Acknowledged => format!("Incident #{number} acknowledged"),
        NotificationKind::Resolved => format!("Incident #{number} resolved"),
        NotificationKind::Test => "Test message".to_owned(),
    }
}

/// `event: headline`, on one line.
pub(crate) fn title(notification: &Notification) -> String {
    format!(
        "{}: {}",
        event(notification),
        crate::text::one_line(&notification.headline)
    )
}

/// `checkout v2.4.1 (high, 92 %): reason`.
pub(crate) fn suspect(suspect: &Suspect) -> String {
    format!(
        "{} ({} confidence, {:.0} %): {}",
        crate::text::one_line(&suspect.name),
        suspect.confidence.as_str(),
        (suspect.score * 100.0).clamp(0.0, 100.0),
        crate::text::one_line(&suspect.reason)
    )
}

/// The link when it is one that a channel may show: http or https, no control characters, at most `limit`.
pub(crate) fn link(notification: &Notification, limit: usize) -> Option<&str> {
    let link = notification.link.as_deref()?.trim();
    let fits = (link.starts_with("https://") || link.starts_with("http://"))
        && link.chars().count() <= limit
        && !link
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '|' | '"'));
    fits.then_some(link)
}

/// The whole message as plain text, for channels without a layout.
pub(crate) fn plain(notification: &Notification) -> String {
    let mut lines = vec![
        format!("{} {}", icon(notification), title(notification)),
        format!(
            "severity {}, {}, began {}",
            notification.severity.as_str(),
            notification.state.as_str(),
            domain::format_timestamp_short(notification.started_at_ns)
        ),
    ];
    lines.extend(notification.facts.iter().map(|(name, value)| {
        format!(
            "{}: {}",
            crate::text::one_line(name),
            crate::text::one_line(value)
        )
    }));
    if !notification.summary.trim().is_empty() {
        lines.push(String::new());
        lines.push(crate::text::clean(notification.summary.trim()));
    }
    if !notification.suspects.is_empty() {
        lines.push(String::new());
        lines.push("Suspects".to_owned());
        let suspects = notification.suspects.iter().enumerate();
        lines.extend(suspects.map(|(index, one)| format!("{}. {}", index + 1, suspect(one))));
    }
    if !notification.next_steps.is_empty() {
        lines.push(String::new());
        lines.push("Next steps".to_owned());
        lines.extend(
            notification
                .next_steps
                .iter()
                .map(|step| format!("- {}", crate::text::one_line(step))),
        );
    }
    if let Some(link) = link(notification, 3_000) {
        lines.push(String::new());
        lines.push(link.to_owned());
    }
    lines.join("\n")
}
