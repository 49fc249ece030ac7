//! Messages: queued once, followed up until everybody who was told knows the end.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DeliveryId, IncidentId, IncidentState, NotificationKind, TimelineKind};

use super::facts;
use super::ids;
use super::state::{Sent, SentStatus};
use super::turn::Turn;
use super::{Effect, MAX_TRIGGERS_PER_INCIDENT};

const MAX_REASON: usize = 300;

impl Turn<'_> {
    /// Queues an opened or escalated message, within the limit.
    pub fn trigger(
        &mut self,
        id: IncidentId,
        receiver: &str,
        kind: NotificationKind,
        origin: Option<(usize, usize)>,
        page: bool,
    ) {
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        let severity = tracked.incident.severity;
        let knows = tracked.deliveries.values().any(|sent| {
            sent.receiver == receiver
                && sent.is_trigger()
                && sent.generation == tracked.generation
                && sent.severity >= severity
                && !matches!(sent.status, SentStatus::Failed | SentStatus::Cancelled)
        });
        if kind == NotificationKind::Opened && knows {
            return;
        }
        tracked.triggers += 1;
        if tracked.triggers > MAX_TRIGGERS_PER_INCIDENT {
            if tracked.triggers == MAX_TRIGGERS_PER_INCIDENT + 1 {
                let text = format!("no further messages: the limit is {MAX_TRIGGERS_PER_INCIDENT}");
                self.timeline(id, TimelineKind::NotifyFailed, text, None);
            }
            return;
        }
        self.queue(id, receiver, kind, origin, page);
    }

    fn queue(
        &mut self,
        id: IncidentId,
        receiver: &str,
        kind: NotificationKind,
        origin: Option<(usize, usize)>,
        page: bool,
    ) {
        let now = self.now;
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        let delivery_id = ids::delivery_id(id, tracked.sequence);
        tracked.sequence += 1;
        let sent = Sent {
            receiver: receiver.to_owned(),
            kind,
            generation: tracked.generation,
            origin,
            page,
            severity: tracked.incident.severity,
            status: SentStatus::Pending,
            complained: false,
            at_ns: now,
        };
        tracked.deliveries.insert(delivery_id, sent);
        let notification = Box::new(self.notification(id, delivery_id, receiver, kind));
        self.effects.push(Effect::Notify { notification, page });
    }

    /// Takes back messages that tell of the incident and were not delivered yet.
    pub fn cancel_pending(&mut self, id: IncidentId, wanted: impl Fn(&Sent) -> bool) {
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        for (delivery_id, sent) in &mut tracked.deliveries {
            if sent.status == SentStatus::Pending && sent.is_trigger() && wanted(sent) {
                sent.status = SentStatus::Cancelled;
                self.effects.push(Effect::CancelDelivery {
                    delivery_id: *delivery_id,
                });
            }
        }
    }

    /// The acknowledgement does not count any more: whoever was spared a message by it and heard nothing since is told
    /// now, and when the incident `is_worse` also whoever heard of the smaller problem only.
    pub fn tell_again(&mut self, id: IncidentId, is_worse: bool) {
        let Some(tracked) = self.state.incidents.get(&id) else {
            return;
        };
        let severity = tracked.incident.severity;
        let of_now = || {
            tracked
                .deliveries
                .values()
                .filter(|sent| sent.is_trigger() && sent.generation == tracked.generation)
        };
        // A message that waits is filled in when it goes out, so it tells the severity of then.
        let has_heard = |sent: &Sent| match sent.status {
            SentStatus::Cancelled => false,
            SentStatus::Pending => true,
            SentStatus::Delivered | SentStatus::Failed => !is_worse || sent.severity >= severity,
        };
        let heard: BTreeSet<&str> = of_now()
            .filter(|sent| has_heard(sent))
            .map(|sent| sent.receiver.as_str())
            .collect();
        let others: BTreeMap<String, Sent> = of_now()
            .filter(|sent| !heard.contains(sent.receiver.as_str()))
            .map(|sent| (sent.receiver.clone(), sent.clone()))
            .collect();
        for (receiver, sent) in others {
            let kind = NotificationKind::Escalated;
            self.trigger(id, &receiver, kind, sent.origin, sent.page);
        }
    }

    /// Tells everybody who was told. Paging services are also told when it is not known whether a message
    /// reached them: an end without a beginning does no harm there, a page without an end does.
    pub fn announce(&mut self, id: IncidentId, kind: NotificationKind) {
        let Some(tracked) = self.state.incidents.get(&id) else {
            return;
        };
        let told: BTreeSet<String> = tracked
            .deliveries
            .values()
            .filter(|sent| sent.is_trigger() && sent.generation == tracked.generation)
            .filter(|sent| match sent.status {
                SentStatus::Delivered => true,
                SentStatus::Pending | SentStatus::Cancelled => is_paging_service(&sent.receiver),
                SentStatus::Failed => false,
            })
            .map(|sent| sent.receiver.clone())
            .collect();
        for receiver in told {
            let page = is_paging_service(&receiver);
            self.queue(id, &receiver, kind, None, page);
        }
    }

    fn incident_of(&self, delivery_id: DeliveryId) -> Option<IncidentId> {
        let mut incidents = self.state.incidents.iter();
        incidents
            .find(|(_, tracked)| tracked.deliveries.contains_key(&delivery_id))
            .map(|(id, _)| *id)
    }

    pub fn delivered(&mut self, delivery_id: DeliveryId) {
        let Some(id) = self.incident_of(delivery_id) else {
            return;
        };
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        let state = tracked.incident.state;
        let generation = tracked.generation;
        let Some(sent) = tracked.deliveries.get_mut(&delivery_id) else {
            return;
        };
        if sent.status == SentStatus::Delivered {
            return;
        }
        sent.status = SentStatus::Delivered;
        let sent = sent.clone();
        let text = format!("{} was told: {}", sent.receiver, sent.kind.as_str());
        self.timeline(id, TimelineKind::Notified, text, None);
        // It arrived after the incident moved on: this receiver still has to hear the rest.
        let follow_up = match state {
            IncidentState::Open => None,
            IncidentState::Acknowledged => Some(NotificationKind::Acknowledged),
            IncidentState::Resolved => Some(NotificationKind::Resolved),
        };
        if let Some(kind) = follow_up
            && sent.is_trigger()
            && sent.generation == generation
            && !self.was_announced(id, &sent.receiver, kind, sent.at_ns)
        {
            let page = is_paging_service(&sent.receiver);
            self.queue(id, &sent.receiver, kind, None, page);
        }
    }

    /// Whether this receiver gets, or got, the follow-up after a message of `since_ns`. A paging service gets it
    /// again all the same: the order of the two on the wire is not known.
    fn was_announced(
        &self,
        id: IncidentId,
        receiver: &str,
        kind: NotificationKind,
        since_ns: i64,
    ) -> bool {
        let Some(tracked) = self.state.incidents.get(&id) else {
            return true;
        };
        tracked.deliveries.values().any(|sent| {
            sent.receiver == receiver
                && sent.kind == kind
                && sent.generation == tracked.generation
                && sent.at_ns >= since_ns
                && !(is_paging_service(receiver) && sent.status == SentStatus::Delivered)
        })
    }

    pub fn delivery_failed(&mut self, delivery_id: DeliveryId, permanent: bool, reason: &str) {
        let Some(id) = self.incident_of(delivery_id) else {
            return;
        };
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        let state = tracked.incident.state;
        let generation = tracked.generation;
        let Some(sent) = tracked.deliveries.get_mut(&delivery_id) else {
            return;
        };
        let open_ended = matches!(sent.status, SentStatus::Pending | SentStatus::Cancelled);
        if !open_ended || (!permanent && sent.complained) {
            return;
        }
        let was_pending = sent.status == SentStatus::Pending;
        if permanent {
            sent.status = SentStatus::Failed;
        }
        sent.complained = true;
        let sent = sent.clone();
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let end = if permanent {
            "given up"
        } else {
            "trying again"
        };
        let text = format!(
            "{} was not told ({}): {reason}; {end}",
            sent.receiver,
            sent.kind.as_str()
        );
        self.timeline(id, TimelineKind::NotifyFailed, text, None);
        let matters = permanent
            && was_pending
            && sent.is_trigger()
            && sent.generation == generation
            && state == IncidentState::Open;
        if let (true, Some(origin)) = (matters, sent.origin)
            && self.reached_nobody(id, origin, sent.page)
        {
            self.fail_over(id, origin);
        }
    }

    /// Whether a step failed: a page that no other page of the step made up for, or every message of it.
    fn reached_nobody(&self, id: IncidentId, origin: (usize, usize), page: bool) -> bool {
        let Some(tracked) = self.state.incidents.get(&id) else {
            return false;
        };
        let mut siblings = tracked
            .deliveries
            .values()
            .filter(|sent| sent.origin == Some(origin) && sent.generation == tracked.generation);
        if page {
            !siblings.any(|sent| sent.page && sent.status == SentStatus::Delivered)
        } else {
            siblings.all(|sent| sent.status == SentStatus::Failed)
        }
    }

    fn notification(
        &self,
        id: IncidentId,
        delivery_id: DeliveryId,
        receiver: &str,
        kind: NotificationKind,
    ) -> domain::Notification {
        let incident = &self.state.incidents[&id].incident;
        domain::Notification {
            id: delivery_id,
            project_id: incident.project_id,
            incident_id: id,
            incident_number: incident.number,
            receiver: receiver.to_owned(),
            kind,
            state: incident.state,
            severity: incident.severity,
            headline: incident.title.clone(),
            summary: String::new(),
            facts: facts::of(self, id, kind),
            suspects: Vec::new(),
            next_steps: Vec::new(),
            link: None,
            dedup_key: format!("vigil-{id}"),
            started_at_ns: incident.started_at_ns,
            anomalies: incident.anomaly_ids.len(),
        }
    }
}

fn is_paging_service(receiver: &str) -> bool {
    receiver.starts_with("pagerduty:")
}
