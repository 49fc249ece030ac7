//! A question cut into words that remember where they stood.

/// One word of a question, or one quoted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// As written, without the punctuation around it.
    pub(crate) text: String,
    /// In lower case, without a possessive `'s`.
    pub(crate) lower: String,
    /// It stood in quotes.
    pub(crate) quoted: bool,
    /// Sentence punctuation or a comma came right after it.
    pub(crate) ends_phrase: bool,
}

/// Words of a question that are looked at; the rest is left out.
pub(crate) const MAX_WORDS: usize = 200;

/// Cuts a question into words. Quotes (`"` and typographic ones) make one word of what they hold.
pub(crate) fn words(question: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = question.trim_start();
    while !rest.is_empty() && words.len() < MAX_WORDS {
        let first = rest.chars().next().unwrap_or(' ');
        let closing = match first {
            '"' => Some('"'),
            '\u{201c}' => Some('\u{201d}'),
            '`' => Some('`'),
            '\'' if is_quotation(rest) => Some('\''),
            _ => None,
        };
        if let Some((inside, after)) =
            closing.and_then(|closing| rest[first.len_utf8()..].split_once(closing))
        {
            if !inside.trim().is_empty() {
                words.push(Word {
                    text: inside.trim().to_owned(),
                    lower: inside.trim().to_lowercase(),
                    quoted: true,
                    ends_phrase: after.starts_with([',', '.', ';', '?', '!']),
                });
            }
            rest = after.trim_start_matches(|c: char| c.is_whitespace() || ",.;?!".contains(c));
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        push_word(&mut words, &rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

/// Whether a text in single quotes begins here: its end is the end of a word.
fn is_quotation(rest: &str) -> bool {
    rest[1..].find('\'').is_some_and(|end| {
        let after = rest[end + 2..].chars().next();
        end > 0 && after.is_none_or(|c| c.is_whitespace() || ",.;?!)".contains(c))
    })
}

/// Splits `status>=500` and `>2s` into what is compared, how, and with what; not `<num>` of a pattern, and no arrow.
fn split_comparison(text: &str) -> Option<(&str, &str, &str)> {
    let at = text.find(['<', '>'])?;
    let operator = if text[at + 1..].starts_with('=') {
        &text[at..at + 2]
    } else {
        &text[at..=at]
    };
    let (field, value) = (&text[..at], &text[at + operator.len()..]);
    let is_value = value.is_empty() || value.starts_with(|c: char| c.is_ascii_digit());
    (is_value && !field.ends_with(['-', '=']) && !text.ends_with('>') || text == ">")
        .then_some((field, operator, value))
}

fn push_word(words: &mut Vec<Word>, raw: &str) {
    let text = raw
        .trim_start_matches(|c: char| "([{'\"`,;!?\u{201c}\u{201d}".contains(c))
        .trim_end_matches(|c: char| ")]}'\"`,;!?.:\u{201c}\u{201d}".contains(c));
    if text.is_empty() {
        if let Some(last) = words
            .last_mut()
            .filter(|_| raw.contains([',', '.', ';', '?', '!']))
        {
            last.ends_phrase = true;
        }
        if matches!(raw, "-" | "\u{2013}" | "\u{2014}") {
            words.push(plain(raw, false));
        }
        return;
    }
    let ends_phrase = raw.ends_with([',', '.', ';', '?', '!', ':']);
    if let Some((field, operator, value)) = split_comparison(text) {
        if !field.is_empty() {
            words.push(plain(field, false));
        }
        words.push(plain(operator, false));
        if !value.is_empty() {
            words.push(plain(value, ends_phrase));
        }
        return;
    }
    match split_dash(text) {
        Some((from, to)) => {
            words.push(plain(from, false));
            words.push(plain("-", false));
            words.push(plain(to, ends_phrase));
        }
        None => words.push(plain(text, ends_phrase)),
    }
}

fn plain(text: &str, ends_phrase: bool) -> Word {
    let lower = text.to_lowercase().replace('\u{2019}', "'");
    let lower = lower
        .strip_suffix("'s")
        .filter(|stem| stem.len() > 2 && !is_contraction(stem))
        .map_or(lower.clone(), str::to_owned);
    Word {
        text: text.to_owned(),
        lower,
        quoted: false,
        ends_phrase,
    }
}

/// `what's` is `what is`, not a possessive.
fn is_contraction(stem: &str) -> bool {
    matches!(
        stem,
        "what"
            | "who"
            | "where"
            | "when"
            | "how"
            | "why"
            | "that"
            | "there"
            | "it"
            | "let"
            | "here"
    )
}

/// Splits `2-4pm` and `14:00-15:30` (also with an en dash), but not dates or names.
fn split_dash(text: &str) -> Option<(&str, &str)> {
    let (from, to) = text.split_once(['-', '\u{2013}'])?;
    let is_clock = |part: &str| {
        let digits = part.trim_end_matches(['a', 'p', 'm', 'A', 'P', 'M']);
        !digits.is_empty()
            && digits.len() <= 5
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == ':')
            && digits.split(':').all(|part| part.len() <= 2)
    };
    let marked = |part: &str| part.contains(':') || part.ends_with(['m', 'M']);
    (is_clock(from) && is_clock(to) && (marked(from) || marked(to))).then_some((from, to))
}
