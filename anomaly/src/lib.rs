#![doc = include_str!("../README.md")]

mod cluster;
mod correlate;
mod log;
mod mentions;
mod metric;
mod mix;
mod observation;
mod statistics;
mod suspects;
mod topology;

pub use cluster::{Cluster, ClusterConfig, ClusterLabel, cluster, label_cluster};
pub use correlate::{CorrelateContext, IncidentSketch, JoinDecision, correlate};
pub use log::{LogConfig, LogDetector, NoTemplateInfo, TemplateInfo};
pub use mentions::Mentions;
pub use metric::{MetricConfig, MetricDetector, MetricVerdict};
pub use mix::{MixConfig, MixDetector};
pub use observation::{AnomalyKey, EndReason, Ended, Observation, OpenAnomaly};
pub use suspects::{Change, PatternNote, RootCauseInput, Symptom, rank_suspects};
pub use topology::{MentionLearner, Topology};
