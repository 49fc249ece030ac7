//! What stands in the slots of templates: how many different values, the most frequent ones, and how numbers are
//! distributed, by minute and over a long time.
//!
//! Mining does not pay for it: [`is_sampled`] chooses a few records of each template and minute, and
//! [`ValueStatistics`] looks at only those.

mod distinct;
mod frequent;
mod numbers;
mod sampler;
mod sketch;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use domain::TemplateId;

pub use frequent::Frequent;
pub use numbers::number_of;
pub use sampler::is_sampled;
pub use sketch::ValueSketch;

use crate::slots::Slots;

/// Limits of [`ValueStatistics`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueConfig {
    /// Pairs of template and service whose values are kept, those that were seen longest ago make room. Each
    /// costs up to 4 KiB for each of its slots.
    pub max_templates: usize,
    /// Slots of a template that are looked at: the first ones.
    pub max_slots: usize,
    /// Records of a template and minute that should be given, see [`is_sampled`].
    pub samples_per_minute: u32,
    /// After so many samples of a slot the older ones count half.
    pub half_life_samples: u32,
}

impl Default for ValueConfig {
    fn default() -> Self {
        Self {
            max_templates: 500,
            max_slots: 6,
            samples_per_minute: 64,
            half_life_samples: 50_000,
        }
    }
}

/// The values of one slot in one minute.
#[derive(Debug, Clone)]
pub struct SlotMinute {
    /// The template.
    pub template_id: TemplateId,
    /// The service that wrote the records.
    pub service: Box<str>,
    /// Which slot of the template, from 0.
    pub slot: u16,
    /// The word before it, see [`crate::SlotPlace::key`].
    pub key: String,
    /// Its kind, see [`crate::SlotPlace::kind`].
    pub kind: &'static str,
    /// The values.
    pub values: ValueSketch,
}

/// What is known of one template's values.
#[derive(Debug)]
struct Known {
    slots: Slots,
    /// Of the minute that goes on.
    now: Vec<ValueSketch>,
    /// Of all minutes before.
    past: Vec<ValueSketch>,
    /// The minute of the last sample.
    last_minute: u64,
}

/// The values of a project's templates. Give it the records that [`is_sampled`] chose, and end every minute.
#[derive(Debug)]
pub struct ValueStatistics {
    config: ValueConfig,
    known: HashMap<(TemplateId, Box<str>), Known>,
    /// Minutes that were ended.
    minutes: u64,
}

impl ValueStatistics {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(config: ValueConfig) -> Self {
        Self {
            config,
            known: HashMap::new(),
            minutes: 0,
        }
    }

    /// Takes a record: the text of its template and its body. `tag` is whatever finds the record again. Returns
    /// whether the body is one of that template.
    pub fn add(
        &mut self,
        template_id: TemplateId,
        text: &str,
        service: &str,
        body: &str,
        tag: u128,
    ) -> bool {
        let key = (template_id, Box::from(service));
        if !self.known.contains_key(&key) {
            if self.known.len() >= self.config.max_templates.max(1) {
                self.make_room();
            }
            let slots = Slots::new(text);
            let count = slots.places().len().min(self.config.max_slots);
            let sketches = || (0..count).map(|_| ValueSketch::default()).collect();
            let fresh = Known {
                now: sketches(),
                past: sketches(),
                slots,
                last_minute: self.minutes,
            };
            self.known.insert(key.clone(), fresh);
        }
        let Some(known) = self.known.get_mut(&key) else {
            return false;
        };
        known.last_minute = self.minutes;
        let Some(values) = known.slots.values(body) else {
            return false;
        };
        for (sketch, value) in known.now.iter_mut().zip(values) {
            sketch.add(value, tag);
        }
        true
    }

    /// Ends a minute: gives its values, in a stable order, and adds them to those of the past.
    pub fn end_minute(&mut self) -> Vec<SlotMinute> {
        self.minutes += 1;
        let mut all = Vec::new();
        for ((template_id, service), known) in &mut self.known {
            for (slot, (now, past)) in known.now.iter_mut().zip(&mut known.past).enumerate() {
                if now.count() == 0 {
                    continue;
                }
                past.merge(now);
                past.fade_beyond(self.config.half_life_samples);
                let place = &known.slots.places()[slot];
                all.push(SlotMinute {
                    template_id: *template_id,
                    service: service.clone(),
                    slot: u16::try_from(slot).unwrap_or(u16::MAX),
                    key: place.key.clone(),
                    kind: place.kind,
                    values: std::mem::take(now),
                });
            }
        }
        all.sort_by(|a, b| {
            (a.template_id, &a.service, a.slot).cmp(&(b.template_id, &b.service, b.slot))
        });
        all
    }

    /// The values of a template's slots in a service, of all minutes that were ended; empty when none are known.
    #[must_use]
    pub fn of(&self, template_id: TemplateId, service: &str) -> &[ValueSketch] {
        self.known
            .get(&(template_id, Box::from(service)))
            .map_or(&[], |known| &known.past)
    }

    /// Templates, by service, whose values are kept; at most [`ValueConfig::max_templates`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Forgets the eighth that was seen longest ago.
    fn make_room(&mut self) {
        let mut last: Vec<(u64, TemplateId)> = self
            .known
            .iter()
            .map(|(key, known)| (known.last_minute, key.0))
            .collect();
        let place = last.len() / 8;
        let (_, limit, _) = last.select_nth_unstable(place);
        let limit = *limit;
        self.known
            .retain(|key, known| (known.last_minute, key.0) > limit);
    }
}
