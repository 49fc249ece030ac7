use domain::Severity;

use super::*;

fn template(id: u64, minute: i64, merged_into: Option<u64>) -> Template {
    Template {
        id: TemplateId(id),
        project_id: ProjectId(uuid::Uuid::nil()),
        text: format!("pattern {id}"),
        example: String::new(),
        first_seen_ns: minute * NANOS_PER_MINUTE,
        last_seen_ns: minute * NANOS_PER_MINUTE,
        count: 1,
        services: Vec::new(),
        severity: Severity::Error,
        merged_into: merged_into.map(TemplateId),
        sequence: 0,
    }
}

#[test]
fn what_stands_for_older_templates_is_as_old_as_they_are_and_no_news() {
    let before =
        Dictionary::default().extended(vec![template(1, 0, None), template(2, 300, None)], 2);
    assert!(!before.is_generalisation(TemplateId(3)));
    let after = before.extended(
        vec![
            template(3, 305, None),
            template(4, 310, None),
            template(1, 0, Some(3)),
            template(2, 300, Some(3)),
            template(3, 305, Some(4)),
        ],
        7,
    );
    assert_eq!(after.resolve(TemplateId(1)), TemplateId(4));
    assert!(after.is_generalisation(TemplateId(4)));
    assert_eq!(after.first_seen_ns(TemplateId(4)), Some(0));
    assert!(Arc::ptr_eq(
        &after.texts,
        &after.extended(vec![template(1, 0, Some(4))], 8).texts
    ));
}

#[test]
fn what_stands_for_templates_of_the_same_moment_is_news() {
    let all = vec![
        template(1, 300, Some(3)),
        template(2, 301, Some(3)),
        template(3, 302, None),
    ];
    let dictionary = Dictionary::default().extended(all, 3);
    assert!(!dictionary.is_generalisation(TemplateId(3)));
    assert_eq!(
        dictionary.first_seen_ns(TemplateId(3)),
        Some(300 * NANOS_PER_MINUTE)
    );
}
