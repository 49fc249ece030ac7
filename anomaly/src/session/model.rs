//! What sessions are like: which patterns they hold how often, and in which order.

use std::collections::HashMap;

use domain::TemplateId;

use super::calibration::Calibration;
use super::order::{Order, Step};
use super::shape::{Shape, Shapes};
use super::verdict::{Part, SessionVerdict, score_of};

/// Limits of a [`SessionModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct SessionModelConfig {
    /// Sessions before the first verdict.
    pub min_sessions: u64,
    /// The share of normal sessions that may be taken for unusual ones: what a score of 0.5 means. While fewer sessions
    /// were learnt than it takes to see one such, it is one in those that were.
    pub false_alarms: f64,
    /// Patterns that are told apart, 24 bytes each; the others count as one.
    pub max_templates: usize,
    /// Count vectors that are remembered, about 200 bytes each; the oldest of the rare ones go first.
    pub max_shapes: usize,
    /// Pairs of neighbours that are remembered, 24 bytes each; beyond it no order is judged that is not
    /// known.
    pub max_transitions: usize,
    /// After so many sessions what was learnt counts half.
    pub half_life_sessions: u64,
}

impl Default for SessionModelConfig {
    fn default() -> Self {
        Self {
            min_sessions: 300,
            // One in 2,000: with fewer the threshold rests on the handful of oddest training sessions.
            false_alarms: 0.0005,
            max_templates: 4_096,
            max_shapes: 1_024,
            max_transitions: 20_000,
            half_life_sessions: 50_000,
        }
    }
}

/// A spread that is added to each pattern's own, in `ln(1 + count)`: one count more of a pattern that never
/// varied is far off, but not infinitely far.
const LEAST_SPREAD: f64 = 0.1;
/// Parts of a verdict that are named.
const NAMED: usize = 3;

/// How often a pattern comes in a session, as sums over sessions of `ln(1 + count)`.
#[derive(Debug, Clone, Default)]
struct Habit {
    /// Which one; `None` for all those over the limit.
    template_id: Option<TemplateId>,
    /// Sessions that have it.
    mass: f64,
    sum: f64,
    squares: f64,
}

impl Habit {
    /// How much a difference in its count matters: the steadier the count, the more, over all sessions as well as over
    /// those that have it. The first lets steps that are left out at will count little, the second keeps those of a
    /// rare kind of session from doing so.
    fn weight(&self, sessions: f64) -> f64 {
        let spread = |sessions: f64| {
            let mean = self.sum / sessions.max(1e-9);
            (self.squares / sessions.max(1e-9) - mean * mean)
                .max(0.0)
                .sqrt()
                + LEAST_SPREAD
        };
        1.0 / (spread(sessions) * spread(self.mass)).sqrt()
    }
}

/// Learns what normal sessions are like and says how unusual another one is. A session is the sequence of
/// templates of the records that share a trace, request, job or block id.
///
/// Two tests share the promised rate of false alarms evenly:
///
/// * the distance of its count vector to the nearest one that was seen, in `ln(1 + count)` with every
///   template weighted by how steady its count is. Templates that were never seen, missing ones, repeated
///   ones and unusual lengths all show in it. It is calibrated with the distances that training sessions
///   have when they are left out;
/// * neighbours that were never neighbours, more of them than the chance of something new after each
///   template explains.
///
/// Source of the idea that nearest count vectors suffice: Landauer, Skopik and Wurzenberger, "A Critical
/// Review of Common Log Data Sets Used for Evaluation of Sequence-based Anomaly Detection" (FSE 2024).
#[derive(Debug, Clone)]
pub struct SessionModel {
    config: SessionModelConfig,
    numbers: HashMap<TemplateId, u32>,
    habits: Vec<Habit>,
    /// By number, since the last fit; templates that came later weigh as much as one that never varies.
    weights: Vec<f64>,
    shapes: Shapes,
    order: Order,
    calibration: Calibration,
    usual_records: (u64, u64),
    /// Sessions learnt, with older ones counting less.
    mass: f64,
    /// Sessions learnt.
    count: u64,
    next_fit: u64,
}

