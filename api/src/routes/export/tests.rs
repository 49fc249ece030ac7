use domain::{RecordId, Severity, TemplateId};
use uuid::Uuid;

use super::*;

fn batch(count: usize, body: &str) -> RecordColumns {
    RecordColumns {
        len: count,
        timestamps_ns: vec![1_795_442_400_000_000_000; count],
        severities: vec![Severity::Error; count],
        services: vec!["cart".into(); count],
        ids: vec![RecordId(Uuid::nil()); count],
        observed_at_ns: vec![1_795_442_400_000_000_000; count],
        template_ids: vec![TemplateId(255); count],
        trace_ids: vec![None; count],
        span_ids: vec![None; count],
        bodies: vec![body.to_owned(); count],
        attributes: vec![r#"{"a":1}"#.to_owned(); count],
    }
}

#[test]
fn a_record_is_one_line_as_the_search_shows_it() {
    let mut row = 0;
    let text = lines(&batch(1, "two\nlines"), &mut row).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"timestamp\":\"2026-11-23T14:00:00Z\",\
         \"observed_at\":\"2026-11-23T14:00:00Z\",\"severity\":\"error\",\"service\":\"cart\",\
         \"body\":\"two\\nlines\",\"attributes\":{\"a\":1},\"template_id\":\"00000000000000ff\"}\n"
    );
}

#[test]
fn a_large_batch_comes_in_pieces() {
    let batch = batch(10, &"x".repeat(100_000));
    let (mut row, mut pieces, mut count) = (0, 0, 0);
    while row < batch.len {
        let text = lines(&batch, &mut row).unwrap();
        count += text.iter().filter(|byte| **byte == b'\n').count();
        pieces += 1;
    }
    assert_eq!((pieces, count), (4, 10));
}
