//! Messages of containerd's API, with those fields that are used. Names and numbers are those of
//! `api/services/` and `api/types/` of containerd, which are the same from 1.0 to 2.x.

use std::collections::BTreeMap;

use prost::Message;

/// The methods.
pub(super) mod method {
    pub(in super::super) const NAMESPACES: &str =
        "/containerd.services.namespaces.v1.Namespaces/List";
    pub(in super::super) const CONTAINERS: &str =
        "/containerd.services.containers.v1.Containers/List";
    pub(in super::super) const TASKS: &str = "/containerd.services.tasks.v1.Tasks/List";
    pub(in super::super) const EVENTS: &str = "/containerd.services.events.v1.Events/Subscribe";
    pub(in super::super) const VERSION: &str = "/containerd.services.version.v1.Version/Version";
}

/// What goes with a call: the namespace that it is about.
pub(super) const NAMESPACE: &str = "containerd-namespace";
/// The items of each list.
pub(super) const ITEMS: u32 = 1;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Namespace {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

/// `Container` of containerd: what it is made of, whether or not it runs.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredContainer {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(super) labels: BTreeMap<String, String>,
    #[prost(message, optional, tag = "5")]
    pub(super) spec: Option<Any>,
}

/// `google.protobuf.Any`: here config.json of the OCI runtime specification.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: prost::bytes::Bytes,
}

/// `Process` of containerd: the first one of a container.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Task {
    #[prost(string, tag = "1")]
    pub(super) container_id: String,
    #[prost(string, tag = "2")]
    pub(super) id: String,
    #[prost(uint32, tag = "3")]
    pub(super) pid: u32,
    /// 1 is created, 2 running, 3 stopped, 4 paused, 5 pausing.
    #[prost(int32, tag = "4")]
    pub(super) status: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SubscribeRequest {
    #[prost(string, repeated, tag = "1")]
    pub(super) filters: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct VersionResponse {
    #[prost(string, tag = "1")]
    pub(super) version: String,
}
