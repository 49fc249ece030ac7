//! The most frequent values, with counts that are never too low.

/// Values that are told apart.
const LIMIT: usize = 16;
/// Bytes of a value that are kept.
const VALUE_BYTES: usize = 48;

/// One value and how often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequent {
    /// The value, at most 48 bytes of it.
    pub value: Box<str>,
    /// How often it came: at least so often as it did, at most [`Frequent::excess`] more.
    pub count: u32,
    /// What the count may be too high by.
    pub excess: u32,
    /// The tag of the last record that had it.
    pub tag: u128,
}

/// The Space-Saving sketch.
/// Source: Metwally, Agrawal and El Abbadi 2005, "Efficient computation of frequent and top-k elements in data streams".
#[derive(Debug, Clone, Default)]
pub(super) struct TopValues(Vec<Frequent>);

impl TopValues {
    pub(super) fn add(&mut self, value: &str, tag: u128) {
        self.add_many(cut(value), 1, 0, tag);
    }

    fn add_many(&mut self, value: &str, count: u32, excess: u32, tag: u128) {
        if let Some(known) = self.0.iter_mut().find(|known| *known.value == *value) {
            known.count = known.count.saturating_add(count);
            known.excess = known.excess.saturating_add(excess);
            known.tag = tag;
            return;
        }
        let mut fresh = Frequent {
            value: value.into(),
            count,
            excess,
            tag,
        };
        if self.0.len() < LIMIT {
            self.0.push(fresh);
            return;
        }
        // The newcomer takes the place, and the count, of the rarest.
        if let Some(rarest) = self.0.iter_mut().min_by_key(|known| known.count) {
            fresh.count = fresh.count.saturating_add(rarest.count);
            fresh.excess = fresh.excess.saturating_add(rarest.count);
            *rarest = fresh;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for value in &other.0 {
            self.add_many(&value.value, value.count, value.excess, value.tag);
        }
    }

    pub(super) fn halve(&mut self) {
        for value in &mut self.0 {
            value.count = value.count.div_ceil(2);
            value.excess /= 2;
        }
    }

    /// Most frequent first, then in order of the alphabet.
    pub(super) fn sorted(&self) -> Vec<&Frequent> {
        let mut all: Vec<&Frequent> = self.0.iter().collect();
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        all
    }
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}
