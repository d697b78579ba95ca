//! What stands in `external_ids`.

use std::collections::BTreeMap;

use model::endpoint_record::EndpointRecord;
use model::port_record::PortRecord;
use model::switch::{Bridge, Port};
use model::{address_pool, memory, numbers};

/// Reads a line `KEY=VALUE` each as the `external_ids` of a port, of a bridge and of the switch.
///
/// # Panics
/// What is written of a record is read as another one.
pub fn records(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let ids: BTreeMap<_, _> =
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    if let Some(record) = EndpointRecord::read(&ids) {
        assert_eq!(EndpointRecord::read(&record.external_ids()), Some(record));
    }
    if let Some(record) = PortRecord::read(&ids) {
        let ids = record.external_ids();
        let again = PortRecord::read(&ids).map(|record| record.external_ids());
        assert_eq!(again, Some(ids));
    }
    let bridge = Bridge { external_ids: ids.clone(), ..Bridge::default() };
    of_bridge(&bridge);
    for pool in address_pool::of(&ids).values() {
        let free = pool.next_free(&std::collections::BTreeSet::new());
        assert!(free.is_none_or(|ip| pool.record.subnet.contains(&ip)), "{free:?}");
        let block = |place: u32| pool.record.block(place);
        assert!(pool.blocks.iter().all(|place| {
            block(*place).is_none_or(|block| pool.record.subnet.contains(&block))
        }));
        let mut written = BTreeMap::new();
        pool.record.written_as(&pool.id).apply(&mut written);
        let again = address_pool::of(&written).remove(&pool.id).map(|pool| pool.record);
        assert_eq!(again.as_ref(), Some(&pool.record));
    }
    let (networks, _) = driver::parsing::recorded_on(&bridge);
    assert_eq!(driver::parsing::written_and_read(&networks), networks);
}

/// What a bridge remembers: ports, and whose numbers are.
fn of_bridge(bridge: &Bridge) {
    for (_, port) in memory::of(bridge) {
        let Some((key, value)) = memory::written(&port) else { continue };
        let remembered = BTreeMap::from([(key, value)]);
        let written = Bridge { external_ids: remembered, ..Bridge::default() };
        let again: Vec<Port> = memory::of(&written).map(|(_, port)| port).collect();
        assert_eq!(again, [port], "a port is remembered as another one");
    }
    for (ofport, owner) in numbers::of(bridge) {
        let change = numbers::keep(&Bridge::default(), ofport, &owner);
        let mut written = Bridge::default();
        change.apply(&mut written.external_ids);
        let again: Vec<_> =
            numbers::of(&written).map(|(ofport, owner)| (ofport, owner.name)).collect();
        assert_eq!(again, [(ofport, owner.name)], "a number is another one's");
    }
}
