#![doc = include_str!("../README.md")]

mod detect;
mod kind;
mod pseudonym;
mod scrubbed;
mod scrubber;
mod view;

pub use kind::Kind;
pub use pseudonym::{Pseudonyms, Restorer};
pub use scrubbed::Scrubbed;
pub use scrubber::{Request, Scrubber};
