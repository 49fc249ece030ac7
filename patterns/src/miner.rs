//! The miner: one per project.

use domain::TemplateId;

use crate::body::deciding_line;
use crate::cache::{Cache, Entry};
use crate::changes::Changes;
use crate::hash::{quick, quick_with_digits_alike, template_id};
use crate::known::Known;
use crate::mask::Masker;
use crate::shape::Shape;
use crate::slot::Slot;
use crate::variables;

/// The limits of a miner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinerConfig {
    /// Templates, live and merged together. At the limit a line that no template covers goes to
    /// the template `<*>`. Each costs about 1 KiB of memory.
    pub max_templates: usize,
    /// Templates, live and merged together, that begin with the same token. At the limit a line
    /// that no template covers goes to the template `token <*>`.
    pub max_templates_per_first_token: usize,
    /// Entries, 24 bytes each, of each of two caches: lines with all digits alike (a miss costs the
    /// masking, some 200 ns) and masked lines (a miss costs microseconds).
    pub cache_entries: usize,
}

impl Default for MinerConfig {
    fn default() -> Self {
        Self {
            max_templates: 20_000,
            max_templates_per_first_token: 1_000,
            cache_entries: 32_768,
        }
    }
}

/// What became of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mined {
    /// Its live template.
    pub template_id: TemplateId,
    /// Whether this line brought the template into being.
    pub is_new: bool,
}

/// How many lines found no place because of a limit, since the miner was made: where one grows, a source writes
/// random words. Lines that a cache answers, having found no place before, are not counted again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overflow {
    /// Lines that became `<*>`, see [`MinerConfig::max_templates`].
    pub all: u64,
    /// Lines that became `token <*>`, see [`MinerConfig::max_templates_per_first_token`].
    pub first_token: u64,
}

/// A streaming template miner. See the crate's text for what is guaranteed about its ids.
#[derive(Debug)]
pub struct Miner {
    config: MinerConfig,
    masker: Masker,
    /// Templates of lines by their hash with all digits alike, where that decides the template.
    lines: Cache,
    /// Templates of masked lines by their hash.
    shapes: Cache,
    known: Known,
    overflow: Overflow,
}

impl Miner {
    /// A miner that knows nothing yet.
    #[must_use]
    pub fn new(config: MinerConfig) -> Self {
        let (lines, shapes) = (
            Cache::new(config.cache_entries),
            Cache::new(config.cache_entries),
        );
        Self {
            config,
            masker: Masker::default(),
            lines,
            shapes,
            known: Known::default(),
            overflow: Overflow::default(),
        }
    }

    /// A miner that knows what the one that wrote these templates knew: give live and merged ones,
    /// in any order. An id that is not the hash of its text is kept as another name of that text.
    #[must_use]
    pub fn restore<'text>(
        config: MinerConfig,
        templates: impl IntoIterator<Item = (TemplateId, &'text str, Option<TemplateId>)>,
    ) -> Self {
        let mut miner = Self::new(config);
        let mut merged = Vec::new();
        for (id, text, merged_into) in templates {
            let own = miner.known.insert(Shape::of_text(text), None);
            miner.known.alias(id, own);
            merged.extend(merged_into.map(|into| (own, into)));
        }
        for (from, into) in merged {
            if let Some(text) = miner.known.text(into) {
                let into = template_id(text);
                miner.known.mark_merged(from, into);
            }
        }
        miner
    }

    /// The template of a body: that of its first line that is not blank. Any text is fine.
    pub fn mine(&mut self, body: &str) -> Mined {
        let line = &body.as_bytes()[deciding_line(body)];
        let line_hash = quick_with_digits_alike(line);
        if let Some(template_id) = self.lines.get(line_hash, self.known.generations()) {
            return Mined {
                template_id,
                is_new: false,
            };
        }
        self.mine_line(line_hash, line)
    }

    /// [`Miner::mine`] without the first cache, for measurements.
    #[doc(hidden)]
    pub fn mine_anew(&mut self, body: &str) -> Mined {
        let line = &body.as_bytes()[deciding_line(body)];
        self.mine_line(quick_with_digits_alike(line), line)
    }

