//! What a cluster of etcd answers, and what other hosts write there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ::etcd::{Event, KeyValue, parsing};
use ::fleet::keys::{Key, Keys, is_name, name_of};
use ::fleet::mesh::MeshRecord;
use ::fleet::{HostRecord, Machine, decode, encode, id_of};
use model::address_pool::{self, Pool, PoolRecord};
use prost::bytes::Bytes;
use serde::Serialize;

/// As many keys as are asked for at once.
const PAGE: usize = 1000;

/// Reads an answer of a member: keys, changes, and what it says of a lease or of itself.
///
/// # Panics
/// What was read is more than what came.
pub fn etcd(bytes: &[u8]) {
    for most in [1, PAGE] {
        let keys = parsing::keys_in(bytes, most);
        assert!(keys.len() <= most);
        holds(keys.iter(), bytes);
    }
    for events in parsing::changes_in(bytes) {
        assert!(events.len() <= PAGE);
        let rows = events.iter().filter_map(|event| match event {
            Event::Put(row) => Some(row),
            Event::Deleted { .. } => None,
        });
        holds(rows, bytes);
    }
    std::hint::black_box(parsing::others_in(bytes));
    if let Ok(endpoint) = String::from_utf8_lossy(bytes).parse::<::etcd::Endpoint>() {
        assert_eq!(endpoint.to_string().parse().ok(), Some(endpoint));
    }
}

fn holds<'k>(rows: impl Iterator<Item = &'k KeyValue>, bytes: &[u8]) {
    let held: usize = rows.map(|row| row.key.len() + row.value.len()).sum();
    assert!(held <= bytes.len(), "{held} bytes of {}", bytes.len());
}

/// A pool of addresses of a network in a mesh.
static POOL: LazyLock<Option<Pool>> = LazyLock::new(|| {
    let record = PoolRecord::new("192.0.2.0/24".parse().ok()?, None, 1);
    let mut ids = BTreeMap::new();
    record.written_as("p").apply(&mut ids);
    address_pool::of(&ids).remove("p")
});

/// Reads a value that another host wrote, as each kind of record, and a key.
///
/// # Panics
/// What is written of it is read as something else.
pub fn fleet(bytes: &[u8]) {
    if let Ok(row) = decode(bytes)
        && let Some(text) = encode(&row)
    {
        // What follows from the rest is left out once, and then nothing more.
        let again = decode(text.as_bytes()).ok().and_then(|row| encode(&row));
        assert_eq!(again.as_ref(), Some(&text));
        assert!(id_of(&row).len() <= ::fleet::keys::LONGEST_ID);
    }
    is_written_alike(HostRecord::read(bytes), HostRecord::read);
    is_written_alike(Machine::read(bytes), Machine::read);
    is_written_alike(MeshRecord::read(bytes), MeshRecord::read);
    assert!(is_name(&name_of(&String::from_utf8_lossy(bytes))));
    let keys = Keys::new("f");
    if let Some(key) = keys.read(bytes) {
        assert_eq!(written(&keys, &key).as_bytes(), bytes, "a key is read as another one");
    }
    if let Some(pool) = &*POOL {
        let row = |key: &[u8], value: &[u8]| KeyValue {
            key: Bytes::copy_from_slice(key),
            value: Bytes::copy_from_slice(value),
            create_revision: 1,
            mod_revision: 1,
            lease: 0,
        };
        let (_, host) = ::fleet::parsing::holder(
            &keys,
            pool,
            &row(b"/docker-ovs/v1/f/blocks/blue/192.0.2.0-24/7", bytes),
        )
        .unwrap_or_default();
        assert!(host.is_empty() || is_name(&host));
        let _ = ::fleet::parsing::holder(&keys, pool, &row(bytes, b"a"));
    }
}

/// What defaults add to a record may make it longer than a reader takes.
const LONGEST: usize = 64 << 10;

fn is_written_alike<T: PartialEq + std::fmt::Debug + Serialize>(
    record: Result<T, String>,
    read: impl Fn(&[u8]) -> Result<T, String>,
) {
    let Ok(record) = record else { return };
    let Ok(text) = serde_json::to_vec(&record) else { panic!("{record:?} cannot be written") };
    if text.len() <= LONGEST {
        assert_eq!(read(&text), Ok(record));
    }
}

fn written(keys: &Keys, key: &Key<'_>) -> String {
    match key {
        Key::Host(host) => keys.host(host),
        Key::Alive(host) => keys.alive(host),
        Key::Row(host, id) => keys.row(host, id),
        Key::Number(number) => keys.number(*number),
        Key::Mesh(mesh) => keys.mesh(mesh),
        Key::Block(mesh, subnet, place) => keys.block(mesh, subnet, *place),
        Key::BlockMachine(mesh, subnet, place) => keys.block_machine(mesh, subnet, *place),
    }
}
