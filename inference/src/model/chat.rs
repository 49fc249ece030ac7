//! How turns are written for a model.

use toktrie::TokenId;

use super::tokenizer::TextTokenizer;
use crate::error::Result;

/// The families of chat formats.
///
/// The Jinja template inside the file is only used to recognise the family: it is text from whoever made
/// the file, and the formats below cover the architectures that run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatTemplate {
    /// `<|im_start|>role ... <|im_end|>`: Qwen, SmolLM2 and many others.
    ChatMl,
    /// ChatML of a model that thinks aloud unless told not to (qwen3).
    ChatMlThinking,
    /// `<|start_header_id|>role<|end_header_id|> ... <|eot_id|>`: llama 3.
    Llama3,
    /// `<start_of_turn>user ... <end_of_turn>`: Gemma. It has no system role: instructions open the first turn.
    Gemma,
    /// No known format: headings in plain text.
    Plain,
}

/// One piece of a rendered prompt.
#[derive(Clone, Copy)]
enum Part<'a> {
    Control(&'static str),
    Text(&'a str),
}

/// A prompt as tokens; the first part is the same for all requests with these instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PromptTokens {
    pub(crate) prefix: Vec<TokenId>,
    pub(crate) rest: Vec<TokenId>,
}

impl ChatTemplate {
    /// Recognises the family by the model's template and vocabulary.
    pub(crate) fn detect(template: &str, tokenizer: &TextTokenizer) -> Self {
        let has = |name: &str| tokenizer.control(name).is_some();
        if template.contains("<|im_start|>") && has("<|im_start|>") && has("<|im_end|>") {
            if template.contains("enable_thinking") {
                Self::ChatMlThinking
            } else {
                Self::ChatMl
            }
        } else if template.contains("<|start_header_id|>")
            && has("<|start_header_id|>")
            && has("<|eot_id|>")
        {
            Self::Llama3
        } else if template.contains("<start_of_turn>")
            && has("<start_of_turn>")
            && has("<end_of_turn>")
        {
            Self::Gemma
        } else {
            Self::Plain
        }
    }

    /// The word for the health page.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ChatMl | Self::ChatMlThinking => "chatml",
            Self::Llama3 => "llama3",
            Self::Gemma => "gemma",
            Self::Plain => "plain",
        }
    }

    /// Writes instructions, examples and the prompt as tokens.
    pub(crate) fn render(
        self,
        tokenizer: &TextTokenizer,
        instructions: &str,
        examples: &[(&str, &str)],
        prompt: &str,
    ) -> Result<PromptTokens> {
        let (mut prefix, mut rest) = (Vec::new(), Vec::new());
        if self == Self::Gemma {
            gemma(&mut prefix, &mut rest, instructions, examples, prompt);
        } else {
            self.turn(&mut prefix, "system", instructions);
            for (question, answer) in examples {
                self.turn(&mut prefix, "user", question);
                self.turn(&mut prefix, "assistant", answer);
            }
            self.turn(&mut rest, "user", prompt);
        }
        self.open_answer(&mut rest);
        let mut tokens: Vec<TokenId> = match self {
            Self::Llama3 => tokenizer.control("<|begin_of_text|>").into_iter().collect(),
            Self::Gemma | Self::Plain => tokenizer.begin().into_iter().collect(),
            Self::ChatMl | Self::ChatMlThinking => Vec::new(),
        };
        tokens.extend(encode(tokenizer, &prefix)?);
        Ok(PromptTokens {
            prefix: tokens,
            rest: encode(tokenizer, &rest)?,
        })
    }

    fn turn<'a>(self, parts: &mut Vec<Part<'a>>, role: &'static str, text: &'a str) {
        match self {
            Self::ChatMl | Self::ChatMlThinking => parts.extend([
                Part::Control("<|im_start|>"),
                Part::Text(role),
                Part::Text("\n"),
                Part::Text(text),
                Part::Control("<|im_end|>"),
                Part::Text("\n"),
            ]),
            Self::Llama3 => parts.extend([
                Part::Control("<|start_header_id|>"),
                Part::Text(role),
                Part::Control("<|end_header_id|>"),
                Part::Text("\n\n"),
                Part::Text(text),
                Part::Control("<|eot_id|>"),
            ]),
            Self::Gemma => parts.extend([
                Part::Control("<start_of_turn>"),
                Part::Text(if role == "assistant" { "model" } else { role }),
                Part::Text("\n"),
                Part::Text(text.trim()),
                Part::Control("<end_of_turn>"),
                Part::Text("\n"),
            ]),
            Self::Plain => {
                let heading = match role {
                    "system" => "",
                    "assistant" => "### Answer\n",
                    _ => "### Task\n",
                };
                parts.extend([Part::Text(heading), Part::Text(text), Part::Text("\n\n")]);
            }
        }
    }

    fn open_answer(self, parts: &mut Vec<Part<'_>>) {
        match self {
            Self::ChatMl => {
                parts.extend([Part::Control("<|im_start|>"), Part::Text("assistant\n")])
            }
            // An empty thought makes it answer at once (Qwen3's own `enable_thinking=False`).
            Self::ChatMlThinking => parts.extend([
                Part::Control("<|im_start|>"),
                Part::Text("assistant\n"),
                Part::Control("<think>"),
                Part::Text("\n\n"),
                Part::Control("</think>"),
                Part::Text("\n\n"),
            ]),
            Self::Llama3 => parts.extend([
                Part::Control("<|start_header_id|>"),
                Part::Text("assistant"),
                Part::Control("<|end_header_id|>"),
                Part::Text("\n\n"),
            ]),
            Self::Gemma => {
                parts.extend([Part::Control("<start_of_turn>"), Part::Text("model\n")]);
            }
            Self::Plain => parts.push(Part::Text("### Answer\n")),
        }
    }
}

/// Gemma's turns: the instructions stand at the start of the first one, whose end is the prompt where there are no examples.
/// Source: the chat template of google/gemma-3-1b-it.
fn gemma<'a>(
    prefix: &mut Vec<Part<'a>>,
    rest: &mut Vec<Part<'a>>,
    instructions: &'a str,
    examples: &[(&'a str, &'a str)],
    prompt: &'a str,
) {
    prefix.extend([
        Part::Control("<start_of_turn>"),
        Part::Text("user\n"),
        Part::Text(instructions.trim()),
        Part::Text("\n\n"),
    ]);
    let close = [Part::Control("<end_of_turn>"), Part::Text("\n")];
    let Some(((question, answer), others)) = examples.split_first() else {
        rest.push(Part::Text(prompt.trim()));
        rest.extend(close);
        return;
    };
    prefix.push(Part::Text(question.trim()));
    prefix.extend(close);
    ChatTemplate::Gemma.turn(prefix, "assistant", answer);
    for (question, answer) in others {
        ChatTemplate::Gemma.turn(prefix, "user", question);
        ChatTemplate::Gemma.turn(prefix, "assistant", answer);
    }
    ChatTemplate::Gemma.turn(rest, "user", prompt);
}

fn encode(tokenizer: &TextTokenizer, parts: &[Part<'_>]) -> Result<Vec<TokenId>> {
    let mut tokens = Vec::new();
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(piece),
            Part::Control(name) => {
                if !text.is_empty() {
                    tokens.extend(tokenizer.encode(&text)?);
                    text.clear();
                }
                match tokenizer.control(name) {
                    Some(id) => tokens.push(id),
                    None => text.push_str(name),
                }
            }
        }
    }
    if !text.is_empty() {
        tokens.extend(tokenizer.encode(&text)?);
    }
    Ok(tokens)
}