    /// Masks a line and finds its template.
    fn mine_line(&mut self, line_hash: u64, line: &[u8]) -> Mined {
        let masked = self.masker.mask(line);
        // Digits that stayed are part of the template's name: another digit is another template.
        // Counting them all is faster than stopping at the first.
        let digits = masked.iter().filter(|byte| byte.is_ascii_digit()).count();
        let shape_hash = quick(masked);
        let known = self.shapes.get_entry(shape_hash, self.known.generations());
        let (entry, is_new) = match known {
            Some(entry) => (entry, false),
            None => {
                let shape = Shape::parse(masked);
                self.mine_shape(shape_hash, shape)
            }
        };
        if digits == 0 {
            self.lines.insert(Entry {
                hash: line_hash,
                ..entry
            });
        }
        Mined {
            template_id: entry.template_id,
            is_new,
        }
    }

    #[cold]
    fn mine_shape(&mut self, hash: u64, shape: Shape) -> (Entry, bool) {
        let token_count = shape.tokens.len();
        let before = self.known.count();
        let template_id = self.assign(shape);
        let is_new = self.known.is_since(template_id, before);
        let generation = self.known.generations().get(token_count).copied();
        let entry = Entry {
            hash,
            template_id,
            token_count: u32::try_from(token_count).unwrap_or(u32::MAX),
            generation: generation.unwrap_or(0),
        };
        self.shapes.insert(entry);
        (entry, is_new)
    }

    /// Finds or makes the template of a shape, within the limits.
    fn assign(&mut self, shape: Shape) -> TemplateId {
        if let Some(covered) = self.known.cover(&shape) {
            return covered;
        }
        if self.known.count() >= self.config.max_templates {
            self.overflow.all += 1;
            return self.known.general(&[Slot::Any.code()]);
        }
        if self.known.count_with_first_of(&shape) >= self.config.max_templates_per_first_token {
            self.overflow.first_token += 1;
            return self.known.general(&first_and_any(&shape));
        }
        self.known.learn(shape)
    }

    /// Takes over a template that another node learnt, as if one of its lines had come by here.
    pub fn absorb(&mut self, text: &str) {
        let shape = Shape::of_text(text);
        if self.known.cover(&shape).is_none() && self.known.count() < self.config.max_templates {
            self.known.learn(shape);
        }
    }

    /// Takes over that another node merged a template into a more general one, which is known here already.
    pub fn absorb_merged(&mut self, id: TemplateId, text: &str, into: TemplateId) {
        let own = self.known.insert(Shape::of_text(text), None);
        self.known.alias(id, own);
        if let Some(text) = self.known.text(into) {
            let into = template_id(text);
            self.known.mark_merged(own, into);
        }
    }

    /// The text of a template, live or merged.
    #[must_use]
    pub fn text(&self, id: TemplateId) -> Option<&str> {
        self.known.text(id)
    }

    /// The live template that `id` became; `id` itself when it is live or unknown.
    #[must_use]
    pub fn resolve(&self, id: TemplateId) -> TemplateId {
        self.known.resolve(id)
    }

    /// Whether anything was learnt since [`Miner::take_changes`] was last called. Cheap.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.known.has_changes()
    }

    /// What was learnt since the last call, to be stored with the records that taught it.
    pub fn take_changes(&mut self) -> Changes {
        self.known.take_changes()
    }

    /// The values of the template's slots in this body, in order; one more at the end for what
    /// follows the template's line, if anything does. `Some` only when [`crate::rebuild`] makes
    /// the same body of them again, byte for byte.
    #[must_use]
    pub fn variables<'body>(&self, id: TemplateId, body: &'body str) -> Option<Vec<&'body str>> {
        variables::extract(self.known.shape(id)?, body)
    }

    /// Live templates, in no particular order.
    pub fn templates(&self) -> impl Iterator<Item = (TemplateId, &str)> {
        self.known.live()
    }

    /// How many lines the limits left without a template of their own.
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// How many live templates there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.live_count()
    }

    /// Whether nothing was mined yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// `token <*>`, or `<*>` when the first token holds a slot or is the only one.
fn first_and_any(shape: &Shape) -> Vec<u8> {
    let any = Slot::Any.code();
    match shape.tokens.as_slice() {
        [first, _, ..]
            if first.is_context
                && !first.is_glued
                && !shape.bytes(first).iter().any(|byte| *byte < b' ') =>
        {
            let mut masked = shape.bytes(first).to_vec();
            masked.extend([b' ', any]);
            masked
        }
        _ => vec![any],
    }
}
