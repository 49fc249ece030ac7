//! Threads that share one computation whose steps take microseconds.
//!
//! A token is some hundred steps, each shared between the threads and each waited for. A pool that puts its
//! threads to sleep pays a wake-up for each step, which on a virtual machine is as long as a step itself; one
//! that spins at a barrier for all threads stands still as soon as the machine takes one of them away. Here the
//! caller works as well, idle helpers spin for a short time before they sleep, and a helper that comes late finds
//! the step closed: nobody waits for a thread that has not begun.
#![expect(
    unsafe_code,
    reason = "helpers borrow the caller's work; that it outlives them is kept by counting who is inside"
)]

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::error::{Error, Result};

/// Rounds of waiting before a helper sleeps: some 100 microseconds, longer than the longest step that is not shared.
const SPINS: u32 = 4_000;
/// Rounds of waiting for the others' last pieces before the processor is offered to somebody else.
const POLITE_SPINS: u32 = 2_000;

/// In [`Shared::state`]: the step may be joined.
const OPEN: u64 = 1;
/// In [`Shared::state`]: one helper inside the step.
const INSIDE: u64 = 2;
/// In [`Shared::state`]: all helpers inside.
const ALL_INSIDE: u64 = 0xfffe;
/// In [`Shared::state`]: where the number of the step begins.
const NUMBER: u32 = 16;

/// The threads of a model; they end with it.
pub(super) struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    is_busy: AtomicBool,
}

struct Shared {
    /// Whether the step is open, how many helpers are inside, and its number.
    state: AtomicU64,
    /// The step's work. Written by the caller while nobody is inside, read by helpers inside.
    work: UnsafeCell<Option<&'static (dyn Fn(usize) + Sync)>>,
    /// What is left for each thread.
    shares: Vec<Share>,
    sleepers: AtomicUsize,
    door: Mutex<()>,
    opened: Condvar,
    is_ended: AtomicBool,
    has_panicked: AtomicBool,
}

// SAFETY: all fields but `work` are `Sync`. `work` is written by the one caller (`Team::is_busy`) while the step is closed
// and nobody is inside, and read after entering through `state`, whose ordering makes the writing visible.
unsafe impl Sync for Shared {}

/// Pieces `next..end` of one thread, on a cache line of their own.
#[repr(align(128))]
#[derive(Default)]
struct Share {
    next: AtomicUsize,
    end: AtomicUsize,
}

/// A pointer to the items of a step.
struct Items<T>(*mut T);

// SAFETY: only [`Team::each`] makes one, for items that may go to other threads (`T: Send`) and each to one thread only.
unsafe impl<T: Send> Sync for Items<T> {}

impl<T> Items<T> {
    fn at(&self, index: usize) -> *mut T {
        self.0.wrapping_add(index)
    }
}

impl Team {
    /// Starts `threads - 1` helpers (`vigil-model-N`).
    ///
    /// # Errors
    /// Fails when the system gives no thread.
    pub(super) fn new(threads: usize) -> Result<Self> {
        let threads = threads.clamp(1, 1_024);
        let shared = Arc::new(Shared {
            state: AtomicU64::new(0),
            work: UnsafeCell::new(None),
            shares: (0..threads).map(|_| Share::default()).collect(),
            sleepers: AtomicUsize::new(0),
            door: Mutex::new(()),
            opened: Condvar::new(),
            is_ended: AtomicBool::new(false),
            has_panicked: AtomicBool::new(false),
        });
        let mut team = Self {
            shared,
            helpers: Vec::with_capacity(threads - 1),
            is_busy: AtomicBool::new(false),
        };
        for index in 1..threads {
            let shared = Arc::clone(&team.shared);
            let helper = std::thread::Builder::new()
                .name(format!("vigil-model-{index}"))
                .spawn(move || shared.help(index))
                .map_err(|error| Error::Unavailable(format!("no threads: {error}")))?;
            team.helpers.push(helper);
        }
        Ok(team)
    }

