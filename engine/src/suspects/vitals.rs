//! How services did around an incident, out of the calls that traces show.

use std::collections::BTreeMap;

use anomaly::{Slice, Vitals};
use domain::{Latencies, NANOS_PER_MINUTE, ProjectId, ServiceCalls, TimeRange};
use store::TraceStore as _;

use crate::{Error, Inner};

/// Length of a slice: long enough for some calls of every service, short enough to tell who was first.
const SLICE_NS: i64 = 5 * NANOS_PER_MINUTE;
/// Slices of normal operation.
const USUAL: i64 = 12;
/// Slices of the incident: what matters is how it began.
const DURING: i64 = 6;
/// Slices before the first symptom that count to the incident already: symptoms are felt later than causes begin.
const AHEAD: i64 = 1;

/// The slices of one service.
#[derive(Debug, Default)]
pub(super) struct Slices {
    usual: Vec<Slice>,
    during: Vec<Slice>,
}

impl Inner {
    /// The slices of every service that was called; empty without traces. Blocks.
    pub(super) fn slices(
        &self,
        project_id: ProjectId,
        window: TimeRange,
    ) -> Result<BTreeMap<String, Slices>, Error> {
        let begin_ns = window.start_ns.saturating_sub(AHEAD * SLICE_NS);
        let usual = TimeRange::last(begin_ns, USUAL * SLICE_NS);
        let during = TimeRange {
            start_ns: begin_ns,
            end_ns: window
                .end_ns
                .min(begin_ns.saturating_add(DURING * SLICE_NS)),
        };
        let mut services: BTreeMap<String, Slices> = BTreeMap::new();
        if self.store.service_edges(project_id, during)?.is_empty() {
            return Ok(services);
        }
        let mut read = |range: TimeRange, is_usual: bool| -> Result<(), Error> {
            let mut at_ns = range.start_ns;
            while at_ns < range.end_ns {
                let slice = TimeRange {
                    start_ns: at_ns,
                    end_ns: range.end_ns.min(at_ns.saturating_add(SLICE_NS)),
                };
                for (service, known) in
                    of_calls(self.store.service_calls(project_id, slice)?, at_ns)
                {
                    let slices = services.entry(service).or_default();
                    if is_usual {
                        slices.usual.push(known);
                    } else {
                        slices.during.push(known);
                    }
                }
                at_ns = slice.end_ns;
            }
            Ok(())
        };
        read(usual, true)?;
        read(during, false)?;
        for slices in services.values_mut() {
            fill(&mut slices.usual, usual);
            fill(&mut slices.during, during);
        }
        Ok(services)
    }
}

/// The same in the words of the ranking.
pub(super) fn vitals(slices: &BTreeMap<String, Slices>) -> Vec<Vitals<'_>> {
    slices
        .iter()
        .map(|(service, slices)| Vitals {
            service: service.as_str(),
            usual: &slices.usual,
            during: &slices.during,
            is_inferred: false,
            evidence: None,
        })
        .collect()
}

/// What was asked of each service in one slice.
fn of_calls(calls: Vec<ServiceCalls>, at_ns: i64) -> BTreeMap<String, Slice> {
    let mut sums: BTreeMap<String, (u64, u64, Latencies)> = BTreeMap::new();
    for call in calls {
        let sum = sums.entry(call.callee).or_default();
        sum.0 += call.count;
        sum.1 += call.errors;
        sum.2.merge(&call.latencies);
    }
    sums.into_iter()
        .map(|(service, (count, errors, latencies))| {
            let slice = Slice {
                at_ns,
                requests: Some(count as f64),
                failed: (count > 0).then(|| errors as f64 / count as f64),
                seconds: mean_seconds(&latencies),
            };
            (service, slice)
        })
        .collect()
}

/// The mean of durations, each taken as the middle of its class.
fn mean_seconds(latencies: &Latencies) -> Option<f64> {
    let count = latencies.count();
    let micros: f64 = latencies
        .classes()
        .map(|(class, count)| 2.0_f64.powf((f64::from(class) - 0.5) / 4.0) * count as f64)
        .sum();
    (count > 0).then(|| micros / count as f64 / 1e6)
}

/// Puts empty slices where a service was not asked at all, so that its silence is seen.
fn fill(slices: &mut Vec<Slice>, range: TimeRange) {
    let mut at_ns = range.start_ns;
    let mut at = 0;
    while at_ns < range.end_ns {
        if slices.get(at).is_none_or(|slice| slice.at_ns != at_ns) {
            let empty = Slice {
                at_ns,
                requests: Some(0.0),
                failed: None,
                seconds: None,
            };
            slices.insert(at, empty);
        }
        at += 1;
        at_ns = at_ns.saturating_add(SLICE_NS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(caller: &str, callee: &str, count: u64, errors: u64, millis: i64) -> ServiceCalls {
        let mut latencies = Latencies::default();
        latencies.add(Latencies::class_of(millis * 1_000_000), count);
        ServiceCalls {
            caller: Some(caller.to_owned()),
            callee: callee.to_owned(),
            is_message: false,
            count,
            errors,
            latencies,
        }
    }

    #[test]
    fn what_all_callers_asked_of_a_service_is_one_slice() {
        let found = of_calls(
            vec![
                calls("web", "bank", 30, 3, 100),
                calls("mail", "bank", 10, 1, 500),
                calls("web", "cart", 5, 0, 20),
            ],
            7,
        );
        let bank = found["bank"];
        assert_eq!((bank.at_ns, bank.requests), (7, Some(40.0)));
        assert_eq!(bank.failed, Some(0.1));
        let seconds = bank.seconds.unwrap();
        assert!((seconds / 0.2 - 1.0).abs() < 0.1, "{seconds}");
    }

    #[test]
    fn slices_without_requests_are_put_in_their_places() {
        let at = |n: i64| n * SLICE_NS;
        let mut slices: Vec<Slice> = of_calls(vec![calls("web", "bank", 3, 0, 20)], at(2))
            .into_values()
            .collect();
        fill(
            &mut slices,
            TimeRange {
                start_ns: at(1),
                end_ns: at(4),
            },
        );
        let found: Vec<_> = slices.iter().map(|s| (s.at_ns, s.requests)).collect();
        assert_eq!(
            found,
            [(at(1), Some(0.0)), (at(2), Some(3.0)), (at(3), Some(0.0))]
        );
        assert_eq!(slices[0].seconds, None);
    }
}
