//! SentencePiece vocabularies (`llama` in GGUF) that merge by score: Gemma, Llama 1 and 2, Mistral.
//!
//! Source: Kudo and Richardson 2018, "SentencePiece", and the order of merges in `llm_tokenizer_spm` of llama.cpp: of all
//! neighbours that are a word together the one of the highest score is merged, the leftmost on a tie.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use toktrie::TokenId;

use super::{looks_like_control, special};

/// Stands for a space inside of words.
const SPACE: char = '\u{2581}';
const SPACE_TEXT: &str = "\u{2581}";

/// What a word is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A piece of text.
    Normal,
    /// Taken as a whole wherever it stands.
    Whole,
    /// Never written by text.
    Control,
    /// One byte.
    Byte(u8),
}

impl Kind {
    /// By GGUF's types: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
    pub(super) fn of_gguf(kind: i64, text: &str) -> Self {
        match (kind, byte_of(text)) {
            (2 | 3 | 5, _) => Self::Control,
            (6, Some(byte)) => Self::Byte(byte),
            (4, _) if looks_like_control(text) => Self::Control,
            (4, _) => Self::Whole,
            _ => Self::Normal,
        }
    }
}

/// The byte of `<0x0A>`.
pub(super) fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    let is_byte = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_byte
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

/// The text that a word of that spelling stands for.
pub(super) fn plain(text: &str) -> Vec<u8> {
    text.replace(SPACE, " ").into_bytes()
}

/// A vocabulary of pieces.
pub(super) struct SentencePiece {
    words: Vec<Word>,
    /// Words that text may become, by their spelling.
    ids: HashMap<String, TokenId>,
    /// Control words by name.
    controls: HashMap<String, TokenId>,
    /// Words taken as a whole, by their first character, the longest first.
    wholes: HashMap<char, Vec<(String, TokenId)>>,
    bytes: Vec<Option<TokenId>>,
    unknown: Option<TokenId>,
    adds_space: bool,
}

struct Word {
    score: f32,
    bytes: Vec<u8>,
}

/// A run of characters; empty when it went into its left neighbour.
struct Symbol {
    start: usize,
    end: usize,
    left: Option<usize>,
    right: Option<usize>,
}

/// Two neighbours that are a word together.
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    /// Bytes of both when they were found.
    bytes: usize,
}

impl SentencePiece {
    /// Takes words with a score each. `adds_space`: a space goes before text that starts.
    pub(super) fn new<'a>(
        words: impl Iterator<Item = (&'a str, Kind)>,
        scores: &[f32],
        unknown: Option<TokenId>,
        adds_space: bool,
    ) -> Self {
        let mut this = Self {
            words: Vec::with_capacity(scores.len()),
            ids: HashMap::with_capacity(scores.len()),
            controls: HashMap::new(),
            wholes: HashMap::new(),
            bytes: vec![None; 256],
            unknown,
            adds_space,
        };
        for ((id, (text, kind)), score) in (0..).zip(words).zip(scores) {
            let bytes = match kind {
                Kind::Byte(byte) => {
                    this.bytes[usize::from(byte)].get_or_insert(id);
                    vec![byte]
                }
                Kind::Control => {
                    this.controls.entry(text.to_owned()).or_insert(id);
                    special(text)
                }
                Kind::Whole => {
                    let text = text.replace(SPACE, " ");
                    if let Some(first) = text.chars().next() {
                        let same = this.wholes.entry(first).or_default();
                        same.push((text.clone(), id));
                    }
                    text.into_bytes()
                }
                Kind::Normal => {
                    this.ids.entry(text.to_owned()).or_insert(id);
                    plain(text)
                }
            };
            this.words.push(Word {
                score: *score,
                bytes,
            });
        }
        for same in this.wholes.values_mut() {
            same.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
        this
    }

    /// The bytes of all words.
    pub(super) fn all_bytes(&self) -> Vec<Vec<u8>> {
        self.words.iter().map(|word| word.bytes.clone()).collect()
    }

    /// The id of a control word, or of a word of that spelling.
    pub(super) fn id(&self, name: &str) -> Option<TokenId> {
        self.controls
            .get(name)
            .or_else(|| self.ids.get(name))
            .copied()
    }

    /// Tokens of a text.
    pub(super) fn encode(&self, text: &str, is_start: bool) -> Vec<TokenId> {
        let mut tokens = Vec::with_capacity(text.len() / 3);
        let mut from = 0;
        let mut at = 0;
        while let Some(first) = text[at..].chars().next() {
            let same = self.wholes.get(&first).map_or(&[][..], Vec::as_slice);
            let whole = same.iter().find(|(whole, _)| text[at..].starts_with(whole));
            match whole {
                Some((whole, id)) => {
                    self.merge(&text[from..at], is_start, &mut tokens);
                    tokens.push(*id);
                    at += whole.len();
                    from = at;
                }
                None => at += first.len_utf8(),
            }
        }
        self.merge(&text[from..], is_start, &mut tokens);
        tokens
    }

    /// Adds the tokens of a text without words that are taken as a whole.
    fn merge(&self, text: &str, is_start: bool, tokens: &mut Vec<TokenId>) {
        if text.is_empty() {
            return;
        }
        let mut spelled = text.replace(' ', SPACE_TEXT);
        if is_start && self.adds_space {
            spelled.insert(0, SPACE);
        }
        let mut symbols: Vec<Symbol> = spelled
            .char_indices()
            .enumerate()
            .map(|(index, (start, c))| Symbol {
                start,
                end: start + c.len_utf8(),
                left: index.checked_sub(1),
                right: Some(index + 1),
            })
            .collect();
        if let Some(last) = symbols.last_mut() {
            last.right = None;
        }
        let mut queue = BinaryHeap::new();
        for left in 0..symbols.len() {
            queue.extend(self.pair(&spelled, &symbols, Some(left)));
        }
        while let Some(pair) = queue.pop() {
            let (left, right) = (&symbols[pair.left], &symbols[pair.right]);
            let is_stale = left.start == left.end
                || right.start == right.end
                || right.end - left.start != pair.bytes;
            if is_stale {
                continue;
            }
            let (end, after) = (right.end, right.right);
            symbols[pair.left].end = end;
            symbols[pair.left].right = after;
            symbols[pair.right].start = end;
            if let Some(after) = after {
                symbols[after].left = Some(pair.left);
            }
            let before = symbols[pair.left].left;
            queue.extend(self.pair(&spelled, &symbols, before));
            queue.extend(self.pair(&spelled, &symbols, Some(pair.left)));
        }
        let mut next = Some(0);
        while let Some(index) = next {
            let symbol = &symbols[index];
            self.write(&spelled[symbol.start..symbol.end], tokens);
            next = symbol.right;
        }
    }

    fn pair(&self, text: &str, symbols: &[Symbol], left: Option<usize>) -> Option<Pair> {
        let left = left?;
        let right = symbols[left].right?;
        let both = symbols[left].start..symbols[right].end;
        let id = self.ids.get(&text[both.clone()])?;
        Some(Pair {
            score: self.words[*id as usize].score,
            left,
            right,
            bytes: both.len(),
        })
    }

    /// A word, or its bytes.
    fn write(&self, word: &str, tokens: &mut Vec<TokenId>) {
        if let Some(id) = self.ids.get(word) {
            tokens.push(*id);
            return;
        }
        for byte in word.bytes() {
            tokens.extend(self.bytes[usize::from(byte)].or(self.unknown));
        }
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| other.left.cmp(&self.left))
            .then_with(|| other.bytes.cmp(&self.bytes))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}
