//! Buffers that begin on a cache line.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vector register: a load that lies across two lines counts twice.
const LINE_BYTES: usize = 64;

/// A slice of `T` that begins on a cache line.
#[derive(Debug)]
pub(in super::super) struct Aligned<T> {
    /// Longer than the slice by up to a line; never resized, so the slice stays where it is.
    held: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// `length` zeros.
    pub(in super::super) fn zeros(length: usize) -> Self {
        let spare = LINE_BYTES / size_of::<T>().max(1);
        let held = vec![T::default(); length + spare];
        // Left unaligned, which is only slower, where the offset is unknown.
        let start = match held.as_ptr().align_offset(LINE_BYTES) {
            offset if offset <= spare => offset,
            _ => 0,
        };
        Self {
            held,
            start,
            length,
        }
    }

    /// Makes it `length` long at least; what it held is lost when it grows.
    pub(in super::super) fn reserve(&mut self, length: usize) {
        if length > self.length {
            *self = Self::zeros(length);
        }
    }
}

impl<T: Copy + Default> Default for Aligned<T> {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.held[self.start..self.start + self.length]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.held[self.start..self.start + self.length]
    }
}
