//! Names of fields that hold names and addresses of people.

use super::{Class, foreign};

/// Names of fields that hold a person's name or address.
pub(super) fn person_or_place(words: &[&str]) -> Option<Class> {
    let last = *words.last()?;
    let previous = words.len().checked_sub(2).map_or("", |at| words[at]);
    let is = |word: &str, options: &[&str]| {
        options
            .iter()
            .any(|option| word.eq_ignore_ascii_case(option))
    };
    let is_person = is(
        last,
        &[
            "firstname",
            "lastname",
            "surname",
            "givenname",
            "familyname",
            "fullname",
            "realname",
            "displayname",
            "maidenname",
            "cardholder",
            "accountholder",
            "customername",
            "cardholdername",
        ],
    ) || (is(last, &["name"])
        && is(
            previous,
            &[
                "first",
                "last",
                "given",
                "family",
                "full",
                "real",
                "display",
                "maiden",
                "customer",
                "patient",
                "recipient",
                "cardholder",
                "holder",
                "middle",
            ],
        ))
        || (is(last, &["holder"]) && is(previous, &["card", "account"]))
        // `"family"` and `"given"` of contacts; who asks looks whether both are there.
        || (words.len() == 1 && is(last, &["family", "given"]))
        || foreign::is_person(words, previous, last);
    if is_person {
        return Some(Class::Person);
    }
    if is(last, &["postcode", "zip", "zipcode", "postalcode"])
        || (is(last, &["code"]) && is(previous, &["postal", "zip", "post"]))
        || foreign::is_postcode(previous, last)
    {
        return Some(Class::Postcode);
    }
    let is_of_machines = words.iter().any(|word| {
        is(
            word,
            &[
                "email",
                "mail",
                "ip",
                "mac",
                "host",
                "server",
                "bind",
                "listen",
                "wallet",
                "memory",
                "peer",
                "remote",
                "local",
                "client",
                "source",
                "target",
                "destination",
                "web",
                "url",
                "http",
                "node",
                "virtual",
                "physical",
                "base",
            ],
        )
    });
    if is_of_machines {
        return None;
    }
    let is_line = words
        .iter()
        .any(|word| is(word, &["street", "streetaddress"]) || is(word, &["address1", "address2"]))
        || (is(last, &["address", "addr"])
            && is(
                previous,
                &[
                    "shipping",
                    "billing",
                    "home",
                    "postal",
                    "mailing",
                    "delivery",
                    "residential",
                    "street",
                    "customer",
                    "invoice",
                ],
            ))
        || (is(last, &["to"]) && is(previous, &["ship", "deliver"]))
        || is(last, &["shipto"])
        || (is(previous, &["address", "addr"]) && is(last, &["line", "line1", "line2", "1", "2"]))
        || (is(previous, &["line"])
            && is(last, &["1", "2", "3"])
            && words
                .iter()
                .any(|word| is(word, &["address", "addr", "street"])))
        || foreign::is_street(words);
    if is_line {
        return Some(Class::Street);
    }
    is(last, &["address", "line1", "line2"]).then_some(Class::Address)
}
