//! Asks a containerd for its containers and their tasks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::try_join_all;
use grpc::{Client, Error, Items};
use model::SourceError;
use prost::Message;

use super::messages::{ITEMS, NAMESPACE, Namespace, StoredContainer, Task, method};
use super::rows::{by_container, found};
use crate::engine::Found;
use crate::engine::budget::Budget;
use crate::engine::grpc_errors::source_error;

/// What other engines have there: Docker's and Kubernetes' containers.
pub(super) const OF_OTHERS: [&str; 2] = ["moby", "k8s.io"];

/// A client of one containerd.
#[derive(Clone)]
pub(super) struct Containerd {
    pub(super) client: Arc<Client>,
}

impl Containerd {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { client: Arc::new(Client::at(path)) }
    }

    pub(super) fn path(&self) -> &Path {
        self.client.path()
    }

    pub(super) fn what(&self) -> String {
        format!("containerd at unix://{}", self.path().display())
    }

    /// All containers, with their processes.
    pub(super) async fn all(&self) -> Result<Vec<Found>, SourceError> {
        let namespaces: Vec<Namespace> = self.list(method::NAMESPACES, None).await?;
        let names = namespaces.into_iter().map(|namespace| namespace.name);
        let names = names.filter(|name| !OF_OTHERS.contains(&name.as_str()));
        let found = try_join_all(names.map(|name| self.of_namespace(name))).await?;
        Budget::all(self, found.into_iter().flatten())
    }

    async fn of_namespace(&self, namespace: String) -> Result<Vec<Found>, SourceError> {
        let (stored, tasks) = tokio::try_join!(
            self.list::<StoredContainer>(method::CONTAINERS, Some(&namespace)),
            self.list::<Task>(method::TASKS, Some(&namespace)),
        )?;
        let tasks = by_container(tasks);
        let of = |stored: StoredContainer| {
            let task = tasks.get(&stored.id);
            found(&namespace, stored, task)
        };
        Ok(stored.into_iter().map(of).collect())
    }

    /// The items of a list, in a namespace or of all.
    async fn list<T: Message + Default>(
        &self,
        method: &'static str,
        namespace: Option<&str>,
    ) -> Result<Vec<T>, SourceError> {
        let headers: Vec<_> = namespace.map(|value| (NAMESPACE, value)).into_iter().collect();
        let answer = self.client.bytes_with(method, &(), &headers).await;
        let answer = answer.map_err(|error| self.source_error(&error))?;
        let items = Items::of(answer, ITEMS).map(|item| item.and_then(T::decode));
        items.collect::<Result<_, _>>().map_err(|error| self.source_error(&Error::Garbled(error)))
    }

    pub(super) fn source_error(&self, error: &Error) -> SourceError {
        source_error(self.what(), error, "what listens there is no containerd")
    }
}
