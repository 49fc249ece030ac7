//! The language models that phrase, when there are any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use domain::ProjectId;
use inference::{GenerateRequest, Generation, Generator};
use store::IdentityStore as _;
use tokio_util::sync::CancellationToken;

use crate::semantic::ModelState;
use crate::tasks::blocking;
use crate::{Error, Inner};

/// The name of the model in this process among the models.
const LOCAL: &str = "local";

/// The models that phrase, and which project uses which of them; empty until one is fetched and loaded, or for ever.
pub struct Narrator {
    models: RwLock<Models>,
    state: RwLock<ModelState>,
}

#[derive(Default)]
struct Models {
    /// By name, in the order in which they came.
    known: Vec<(String, Arc<dyn Generator>)>,
    /// The order in which they are asked; all that are known, as they came, when nobody chose.
    order: Option<Vec<String>>,
    /// The same for single projects, by name or id; an empty order is no model at all.
    of_project: HashMap<String, Vec<String>>,
    /// Those of them that may plan questions; all but the one in this process, when nobody chose.
    planners: Option<Vec<String>>,
    /// The same for single projects.
    planners_of_project: HashMap<String, Vec<String>>,
}

/// What a model is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Words,
    Plans,
}

impl Default for Narrator {
    fn default() -> Self {
        Self {
            models: RwLock::default(),
            state: RwLock::new(ModelState::Off(
                "no language model is configured; summaries are written by rules".into(),
            )),
        }
    }
}

impl Narrator {
    /// What projects use that have no order of their own.
    #[must_use]
    pub fn generator(&self) -> Option<Arc<dyn Generator>> {
        self.models.read().ok()?.in_order(None)
    }

    /// What one project uses, known by any of its names.
    fn generator_of(&self, names: &[&str], task: Task) -> Option<Arc<dyn Generator>> {
        let models = self.models.read().ok()?;
        let own = names.iter().find_map(|name| models.of_project.get(*name));
        match task {
            Task::Words => models.in_order(own),
            Task::Plans => models.planners(own, names),
        }
    }

    /// Takes the model in this process into use.
    pub fn set(&self, generator: Arc<dyn Generator>) {
        self.add(LOCAL, generator);
    }

    /// Takes a model into use under a name; one of the same name goes.
    pub fn add(&self, name: &str, generator: Arc<dyn Generator>) {
        let shown = generator.name().to_owned();
        if let Ok(mut models) = self.models.write() {
            match models.known.iter_mut().find(|(known, _)| known == name) {
                Some(slot) => slot.1 = generator,
                None => models.known.push((name.to_owned(), generator)),
            }
        }
        self.set_state(ModelState::Ready(shown));
    }

    /// Says in which order models are asked, in general and for projects by name or id. Names of models that are not
    /// known (yet) are passed over.
    pub fn choose(&self, order: Option<Vec<String>>, of_project: HashMap<String, Vec<String>>) {
        if let Ok(mut models) = self.models.write() {
            models.order = order;
            models.of_project = of_project;
        }
    }

    /// Says which models may plan questions that the grammar does not know, in general and for projects by name or id; of
    /// those that the project uses at all. All but the one in this process otherwise.
    pub fn choose_planners(
        &self,
        planners: Option<Vec<String>>,
        of_project: HashMap<String, Vec<String>>,
    ) {
        if let Ok(mut models) = self.models.write() {
            models.planners = planners;
            models.planners_of_project = of_project;
        }
    }

    fn has_choices(&self) -> bool {
        self.models.read().is_ok_and(|models| {
            !models.of_project.is_empty() || !models.planners_of_project.is_empty()
        })
    }

    /// Says where the model stands.
    pub fn set_state(&self, state: ModelState) {
        if let Ok(mut slot) = self.state.write() {
            *slot = state;
        }
    }

    /// Where the model stands: what the model in use says about itself, else what was said about getting one.
    #[must_use]
    pub fn state(&self) -> ModelState {
        if let Some(generator) = self.generator()
            && let Some(state) = generator.local_state()
        {
            return shown(generator.name(), state);
        }
        self.state
            .read()
            .map_or_else(|_| ModelState::Off(String::new()), |state| state.clone())
    }
}

impl Models {
    /// The models of an order, by name.
    fn chosen(&self, own: Option<&Vec<String>>) -> Vec<&(String, Arc<dyn Generator>)> {
        let find = |name: &String| self.known.iter().find(|(known, _)| known == name);
        match own.or(self.order.as_ref()) {
            Some(order) => order.iter().filter_map(find).collect(),
            None => self.known.iter().collect(),
        }
    }

