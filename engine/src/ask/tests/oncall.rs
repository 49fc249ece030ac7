//! Values that only attributes or only patterns name, topics beside what is exact, and deploys that others tell of.

use super::*;

/// Patterns of the hotel next door.
const HOTEL: [(u64, &str); 8] = [
    (101, "room booked"),
    (102, "job cleaning failed"),
    (103, "job laundry failed"),
    (104, "deployed <*> <num>.<num>.<num> to production"),
    (
        105,
        "<ip> - - [<time>] \"<*> <path> HTTP/<num>\" <num> <num>",
    ),
    (106, "greeting from <ip>"),
    (107, "night porter anonymous greeting"),
    (108, "receiving parcel <num>"),
];

impl Bed {
    fn hotel() -> Self {
        let bed = Self::new(&[]);
        let template = |(id, text): &(u64, &str)| template(bed.project_id, *id, text);
        let batch = CommitBatch {
            new_templates: HOTEL.iter().map(template).collect(),
            ..CommitBatch::new(bed.project_id, Vec::new())
        };
        bed.inner.store.append(&batch).unwrap();
        bed
    }

    /// Writes so many records, one a second from [`NOON`] on.
    pub(super) fn tell(
        &mut self,
        service: &str,
        template: u64,
        body: &str,
        attributes: &str,
        count: i64,
    ) {
        let records = (0..count)
            .map(|n| {
                let mut record = self.record(NOON + n * SECOND, service, template, body);
                record.severity = Severity::Info;
                record.attributes = attributes.to_owned();
                record
            })
            .collect();
        self.commit(records, &[]);
    }

    fn count(&self, question: &str) -> Option<u64> {
        self.facts(question).matching
    }
}

