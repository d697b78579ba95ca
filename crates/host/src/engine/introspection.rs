//! The id that containerd has of itself, by whichever of its APIs it is asked: it is kept where
//! containerd keeps its containers (`introspection.proto` of containerd).

use grpc::Client;
use prost::Message;

const SERVER: &str = "/containerd.services.introspection.v1.Introspection/Server";

#[derive(Clone, PartialEq, Message)]
struct ServerResponse {
    #[prost(string, tag = "1")]
    uuid: String,
}

/// None of a runtime that has no such service, as CRI-O.
pub(super) async fn server_id(client: &Client) -> Option<String> {
    let server: ServerResponse = client.ask(SERVER, &()).await.ok()?;
    Some(server.uuid).filter(|id| !id.is_empty())
}