    fn in_order(&self, own: Option<&Vec<String>>) -> Option<Arc<dyn Generator>> {
        let chosen = self.chosen(own).into_iter();
        Self::one_of(chosen.map(|(_, model)| Arc::clone(model)).collect())
    }

    /// Those of an order that may plan.
    fn planners(&self, own: Option<&Vec<String>>, names: &[&str]) -> Option<Arc<dyn Generator>> {
        let of_project = |name: &&str| self.planners_of_project.get(*name);
        let allowed = names.iter().find_map(of_project).or(self.planners.as_ref());
        let may_plan = |name: &String| match allowed {
            Some(allowed) => allowed.contains(name),
            None => name != LOCAL,
        };
        let chosen = self.chosen(own).into_iter();
        Self::one_of(
            chosen
                .filter(|(name, _)| may_plan(name))
                .map(|(_, model)| Arc::clone(model))
                .collect(),
        )
    }

    fn one_of(mut chosen: Vec<Arc<dyn Generator>>) -> Option<Arc<dyn Generator>> {
        if chosen.len() == 1 {
            return chosen.pop();
        }
        Some(Arc::new(inference::Fallback::new(chosen)?))
    }
}

impl Inner {
    /// The models of a project; none when it cannot be read which those are, for the choice may be that nothing leaves the
    /// house.
    pub(crate) async fn generator_of(
        self: &Arc<Self>,
        project_id: ProjectId,
    ) -> Option<Arc<dyn Generator>> {
        self.model_of(project_id, Task::Words).await
    }

    /// The models of a project that may plan its questions; none when it cannot be read which those are.
    pub(crate) async fn planner_of(
        self: &Arc<Self>,
        project_id: ProjectId,
    ) -> Option<Arc<dyn Generator>> {
        self.model_of(project_id, Task::Plans).await
    }

    async fn model_of(
        self: &Arc<Self>,
        project_id: ProjectId,
        task: Task,
    ) -> Option<Arc<dyn Generator>> {
        if !self.narrator.has_choices() {
            return self.narrator.generator_of(&[], task);
        }
        let worker = Arc::clone(self);
        let project = blocking(move || Ok::<_, Error>(worker.store.project(project_id)?)).await;
        match project {
            Ok(project) => {
                let name = project.map(|project| project.name).unwrap_or_default();
                let names = [project_id.to_string(), name];
                self.narrator.generator_of(&[&names[0], &names[1]], task)
            }
            Err(error) => {
                tracing::warn!(%error, "the models of a project cannot be chosen; rules write");
                None
            }
        }
    }
}

fn shown(name: &str, state: inference::ModelState) -> ModelState {
    use inference::ModelState as Local;
    match state {
        Local::Unloaded => ModelState::Ready(format!("{name}, loads on first use")),
        Local::Loading => ModelState::Loading(format!("loading {name}")),
        Local::Ready { .. } => ModelState::Ready(name.to_owned()),
        Local::Failed { reason } => ModelState::Failed(format!("{name}: {reason}")),
        Local::Stopped => ModelState::Failed(format!("{name}: its thread has ended")),
    }
}

/// A generator that remembers why it wrote nothing: no time and no room are no verdict on its text.
pub(crate) struct Watched<'a> {
    generator: &'a dyn Generator,
    failure: Mutex<Option<String>>,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(generator: &'a dyn Generator) -> Self {
        Self {
            generator,
            failure: Mutex::new(None),
        }
    }

    /// Why the last call failed, when a later one may not.
    pub(crate) fn passing_failure(&self) -> Option<String> {
        self.failure.lock().ok()?.clone()
    }
}

#[async_trait::async_trait]
impl Generator for Watched<'_> {
    fn name(&self) -> &str {
        self.generator.name()
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> inference::Result<Generation> {
        let outcome = self.generator.generate(request, cancel).await;
        if let Ok(mut failure) = self.failure.lock() {
            *failure = match &outcome {
                Err(error) if is_passing(error) => Some(error.to_string()),
                _ => None,
            };
        }
        outcome
    }
}

fn is_passing(error: &inference::Error) -> bool {
    use inference::Error as E;
    matches!(
        error,
        E::QueueFull { .. }
            | E::Timeout { .. }
            | E::Cancelled
            | E::Unavailable(_)
            | E::BudgetSpent { .. }
            | E::Provider {
                retryable: true,
                ..
            }
    )
}

#[cfg(test)]
mod tests;
