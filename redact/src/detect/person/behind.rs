//! What stands behind a row of words that makes them the name of a person.

/// Whether an e-mail address or a telephone number stands right behind: `Rosa Ueda <ueda@`, `Rosa Ueda,ueda@`, `'Rosa Ueda', 'ueda@`.
pub(super) fn is_before_an_address(text: &str, end: usize) -> bool {
    let rest = &text[end..];
    let marks = rest
        .bytes()
        .take(6)
        .take_while(|byte| {
            matches!(
                byte,
                b' ' | b'<'
                    | b'('
                    | b'"'
                    | b'\''
                    | b','
                    | b';'
                    | b'|'
                    | b'\t'
                    | b'['
                    | b'\\'
                    | b'/'
                    | b'-'
            )
        })
        .count();
    if marks == 0 {
        return false;
    }
    let rest = rest[marks..]
        .trim_start_matches("sips:")
        .trim_start_matches("sip:")
        .trim_start_matches("tel:")
        .as_bytes();
    // `"Rosa Ueda" <+14155550132>`
    let digits = rest
        .iter()
        .skip(1)
        .take(16)
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))
        .count();
    if rest.first() == Some(&b'+') && digits >= 8 {
        return true;
    }
    let local = rest
        .iter()
        .take(48)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-')
        })
        .count();
    let domain = rest.get(local + 1..).map_or(0, |rest| {
        rest.iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count()
    });
    local >= 2 && rest.get(local) == Some(&b'@') && domain >= 2
}

/// Whether what only people have stands right behind: `Rosa Ueda, born 1984`, `Rosa Ueda (DOB 1984-03-12)`.
pub(super) fn is_before_an_identity(text: &str, end: usize) -> bool {
    const WORDS: [&str; 16] = [
        "born",
        "b.",
        "dob",
        "d.o.b",
        "geb",
        "née",
        "né",
        "ssn",
        "nhs",
        "nino",
        "cpf",
        "nif",
        "dni",
        "pesel",
        "passport",
        "date of birth",
    ];
    let rest = &text[end..];
    let Some(rest) = [", ", " (", ",", " "]
        .iter()
        .find_map(|gap| rest.strip_prefix(gap))
    else {
        return false;
    };
    let bytes = rest.as_bytes();
    // Nearly always another letter follows.
    let may_be = bytes.first().is_some_and(|byte| {
        matches!(
            byte.to_ascii_lowercase(),
            b'b' | b'd' | b'g' | b'n' | b's' | b'c' | b'p'
        )
    });
    may_be
        && WORDS.iter().any(|word| {
            let ends = !bytes.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
            bytes.len() >= word.len()
                && bytes[..word.len()].eq_ignore_ascii_case(word.as_bytes())
                && ends
        })
}

/// Whether one given name alone is spoken of as people are: `said Rosa`, `Rosa lives`, `my name is Rosa`.
pub(super) fn is_spoken_of(text: &str, start: usize, end: usize) -> bool {
    const BEFORE: [&str; 22] = [
        "name is ",
        "name's ",
        "named him ",
        "named her ",
        "calls me ",
        "call me ",
        "called me ",
        "i'm ",
        "i am ",
        "this is ",
        "said ",
        "told ",
        "leave me ",
        "remember me, ",
        "here's ",
        "why is ",
        "thanks ",
        "thanks, ",
        "regards, ",
        "regards,\n",
        "cheers, ",
        "sincerely, ",
    ];
    const BEHIND: [&str; 36] = [
        " said ",
        " says ",
        " lives ",
        " lived ",
        " wrote ",
        " writes ",
        " asked ",
        " asks ",
        " told ",
        " replied ",
        " answered ",
        " called to ",
        " called and ",
        " phoned ",
        " texted ",
        " emailed ",
        " complained ",
        " thinks ",
        " wants ",
        " would like ",
        " had given ",
        " has given ",
        " gave ",
        " spent ",
        " is from ",
        " is a very ",
        " was born ",
        " was influenced ",
        " just ",
        " speaks ",
        ", can i ",
        ", could you ",
        ", can you ",
        "'s address",
        "'s phone",
        "'s birthday",
    ];
    let from = text.floor_char_boundary(start.saturating_sub(16));
    let to = text.ceil_char_boundary((end + 16).min(text.len()));
    let head = text[from..start].to_ascii_lowercase();
    let tail = text[end..to].to_ascii_lowercase();
    BEFORE.iter().any(|words| head.ends_with(words))
        || BEHIND.iter().any(|words| tail.starts_with(words))
}

/// Whether what people do to things stands right behind two words: `requested a refund`, `uploaded contract.pdf`.
pub(super) fn is_before_a_deed(text: &str, end: usize) -> bool {
    const DEEDS: [&str; 40] = [
        "born ",
        "(born ",
        "requested a ",
        "requested the ",
        "asked ",
        "uploaded ",
        "signed ",
        "complained ",
        "ordered ",
        "booked ",
        "cancelled ",
        "canceled ",
        "paid ",
        "bought ",
        "called ",
        "phoned ",
        "wrote ",
        "replied ",
        "submitted a ",
        "submitted the ",
        "filed ",
        "moved to ",
        "checked in",
        "checked out",
        "logged in",
        "logged out",
        "signed in",
        "signed up",
        "changed his ",
        "changed her ",
        "changed their ",
        "has left ",
        "joined ",
        "subscribed ",
        "unsubscribed",
        "picked up ",
        "did not show",
        "commented ",
        "lives ",
        "works ",
    ];
    let Some(rest) = text[end..].strip_prefix(' ') else {
        return false;
    };
    DEEDS.iter().any(|deed| rest.starts_with(deed))
}
