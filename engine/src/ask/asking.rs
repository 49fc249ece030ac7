//! One question on its way to its answer.

use std::sync::Arc;
use std::time::Instant;

use domain::ProjectId;
use inference::{Answer, AnswerFacts, Generator, Origin, PhraseBudget, StoryPieces};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::planned::Outcome;
use super::{AskEvent, AskRequest, AskStages, facts, planned, shown, stop};
use crate::{Error, Inner};

/// What a question means, and what a model may plan of it.
pub(super) struct Read {
    pub(super) understood: query::Interpretation,
    outside: Option<planned::Outside>,
}

impl Inner {
    /// What a question means: by its plan, by its words, or by its words after the question before; and with `has_planner`
    /// whether a model may plan it. Blocks.
    pub(super) fn read(
        &self,
        project_id: ProjectId,
        request: &AskRequest,
        zone: jiff::tz::TimeZone,
        has_planner: bool,
    ) -> Result<Read, Error> {
        let mut context = self.question_context(project_id)?;
        context.troubles = self.troubles(project_id)?;
        context.time_zone = zone;
        if let Some(plan) = &request.plan {
            let understood = plan.interpretation(&context)?;
            self.remember(project_id, request, &understood);
            return Ok(Read {
                understood,
                outside: None,
            });
        }
        context.attributes = self.attribute_names(project_id, &context.services)?;
        let names = self.value_names(project_id, &request.question)?;
        (context.slots, context.counted) = (names.slots, names.counted);
        let spelt = self.spelt(project_id, &request.question, &context)?;
        let question = spelt.question;
        context.happenings =
            self.happenings(project_id, &question, &context.services, context.now_ns)?;
        if context.last_deploys.is_empty() {
            context.last_deploys =
                self.deploys_told(project_id, &question, &context.services, context.now_ns)?;
        }
        let key = request.conversation.as_ref();
        let before = key.and_then(|key| self.conversations.last(project_id, key));
        let followed = before.and_then(|before| query::follow_up(&question, &before, &context));
        let may_plan = has_planner && followed.is_none();
        let understood = followed.unwrap_or_else(|| query::understand(&question, &context));
        self.remember(project_id, request, &understood);
        let mut understood =
            self.with_attribute_values(project_id, understood, &context.attributes)?;
        understood.chips.extend(spelt.chips);
        let outside = match may_plan {
            true => self.outside(project_id, &request.question, &understood, context)?,
            false => None,
        };
        Ok(Read {
            understood,
            outside,
        })
    }

    fn remember(
        &self,
        project_id: ProjectId,
        request: &AskRequest,
        understood: &query::Interpretation,
    ) {
        if let Some(key) = request.conversation.clone() {
            self.conversations
                .remember(project_id, key, understood.clone());
        }
    }
}

/// One question on its way to its answer.
pub(super) struct Asking<'a> {
    pub(super) inner: &'a Arc<Inner>,
    pub(super) project_id: ProjectId,
    pub(super) request: &'a AskRequest,
    pub(super) zone: jiff::tz::TimeZone,
    pub(super) sender: &'a mpsc::Sender<AskEvent>,
    pub(super) cancel: CancellationToken,
}

/// How a question is read: without a model, and where one had a good plan, by that and by whom.
struct Readings {
    plain: query::Interpretation,
    planned: Option<(query::Interpretation, String)>,
}

