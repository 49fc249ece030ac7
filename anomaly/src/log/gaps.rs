//! Minutes that nobody watched: ingestion stood still, or the process did.

/// At most this many separate gaps are remembered; the oldest goes first.
const MOST_GAPS: usize = 256;

/// Half-open ranges of minutes since 1970, in order of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps(Vec<(i64, i64)>);

impl Gaps {
    /// Marks `from..to` as not watched; must not lie before earlier ones.
    pub(super) fn add(&mut self, from: i64, to: i64) {
        if from >= to {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => {
                if self.0.len() == MOST_GAPS {
                    self.0.remove(0);
                }
                self.0.push((from, to));
            }
        }
    }

    /// How many of the minutes `from..to` were watched.
    pub(super) fn watched(&self, from: i64, to: i64) -> u32 {
        let missing: i64 = self
            .0
            .iter()
            .rev()
            .take_while(|gap| gap.1 > from)
            .map(|gap| gap.1.min(to).saturating_sub(gap.0.max(from)).max(0))
            .sum();
        u32::try_from(to.saturating_sub(from).saturating_sub(missing).max(0)).unwrap_or(u32::MAX)
    }
}
