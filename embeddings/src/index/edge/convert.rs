//! Between our words and those of Qdrant Edge.

use domain::TemplateId;
use qdrant_edge::external::ordered_float::OrderedFloat;
use qdrant_edge::external::serde_json::json;
use qdrant_edge::{
    AnyVariants, Condition, CountRequest, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig,
    EdgeSparseVectorParams, EdgeVectorParams, FieldCondition, FieldIndexOperations, Filter,
    JsonPath, Match, Modifier, NamedQuery, NamedVectors, Payload, PayloadFieldSchema,
    PayloadSchemaType, PointId, PointInsertOperations, PointOperations, PointStruct, QueryEnum,
    Range, Record, ScoredPoint, ScrollRequest, SearchRequest, SparseVector, UpdateOperation,
    ValueVariants, VectorInternal, VectorStructInternal, WalOptions, WithPayloadInterface,
    WithVector,
};
use uuid::Uuid;

use super::super::IndexSchema;
use super::super::backend::{
    DENSE, LEXICAL, PROJECT, Probe, SERVICE, SEVERITY, Scope, Scored, StoredPoint, TEMPLATE,
};
use super::wal;
use crate::error::{Error, Result};
use crate::lexical::Sparse;

/// Kilobytes of vectors from which `optimize` would build a graph: never. Searching is exact.
const NO_GRAPH_KB: usize = usize::MAX / 2048;

pub(super) fn config(schema: &IndexSchema) -> EdgeConfig {
    EdgeConfig::builder()
        .vector(
            DENSE,
            EdgeVectorParams::builder(schema.dimension, Distance::Cosine).build(),
        )
        .sparse_vector(
            LEXICAL,
            EdgeSparseVectorParams::builder()
                .modifier(Modifier::Idf)
                .build(),
        )
        .optimizers(EdgeOptimizersConfig {
            indexing_threshold: Some(NO_GRAPH_KB),
            ..EdgeOptimizersConfig::default()
        })
        .wal_options(WalOptions {
            segment_capacity: wal::SEGMENT_BYTES,
            ..WalOptions::default()
        })
        .build()
}

pub(super) fn payload_indexes() -> Result<Vec<UpdateOperation>> {
    [
        (PROJECT, PayloadSchemaType::Keyword),
        (TEMPLATE, PayloadSchemaType::Keyword),
        (SERVICE, PayloadSchemaType::Keyword),
        (SEVERITY, PayloadSchemaType::Integer),
    ]
    .into_iter()
    .map(|(field, kind)| {
        Ok(UpdateOperation::FieldIndexOperation(
            FieldIndexOperations::CreateIndex(CreateIndex {
                field_name: path(field)?,
                field_schema: Some(PayloadFieldSchema::FieldType(kind)),
            }),
        ))
    })
    .collect()
}

pub(super) fn upsert(points: Vec<StoredPoint>) -> UpdateOperation {
    let points = points.into_iter().map(point).collect();
    UpdateOperation::PointOperation(PointOperations::UpsertPoints(
        PointInsertOperations::PointsList(points),
    ))
}

fn point(point: StoredPoint) -> qdrant_edge::PointStructPersisted {
    let mut vectors = NamedVectors::default();
    if let Some(dense) = point.dense {
        vectors = vectors.add_vector(DENSE, dense);
    }
    if !point.lexical.is_empty() {
        vectors = vectors.add_vector(LEXICAL, sparse(point.lexical));
    }
    let payload = json!({
        PROJECT: point.project_id.to_string(),
        TEMPLATE: point.template_id.to_string(),
        SERVICE: point.services,
        SEVERITY: point.severity.number(),
    });
    PointStruct::new(PointId::Uuid(point.id), vectors, payload).into()
}

fn sparse(vector: Sparse) -> SparseVector {
    SparseVector {
        indices: vector.indices,
        values: vector.values,
    }
}

