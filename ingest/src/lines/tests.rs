use proptest::prelude::*;

use super::*;

fn lines_of(limit_bytes: usize, chunks: &[&[u8]]) -> (Vec<String>, Option<String>) {
    let mut lines = Lines::new(limit_bytes);
    let mut seen = Vec::new();
    for chunk in chunks {
        lines.extend(chunk);
        while let Some(line) = lines.next_line() {
            seen.push(String::from_utf8_lossy(line).into_owned());
        }
    }
    let rest = lines
        .take_rest()
        .map(|rest| String::from_utf8_lossy(&rest).into_owned());
    (seen, rest)
}

#[test]
fn a_line_waits_for_its_end() {
    let (seen, rest) = lines_of(100, &[b"one\r\ntw", b"o\n\nthr", b"", b"ee"]);
    assert_eq!(seen, ["one", "two", ""]);
    assert_eq!(rest.as_deref(), Some("three"));
}

#[test]
fn an_endless_line_is_cut_and_its_rest_is_dropped() {
    let (seen, rest) = lines_of(4, &[b"abc", b"def", b"ghi", b"jkl\nnext\n", b"123456\nz"]);
    assert_eq!(seen, ["abcd", "next", "1234"]);
    assert_eq!(rest.as_deref(), Some("z"));
    let mut lines = Lines::new(1_000);
    for _ in 0..1_000 {
        lines.extend(&[b'x'; 1_000]);
        while lines.next_line().is_some() {}
        assert!(lines.buffer.len() <= 2_000);
    }
}

proptest! {
    #[test]
    fn chunks_do_not_change_the_lines(text in "[a-c\n]{0,60}", cuts in proptest::collection::vec(0_usize..60, 0..6)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
        prop_assert_eq!(lines_of(100, &chunks), lines_of(100, &[text.as_bytes()]));
    }
}
