//! One suite, both databases. A case is `fn name(store: &Store)` in a file of `tests/`, listed once below.

mod blocks;
mod commit;
mod counting;
mod events;
pub(crate) mod fixture;
mod kinds;
mod matcher;
mod matches;
mod metrics;
mod migrations;
mod model;
mod moved;
mod operations;
mod outlines;
mod poison;
mod retention;
mod sealed_samples;
mod sealed_spans;
mod search;
pub(crate) mod spans;
mod templates;

pub(crate) use fixture::{Fixture, run, run_in_blocks};

macro_rules! cases {
    ($run:ident $backend:ident: $($file:ident::{$($name:ident),* $(,)?}),* $(,)?) => {
        $(mod $file {
            $(#[test]
            fn $name() {
                crate::tests::$run(crate::Backend::$backend, crate::tests::$file::$name);
            })*
        })*
    };
}

macro_rules! store_suite {
    ($suite:ident: $run:ident $backend:ident) => {
        #[allow(non_snake_case)]
        mod $suite {
            cases! { $run $backend:
                blocks::{
                    rows_that_have_rested_become_blocks,
                    small_blocks_become_large_ones,
                    blocks_move_to_a_folder_and_are_read_from_there,
                    a_damaged_block_is_reported_and_its_neighbours_stay,
                    a_damaged_index_hides_nothing_and_is_made_again,
                    deleting_takes_records_and_counts,
                    a_service_has_its_own_retention,
                    batches_that_overlap_are_stored_once,
                    a_scan_sees_everything_once,
                },
                outlines::{
                    pages_follow_each_other_without_a_gap,
                    counts_are_those_of_every_record,
                    a_walk_meets_every_record_once,
                    the_newest_of_several_patterns_are_found_at_once,
                },
                kinds::{
                    retention_takes_blocks_and_cuts_those_at_the_edge,
                    damaged_blocks_of_every_kind_are_reported_exactly,
                },
                sealed_spans::{
                    spans_that_have_rested_become_blocks,
                    spans_that_are_repeated_while_they_are_sealed_are_stored_once,
                    reads_of_spans_do_not_tell_where_they_lie,
                    small_blocks_of_spans_become_large_ones,
                    a_lost_index_of_spans_hides_nothing_and_is_made_again,
                },
                sealed_samples::{
                    samples_that_have_rested_become_blocks,
                    reads_of_samples_do_not_tell_where_they_lie,
                    a_later_sample_counts_wherever_it_lies,
                    a_sample_that_changes_while_it_is_sealed_is_not_lost,
                },
                commit::{
                    a_committed_batch_is_read_back_as_it_was,
                    a_repeated_batch_is_not_stored_twice,
                    a_batch_with_some_stored_records_adds_the_others,
                    an_id_that_occurs_twice_in_a_batch_is_stored_once,
                    a_record_of_another_project_is_refused_and_its_neighbours_stay,
                    projects_never_see_each_other,
                    an_empty_batch_commits_templates_only,
                    a_commit_is_there_after_the_store_is_opened_again,
                    concurrent_commits_lose_and_double_nothing,
                    a_batch_larger_than_the_bind_limit_is_one_commit,
                    a_receipt_is_found_until_it_is_forgotten,
                },
                poison::{
                    every_poison_shape_is_stored_alone,
                    no_poison_shape_fails_its_batch,
                    attribute_conditions_survive_every_poison_shape,
                },
                templates::{
                    new_templates_get_growing_sequences,
                    known_templates_keep_their_sequence,
                    counts_times_severity_and_services_follow_the_records,
                    counts_of_templates_that_come_later_are_not_lost,
                    merged_templates_say_into_what,
                    a_merge_and_a_new_service_move_a_template_to_the_end_of_the_sequence,
                    an_overlong_example_is_cut_at_a_character,
                    concurrent_nodes_agree_on_sequences,
                },
                search::{
                    each_condition_selects_its_records,
                    text_terms_take_wildcards_literally_and_ignore_ascii_case,
                    resolved_templates_match_without_the_body,
                    attributes_are_compared_by_their_json_text,
                    pages_are_newest_first_and_end,
                    pages_can_be_oldest_first,
                    a_page_beyond_the_limit_is_refused,
                    filters_beyond_their_limits_are_refused,
                    a_rare_pattern_is_found_far_back,
                    a_record_is_found_by_its_id_in_its_project_only,
                    context_is_the_neighbours_of_the_same_service,
                    a_spent_budget_is_a_timeout,
                },
                counting::{
                    ragged_ranges_count_exactly,
                    histograms_align_to_the_epoch,
                    text_histograms_count_rows,
                    template_counts_are_most_frequent_first,
                    services_know_their_errors,
                    rollups_are_the_counts_per_minute,
                    bounds_hold_all_records,
                },
                matcher::{
                    a_record_in_memory_matches_as_its_stored_copy_does,
                    what_a_search_refuses_no_matcher_is_made_of,
                },
                matches::{
                    everything_that_matches_is_counted_in_one_pass,
                    status_codes_are_found_in_attributes_and_texts,
                    a_spent_budget_gives_lower_bounds,
                },
                model::{
                    reading_agrees_with_a_plain_model,
                },
                moved::{
                    a_block_that_moved_since_it_was_listed_is_not_taken_for_damaged,
                    a_page_is_full_though_a_block_that_was_known_is_missing,
                    a_missing_object_is_left_out_until_it_is_there_again,
                    damaged_blocks_go_with_what_is_too_old,
                    a_page_ends_when_it_has_enough_bytes,
                },
                retention::{
                    everything_before_an_instant_goes_and_counts_stay_exact,
                    a_crowded_instant_is_deleted_too,
                    objects_of_what_is_too_old_stay_for_reads_that_began_before,
                    two_who_delete_the_same_records_take_their_counts_once,
                },
                metrics::{
                    samples_are_read_back_by_series_and_range,
                    a_repeated_sample_replaces_the_first,
                    bad_points_are_reported_and_their_neighbours_stored,
                    latest_is_the_newest_sample_of_each_series,
                    names_are_listed_with_their_kinds,
                    the_last_sample_before_an_instant_is_found_per_series,
                },
                events::{
                    events_are_read_newest_first_and_once,
                },
                spans::{
                    a_trace_is_read_back_as_it_was,
                    a_repeated_span_is_stored_once_and_the_first_stays,
                    concurrent_writers_of_the_same_spans_lose_and_double_nothing,
                    a_span_that_cannot_be_stored_as_it_is_harms_no_neighbour,
                    a_giant_trace_is_cut_to_its_beginning,
                    each_condition_selects_its_traces,
                    pages_show_every_trace_once,
                    a_summary_tells_of_the_whole_trace,
                    calls_are_counted_where_the_service_changes,
                    a_parent_that_comes_late_gives_its_edge_when_counted_again,
                    the_most_frequent_edges_of_a_minute_are_kept,
                    old_spans_and_counts_go,
                },
                migrations::{
                    migrating_twice_changes_nothing,
                    a_newer_database_is_refused,
                    processes_that_start_together_migrate_once,
                },
            }
        }
    };
}

store_suite!(Sqlite: run Sqlite);
store_suite!(Postgres: run Postgres);
// The same with every commit written as a block.
store_suite!(SqliteBlocks: run_in_blocks Sqlite);
store_suite!(PostgresBlocks: run_in_blocks Postgres);
