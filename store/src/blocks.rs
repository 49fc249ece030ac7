//! Blocks: many log records as one immutable, content-addressed Parquet file.
//!
//! A commit of many records is written as blocks at once; the tail's rows become blocks when they have rested
//! ([`seal`]). The catalogue (`log_blocks`) says what each block holds, so that a read opens few of them; its
//! [`index`] rules out most of the rest. Rollups count the records of blocks and of the tail alike.

pub(crate) mod cache;
pub(crate) mod catalogue;
pub(crate) mod count;
pub(crate) mod decode;
pub(crate) mod encode;
mod first;
pub(crate) mod index;
pub(crate) mod kinds;
pub(crate) mod layout;
mod object;
pub(crate) mod objects;
pub(crate) mod outline;
pub(crate) mod page;
pub(crate) mod rewrite;
mod scan;
pub(crate) mod seal;
pub(crate) mod select;
mod skeleton;
pub(crate) mod stored;
pub(crate) mod tier;
pub(crate) mod visit;
pub(crate) mod write;

#[cfg(test)]
mod tests;
