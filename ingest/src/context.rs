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
}

impl<T> Decoded<T> {
    pub(crate) fn new() -> Self {
        Self {
            accepted: Vec::new(),
            rejected: Vec::new(),
            rejected_count: 0,
        }
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
