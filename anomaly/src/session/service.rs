//! The sessions of one service: how many unusual ones there are, and when that is an anomaly.

use std::collections::{BTreeMap, VecDeque};

use domain::{Anomaly, AnomalyId, AnomalyKind, NANOS_PER_MINUTE, ProjectId, Severity, TemplateId};

use super::model::SessionModel;
use super::open::Session;
use super::verdict::{Part, SessionVerdict};
use super::{SessionConfig, words};
use crate::log::TemplateInfo;
use crate::log::words::{number, percent};
use crate::observation::{AnomalyKey, EndReason, Ended, OpenAnomaly};
use crate::statistics::count_surprise_high;

/// Unusual sessions of a window that are kept until it is known whether they are learnt.
const MAX_HELD: usize = 64;
/// Sessions over which a service's own share of unusual ones is averaged.
const RATE_SESSIONS: f64 = 20_000.0;
/// Unusual sessions come in clumps of so many, and clumps come by chance.
const CLUMP: f64 = 2.0;
/// Surprise of a minute below which it is calm.
const CALM: f64 = 2.0;
/// The score of an anomaly that is one session alone: context, never an incident.
const ALONE: f64 = 0.45;
/// Records that are named as evidence.
const EVIDENCE: usize = 5;

/// A session that is unusual.
#[derive(Debug, Clone)]
struct Odd {
    session: Session,
    templates: Vec<TemplateId>,
    verdict: SessionVerdict,
}

/// One minute's sessions.
#[derive(Debug, Clone, Default)]
struct Minute {
    sessions: u32,
    unusual: u32,
    odd: Vec<Odd>,
}

#[derive(Debug, Clone)]
struct Open {
    started_at_ns: i64,
    last_odd_ns: i64,
    opened_minute: i64,
    peak: f64,
    is_alone: bool,
}

/// The last minutes together.
struct Window {
    sessions: u32,
    unusual: u32,
    surprise: f64,
    /// The share of unusual sessions in quiet times.
    usual: f64,
    /// The last minute has no more unusual sessions than chance gives.
    is_calm: bool,
    is_alarm: bool,
    /// A session that is as unusual as the score can say leaves the window, and no anomaly came of it.
    is_alone: bool,
}

impl Window {
    fn share(&self) -> f64 {
        f64::from(self.unusual) / f64::from(self.sessions.max(1))
    }

    /// The largest share that is no anomaly.
    fn most(&self, config: &SessionConfig) -> f64 {
        let (mut low, mut high) = (config.min_unusual.saturating_sub(1), self.sessions);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if surprise_of(middle, self.sessions, self.usual) < config.min_surprise {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        f64::from(low) / f64::from(self.sessions.max(1))
    }
}

fn surprise_of(unusual: u32, sessions: u32, usual: f64) -> f64 {
    let mean = usual * f64::from(sessions) / CLUMP;
    count_surprise_high(f64::from(unusual) / CLUMP, mean, mean)
}

/// What one minute brought.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) anomaly: Option<Anomaly>,
    pub(super) ended: Vec<Ended>,
}

#[derive(Debug, Clone)]
pub(super) struct Service {
    model: SessionModel,
    minutes: VecDeque<Minute>,
    /// The share of unusual sessions in quiet times.
    own_rate: f64,
    rated: f64,
    calm: u32,
    open: Option<Open>,
    last_minute: i64,
}

impl Service {
    pub(super) fn new(minute: i64, config: &SessionConfig) -> Self {
        Self {
            model: SessionModel::new(config.model.clone()),
            minutes: VecDeque::from([Minute::default()]),
            own_rate: 0.0,
            rated: 0.0,
            calm: 0,
            open: None,
            last_minute: minute,
        }
    }

