//! Which language models there are outside of this process, what they may cost, and who uses which.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use anyhow::bail;
use secrecy::SecretString;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The model in this process among the names of models.
pub const LOCAL: &str = "local";

/// An external language model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalModel {
    /// What `language_models` calls it; the provider otherwise.
    pub name: Option<String>,
    /// `openai` (any compatible server) or `anthropic`.
    pub provider: String,
    /// Base address of the service.
    pub base_url: Option<String>,
    /// The model's name there.
    pub model: String,
    /// The key; `${env:NAME}` reads it from the environment.
    pub api_key: Option<SecretString>,
    /// Seconds that one attempt may take, 1 to 600.
    #[serde(default = "default_timeout_seconds")]
    pub timeout_seconds: u64,
    /// Most tokens a day, prompts and answers together.
    #[serde(default = "default_daily_tokens")]
    pub daily_tokens: u64,
    /// Most calls a day.
    #[serde(default = "default_daily_calls")]
    pub daily_calls: u64,
    /// Most dollars a day; not limited by money otherwise.
    pub daily_dollars: Option<f64>,
    /// Most tokens a day of one project.
    pub project_daily_tokens: Option<u64>,
    /// Most dollars a day of one project.
    pub project_daily_dollars: Option<f64>,
    /// Dollars for a million tokens read.
    #[serde(default)]
    pub input_price: f64,
    /// Dollars for a million tokens written.
    #[serde(default)]
    pub output_price: f64,
    /// Percent of the incidents that it is asked about, 0 to 100.
    #[serde(default = "default_sample_percent")]
    pub sample_percent: u32,
}

fn default_timeout_seconds() -> u64 {
    60
}

/// Some 500 summaries a day.
fn default_daily_tokens() -> u64 {
    500_000
}

fn default_daily_calls() -> u64 {
    2_000
}

fn default_sample_percent() -> u32 {
    100
}

impl ExternalModel {
    /// What `language_models` calls it.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.provider)
    }

    fn check(&self) -> anyhow::Result<()> {
        let name = self.name();
        if !(1..=600).contains(&self.timeout_seconds) {
            let seconds = self.timeout_seconds;
            bail!(
                "external_model {name}: timeout_seconds is {seconds}, it must lie between 1 and 600"
            );
        }
        if self.sample_percent > 100 {
            let percent = self.sample_percent;
            bail!(
                "external_model {name}: sample_percent is {percent}, it must lie between 0 and 100"
            );
        }
        let limits = [self.daily_dollars, self.project_daily_dollars];
        let prices = [Some(self.input_price), Some(self.output_price)];
        for dollars in limits.into_iter().chain(prices).flatten() {
            if !(0.0..=1_000_000.0).contains(&dollars) {
                bail!(
                    "external_model {name}: {dollars} dollars, it must lie between 0 and 1000000"
                );
            }
        }
        let has_limit = limits.iter().any(Option::is_some);
        if has_limit && self.input_price <= 0.0 && self.output_price <= 0.0 {
            bail!(
                "external_model {name}: a limit in dollars needs input_price and output_price, dollars for a million tokens"
            );
        }
        Ok(())
    }
}

/// One section or several.
#[derive(Debug, Clone, Default)]
pub struct ExternalModels(pub Vec<ExternalModel>);

impl<'de> Deserialize<'de> for ExternalModels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sections;
        impl<'de> Visitor<'de> for Sections {
            type Value = ExternalModels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a section [external_model] or sections [[external_model]]")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let one = ExternalModel::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ExternalModels(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(ExternalModels)
            }
        }
        deserializer.deserialize_any(Sections)
    }
}

/// Who uses which model.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageModels {
    /// The order in which models are asked: the next one when one cannot answer. All external ones otherwise, and
    /// the one in this process when there is none.
    pub order: Option<Vec<String>>,
    /// The same for single projects, by name or id; an empty list is no model at all.
    pub projects: BTreeMap<String, Vec<String>>,
    /// Those of them that may plan questions which the grammar does not know. All external ones otherwise: the small
    /// models that run in this process plan too few of them well.
    pub planners: Option<Vec<String>>,
    /// The same for single projects, by name or id; an empty list is none.
    pub project_planners: BTreeMap<String, Vec<String>>,
}

impl LanguageModels {
    /// Checks the models and that every name is one of a model.
    ///
    /// # Errors
    /// Fails with the name and value of what cannot be used.
    pub fn check(&self, external: &[ExternalModel]) -> anyhow::Result<()> {
        let mut names = BTreeSet::from([LOCAL]);
        for model in external {
            model.check()?;
            if !names.insert(model.name()) {
                bail!(
                    "two external models are called '{}' ('{LOCAL}' is the one in this process): give each a name",
                    model.name()
                );
            }
        }
        let orders = self
            .order
            .iter()
            .chain(self.projects.values())
            .chain(self.planners.iter())
            .chain(self.project_planners.values());
        for name in orders.flatten() {
            if !names.contains(name.as_str()) {
                let known: Vec<&str> = names.into_iter().collect();
                bail!(
                    "language_models names '{name}', there are: {}",
                    known.join(", ")
                );
            }
        }
        Ok(())
    }

    /// Whether the model in this process is used by anybody.
    pub fn wants_local(&self, external: &[ExternalModel]) -> bool {
        let is_named = |order: &Vec<String>| order.iter().any(|name| name == LOCAL);
        let by_default = self.order.as_ref().map_or(external.is_empty(), is_named);
        by_default || self.projects.values().any(is_named)
    }

    /// The order for everybody, and those of single projects.
    pub fn orders(
        &self,
        external: &[ExternalModel],
    ) -> (Option<Vec<String>>, HashMap<String, Vec<String>>) {
        let all = || {
            external
                .iter()
                .map(|model| model.name().to_owned())
                .collect()
        };
        let order = self.order.clone();
        let order = order.or_else(|| (!external.is_empty()).then(all));
        (order, owned(&self.projects))
    }

    /// Who may plan questions, for everybody and for single projects.
    pub fn planners(&self) -> (Option<Vec<String>>, HashMap<String, Vec<String>>) {
        (self.planners.clone(), owned(&self.project_planners))
    }
}

fn owned(projects: &BTreeMap<String, Vec<String>>) -> HashMap<String, Vec<String>> {
    let projects = projects.iter();
    projects
        .map(|(project, names)| (project.clone(), names.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