    /// Threads that work, the caller's included.
    pub(super) fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Does `work` on each item, shared between the threads. Each thread begins with a run of neighbours, so that what
    /// they read is read in order, and then helps the others. A call from within `work` is done by its thread alone.
    ///
    /// # Panics
    /// When `work` does.
    pub(super) fn each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync) {
        let alone = items.len() <= 1 || self.helpers.is_empty();
        if alone || self.is_busy.swap(true, Ordering::Acquire) {
            items.iter_mut().for_each(work);
            return;
        }
        let count = items.len();
        let base = Items(items.as_mut_ptr());
        let piece = |index: usize| {
            debug_assert!(index < count);
            // SAFETY: `index` is below the length, is given out once (`Shared::take`), and the slice is borrowed until
            // `share` returns, when nobody is inside any more.
            work(unsafe { &mut *base.at(index) });
        };
        self.share(count, &piece);
    }

    fn share(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        let threads = shared.shares.len();
        for (index, share) in shared.shares.iter().enumerate() {
            share.next.store(count * index / threads, Ordering::Relaxed);
            share
                .end
                .store(count * (index + 1) / threads, Ordering::Relaxed);
        }
        // SAFETY: only the lifetime changes. `Closing` lets this function return, or unwind, only after the step is closed
        // and everybody inside has left, and nobody uses the work outside.
        let lasting = unsafe {
            std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work)
        };
        // SAFETY: the step is closed, nobody is inside, and `is_busy` keeps other callers out.
        unsafe { *shared.work.get() = Some(lasting) };
        shared.has_panicked.store(false, Ordering::Relaxed);
        let number = (shared.state.load(Ordering::Relaxed) >> NUMBER) + 1;
        let closing = Closing(self);
        shared
            .state
            .store(number << NUMBER | OPEN, Ordering::SeqCst);
        if shared.sleepers.load(Ordering::SeqCst) > 0 {
            let _door = shared.door.lock().unwrap_or_else(PoisonError::into_inner);
            shared.opened.notify_all();
        }
        shared.work_through(0, work);
        drop(closing);
        assert!(
            !shared.has_panicked.load(Ordering::Relaxed),
            "a thread of the model panicked"
        );
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.is_ended.store(true, Ordering::SeqCst);
        {
            let _door = self
                .shared
                .door
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            self.shared.opened.notify_all();
        }
        for helper in self.helpers.drain(..) {
            // A helper catches the panics of its work.
            let _ = helper.join();
        }
    }
}

/// Closes the step and waits for whoever is inside, also when the caller's own piece panics.
struct Closing<'a>(&'a Team);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let state = &self.0.shared.state;
        let mut now = state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut spins = 0;
        while now & ALL_INSIDE != 0 {
            spins += 1;
            if spins < POLITE_SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
            now = state.load(Ordering::Acquire);
        }
        self.0.is_busy.store(false, Ordering::Release);
    }
}

impl Shared {
    fn help(&self, index: usize) {
        let mut seen = 0;
        while let Some(number) = self.wait_for_step_after(seen) {
            seen = number;
            if !self.enter(number) {
                continue;
            }
            // SAFETY: inside the step, so the caller has written the work and keeps it until this thread has left.
            let work = unsafe { *self.work.get() };
            if let Some(work) = work {
                let outcome = catch_unwind(AssertUnwindSafe(|| self.work_through(index, work)));
                if outcome.is_err() {
                    self.has_panicked.store(true, Ordering::Relaxed);
                }
            }
            self.state.fetch_sub(INSIDE, Ordering::Release);
        }
    }

    /// The number of the next step that is open; `None` at the end.
    fn wait_for_step_after(&self, seen: u64) -> Option<u64> {
        let is_open = |state: u64| state & OPEN != 0 && state >> NUMBER != seen;
        let mut spins = 0;
        loop {
            let state = self.state.load(Ordering::SeqCst);
            if is_open(state) {
                return Some(state >> NUMBER);
            }
            if self.is_ended.load(Ordering::SeqCst) {
                return None;
            }
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
                continue;
            }
            spins = 0;
            let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            // Looked at after saying so and with the door held: whoever opens a step from now on knocks.
            while !is_open(self.state.load(Ordering::SeqCst))
                && !self.is_ended.load(Ordering::SeqCst)
            {
                door = self
                    .opened
                    .wait(door)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Enters the step of that number; false when it is closed already.
    fn enter(&self, number: u64) -> bool {
        let entered = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (state & OPEN != 0 && state >> NUMBER == number).then_some(state + INSIDE)
            });
        entered.is_ok()
    }

    /// Takes pieces, one's own first, until none is left.
    fn work_through(&self, index: usize, work: &(dyn Fn(usize) + Sync)) {
        let (before, from) = self.shares.split_at(index);
        for share in from.iter().chain(before) {
            while let Some(piece) = share.take() {
                work(piece);
            }
        }
    }
}

impl Share {
    /// Gives out each piece once.
    fn take(&self) -> Option<usize> {
        let end = self.end.load(Ordering::Relaxed);
        if self.next.load(Ordering::Relaxed) >= end {
            return None;
        }
        let piece = self.next.fetch_add(1, Ordering::Relaxed);
        (piece < end).then_some(piece)
    }
}

#[cfg(test)]
mod tests;
