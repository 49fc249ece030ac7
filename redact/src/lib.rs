#![doc = include_str!("../README.md")]

mod detect;
mod kind;
mod mask;
mod pseudonym;
mod rule;
mod scrubbed;
mod scrubber;
mod strict;
mod view;

pub use detect::Found;
pub use kind::Kind;
pub use mask::Masked;
pub use pseudonym::{Pseudonyms, Restorer};
pub use rule::{MAX_RULES, Rule, RuleError};
pub use scrubbed::Scrubbed;
pub use scrubber::{Request, Scrubber};
