//! The rows of a port as they were read, and the operations by which a transaction makes sure that
//! they still are so.

use std::collections::BTreeMap;
use std::time::Duration;

use model::ids::Ifindex;
use model::switch::{OfPortState, Port};
use model::{SourceError, SourceErrorKind};
use ovsdb::{Map, Mutator, Opaque, Operation, Optional, Row, Select, Set, Until, Uuid};
use ovsdb::{RowSelector, VSWITCH, Value};
use serde::Deserialize;

use super::read::Database;

/// A row with all its columns.
pub(super) type Columns = BTreeMap<String, Opaque>;

/// The rows of a port as they were read: an Interface, and the Port that holds it.
pub(super) struct ExistingPort {
    pub(super) interface: Uuid,
    pub(super) port: Uuid,
    /// How many Interfaces the Port holds.
    pub(super) members: usize,
    /// Of the Interface, what tells it from another one that came in its place: columns and values.
    columns: Vec<&'static str>,
    identity: Vec<(&'static str, Opaque)>,
    /// The Interfaces of the Port.
    interfaces: Opaque,
}

/// What tells an Interface from another one that came in its place: beside its id, whose it is,
/// and which link it has. An old schema may lack some of them.
const IDENTITY: &[&str] = &["name", "external_ids", "ofport", "ifindex"];
/// The same of a row that this very plan made: vswitchd writes its number and its link at any
/// moment.
const OWN_IDENTITY: &[&str] = &["name", "external_ids"];

#[derive(Deserialize)]
struct PortIdentityRow {
    #[serde(rename = "_uuid")]
    id: Uuid,
    external_ids: Map<String, String>,
    ofport: Optional<i64>,
    #[serde(default)]
    ifindex: Optional<u32>,
}

impl PortIdentityRow {
    /// Whether it is as a look saw it.
    fn is(&self, port: &Port) -> bool {
        let ifindex = self.ifindex.0.filter(|index| *index != 0).map(Ifindex);
        self.external_ids.0 == port.external_ids
            && OfPortState::from_column(self.ofport.0) == port.ofport
            // vswitchd may take a moment to notice that the link is gone.
            && (ifindex.is_none() || ifindex == port.ifindex)
    }
}

#[derive(Deserialize)]
struct Holder {
    #[serde(rename = "_uuid")]
    id: Uuid,
    interfaces: Set<Uuid>,
}

impl Database {
    /// Finds the rows of a port as it was seen, with all their columns. What this very plan made
    /// need not be as the plan says: it has got a number since.
    pub(super) async fn find(
        &mut self,
        port: &Port,
        is_own: bool,
    ) -> Result<(ExistingPort, (Columns, Columns)), SourceError> {
        let name: &str = &port.iface;
        let read = self.rows_of(name).await;
        let found = read.map_err(|error| self.source_error(&error))?;
        let (whole, known, (of_port, holder)) = found.ok_or_else(|| gone(name, "it is gone"))?;
        let same = known.is(port) || (is_own && known.external_ids.0 == port.external_ids);
        let told_apart_by = if is_own { OWN_IDENTITY } else { IDENTITY };
        let identity =
            told_apart_by.iter().filter_map(|column| Some((*column, whole.get(*column)?.clone())));
        let identity: Vec<_> = identity.collect();
        let interfaces = of_port.get("interfaces").cloned();
        let (Some(interfaces), true) = (interfaces, same) else {
            return Err(gone(name, "it changed meanwhile"));
        };
        let members = holder.interfaces.len();
        let interface = known.id;
        let port = holder.id;
        let columns = identity.iter().map(|(column, _)| *column).collect();
        let existing = ExistingPort { interface, port, members, columns, identity, interfaces };
        Ok((existing, (whole, of_port)))
    }

    async fn rows_of(
        &mut self,
        name: &str,
    ) -> Result<Option<(Columns, PortIdentityRow, (Columns, Holder))>, ovsdb::Error> {
        let answer = loop {
            let known = self.columns.requested.of_interface(&[
                "_uuid",
                "external_ids",
                "ofport",
                "ifindex",
            ]);
            let selects = [
                Select::new("Interface", &[]).equal("name", name),
                Select::new("Interface", &known).equal("name", name),
            ];
            let answer = self.client.transact(VSWITCH, &selects).await;
            if !self.columns.drops_unknown(&mut self.client, &answer).await {
                break answer?;
            }
        };
        let (whole, known): (Vec<Columns>, Vec<PortIdentityRow>) =
            (answer.rows(0)?, answer.rows(1)?);
        let Some((whole, known)) = whole.into_iter().zip(known).next() else { return Ok(None) };
        let holding = |columns| Select::new("Port", columns).includes("interfaces", known.id);
        let selects = [holding(&[]), holding(&["_uuid", "interfaces"])];
        let answer = self.client.transact(VSWITCH, &selects).await?;
        let (ports, holders): (Vec<Columns>, Vec<Holder>) = (answer.rows(0)?, answer.rows(1)?);
        Ok(ports.into_iter().zip(holders).next().map(|holder| (whole, known, holder)))
    }
}

fn gone(name: &str, why: &str) -> SourceError {
    SourceError::new(SourceErrorKind::Gone, format!("port {name}"), why).hint("ask again")
}

/// Has the transaction fail unless the rows `which` are just these now.
pub(super) fn guard<'a>(
    which: RowSelector<'a>,
    columns: &'a [&'a str],
    rows: Vec<Row<'a>>,
) -> Operation<'a> {
    Operation::Wait { which, columns, until: Until::Are, rows, timeout: 0 }
}

/// Waits until a column of the rows `which` is not just this value any more.
pub(super) fn until_not<'a>(
    which: RowSelector<'a>,
    column: &'a [&'a str; 1],
    value: Value<'a>,
    timeout: Duration,
) -> Operation<'a> {
    let [name] = column;
    Operation::Wait {
        which,
        columns: column,
        until: Until::AreNot,
        rows: vec![vec![(*name, value)]],
        timeout: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
    }
}

impl ExistingPort {
    /// The same, if the Port holds nothing else.
    pub(super) fn single(self, port: &Port) -> Result<Self, SourceError> {
        if self.members == 1 {
            Ok(self)
        } else {
            Err(gone(&port.iface, "it is a member of a bond now"))
        }
    }

    /// It must still be the row that was read, on the bridge where it was seen.
    pub(super) fn guards<'a>(&'a self, bridge: &'a str) -> [Operation<'a>; 3] {
        let same = self.identity.iter().map(|(column, value)| (*column, Value::Same(value)));
        let holder = vec![("interfaces", Value::Same(&self.interfaces))];
        let on = RowSelector::all("Bridge").equal("name", bridge).includes("ports", self.port);
        [
            guard(
                RowSelector::all("Interface").equal("_uuid", self.interface),
                &self.columns,
                vec![same.collect()],
            ),
            guard(
                RowSelector::all("Port").equal("_uuid", self.port),
                &["interfaces"],
                vec![holder],
            ),
            guard(on, &["name"], vec![vec![("name", Value::from(bridge))]]),
        ]
    }

    pub(super) fn removal<'a>(&self, bridge: &'a str) -> Operation<'a> {
        Operation::Mutate {
            which: RowSelector::all("Bridge").equal("name", bridge),
            column: "ports",
            mutator: Mutator::Delete,
            value: self.port.into(),
        }
    }
}