    /// Begins a minute. What leaves the window without having been part of an anomaly was normal.
    pub(super) fn begin(&mut self, minute: i64, info: &dyn TemplateInfo, config: &SessionConfig) {
        self.model.follow_merges(info);
        let passed = (minute - self.last_minute).clamp(1, config.window_minutes.max(1) as i64);
        self.last_minute = minute;
        for _ in 0..passed {
            self.minutes.push_back(Minute::default());
        }
        while self.minutes.len() > config.window_minutes.max(1) {
            let Some(past) = self.minutes.pop_front() else {
                break;
            };
            if self.open.as_ref().is_some_and(|open| !open.is_alone) {
                continue;
            }
            let sessions = f64::from(past.sessions);
            if sessions > 0.0 {
                self.rated = (self.rated + sessions).min(RATE_SESSIONS);
                let share = f64::from(past.unusual) / sessions;
                self.own_rate += (share - self.own_rate) * (sessions / self.rated).min(1.0);
            }
            for odd in past.odd {
                self.model.learn(&odd.templates);
            }
        }
    }

    /// Takes a session that is over.
    pub(super) fn take(&mut self, session: Session, info: &dyn TemplateInfo) {
        let templates: Vec<TemplateId> = session
            .templates()
            .into_iter()
            .map(|id| info.resolve(id))
            .collect();
        let verdict = self.model.judge(&templates);
        let Some(minute) = self.minutes.back_mut() else {
            return;
        };
        match verdict {
            Some(verdict) if verdict.is_unusual => {
                minute.sessions += 1;
                minute.unusual += 1;
                if minute.odd.len() < MAX_HELD {
                    minute.odd.push(Odd {
                        session,
                        templates,
                        verdict,
                    });
                }
            }
            Some(_) => {
                minute.sessions += 1;
                self.model.learn(&templates);
            }
            None => self.model.learn(&templates),
        }
    }

    /// Looks at the window that ends with this minute.
    pub(super) fn judge(
        &mut self,
        project_id: ProjectId,
        minute: i64,
        name: &str,
        info: &dyn TemplateInfo,
        config: &SessionConfig,
    ) -> Found {
        let mut found = Found::default();
        let now_ns = (minute + 1).saturating_mul(NANOS_PER_MINUTE);
        let window = self.window(config);
        self.calm = if window.is_calm {
            self.calm.saturating_add(1)
        } else {
            0
        };
        if let Some(reason) = self.follow(&window, minute, now_ns, config) {
            found.ended.extend(self.open.take().map(|open| Ended {
                key: key_of(name),
                started_at_ns: open.started_at_ns,
                ended_at_ns: open.last_odd_ns,
                reason,
            }));
            if reason == EndReason::NewNormal {
                self.model = SessionModel::new(config.model.clone());
            }
            if reason != EndReason::Superseded {
                self.minutes.clear();
                self.minutes.push_back(Minute::default());
                return found;
            }
        }
        if self.open.is_some() || !window.is_alarm && !window.is_alone {
            return found;
        }
        let all = || self.minutes.iter().flat_map(|minute| &minute.odd);
        let Some(worst) = all().min_by(|a, b| rarer(a, b)) else {
            return found;
        };
        let started_at_ns = all()
            .map(|odd| odd.session.started_at_ns())
            .min()
            .map_or(now_ns, domain::minute_start);
        let severity = all().map(|odd| odd.session.severity).max();
        let mut anomaly = describe(project_id, name, worst, &window, info);
        anomaly.severity = severity.unwrap_or_default();
        anomaly.started_at_ns = started_at_ns;
        anomaly.detected_at_ns = now_ns;
        anomaly.expected_high = window.most(config);
        anomaly.score = if window.is_alarm {
            (window.surprise / (2.0 * config.min_surprise)).clamp(0.5, 1.0)
        } else {
            ALONE
        };
        found.anomaly = Some(anomaly);
        self.open = Some(Open {
            started_at_ns,
            last_odd_ns: now_ns,
            opened_minute: minute,
            peak: window.share(),
            is_alone: !window.is_alarm,
        });
        self.calm = 0;
        found
    }

