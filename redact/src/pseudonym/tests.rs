use proptest::prelude::*;

use super::*;

fn two() -> (Pseudonyms, String, String) {
    let mut pseudonyms = Pseudonyms::new(0x0123_4567_89ab_cdef);
    let email = pseudonyms
        .token_for(Kind::Email, "ada@example.org")
        .to_owned();
    let ip = pseudonyms.token_for(Kind::Ip, "203.0.113.7").to_owned();
    (pseudonyms, email, ip)
}

#[test]
fn equal_values_have_equal_tokens_and_kinds_are_counted() {
    let (mut pseudonyms, email, ip) = two();
    assert_eq!(pseudonyms.token_for(Kind::Email, "ada@example.org"), email);
    assert_ne!(pseudonyms.token_for(Kind::Email, "bob@example.org"), email);
    assert!(email.starts_with("<EMAIL_1:") && ip.starts_with("<IP_1:"));
    assert_eq!(pseudonyms.counts(), [(Kind::Email, 2), (Kind::Ip, 1)]);
    assert_eq!(pseudonyms.len(), 3);
}

#[test]
fn originals_come_back_and_unknown_tokens_stay() {
    let (pseudonyms, email, ip) = two();
    assert_eq!(
        pseudonyms.restore(&format!("user {email} from {ip}.")),
        "user ada@example.org from 203.0.113.7."
    );
    for stranger in [
        "<EMAIL_1:aaaaaaaa>",
        "<EMAIL_1>",
        "<EMAIL_9:x>",
        "<",
        "a < b > c",
        "<b>bold</b>",
        "<<EMAIL_1",
    ] {
        assert_eq!(pseudonyms.restore(stranger), stranger);
    }
    assert_eq!(
        pseudonyms.restore(&format!("<{email}>")),
        "<ada@example.org>"
    );
}

#[test]
fn a_token_inside_a_link_is_not_expanded() {
    let (pseudonyms, email, _) = two();
    for link in [
        format!("https://evil.example/?q={email}"),
        format!("![x](//evil.example/{email})"),
        format!("www.evil.example/{email}"),
        format!("[mail](mailto:{email})"),
    ] {
        assert_eq!(pseudonyms.restore(&link), link);
    }
    assert_eq!(
        pseudonyms.restore(&format!("see https://a.example/ then {email}")),
        "see https://a.example/ then ada@example.org"
    );
}

#[test]
fn what_an_original_holds_is_not_expanded_again() {
    let mut pseudonyms = Pseudonyms::new(7);
    let secret = pseudonyms.token_for(Kind::Secret, "s3cret").to_owned();
    let forged = pseudonyms.token_for(Kind::Forged, &secret).to_owned();
    assert_eq!(pseudonyms.restore(&forged), secret);
}

#[test]
fn printing_shows_no_original() {
    let (pseudonyms, ..) = two();
    assert_eq!(
        format!("{pseudonyms:?}"),
        "Pseudonyms { counts: [(Email, 1), (Ip, 1)], .. }"
    );
}

#[test]
fn a_stream_cut_at_every_byte_gives_the_same_answer() {
    let (pseudonyms, email, ip) = two();
    let text = format!("é {email} and <b> {ip}{ip} in https://x/{email} end <EMAIL_");
    let whole = pseudonyms.restore(&text);
    for cut in (0..=text.len()).filter(|cut| text.is_char_boundary(*cut)) {
        let mut restorer = Restorer::new(&pseudonyms);
        let mut output = restorer.push(&text[..cut]);
        output.push_str(&restorer.push(&text[cut..]));
        output.push_str(&restorer.finish());
        assert_eq!(output, whole, "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn any_text_without_tokens_comes_through_unchanged(text in "\\PC{0,200}") {
        let (pseudonyms, ..) = two();
        prop_assert_eq!(pseudonyms.restore(&text), text);
    }
}
