#![doc = include_str!("../README.md")]

mod acquire;
mod catalogue;
mod error;
mod foreign;
mod hub;
mod packages;
mod space;
mod verify;

pub use acquire::{Acquirer, ModelFiles, Options, Progress, SilentProgress, Status};
pub use catalogue::{
    Catalogue, ModelFile, ModelSpec, PackageMember, Task, WheelPackage, WheelParts,
};
pub use error::Error;

/// The SHA-256 of a file, lowercase hex.
///
/// # Errors
/// Fails when it cannot be read.
pub fn file_digest(path: &std::path::Path) -> Result<String, Error> {
    verify::digest(path)
}

#[cfg(test)]
mod tests;