    /// Sums the window up.
    fn window(&self, config: &SessionConfig) -> Window {
        let usual = self.model.false_alarms().max(self.own_rate);
        let sessions = self.minutes.iter().map(|m| m.sessions).sum();
        let unusual = self.minutes.iter().map(|m| m.unusual).sum();
        let surprise = surprise_of(unusual, sessions, usual);
        let last = self.minutes.back();
        Window {
            sessions,
            unusual,
            surprise,
            usual,
            is_calm: last.is_none_or(|m| surprise_of(m.unusual, m.sessions, usual) < CALM),
            is_alarm: unusual >= config.min_unusual && surprise >= config.min_surprise,
            is_alone: self
                .minutes
                .front()
                .filter(|_| self.minutes.len() >= config.window_minutes)
                .is_some_and(|m| m.odd.iter().any(|odd| odd.verdict.score >= 1.0)),
        }
    }

    /// Keeps the open anomaly up; why it is over, if it is.
    fn follow(
        &mut self,
        window: &Window,
        minute: i64,
        now_ns: i64,
        config: &SessionConfig,
    ) -> Option<EndReason> {
        let open = self.open.as_mut()?;
        if !window.is_calm {
            open.last_odd_ns = now_ns;
            open.peak = open.peak.max(window.share());
        }
        if open.is_alone && window.is_alarm {
            Some(EndReason::Superseded)
        } else if self.calm >= config.calm_minutes.max(1) && !window.is_alarm {
            Some(EndReason::BackToNormal)
        } else if minute - open.opened_minute >= config.adopt_minutes {
            Some(EndReason::NewNormal)
        } else {
            None
        }
    }

    pub(super) fn open_anomaly(&self, name: &str) -> Option<OpenAnomaly> {
        let open = self.open.as_ref()?;
        Some(OpenAnomaly {
            key: key_of(name),
            started_at_ns: open.started_at_ns,
            peak: open.peak,
        })
    }
}

fn key_of(name: &str) -> AnomalyKey {
    AnomalyKey::new(AnomalyKind::UnusualSession, Some(name.to_owned()), None)
}

/// The rarer session first; of two alike the earlier one.
fn rarer(a: &Odd, b: &Odd) -> std::cmp::Ordering {
    let by_time = || {
        let begins = |odd: &Odd| odd.session.started_at_ns();
        begins(a).cmp(&begins(b))
    };
    a.verdict
        .probability
        .total_cmp(&b.verdict.probability)
        .then_with(by_time)
}

fn describe(
    project_id: ProjectId,
    name: &str,
    worst: &Odd,
    window: &Window,
    info: &dyn TemplateInfo,
) -> Anomaly {
    let named: Vec<TemplateId> = worst
        .verdict
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Count { template_id, .. } => *template_id,
            Part::Order { before, after } => after.or(*before),
        })
        .collect();
    let records: Vec<String> = worst
        .session
        .evidence(&named, EVIDENCE)
        .iter()
        .map(ToString::to_string)
        .collect();
    let labels = BTreeMap::from([
        ("session".to_owned(), worst.session.key.to_string()),
        ("records".to_owned(), records.join(",")),
    ]);
    let share = window.share();
    let (were, plural) = if window.unusual == 1 {
        ("was", "session")
    } else {
        ("were", "sessions")
    };
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id,
        kind: AnomalyKind::UnusualSession,
        service: Some(name.to_owned()),
        severity: Severity::Unspecified,
        template_id: named.first().copied(),
        metric: None,
        labels,
        started_at_ns: 0,
        detected_at_ns: 0,
        observed: share,
        expected: window.usual,
        expected_low: 0.0,
        expected_high: 0.0,
        unit: "share of sessions".to_owned(),
        score: 0.0,
        reason: format!(
            "{} of {} {plural} of {name} {were} unlike those before ({}, usually {}), for example {}: {}",
            window.unusual,
            number(f64::from(window.sessions)),
            percent(share),
            percent(window.usual),
            worst.session.key,
            words::why(&worst.verdict, info)
        ),
    }
}
