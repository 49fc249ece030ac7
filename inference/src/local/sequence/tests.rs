use std::time::Duration;

use super::*;
use crate::generator::Grammar;
use crate::grammar::GrammarFactory;
use crate::local::prefix::PrefixCache;
use crate::model::tests::{TINY, write_tiny};
use crate::model::{self, Engine};

fn resident(dir: &std::path::Path, engine: Engine) -> Resident {
    let loaded = model::load(&write_tiny(dir, TINY), engine, 512, 1).unwrap();
    let grammars = GrammarFactory::new(&loaded.tokenizer.grammar_env()).unwrap();
    Resident {
        loaded,
        grammars,
        prefixes: PrefixCache::default(),
        tokens: Vec::new(),
    }
}

fn limits() -> Limits<'static> {
    let asked_at = Instant::now();
    Limits {
        asked_at,
        deadline: asked_at + Duration::from_secs(60),
        is_abandoned: Box::new(|| false),
    }
}

fn request(instructions: &'static str) -> GenerateRequest {
    GenerateRequest {
        grammar: Grammar::Lark("start: /[a-z]{12}/\n".to_owned()),
        ..GenerateRequest::new("test", instructions, "Go.".to_owned())
    }
}

/// Runs a request and looks at where the model stands before the first new token and at the end.
fn run(resident: &mut Resident, request: &GenerateRequest) -> (usize, Generation) {
    let limits = limits();
    let sequence = Sequence::new(resident, request, &limits).unwrap();
    let held = sequence.held;
    assert_eq!(sequence.resident.loaded.model.position(), held);
    assert_eq!(sequence.resident.tokens, sequence.prompt[..held]);
    let generation = sequence.run().unwrap();
    let position = resident.loaded.model.position();
    let prompt = generation.prompt_tokens as usize;
    // What was computed begins with the prompt, once; the last token written needs no computing.
    assert!(
        position >= prompt && position <= prompt + generation.generated_tokens as usize,
        "position {position} after a prompt of {prompt} tokens"
    );
    assert_eq!(position, resident.tokens.len());
    (held, generation)
}

#[test]
fn the_fixed_part_of_a_prompt_is_computed_once() {
    for engine in [Engine::Auto, Engine::Stock] {
        let dir = tempfile::tempdir().unwrap();
        let mut model = resident(dir.path(), engine);
        let rules = request("Write twelve letters and nothing else.");
        let (held, first) = run(&mut model, &rules);
        assert!(held > 0, "the fixed part is in the cache");
        assert_eq!(first.cached_tokens, 0, "and nothing of it was there before");
        // Another request throws the cache away; what comes back has to be what a fresh model says.
        let (_, other) = run(&mut model, &request("Quite different rules, for once."));
        assert_eq!(other.cached_tokens, 0);
        let (_, again) = run(&mut model, &rules);
        let mut fresh = resident(dir.path(), engine);
        let (_, expected) = run(&mut fresh, &rules);
        assert_eq!(again.text, expected.text);
        assert_eq!(first.text, expected.text);
    }
}
