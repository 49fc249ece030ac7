#![doc = include_str!("../README.md")]

mod error;
mod postgres;
mod receiver;

pub use error::Error;
pub use postgres::{Postgres, postgres_database};
pub use receiver::{Channel, Received, ReceiverServer, Reply};
