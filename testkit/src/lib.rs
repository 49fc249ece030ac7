#![doc = include_str!("../README.md")]

mod door;
mod error;
mod grpc;
mod http;
mod moment;
mod postgres;
mod random;
#[cfg(feature = "receivers")]
mod receiver;
pub mod scenario;
mod vigil;

pub use door::{Door, Row, Verdict, remote_write};
pub use error::Error;
pub use grpc::{GrpcAnswer, GrpcConnection};
pub use http::{HttpAnswer, HttpConnection};
pub use moment::{now_ns, rfc3339};
pub use postgres::{Postgres, PostgresDatabase, free_port, postgres_database};
pub use random::Random;
#[cfg(feature = "receivers")]
pub use receiver::{Channel, Received, ReceiverServer, Reply};
pub use vigil::{Vigil, VigilSettings};
