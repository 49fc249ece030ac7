//! A Qdrant server in memory, behind the client crate's own generated gRPC traits.
//!
//! It answers what Vigil asks and refuses what a strict server would refuse: a wrong key, a write
//! that does not wait, a filter on a field without an index, a vector of the wrong length. Every
//! other call is "unimplemented", so using a new one shows up here first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use qdrant_client::qdrant::collections_server::CollectionsServer;
use qdrant_client::qdrant::points_server::PointsServer;
use qdrant_client::qdrant::{CreateCollection, PointStruct};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Status};

use super::super::{IndexSchema, ServerIndex};

mod collections;
mod matching;
mod points;

pub(super) const KEY: &str = "the-key";

/// What the server holds.
#[derive(Default)]
pub(super) struct World {
    pub(super) collections: HashMap<String, Stored>,
    /// Names of the calls so far.
    pub(super) calls: Vec<&'static str>,
    /// Points of the largest upsert so far.
    pub(super) largest_upsert: usize,
    /// Every call fails with this while it is set.
    pub(super) outage: Option<Status>,
}

pub(super) struct Stored {
    pub(super) request: CreateCollection,
    pub(super) indexed: HashSet<String>,
    /// By point id, as the real server orders them.
    pub(super) points: BTreeMap<String, PointStruct>,
}

impl World {
    pub(super) fn collection(&mut self, name: &str) -> Result<&mut Stored, Status> {
        self.collections
            .get_mut(name)
            .ok_or_else(|| Status::not_found(format!("Collection `{name}` doesn't exist!")))
    }
}

/// The services; one value serves both.
#[derive(Clone)]
struct Services(Arc<Mutex<World>>);

impl Services {
    /// Checks the key, notes the call and locks the world.
    fn enter<T>(
        &self,
        call: &'static str,
        request: &Request<T>,
    ) -> Result<MutexGuard<'_, World>, Status> {
        if request.metadata().get("api-key").map(|key| key.as_bytes()) != Some(KEY.as_bytes()) {
            return Err(Status::unauthenticated("Invalid API key or JWT"));
        }
        let mut world = self.0.lock().unwrap();
        world.calls.push(call);
        match &world.outage {
            Some(status) => Err(status.clone()),
            None => Ok(world),
        }
    }
}

/// A running server; it ends with the value.
pub(super) struct Server {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let world = Arc::new(Mutex::new(World::default()));
        let services = Services(world.clone());
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(
            tonic::transport::Server::builder()
                .add_service(CollectionsServer::new(services.clone()))
                .add_service(PointsServer::new(services))
                .serve_with_incoming(TcpIncoming::from(listener)),
        );
        Self {
            world,
            address,
            runtime: Some(runtime),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn connect(&self, schema: &IndexSchema) -> ServerIndex {
        ServerIndex::connect(&self.url(), Some(KEY), "vigil", schema).unwrap()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The methods of a service that Vigil does not call, as `async_trait` would write them: it does
/// not see into a macro.
macro_rules! unused_calls {
    ($($name:ident($request:ident) -> $response:ident;)*) => {
        $(
            fn $name<'life0, 'async_trait>(
                &'life0 self,
                _: tonic::Request<qdrant_client::qdrant::$request>,
            ) -> std::pin::Pin<Box<
                dyn Future<
                    Output = Result<tonic::Response<qdrant_client::qdrant::$response>, tonic::Status>,
                > + Send + 'async_trait,
            >>
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                Box::pin(async { Err(tonic::Status::unimplemented(stringify!($name))) })
            }
        )*
    };
}
use unused_calls;
