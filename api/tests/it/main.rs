//! The `vigil` executable from outside: started as a process, spoken to over HTTP, on both databases.

mod access;
mod crash;
mod harness;
mod ingest;
mod path;
