//! The collection on the server: its name, how it is made, and the epoch that it carries.

use std::collections::HashMap;

use domain::ErrorKind;
use qdrant_client::Qdrant;
use qdrant_client::qdrant::{
    CreateCollection, CreateFieldIndexCollection, Distance, FieldType, GetPoints,
    IntegerIndexParams, KeywordIndexParams, Modifier, NamedVectors, PayloadIndexParams, PointId,
    PointStruct, SparseVectorConfig, SparseVectorParams, UpsertPoints, VectorParams,
    VectorParamsMap, Vectors, VectorsConfig, payload_index_params::IndexParams,
    vectors::VectorsOptions, vectors_config::Config,
};
use uuid::Uuid;

use super::super::IndexSchema;
use super::super::backend::{DENSE, FORMAT, LEXICAL, PROJECT, SERVICE, SEVERITY, TEMPLATE};
use super::failure;
use crate::error::{Error, Result};

/// The point that holds the epoch. It belongs to no project, and every read names a project.
const EPOCH_POINT: Uuid = Uuid::nil();
/// Its only payload field.
const EPOCH: &str = "epoch";

/// A collection by its full name.
#[derive(Debug, Clone)]
pub(super) struct Collection {
    pub(super) name: String,
    dimension: usize,
}

impl Collection {
    pub(super) fn new(prefix: &str, schema: &IndexSchema) -> Self {
        let model: String = schema
            .model
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .take(64)
            .collect();
        Self {
            name: format!("{prefix}-{model}-{}-v{FORMAT}", schema.dimension),
            dimension: schema.dimension,
        }
    }

    /// Makes what is missing and answers the epoch. Several nodes may do this at once.
    pub(super) async fn ensure(&self, client: &Qdrant) -> Result<String> {
        let there = client
            .collection_exists(self.name.clone())
            .await
            .map_err(|error| failure::of("open", error))?;
        if there {
            self.check(client).await?;
        } else {
            self.create(client).await?;
        }
        if let Some(epoch) = self.epoch(client).await? {
            return Ok(epoch);
        }
        // No epoch: it was just made, or the node that made it died. Making the payload indexes
        // again is harmless, and the epoch goes in last.
        self.create_payload_indexes(client).await?;
        self.begin_epoch(client).await?;
        // Of two nodes that began one at the same time, the later writer wins for both.
        self.epoch(client)
            .await?
            .ok_or_else(|| failure::other("open", &"the epoch that was just written is not there"))
    }

    pub(super) async fn drop_if_there(&self, client: &Qdrant) -> Result<()> {
        client
            .delete_collection(self.name.clone())
            .await
            .map(drop)
            .map_err(|error| failure::of("clear", error))
            .or_else(|error| {
                if failure::lost(&error) {
                    Ok(())
                } else {
                    Err(error)
                }
            })
    }

    async fn create(&self, client: &Qdrant) -> Result<()> {
        let dense = VectorParams {
            size: self.dimension as u64,
            distance: Distance::Cosine.into(),
            ..VectorParams::default()
        };
        let lexical = SparseVectorParams {
            modifier: Some(Modifier::Idf.into()),
            ..SparseVectorParams::default()
        };
        let request = CreateCollection {
            collection_name: self.name.clone(),
            vectors_config: Some(VectorsConfig {
                config: Some(Config::ParamsMap(VectorParamsMap {
                    map: HashMap::from([(DENSE.to_owned(), dense)]),
                })),
            }),
            sparse_vectors_config: Some(SparseVectorConfig {
                map: HashMap::from([(LEXICAL.to_owned(), lexical)]),
            }),
            ..CreateCollection::default()
        };
        match client.create_collection(request).await {
            Ok(_) => Ok(()),
            Err(error) => match failure::of("create collection", error) {
                Error::Server {
                    kind: ErrorKind::Conflict,
                    ..
                } => Ok(()),
                // Servers before 1.13 answer an existing collection with "invalid argument".
                Error::Server { message, .. } if message.contains("already exists") => Ok(()),
                error => Err(error),
            },
        }
    }

