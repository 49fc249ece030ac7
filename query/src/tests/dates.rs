use super::{at, context, context_at};
use crate::{QuestionContext, understand};

const BERLIN: &str = "Europe/Berlin";

/// The range of a question, as wall-clock times in a zone.
#[track_caller]
fn check_in(context: &QuestionContext, zone: &str, question: &str, from: &str, until: &str) {
    let understood = understand(question, context);
    let expected = (at(from, zone), at(until, zone));
    assert_eq!(
        (understood.range.start_ns, understood.range.end_ns),
        expected,
        "{question:?}: {:?}, not understood: {:?}",
        understood.chips,
        understood.not_understood,
    );
    assert!(
        !understood.range_is_default,
        "{question:?} fell back to the default"
    );
}

#[track_caller]
fn check(question: &str, from: &str, until: &str) {
    check_in(&context(), BERLIN, question, from, until);
}

#[test]
fn lengths_of_time_reach_back_from_now() {
    check(
        "errors in the last 30 minutes",
        "2026-11-18T15:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors past hour",
        "2026-11-18T14:30:00",
        "2026-11-18T15:30:00",
    );
    check(
        "anything in the last couple of hours?",
        "2026-11-18T13:30:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors over the past week",
        "2026-11-11T15:30:00",
        "2026-11-18T15:30:00",
    );
    check("last 2h", "2026-11-18T13:30:00", "2026-11-18T15:30:00");
    check(
        "in the last two days",
        "2026-11-16T15:30:00",
        "2026-11-18T15:30:00",
    );
    check(
        "in the last half an hour",
        "2026-11-18T15:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "what is failing right now",
        "2026-11-18T15:15:00",
        "2026-11-18T15:30:00",
    );
}

#[test]
fn days_and_parts_of_days() {
    check(
        "why did checkout fail last night?",
        "2026-11-17T20:00:00",
        "2026-11-18T06:00:00",
    );
    check(
        "errors yesterday",
        "2026-11-17T00:00:00",
        "2026-11-18T00:00:00",
    );
    check("errors today", "2026-11-18T00:00:00", "2026-11-18T15:30:00");
    check(
        "errors this morning",
        "2026-11-18T06:00:00",
        "2026-11-18T12:00:00",
    );
    check(
        "errors this afternoon",
        "2026-11-18T12:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors yesterday evening",
        "2026-11-17T18:00:00",
        "2026-11-17T22:00:00",
    );
    check(
        "errors overnight",
        "2026-11-17T20:00:00",
        "2026-11-18T06:00:00",
    );
    check(
        "what happened on Tuesday",
        "2026-11-17T00:00:00",
        "2026-11-18T00:00:00",
    );
    check(
        "what happened on Wednesday",
        "2026-11-18T00:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "what happened last Wednesday",
        "2026-11-11T00:00:00",
        "2026-11-12T00:00:00",
    );
    check(
        "errors on tuesday night",
        "2026-11-17T20:00:00",
        "2026-11-18T06:00:00",
    );
    check(
        "the day before yesterday",
        "2026-11-16T00:00:00",
        "2026-11-17T00:00:00",
    );
    check(
        "errors last week",
        "2026-11-09T00:00:00",
        "2026-11-16T00:00:00",
    );
    check(
        "errors this week",
        "2026-11-16T00:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors over the weekend",
        "2026-11-14T00:00:00",
        "2026-11-16T00:00:00",
    );
    check(
        "errors last month",
        "2026-10-01T00:00:00",
        "2026-11-01T00:00:00",
    );
    check(
        "errors in October",
        "2026-10-01T00:00:00",
        "2026-11-01T00:00:00",
    );
    check(
        "errors 3 days ago",
        "2026-11-15T00:00:00",
        "2026-11-16T00:00:00",
    );
}

