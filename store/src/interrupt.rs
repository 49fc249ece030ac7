//! Reads that nobody waits for any more.

use std::cell::RefCell;

type Question = Box<dyn Fn() -> bool>;

thread_local! {
    /// Whether what this thread reads is wanted no more; asked between the slices of a read.
    static IS_STOPPED: RefCell<Option<Question>> = const { RefCell::new(None) };
}

/// Puts back what was there before, also when the work panics.
struct Scope(Option<Question>);

impl Drop for Scope {
    fn drop(&mut self) {
        let before = self.0.take();
        IS_STOPPED.with_borrow_mut(|slot| *slot = before);
    }
}

/// Runs work whose reads, in this thread, end early once `is_stopped` says so: searches fail as if their time were spent,
/// counts give what they have.
pub fn interruptible<T>(is_stopped: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> T {
    let question: Question = Box::new(is_stopped);
    let before = IS_STOPPED.with_borrow_mut(|slot| slot.replace(question));
    let _scope = Scope(before);
    work()
}

/// Whether the work of this thread is wanted no more.
#[must_use]
pub fn is_interrupted() -> bool {
    IS_STOPPED.with_borrow(|slot| slot.as_ref().is_some_and(|is_stopped| is_stopped()))
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn work_is_stopped_from_outside_and_only_while_it_runs() {
        let flag = Rc::new(AtomicBool::new(false));
        let seen = Rc::clone(&flag);
        assert!(!is_interrupted());
        interruptible(
            move || seen.load(Ordering::Relaxed),
            || {
                assert!(!is_interrupted());
                flag.store(true, Ordering::Relaxed);
                assert!(is_interrupted());
                interruptible(|| false, || assert!(!is_interrupted()));
                assert!(is_interrupted());
            },
        );
        assert!(!is_interrupted());
        let panicked = std::panic::catch_unwind(|| interruptible(|| true, || panic!("defect")));
        assert!(panicked.is_err());
        assert!(!is_interrupted());
    }
}
