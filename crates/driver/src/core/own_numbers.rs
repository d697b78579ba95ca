//! Numbers that are an endpoint's own, and that another one has: given back once they are free.

use std::collections::BTreeSet;

use model::endpoint_record::EndpointRecord;
use model::numbers::NumberOwner;
use model::plan::endpoint::{is_misnumbered, own_number, park, waits_for};
use model::switch::{Bridge, Port};

use super::new_endpoints::EndpointKey;
use super::{Driver, TRIES, View};
use crate::DriverError;

impl Driver {
    /// Gives those whose name is known the number that is their own, once it is free. Where each of
    /// several has another's, one makes way.
    pub(super) async fn give_numbers_back(&self) -> Result<(), DriverError> {
        for _ in 0..TRIES {
            let view = self.open().await?;
            let misplaced = misnumbered(&view);
            let movable: Vec<_> = misplaced.iter().filter(|one| one.is_movable()).collect();
            if let Some(stuck) = in_the_way(&misplaced).filter(|_| movable.is_empty()) {
                self.make_way(&stuck.record).await?;
                continue;
            }
            if movable.is_empty() {
                return Ok(());
            }
            for one in movable {
                let made = EndpointKey::new(&one.record.network, &one.record.endpoint);
                self.note_endpoint(&made, false, &EndpointRecord::clone).await?;
            }
        }
        Ok(())
    }

    /// Moves an endpoint to a number that is free.
    async fn make_way(&self, was: &EndpointRecord) -> Result<(), DriverError> {
        let _turn = self.in_flight.turn(&was.endpoint).await;
        let mut view = self.open().await?;
        let Some((bridge, port, record)) = view.endpoint(&was.network, &was.endpoint) else {
            return Ok(());
        };
        let reserved = self.in_flight.numbers(&bridge.name);
        let Some(plan) = park(&view.bridges, bridge, port, &record, &reserved) else {
            return Ok(());
        };
        match view.carry_out(&plan).await {
            Err(error) if !error.has_changed() => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// An endpoint that has another number than its own.
pub(super) struct Misnumbered<'a> {
    bridge: &'a Bridge,
    port: &'a Port,
    pub(super) record: EndpointRecord,
    owner: NumberOwner,
}

impl Misnumbered<'_> {
    /// Whether its own number is free.
    fn is_movable(&self) -> bool {
        own_number(self.bridge, self.port, &self.owner, &BTreeSet::new()).is_some()
    }
}

pub(super) fn misnumbered(view: &View) -> Vec<Misnumbered<'_>> {
    let all = view.endpoint_ports().filter_map(|(bridge, port, record)| {
        let owner = owner(&record, port);
        let is_free = record.name.is_some() && !record.is_number_asked_for;
        (is_free && is_misnumbered(bridge, port, &owner)).then_some(Misnumbered {
            bridge,
            port,
            record,
            owner,
        })
    });
    all.collect()
}

/// One that has the number which another one waits for.
fn in_the_way<'a>(all: &'a [Misnumbered<'a>]) -> Option<&'a Misnumbered<'a>> {
    all.iter().find(|holder| {
        let waits = |other: &Misnumbered<'_>| {
            other.bridge.name == holder.bridge.name
                && other.record.endpoint != holder.record.endpoint
                && waits_for(other.bridge, &other.owner, holder.port)
        };
        all.iter().any(waits)
    })
}

pub(super) fn owner(record: &EndpointRecord, port: &Port) -> NumberOwner {
    let vlans = crate::options::Vlans { tag: port.tag, trunks: port.trunks.clone() };
    NumberOwner {
        network: record.network.clone(),
        network_name: record.network_name.clone(),
        vlans: vlans.to_string(),
        name: record.name.clone(),
        mac: None,
        derived: None,
        address: record.addresses.first().map(|cidr| cidr.ip),
        used: host::now() / 1000,
        former: None,
    }
}
