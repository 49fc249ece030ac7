//! Originals put back into an answer that arrives in pieces.

use super::Pseudonyms;

/// The longest pseudonym: `<PRIVATE_KEY_` + a count + `:` + nonce + `>`.
const LONGEST_TOKEN: usize = 64;

/// Restores a streamed answer; a pseudonym may be cut anywhere between two pieces.
#[derive(Debug)]
pub struct Restorer<'p> {
    pseudonyms: &'p Pseudonyms,
    /// The beginning of what may become a pseudonym.
    pending: String,
    /// The last characters of the current word, enough to know a URL by.
    word: Word,
}

/// Whether the word that is being written leads out of the house.
#[derive(Debug, Default)]
struct Word {
    tail: String,
    is_link: bool,
}

impl Word {
    fn push(&mut self, character: char) {
        if character.is_whitespace() || matches!(character, '"' | '\'' | '`') {
            self.tail.clear();
            self.is_link = false;
            return;
        }
        self.tail.push(character);
        let is_target = self.tail.ends_with("://")
            || self.tail.ends_with("](")
            || self.tail.ends_with("www.")
            || self.tail.ends_with("//")
            || self.tail.ends_with("mailto:")
            || self.tail.ends_with("data:");
        self.is_link |= is_target;
        if self.tail.len() > 32 {
            let keep = self.tail.ceil_char_boundary(self.tail.len() - 8);
            self.tail.drain(..keep);
        }
    }
}

impl<'p> Restorer<'p> {
    /// For one answer to the request of these pseudonyms.
    #[must_use]
    pub fn new(pseudonyms: &'p Pseudonyms) -> Self {
        Self {
            pseudonyms,
            pending: String::new(),
            word: Word::default(),
        }
    }

    /// Takes the next piece and gives what can be shown by now.
    pub fn push(&mut self, piece: &str) -> String {
        let mut output = String::with_capacity(piece.len());
        for character in piece.chars() {
            if self.pending.is_empty() {
                if character == '<' {
                    self.pending.push('<');
                } else {
                    self.emit(character, &mut output);
                }
                continue;
            }
            if character == '<' {
                self.give_up(&mut output);
                self.pending.push('<');
                continue;
            }
            self.pending.push(character);
            if character == '>' {
                self.close(&mut output);
            } else if self.pending.len() >= LONGEST_TOKEN || !may_be_in_token(character) {
                self.give_up(&mut output);
            }
        }
        output
    }

    /// Gives what was held back.
    pub fn finish(&mut self) -> String {
        let mut output = String::new();
        self.give_up(&mut output);
        output
    }

    fn emit(&mut self, character: char, output: &mut String) {
        self.word.push(character);
        output.push(character);
    }

    fn close(&mut self, output: &mut String) {
        if self.word.is_link {
            return self.give_up(output);
        }
        match self.pseudonyms.original(&self.pending) {
            Some(original) => {
                output.push_str(original);
                self.pending.clear();
                self.word.push('x');
                // Behind an address nothing more is expanded: it could be carried away there.
                self.word.is_link |= original.contains("://") || original.starts_with("www.");
            }
            None => self.give_up(output),
        }
    }

    fn give_up(&mut self, output: &mut String) {
        for character in std::mem::take(&mut self.pending).chars() {
            self.emit(character, output);
        }
    }
}

fn may_be_in_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
}
