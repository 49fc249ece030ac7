//! From samples to comparable values: rates of counters, one value a minute.

use domain::{MetricKind, NANOS_PER_MINUTE};

/// Samples that come closer than this are joined.
const JOIN_BELOW_NS: i64 = 50_000_000_000;

/// Turns the samples of one series into values.
#[derive(Debug, Clone)]
pub(super) struct Values {
    kind: MetricKind,
    last_ns: i64,
    last_total: f64,
    /// Smoothed distance of samples.
    interval_ns: f64,
    samples: u32,
    bucket: Option<Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    minute: i64,
    sum: f64,
    count: u32,
}

impl Values {
    pub(super) fn new(kind: MetricKind) -> Self {
        Self {
            kind,
            last_ns: i64::MIN,
            last_total: 0.0,
            interval_ns: 0.0,
            samples: 0,
            bucket: None,
        }
    }

    pub(super) fn last_ns(&self) -> i64 {
        self.last_ns
    }

    /// What is written behind a value.
    pub(super) fn unit(&self) -> &'static str {
        match self.kind {
            MetricKind::Counter => "/s",
            MetricKind::Gauge | MetricKind::Delta => "",
        }
    }

    /// Takes a sample in and gives the value that is complete with it: its instant and the value.
    pub(super) fn take(&mut self, at_ns: i64, sample: f64) -> Option<(i64, f64)> {
        if self.samples > 0 && at_ns <= self.last_ns {
            return None;
        }
        let passed = at_ns.saturating_sub(self.last_ns);
        let value = self.value_of(passed, sample);
        if self.samples > 0 {
            let weight = (1.0 / f64::from(self.samples)).max(0.1);
            self.interval_ns += (passed as f64 - self.interval_ns) * weight;
        }
        self.samples = self.samples.saturating_add(1);
        self.last_ns = at_ns;
        self.last_total = sample;
        let value = value?;
        // The distance is known from the second sample on.
        let alone = self.samples > 1 && self.interval_ns >= JOIN_BELOW_NS as f64;
        let minute = at_ns.div_euclid(NANOS_PER_MINUTE);
        let done = self.bucket.take();
        let done = match done {
            Some(mut bucket) if bucket.minute == minute && !alone => {
                bucket.sum += value;
                bucket.count += 1;
                self.bucket = Some(bucket);
                return None;
            }
            other => other,
        };
        if alone {
            return Some((at_ns, value));
        }
        self.bucket = Some(Bucket {
            minute,
            sum: value,
            count: 1,
        });
        done.map(|b| (b.minute.saturating_mul(NANOS_PER_MINUTE), self.joined(b)))
    }

    fn value_of(&self, passed: i64, sample: f64) -> Option<f64> {
        match self.kind {
            MetricKind::Gauge | MetricKind::Delta => Some(sample),
            MetricKind::Counter => {
                if self.samples == 0 {
                    return None;
                }
                // A total that fell began again at zero, somewhere in between: no rate is known.
                let rate = (sample - self.last_total) / (passed.max(1) as f64 / 1e9);
                (rate.is_finite() && rate >= 0.0).then_some(rate)
            }
        }
    }

    fn joined(&self, bucket: Bucket) -> f64 {
        match self.kind {
            MetricKind::Delta => bucket.sum,
            MetricKind::Gauge | MetricKind::Counter => bucket.sum / f64::from(bucket.count),
        }
    }
}
