//! A Snapshot that can be shown to strangers: the structure stays, the words go.
//!
//! Every name, id and address is replaced by a made-up one, the same everywhere it occurs,
//! so that the same Wiring follows. Numbers that matter (ports, indexes, VLANs) stay, and words of
//! programs: kinds of links and ports, states, and keys that are known in `external_ids`.

mod masks;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::identity::{SourceIdentity, World};
use crate::ids::ContainerId;
use crate::snapshot::{Container, EngineName, Link, Namespace, Observed, Snapshot};
use crate::source_error::SourceError;
use crate::switch::{Bridge, Port};

use masks::Masks;
use words::{is_number, is_number_key, known_key, known_label, known_or};

/// Keys of `external_ids` whose values are names that are joined, as kube-ovn does it.
const NAMES_JOINED: [&str; 3] = ["iface-id", "pod_name", "pod_namespace"];

/// Instead of a text that only people read.
const HIDDEN: &str = "hidden";

/// Hides names, addresses, labels, and whatever else the host's people chose.
pub fn anonymise(snapshot: &Snapshot) -> Snapshot {
    let mut masks = Masks::default();
    let mut hidden = snapshot.clone();
    hidden.host = "host".to_owned();
    // Ids first: words in `external_ids` are recognised by them.
    hidden.engines = engines(&mut masks, std::mem::take(&mut hidden.engines));
    hidden.named_engines = hidden.named_engines.iter().map(|name| masks.engine(name)).collect();
    let identities = &mut hidden.identities;
    identities.engines = engines(&mut masks, std::mem::take(&mut identities.engines));
    let switch = [&mut identities.vswitchd, &mut identities.database];
    for identity in switch.into_iter().flatten() {
        masks.identity(identity, Masks::id);
    }
    for identity in identities.engines.values_mut() {
        masks.identity(identity, Masks::engine_id);
        identity.user = identity.user.map(|user| user.min(1));
    }
    for rows in hidden.engines.values_mut() {
        rows.rows_mut().iter_mut().for_each(|row| masks.container(row));
        hide_source_error(rows);
    }
    hidden.other_engines.clear();
    hidden.kernel.rows_mut().iter_mut().for_each(|row| masks.namespace(row));
    hide_source_error(&mut hidden.kernel);
    for rows in hidden.switch.values_mut() {
        rows.rows_mut().iter_mut().for_each(|row| masks.bridge(row));
        hide_source_error(rows);
    }
    hidden
}

fn engines<T>(masks: &mut Masks, by_engine: BTreeMap<EngineName, T>) -> BTreeMap<EngineName, T> {
    by_engine.into_iter().map(|(engine, rows)| (masks.engine(&engine), rows)).collect()
}

impl Masks {
    fn identity(
        &mut self,
        identity: &mut SourceIdentity,
        mask: impl Fn(&mut Self, &str) -> String,
    ) {
        identity.id = identity.id.take().map(|id| mask(self, &id));
        identity.pid = None;
        match &mut identity.world {
            World::Here { evidence: text }
            | World::Elsewhere { why: text }
            | World::Unknown { why: text } => HIDDEN.clone_into(text),
        }
    }

    fn container(&mut self, row: &mut Container) {
        row.id = ContainerId(self.id(&row.id.0).into());
        row.name = self.name(&row.name, "container").into();
        row.state = known_or(&words::STATES, &row.state, HIDDEN);
        if let Some(other) = row.network_mode.strip_prefix("container:") {
            row.network_mode = format!("container:{}", self.id(other));
        } else if !matches!(row.network_mode.as_str(), "host" | "none" | "bridge" | "default") {
            row.network_mode = self.name(&row.network_mode, "network");
        }
        let labels = std::mem::take(&mut row.labels).into_iter().enumerate();
        row.labels = labels
            .map(|(i, (label, value))| {
                if known_label(&label) {
                    let masked = self.value(&label, value);
                    (label, masked)
                } else {
                    (format!("label{i}"), String::new())
                }
            })
            .collect();
        row.netns_error.iter_mut().for_each(mask_source_error);
        row.sandbox.iter_mut().for_each(|sandbox| HIDDEN.clone_into(&mut sandbox.key));
    }

