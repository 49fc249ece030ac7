//! Blocks and indexes that were read lately: both never change, so what is remembered is always right.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::decode::OpenBlock;
use super::index::BlockIndex;
use super::outline::Outline;

/// Values by block id, the longest unused ones dropped beyond a size.
pub(crate) struct Lru<T> {
    limit_bytes: usize,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    values: HashMap<i64, (Arc<T>, usize, u64)>,
    bytes: usize,
    clock: u64,
}

impl<T> Lru<T> {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            inner: Mutex::new(Inner {
                values: HashMap::new(),
                bytes: 0,
                clock: 0,
            }),
        }
    }

    pub(crate) fn get(&self, id: i64) -> Option<Arc<T>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let now = inner.clock;
        let (value, _, used) = inner.values.get_mut(&id)?;
        *used = now;
        Some(Arc::clone(value))
    }

    /// As after a long time.
    #[cfg(test)]
    pub(crate) fn clear(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.values.clear();
        inner.bytes = 0;
    }

    pub(crate) fn put(&self, id: i64, value: &Arc<T>, bytes: usize) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes > self.limit_bytes / 4 || inner.values.contains_key(&id) {
            return;
        }
        inner.clock += 1;
        let now = inner.clock;
        inner.values.insert(id, (Arc::clone(value), bytes, now));
        inner.bytes += bytes;
        if inner.bytes > self.limit_bytes {
            inner.shrink(self.limit_bytes / 8 * 7);
        }
    }
}

impl<T> Inner<T> {
    /// Drops the longest unused values until no more than `wanted` bytes are left.
    fn shrink(&mut self, wanted: usize) {
        let mut by_use: Vec<(u64, i64)> = self
            .values
            .iter()
            .map(|(id, (_, _, used))| (*used, *id))
            .collect();
        by_use.sort_unstable();
        for (_, id) in by_use {
            if self.bytes <= wanted {
                return;
            }
            if let Some((_, bytes, _)) = self.values.remove(&id) {
                self.bytes -= bytes;
            }
        }
    }
}

/// What a store remembers of its blocks.
pub(crate) struct Caches {
    pub(crate) blocks: Lru<OpenBlock>,
    pub(crate) indexes: Lru<BlockIndex>,
    pub(crate) outlines: Lru<Outline>,
}

impl Caches {
    /// Half of the bytes for blocks, a quarter for indexes and outlines each.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            blocks: Lru::new(limit_bytes / 2),
            indexes: Lru::new(limit_bytes / 4),
            outlines: Lru::new(limit_bytes / 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Lru;

    #[test]
    fn the_longest_unused_values_go_first() {
        let lru = Lru::new(800);
        for id in 0..8 {
            lru.put(id, &Arc::new(id), 100);
        }
        assert!(lru.get(0).is_some());
        lru.put(8, &Arc::new(8), 100);
        assert!(lru.get(0).is_some());
        assert!(lru.get(1).is_none());
        assert!(lru.get(8).is_some());
        lru.put(9, &Arc::new(9), 300);
        assert!(
            lru.get(9).is_none(),
            "what is a large part of all is not kept"
        );
    }
}
