//! What a runtime says by the Container Runtime Interface, read from any bytes.

use grpc::Items;
use model::snapshot::Container;
use prost::Message;
use prost::bytes::Bytes;

use super::messages::{
    ContainerEventResponse, ContainerStatusResponse, ITEMS, PodSandboxStatusResponse,
    VersionResponse,
};
use super::rows::{
    inspected_container, inspected_pod, listed_container, listed_pod, pid_in, without_replaced,
};
use crate::engine::grpc_items::decode;
use crate::engine::parsing::rows;

/// The pods and containers of lists, or of a pod's status; what else is told is read, too.
pub fn cri(bytes: &[u8]) -> (Vec<Container>, Vec<String>) {
    let bytes = Bytes::copy_from_slice(bytes);
    let status = decode::<PodSandboxStatusResponse>(bytes.clone()).ok().and_then(inspected_pod);
    let (status, pod) = status.unzip();
    let pid = decode::<ContainerStatusResponse>(bytes.clone()).ok().and_then(|of| pid_in(&of.info));
    let containers = items(&bytes).map(|container| listed_container(container, "default/web"));
    let containers = containers.map(|found| match &pod {
        Some(pod) => inspected_container(found, pid, pod.clone()),
        None => found,
    });
    let mut found: Vec<_> = items(&bytes).map(listed_pod).chain(containers).chain(status).collect();
    without_replaced(&mut found);
    let version = decode::<VersionResponse>(bytes.clone());
    let version = version.map(|own| vec![own.name, own.version, own.api_version]);
    let event = decode::<ContainerEventResponse>(bytes).map(|event| event.container_id);
    (rows(found), version.unwrap_or_default().into_iter().chain(event).collect())
}

fn items<T: Message + Default>(bytes: &Bytes) -> impl Iterator<Item = T> + use<T> {
    let items = Items::of(bytes.clone(), ITEMS).map_while(Result::ok);
    items.map_while(|item| decode(item).ok())
}
