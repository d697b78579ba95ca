//! The shape of the v1 objects as JSON Schema, draft 2020-12, derived from the types.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

use super::{
    Attachment, Bridge, Check, CountedPort, Error, Event, Explanation, FdbEntry, FleetAttachment,
    FleetEvent, FleetHost, FleetMatch, FleetPort, FleetStatus, Flow, FlowChange, Health, History,
    Match, Mesh, MeshBlock, Orphan, Owed, Port, PortRates, Restored, Source, Trace, Version,
    Wiring,
};

/// The schema of every v1 object and of what it is made of, by name. References begin with
/// `at`, the path of this map in its document, as in `/$defs`.
pub fn definitions(at: &str) -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.with(|all| all.definitions_path = at.to_owned().into()).into();
    printed(&mut generator);
    generator.take_definitions(true)
}

/// Those that a verb prints or the daemon answers; the others are parts of them.
fn printed(generator: &mut SchemaGenerator) {
    generator.subschema_for::<Attachment>();
    generator.subschema_for::<Bridge>();
    generator.subschema_for::<Check>();
    generator.subschema_for::<CountedPort>();
    generator.subschema_for::<Error>();
    generator.subschema_for::<Event>();
    generator.subschema_for::<Explanation>();
    generator.subschema_for::<FdbEntry>();
    generator.subschema_for::<FleetAttachment>();
    generator.subschema_for::<FleetEvent>();
    generator.subschema_for::<FleetHost>();
    generator.subschema_for::<FleetMatch>();
    generator.subschema_for::<FleetPort>();
    generator.subschema_for::<FleetStatus>();
    generator.subschema_for::<Flow>();
    generator.subschema_for::<FlowChange>();
    generator.subschema_for::<Health>();
    generator.subschema_for::<History>();
    generator.subschema_for::<Match>();
    generator.subschema_for::<Mesh>();
    generator.subschema_for::<MeshBlock>();
    generator.subschema_for::<Orphan>();
    generator.subschema_for::<Owed>();
    generator.subschema_for::<Port>();
    generator.subschema_for::<PortRates>();
    generator.subschema_for::<Restored>();
    generator.subschema_for::<Source>();
    generator.subschema_for::<Trace>();
    generator.subschema_for::<Version>();
    generator.subschema_for::<Wiring>();
}
