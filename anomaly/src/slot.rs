//! The detector of shifts in values: `status` was 200 and is 503, `took` was 90 ms and is 900.

mod compare;
mod distribution;
mod state;
mod words;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::{NANOS_PER_MINUTE, ProjectId, RecordId, Severity, TemplateId};

use crate::log::TemplateInfo;
use crate::observation::{AnomalyKey, EndReason, Ended, Observation, OpenAnomaly};
use state::{Outcome, State};

/// Limits of [`SlotDetector`].
#[derive(Debug, Clone, PartialEq)]
pub struct SlotConfig {
    /// Slots that are watched, up to 6 KiB each; those that were silent longest make room.
    pub max_slots: usize,
    /// Values of a slot that are told apart; the others count together.
    pub max_values: usize,
    /// Minutes whose values are looked at together.
    pub window_minutes: i64,
    /// Values before a slot is judged.
    pub min_values: f64,
    /// Values in a window below which its distribution is chance.
    pub min_window_values: f64,
    /// Judged windows that show how much a slot varies by itself, before it may be unusual.
    pub min_windows: usize,
    /// What was learnt so many minutes ago counts half.
    pub half_life_minutes: f64,
    /// The chance of a window, as `-log10`, that is unusual. Two in a row make an anomaly. 8 is less than one false
    /// alarm a month with 2,000 slots, if values are as independent of each other as they were before.
    pub min_surprise: f64,
    /// Unusual windows in a row that make an anomaly.
    pub patience_minutes: u32,
    /// Usual windows after which it is over.
    pub calm_minutes: u32,
    /// A distribution that lasts so long is normal now.
    pub adopt_minutes: i64,
    /// Minutes without any value after which nobody can tell.
    pub lost_minutes: i64,
}

impl Default for SlotConfig {
    fn default() -> Self {
        Self {
            max_slots: 2_000,
            max_values: 32,
            window_minutes: 3,
            min_values: 200.0,
            min_window_values: 20.0,
            min_windows: 15,
            half_life_minutes: 240.0,
            min_surprise: 8.0,
            patience_minutes: 2,
            calm_minutes: 5,
            adopt_minutes: 180,
            lost_minutes: 30,
        }
    }
}

/// One value of a slot in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotValue<'minute> {
    /// The value.
    pub value: &'minute str,
    /// How often it came.
    pub count: u32,
    /// A record that has it.
    pub record_id: Option<RecordId>,
}

/// The values of one slot in one minute, all or a sample.
#[derive(Debug, Clone)]
pub struct SlotValues<'minute> {
    /// The template.
    pub template_id: TemplateId,
    /// The service that wrote the records.
    pub service: &'minute str,
    /// How bad the template's records are.
    pub severity: Severity,
    /// Which slot of the template, from 0.
    pub slot: u16,
    /// The word before it, `""` when there is none.
    pub key: &'minute str,
    /// How many values there were.
    pub count: u32,
    /// The most frequent ones.
    pub top: Vec<SlotValue<'minute>>,
    /// The numbers among them: `(number, how many)`, numbers within 5 % may be joined.
    pub numbers: Vec<(f64, u32)>,
    /// The record of the largest number.
    pub largest: Option<RecordId>,
}

/// What is counted apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SlotKey {
    template_id: TemplateId,
    service: Box<str>,
    slot: u16,
}

/// Watches the values in the slots of one project's templates.
///
/// A window of three minutes is compared with what was usual (older ones count less) by a likelihood ratio test over
/// the frequent values, and over ranges of numbers where a slot holds numbers. The test's own past says how much a
/// slot varies by itself: a slot that always drifts, such as one of ids, is never unusual. A shift must be large as
/// well as certain, and last for two minutes.
#[derive(Debug, Clone)]
pub struct SlotDetector {
    project_id: ProjectId,
    config: SlotConfig,
    slots: BTreeMap<SlotKey, State>,
    last_minute: Option<i64>,
}

