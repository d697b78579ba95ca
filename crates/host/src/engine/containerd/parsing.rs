//! What containerd says, read from any bytes.

use grpc::Items;
use model::snapshot::Container;
use prost::Message;
use prost::bytes::Bytes;

use super::messages::{ITEMS, Namespace, StoredContainer, Task, VersionResponse};
use super::rows::{by_container, cgroups_are_of, found};
use crate::engine::grpc_items::decode;
use crate::engine::parsing::rows;

/// The containers of a list, each with the first task of the same bytes; what else is told is read, too.
pub fn containerd(bytes: &[u8]) -> (Vec<Container>, Vec<String>) {
    let bytes = Bytes::copy_from_slice(bytes);
    let task = items(&bytes).map(by_container).next();
    let task = task.map(|(_, task): (String, Task)| task);
    let all = items::<StoredContainer>(&bytes).map(|stored| found("build", stored, task.as_ref()));
    let rows = rows(all.collect());
    for row in &rows {
        let _ = cgroups_are_of(row, &String::from_utf8_lossy(&bytes));
    }
    let namespaces = items::<Namespace>(&bytes).map(|namespace| namespace.name);
    let version = decode::<VersionResponse>(bytes.clone()).map(|own| own.version);
    (rows, namespaces.chain(version).collect())
}

fn items<T: Message + Default>(bytes: &Bytes) -> impl Iterator<Item = T> + use<T> {
    let items = Items::of(bytes.clone(), ITEMS).map_while(Result::ok);
    items.map_while(|item| decode(item).ok())
}
