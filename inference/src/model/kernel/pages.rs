//! Memory for weights, in large pages where the system has them.
//!
//! A token reads a gigabyte in order. In pages of 4 KiB that is a quarter of a million look-ups of addresses, and a
//! processor's prefetching ends at each; in pages of 2 MiB the same memory was read a tenth faster.
#![expect(
    unsafe_code,
    reason = "alignment to large pages and advice to the system are not to be had from a Vec"
)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Bytes of a large page.
const LARGE_PAGE: usize = 2 << 20;
/// Bytes from which large pages are asked for.
const LARGE_FROM: usize = 2 * LARGE_PAGE;

/// A slice of its own.
pub(super) struct Pages<T> {
    start: NonNull<T>,
    count: usize,
}

// SAFETY: it owns its elements, like a `Vec`.
unsafe impl<T: Send> Send for Pages<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Pages<T> {}

impl<T: Copy> Pages<T> {
    /// `count` times the same.
    pub(super) fn filled(count: usize, with: &T) -> Self {
        let layout = Self::layout(count);
        if layout.size() == 0 {
            return Self {
                start: NonNull::dangling(),
                count,
            };
        }
        // SAFETY: the layout has a size.
        let start = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(start.cast::<T>()) else {
            handle_alloc_error(layout)
        };
        if layout.align() == LARGE_PAGE {
            ask_for_large_pages(start.as_ptr().cast(), layout.size());
        }
        for index in 0..count {
            // SAFETY: inside the allocation, which is aligned for `T`.
            unsafe { start.add(index).write(*with) };
        }
        Self { start, count }
    }
}

impl<T> Pages<T> {
    /// Where and how much is allocated.
    fn layout(count: usize) -> Layout {
        let plain = Layout::array::<T>(count).unwrap_or(Layout::new::<T>());
        assert!(
            plain.size() == count * size_of::<T>(),
            "{count} tiles are more than an address space holds"
        );
        if plain.size() < LARGE_FROM {
            return plain;
        }
        plain.align_to(LARGE_PAGE).unwrap_or(plain)
    }
}

impl<T> Deref for Pages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `filled` has written so many elements.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }
}

impl<T> DerefMut for Pages<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.count) }
    }
}

impl<T> Drop for Pages<T> {
    fn drop(&mut self) {
        let layout = Self::layout(self.count);
        if layout.size() > 0 {
            // SAFETY: allocated with this layout; elements are `Copy`, so nothing has to be dropped.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

/// A wish: where it is not granted the memory is the same, in small pages.
#[cfg(target_os = "linux")]
fn ask_for_large_pages(start: *mut u8, bytes: usize) {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        /// <https://man7.org/linux/man-pages/man2/madvise.2.html>
        fn madvise(start: *mut c_void, bytes: usize, advice: c_int) -> c_int;
    }
    /// `MADV_HUGEPAGE` of `linux/mman.h`.
    const LARGE_PAGES: c_int = 14;
    // SAFETY: the range is our own allocation and begins on a page; this advice changes no content.
    let _ = unsafe { madvise(start.cast(), bytes, LARGE_PAGES) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages(_start: *mut u8, _bytes: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_slices_hold_what_they_were_filled_with() {
        for count in [0, 1, 1_000, LARGE_FROM / 8, LARGE_FROM / 8 + 77] {
            let mut pages = Pages::filled(count, &7u64);
            assert_eq!(pages.len(), count);
            assert!(pages.iter().all(|x| *x == 7));
            if let Some(last) = pages.last_mut() {
                *last = 8;
            }
            assert_eq!(
                pages.iter().sum::<u64>(),
                7 * count as u64 + u64::from(count > 0)
            );
            if count * 8 >= LARGE_FROM {
                assert_eq!(pages.as_ptr().addr() % LARGE_PAGE, 0);
            }
        }
    }
}
