//! What a block's rows are by what decides most questions: service, template, severity and time. Outlines that were
//! made lately stay in memory, so that what these decide reads no column again.

use std::ops::Range;
use std::sync::Arc;

use domain::Order;

use super::decode::Columns;
use super::select::Matcher;

/// Rows of a block that may share their instant with the last one wanted; with more, a page is found by its columns.
const MOST_TIED: usize = 4_096;

/// The rows of a block in their order.
pub(crate) struct Outline {
    groups: Vec<Group>,
    timestamps_ns: Vec<i64>,
    severities: Vec<i16>,
}

/// Rows that follow each other and have service and template in common.
pub(crate) struct Group {
    pub(crate) service: Arc<str>,
    pub(crate) template: i64,
    rows: Range<usize>,
    /// By time, the oldest first.
    is_sorted: bool,
}

/// A row: its instant and its number in the block.
pub(crate) type Place = (i64, usize);

impl Outline {
    pub(crate) fn of(columns: &Columns) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut last = None;
        for row in 0..columns.len {
            let key = (columns.service(row), columns.template(row));
            let at_ns = columns.timestamps_ns[row];
            match groups.last_mut().filter(|_| last == Some(key)) {
                Some(group) => {
                    group.is_sorted &= columns.timestamps_ns[row - 1] <= at_ns;
                    group.rows.end = row + 1;
                }
                None => groups.push(Group {
                    service: columns.service_name(row),
                    template: key.1,
                    rows: row..row + 1,
                    is_sorted: true,
                }),
            }
            last = Some(key);
        }
        groups.shrink_to_fit();
        Self {
            groups,
            timestamps_ns: columns.timestamps_ns.clone(),
            severities: (0..columns.len).map(|row| columns.severity(row)).collect(),
        }
    }

    /// Memory that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.timestamps_ns.as_slice())
            + size_of_val(self.severities.as_slice())
            + size_of_val(self.groups.as_slice())
    }

    /// Rows of the block.
    pub(crate) fn len(&self) -> usize {
        self.timestamps_ns.len()
    }

    pub(crate) fn timestamp_ns(&self, row: usize) -> i64 {
        self.timestamps_ns[row]
    }

    pub(crate) fn severity(&self, row: usize) -> i16 {
        self.severities[row]
    }

    /// Calls `found` with each row that the matcher's keys and times allow, group by group.
    pub(crate) fn rows(&self, matcher: &Matcher<'_>, mut found: impl FnMut(&Group, usize)) {
        for group in self.groups.iter().filter(|group| matcher.is_of(group)) {
            for row in self.in_range(group, matcher) {
                if matcher.has_time(self.timestamps_ns[row])
                    && matcher.has_severity(self.severities[row])
                {
                    found(group, row);
                }
            }
        }
    }

    /// The part of a group that can lie in the range.
    fn in_range(&self, group: &Group, matcher: &Matcher<'_>) -> Range<usize> {
        if !group.is_sorted {
            return group.rows.clone();
        }
        let times = &self.timestamps_ns[group.rows.clone()];
        let range = matcher.range();
        let from = times.partition_point(|at_ns| *at_ns < range.start_ns);
        let until = match range.end_ns {
            i64::MAX => times.len(),
            end_ns => times.partition_point(|at_ns| *at_ns < end_ns),
        };
        group.rows.start + from..group.rows.start + until.max(from)
    }

    /// The newest `limit` rows that the matcher's keys and times allow, any of those that share an instant.
    pub(crate) fn newest(&self, matcher: &Matcher<'_>, limit: usize) -> Vec<Place> {
        let mut places = Vec::new();
        self.rows(matcher, |_, row| {
            places.push((self.timestamps_ns[row], row))
        });
        places.sort_unstable_by_key(|(at_ns, _)| std::cmp::Reverse(*at_ns));
        places.truncate(limit);
        places
    }

    /// The first `limit` rows that the matcher's keys and times allow, in an order of time, with all that share the
    /// instant of the last; those that share the instant `after` where the page before ended come on top. `None` when too
    /// many share one.
    pub(crate) fn first(
        &self,
        matcher: &Matcher<'_>,
        order: Order,
        after_ns: Option<i64>,
        limit: usize,
    ) -> Option<Vec<Place>> {
        let mut places: Vec<Place> = Vec::new();
        let mut tied = 0;
        for group in self.groups.iter().filter(|group| matcher.is_of(group)) {
            let rows = self.in_range(group, matcher);
            let mut first = FirstOfGroup {
                order,
                after_ns,
                limit,
                is_sorted: group.is_sorted,
                beyond: 0,
                last_ns: None,
            };
            let mut take = |row: usize| {
                let at_ns = self.timestamps_ns[row];
                if !matcher.has_time(at_ns) || !matcher.has_severity(self.severities[row]) {
                    return true;
                }
                match first.look(at_ns) {
                    Look::Skip => true,
                    Look::End => false,
                    Look::Take => {
                        tied += usize::from(after_ns == Some(at_ns));
                        places.push((at_ns, row));
                        true
                    }
                }
            };
            match order {
                Order::NewestFirst => rows.rev().all(&mut take),
                Order::OldestFirst => rows.into_iter().all(&mut take),
            };
            if tied > MOST_TIED {
                return None;
            }
            if places.len() > 2 * (limit + tied) + MOST_TIED {
                cut(&mut places, order, after_ns, limit);
                if places.len() > limit + MOST_TIED {
                    return None;
                }
            }
        }
        cut(&mut places, order, after_ns, limit);
        (places.len() <= limit + MOST_TIED).then_some(places)
    }
}

