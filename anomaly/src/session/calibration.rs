//! From the distance of a session to how rare that is among normal ones.

use crate::statistics::quantile_of_sorted;

/// The tail is fitted to the largest tenth of the distances, or to so many where there are few.
const TAIL: f64 = 0.1;
const LEAST_TAIL: usize = 20;
/// Distances grow at least so much per factor of e in rarity. One count of a pattern that never varies is a distance of
/// 7: where all sessions were alike, the first that is not is odd, but a retry is less so than a missing step.
const LEAST_SCALE: f64 = 0.5;
/// Training sessions that may be unusual themselves: one in a thousand, and two in any case.
const SPOILT: f64 = 0.001;

/// The distances that normal sessions have to the others.
#[derive(Debug, Clone, Default)]
pub(super) struct Calibration {
    /// Those that are not zero, ascending.
    distances: Vec<f64>,
    /// The share of sessions with a distance at all.
    share: f64,
    sessions: f64,
    /// Beyond `from` lies the share `tail`, and it falls by e with every `scale`.
    from: f64,
    tail: f64,
    scale: f64,
}

impl Calibration {
    /// `distances`: of the sessions that have a shape of their own, or of a sample of these; `share`: how many of
    /// all `sessions` have one.
    pub(super) fn fit(mut distances: Vec<f64>, share: f64, sessions: f64) -> Self {
        distances.retain(|d| d.is_finite());
        distances.sort_unstable_by(f64::total_cmp);
        let sessions = sessions.max(1.0);
        // Not even one: as if the next session were the first.
        let share = share.clamp(1.0 / (sessions + 1.0), 1.0);
        let tail = LEAST_TAIL.max((distances.len() as f64 * TAIL) as usize);
        let from = distances
            .len()
            .checked_sub(tail + 1)
            .map_or(0.0, |place| distances[place]);
        let beyond: Vec<f64> = distances
            .iter()
            .filter(|d| **d > from)
            .map(|d| d - from)
            .collect();
        // The median, not the mean: the few oddest training sessions must not hide what is as odd as they are.
        let scale = quantile_of_sorted(&beyond, 0.5) / std::f64::consts::LN_2;
        Self {
            share,
            sessions,
            from,
            tail: if beyond.is_empty() {
                share
            } else {
                share * beyond.len() as f64 / distances.len() as f64
            },
            scale: scale.max(LEAST_SCALE),
            distances,
        }
    }

    pub(super) fn is_fitted(&self) -> bool {
        self.sessions > 0.0
    }

    /// The chance that a normal session is at least so far from all others: an exponential tail, and never less
    /// than the share of training sessions that were as far, the few that may be unusual themselves left out.
    pub(super) fn probability(&self, distance: f64) -> f64 {
        if distance <= 0.0 {
            return 1.0;
        }
        let below = self.distances.partition_point(|d| *d < distance);
        let farther = self.distances.len() - below;
        let sampled = farther as f64 / (self.distances.len() as f64).max(1.0);
        let farther = sampled * self.share * self.sessions;
        let spoilt = (SPOILT * self.sessions).max(2.0);
        let counted = (farther - spoilt).max(0.0) / (self.sessions + 1.0);
        let tail = if distance > self.from {
            self.tail * (-(distance - self.from) / self.scale).exp()
        } else {
            sampled * self.share
        };
        tail.max(counted).clamp(0.0, 1.0)
    }
}
