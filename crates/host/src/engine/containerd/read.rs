//! Asks a containerd for its containers and their tasks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use grpc::{Client, Error, Items};
use model::{SourceError, SourceErrorKind};
use prost::bytes::Bytes;
use prost::{DecodeError, Message};

use super::messages::{ITEMS, NAMESPACE, Namespace, StoredContainer, Task, method};
use super::rows::{by_container, found};
use crate::engine::EngineContainer;
use crate::engine::budget::Budget;
use crate::engine::grpc_errors::source_error;
use crate::engine::grpc_items::decode;

/// What other engines have there: Docker's and Kubernetes' containers.
pub(super) const OF_OTHERS: [&str; 2] = ["moby", "k8s.io"];

/// What comes before the ids of the user and the group that root is inside, for a dockerd with
/// `--userns-remap`, as in `moby-100000.100000` (`RemapContainerdNamespaces`, daemon/daemon.go).
const REMAPPED: &str = "moby-";

/// Whether another engine tells of the containers in this namespace.
fn is_of_another(namespace: &str) -> bool {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let ids = namespace.strip_prefix(REMAPPED).and_then(|ids| ids.split_once('.'));
    OF_OTHERS.contains(&namespace) || ids.is_some_and(|(uid, gid)| is_number(uid) && is_number(gid))
}

/// The most namespaces that are asked for their containers.
const MAX_NAMESPACES: usize = 1024;

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
    pub(super) async fn all(&self) -> Result<Vec<EngineContainer>, SourceError> {
        let mut namespaces = Vec::new();
        for namespace in self.list(method::NAMESPACES, None).await? {
            let Namespace { name } = self.item(namespace)?;
            if is_of_another(&name) {
                continue;
            }
            if namespaces.len() == MAX_NAMESPACES {
                let why = format!("it has more than {MAX_NAMESPACES} namespaces");
                return Err(SourceError::new(SourceErrorKind::Unusable, self.what(), why));
            }
            namespaces.push(name);
        }
        // One after the other: what is held of a namespace is counted before the next one is asked for.
        let (mut all, mut budget) = (Vec::new(), Budget::default());
        for namespace in namespaces {
            self.add_namespace(&namespace, &mut all, &mut budget).await?;
        }
        Ok(all)
    }

    /// Adds the containers of a namespace to `all`.
    async fn add_namespace(
        &self,
        namespace: &str,
        all: &mut Vec<EngineContainer>,
        budget: &mut Budget,
    ) -> Result<(), SourceError> {
        let (stored, told) = tokio::try_join!(
            self.list(method::CONTAINERS, Some(namespace)),
            self.list(method::TASKS, Some(namespace)),
        )?;
        let mut tasks = BTreeMap::new();
        for task in told {
            let (container, task) = by_container(self.item(task)?);
            budget.count(self, size_of::<Task>() + 2 * container.len())?;
            tasks.insert(container, task);
        }
        for stored in stored {
            let stored: StoredContainer = self.item(stored)?;
            let task = tasks.get(&stored.id);
            let found = found(namespace, stored, task);
            budget.add(self, &found.row)?;
            all.push(found);
        }
        Ok(())
    }

    /// The items of a list, in a namespace or of all.
    async fn list(
        &self,
        method: &'static str,
        namespace: Option<&str>,
    ) -> Result<Items, SourceError> {
        let headers: Vec<_> = namespace.map(|value| (NAMESPACE, value)).into_iter().collect();
        let answer = self.client.bytes_with(method, &(), &headers).await;
        let answer = answer.map_err(|error| self.source_error(&error))?;
        Ok(Items::of(answer, ITEMS))
    }

    fn item<T: Message + Default>(
        &self,
        item: Result<Bytes, DecodeError>,
    ) -> Result<T, SourceError> {
        let read = item.map_err(Error::Garbled).and_then(decode);
        read.map_err(|error| self.source_error(&error))
    }

    pub(super) fn source_error(&self, error: &Error) -> SourceError {
        source_error(self.what(), error, "what listens there is no containerd")
    }
}
