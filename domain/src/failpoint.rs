//! Points where a fault trial ends this process, to prove that nothing acknowledged is lost there.
//!
//! Nothing is armed unless the program is told so when it starts ([`arm`]); no request can do it. Passing a point that is
//! not armed costs one load, and points stand where something happens once a request or a transaction, never once a record.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static ARMED: OnceLock<Armed> = OnceLock::new();

/// A point in the way of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failpoint {
    /// A request is decoded and not queued yet.
    Decoded,
    /// Records have ids and templates; nothing is written.
    Mined,
    /// The receipts of a commit are in its transaction, its records are not.
    Receipted,
    /// Everything is in the transaction of a commit, which is still open.
    Committing,
    /// A commit is durable; nobody has an answer.
    Committed,
    /// Rows of the tail are gone and their block is there, in a transaction that is still open.
    Sealing,
    /// A block is written to the block storage; the catalogue does not know.
    ObjectWritten,
    /// The catalogue names the block storage and the bytes are gone from the database, in a transaction that is open.
    Moving,
    /// Small blocks are replaced by a large one, in a transaction that is still open.
    Compacting,
    /// A deletion is done in the tail and not begun in the blocks.
    Deleting,
    /// A block is replaced by what a deletion leaves of it, in a transaction that is still open.
    Rewriting,
    /// The index is flushed; its cursor stands where it stood.
    Indexed,
}

impl Failpoint {
    /// Every point with its name.
    pub const NAMES: [(&'static str, Self); 12] = [
        ("decoded", Self::Decoded),
        ("mined", Self::Mined),
        ("receipted", Self::Receipted),
        ("committing", Self::Committing),
        ("committed", Self::Committed),
        ("sealing", Self::Sealing),
        ("object-written", Self::ObjectWritten),
        ("moving", Self::Moving),
        ("compacting", Self::Compacting),
        ("deleting", Self::Deleting),
        ("rewriting", Self::Rewriting),
        ("indexed", Self::Indexed),
    ];

    /// Ends the process here, without any farewell, when it is this point's turn.
    #[inline]
    pub fn pass(self) {
        if let Some(armed) = ARMED.get()
            && armed.is_over(self)
        {
            std::process::abort();
        }
    }
}

/// What a point cannot be armed by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailpointError {
    /// The text is not `name` or `name:n`.
    #[error("'{0}' is no failpoint: name or name:n, n at least 1, with one of {names}", names = names())]
    Unknown(String),
    /// This process has one already.
    #[error("a failpoint is armed already")]
    Second,
}

fn names() -> String {
    Failpoint::NAMES.map(|(name, _)| name).join(", ")
}

/// Arms a point for the rest of the process: `committed` ends it at the first pass, `committed:3` at the third.
///
/// # Errors
/// Fails on a text that names no point, and the second time.
pub fn arm(text: &str) -> Result<(), FailpointError> {
    let armed = Armed::read(text).ok_or_else(|| FailpointError::Unknown(text.to_owned()))?;
    ARMED.set(armed).map_err(|_| FailpointError::Second)
}

/// Whether a trial is on: what otherwise rests for minutes then works at once, so that its points are passed.
#[must_use]
pub fn is_armed() -> bool {
    ARMED.get().is_some()
}

/// The point of this process.
#[derive(Debug)]
struct Armed {
    point: Failpoint,
    /// Passes that are left.
    left: AtomicU64,
}

impl Armed {
    fn read(text: &str) -> Option<Self> {
        let (name, passes) = text.split_once(':').unwrap_or((text, "1"));
        let passes = passes.parse().ok().filter(|passes| *passes > 0)?;
        let (_, point) = Failpoint::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)?;
        Some(Self {
            point,
            left: AtomicU64::new(passes),
        })
    }

    /// Whether a pass of this point is the last one; several threads may pass.
    fn is_over(&self, point: Failpoint) -> bool {
        self.point == point && self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Armed, Failpoint, FailpointError, arm, is_armed};

    #[test]
    fn a_point_is_over_at_its_pass_and_no_other_point_counts() {
        let armed = Armed::read("committed:3").unwrap();
        let passes = [
            Failpoint::Committed,
            Failpoint::Committing,
            Failpoint::Committed,
            Failpoint::Committed,
            Failpoint::Committed,
        ];
        let over: Vec<bool> = passes.map(|point| armed.is_over(point)).to_vec();
        assert_eq!(over, [false, false, false, true, false]);
        assert!(Armed::read("sealing").unwrap().is_over(Failpoint::Sealing));
    }

    #[test]
    fn a_text_that_names_no_point_arms_nothing() {
        for text in [
            "",
            "commit",
            "committed:",
            "committed:0",
            "committed:-1",
            ":1",
        ] {
            assert_eq!(arm(text), Err(FailpointError::Unknown(text.to_owned())));
        }
        assert!(!is_armed());
        let message = arm("here").unwrap_err().to_string();
        assert!(
            message.starts_with("'here' is no failpoint") && message.contains("object-written"),
            "{message}"
        );
        // Nothing is armed, so nothing happens.
        for (_, point) in Failpoint::NAMES {
            point.pass();
        }
    }
}
