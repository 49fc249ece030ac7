use super::*;

#[test]
fn a_line_comes_every_ten_percent_or_ten_seconds() {
    let start = Instant::now();
    let mut pace = Pace::default();
    let mut due =
        |done: u64, seconds: u64| pace.is_due(done, 1_000, start + Duration::from_secs(seconds));
    assert!(due(0, 0), "the first byte");
    assert!(!due(99, 1));
    assert!(due(100, 1), "ten percent");
    assert!(!due(150, 10));
    assert!(due(151, 11), "ten seconds");
    assert!(due(1_000, 12), "the end");
}

#[test]
fn a_line_says_how_much_even_where_nobody_knows_of_how_much() {
    assert_eq!(
        line("toy", 50_000_000, 200_000_000),
        "fetching toy: 50 of 200 MB, 25 %"
    );
    assert_eq!(line("toy", 50_000_000, 0), "fetching toy: 50 MB");
}