    async fn create_payload_indexes(&self, client: &Qdrant) -> Result<()> {
        // `is_tenant` keeps one project's points together on disk.
        let keyword = |is_tenant| {
            IndexParams::KeywordIndexParams(KeywordIndexParams {
                is_tenant,
                ..KeywordIndexParams::default()
            })
        };
        let severity = IndexParams::IntegerIndexParams(IntegerIndexParams {
            lookup: Some(false),
            range: Some(true),
            ..IntegerIndexParams::default()
        });
        for (field, kind, params) in [
            (PROJECT, FieldType::Keyword, keyword(Some(true))),
            (TEMPLATE, FieldType::Keyword, keyword(None)),
            (SERVICE, FieldType::Keyword, keyword(None)),
            (SEVERITY, FieldType::Integer, severity),
        ] {
            let request = CreateFieldIndexCollection {
                collection_name: self.name.clone(),
                wait: Some(true),
                field_name: field.to_owned(),
                field_type: Some(kind.into()),
                field_index_params: Some(PayloadIndexParams {
                    index_params: Some(params),
                }),
                ..CreateFieldIndexCollection::default()
            };
            client
                .create_field_index(request)
                .await
                .map_err(|error| failure::of("create payload index", error))?;
        }
        Ok(())
    }

    /// A collection of the right name must have been made by us, or by someone who did the same.
    async fn check(&self, client: &Qdrant) -> Result<()> {
        let answer = client
            .collection_info(self.name.clone())
            .await
            .map_err(|error| failure::of("open", error))?;
        let params = answer
            .result
            .and_then(|info| info.config)
            .and_then(|config| config.params);
        let wrong = |reason: String| Error::Schema {
            collection: self.name.clone(),
            reason,
        };
        let Some(params) = params else {
            return Err(wrong("the server does not describe it".to_owned()));
        };
        let size = match params.vectors_config.and_then(|config| config.config) {
            Some(Config::ParamsMap(map)) => map.map.get(DENSE).map(|params| params.size),
            _ => None,
        };
        if size != Some(self.dimension as u64) {
            return Err(wrong(format!(
                "vector '{DENSE}' has {} dimensions, {} are needed",
                size.unwrap_or(0),
                self.dimension
            )));
        }
        let words = params
            .sparse_vectors_config
            .is_some_and(|config| config.map.contains_key(LEXICAL));
        if !words {
            return Err(wrong(format!("it has no sparse vector '{LEXICAL}'")));
        }
        Ok(())
    }

    async fn epoch(&self, client: &Qdrant) -> Result<Option<String>> {
        let request = GetPoints {
            collection_name: self.name.clone(),
            ids: vec![PointId::from(EPOCH_POINT.to_string())],
            with_payload: Some(true.into()),
            with_vectors: Some(false.into()),
            ..GetPoints::default()
        };
        let answer = client
            .get_points(request)
            .await
            .map_err(|error| failure::of("read epoch", error))?;
        Ok(answer
            .result
            .first()
            .and_then(|point| point.payload.get(EPOCH)?.as_str().cloned()))
    }

    async fn begin_epoch(&self, client: &Qdrant) -> Result<()> {
        let epoch = Uuid::new_v4().to_string();
        let point = PointStruct {
            id: Some(PointId::from(EPOCH_POINT.to_string())),
            payload: HashMap::from([(EPOCH.to_owned(), epoch.into())]),
            vectors: Some(Vectors {
                vectors_options: Some(VectorsOptions::Vectors(NamedVectors::default())),
            }),
        };
        let request = UpsertPoints {
            collection_name: self.name.clone(),
            wait: Some(true),
            points: vec![point],
            ..UpsertPoints::default()
        };
        client
            .upsert_points(request)
            .await
            .map_err(|error| failure::of("write epoch", error))?;
        Ok(())
    }
}
