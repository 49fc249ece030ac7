//! Writing and reading points.

use qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use qdrant_client::qdrant::points_server::Points;
use qdrant_client::qdrant::vectors_config::Config;
use qdrant_client::qdrant::{
    BatchResult, CountPoints, CountResponse, CountResult, CreateFieldIndexCollection, DeletePoints,
    GetPoints, GetResponse, NamedVectorsOutput, PointId, PointStruct, PointsOperationResponse,
    QueryBatchPoints, QueryBatchResponse, QueryPoints, RetrievedPoint, ScoredPoint, ScrollPoints,
    ScrollResponse, UpsertPoints, VectorOutput, VectorsOutput, point_id::PointIdOptions, query,
    vector::Vector as Kinds, vector_input, vector_output, vectors_output::VectorsOptions,
    with_vectors_selector::SelectorOptions,
};
use tonic::{Request, Response, Status};

use super::matching::{cosine, dense, dot, matching, sparse, vectors, with_idf};
use super::{Services, Stored, unused_calls};

type Answer<T> = Result<Response<T>, Status>;

fn text(id: Option<&PointId>) -> Result<String, Status> {
    match id.and_then(|id| id.point_id_options.as_ref()) {
        Some(PointIdOptions::Uuid(text)) => Ok(text.clone()),
        _ => Err(Status::invalid_argument("point ids are UUIDs")),
    }
}

fn must_wait(wait: Option<bool>) -> Result<(), Status> {
    match wait {
        Some(true) => Ok(()),
        _ => Err(Status::invalid_argument("the write does not wait")),
    }
}

impl Stored {
    fn size(&self, name: &str) -> Option<u64> {
        match self.request.vectors_config.as_ref()?.config.as_ref()? {
            Config::ParamsMap(map) => Some(map.map.get(name)?.size),
            Config::Params(_) => None,
        }
    }

    fn check(&self, point: &PointStruct) -> Result<(), Status> {
        if point.vectors.is_none() {
            return Err(Status::invalid_argument("Expected some vectors"));
        }
        for (name, vector) in vectors(point) {
            let fits = match vector.vector {
                Some(Kinds::Dense(vector)) => self.size(&name) == Some(vector.data.len() as u64),
                Some(Kinds::Sparse(_)) => self
                    .request
                    .sparse_vectors_config
                    .as_ref()
                    .is_some_and(|config| config.map.contains_key(&name)),
                _ => false,
            };
            if !fits {
                return Err(Status::invalid_argument(format!("Wrong vector {name}")));
            }
        }
        Ok(())
    }

    fn answer(&self, query: &QueryPoints) -> Result<Vec<ScoredPoint>, Status> {
        let name = query.using();
        let candidates = matching(self, query.filter.as_ref())?;
        let Some(query::Variant::Nearest(input)) = query
            .query
            .as_ref()
            .and_then(|query| query.variant.as_ref())
        else {
            return Err(Status::unimplemented("only nearest"));
        };
        let mut scored: Vec<(f32, &PointStruct)> = match input.variant.as_ref() {
            Some(vector_input::Variant::Dense(vector)) => candidates
                .into_iter()
                .filter_map(|(_, point)| Some((cosine(&dense(point, name)?, &vector.data), point)))
                .collect(),
            Some(vector_input::Variant::Sparse(vector)) => {
                let weighted = with_idf(self, name, vector);
                candidates
                    .into_iter()
                    .filter_map(|(_, point)| Some((dot(&weighted, &sparse(point, name)?)?, point)))
                    .collect()
            }
            _ => return Err(Status::unimplemented("query vector")),
        };
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.truncate(query.limit() as usize);
        Ok(scored
            .into_iter()
            .map(|(score, point)| ScoredPoint {
                id: point.id.clone(),
                payload: point.payload.clone(),
                score,
                ..ScoredPoint::default()
            })
            .collect())
    }
}

fn retrieved(point: &PointStruct, selector: Option<&SelectorOptions>) -> RetrievedPoint {
    let chosen = vectors(point)
        .into_iter()
        .filter(|(name, _)| match selector {
            Some(SelectorOptions::Enable(all)) => *all,
            Some(SelectorOptions::Include(some)) => some.names.contains(name),
            _ => false,
        })
        .filter_map(|(name, vector)| {
            let vector = match vector.vector? {
                Kinds::Dense(vector) => vector_output::Vector::Dense(vector),
                Kinds::Sparse(vector) => vector_output::Vector::Sparse(vector),
                _ => return None,
            };
            let output = VectorOutput {
                vector: Some(vector),
                ..VectorOutput::default()
            };
            Some((name, output))
        })
        .collect();
    RetrievedPoint {
        id: point.id.clone(),
        payload: point.payload.clone(),
        vectors: Some(VectorsOutput {
            vectors_options: Some(VectorsOptions::Vectors(NamedVectorsOutput {
                vectors: chosen,
            })),
        }),
        ..RetrievedPoint::default()
    }
}

