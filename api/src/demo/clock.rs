//! A clock that runs fast until it has caught up with the real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::Clock;

/// The demo's clock: it stands where the scenario puts it, always behind the machine's clock, and hands
/// over to the machine's clock when it has caught up, so that the page shows the scenario as just now.
#[derive(Clone)]
pub struct DemoClock {
    real: Arc<dyn Clock>,
    at_ns: Arc<AtomicI64>,
}

impl DemoClock {
    /// A clock that starts `behind_ns` nanoseconds before now.
    #[must_use]
    pub fn new(real: Arc<dyn Clock>, behind_ns: i64) -> Self {
        let at_ns = real.now_ns() - behind_ns;
        Self {
            real,
            at_ns: Arc::new(AtomicI64::new(at_ns)),
        }
    }

    /// Moves forward to `at_ns`; never back and never beyond the machine's clock. Whether the machine's
    /// clock has been reached.
    pub fn advance_to(&self, at_ns: i64) -> bool {
        let now_ns = self.real.now_ns();
        self.at_ns.fetch_max(at_ns.min(now_ns), Ordering::SeqCst);
        at_ns >= now_ns
    }

    /// Hands over to the machine's clock.
    pub fn release(&self) {
        self.at_ns.store(i64::MAX, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now_ns(&self) -> i64 {
        self.at_ns.load(Ordering::SeqCst).min(self.real.now_ns())
    }
}