pub(super) fn filter(scope: &Scope) -> Result<Filter> {
    let mut must = vec![field(
        PROJECT,
        Match::new_value(ValueVariants::String(scope.project_id.to_string())),
    )?];
    if !scope.services.is_empty() {
        let names = scope.services.iter().cloned().collect();
        must.push(field(SERVICE, Match::new_any(AnyVariants::Strings(names)))?);
    }
    if let Some(severity) = scope.min_severity {
        let range = Range {
            gte: Some(OrderedFloat(f64::from(severity.number()))),
            gt: None,
            lt: None,
            lte: None,
        };
        must.push(Condition::Field(FieldCondition::new_range(
            path(SEVERITY)?,
            range,
        )));
    }
    if scope.with_vector {
        must.push(Condition::HasVector(DENSE.to_owned().into()));
    }
    Ok(Filter {
        must: Some(must),
        ..Filter::default()
    })
}

fn field(name: &str, value: Match) -> Result<Condition> {
    Ok(Condition::Field(FieldCondition::new_match(
        path(name)?,
        value,
    )))
}

fn path(name: &str) -> Result<JsonPath> {
    name.parse()
        .map_err(|()| Error::Edge(format!("'{name}' is not a payload path")))
}

pub(super) fn search(probe: Probe, filter: Filter, limit: usize) -> Result<SearchRequest> {
    let (vector, name) = match probe {
        Probe::Dense(vector) => (VectorInternal::Dense(vector), DENSE),
        Probe::Lexical(vector) => (VectorInternal::Sparse(sparse(vector)), LEXICAL),
    };
    Ok(SearchRequest {
        query: QueryEnum::Nearest(NamedQuery::new(vector, name)),
        filter: Some(filter),
        params: None,
        limit,
        offset: 0,
        with_payload: Some(only_template()?),
        with_vector: None,
        score_threshold: None,
    })
}

pub(super) fn scroll(scope: &Scope, start: Option<Uuid>, limit: usize) -> Result<ScrollRequest> {
    Ok(ScrollRequest {
        offset: start.map(PointId::Uuid),
        limit: Some(limit),
        filter: Some(filter(scope)?),
        with_payload: Some(only_template()?),
        with_vector: WithVector::Selector(vec![DENSE.to_owned()]),
        order_by: None,
    })
}

pub(super) fn count(scope: &Scope) -> Result<CountRequest> {
    Ok(CountRequest {
        filter: Some(filter(scope)?),
        exact: true,
    })
}

fn only_template() -> Result<WithPayloadInterface> {
    Ok(WithPayloadInterface::Fields(vec![path(TEMPLATE)?]))
}

pub(super) fn scored(point: &ScoredPoint) -> Result<Scored> {
    Ok((template(point.payload.as_ref())?, point.score))
}

fn template(payload: Option<&Payload>) -> Result<TemplateId> {
    payload
        .and_then(|payload| payload.0.get(TEMPLATE)?.as_str())
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::Edge("a point has no template id".to_owned()))
}

pub(super) fn uuid(id: PointId) -> Option<Uuid> {
    match id {
        PointId::Uuid(uuid) => Some(uuid),
        PointId::NumId(_) => None,
    }
}

/// The dense vector of a record, or its words when it has none.
pub(super) fn probe(record: Record) -> Option<Probe> {
    let Some(VectorStructInternal::Named(mut vectors)) = record.vector else {
        return None;
    };
    if let Some(VectorInternal::Dense(vector)) = vectors.remove(DENSE) {
        return Some(Probe::Dense(vector));
    }
    match vectors.remove(LEXICAL) {
        Some(VectorInternal::Sparse(vector)) => Some(Probe::Lexical(Sparse {
            indices: vector.indices,
            values: vector.values,
        })),
        _ => None,
    }
}

pub(super) fn vector(record: Record) -> Result<Option<(TemplateId, Vec<f32>)>> {
    let template_id = template(record.payload.as_ref())?;
    Ok(match probe(record) {
        Some(Probe::Dense(vector)) => Some((template_id, vector)),
        _ => None,
    })
}
