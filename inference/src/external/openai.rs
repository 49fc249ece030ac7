//! Anything that speaks OpenAI's chat interface: OpenAI, vLLM, llama.cpp, Ollama, LiteLLM and others.

use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest, CreateChatCompletionRequestArgs, FinishReason, ResponseFormat,
    ResponseFormatJsonSchema,
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{ExternalAnswer, ExternalModel, ExternalRequest, estimate_tokens, reason};
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
    client: Client<OpenAIConfig>,
    name: String,
    model: String,
    timeout: Duration,
}

impl OpenAiGenerator {
    /// `http` is the process's one outbound client (timeouts, size limits, no redirects, guarded).
    #[must_use]
    pub fn new(http: reqwest::Client, config: OpenAiConfig) -> Self {
        let key = config
            .api_key
            .as_ref()
            .map(|key| key.expose_secret().to_owned())
            .unwrap_or_default();
        let settings = OpenAIConfig::new()
            .with_api_base(config.base_url.trim_end_matches('/'))
            .with_api_key(key);
        Self {
            client: Client::build(http, settings),
            name: format!("openai:{}", config.model),
            model: config.model,
            timeout: config.timeout,
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
        body.model(&self.model)
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
        body.build().map_err(|error| self.failure(&error))
    }

    /// The status and the provider's message; never the request.
    fn failure(&self, error: &OpenAIError) -> Error {
        let (text, retryable) = match error {
            OpenAIError::ApiError(answer) => {
                let status = answer.status_code;
                (
                    format!("status {status}: {}", answer.api_error.message),
                    status.as_u16() == 429 || status.is_server_error(),
                )
            }
            OpenAIError::Reqwest(error) if error.is_timeout() => ("no answer in time".into(), true),
            OpenAIError::Reqwest(error) if error.is_connect() => ("cannot connect".into(), true),
            OpenAIError::Reqwest(_) => ("the connection broke".into(), true),
            OpenAIError::JSONDeserialize(..) => {
                ("its answer is not what it should be".into(), false)
            }
            _ => ("the request cannot be made".into(), false),
        };
        Error::Provider {
            provider: self.name.clone(),
            reason: reason(&text),
            retryable,
        }
    }
}

#[async_trait]
impl ExternalModel for OpenAiGenerator {
    fn name(&self) -> &str {
        &self.name
    }

    /// async-openai tries again by itself on 429 and 5xx, a few times and with growing pauses.
    async fn complete(&self, request: &ExternalRequest) -> Result<ExternalAnswer> {
        let body = self.body(request)?;
        let chat = self.client.chat();
        let call = chat.create(body);
        let response = tokio::time::timeout(self.timeout, call)
            .await
            .map_err(|_| Error::Timeout {
                budget_ms: super::millis(self.timeout),
            })?
            .map_err(|error| self.failure(&error))?;
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
                || estimate_tokens(request.prompt.get().len() + request.instructions.len()),
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
