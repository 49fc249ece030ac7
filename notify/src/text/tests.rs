use proptest::prelude::*;

use super::{clean, clip, join_within, one_line, units};

#[test]
fn texts_are_cut_by_characters() {
    assert_eq!(clip("abc", 3), "abc");
    assert_eq!(clip("abcd", 3), "ab\u{2026}");
    assert_eq!(clip("\u{1f525}\u{1f525}", 1), "\u{2026}");
    assert_eq!(clip("abc", 0), "");
}

#[test]
fn control_and_direction_marks_are_dropped() {
    assert_eq!(clean("a\u{0}b\u{1b}[31mc\u{202e}d\ne"), "ab[31mcd\ne");
    assert_eq!(one_line(" a\n\tb \r\n c "), "a b c");
}

proptest! {
    #[test]
    fn joined_pieces_stay_within_the_limit(text in "\\PC{0,40}", limit in 0_usize..50) {
        let pieces: Vec<String> = text.chars().map(String::from).collect();
        let joined = join_within(pieces.iter().map(String::as_str), limit);
        prop_assert!(units(&joined) <= limit);
        let cut = joined.ends_with('\u{2026}');
        prop_assert!(joined == text || cut || limit == 0);
    }
}
