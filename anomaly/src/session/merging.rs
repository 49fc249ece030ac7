//! Following templates that were merged into more general ones.

use std::collections::HashMap;

use domain::TemplateId;

use super::model::SessionModel;
use crate::log::TemplateInfo;

impl SessionModel {
    /// Knows templates that were merged under their new ids, so that what was learnt of them is not lost and the new
    /// ids are not taken for something never seen. Cheap when nothing was merged.
    pub fn follow_merges(&mut self, info: &dyn TemplateInfo) {
        let moved: Vec<(u32, TemplateId)> = self
            .known()
            .filter_map(|(number, id)| {
                let now = info.resolve(id);
                (now != id).then_some((number, now))
            })
            .collect();
        if moved.is_empty() {
            return;
        }
        let mut into: HashMap<u32, u32> = HashMap::new();
        for (number, id) in moved {
            if let Some(other) = self.rename(number, id) {
                into.insert(number, other);
            }
        }
        if !into.is_empty() {
            self.join(&into);
        }
    }
}
