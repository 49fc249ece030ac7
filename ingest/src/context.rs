//! What a decoder needs to know besides the bytes, and what it gives back.

use domain::{ProjectId, Rejected};

use crate::Limits;

/// Where a request came from and what it may hold.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The tenant, from the credential; no field of the body can change it.
    pub project_id: ProjectId,
    /// When it arrived, unix nanoseconds UTC: the timestamp of records that have none.
    pub received_at_ns: i64,
    /// The service of records that name none; `"unknown"` without it.
    pub default_service: Option<String>,
    /// The limits.
    pub limits: &'a Limits,
}

/// What was read and what was not: every record of the request is in one of the two.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<T> {
    /// In the order they came.
    pub accepted: Vec<T>,
    /// The first `Limits::listed_rejections` rejections. The index counts the records (for text the non-empty lines)
    /// of the request from 0.
    pub rejected: Vec<Rejected>,
    /// How many were rejected in all.
    pub rejected_count: usize,
    /// Where in the request the accepted ones stood.
    pub positions: Positions,
}

/// Where in its request each accepted item stood, from 0, counted like the index of a rejection. A record of several
/// lines of text stands where its first line does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Positions {
    /// Every item's position from the first that is not its own index; empty when all are.
    moved: Vec<usize>,
    /// How many items come before those.
    unmoved: usize,
}

impl Positions {
    /// The position of the accepted item with this index.
    #[must_use]
    pub fn of(&self, accepted_index: usize) -> usize {
        accepted_index
            .checked_sub(self.unmoved)
            .and_then(|at| self.moved.get(at).copied())
            .unwrap_or(accepted_index)
    }

    fn push(&mut self, position: usize) {
        if self.moved.is_empty() && position == self.unmoved {
            self.unmoved += 1;
        } else {
            self.moved.push(position);
        }
    }
}

impl<T> Decoded<T> {
    pub(crate) fn new() -> Self {
        Self {
            accepted: Vec::new(),
            rejected: Vec::new(),
            rejected_count: 0,
            positions: Positions::default(),
        }
    }

    pub(crate) fn accept(&mut self, position: usize, item: T) {
        self.positions.push(position);
        self.accepted.push(item);
    }

    pub(crate) fn reject(&mut self, index: usize, reason: String, limits: &Limits) {
        self.rejected_count += 1;
        if self.rejected.len() < limits.listed_rejections {
            self.rejected.push(Rejected { index, reason });
        }
    }
}

/// The parts of a [`Context`] that records are made with, owned so that a line decoder can keep them.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub project_id: ProjectId,
    pub received_at_ns: i64,
    pub default_service: Option<String>,
    pub limits: Limits,
}

impl From<&Context<'_>> for Origin {
    fn from(context: &Context<'_>) -> Self {
        Self {
            project_id: context.project_id,
            received_at_ns: context.received_at_ns,
            default_service: context
                .default_service
                .as_deref()
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            limits: *context.limits,
        }
    }
}