#[test]
fn a_value_beside_the_key_of_its_attribute_is_a_condition() {
    let mut bed = Bed::hotel();
    bed.tell("desk", 101, "room booked", r#"{"floor":"garden"}"#, 3);
    bed.tell("desk", 101, "room booked", r#"{"floor":"attic"}"#, 4);
    assert_eq!(
        bed.count("how many rooms were booked on the attic floor today?"),
        Some(4)
    );
    // No pattern says the word and one attribute has it.
    assert_eq!(bed.count("how many rooms booked today, garden"), Some(3));
    // A record has one floor: both are none.
    let found = bed.understood("how many rooms were booked on the garden and attic floors?");
    assert!(found.attributes.is_empty(), "{:?}", found.attributes);
    assert_eq!(bed.count("how many rooms were booked today?"), Some(7));
}

#[test]
fn a_name_that_is_no_service_may_be_a_value() {
    let mut bed = Bed::hotel();
    bed.tell("desk", 101, "room booked", r#"{"wing":"sea-side"}"#, 3);
    bed.tell("desk", 101, "room booked", r#"{"wing":"hill-side"}"#, 4);
    assert_eq!(
        bed.count("how many rooms were booked in sea-side today?"),
        Some(3)
    );
    let said = bed.said("how many errors in road-side today?");
    assert!(said.contains("no service is called “road-side”"), "{said}");
}

#[test]
fn a_topic_of_its_own_is_not_left_out_beside_what_is_exact() {
    let mut bed = Bed::hotel();
    bed.tell("web", 1, "request to /cart answered 500 in 3000 ms", "", 5);
    assert_eq!(bed.count("how many calls slower than 2s today?"), Some(5));
    assert_eq!(
        bed.count("how many calls failed with a 500 today?"),
        Some(5)
    );
    let found =
        bed.facts("how often was the garbage collector paused for more than 2 seconds today?");
    assert!(!inference::draft_answer(&found).is_found);
    let found = bed.facts("how many chargebacks failed with a 500 today?");
    assert!(!inference::draft_answer(&found).is_found);
}

#[test]
fn patterns_that_differ_in_one_name_are_grouped_by_it() {
    let mut bed = Bed::hotel();
    bed.tell("night", 102, "job cleaning failed", "", 2);
    bed.tell("night", 103, "job laundry failed", "", 5);
    let facts = bed.facts("which job failed most often today?");
    assert_eq!(groups(&facts), [("laundry", 5), ("cleaning", 2)]);
}

#[test]
fn who_deploys_a_service_tells_of_it() {
    let mut bed = Bed::hotel();
    let mut records = vec![
        bed.record(
            NOON + 10 * MINUTE,
            "ci",
            104,
            "deployed desk 1.2.0 to production",
        ),
        bed.record(
            NOON + 30 * MINUTE,
            "ci",
            104,
            "deployed desk 1.3.0 to production",
        ),
        bed.record(
            NOON + 40 * MINUTE,
            "ci",
            104,
            "deployed bar 7.0.0 to production",
        ),
    ];
    for record in &mut records {
        record.severity = Severity::Info;
    }
    records.push(bed.record(NOON + 20 * MINUTE, "desk", 4, "card was declined"));
    records.push(bed.record(NOON + 50 * MINUTE, "desk", 4, "card was declined"));
    bed.commit(records, &[]);
    assert_eq!(
        bed.count("how many errors in desk since the deploy?"),
        Some(1)
    );
    assert_eq!(
        bed.count("how many errors in desk after the 1.2.0 deploy?"),
        Some(2)
    );
    let facts = bed.facts("when was desk last deployed?");
    assert_eq!(facts.matching, Some(2));
    assert!(
        facts.evidence[0].text.contains("1.3.0"),
        "{:?}",
        facts.evidence
    );
}

#[test]
fn lines_of_access_logs_are_requests_and_keep_one_status() {
    let mut bed = Bed::hotel();
    let line = |status: u16, size: u16| {
        format!(
            "10.2.3.4 - - [23/Nov/2026:14:00:00 +0000] \"DELETE /rooms HTTP/1.1\" {status} {size}"
        )
    };
    bed.tell("door", 105, &line(200, 404), "", 3);
    bed.tell("door", 105, &line(404, 200), "", 2);
    bed.tell("door", 5, "cache warmed", "", 9);
    assert_eq!(bed.count("how many requests did door get today?"), Some(5));
    assert_eq!(bed.count("how many DELETE requests today?"), Some(5));
    assert_eq!(bed.count("how many 404 in door today?"), Some(2));
}

#[test]
fn a_text_is_found_with_the_words_that_its_records_say() {
    let mut bed = Bed::hotel();
    bed.tell("porter", 106, "greeting from 10.2.3.4", "", 4);
    bed.tell("porter", 107, "night porter anonymous greeting", "", 1);
    assert_eq!(
        bed.count("how many anonymous greetings from 10.2.3.4 today?"),
        Some(4)
    );
    // Other records of the same address are none, and what nobody speaks of is said to be left out.
    let line = "10.2.3.4 - - [23/Nov/2026:14:00:00 +0000] \"GET /rooms HTTP/1.1\" 200 404";
    bed.tell("door", 105, line, "", 9);
    assert_eq!(
        bed.count("how many anonymous greetings from 10.2.3.4 today?"),
        Some(4)
    );
    let facts = bed.facts("how many xmpp greetings from 10.2.3.4 today?");
    assert_eq!(facts.matching, Some(4));
    assert_eq!(facts.left_out, ["xmpp"]);
    // The name of a service says a word as well.
    bed.tell("xmppd", 106, "greeting from 10.2.3.4", "", 2);
    assert_eq!(
        bed.count("how many xmpp greetings from 10.2.3.4 today?"),
        Some(2)
    );
    let found = bed.facts("how many parcels from 10.2.3.4 today?");
    assert_eq!(found.matching, Some(0));
}

#[test]
fn what_others_tell_of_a_service_is_found() {
    let mut bed = Bed::hotel();
    bed.tell("bar-desk", 101, "room booked", "", 3);
    bed.tell("porter", 108, "receiving parcel 7 for bar-desk", "", 2);
    assert_eq!(
        bed.count("how many parcels did bar-desk receive today?"),
        Some(2)
    );
    assert_eq!(bed.count("how many greetings in bar-desk today?"), Some(0));
    // A name is a word of its own, and a short one is looked for nowhere.
    bed.tell("lift", 101, "room booked", "", 1);
    bed.tell("spa", 101, "room booked", "", 1);
    bed.tell("porter", 108, "receiving parcel 7 for the forklift", "", 2);
    bed.tell("porter", 108, "receiving parcel 7 for spa", "", 2);
    for service in ["lift", "spa"] {
        let question = format!("how many parcels did {service} receive today?");
        assert_eq!(bed.count(&question), Some(0), "{service}");
    }
}

#[test]
fn a_number_that_no_record_names_is_missing() {
    let mut bed = Bed::hotel();
    bed.tell("desk", 101, "room booked", "", 3);
    let said = bed.said("what is the average rating of a booked room today?");
    assert!(said.contains("no matching record names a rating"), "{said}");
}

#[test]
fn slips_of_the_keyboard_are_read_as_they_were_meant() {
    let mut bed = Bed::hotel();
    bed.tell("desk", 101, "room booked", "", 3);
    bed.tell("desk", 108, "receiving parcel 7", "", 2);
    assert_eq!(bed.count("how many reciving parcels today?"), Some(2));
    let said = bed.said("how many reciving parcels today?");
    assert!(
        said.contains("\u{201c}reciving\u{201d} was read as \u{201c}receiving\u{201d}."),
        "{said}"
    );
    assert!(!bed.said("how many parcels today?").contains("was read as"));
    // What a record says is no slip.
    bed.tell("desk", 104, "deployed reciving 1.2.3 to production", "", 1);
    let understood = bed.understood("how many reciving parcels today?");
    assert!(understood.retrieval_text.contains("reciving"));
    assert_eq!(
        bed.understood("rooms booked yesteday").range.end_ns,
        NOON - 14 * HOUR
    );
}
