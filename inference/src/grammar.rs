//! Decoding that cannot leave a grammar, through `llguidance`.

mod story;

use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{InferenceCapabilities, SimpleVob, TokEnv, TokenId};
use llguidance::{Matcher, ParserFactory};

use crate::error::{Error, Result};
use crate::generator::Grammar;

pub(crate) use story::{MAX_CITED, StoryShape, fragments_grammar, story_grammar, story_schema};

/// Compiles grammars for one vocabulary.
pub(crate) struct GrammarFactory {
    factory: ParserFactory,
}

impl GrammarFactory {
    /// Prepares the vocabulary; takes some hundred milliseconds for 150,000 tokens.
    pub(crate) fn new(env: &TokEnv) -> Result<Self> {
        let abilities = InferenceCapabilities {
            ff_tokens: true,
            ..InferenceCapabilities::default()
        };
        let mut factory = ParserFactory::new(env, abilities, &SlicedBiasComputer::general_slices())
            .map_err(|error| Error::Grammar(error.to_string()))?;
        factory.quiet();
        Ok(Self { factory })
    }

    /// Compiles a grammar; free text needs none.
    pub(crate) fn compile(&self, grammar: &Grammar) -> Result<Option<Constraint>> {
        let top = match grammar {
            Grammar::Free => return Ok(None),
            Grammar::JsonSchema(schema) => TopLevelGrammar::from_json_schema(schema.clone()),
            Grammar::Lark(text) => TopLevelGrammar::from_lark(text.clone()),
        };
        let matcher = Matcher::new(self.factory.create_parser(top));
        match matcher.get_error() {
            Some(error) => Err(Error::Grammar(first_line(&error))),
            None => Ok(Some(Constraint { matcher })),
        }
    }
}

/// Where one text stands in its grammar.
pub(crate) struct Constraint {
    matcher: Matcher,
}

impl Constraint {
    /// Tokens that can only come next, already taken as written.
    pub(crate) fn forced(&mut self) -> Vec<TokenId> {
        self.matcher.consume_ff_tokens()
    }

    /// Tokens that may come next.
    pub(crate) fn allowed(&mut self) -> Result<SimpleVob> {
        self.matcher
            .compute_mask_or_eos()
            .map_err(|error| Error::Grammar(first_line(&error.to_string())))
    }

    /// Takes a token as written.
    pub(crate) fn accept(&mut self, token: TokenId) -> Result<()> {
        self.matcher
            .consume_token(token)
            .map_err(|error| Error::Grammar(first_line(&error.to_string())))
    }

    /// Whether the text could end here.
    #[cfg(test)]
    pub(crate) fn is_complete(&mut self) -> bool {
        self.is_finished() || self.matcher.is_accepting().unwrap_or(false)
    }

    /// Whether nothing more can be written.
    pub(crate) fn is_finished(&self) -> bool {
        self.matcher.is_stopped()
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
