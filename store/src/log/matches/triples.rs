//! Counts per template, service and severity, and the records that each cites.

use domain::{RecordId, Severity, TemplateCount, TemplateId};
use uuid::Uuid;

use super::{IDS_PER_TRIPLE, MAX_TRIPLES, MatchCount, Pass};

/// A record that matched.
pub(super) struct Hit {
    pub(super) timestamp_ns: i64,
    pub(super) id: Vec<u8>,
    pub(super) template_id: i64,
    pub(super) severity: i16,
    pub(super) service: String,
}

impl Pass<'_> {
    /// Remembers a record that comes back, and where its triple is cited.
    pub(super) fn show(&mut self, hit: &Hit) {
        if self.keys.len() < self.request.records {
            self.keys.push((hit.timestamp_ns, hit.id.clone()));
        }
        if self
            .triple(hit.template_id, &hit.service, hit.severity)
            .is_none()
        {
            return;
        }
        let key = (hit.template_id, hit.service.clone(), hit.severity);
        let cited = self.cited.entry(key).or_default();
        if cited.len() < IDS_PER_TRIPLE
            && let Ok(id) = Uuid::from_slice(&hit.id)
        {
            cited.push((hit.timestamp_ns, RecordId(id)));
        }
    }

    pub(super) fn add_hit(&mut self, hit: Hit) {
        self.total += 1;
        if let Some(width) = self.request.bucket_ns.filter(|width| *width > 0) {
            let start_ns = hit.timestamp_ns.div_euclid(width).saturating_mul(width);
            *self.buckets.entry(start_ns).or_insert(0) += 1;
        }
        self.add_count(TemplateCount {
            template_id: TemplateId::from_i64(hit.template_id),
            service: hit.service,
            severity: Severity::from_number(i64::from(hit.severity)),
            count: 1,
            first_minute_ns: hit.timestamp_ns,
            last_minute_ns: hit.timestamp_ns,
        });
    }

    pub(super) fn triple(
        &mut self,
        template_id: i64,
        service: &str,
        severity: i16,
    ) -> Option<&mut MatchCount> {
        let key = (template_id, service.to_owned(), severity);
        if self.triples.len() >= MAX_TRIPLES && !self.triples.contains_key(&key) {
            self.is_cut = true;
            return None;
        }
        Some(self.triples.entry(key).or_insert_with(|| MatchCount {
            count: TemplateCount {
                template_id: TemplateId::from_i64(template_id),
                service: service.to_owned(),
                severity: Severity::from_number(i64::from(severity)),
                count: 0,
                first_minute_ns: i64::MAX,
                last_minute_ns: i64::MIN,
            },
            records: Vec::new(),
        }))
    }

    pub(super) fn add_count(&mut self, row: TemplateCount) {
        let template_id = row.template_id.to_i64();
        if let Some(found) = self.triple(template_id, &row.service, row.severity.number()) {
            let count = &mut found.count;
            count.count += row.count;
            count.first_minute_ns = count.first_minute_ns.min(row.first_minute_ns);
            count.last_minute_ns = count.last_minute_ns.max(row.last_minute_ns);
        }
    }
}
