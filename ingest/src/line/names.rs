//! What loggers, hosts and processes are called.

/// Whether a token is the name of a logger, class or module and not a word of the message: `dfs.DataNode$Packet`,
/// `my_crate::net`, `WindowManager`, `app.go:12`. A plain word is not, it may begin a sentence.
pub(super) fn is_component(name: &str) -> bool {
    if !is_identifier(name) || name.contains("://") {
        return false;
    }
    let bytes = name.as_bytes();
    let has_inner_mark = bytes
        .iter()
        .any(|byte| matches!(byte, b'.' | b'$' | b'_' | b'/' | b'@' | b':'));
    let has_hump = bytes
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    has_inner_mark || has_hump
}

/// Letters, digits and the marks of paths; begins with a letter.
pub(super) fn is_identifier(name: &str) -> bool {
    let bytes = name.as_bytes();
    (1..=120).contains(&bytes.len())
        && (bytes[0].is_ascii_alphabetic() || bytes[0] == b'_')
        && !bytes.ends_with(b".")
        && bytes.iter().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'.' | b'$' | b'_' | b'/' | b'@' | b':' | b'-' | b'<' | b'>' | b'#'
                )
        })
}

/// Whether a token can be a host name or address.
pub(super) fn is_host(token: &str) -> bool {
    (1..=255).contains(&token.len())
        && token.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'@' | b'#')
        })
        && !token.ends_with(':')
}

/// The first token and what follows its white space.
pub(super) fn next_token(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    match text.find([' ', '\t']) {
        Some(at) => (&text[..at], text[at..].trim_start_matches([' ', '\t'])),
        None => (text, ""),
    }
}

/// How many decimal digits `text` begins with.
pub(super) fn digit_run(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The inside of the bracket pair that `text` begins with (nested pairs counted) and what follows; at most 300 bytes.
pub(super) fn bracketed(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'[') {
        return None;
    }
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(300) {
        match byte {
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some((&text[1..at], &text[at + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

/// A fully qualified class or method, `org.apache.catalina.startup.Catalina.start`: four parts or more.
pub(super) fn is_class_path(token: &str) -> bool {
    let part_fits = |part: &str| {
        !part.is_empty()
            && part.as_bytes()[0].is_ascii_alphabetic()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'))
    };
    token.split('.').count() >= 4
        && token.as_bytes()[0].is_ascii_lowercase()
        && token.split('.').all(part_fits)
}
