//! Everything that `vigil` does besides serving.

pub mod ask;
pub mod detect;
pub mod digest;
pub mod export;
pub mod ingest;
pub mod mcp;
pub mod models;
pub mod operate;
pub mod policy;
pub mod scenario;
pub mod scrub;
pub mod sql;
pub mod tail;
pub mod upkeep;
