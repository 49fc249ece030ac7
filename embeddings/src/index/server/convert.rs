//! Between our words and those of Qdrant's protocol.

use std::collections::HashMap;

use domain::TemplateId;
use qdrant_client::qdrant::{
    Condition, CountPoints, DenseVector, Filter, NamedVectors, PayloadIncludeSelector, PointId,
    PointStruct, Query, QueryPoints, Range, RetrievedPoint, ScoredPoint, ScrollPoints,
    SparseVector, Value, Vector, VectorInput, Vectors, VectorsSelector, WithPayloadSelector,
    WithVectorsSelector, point_id::PointIdOptions, query, vector_input, vector_output,
    vectors::VectorsOptions, with_payload_selector, with_vectors_selector,
};
use uuid::Uuid;

use super::super::backend::{
    DENSE, LEXICAL, PROJECT, Probe, SERVICE, SEVERITY, Scope, Scored, StoredPoint, TEMPLATE,
};
use super::failure;
use crate::error::Result;
use crate::lexical::Sparse;

pub(super) fn point(point: StoredPoint) -> PointStruct {
    let mut vectors = HashMap::new();
    if let Some(data) = point.dense {
        vectors.insert(DENSE.to_owned(), Vector::from(DenseVector { data }));
    }
    if !point.lexical.is_empty() {
        vectors.insert(LEXICAL.to_owned(), Vector::from(sparse(point.lexical)));
    }
    let payload = HashMap::from([
        (
            PROJECT.to_owned(),
            Value::from(point.project_id.to_string()),
        ),
        (
            TEMPLATE.to_owned(),
            Value::from(point.template_id.to_string()),
        ),
        (SERVICE.to_owned(), Value::from(point.services)),
        (
            SEVERITY.to_owned(),
            Value::from(i64::from(point.severity.number())),
        ),
    ]);
    PointStruct {
        id: Some(PointId::from(point.id.to_string())),
        payload,
        vectors: Some(Vectors {
            vectors_options: Some(VectorsOptions::Vectors(NamedVectors { vectors })),
        }),
    }
}

fn sparse(vector: Sparse) -> SparseVector {
    SparseVector {
        values: vector.values,
        indices: vector.indices,
    }
}

pub(super) fn filter(scope: &Scope) -> Filter {
    let mut must = vec![Condition::matches(PROJECT, scope.project_id.to_string())];
    if !scope.services.is_empty() {
        must.push(Condition::matches(SERVICE, scope.services.clone()));
    }
    if let Some(severity) = scope.min_severity {
        let range = Range {
            gte: Some(f64::from(severity.number())),
            ..Range::default()
        };
        must.push(Condition::range(SEVERITY, range));
    }
    if scope.with_vector {
        must.push(Condition::has_vector(DENSE));
    }
    Filter::must(must)
}

pub(super) fn query(collection: &str, scope: &Scope, probe: Probe, limit: usize) -> QueryPoints {
    let (variant, name) = match probe {
        Probe::Dense(data) => (vector_input::Variant::Dense(DenseVector { data }), DENSE),
        Probe::Lexical(vector) => (vector_input::Variant::Sparse(sparse(vector)), LEXICAL),
    };
    QueryPoints {
        collection_name: collection.to_owned(),
        query: Some(Query {
            variant: Some(query::Variant::Nearest(VectorInput {
                variant: Some(variant),
            })),
        }),
        using: Some(name.to_owned()),
        filter: Some(filter(scope)),
        limit: Some(limit as u64),
        with_payload: Some(only_template()),
        with_vectors: Some(false.into()),
        ..QueryPoints::default()
    }
}

pub(super) fn scroll(
    collection: &str,
    scope: &Scope,
    start: Option<Uuid>,
    limit: usize,
) -> ScrollPoints {
    ScrollPoints {
        collection_name: collection.to_owned(),
        filter: Some(filter(scope)),
        offset: start.map(|id| PointId::from(id.to_string())),
        limit: Some(u32::try_from(limit).unwrap_or(u32::MAX)),
        with_payload: Some(only_template()),
        with_vectors: Some(WithVectorsSelector {
            selector_options: Some(with_vectors_selector::SelectorOptions::Include(
                VectorsSelector {
                    names: vec![DENSE.to_owned()],
                },
            )),
        }),
        ..ScrollPoints::default()
    }
}

pub(super) fn count(collection: &str, scope: &Scope) -> CountPoints {
    CountPoints {
        collection_name: collection.to_owned(),
        filter: Some(filter(scope)),
        exact: Some(true),
        ..CountPoints::default()
    }
}

fn only_template() -> WithPayloadSelector {
    WithPayloadSelector {
        selector_options: Some(with_payload_selector::SelectorOptions::Include(
            PayloadIncludeSelector {
                fields: vec![TEMPLATE.to_owned()],
            },
        )),
    }
}

pub(super) fn scored(point: &ScoredPoint) -> Result<Scored> {
    Ok((template(&point.payload)?, point.score))
}

fn template(payload: &HashMap<String, Value>) -> Result<TemplateId> {
    payload
        .get(TEMPLATE)
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| failure::other("read", &"a point has no template id"))
}

pub(super) fn uuid(id: &PointId) -> Option<Uuid> {
    match id.point_id_options.as_ref()? {
        PointIdOptions::Uuid(text) => text.parse().ok(),
        PointIdOptions::Num(_) => None,
    }
}

/// The dense vector of a point, or its words when it has none.
pub(super) fn probe(point: RetrievedPoint) -> Option<Probe> {
    let vectors = point.vectors?;
    if let Some(vector_output::Vector::Dense(dense)) = vectors.get_vector_by_name(DENSE) {
        return Some(Probe::Dense(dense.data));
    }
    match vectors.get_vector_by_name(LEXICAL) {
        Some(vector_output::Vector::Sparse(words)) => Some(Probe::Lexical(Sparse {
            indices: words.indices,
            values: words.values,
        })),
        _ => None,
    }
}

pub(super) fn vector(point: RetrievedPoint) -> Result<Option<(TemplateId, Vec<f32>)>> {
    let template_id = template(&point.payload)?;
    Ok(match probe(point) {
        Some(Probe::Dense(vector)) => Some((template_id, vector)),
        _ => None,
    })
}
