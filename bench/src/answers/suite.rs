//! Questions about the made-up shop with their right answers, counted from its list of records.

mod counts;
mod groups;
mod nothing;
mod others;

use std::collections::BTreeMap;

use super::expect::{Expect, Pair, Style};
use super::world::{Kind, Line, World};

/// Questions in the making.
pub struct Suite<'a> {
    world: &'a World,
    pairs: Vec<Pair>,
}

/// All questions about a shop; first those that have an answer.
pub fn all(world: &World) -> Vec<Pair> {
    let mut suite = Suite {
        world,
        pairs: Vec::new(),
    };
    counts::add(&mut suite);
    groups::add(&mut suite);
    others::add(&mut suite);
    nothing::add(&mut suite);
    suite.pairs
}

impl Suite<'_> {
    fn terse(&mut self, question: &str, expect: Expect) {
        self.push(Style::Terse, question, expect, &[]);
    }

    fn plain(&mut self, question: &str, expect: Expect) {
        self.push(Style::Plain, question, expect, &[]);
    }

    fn clumsy(&mut self, question: &str, expect: Expect) {
        self.push(Style::Clumsy, question, expect, &[]);
    }

    /// A question that goes on from others.
    fn after(&mut self, before: &[&str], question: &str, expect: Expect) {
        self.push(Style::Plain, question, expect, before);
    }

    fn push(&mut self, style: Style, question: &str, expect: Expect, before: &[&str]) {
        self.pairs.push(Pair {
            style,
            question: question.to_owned(),
            expect,
            before: before.iter().map(|it| (*it).to_owned()).collect(),
        });
    }

    fn lines(&self, from: i64, until: i64) -> impl Iterator<Item = &Line> {
        self.world
            .lines
            .iter()
            .filter(move |line| line.at >= from && line.at < until)
    }

    /// Records of the last seconds.
    fn last(&self, seconds: i64) -> impl Iterator<Item = &Line> {
        self.lines(self.world.now - seconds, self.world.now)
    }

    /// Records of a calendar day, 0 is today.
    fn day(&self, back: i64) -> impl Iterator<Item = &Line> {
        self.lines(self.world.local(back, 0, 0), self.world.local(back, 24, 0))
    }

    /// Between two times of a day.
    fn between(
        &self,
        back: i64,
        from: (i64, i64),
        until: (i64, i64),
    ) -> impl Iterator<Item = &Line> {
        self.lines(
            self.world.local(back, from.0, from.1),
            self.world.local(back, until.0, until.1),
        )
    }

    /// Since an instant.
    fn since(&self, at: i64) -> impl Iterator<Item = &Line> {
        self.lines(at, self.world.now)
    }
}

fn is_error(line: &Line) -> bool {
    matches!(line.level, "error" | "fatal")
}

fn is(kind: Kind) -> impl Fn(&&Line) -> bool {
    move |line| line.kind == kind
}

fn count<'a>(lines: impl Iterator<Item = &'a Line>) -> Expect {
    Expect::Count(lines.count() as u64)
}

/// How often each value occurs, the most frequent first.
fn counted<'a>(
    lines: impl Iterator<Item = &'a Line>,
    key: impl Fn(&Line) -> String,
) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for line in lines {
        *counts.entry(key(line)).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.1));
    counts
}

/// The `limit` most frequent values. Of equal ones each may come first, so the list ends before them.
fn top<'a>(
    lines: impl Iterator<Item = &'a Line>,
    limit: usize,
    key: impl Fn(&Line) -> String,
) -> Expect {
    let all = counted(lines, key);
    let mut taken = all.len().min(limit);
    while taken > 1 && (1..=taken).any(|at| at < all.len() && all[at].1 == all[at - 1].1) {
        taken -= 1;
    }
    Expect::Top(all[..taken].to_vec())
}

fn distinct<'a>(lines: impl Iterator<Item = &'a Line>, key: impl Fn(&Line) -> String) -> Expect {
    Expect::Distinct(counted(lines, key).len() as u64)
}

fn names<'a>(lines: impl Iterator<Item = &'a Line>, key: impl Fn(&Line) -> String) -> Expect {
    let mut names: Vec<String> = counted(lines, key).into_iter().map(|it| it.0).collect();
    names.sort();
    Expect::Names(names)
}

fn first<'a>(lines: impl Iterator<Item = &'a Line>) -> Expect {
    lines
        .map(|line| line.at)
        .min()
        .map_or(Expect::Nothing, Expect::At)
}

fn last<'a>(lines: impl Iterator<Item = &'a Line>) -> Expect {
    lines
        .map(|line| line.at)
        .max()
        .map_or(Expect::Nothing, Expect::At)
}
