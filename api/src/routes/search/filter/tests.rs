use super::*;

#[test]
fn two_conditions_on_the_same_thing_must_both_hold() {
    let check = |kept: &[u8], allowed: &[u8]| {
        let mut kept = kept.to_vec();
        restrict(&mut kept, allowed.to_vec()).then_some(kept)
    };
    assert_eq!(check(&[], &[]), Some(vec![]));
    assert_eq!(check(&[1], &[]), Some(vec![1]));
    assert_eq!(check(&[], &[2]), Some(vec![2]));
    assert_eq!(check(&[1, 2], &[2, 3]), Some(vec![2]));
    assert_eq!(check(&[1], &[2]), None);
}
