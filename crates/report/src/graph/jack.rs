//! One port: what its jack looks like.

use model::ids::OfPort;
use model::vlan;

use super::escape::slug;
use super::geometry::{Area, Point};
use crate::v1::vlan::{HasVlans, VlanFields, vlans};
use crate::v1::{Occupant, PortState, VlanMode};

/// A port, as a jack on the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jack {
    /// Unique in the picture and the same in the next one, also when the container on it was restarted: letters,
    /// digits, `_` and `-`.
    pub id: String,
    /// Whose interface is on it, the same whatever its container is called: letters, digits, `_` and `-`. None where
    /// that is not one container's, or is not known by an id.
    pub owner: Option<String>,
    /// Name of the interface on the bridge.
    pub port: String,
    /// Its OpenFlow port; none unless it is a real number.
    pub number: Option<u16>,
    /// How far vswitchd is with it.
    pub state: PortState,
    /// What is on it.
    pub occupant: Occupant,
    /// The same in words, with names.
    pub who: String,
    /// Its access or native VLAN, or the VLAN of a tunnel, as its `tag` says.
    pub vlan: Option<u16>,
    /// What it does with tags; none where the source does not tell.
    pub vlan_mode: Option<VlanMode>,
    /// Trunked VLANs.
    pub trunks: Vec<u16>,
    /// The customers' VLANs of a tunnel.
    pub cvlans: Vec<u16>,
    /// The fake bridge it is on.
    pub fake_bridge: Option<String>,
    /// Name of the other end, for a patch.
    pub peer: Option<String>,
    /// Remote end, for a tunnel.
    pub remote: Option<String>,
    /// Hardware address of the port.
    pub mac: Option<String>,
    /// What is plugged in.
    pub plugs: Vec<JackLink>,
    /// What it is, in one line.
    pub caption: String,
    /// What is written beneath.
    pub lines: Vec<Line>,
    /// What there is to say that may not fit beneath.
    pub details: Vec<String>,
    /// How it is known who is on it: a line for each step.
    pub evidence: Vec<String>,
    /// Where it is, with its number and its lines.
    pub area: Area,
    /// The middle of the lower edge of its socket.
    pub socket: Point,
    /// How far its lines hang below the socket.
    pub drop: u32,
}

/// A link that is on a jack.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct JackLink {
    /// The containers that have it, joined by `+`; its namespace if there is none.
    pub who: String,
    /// Their names, one by one.
    pub tenants: Vec<String>,
    /// Who runs them, each once.
    pub engines: Vec<String>,
    /// Name of the link there.
    pub interface: String,
    /// Its namespace.
    pub netns: String,
    /// Its hardware address.
    pub mac: Option<String>,
    /// Its addresses with prefix length.
    pub addresses: Vec<String>,
}

/// A line beneath a jack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it is written.
    pub ink: Ink,
    /// Its text in full.
    pub text: String,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// A name.
    Strong,
    /// What belongs to it.
    Plain,
    /// What is only looked up.
    Faint,
    /// What is wrong.
    Alarm,
}

impl Ink {
    /// What the style sheet knows it by.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Plain => "plain",
            Self::Faint => "soft",
            Self::Alarm => "alarm",
        }
    }
}

/// How badly a port needs a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alert {
    /// No packet comes through, now or for all that is known.
    Warn,
    /// vswitchd could not make it.
    Fail,
}

impl HasVlans for Jack {
    fn vlan_fields(&self) -> VlanFields {
        let trunks = self.trunks.clone();
        let cvlans = self.cvlans.clone();
        VlanFields { vlan: self.vlan, mode: self.vlan_mode, trunks, cvlans }
    }
}

impl Jack {
    /// The number as `ovs-ofctl` shows it; the state where there is none.
    pub fn label(&self) -> String {
        match self.number {
            Some(n) if n == OfPort::LOCAL.0 => "LOCAL".to_owned(),
            Some(n) => n.to_string(),
            None => self.state.to_string(),
        }
    }

