#![doc = include_str!("../README.md")]

mod cluster;
mod correlate;
mod feedback;
mod log;
mod mentions;
mod metric;
mod mix;
mod observation;
mod session;
mod slot;
mod statistics;
mod suspects;
mod topology;
mod vitals;
mod windows;

pub use cluster::{Cluster, ClusterConfig, ClusterLabel, cluster, label_cluster};
pub use correlate::{Bridge, CorrelateContext, IncidentSketch, JoinDecision, bridge, correlate};
pub use feedback::{Feedback, Opinion, Verdict};
pub use log::{LogConfig, LogDetector, NoTemplateInfo, TemplateInfo};
pub use mentions::Mentions;
pub use metric::{MetricConfig, MetricDetector, MetricVerdict};
pub use mix::{MixConfig, MixDetector};
pub use observation::{AnomalyKey, EndReason, Ended, Observation, OpenAnomaly};
pub use session::{
    SessionConfig, SessionDetector, SessionEvent, SessionModel, SessionModelConfig, SessionPart,
    SessionVerdict, session_key,
};
pub use slot::{SlotConfig, SlotDetector, SlotValue, SlotValues};
pub use suspects::{
    Change, Explained, PatternNote, RootCauseInput, Symptom, explain_suspects, rank_suspects,
};
pub use topology::{MentionLearner, Topology};
pub use vitals::{LEAST_USUAL, Measured, Slice, Trouble, Vitals};
pub use windows::{Shift, Window, WindowChange, compare_windows};