#[test]
fn calendar_dates_of_all_usual_shapes() {
    for date in [
        "2026-11-12",
        "12 November",
        "November 12th",
        "Nov 12, 2026",
        "the 12th of November",
        "12.11.2026",
        "the 12th",
        "Thursday 12 November",
    ] {
        check(
            &format!("errors on {date}"),
            "2026-11-12T00:00:00",
            "2026-11-13T00:00:00",
        );
    }
    check(
        "errors on the 20th",
        "2026-10-20T00:00:00",
        "2026-10-21T00:00:00",
    );
    check(
        "errors on December 24",
        "2025-12-24T00:00:00",
        "2025-12-25T00:00:00",
    );
}

#[test]
fn times_of_day_mean_a_short_stretch_around_them() {
    check(
        "what happened at 14:05",
        "2026-11-18T14:00:00",
        "2026-11-18T14:10:00",
    );
    check(
        "what happened at 16:05",
        "2026-11-17T16:00:00",
        "2026-11-17T16:10:00",
    );
    check(
        "errors at 3am",
        "2026-11-18T02:45:00",
        "2026-11-18T03:15:00",
    );
    check(
        "errors around 3am",
        "2026-11-18T02:30:00",
        "2026-11-18T03:30:00",
    );
    check(
        "errors around 3 pm yesterday",
        "2026-11-17T14:30:00",
        "2026-11-17T15:30:00",
    );
    check(
        "errors yesterday at 14:05",
        "2026-11-17T14:00:00",
        "2026-11-17T14:10:00",
    );
    check(
        "errors on Monday at noon",
        "2026-11-16T11:45:00",
        "2026-11-16T12:15:00",
    );
    check(
        "errors at 1am last night",
        "2026-11-18T00:45:00",
        "2026-11-18T01:15:00",
    );
    check(
        "errors last night at 11pm",
        "2026-11-17T22:45:00",
        "2026-11-17T23:15:00",
    );
    check(
        "errors at 2026-11-12T08:30:00Z",
        "2026-11-12T09:25:00",
        "2026-11-12T09:35:00",
    );
    check(
        "errors 20 minutes ago",
        "2026-11-18T15:05:00",
        "2026-11-18T15:15:00",
    );
}

#[test]
fn two_times_make_a_range_and_share_what_they_leave_out() {
    check(
        "between 2 and 4pm yesterday",
        "2026-11-17T14:00:00",
        "2026-11-17T16:00:00",
    );
    check(
        "yesterday between 2pm and 4pm",
        "2026-11-17T14:00:00",
        "2026-11-17T16:00:00",
    );
    check(
        "between 11 and 1pm",
        "2026-11-18T11:00:00",
        "2026-11-18T13:00:00",
    );
    check(
        "from 10:15 to 11:45 on Monday",
        "2026-11-16T10:15:00",
        "2026-11-16T11:45:00",
    );
    check("errors 2-4pm", "2026-11-18T14:00:00", "2026-11-18T15:30:00");
    check(
        "errors 09:00-10:30 yesterday",
        "2026-11-17T09:00:00",
        "2026-11-17T10:30:00",
    );
    check(
        "between 11pm and 2am",
        "2026-11-17T23:00:00",
        "2026-11-18T02:00:00",
    );
    check(
        "from Monday to Tuesday",
        "2026-11-16T00:00:00",
        "2026-11-18T00:00:00",
    );
    check(
        "between yesterday 22:00 and today 02:00",
        "2026-11-17T22:00:00",
        "2026-11-18T02:00:00",
    );
    check(
        "from 2026-11-10 to 2026-11-12",
        "2026-11-10T00:00:00",
        "2026-11-13T00:00:00",
    );
    check(
        "between 14 and 16 yesterday",
        "2026-11-17T14:00:00",
        "2026-11-17T16:00:00",
    );
    check(
        "from 1pm until now",
        "2026-11-18T13:00:00",
        "2026-11-18T15:30:00",
    );
}

