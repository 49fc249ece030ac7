use domain::ManualClock;

use super::*;

fn fail(breaker: &Breaker, clock: &ManualClock) {
    breaker.admit(clock).unwrap().settle(true, clock);
}

#[test]
fn a_provider_that_fails_is_left_alone_and_tried_by_one_call_at_a_time() {
    let clock = ManualClock::new(1_000 * NANOS_PER_SECOND);
    let breaker = Breaker::new("openai:small");
    for _ in 0..FAILURES {
        fail(&breaker, &clock);
    }
    let refused = breaker.admit(&clock).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "the model is not available: openai:small failed 5 times in a row and is left alone for another 30 s"
    );
    clock.advance(30 * NANOS_PER_SECOND);
    let trial = breaker.admit(&clock).unwrap();
    assert!(breaker.admit(&clock).is_err(), "one is tried at a time");
    trial.settle(true, &clock);
    clock.advance(30 * NANOS_PER_SECOND);
    assert!(breaker.admit(&clock).is_err(), "the pause has doubled");
    clock.advance(30 * NANOS_PER_SECOND);
    // A caller that left says nothing about the provider.
    drop(breaker.admit(&clock).unwrap());
    breaker.admit(&clock).unwrap().settle(false, &clock);
    assert!(breaker.admit(&clock).is_ok() && breaker.admit(&clock).is_ok());
}

#[test]
fn only_failures_in_a_row_count_and_the_pause_has_an_end() {
    let clock = ManualClock::new(0);
    let breaker = Breaker::new("x");
    for _ in 0..20 {
        for _ in 0..FAILURES - 1 {
            fail(&breaker, &clock);
        }
        breaker.admit(&clock).unwrap().settle(false, &clock);
    }
    for _ in 0..FAILURES {
        fail(&breaker, &clock);
    }
    for _ in 0..12 {
        clock.advance(LONGEST_PAUSE_NS);
        fail(&breaker, &clock);
    }
    clock.advance(LONGEST_PAUSE_NS);
    assert!(breaker.admit(&clock).is_ok());
}
