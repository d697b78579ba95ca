//! What container engines say.

use std::hint::black_box;

use ::grpc::Items;
use host::parsing;
use model::ids::LONGEST_NAME;
use model::snapshot::Container;
use prost::bytes::Bytes;

use crate::is_bounded;

/// A row takes so many bytes of JSON for each that an engine said, where much of it has to be escaped.
const TIMES: usize = 400;

/// Reads a list, an inspection, a network or an event of Docker.
///
/// # Panics
/// What was read is more than what came.
pub fn docker(bytes: &[u8]) {
    let read = parsing::docker(bytes);
    are_rows(&read.rows, bytes);
    are_words(&read.words, bytes);
    for network in &read.networks {
        assert!(network.subnets.iter().all(|subnet| *subnet == subnet.trunc()));
        black_box(&network.endpoints);
    }
    if let Some(id) = read.event {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        assert!(id.0.bytes().all(plain), "an id that would change a URL: {}", id.0);
    }
    let _ = parsing::refusal(bytes);
}

/// Reads a list or an inspection of Podman.
///
/// # Panics
/// As [`docker`].
pub fn podman(bytes: &[u8]) {
    let read = parsing::podman(bytes);
    are_rows(&read.rows, bytes);
    are_words(&read.words, bytes);
}

/// Reads a list, an inspection or a state of Incus or LXD.
///
/// # Panics
/// As [`docker`].
pub fn incus(bytes: &[u8]) {
    let (rows, words) = parsing::incus(bytes);
    are_rows(&rows, bytes);
    are_words(&words, bytes);
}

/// Reads a list, a status or an event of a runtime of Kubernetes.
///
/// # Panics
/// As [`docker`].
pub fn cri(bytes: &[u8]) {
    let (rows, words) = parsing::cri(bytes);
    are_rows(&rows, bytes);
    are_words(&words, bytes);
}

/// Reads a list of containerd.
///
/// # Panics
/// As [`docker`].
pub fn containerd(bytes: &[u8]) {
    let (rows, words) = parsing::containerd(bytes);
    are_rows(&rows, bytes);
    are_words(&words, bytes);
}

/// Reads a runtime's configuration of a container.
///
/// # Panics
/// A process by its number passes for a namespace.
pub fn oci(bytes: &[u8]) {
    let (path, has_own) = parsing::oci_network(bytes);
    let Some(path) = path else { return };
    assert!(has_own && path.is_absolute() && !path.starts_with("/proc"), "{}", path.display());
}

/// Reads what a monitor of LXC answers; as text, the cgroups of a process.
pub fn lxc(bytes: &[u8]) {
    black_box(parsing::lxc_process(bytes));
    black_box(parsing::cgroups("web", &String::from_utf8_lossy(bytes)));
}

/// Reads a file of systemd-machined; as words, how systemd-nspawn was started.
///
/// # Panics
/// What is told does not stand there.
pub fn nspawn(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some((name, leader)) = parsing::nspawn_machine(&text) {
        assert!(leader != 0 && text.contains(&name), "{name}");
    }
    let words: Vec<_> = text.split(['\0', '\n']).map(str::to_owned).collect();
    if let Some(name) = parsing::nspawn_name(&words) {
        assert!(text.contains(&name), "{name}");
    }
}

/// Reads the address of an engine, as a word and as that of a context.
///
/// # Panics
/// What is written is read as another one.
pub fn docker_context(bytes: &[u8]) {
    let word = parsing::docker_address(&String::from_utf8_lossy(bytes));
    for written in [word, parsing::docker_context(bytes)].into_iter().flatten() {
        assert_eq!(parsing::docker_address(&written).as_ref(), Some(&written));
    }
}

/// Reads the items of each field of a message, one at a time.
///
/// # Panics
/// They are more than the message.
pub fn grpc(bytes: &[u8]) {
    let message = Bytes::copy_from_slice(bytes);
    for field in [1, 2, 8, 11] {
        let items = Items::of(message.clone(), field).map_while(Result::ok);
        let held: usize = items.map(|item| item.len()).sum();
        assert!(held <= bytes.len(), "{held} bytes of {}", bytes.len());
    }
}

fn are_rows(rows: &[Container], bytes: &[u8]) {
    for row in rows {
        assert!(row.name.len() <= LONGEST_NAME && row.pid != Some(0), "{row:?}");
    }
    let Ok(text) = serde_json::to_vec(rows) else { panic!("a row cannot be written") };
    is_bounded(text.len(), bytes, TIMES);
    match serde_json::from_slice::<Vec<Container>>(&text) {
        Ok(again) => assert_eq!(again, rows, "they are read as others"),
        Err(error) => panic!("what was written cannot be read: {error}"),
    }
}

fn are_words(words: &[String], bytes: &[u8]) {
    is_bounded(words.iter().map(String::len).sum(), bytes, 4);
}