    /// What the strip above the lines says: what is wrong, else the VLAN, else what it is.
    pub fn strip(&self) -> String {
        match (self.state, self.occupant, self.vlans()) {
            (PortState::On, Occupant::Orphaned, _) => Occupant::Orphaned.to_string(),
            (PortState::On, _, Some(vlans)) => vlans,
            (PortState::On, occupant, None) => occupant.to_string(),
            (state, ..) => state.to_string(),
        }
    }

    /// Its VLANs in words, where some are set.
    pub fn vlans(&self) -> Option<String> {
        match self.vlan_mode? {
            VlanMode::Access => self.own_vlan().map(|tag| format!("VLAN {tag}")),
            VlanMode::Trunk if self.trunks.is_empty() => None,
            _ => Some(vlans(self)),
        }
    }

    /// Its access or native VLAN, or the VLAN of a tunnel: 0 where a port of such a mode has no `tag`, as Open
    /// vSwitch reads it.
    pub(super) fn own_vlan(&self) -> Option<u16> {
        match self.vlan_mode {
            None | Some(VlanMode::Trunk) => self.vlan,
            Some(_) => Some(self.vlan.unwrap_or(0)),
        }
    }

    /// What it is called in a word or two: who is on it, or the interface.
    pub fn name(&self) -> String {
        let who: Vec<_> = self.plugs.iter().map(|plug| plug.who.as_str()).collect();
        if who.is_empty() { self.port.clone() } else { who.join(" ") }
    }

    /// How it is, in a word: what is wrong with it, else what is on it.
    pub fn condition(&self) -> String {
        match self.state {
            PortState::On => self.occupant.to_string(),
            state => state.to_string(),
        }
    }

    /// Its VLANs as tables have them, `10` or `trunk 10,20`; empty where none is set.
    pub(super) fn vlan_cell(&self) -> String {
        if self.vlans().is_some() { vlans(self) } else { String::new() }
    }

    /// The VLANs that it carries and names, its own first. Those of a tunnel's customers are no VLANs of the bridge.
    pub fn tags(&self) -> Vec<u16> {
        self.own_vlan().iter().chain(&self.trunks).copied().collect()
    }

    /// Whether it carries every VLAN beside its own. That one without any setting does so, too, is true of most
    /// ports, and says nothing of them.
    pub fn carries_all(&self) -> bool {
        let is_trunk = |mode| vlan::VlanMode::from(mode).is_trunk();
        self.trunks.is_empty() && self.vlans().is_some() && self.vlan_mode.is_some_and(is_trunk)
    }

    /// What is wrong with it, if anything.
    pub(super) fn alert(&self) -> Option<Alert> {
        match (self.state, self.occupant) {
            (PortState::Failed, _) => Some(Alert::Fail),
            (PortState::Pending, _) | (PortState::On, Occupant::Orphaned | Occupant::Unknown) => {
                Some(Alert::Warn)
            }
            (PortState::On, _) => None,
        }
    }

    /// Whether its link is gone.
    pub(super) fn is_orphaned(&self) -> bool {
        self.occupant == Occupant::Orphaned
    }

    /// What it can be found by.
    pub fn words(&self) -> Vec<&str> {
        let plugs = self.plugs.iter().flat_map(|plug| {
            let own = [plug.who.as_str(), &plug.interface].into_iter();
            own.chain(plug.mac.as_deref()).chain(plug.addresses.iter().map(String::as_str))
        });
        let port = [self.port.as_str(), &self.who].into_iter();
        let more = self.mac.as_deref().into_iter().chain(self.remote.as_deref());
        port.chain(more).chain(self.fake_bridge.as_deref()).chain(plugs).collect()
    }

    /// By number; then those without one, by name; the bridge itself last.
    pub(super) fn rank(&self) -> impl Ord {
        let local = self.occupant == Occupant::Local || self.number == Some(OfPort::LOCAL.0);
        let number = self.number.unwrap_or(u16::MAX);
        (local, number, self.port.clone(), self.details.clone())
    }
}

impl JackLink {
    /// The same for all links of one namespace, and for no others: fit for an identifier.
    pub(super) fn key(&self) -> String {
        format!("in-{}", slug(&self.netns))
    }
}
