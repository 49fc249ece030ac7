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

/// A model that writes its own name.
struct Named(&'static str);

#[async_trait::async_trait]
impl Generator for Named {
    fn name(&self) -> &str {
        self.0
    }

    async fn generate(
        &self,
        _request: GenerateRequest,
        _cancel: CancellationToken,
    ) -> inference::Result<Generation> {
        Err(inference::Error::Unavailable("a double".into()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_the_models_that_were_chosen_for_it_and_no_others() {
    let bench = crate::testing::Bench::new();
    let inner = &bench.inner;
    let of = |name: &'static str| {
        let id = inner
            .store
            .ensure_project(name, crate::testing::NOON)
            .unwrap()
            .id;
        async move {
            let generator = inner.generator_of(id).await;
            generator.map(|generator| generator.name().to_owned())
        }
    };
    assert_eq!(of("shop").await, None);
    let narrator = &inner.narrator;
    narrator.add("house", Arc::new(Named("openai:house")));
    narrator.set(Arc::new(Named("small")));
    assert_eq!(of("shop").await.as_deref(), Some("openai:house"));
    let order = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    narrator.choose(
        Some(order(&["claude", "local", "house"])),
        HashMap::from([
            ("secret".to_owned(), order(&["local"])),
            ("mute".to_owned(), Vec::new()),
        ]),
    );
    assert_eq!(of("shop").await.as_deref(), Some("small"));
    assert_eq!(of("secret").await.as_deref(), Some("small"));
    assert_eq!(of("mute").await, None);
    narrator.choose(
        Some(order(&["house"])),
        HashMap::from([("secret".to_owned(), order(&["local"]))]),
    );
    assert_eq!(of("shop").await.as_deref(), Some("openai:house"));
    assert_eq!(of("secret").await.as_deref(), Some("small"));
}