impl Asking<'_> {
    fn origin(&self) -> Origin {
        Origin {
            project_id: Some(self.project_id),
            incident_id: None,
            requested_by: self.request.requested_by.clone(),
        }
    }

    async fn send(&self, event: AskEvent) -> Result<(), Error> {
        let sent = self.sender.send(event).await;
        sent.map_err(|_| Error::Unavailable("the asker has left".into()))
    }

    /// Understands the question and says so.
    async fn readings(&self, stages: &mut AskStages) -> Result<Readings, Error> {
        let began = Instant::now();
        let request = self.request;
        let planner = match request.is_narrated && request.plan.is_none() {
            true => self.inner.planner_of(self.project_id).await,
            false => None,
        };
        let (worker, asked) = (Arc::clone(self.inner), request.clone());
        let (project_id, zone, has_planner) =
            (self.project_id, self.zone.clone(), planner.is_some());
        let read = stop::blocking(&self.cancel, move || {
            worker.read(project_id, &asked, zone, has_planner)
        })
        .await?;
        stages.interpretation = began.elapsed();
        let first = shown(&read.understood, &request.question, None);
        self.send(AskEvent::Interpretation(Box::new(first))).await?;
        let mut planned = None;
        if let (Some(generator), Some(outside)) = (planner, read.outside) {
            let name = generator.name().to_owned();
            self.send(AskEvent::Planning(name)).await?;
            let (began, origin) = (Instant::now(), self.origin());
            let (cancel, model) = (self.cancel.clone(), generator.as_ref());
            match planned::plan(&outside, &read.understood, model, origin, cancel).await {
                Outcome::Planned(plan, by) => planned = Some((*plan, by)),
                Outcome::TooSlow if generator.is_only_local() => {
                    let stop = self.inner.tasks_stop.clone();
                    let warming = outside.warm(generator, self.origin(), stop);
                    self.inner.tasks.spawn("planner_warms", warming);
                }
                Outcome::TooSlow | Outcome::Unplanned => {}
            }
            stages.planning = Some(began.elapsed());
        }
        if let Some((interpretation, model)) = &planned {
            self.inner.remember(project_id, request, interpretation);
            let shown = shown(interpretation, &request.question, Some(model));
            self.send(AskEvent::Interpretation(Box::new(shown))).await?;
        }
        Ok(Readings {
            plain: read.understood,
            planned,
        })
    }

    async fn found(&self, understood: query::Interpretation) -> Result<facts::Found, Error> {
        let (worker, question) = (Arc::clone(self.inner), self.request.question.clone());
        let (project_id, zone) = (self.project_id, self.zone.clone());
        stop::blocking(&self.cancel, move || {
            worker.answer_facts(project_id, &understood, &question, &zone)
        })
        .await
    }

    /// Everything computed, and what was understood of the question: a plan of a model that finds nothing gives way to
    /// what was understood without it.
    async fn computed(&self, readings: Readings) -> Result<facts::Found, Error> {
        let Readings { plain, planned } = readings;
        let mut by = planned.as_ref().map(|(_, model)| model.clone());
        let told = shown(
            planned.as_ref().map_or(&plain, |(plan, _)| plan),
            &self.request.question,
            by.as_deref(),
        );
        let mut found = match planned {
            Some((plan, _)) => self.found(plan).await?,
            None => self.found(plain.clone()).await?,
        };
        if by.is_some() && !inference::draft_answer(&found.facts).is_found {
            by = None;
            self.inner.remember(self.project_id, self.request, &plain);
            found = self.found(plain).await?;
        }
        // What was shown as understood may not be what was done.
        let mut done = shown(&found.understood, &self.request.question, by.as_deref());
        if found.is_words_only {
            let (label, value) = facts::INDEX_CHIP;
            done.chips.push((label.into(), value.into()));
        }
        if done != told {
            self.send(AskEvent::Interpretation(Box::new(done))).await?;
        }
        Ok(found)
    }

    /// Answers it, step by step; what each took.
    pub(super) async fn answer(self) -> Result<AskStages, Error> {
        let started = Instant::now();
        let mut stages = AskStages::default();
        let readings = self.readings(&mut stages).await?;
        let mut found = self.computed(readings).await?;
        stages.retrieval = found.retrieval;
        let evidence = found.facts.shown_evidence();
        let samples = std::mem::take(&mut found.samples);
        self.send(AskEvent::Evidence { evidence, samples }).await?;
        let draft = inference::draft_answer(&found.facts);
        let before = stages.interpretation + stages.planning.unwrap_or_default() + stages.retrieval;
        stages.facts = started.elapsed().saturating_sub(before);
        self.send(AskEvent::Answer(Box::new(draft.clone()))).await?;
        let generator = match self.request.is_narrated && draft.is_found {
            true => self.inner.generator_of(self.project_id).await,
            false => None,
        };
        let Some(generator) = generator else {
            return Ok(stages);
        };
        let asked = started.elapsed();
        let (phrased, first) = self.phrase(generator.as_ref(), &found.facts, draft).await?;
        stages.first_token = first.map(|at| at.saturating_duration_since(started));
        stages.narrative = Some(started.elapsed().saturating_sub(asked));
        self.send(AskEvent::Answer(Box::new(phrased))).await?;
        Ok(stages)
    }

    /// Lets the model add its sentences; what it writes is passed on while it comes. Also when its first words came.
    pub(super) async fn phrase(
        &self,
        generator: &dyn Generator,
        facts: &AnswerFacts,
        draft: Answer,
    ) -> Result<(Answer, Option<Instant>), Error> {
        let mut first = None;
        let (pieces, mut written) = mpsc::unbounded_channel();
        let mut budget = PhraseBudget::new(uuid::Uuid::new_v4().as_u64_pair().0);
        budget.pieces = Some(pieces);
        budget.origin = self.origin();
        let mut story = StoryPieces::default();
        let cancel = self.cancel.clone();
        let phrasing = inference::phrase_answer(generator, facts, draft, &budget, cancel);
        tokio::pin!(phrasing);
        loop {
            tokio::select! {
                biased;
                Some(piece) = written.recv() => {
                    let text = story.read(&piece);
                    if !text.is_empty() {
                        first.get_or_insert_with(Instant::now);
                        self.send(AskEvent::Delta(text)).await?;
                    }
                }
                phrased = &mut phrasing => return Ok((phrased, first)),
            }
        }
    }
}
