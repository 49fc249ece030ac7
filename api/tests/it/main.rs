//! The `vigil` executable from outside: started as a process, spoken to over HTTP, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "tests from end to end: clippy's own exception covers functions marked as tests only"
)]

mod access;
mod analysis;
mod asking;
mod connections;
mod crash;
mod doors;
mod fluent;
mod grpc;
mod harness;
mod ingest;
mod journald;
mod judge;
mod lasting;
mod loki;
mod loki_read;
mod mcp;
mod otlp;
mod path;
mod problems;
mod prometheus;
mod repeated;
mod scrub;
mod slack;
mod slack_people;
mod sockets;
mod sql;
mod start;
mod syslog;
mod tail;
mod traces;
mod upkeep;
