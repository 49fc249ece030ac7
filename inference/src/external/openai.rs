//! Anything that speaks OpenAI's chat interface: OpenAI, vLLM, llama.cpp, Ollama, LiteLLM and others.

use std::time::Duration;

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest, CreateChatCompletionRequestArgs, CreateChatCompletionResponse,
    FinishReason, ResponseFormat, ResponseFormatJsonSchema,
};
use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use secrecy::{ExposeSecret, SecretString};

use super::exchange::Exchange;
use super::{ExternalAnswer, ExternalModel, ExternalRequest, estimate_tokens, secret_header};
use crate::error::{Error, Result};

/// Where and how to ask.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// For example `https://api.openai.com/v1`, without a slash at the end.
    pub base_url: String,
    /// The model's name at the provider.
    pub model: String,
    /// The key; servers in the house often want none.
    pub api_key: Option<SecretString>,
    /// Of one attempt.
    pub timeout: Duration,
}

/// A model behind OpenAI's chat interface.
pub struct OpenAiGenerator {
    http: reqwest::Client,
    config: OpenAiConfig,
    name: String,
}

impl OpenAiGenerator {
    /// `http` is the process's one outbound client (timeouts, no redirects, guarded).
    #[must_use]
    pub fn new(http: reqwest::Client, config: OpenAiConfig) -> Self {
        Self {
            http,
            name: format!("openai:{}", config.model),
            config,
        }
    }

    fn body(&self, request: &ExternalRequest) -> Result<CreateChatCompletionRequest> {
        let mut messages: Vec<ChatCompletionRequestMessage> =
            vec![ChatCompletionRequestSystemMessage::from(request.instructions).into()];
        for (question, answer) in request.examples {
            messages.push(ChatCompletionRequestUserMessage::from(*question).into());
            messages.push(ChatCompletionRequestAssistantMessage::from(*answer).into());
        }
        messages.push(ChatCompletionRequestUserMessage::from(request.prompt.get().as_str()).into());
        let mut body = CreateChatCompletionRequestArgs::default();
        body.model(&self.config.model)
            .messages(messages)
            .max_completion_tokens(request.max_tokens)
            .temperature(0.0);
        if let Some(schema) = &request.schema {
            body.response_format(ResponseFormat::JsonSchema {
                json_schema: ResponseFormatJsonSchema {
                    description: None,
                    name: request.task.to_owned(),
                    schema: schema.clone(),
                    strict: Some(true),
                },
            });
        }
        body.build().map_err(|_| Error::Provider {
            provider: self.name.clone(),
            reason: "the request cannot be made".to_owned(),
            retryable: false,
        })
    }

    fn exchange(&self) -> Result<Exchange<'_>> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &self.config.api_key {
            let value = format!("Bearer {}", key.expose_secret());
            headers.insert(AUTHORIZATION, secret_header(&self.name, &value)?);
        }
        Ok(Exchange {
            http: &self.http,
            name: &self.name,
            url: format!(
                "{}/chat/completions",
                self.config.base_url.trim_end_matches('/')
            ),
            headers,
            timeout: self.config.timeout,
        })
    }
}

#[async_trait]
impl ExternalModel for OpenAiGenerator {
    fn name(&self) -> &str {
        &self.name
    }

    /// The documents are async-openai's; its own client reads answers of any size, so the exchange is ours.
    async fn complete(&self, request: &ExternalRequest) -> Result<ExternalAnswer> {
        let body = self.body(request)?;
        let response: CreateChatCompletionResponse = self.exchange()?.post(&body).await?;
        let choice = response.choices.into_iter().next();
        let is_cut = choice
            .as_ref()
            .is_some_and(|choice| choice.finish_reason == Some(FinishReason::Length));
        let text = choice
            .and_then(|choice| choice.message.content)
            .ok_or_else(|| Error::Unreadable(format!("{} answered without text", self.name)))?;
        Ok(ExternalAnswer {
            is_cut,
            prompt_tokens: response.usage.as_ref().map_or_else(
                || estimate_tokens(request.text_bytes()),
                |usage| usage.prompt_tokens,
            ),
            generated_tokens: response.usage.as_ref().map_or_else(
                || estimate_tokens(text.len()),
                |usage| usage.completion_tokens,
            ),
            text,
        })
    }
}
