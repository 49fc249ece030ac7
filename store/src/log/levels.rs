//! Which rollup table answers for which part of a range: hours for whole hours, minutes for the rest.

use domain::TimeRange;

use super::filter;
use super::statistics::{NANOS_PER_HOUR, hour_of};
use crate::statement::Statement;

/// A part of a range and the table that has its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) table: &'static str,
    /// The column with the start of the minute or hour.
    pub(super) column: &'static str,
    /// The columns with the first and last minute of a cell.
    pub(super) minutes: [&'static str; 2],
    pub(super) range: TimeRange,
}

fn minutes(range: TimeRange) -> Level {
    Level {
        table: "rollups",
        column: "minute_ns",
        minutes: ["minute_ns", "minute_ns"],
        range,
    }
}

fn hours(range: TimeRange) -> Level {
    Level {
        table: "rollup_hours",
        column: "hour_ns",
        minutes: ["first_minute_ns", "last_minute_ns"],
        range,
    }
}

/// The parts of a range, oldest first, none of them empty. `i64::MIN` and `i64::MAX` are ends without end.
pub(super) fn of(range: TimeRange, may_use_hours: bool) -> Vec<Level> {
    let mut first = hour_of(range.start_ns);
    if first != range.start_ns && range.start_ns != i64::MIN {
        first = first.saturating_add(NANOS_PER_HOUR);
    }
    let last = match range.end_ns {
        i64::MAX => i64::MAX,
        end_ns => hour_of(end_ns),
    };
    if !may_use_hours || first >= last {
        return vec![minutes(range)];
    }
    let part = |start_ns, end_ns| TimeRange { start_ns, end_ns };
    let mut levels = vec![
        minutes(part(range.start_ns, first)),
        hours(part(first, last)),
        minutes(part(last, range.end_ns)),
    ];
    levels.retain(|level| level.range.start_ns < level.range.end_ns);
    levels
}

impl Level {
    /// ` FROM table WHERE project_id = .. AND ..` for the cells of this part that match.
    pub(super) fn conditions<'a>(
        &self,
        statement: &mut Statement<'a>,
        project_id: domain::ProjectId,
        filter: &'a domain::LogFilter,
    ) {
        statement
            .sql(" FROM ")
            .sql(self.table)
            .sql(" WHERE project_id = ");
        statement.bytes(project_id.as_bytes().to_vec());
        if self.range.start_ns > i64::MIN {
            statement
                .sql(" AND ")
                .sql(self.column)
                .sql(" >= ")
                .int(self.range.start_ns);
        }
        if self.range.end_ns < i64::MAX {
            statement
                .sql(" AND ")
                .sql(self.column)
                .sql(" < ")
                .int(self.range.end_ns);
        }
        filter::cell_conditions(statement, filter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = NANOS_PER_HOUR;
    const MINUTE: i64 = HOUR / 60;

    fn check(start_ns: i64, end_ns: i64, expected: &[(&str, i64, i64)]) {
        let found: Vec<_> = of(TimeRange { start_ns, end_ns }, true)
            .iter()
            .map(|level| (level.column, level.range.start_ns, level.range.end_ns))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn whole_hours_are_read_by_hours_and_the_rest_by_minutes() {
        check(
            HOUR - MINUTE,
            3 * HOUR + MINUTE,
            &[
                ("minute_ns", HOUR - MINUTE, HOUR),
                ("hour_ns", HOUR, 3 * HOUR),
                ("minute_ns", 3 * HOUR, 3 * HOUR + MINUTE),
            ],
        );
        check(0, 2 * HOUR, &[("hour_ns", 0, 2 * HOUR)]);
        check(MINUTE, HOUR, &[("minute_ns", MINUTE, HOUR)]);
        check(
            -HOUR - MINUTE,
            HOUR,
            &[
                ("minute_ns", -HOUR - MINUTE, -HOUR),
                ("hour_ns", -HOUR, HOUR),
            ],
        );
        check(i64::MIN, i64::MAX, &[("hour_ns", i64::MIN, i64::MAX)]);
        check(
            i64::MAX - 5,
            i64::MAX,
            &[("minute_ns", i64::MAX - 5, i64::MAX)],
        );
    }
}
