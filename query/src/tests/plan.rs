use domain::{LogFilter, TemplateId, TextTerm, TimeRange};

use crate::{TemplateDictionary, plan};

fn dictionary() -> TemplateDictionary {
    TemplateDictionary::new([
        (TemplateId(1), "Connection refused by <ip>:<num>"),
        (TemplateId(2), "user <*> logged in from <host>"),
        (TemplateId(3), "state <b> is <not a slot> known"),
    ])
}

fn planned(term: &str, template_ids: Vec<TemplateId>) -> Vec<TemplateId> {
    let mut filter = LogFilter {
        template_ids,
        ..LogFilter::in_range(TimeRange::ALL)
    };
    filter.text.push(TextTerm {
        term: term.to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    plan(&mut filter, &dictionary());
    filter.text.remove(0).template_ids
}

#[test]
fn terms_resolve_to_templates_that_hold_them_in_any_case() {
    assert_eq!(planned("connection REFUSED", Vec::new()), [TemplateId(1)]);
    assert_eq!(planned("is <not a", Vec::new()), [TemplateId(3)]);
    assert_eq!(planned("e", Vec::new()), [1, 2, 3].map(TemplateId));
    assert_eq!(planned("e", vec![TemplateId(2)]), [TemplateId(2)]);
}

#[test]
fn slots_are_not_text() {
    assert!(planned("num", Vec::new()).is_empty());
    assert!(planned("user  logged", Vec::new()).is_empty());
    assert!(planned("user <*>", Vec::new()).is_empty());
    assert!(planned("ip", Vec::new()).is_empty());
}