#[test]
fn since_and_before_reach_to_now_or_back_a_day() {
    check(
        "errors since 9am",
        "2026-11-18T09:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors since yesterday",
        "2026-11-17T00:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors since Monday morning",
        "2026-11-16T06:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors since 20 minutes ago",
        "2026-11-18T15:10:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors before 9am",
        "2026-11-17T09:00:00",
        "2026-11-18T09:00:00",
    );
}

#[test]
fn deploys_are_instants_that_are_known() {
    check(
        "errors since the deploy",
        "2026-11-18T13:15:00",
        "2026-11-18T15:30:00",
    );
    check(
        "errors since the last checkout deploy",
        "2026-11-18T11:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "what broke after the release of checkout",
        "2026-11-18T11:00:00",
        "2026-11-18T15:30:00",
    );
    check(
        "warnings before the deploy",
        "2026-11-18T12:15:00",
        "2026-11-18T13:15:00",
    );
    let understood = understand(
        "errors since the deploy",
        &context_at("2026-11-18T15:30:00", BERLIN),
    );
    assert!(understood.range_is_default);
    assert_eq!(understood.not_understood, ["deploy"]);
}

#[test]
fn days_on_which_the_clock_changes_have_23_or_25_hours() {
    let spring = context_at("2026-03-30T12:00:00", BERLIN);
    check_in(
        &spring,
        BERLIN,
        "errors yesterday",
        "2026-03-29T00:00:00",
        "2026-03-30T00:00:00",
    );
    let understood = understand("errors yesterday", &spring);
    assert_eq!(understood.range.duration_ns(), 23 * 3_600_000_000_000);
    let autumn = context_at("2026-10-26T12:00:00", BERLIN);
    let understood = understand("errors yesterday", &autumn);
    assert_eq!(understood.range.duration_ns(), 25 * 3_600_000_000_000);
    // 02:30 did not exist: an hour later is meant.
    check_in(
        &spring,
        BERLIN,
        "errors around 2:30 yesterday",
        "2026-03-29T03:00:00",
        "2026-03-29T04:00:00",
    );
    // "last 24 hours" are hours, not a day.
    check_in(
        &spring,
        BERLIN,
        "errors in the last 24 hours",
        "2026-03-29T12:00:00",
        "2026-03-30T12:00:00",
    );
    let night = understand("last night", &context_at("2026-03-29T12:00:00", BERLIN));
    assert_eq!(night.range.duration_ns(), 9 * 3_600_000_000_000);
    let half = context_at("2026-10-04T12:00:00", "Australia/Lord_Howe");
    assert_eq!(
        understand("between 1am and 4am", &half).range.duration_ns(),
        9_000_000_000_000
    );
}

#[test]
fn the_first_of_two_equal_clock_times_is_meant() {
    let autumn = context_at("2026-10-25T12:00:00", BERLIN);
    let range = understand("errors at 02:30", &autumn).range;
    // 02:30 summer time is 00:30 UTC.
    assert_eq!(
        range.start_ns + 300_000_000_000,
        at("2026-10-25T00:30:00", "UTC")
    );
}

#[test]
fn other_zones_have_other_days() {
    let tokyo = context_at("2026-11-18T02:00:00", "Asia/Tokyo");
    check_in(
        &tokyo,
        "Asia/Tokyo",
        "errors yesterday",
        "2026-11-17T00:00:00",
        "2026-11-18T00:00:00",
    );
    check_in(
        &tokyo,
        "Asia/Tokyo",
        "errors last night",
        "2026-11-17T20:00:00",
        "2026-11-18T02:00:00",
    );
    let new_york = context_at("2026-11-18T00:10:00", "America/New_York");
    check_in(
        &new_york,
        "America/New_York",
        "what happened at 23:50",
        "2026-11-17T23:45:00",
        "2026-11-17T23:55:00",
    );
}

#[test]
fn words_that_are_also_times_stay_words_where_they_are_none() {
    for question in [
        "may the force",
        "second attempt failed",
        "march through",
        "show me minute details",
        "retry after 3 attempts",
    ] {
        assert!(
            understand(question, &context()).range_is_default,
            "{question:?}"
        );
    }
}
