//! How many threads compute a model.

use crate::error::{Error, Result};

/// What candle reads once, when its pool is first used.
const VARIABLE: &str = "CANDLE_NUM_THREADS";

/// Sets how many threads compute local models, 1 to 256, for the whole process. On a loaded 2-core machine one
/// often beats two. Without it `CANDLE_NUM_THREADS`, `RAYON_NUM_THREADS` or the physical cores decide.
///
/// candle takes the number from the environment only, and the environment may only be changed while the
/// process has one thread: call it first in `main`, before the runtime is built.
///
/// # Errors
/// Fails, and changes nothing, when there are other threads already or that cannot be told (it is asked of
/// `/proc`, so outside Linux the variable has to be set by whoever starts the process).
pub fn set_threads(threads: usize) -> Result<()> {
    let running = std::fs::read_dir("/proc/self/task")
        .map_err(|_| Error::Unavailable(format!("set {VARIABLE} outside of Linux")))?
        .count();
    if running != 1 {
        return Err(Error::Unavailable(format!(
            "{running} threads run already, {VARIABLE} can only be set before the second"
        )));
    }
    // SAFETY: no other thread exists that could read or write the environment at the same time: the kernel
    // has just listed this one alone, and only this one could start another.
    #[expect(unsafe_code, reason = "candle has no other way to be told")]
    unsafe {
        std::env::set_var(VARIABLE, threads.clamp(1, 256).to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_refused_beside_other_threads() {
        // The test harness has threads of its own.
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || stopped.recv());
        assert!(matches!(set_threads(1), Err(Error::Unavailable(_))));
        drop(stop);
        let _ = other.join();
    }
}
