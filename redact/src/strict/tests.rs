use proptest::prelude::*;

use crate::Scrubber;

fn strict(text: &str) -> String {
    Scrubber::new()
        .strict(true)
        .request(1)
        .scrub(text)
        .get()
        .clone()
}

#[test]
fn templates_stay_and_values_become_slots() {
    assert_eq!(
        strict("payment of order <*> for <num> failed: NullPointerException in checkout"),
        "payment of order <*> for <num> failed: NullPointerException in checkout"
    );
    assert_eq!(
        strict("user=rosa plan='gold tier' order A-77 took 467 ms [3]"),
        "user=<VALUE_1:baaaaaaa> plan='<VALUE_2:baaaaaaa> <VALUE_3:baaaaaaa>' order <VALUE_4:baaaaaaa> took <VALUE_5:baaaaaaa> ms [3]"
    );
    assert_eq!(
        strict("Rosa called Quillweather"),
        "<VALUE_1:baaaaaaa> called <VALUE_2:baaaaaaa>"
    );
}

#[test]
fn what_was_a_slot_comes_back_for_the_one_who_asked() {
    let text = "user=rosa took 467 ms at /srv/app-7 of 'Blue Harbor'";
    let scrubbed = Scrubber::new().strict(true).scrub(text);
    assert_eq!(scrubbed.restore(scrubbed.get()), text);
}

proptest! {
    #[test]
    fn nothing_with_three_digits_and_no_value_of_a_field_is_left(
        key in "[a-z]{3,8}",
        value in "[a-z]{4,9}",
        number in 100_u32..1_000_000_000,
        word in "[a-z]{2,5}[0-9][a-z0-9]{1,6}",
    ) {
        let output = strict(&format!("job {key}={value} n {number} at {word}, done"));
        let rest: String = output.split('<').map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect();
        prop_assert!(!rest.contains(&value) || key.contains(&value), "{}", output);
        prop_assert!(!rest.contains(&number.to_string()), "{}", output);
        prop_assert!(!rest.contains(&word), "{}", output);
    }
}
