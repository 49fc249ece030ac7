//! The caches: a hash of a line, or of a masked line, to its template.

use domain::TemplateId;

/// What is remembered of one line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    /// The hash by which it is found.
    pub(crate) hash: u64,
    /// Its template; zero in an entry that was never used.
    pub(crate) template_id: TemplateId,
    /// How many tokens the masked line has.
    pub(crate) token_count: u32,
    /// What was known of lines with so many tokens then.
    pub(crate) generation: u32,
}

/// A two-way table of fixed size; an insert pushes the older of two neighbours out.
///
/// Two lines with the same 64-bit hash would share an answer; the chance is about one in 10^10 for
/// 50,000 lines, and the cost one line under a wrong template.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: Vec<Entry>,
}

impl Cache {
    /// A cache of at least `entries` entries, rounded up to a power of two.
    pub(crate) fn new(entries: usize) -> Self {
        let size = entries.clamp(2, 1 << 24).next_power_of_two();
        Self {
            entries: vec![Entry::default(); size],
        }
    }

    fn place(&self, hash: u64) -> usize {
        hash as usize & (self.entries.len() - 1)
    }

    /// The entry of a hash, if what was known then is still all that is known of lines of that length.
    #[inline]
    pub(crate) fn get_entry(&self, hash: u64, generations: &[u32]) -> Option<Entry> {
        let place = self.place(hash);
        [place, place ^ 1].into_iter().find_map(|place| {
            let entry = self.entries[place];
            let current = generations.get(entry.token_count as usize) == Some(&entry.generation);
            (entry.hash == hash && entry.template_id.0 != 0 && current).then_some(entry)
        })
    }

    /// The template of a hash. See [`Cache::get_entry`].
    #[inline]
    pub(crate) fn get(&self, hash: u64, generations: &[u32]) -> Option<TemplateId> {
        self.get_entry(hash, generations)
            .map(|entry| entry.template_id)
    }

    /// Remembers an entry.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let place = self.place(entry.hash);
        if self.entries[place].hash != entry.hash {
            self.entries[place ^ 1] = self.entries[place];
        }
        self.entries[place] = entry;
    }
}
