//! Reporting new patterns: errors one by one, the others of a service together.

use domain::{AnomalyKind, Severity};

use super::info::TemplateInfo;
use super::novelty::{TAKEN_SERIOUSLY, WATCH_MINUTES};
use super::report::{Finding, Findings, PER_MINUTE, Slot, name_of};
use super::series::Open;
use super::service::{MOST_NEWS, News, Service};
use super::words::{number, records};
use super::{LogDetector, SeriesKey};

/// The score that is worth an incident of its own.
const ALARMING: f64 = 0.5;
/// Patterns named in the report of several.
const NAMED: usize = 3;

impl LogDetector {
    /// Counts a record of a pattern that waits to be reported, or lets a new one wait.
    pub(super) fn note_news(&mut self, minute: i64, key: SeriesKey, count: f64, is_new: bool) {
        let learning = i64::from(self.config.learning_minutes);
        let service = &mut self.services[key.service as usize];
        if let Some(news) = service.waiting.iter_mut().find(|n| n.key == key) {
            news.count += count;
            return;
        }
        // A service that just started has nothing but news.
        if !is_new || minute - service.first_minute < learning {
            return;
        }
        service.arrivals.push_back((key, minute));
        if service.arrivals.len() > MOST_NEWS {
            service.arrivals.pop_front();
        }
        if service.waiting.len() < MOST_NEWS {
            service.waiting.push(News {
                key,
                since: minute,
                count,
            });
        }
    }

    /// Reports what waited long enough or is serious already.
    pub(super) fn report_news(
        &mut self,
        minute: i64,
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        for id in 0..self.services.len() {
            let service = &mut self.services[id];
            if service.waiting.is_empty() {
                continue;
            }
            let is_due = |n: &News| minute - n.since >= WATCH_MINUTES;
            let worth = service.error_worth(minute);
            let (due, still): (Vec<News>, Vec<News>) = service.waiting.drain(..).partition(|n| {
                let score = error_score(n.key.severity, n.count, worth);
                n.key.severity.is_error() && (score >= ALARMING || is_due(n))
            });
            let others_due = still
                .iter()
                .any(|n| !n.key.severity.is_error() && is_due(n));
            let (others, still): (Vec<News>, Vec<News>) = still
                .into_iter()
                .partition(|n| others_due && !n.key.severity.is_error());
            service.waiting = still;
            // Below error, what hardly ever comes is not worth a line.
            let others: Vec<News> = others
                .into_iter()
                .filter(|n| n.count >= TAKEN_SERIOUSLY)
                .collect();
            for news in due {
                self.report_error_news(minute, &news, info, findings);
            }
            if !others.is_empty() {
                self.report_other_news(minute, id as u32, &others, info, findings);
            }
        }
    }

    fn report_error_news(
        &mut self,
        minute: i64,
        news: &News,
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let key = news.key;
        let service = &mut self.services[key.service as usize];
        let worth = service.error_worth(minute);
        service.error_news.note(minute);
        let Some(series) = self.series.get_mut(&key) else {
            return;
        };
        if series.open.is_some() {
            return; // a surge reported it already
        }
        let minutes = (minute - news.since + 1).max(1) as f64;
        let rate = news.count / minutes;
        service.explain(minute, rate);
        series.begin(Open {
            kind: AnomalyKind::NewTemplate,
            started_minute: news.since,
            last_odd_minute: minute,
            usual: 0.0,
            calm_rate: 0.0,
            peak: series.baseline.one().max(rate),
            announced: true,
        });
        self.open.insert(key);
        findings.add(Finding {
            slot: Slot::Series(key),
            kind: AnomalyKind::NewTemplate,
            service: Some(service.name.clone()),
            severity: key.severity,
            template_id: Some(key.template_id),
            started_minute: news.since,
            observed: rate,
            expected: 0.0,
            low: 0.0,
            high: 0.0,
            unit: PER_MINUTE,
            score: error_score(key.severity, news.count, worth),
            reason: format!(
                "a new {} pattern in {}: {}, {} in {} min, never seen before",
                key.severity,
                service.name,
                name_of(key.template_id, info),
                records(news.count),
                number(minutes),
            ),
        });
    }

    fn report_other_news(
        &mut self,
        minute: i64,
        id: u32,
        news: &[News],
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let service = &mut self.services[id as usize];
        let worth = service.other_news.worth(minute);
        service.other_news.note(minute);
        if service.open_news.is_some() {
            return;
        }
        let Some(loudest) = news.iter().max_by(|a, b| {
            (a.key.severity, a.count)
                .partial_cmp(&(b.key.severity, b.count))
                .unwrap_or(std::cmp::Ordering::Equal)
        }) else {
            return;
        };
        let since = news.iter().map(|n| n.since).min().unwrap_or(minute);
        let total: f64 = news.iter().map(|n| n.count).sum();
        let rate = total / (minute - since + 1).max(1) as f64;
        let score = match loudest.key.severity {
            Severity::Warn => 0.4,
            _ => 0.25,
        } * worth;
        service.open_news = Some(Open {
            kind: AnomalyKind::NewTemplate,
            started_minute: since,
            last_odd_minute: minute,
            usual: 0.0,
            calm_rate: 0.0,
            peak: rate,
            announced: true,
        });
        let reason = news_reason(service, news, loudest, info, total);
        findings.add(Finding {
            slot: Slot::News(id),
            kind: AnomalyKind::NewTemplate,
            service: Some(service.name.clone()),
            severity: loudest.key.severity,
            template_id: None,
            started_minute: since,
            observed: rate,
            expected: 0.0,
            low: 0.0,
            high: 0.0,
            unit: PER_MINUTE,
            score,
            reason,
        });
    }
}

fn news_reason(
    service: &Service,
    news: &[News],
    loudest: &News,
    info: &dyn TemplateInfo,
    total: f64,
) -> String {
    if news.len() == 1 {
        return format!(
            "a new {} pattern in {}: {}, {} so far",
            loudest.key.severity,
            service.name,
            name_of(loudest.key.template_id, info),
            records(total),
        );
    }
    let names: Vec<String> = news
        .iter()
        .take(NAMED)
        .map(|n| name_of(n.key.template_id, info))
        .collect();
    format!(
        "{} new patterns in {} ({} so far), among them {}",
        news.len(),
        service.name,
        records(total),
        names.join(", "),
    )
}

/// 0.6 to 1 for an error pattern that repeats, 0.3 (fatal: 0.55) for one that was seen once or twice; less where
/// new error patterns are common and on the first day.
fn error_score(severity: Severity, count: f64, worth: f64) -> f64 {
    let is_fatal = severity == Severity::Fatal;
    let base = if is_fatal { 0.1 } else { 0.0 };
    let score = if count < TAKEN_SERIOUSLY {
        // Nobody writes that something died without a reason.
        if is_fatal { 0.55 } else { 0.3 }
    } else {
        0.6 + base + 0.3 * (1.0 - (-(count - TAKEN_SERIOUSLY) / 30.0).exp())
    };
    score * worth
}