impl SlotDetector {
    /// A detector that knows nothing yet.
    #[must_use]
    pub fn new(project_id: ProjectId, config: SlotConfig) -> Self {
        Self {
            project_id,
            config,
            slots: BTreeMap::new(),
            last_minute: None,
        }
    }

    /// Takes the values of one complete minute. Minutes that are not after the last one are ignored.
    pub fn observe_minute(
        &mut self,
        minute_ns: i64,
        values: &[SlotValues<'_>],
        info: &dyn TemplateInfo,
    ) -> Observation {
        let minute = minute_ns.div_euclid(NANOS_PER_MINUTE);
        let mut seen = Observation::default();
        if self.last_minute.is_some_and(|last| minute <= last) {
            return seen;
        }
        self.last_minute = Some(minute);
        for slot in values.iter().filter(|slot| slot.count > 0) {
            let key = SlotKey {
                template_id: info.resolve(slot.template_id),
                service: slot.service.into(),
                slot: slot.slot,
            };
            // The slots of a more general template are others: their numbers need not agree.
            if key.template_id != slot.template_id {
                seen.unwatched += u64::from(slot.count);
                continue;
            }
            if !self.slots.contains_key(&key) {
                if self.slots.len() >= self.config.max_slots.max(1) {
                    self.make_room(&mut seen.ended);
                }
                self.slots.insert(key.clone(), State::new(minute));
            }
            let Some(state) = self.slots.get_mut(&key) else {
                continue;
            };
            match state.observe(minute, slot, &self.config) {
                Outcome::Nothing => {}
                Outcome::Over(open, reason) => {
                    seen.ended.push(ended(&key, &open, reason));
                }
                Outcome::Shifted(shift) => {
                    seen.anomalies.push(words::describe(
                        self.project_id,
                        minute,
                        slot,
                        &shift,
                        info,
                    ));
                }
            }
        }
        for (key, state) in &mut self.slots {
            if let Some(open) = state.lose(minute, &self.config) {
                seen.ended.push(ended(key, &open, EndReason::Lost));
            }
        }
        seen.anomalies.sort_by(|a, b| b.score.total_cmp(&a.score));
        seen
    }

    /// The anomalies that go on, in a stable order.
    #[must_use]
    pub fn open(&self) -> Vec<OpenAnomaly> {
        self.slots
            .iter()
            .filter_map(|(key, state)| {
                let open = state.open()?;
                Some(OpenAnomaly {
                    key: anomaly_key(key),
                    started_at_ns: open.started_minute.saturating_mul(NANOS_PER_MINUTE),
                    peak: open.peak,
                })
            })
            .collect()
    }

    /// Slots that are watched now; at most [`SlotConfig::max_slots`].
    #[must_use]
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// Forgets the eighth that was silent longest.
    fn make_room(&mut self, endings: &mut Vec<Ended>) {
        let mut last: Vec<i64> = self.slots.values().map(State::last_minute).collect();
        let place = last.len() / 8;
        let (_, limit, _) = last.select_nth_unstable(place);
        let (limit, mut left) = (*limit, place + 1);
        self.slots.retain(|key, state| {
            let goes = left > 0 && state.last_minute() <= limit;
            left -= usize::from(goes);
            if let (true, Some(open)) = (goes, state.open()) {
                endings.push(ended(key, open, EndReason::Lost));
            }
            !goes
        });
    }
}

fn anomaly_key(key: &SlotKey) -> AnomalyKey {
    AnomalyKey::of_slot(&key.service, key.template_id, key.slot)
}

fn ended(key: &SlotKey, open: &state::Open, reason: EndReason) -> Ended {
    Ended {
        key: anomaly_key(key),
        started_at_ns: open.started_minute.saturating_mul(NANOS_PER_MINUTE),
        ended_at_ns: (open.last_odd_minute + 1).saturating_mul(NANOS_PER_MINUTE),
        reason,
    }
}
