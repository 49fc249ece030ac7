//! Encoding, the stored format, and what happens to blocks over time.

mod format;
mod round_trip;
