//! Everything that `vigil` does besides serving.

pub mod ask;
pub mod detect;
pub mod ingest;
pub mod models;
pub mod operate;
pub mod policy;
