//! Numbers: what a value is worth, and a sketch of how values are distributed.

use std::collections::BTreeMap;

/// Neighbouring buckets differ by this factor: a quantile is at most 5 % off.
const FACTOR: f64 = 1.1;
/// Buckets that are kept; the two smallest are joined beyond that.
const LIMIT: usize = 128;
/// Numbers closer to zero than this are zero.
const SMALLEST: f64 = 1e-9;

/// The number that a value is: `42`, `-1.5`, `1,234`, with a unit of time in milliseconds (`1.5s` is 1,500, `3m` is
/// 180,000) and one of size in bytes (`2KB` is 2,048). `None` for anything else, also for hexadecimal digits.
#[must_use]
pub fn number_of(value: &str) -> Option<f64> {
    let value = value.trim();
    let unit_at = value
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | ',')))
        .unwrap_or(value.len());
    let (digits, unit) = value.split_at(unit_at);
    // A few bytes of numbers mean something; hundreds of digits do not.
    if digits.is_empty() || digits.len() > 24 || !digits.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: f64 = if digits.contains(',') {
        digits.replace(',', "").parse().ok()?
    } else {
        digits.parse().ok()?
    };
    Some(number * factor_of(unit.trim())?)
}

fn factor_of(unit: &str) -> Option<f64> {
    const KIB: f64 = 1_024.0;
    Some(match unit {
        "" | "%" | "ms" | "B" | "bytes" => 1.0,
        "ns" => 1e-6,
        "us" | "µs" | "μs" => 1e-3,
        "s" | "sec" | "secs" => 1e3,
        "m" | "min" => 6e4,
        "h" => 3.6e6,
        "K" | "k" | "KB" | "kB" | "KiB" => KIB,
        "M" | "MB" | "MiB" => KIB * KIB,
        "G" | "GB" | "GiB" => KIB * KIB * KIB,
        "T" | "TB" | "TiB" => KIB * KIB * KIB * KIB,
        _ => return None,
    })
}

/// Counts by the logarithm of the number, negative ones mirrored.
/// Source: Masson, Rim and Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
/// guarantees".
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Numbers {
    buckets: BTreeMap<i16, u32>,
    count: u32,
}

impl Numbers {
    pub(super) fn add(&mut self, number: f64) {
        if number.is_finite() {
            self.add_many(bucket_of(number), 1);
        }
    }

    fn add_many(&mut self, bucket: i16, count: u32) {
        self.count = self.count.saturating_add(count);
        let sum = self.buckets.entry(bucket).or_insert(0);
        *sum = sum.saturating_add(count);
        if self.buckets.len() > LIMIT
            && let Some((_, smallest)) = self.buckets.pop_first()
            && let Some(mut next) = self.buckets.first_entry()
        {
            *next.get_mut() = next.get().saturating_add(smallest);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            self.add_many(*bucket, *count);
        }
    }

    pub(super) fn halve(&mut self) {
        self.buckets.retain(|_, count| {
            *count /= 2;
            *count > 0
        });
        self.count = self.buckets.values().sum();
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// `(middle of the bucket, count)`, ascending.
    pub(super) fn histogram(&self) -> impl Iterator<Item = (f64, u32)> + '_ {
        self.buckets
            .iter()
            .map(|(bucket, count)| (middle_of(*bucket), *count))
    }

    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let wanted = q.clamp(0.0, 1.0) * f64::from(self.count);
        let mut below = 0.0;
        let mut last = None;
        for (bucket, count) in &self.buckets {
            below += f64::from(*count);
            last = Some(middle_of(*bucket));
            if below >= wanted {
                break;
            }
        }
        last
    }
}

/// 0 for zero; from 1 on for what is larger, to -1 for what is smaller.
fn bucket_of(number: f64) -> i16 {
    let size = number.abs();
    if size < SMALLEST {
        return 0;
    }
    let place = ((size / SMALLEST).ln() / FACTOR.ln()).floor().min(32_000.0) as i16 + 1;
    if number < 0.0 { -place } else { place }
}

fn middle_of(bucket: i16) -> f64 {
    if bucket == 0 {
        return 0.0;
    }
    let size = SMALLEST * FACTOR.powf(f64::from(bucket.unsigned_abs()) - 0.5);
    if bucket < 0 { -size } else { size }
}
