use crate::testing::Bench;

const GOOD: &str = "policy: {name: Good, conditions: [{type: log_count, query: x, threshold: 1, window: 5m}], workflow: [{notify: 'slack:#ops'}]}";

#[test]
fn a_wrong_policy_file_stops_neither_the_others_nor_what_was_stored() {
    let bench = Bench::new();
    let folder = bench.folder.path().join("policies");
    std::fs::create_dir(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let load = || -> Vec<String> {
        bench
            .inner
            .read_policy_files(bench.project_id, &folder)
            .unwrap();
        bench.inner.reload_policies(bench.project_id).unwrap();
        let machine = bench.inner.alerts.machine(bench.project_id).unwrap();
        machine
            .policies()
            .map(|policy| policy.name.clone())
            .collect()
    };
    write("a.yaml", &GOOD.replace("Good", "First"));
    assert_eq!(load(), ["First"]);
    assert!(bench.inner.policy_problems.list().is_empty());
    write("a.yaml", "policy:\n  name: First\n  conditions: 7\n");
    write("b.yaml", GOOD);
    assert_eq!(load(), ["First", "Good"], "the stored one stays in force");
    let problems = bench.inner.policy_problems.list();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("a.yaml:3"), "{problems:?}");
    std::fs::remove_file(folder.join("a.yaml")).unwrap();
    assert_eq!(load(), ["Good"]);
    assert!(bench.inner.policy_problems.list().is_empty());
}
