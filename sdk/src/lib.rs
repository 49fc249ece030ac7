#![doc = include_str!("../README.md")]

mod batcher;
mod client;
mod error;
mod wire;

pub use batcher::{Batcher, BatcherConfig, Counts};
pub use client::Client;
pub use error::Error;
pub use wire::{Event, Log, Metric, Outcome, Rejected};

#[cfg(test)]
mod tests;
