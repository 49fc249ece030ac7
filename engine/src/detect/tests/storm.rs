use super::*;

/// Processor time of this thread, seconds: other tests and programs do not count.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: f64 = text.split_whitespace().next().unwrap().parse().unwrap();
    nanoseconds / 1e9
}

#[test]
fn ten_thousand_anomalies_become_a_handful_of_incidents_within_seconds() {
    let bench = Bench::new();
    let mut watch = Watch::new(bench.project_id, NOON);
    // 200 services fail one after another within ten minutes, each with fifty patterns.
    for number in 0..10_000_u64 {
        let service = format!("service-{}", number % 200);
        let at_ns = NOON + (number as i64 % 10) * MINUTE;
        let mut one = anomaly(bench.project_id, &service, at_ns);
        one.template_id = Some(domain::TemplateId(number + 1));
        watch.waiting.push_back(News::Found(Box::new(one)));
    }
    bench.clock.set(NOON + 10 * MINUTE);
    let began = cpu_seconds();
    bench.inner.tell(bench.project_id, &mut watch).unwrap();
    let took = cpu_seconds() - began;
    let incidents = bench.inner.alerts.open_incidents(bench.project_id).unwrap();
    println!(
        "10,000 anomalies: {} incidents, {took:.2} CPU-seconds",
        incidents.len()
    );
    assert!((1..=8).contains(&incidents.len()), "{}", incidents.len());
    assert!(
        took < 20.0,
        "{took} CPU-seconds in a build that is not optimised much"
    );
    assert_eq!(
        watch.open.len(),
        10_000,
        "each is known by its id, so that its end is told"
    );
    // All of them are on record, and those that the incidents name know it.
    let named: usize = incidents.iter().map(|i| i.anomaly_ids.len()).sum();
    assert!(named >= 500, "{named}");
    let filter = store::AnomalyFilter::in_range(TimeRange::ALL);
    let page = store::AnomalyStore::anomalies(
        &bench.inner.store,
        bench.project_id,
        &filter,
        &domain::PageRequest::first(1_000),
    );
    assert_eq!(page.unwrap().items.len(), 1_000);
}
