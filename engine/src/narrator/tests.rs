use super::*;

/// A model in this process that is in a given state.
struct Local(inference::ModelState);

#[async_trait::async_trait]
impl Generator for Local {
    fn name(&self) -> &str {
        "small"
    }

    fn local_state(&self) -> Option<inference::ModelState> {
        Some(self.0.clone())
    }

    async fn generate(
        &self,
        _request: GenerateRequest,
        _cancel: CancellationToken,
    ) -> inference::Result<Generation> {
        Err(inference::Error::Unavailable("a double".into()))
    }
}

#[test]
fn the_state_is_what_the_model_says_and_not_what_was_hoped() {
    for (local, expected) in [
        (
            inference::ModelState::Unloaded,
            ModelState::Ready("small, loads on first use".into()),
        ),
        (
            inference::ModelState::Loading,
            ModelState::Loading("loading small".into()),
        ),
        (
            inference::ModelState::Failed {
                reason: "it needs 2500 MB".into(),
            },
            ModelState::Failed("small: it needs 2500 MB".into()),
        ),
        (
            inference::ModelState::Stopped,
            ModelState::Failed("small: its thread has ended".into()),
        ),
    ] {
        let narrator = Narrator::default();
        narrator.set(Arc::new(Local(local)));
        assert_eq!(narrator.state(), expected);
    }
}
