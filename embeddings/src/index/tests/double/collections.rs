//! Making, describing and removing collections.

use qdrant_client::qdrant::collections_server::Collections;
use qdrant_client::qdrant::{
    CollectionConfig, CollectionExists, CollectionExistsRequest, CollectionExistsResponse,
    CollectionInfo, CollectionOperationResponse, CollectionParams, CreateCollection,
    DeleteCollection, GetCollectionInfoRequest, GetCollectionInfoResponse,
};
use tonic::{Request, Response, Status};

use super::{Services, Stored, unused_calls};

/// The calls that matter, as plain functions; the trait below only forwards.
impl Services {
    fn create_collection(
        &self,
        request: Request<CreateCollection>,
    ) -> Result<CollectionOperationResponse, Status> {
        let mut world = self.enter("create_collection", &request)?;
        let request = request.into_inner();
        let name = request.collection_name.clone();
        if world.collections.contains_key(&name) {
            return Err(Status::already_exists(format!(
                "Collection `{name}` already exists!"
            )));
        }
        let stored = Stored {
            request,
            indexed: Default::default(),
            points: Default::default(),
        };
        world.collections.insert(name, stored);
        Ok(done())
    }

    fn describe_collection(
        &self,
        request: Request<GetCollectionInfoRequest>,
    ) -> Result<GetCollectionInfoResponse, Status> {
        let mut world = self.enter("collection_info", &request)?;
        let made = &world
            .collection(&request.into_inner().collection_name)?
            .request;
        let params = CollectionParams {
            vectors_config: made.vectors_config.clone(),
            sparse_vectors_config: made.sparse_vectors_config.clone(),
            ..CollectionParams::default()
        };
        Ok(GetCollectionInfoResponse {
            result: Some(CollectionInfo {
                config: Some(CollectionConfig {
                    params: Some(params),
                    ..CollectionConfig::default()
                }),
                ..CollectionInfo::default()
            }),
            time: 0.0,
        })
    }
}

fn done() -> CollectionOperationResponse {
    CollectionOperationResponse {
        result: true,
        time: 0.0,
    }
}

#[tonic::async_trait]
impl Collections for Services {
    async fn create(
        &self,
        request: Request<CreateCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        self.create_collection(request).map(Response::new)
    }

    async fn get(
        &self,
        request: Request<GetCollectionInfoRequest>,
    ) -> Result<Response<GetCollectionInfoResponse>, Status> {
        self.describe_collection(request).map(Response::new)
    }

    async fn collection_exists(
        &self,
        request: Request<CollectionExistsRequest>,
    ) -> Result<Response<CollectionExistsResponse>, Status> {
        let world = self.enter("collection_exists", &request)?;
        let exists = world
            .collections
            .contains_key(&request.into_inner().collection_name);
        Ok(Response::new(CollectionExistsResponse {
            result: Some(CollectionExists { exists }),
            time: 0.0,
        }))
    }

    async fn delete(
        &self,
        request: Request<DeleteCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let mut world = self.enter("delete_collection", &request)?;
        world
            .collections
            .remove(&request.into_inner().collection_name);
        Ok(Response::new(done()))
    }

    unused_calls! {
        list(ListCollectionsRequest) -> ListCollectionsResponse;
        update(UpdateCollection) -> CollectionOperationResponse;
        update_aliases(ChangeAliases) -> CollectionOperationResponse;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        list_aliases(ListAliasesRequest) -> ListAliasesResponse;
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse;
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
}