impl SessionModel {
    /// A model that knows nothing yet.
    #[must_use]
    pub fn new(config: SessionModelConfig) -> Self {
        Self {
            numbers: HashMap::new(),
            habits: Vec::new(),
            weights: Vec::new(),
            shapes: Shapes::new(config.max_shapes),
            order: Order::new(config.max_transitions),
            calibration: Calibration::default(),
            usual_records: (0, 0),
            mass: 0.0,
            count: 0,
            next_fit: config.min_sessions.max(1),
            config,
        }
    }

    /// Sessions learnt.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The share of normal sessions that may be taken for unusual ones, see [`SessionModelConfig::false_alarms`].
    #[must_use]
    pub fn false_alarms(&self) -> f64 {
        self.config.false_alarms.max(1.0 / self.mass.max(1.0))
    }

    /// Whether it has learnt enough to judge.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.calibration.is_fitted()
    }

    /// Takes a session for normal. `templates` are in the order of time.
    pub fn learn(&mut self, templates: &[TemplateId]) {
        if templates.is_empty() {
            return;
        }
        let numbers: Vec<u32> = templates.iter().map(|id| self.number(*id)).collect();
        let shape = Shape::of(&numbers);
        for (number, count) in shape.counts() {
            let habit = &mut self.habits[*number as usize];
            let value = f64::from(*count).ln_1p();
            habit.mass += 1.0;
            habit.sum += value;
            habit.squares += value * value;
        }
        self.mass += 1.0;
        self.count += 1;
        self.shapes.learn(shape, self.count, &self.weights);
        self.order.learn(&numbers);
        if self
            .count
            .is_multiple_of(self.config.half_life_sessions.max(1))
        {
            self.fade();
        }
        if self.count >= self.next_fit {
            self.fit();
            self.next_fit = self.count + (self.count / 2).clamp(1, 1_000);
        }
    }

    /// Sets weights and thresholds by all that was learnt; [`SessionModel::learn`] does so now and then. Costs
    /// up to about 30 ms.
    pub fn fit(&mut self) {
        let mass = self.mass.max(1.0);
        self.weights = self.habits.iter().map(|habit| habit.weight(mass)).collect();
        self.shapes.weigh(&self.weights);
        self.usual_records = self.shapes.usual_length();
        if self.count >= self.config.min_sessions {
            let distances = self.shapes.left_out_distances(&self.weights);
            self.calibration = Calibration::fit(
                distances,
                self.shapes.novelty(mass),
                mass.min(self.count as f64),
            );
        }
    }

    /// How unusual a session is; `None` while too little is known. Learns nothing.
    #[must_use]
    pub fn judge(&self, templates: &[TemplateId]) -> Option<SessionVerdict> {
        if !self.is_ready() || templates.is_empty() {
            return None;
        }
        let promised = self.false_alarms();
        // Templates that are not known get numbers beyond those that are.
        let mut strangers: Vec<TemplateId> = Vec::new();
        let numbers: Vec<u32> = templates
            .iter()
            .map(|id| {
                self.known_number(*id)
                    .unwrap_or_else(|| self.stranger(&mut strangers, *id))
            })
            .collect();
        let shape = Shape::of(&numbers);
        let near = self.shapes.nearest(&shape, &self.weights);
        let distance = near.as_ref().map_or(0.0, |near| near.distance);
        let of_counts = self.calibration.probability(distance);
        let order = self.order.judge(&numbers);
        // Beyond the square of what was seen nothing can be said.
        let least = (self.mass + 1.0).powi(-2).max(1e-15);
        let probability = (2.0 * of_counts.min(order.probability)).clamp(least, 1.0);
        let names = |number: u32| self.name(number, &strangers);
        let mut parts = Vec::new();
        if let Some(near) = &near
            && 2.0 * of_counts <= promised
        {
            let mut differing = shape.differences(near.shape, &self.weights);
            differing.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.number.cmp(&b.number)));
            parts.extend(differing.iter().take(NAMED).map(|d| Part::Count {
                template_id: names(d.number),
                count: d.count,
                usual: d.usual,
                is_known: (d.number as usize) < self.habits.len(),
            }));
        }
        if 2.0 * order.probability <= promised {
            let named = order.unseen.iter().take(NAMED);
            parts.extend(named.map(|Step { from, to }| Part::Order {
                before: from.and_then(names),
                after: to.and_then(names),
            }));
        }
        Some(SessionVerdict {
            probability,
            score: score_of(probability, promised),
            is_unusual: probability <= promised,
            distance,
            of_counts,
            of_order: order.probability,
            records: templates.len(),
            usual_records: self.usual_records,
            parts,
        })
    }

    /// Numbers and ids of the templates that are told apart.
    pub(super) fn known(&self) -> impl Iterator<Item = (u32, TemplateId)> {
        (0_u32..)
            .zip(&self.habits)
            .filter_map(|(number, habit)| Some((number, habit.template_id?)))
    }

    /// Gives a number another id. When another number has that id already, it is returned: the two have to be joined.
    pub(super) fn rename(&mut self, number: u32, id: TemplateId) -> Option<u32> {
        let habit = &mut self.habits[number as usize];
        if let Some(old) = habit.template_id.take() {
            self.numbers.remove(&old);
        }
        if let Some(other) = self.numbers.get(&id) {
            return Some(*other);
        }
        self.habits[number as usize].template_id = Some(id);
        self.numbers.insert(id, number);
        None
    }

    /// Lets numbers (first) count as others (second) from now on, in everything that was learnt.
    pub(super) fn join(&mut self, into: &HashMap<u32, u32>) {
        for (from, to) in into {
            let gone = std::mem::take(&mut self.habits[*from as usize]);
            let habit = &mut self.habits[*to as usize];
            // Exact where no session had both.
            habit.mass += gone.mass;
            habit.sum += gone.sum;
            habit.squares += gone.squares;
        }
        self.shapes.join(into);
        self.order.join(into);
        if self.is_ready() {
            self.fit();
        }
    }

    /// What was learnt counts half.
    fn fade(&mut self) {
        self.mass /= 2.0;
        for habit in &mut self.habits {
            habit.mass /= 2.0;
            habit.sum /= 2.0;
            habit.squares /= 2.0;
        }
        self.shapes.fade();
        self.order.fade();
    }

    /// The number of a template; one that is beyond the limit shares number 0 with all such.
    fn number(&mut self, id: TemplateId) -> u32 {
        if let Some(number) = self.numbers.get(&id) {
            return *number;
        }
        if self.habits.is_empty() {
            self.habits.push(Habit::default());
        }
        if self.habits.len() >= self.config.max_templates.max(1) {
            return 0;
        }
        let number = u32::try_from(self.habits.len()).unwrap_or(0);
        self.habits.push(Habit {
            template_id: Some(id),
            ..Habit::default()
        });
        self.numbers.insert(id, number);
        number
    }

    fn known_number(&self, id: TemplateId) -> Option<u32> {
        let is_full = self.habits.len() >= self.config.max_templates.max(1);
        self.numbers.get(&id).copied().or(is_full.then_some(0))
    }

    fn stranger(&self, strangers: &mut Vec<TemplateId>, id: TemplateId) -> u32 {
        let place = strangers.iter().position(|s| *s == id).unwrap_or_else(|| {
            strangers.push(id);
            strangers.len() - 1
        });
        u32::try_from(self.habits.len() + place).unwrap_or(u32::MAX)
    }

    fn name(&self, number: u32, strangers: &[TemplateId]) -> Option<TemplateId> {
        match (number as usize).checked_sub(self.habits.len()) {
            Some(place) => strangers.get(place).copied(),
            None => self.habits[number as usize].template_id,
        }
    }
}
