//! The suite of everything that is not a record: identity, anomalies, incidents, the alerting transaction, jobs, leases.

mod alerts;
mod anomalies;
mod crash;
mod identity;
mod incidents;
mod jobs;
mod leases;
mod make;
mod policies;
mod settings;
mod spending;

macro_rules! operations_suite {
    ($($file:ident::{$($name:ident),* $(,)?}),* $(,)?) => {
        mod sqlite {
            $(mod $file {
                $(#[test]
                fn $name() {
                    crate::tests::run(crate::Backend::Sqlite, crate::tests::operations::$file::$name);
                })*
            })*
        }
        mod postgres {
            $(mod $file {
                $(#[test]
                fn $name() {
                    crate::tests::run(crate::Backend::Postgres, crate::tests::operations::$file::$name);
                })*
            })*
        }
    };
}

operations_suite! {
    identity::{
        a_project_is_found_by_its_id_and_its_name_is_unique,
        nodes_that_start_together_agree_on_the_first_project_and_admin,
        the_first_admin_and_the_first_token_come_both_or_neither,
        a_user_is_found_by_name_and_a_new_password_ends_the_sessions,
        a_disabled_user_has_no_valid_session,
        a_session_ends_by_time_and_by_revocation,
        a_token_is_found_by_its_hash_until_it_is_revoked,
        a_token_keeps_what_it_may_do,
        a_token_of_another_project_cannot_be_revoked,
        use_of_a_token_is_noted_once_a_minute,
        failed_logins_lock_at_the_limit_and_forgive_after_the_window,
        failed_logins_that_arrive_together_all_count,
        names_that_no_database_can_hold_are_refused_or_unknown,
    },
    anomalies::{
        an_anomaly_is_recorded_once_and_keeps_its_first_id,
        two_anomalies_that_differ_in_one_part_are_both_recorded,
        anomalies_are_paged_and_filtered,
        the_next_stage_reads_by_sequence,
        numbers_that_are_not_finite_are_read_back_as_finite_ones,
        a_nul_in_a_service_does_not_fail_its_neighbours,
        concurrent_recorders_leave_one_row_and_growing_sequences,
        old_anomalies_go_unless_an_incident_has_them,
    },
    incidents::{
        an_incident_is_read_back_with_its_number_and_version,
        numbers_grow_per_project_without_gaps_under_concurrency,
        a_reserved_number_is_used,
        only_one_incident_of_a_key_is_open,
        an_update_with_an_old_version_changes_nothing,
        incidents_are_listed_by_state_and_paged,
        a_timeline_keeps_its_order_and_grows_under_concurrency,
        concurrent_changes_of_one_incident_are_all_kept,
        a_failed_change_writes_nothing,
        an_overlong_dedup_key_is_told_apart_by_its_digest,
    },
    alerts::{
        state_and_effects_are_written_together,
        a_version_conflict_leaves_nothing_behind,
        a_failing_effect_leaves_the_state_as_it_was,
        of_two_first_steps_one_wins,
        racing_steps_are_serialised_by_their_version,
        a_leader_that_lost_its_lease_changes_nothing,
        the_end_of_a_job_and_the_step_it_caused_are_one,
        nothing_of_another_project_gets_in,
        states_of_all_projects_are_listed,
    },
    jobs::{
        a_job_is_leased_when_due_and_done_once,
        a_job_of_a_live_key_is_not_added_twice,
        a_key_is_free_again_when_its_job_is_done_or_dead,
        jobs_are_leased_by_kind_the_longest_due_first,
        two_workers_never_get_the_same_job,
        an_expired_lease_goes_to_another_worker_and_the_first_is_refused,
        a_late_worker_whose_job_nobody_took_may_still_finish_it,
        an_extended_lease_is_not_given_away,
        a_failed_job_waits_for_its_retry_and_dies_after_the_last,
        a_job_whose_workers_all_vanish_is_handed_out_once_more_to_be_ended,
        a_dead_job_can_be_retried_unless_its_key_is_taken,
        counts_tell_the_state_of_the_queue,
        finished_jobs_are_deleted_after_a_while,
        overlong_and_poisonous_texts_are_refused_or_cut,
        work_survives_that_the_store_is_opened_again,
    },
    leases::{
        one_owner_leads_until_the_lease_expires,
        the_token_grows_with_every_change_of_owner,
        a_released_lease_is_free_at_once_and_cannot_be_renewed,
        of_many_that_come_together_one_leads,
    },
    policies::{
        policies_are_put_switched_and_deleted,
        files_replace_only_what_files_made,
        silences_end_by_time_or_by_hand,
    },
    settings::{
        the_first_value_of_a_setting_wins,
        cursors_only_move_forward_unless_set,
    },
    spending::{
        what_is_spent_adds_up_by_day_provider_and_project,
        nodes_that_spend_together_lose_nothing,
    },
}