    fn namespace(&mut self, row: &mut Namespace) {
        row.names.iter_mut().for_each(|name| *name = self.name(name, "netns"));
        row.process.iter_mut().for_each(|process| process.name = HIDDEN.into());
        row.paths.iter_mut().for_each(|path| *path = self.word(path));
        row.links.iter_mut().for_each(|link| self.link(Arc::make_mut(link)));
        row.source_error.iter_mut().for_each(mask_source_error);
    }

    /// Every field is named, so that none that is new is passed over.
    fn link(&mut self, link: &mut Link) {
        let Link {
            ifindex: _,
            name,
            kind,
            ethernet: _,
            mac,
            addresses,
            tentative,
            mtu: _,
            up: _,
            no_arp: _,
            peer: _,
            underlays: _,
            master: _,
            vlan: _,
            vlan_protocol: _,
            vlan_filtering: _,
            alias,
            altnames,
            tx_checksum_offload: _,
            gateways,
        } = link;
        *name = self.interface(name).into();
        for name in altnames.iter_mut() {
            *name = self.interface(name).into();
        }
        *kind = kind.take().map(|kind| known_or(&words::LINK_KINDS, &kind, "other"));
        *alias = alias.take().and_then(|alias| self.alias(&alias));
        *mac = mac.map(|mac| self.mac(mac));
        for cidr in addresses.iter_mut() {
            *cidr = self.cidr(*cidr);
        }
        for ip in tentative {
            *ip = self.ip(*ip);
        }
        gateways.iter_mut().flatten().for_each(|ip| *ip = self.ip(*ip));
    }

    fn bridge(&mut self, row: &mut Bridge) {
        row.name = self.interface(&row.name).into();
        row.datapath_id = row.datapath_id.map(|id| self.datapath(id));
        let datapath = row.datapath.take();
        row.datapath = datapath.map(|kind| known_or(&["system", "netdev"], &kind, "other"));
        let mode = row.fail_mode.take();
        row.fail_mode = mode.map(|mode| known_or(&["secure", "standalone"], &mode, "other"));
        row.external_ids.clear();
        for fake in &mut row.fake_bridges {
            fake.name = self.interface(&fake.name).into();
        }
        row.ports.iter_mut().for_each(|port| self.port(Arc::make_mut(port)));
    }

    fn port(&mut self, port: &mut Port) {
        port.iface = self.interface(&port.iface).into();
        port.mac = port.mac.map(|mac| self.mac(mac));
        port.configured_mac = port.configured_mac.map(|mac| self.mac(mac));
        port.kind = words::port_kind(&port.kind);
        let mode = port.vlan_mode.take();
        port.vlan_mode = mode.map(|mode| known_or(&words::VLAN_MODES, &mode, "other"));
        port.bond = port.bond.take().map(|name| self.interface(&name));
        port.port_name = port.port_name.take().map(|name| self.interface(&name).into());
        port.error = port.error.take().map(|_| HIDDEN.to_owned());
        for words in [&mut port.options, &mut port.external_ids, &mut port.port_external_ids] {
            *words = self.pairs(std::mem::take(words));
        }
    }

    /// What stands at a key that is known: digits stay where that has a number.
    fn value(&mut self, key: &str, value: String) -> String {
        if is_number_key(key) && is_number(&value) { value } else { self.word(&value) }
    }

    /// A key that is not known is a word of the host's, and so is all that stands there.
    fn pairs(&mut self, pairs: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let masked = pairs.into_iter().enumerate().map(|(i, (key, value))| match key.as_str() {
            "docker-ovs.engine" => (key, self.engine_kind(&value)),
            "docker-ovs.engine-id" => (key, self.engine_id(&value)),
            joined if NAMES_JOINED.contains(&joined) => (key, self.parts(&value)),
            known if known_key(known) => {
                let masked = self.value(known, value);
                (key, masked)
            }
            _ => (format!("key{i}"), HIDDEN.to_owned()),
        });
        masked.collect()
    }
}

fn hide_source_error<T>(rows: &mut Observed<T>) {
    match rows {
        Observed::Fresh { .. } => {}
        Observed::Partial { why, .. } | Observed::Stale { why, .. } | Observed::Absent { why } => {
            mask_source_error(why);
        }
    }
}

fn mask_source_error(source_error: &mut SourceError) {
    HIDDEN.clone_into(&mut source_error.what);
    HIDDEN.clone_into(&mut source_error.why);
    source_error.hint = String::new();
}
