use domain::ProjectId;
use ingest::Limits;
use proptest::prelude::*;

use super::*;

fn with(bytes: &[u8], until: Until, most: usize) -> Piece {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: 1_795_442_400_000_000_000,
        default_service: None,
        limits: &limits,
    };
    read(bytes, until, most, &context)
}

/// The bodies, and what of the text was taken.
fn taken(text: &str, until: Until) -> (Vec<String>, &str) {
    let piece = with(text.as_bytes(), until, 100);
    let bodies = piece.records.into_iter().map(|record| record.body);
    (bodies.collect(), &text[..piece.bytes])
}

#[test]
fn a_record_that_may_go_on_is_left_until_its_writer_is_quiet() {
    let text = "one\nERROR two\n  at x(y:1)\ntorn";
    let one = vec!["one".to_owned()];
    assert_eq!(taken(text, Until::Ended), (one.clone(), "one\n"));
    let (bodies, bytes) = taken(text, Until::Lines);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bytes, "one\nERROR two\n  at x(y:1)\n");
    let (bodies, bytes) = taken(text, Until::All);
    assert_eq!((bodies[2].as_str(), bytes), ("torn", text));
    assert_eq!(taken("one\n", Until::Ended), (vec![], ""));
    assert_eq!(taken("\n\n", Until::Ended), (vec![], "\n\n"));
    assert_eq!(taken("torn", Until::Lines), (vec![], ""));
}

#[test]
fn a_split_line_is_never_cut_in_two() {
    let cri = |stream: &str, tag: &str, text: &str| {
        format!("2026-11-23T13:00:00.000000001Z {stream} {tag} {text}\n")
    };
    let open = cri("stdout", "P", "one, ") + &cri("stderr", "F", "beside");
    let text = cri("stdout", "F", "zero") + &open;
    // What stands beside the split line waits with it.
    for until in [Until::Ended, Until::Lines] {
        let (bodies, bytes) = taken(&text, until);
        assert_eq!(
            (bodies, bytes.len()),
            (vec!["zero".to_owned()], text.len() - open.len())
        );
    }
    let (bodies, bytes) = taken(&text, Until::Split);
    assert_eq!((bodies.len(), bytes), (3, text.as_str()));
    let whole = text.clone() + &cri("stdout", "F", "two") + &cri("stdout", "F", "three");
    let (bodies, _) = taken(&whole, Until::Ended);
    assert_eq!(bodies, ["zero", "beside", "one, two"]);
}

#[test]
fn it_ends_soon_after_the_most_records() {
    let text = "line\n".repeat(50);
    let piece = with(text.as_bytes(), Until::All, 7);
    assert_eq!((piece.records.len(), piece.bytes), (7, 35));
}

proptest! {
    /// What a restart relies on: the bytes of a piece give the piece.
    #[test]
    fn reading_a_piece_again_gives_the_same_records(
        lines in proptest::collection::vec(prop_oneof![
            "[a-z ]{0,8}",
            "  at [a-z]{3}",
            Just("Traceback (most recent call last)".to_owned()),
            Just("ValueError: x".to_owned()),
            Just("ERROR boom".to_owned()),
            "2026-11-23T13:00:00.000000001Z std(out|err) [PF] [a-z]{0,6}",
        ], 0..30),
        end in 0..4_usize, most in 1..10_usize, is_torn: bool,
    ) {
        let mut text = lines.join("\n");
        if !is_torn { text.push('\n'); }
        let until = [Until::Ended, Until::Lines, Until::Split, Until::All][end];
        let piece = with(text.as_bytes(), until, most);
        let again = with(&text.as_bytes()[..piece.bytes], Until::All, usize::MAX);
        prop_assert_eq!(piece, again);
    }
}
