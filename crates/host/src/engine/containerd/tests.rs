//! What containerd answers as the engine reads it, from a server that is none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use prost::Message;
use tokio::time::timeout;

use super::messages::{
    Any, NAMESPACE, Namespace, StoredContainer, SubscribeRequest, Task, VersionResponse, method,
};
use super::read::Containerd;
use crate::engine::fake_grpc::{Answer, Call, FakeGrpc};
use crate::engine::{Engine, EngineContainer, Event};

/// `UNIMPLEMENTED` of gRPC.
const UNIMPLEMENTED: u32 = 12;

/// A containerd's containers and their tasks, by namespace.
#[derive(Default)]
struct Kept {
    containers: BTreeMap<String, Vec<StoredContainer>>,
    tasks: BTreeMap<String, Vec<Task>>,
    /// Whether its stream of events ends.
    ends: bool,
}

fn container(id: &str, label: &str, network: &str) -> StoredContainer {
    let labels = [("nerdctl/name".to_owned(), label.to_owned())];
    let spec = format!(r#"{{"linux":{{"namespaces":[{{"type":"pid"}}{network}]}}}}"#);
    StoredContainer {
        id: id.to_owned(),
        labels: labels.into_iter().filter(|(_, label)| !label.is_empty()).collect(),
        spec: Some(Any { value: spec.into() }),
    }
}

fn task(id: &str, pid: u32, status: i32) -> Task {
    Task { container_id: String::new(), id: id.to_owned(), pid, status }
}

impl Kept {
    fn usual() -> Self {
        let own = r#",{"type":"network"}"#;
        let joined = r#",{"type":"network","path":"/run/netns/a"}"#;
        let full = "ab".repeat(32);
        let usual = vec![
            container(&full, "web", joined),
            container("plain", "", own),
            container("host", "", ""),
        ];
        let tasks = vec![task(&full, 4711, 2), task("plain", 4712, 3)];
        let build = vec![container("x", "job", own)];
        let of_docker = vec![container("docker", "", own)];
        let containers = [("default", usual), ("build", build), ("moby", of_docker)];
        Self {
            containers: containers.map(|(name, all)| (name.to_owned(), all)).into(),
            tasks: [("default".to_owned(), tasks)].into(),
            ends: false,
        }
    }

    fn answer(&self, call: &Call) -> Answer {
        let namespace = call.headers.get(NAMESPACE).and_then(|value| value.to_str().ok());
        let namespace = namespace.unwrap_or_default();
        match call.method.as_str() {
            method::NAMESPACES => {
                let names = self.containers.keys().cloned();
                Answer::items(&names.map(|name| Namespace { name }).collect::<Vec<_>>())
            }
            method::CONTAINERS => {
                Answer::items(self.containers.get(namespace).map_or(&[][..], Vec::as_slice))
            }
            method::TASKS => {
                Answer::items(self.tasks.get(namespace).map_or(&[][..], Vec::as_slice))
            }
            method::VERSION => Answer::message(&VersionResponse { version: "2.1".to_owned() }),
            method::EVENTS => {
                let filters = SubscribeRequest::decode(&*call.message).unwrap().filters;
                for topic in ["/tasks/start", "/tasks/exit"] {
                    let own = "namespace!=\"moby\",namespace!=\"k8s.io\"";
                    let filter = format!("topic==\"{topic}\",{own}");
                    assert!(filters.contains(&filter), "{filters:?}");
                }
                let messages = vec![Vec::new()];
                if self.ends { Answer::Messages(messages) } else { Answer::Open(messages) }
            }
            _ => Answer::Refused(UNIMPLEMENTED),
        }
    }
}

fn serve(kept: &Arc<Mutex<Kept>>) -> (Containerd, FakeGrpc) {
    let kept = Arc::clone(kept);
    let server = FakeGrpc::listen(move |call| kept.lock().unwrap().answer(call));
    (Containerd::at(server.socket().to_owned()), server)
}

fn usual() -> (Containerd, FakeGrpc) {
    serve(&Arc::new(Mutex::new(Kept::usual())))
}

fn names(found: &[EngineContainer]) -> Vec<&str> {
    found.iter().map(|found| &*found.row.name).collect()
}

#[tokio::test]
async fn containers_are_called_by_their_labels_and_namespaces_and_those_of_docker_are_not_told() {
    let (containerd, _server) = usual();
    let all = containerd.list().await.unwrap();
    assert_eq!(names(&all), ["build/job", "web", "plain", "host"]);
    let ids: Vec<_> = all.iter().map(|found| found.row.id.0.to_string()).collect();
    assert_eq!(ids, ["x@build", &"ab".repeat(32), "plain@default", "host@default"]);
}

#[tokio::test]
async fn containers_of_a_docker_whose_root_is_remapped_are_not_told_and_those_of_a_like_name_are() {
    let mut kept = Kept::usual();
    for namespace in ["moby-100000.100000", "moby-0.7", "moby-", "moby-mine", "moby-1.x", "moby2"] {
        let own = vec![container("x", "", r#",{"type":"network"}"#)];
        kept.containers.insert(namespace.to_owned(), own);
    }
    let (containerd, _server) = serve(&Arc::new(Mutex::new(kept)));
    let all = containerd.list().await.unwrap();
    let of_moby: Vec<_> = names(&all).into_iter().filter(|name| name.contains("moby")).collect();
    assert_eq!(of_moby, ["moby-/x", "moby-1.x/x", "moby-mine/x", "moby2/x"]);
}

#[tokio::test]
async fn a_container_has_the_process_of_its_task_and_the_namespace_that_it_joins() {
    let (containerd, _server) = usual();
    let web = containerd.inspect("web").await.unwrap().unwrap();
    assert_eq!((web.row.state.as_str(), web.row.pid), ("running", Some(4711)));
    assert_eq!(web.sandbox.unwrap().to_str(), Some("/run/netns/a"));
    let plain = containerd.inspect("plain").await.unwrap().unwrap();
    assert_eq!((plain.row.state.as_str(), plain.row.pid), ("stopped", None));
    assert!(plain.sandbox.is_none());
    let host = containerd.inspect("host@default").await.unwrap().unwrap();
    assert!(host.row.on_host_network());
    assert!(containerd.inspect("docker").await.unwrap().is_none(), "it is Docker's");
}

#[tokio::test]
async fn it_tells_its_version_and_an_older_one_no_id() {
    let (containerd, _server) = usual();
    assert_eq!(containerd.version().await.unwrap(), "2.1");
    assert_eq!(containerd.id().await.unwrap(), None);
    containerd.ping().await.unwrap();
    let server = FakeGrpc::listen(|_| Answer::Messages(vec![b"\x0a\x04uuid".to_vec()]));
    let other = Containerd::at(server.socket().to_owned());
    assert_eq!(other.id().await.unwrap().as_deref(), Some("uuid"));
}

#[tokio::test]
async fn what_is_no_containerd_is_said_to_be_none() {
    let server = FakeGrpc::listen(|_| Answer::Refused(UNIMPLEMENTED));
    let error = Containerd::at(server.socket().to_owned()).list().await.unwrap_err();
    assert!(error.to_string().contains("what listens there is no containerd"), "{error}");
}

#[tokio::test]
async fn each_event_has_the_lists_compared_and_the_end_of_the_stream_is_told() {
    let kept = Arc::new(Mutex::new(Kept { ends: true, ..Kept::usual() }));
    let (containerd, _server) = serve(&kept);
    let mut events = containerd.events().await.unwrap();
    kept.lock().unwrap().tasks.insert("build".to_owned(), vec![task("x", 4713, 2)]);
    let first = timeout(Duration::from_secs(20), events.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(first, Event::Changed(model::ids::ContainerId("x@build".into())));
    let end = timeout(Duration::from_secs(20), events.next()).await.unwrap().unwrap();
    assert!(end.unwrap_err().to_string().contains("stream of events ended"));
}

/// A list in which each item takes two bytes, and much more where it is held.
fn many_empty_items() -> Vec<u8> {
    b"\x0a\x00".repeat(1 << 20)
}

#[tokio::test]
async fn a_list_that_is_longer_than_any_is_refused() {
    let labels = (0..800_000).map(|i: u32| (i.to_string(), String::new())).collect();
    let mut one = Vec::new();
    let labelled = StoredContainer { labels, ..StoredContainer::default() };
    prost::encoding::message::encode(1, &labelled, &mut one);
    for (listed, told, why) in [
        (method::NAMESPACES, many_empty_items(), "more than 1024 namespaces"),
        (method::CONTAINERS, many_empty_items(), "take more than 32 MiB"),
        (method::TASKS, many_empty_items(), "take more than 32 MiB"),
        (method::CONTAINERS, one, "of one container takes more than 4 MiB"),
    ] {
        let server = FakeGrpc::listen(move |call| match call.method.as_str() {
            method if method == listed => Answer::Messages(vec![told.clone()]),
            method::NAMESPACES => Answer::items(&[Namespace { name: "n".to_owned() }]),
            _ => Answer::items(&[] as &[Task]),
        });
        let error = Containerd::at(server.socket().to_owned()).list().await.unwrap_err();
        assert!(error.to_string().contains(why), "{listed}: {error}");
    }
}
