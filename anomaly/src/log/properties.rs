use domain::{NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, TemplateId};
use proptest::prelude::*;

use super::{LogConfig, LogDetector, NoTemplateInfo};

fn detector() -> LogDetector {
    LogDetector::new(ProjectId::from_parts(1, [7; 10]), LogConfig::default())
}

fn cell(minute: i64, template: u64, severity: Severity, count: u64) -> RollupCell {
    RollupCell {
        minute_ns: minute * NANOS_PER_MINUTE,
        template_id: TemplateId(template),
        service: "web".to_owned(),
        severity,
        count,
    }
}

proptest! {
    #[test]
    fn arbitrary_minutes_never_panic_and_scores_stay_in_range(
        minutes in prop::collection::vec(
            (any::<i64>(), prop::collection::vec((0u64..6, 0usize..7, any::<u64>(), 0u8..3), 0..12)),
            0..60,
        ),
        in_order in any::<bool>(),
    ) {
        let mut detector = detector();
        for (i, (at, cells)) in minutes.into_iter().enumerate() {
            let at = if in_order { i as i64 * NANOS_PER_MINUTE } else { at };
            let cells: Vec<RollupCell> = cells
                .into_iter()
                .map(|(template, severity, count, service)| RollupCell {
                    minute_ns: at,
                    template_id: TemplateId(template),
                    service: format!("s{service}"),
                    severity: Severity::ALL[severity],
                    count,
                })
                .collect();
            for anomaly in detector.observe_minute(at, &cells, &NoTemplateInfo).anomalies {
                prop_assert!((0.0..=1.0).contains(&anomaly.score), "{}", anomaly.score);
                prop_assert!(anomaly.observed.is_finite() && anomaly.expected.is_finite());
                prop_assert!(anomaly.expected_low <= anomaly.expected_high);
                prop_assert!(anomaly.started_at_ns < anomaly.detected_at_ns);
            }
        }
    }

    #[test]
    fn a_bigger_surge_never_scores_lower_and_is_never_missed_instead(
        base in 0u64..40,
        minutes in 20i64..200,
        surge in 0u64..2_000,
        more in 1u64..2_000,
        severity in prop::sample::select(vec![Severity::Info, Severity::Warn, Severity::Error]),
        lasts in 1i64..6,
    ) {
        let mut before = detector();
        for m in 0..minutes {
            let wobble = (m as u64 * 7) % 5;
            let cells = [
                cell(m, 1, severity, base + wobble),
                cell(m, 2, Severity::Info, 50 + wobble),
            ];
            before.observe_minute(m * NANOS_PER_MINUTE, &cells, &NoTemplateInfo);
        }
        let score = |count: u64| {
            let mut detector = before.clone();
            let mut best = None;
            for m in minutes..minutes + lasts {
                let cells = [cell(m, 1, severity, count), cell(m, 2, Severity::Info, 50)];
                let seen = detector.observe_minute(m * NANOS_PER_MINUTE, &cells, &NoTemplateInfo);
                for a in seen.anomalies {
                    if a.template_id == Some(TemplateId(1)) && a.kind == domain::AnomalyKind::Surge {
                        best = best.or(Some((m, a.score)));
                    }
                }
            }
            best
        };
        match (score(surge), score(surge + more)) {
            (Some((m_small, small)), Some((m_large, large))) => {
                prop_assert!(m_large <= m_small, "found later");
                prop_assert!(m_large < m_small || large >= small - 1e-9, "{small} {large}");
            }
            (Some(_), None) => prop_assert!(false, "the bigger surge was missed"),
            _ => {}
        }
    }
}
