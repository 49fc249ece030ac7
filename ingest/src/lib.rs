#![doc = include_str!("../README.md")]

mod compression;
mod context;
mod draft;
mod error;
mod events;
mod format;
mod json;
mod limits;
mod line;
mod lines;
mod logs;
mod metrics;
mod roles;
mod time;

pub use compression::{Encoding, decompress, unpacked};
pub use context::{Context, Decoded, Positions};
pub use error::Error;
pub use events::decode_events;
pub use format::LogFormat;
pub use limits::Limits;
pub use line::LineDecoder;
pub use lines::Lines;
pub use logs::decode_logs;
pub use metrics::decode_metrics;
