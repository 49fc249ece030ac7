//! How much memory a piece of work takes at most: the allocator counts, so the answer is the same on every machine.

#![expect(
    unsafe_code,
    reason = "an allocator can only be written so; it counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Counts what each thread holds. Memory that another thread frees is counted where it is freed, which no test here does.
struct Counting;

fn add(bytes: isize) {
    // During the end of a thread there is nothing left to count with.
    HELD.try_with(|held| {
        held.set(held.get() + bytes);
        PEAK.try_with(|peak| peak.set(peak.get().max(held.get())))
            .ok();
    })
    .ok();
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // While it moves, both may be there.
        add(new_bytes as isize);
        let moved = unsafe { System.realloc(pointer, layout, new_bytes) };
        add(-(layout.size() as isize));
        moved
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that were held at once during the work, beside those that were held before.
pub fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    let peak = PEAK.get() - before;
    (result, usize::try_from(peak).unwrap_or(0))
}

#[test]
fn what_is_held_at_once_is_counted() {
    let (kept, peak) = peak_bytes(|| {
        drop(vec![0_u8; 300_000]);
        vec![0_u8; 1_000]
    });
    assert_eq!(kept.len(), 1_000);
    assert!((300_000..310_000).contains(&peak), "{peak}");
}