enum Look {
    Take,
    Skip,
    End,
}

/// Goes through a group in the order of a page.
struct FirstOfGroup {
    order: Order,
    after_ns: Option<i64>,
    limit: usize,
    is_sorted: bool,
    /// Rows taken that surely come after the cursor.
    beyond: usize,
    last_ns: Option<i64>,
}

impl FirstOfGroup {
    fn look(&mut self, at_ns: i64) -> Look {
        if let Some(after_ns) = self.after_ns {
            if is_ahead(self.order, at_ns, after_ns) {
                return Look::Skip;
            }
            if at_ns == after_ns {
                return Look::Take;
            }
        }
        if self.is_sorted && self.beyond >= self.limit && self.last_ns != Some(at_ns) {
            return Look::End;
        }
        self.beyond += 1;
        self.last_ns = Some(at_ns);
        Look::Take
    }
}

/// Whether an instant stands before another on a page.
pub(crate) fn is_ahead(order: Order, at_ns: i64, other_ns: i64) -> bool {
    match order {
        Order::NewestFirst => at_ns > other_ns,
        Order::OldestFirst => at_ns < other_ns,
    }
}

/// Sorts places by time and cuts them behind the first `limit` that surely come after the cursor, keeping what shares the
/// instant of the last.
pub(crate) fn cut<T>(
    places: &mut Vec<(i64, T)>,
    order: Order,
    after_ns: Option<i64>,
    limit: usize,
) {
    places.sort_by(|a, b| match order {
        Order::NewestFirst => b.0.cmp(&a.0),
        Order::OldestFirst => a.0.cmp(&b.0),
    });
    let tied = after_ns.map_or(0, |after_ns| {
        places.partition_point(|(at_ns, _)| *at_ns == after_ns)
    });
    let Some(last) = (tied + limit).checked_sub(1).and_then(|it| places.get(it)) else {
        if limit == 0 {
            places.truncate(tied);
        }
        return;
    };
    let last_ns = last.0;
    let end =
        places.partition_point(|(at_ns, _)| *at_ns == last_ns || is_ahead(order, *at_ns, last_ns));
    places.truncate(end);
}

#[cfg(test)]
mod tests {
    use domain::Order;

    use super::cut;

    #[test]
    fn a_cut_keeps_what_shares_the_last_instant() {
        let mut places = vec![(5, 'a'), (9, 'b'), (7, 'c'), (7, 'd'), (1, 'e')];
        cut(&mut places, Order::NewestFirst, None, 2);
        assert_eq!(places, [(9, 'b'), (7, 'c'), (7, 'd')]);
        let mut places = vec![(5, 'a'), (9, 'b'), (7, 'c'), (7, 'd'), (1, 'e')];
        cut(&mut places, Order::OldestFirst, Some(1), 1);
        assert_eq!(places, [(1, 'e'), (5, 'a')]);
        let mut places = vec![(5, 'a')];
        cut(&mut places, Order::OldestFirst, None, 3);
        assert_eq!(places, [(5, 'a')]);
    }
}