#[tonic::async_trait]
impl Points for Services {
    async fn upsert(&self, request: Request<UpsertPoints>) -> Answer<PointsOperationResponse> {
        let mut world = self.enter("upsert", &request)?;
        let request = request.into_inner();
        must_wait(request.wait)?;
        world.largest_upsert = world.largest_upsert.max(request.points.len());
        let stored = world.collection(&request.collection_name)?;
        for point in request.points {
            stored.check(&point)?;
            stored.points.insert(text(point.id.as_ref())?, point);
        }
        Ok(Response::new(PointsOperationResponse::default()))
    }

    async fn delete(&self, request: Request<DeletePoints>) -> Answer<PointsOperationResponse> {
        let mut world = self.enter("delete", &request)?;
        let request = request.into_inner();
        must_wait(request.wait)?;
        let stored = world.collection(&request.collection_name)?;
        let ids = match request.points.and_then(|p| p.points_selector_one_of) {
            Some(PointsSelectorOneOf::Points(list)) => list
                .ids
                .iter()
                .map(|id| text(Some(id)))
                .collect::<Result<Vec<_>, _>>()?,
            Some(PointsSelectorOneOf::Filter(filter)) => matching(stored, Some(&filter))?
                .into_iter()
                .map(|(id, _)| id.clone())
                .collect(),
            None => return Err(Status::invalid_argument("no points")),
        };
        for id in ids {
            stored.points.remove(&id);
        }
        Ok(Response::new(PointsOperationResponse::default()))
    }

    async fn get(&self, request: Request<GetPoints>) -> Answer<GetResponse> {
        let mut world = self.enter("get", &request)?;
        let request = request.into_inner();
        let selector = request.with_vectors.and_then(|v| v.selector_options);
        let stored = world.collection(&request.collection_name)?;
        let mut result = Vec::new();
        for id in &request.ids {
            if let Some(point) = stored.points.get(&text(Some(id))?) {
                result.push(retrieved(point, selector.as_ref()));
            }
        }
        Ok(Response::new(GetResponse {
            result,
            ..GetResponse::default()
        }))
    }

    async fn create_field_index(
        &self,
        request: Request<CreateFieldIndexCollection>,
    ) -> Answer<PointsOperationResponse> {
        let mut world = self.enter("create_field_index", &request)?;
        let request = request.into_inner();
        must_wait(request.wait)?;
        let stored = world.collection(&request.collection_name)?;
        stored.indexed.insert(request.field_name);
        Ok(Response::new(PointsOperationResponse::default()))
    }

    async fn scroll(&self, request: Request<ScrollPoints>) -> Answer<ScrollResponse> {
        let mut world = self.enter("scroll", &request)?;
        let request = request.into_inner();
        let start = match &request.offset {
            Some(id) => text(Some(id))?,
            None => String::new(),
        };
        let limit = request.limit() as usize;
        let selector = request.with_vectors.and_then(|v| v.selector_options);
        let stored = world.collection(&request.collection_name)?;
        let mut points = matching(stored, request.filter.as_ref())?
            .into_iter()
            .filter(|(id, _)| **id >= start)
            .map(|(_, point)| point);
        let result = points
            .by_ref()
            .take(limit)
            .map(|point| retrieved(point, selector.as_ref()))
            .collect();
        let next_page_offset = points.next().and_then(|point| point.id.clone());
        Ok(Response::new(ScrollResponse {
            next_page_offset,
            result,
            ..ScrollResponse::default()
        }))
    }

    async fn count(&self, request: Request<CountPoints>) -> Answer<CountResponse> {
        let mut world = self.enter("count", &request)?;
        let request = request.into_inner();
        let stored = world.collection(&request.collection_name)?;
        let count = matching(stored, request.filter.as_ref())?.len() as u64;
        Ok(Response::new(CountResponse {
            result: Some(CountResult { count }),
            ..CountResponse::default()
        }))
    }

    async fn query_batch(&self, request: Request<QueryBatchPoints>) -> Answer<QueryBatchResponse> {
        let mut world = self.enter("query_batch", &request)?;
        let request = request.into_inner();
        let stored = world.collection(&request.collection_name)?;
        let result = request
            .query_points
            .iter()
            .map(|query| {
                Ok(BatchResult {
                    result: stored.answer(query)?,
                })
            })
            .collect::<Result<_, Status>>()?;
        Ok(Response::new(QueryBatchResponse {
            result,
            ..QueryBatchResponse::default()
        }))
    }

    unused_calls! {
        update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        set_payload(SetPayloadPoints) -> PointsOperationResponse;
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        search(SearchPoints) -> SearchResponse;
        search_batch(SearchBatchPoints) -> SearchBatchResponse;
        search_groups(SearchPointGroups) -> SearchGroupsResponse;
        recommend(RecommendPoints) -> RecommendResponse;
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        discover(DiscoverPoints) -> DiscoverResponse;
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse;
        query(QueryPoints) -> QueryResponse;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}
