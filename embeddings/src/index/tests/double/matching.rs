//! Filters and scores, as the real server defines them.

use std::collections::HashMap;

use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::vector::Vector as Kinds;
use qdrant_client::qdrant::vectors::VectorsOptions;
use qdrant_client::qdrant::{FieldCondition, Filter, PointStruct, SparseVector, Value, Vector};
use tonic::Status;

use super::Stored;

/// The named vectors of a point.
pub(super) fn vectors(point: &PointStruct) -> HashMap<String, Vector> {
    match point
        .vectors
        .as_ref()
        .and_then(|v| v.vectors_options.clone())
    {
        Some(VectorsOptions::Vectors(named)) => named.vectors,
        _ => HashMap::new(),
    }
}

pub(super) fn dense(point: &PointStruct, name: &str) -> Option<Vec<f32>> {
    match vectors(point).remove(name)?.vector? {
        Kinds::Dense(vector) => Some(vector.data),
        _ => None,
    }
}

pub(super) fn sparse(point: &PointStruct, name: &str) -> Option<SparseVector> {
    match vectors(point).remove(name)?.vector? {
        Kinds::Sparse(vector) => Some(vector),
        _ => None,
    }
}

/// Points that fit the filter, in order of their ids.
pub(super) fn matching<'a>(
    stored: &'a Stored,
    filter: Option<&Filter>,
) -> Result<Vec<(&'a String, &'a PointStruct)>, Status> {
    let Some(filter) = filter else {
        return Err(Status::invalid_argument(
            "the test allows no read without a filter",
        ));
    };
    if !filter.should.is_empty() || !filter.must_not.is_empty() || filter.min_should.is_some() {
        return Err(Status::unimplemented("only must"));
    }
    let mut found = Vec::new();
    for (id, point) in &stored.points {
        let mut fits = true;
        for condition in &filter.must {
            fits &= fits_one(stored, point, condition.condition_one_of.as_ref())?;
        }
        if fits {
            found.push((id, point));
        }
    }
    Ok(found)
}

fn fits_one(
    stored: &Stored,
    point: &PointStruct,
    condition: Option<&ConditionOneOf>,
) -> Result<bool, Status> {
    match condition {
        Some(ConditionOneOf::Field(field)) if !stored.indexed.contains(&field.key) => {
            Err(Status::invalid_argument(format!(
                "Index required but not found for \"{}\"",
                field.key
            )))
        }
        Some(ConditionOneOf::Field(field)) => fits_field(point, field),
        Some(ConditionOneOf::HasVector(has)) => Ok(vectors(point).contains_key(&has.has_vector)),
        _ => Err(Status::unimplemented("condition")),
    }
}

fn fits_field(point: &PointStruct, field: &FieldCondition) -> Result<bool, Status> {
    let values = match point.payload.get(&field.key).and_then(|v| v.kind.clone()) {
        None => return Ok(false),
        Some(Kind::ListValue(list)) => list.values,
        Some(kind) => vec![Value { kind: Some(kind) }],
    };
    if let Some(range) = &field.range {
        let least = range.gte.ok_or_else(|| Status::unimplemented("only gte"))?;
        return Ok(values
            .iter()
            .filter_map(Value::as_integer)
            .any(|value| value as f64 >= least));
    }
    let wanted = match field.r#match.as_ref().and_then(|m| m.match_value.clone()) {
        Some(MatchValue::Keyword(word)) => vec![word],
        Some(MatchValue::Keywords(words)) => words.strings,
        _ => return Err(Status::unimplemented("match")),
    };
    Ok(values
        .iter()
        .filter_map(Value::as_str)
        .any(|value| wanted.contains(value)))
}

pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The query's weights times inverse document frequency over the whole collection.
/// Source: qdrant, `QueryContext` ("fancy idf"): ln(1 + (n - df + 0.5) / (df + 0.5)).
pub(super) fn with_idf(stored: &Stored, name: &str, query: &SparseVector) -> SparseVector {
    let all: Vec<SparseVector> = stored
        .points
        .values()
        .filter_map(|point| sparse(point, name))
        .collect();
    let total = all.len() as f32;
    let values = query
        .indices
        .iter()
        .zip(&query.values)
        .map(|(index, value)| {
            let with = all.iter().filter(|v| v.indices.contains(index)).count() as f32;
            value * ((total - with + 0.5) / (with + 0.5)).ln_1p()
        })
        .collect();
    SparseVector {
        indices: query.indices.clone(),
        values,
    }
}

/// The dot product; `None` when the vectors share no index.
pub(super) fn dot(a: &SparseVector, b: &SparseVector) -> Option<f32> {
    let mut sum = None;
    for (index, value) in a.indices.iter().zip(&a.values) {
        if let Some(position) = b.indices.iter().position(|other| other == index) {
            *sum.get_or_insert(0.0) += value * b.values[position];
        }
    }
    sum
}
