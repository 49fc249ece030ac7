#![doc = include_str!("../README.md")]

mod body;
mod cache;
mod changes;
mod evidence;
mod hash;
mod known;
mod mask;
mod miner;
mod readable;
mod shape;
mod slot;
mod slots;
mod values;
mod variables;

pub use changes::Changes;
pub use hash::template_id;
pub use miner::{Mined, Miner, MinerConfig, Overflow};
pub use readable::readable;
pub use slots::{SlotPlace, Slots};
pub use values::{
    Frequent, SlotMinute, ValueConfig, ValueSketch, ValueStatistics, is_sampled, number_of,
};
pub use variables::rebuild;

#[cfg(test)]
mod tests;
