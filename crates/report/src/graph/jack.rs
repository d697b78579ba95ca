//! One port: what its jack looks like.

use model::ids::OfPort;
use model::wiring::SwitchPort;

use super::escape::{clean, slug};
use super::label::{self, Line};
use super::scene::Area;
use crate::v1;

/// Container-side links on one port.
pub(super) type Links = Vec<v1::Explanation>;

/// A port, as a jack on the front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jack {
    /// Unique in the picture and the same in the next one: letters, digits, `_` and `-`.
    pub id: String,
    /// Name of the interface on the bridge.
    pub port: String,
    /// Its OpenFlow port; none unless it is a real number.
    pub number: Option<u16>,
    /// `on`, `pending` or `failed`.
    pub state: &'static str,
    /// `container`, `namespace`, `local`, `host`, `patch`, `tunnel`, `left-behind` or `unknown`.
    pub occupant: &'static str,
    /// The same in words, with names.
    pub who: String,
    /// Access VLAN.
    pub vlan: Option<u16>,
    /// Trunked VLANs.
    pub trunks: Vec<u16>,
    /// Name of the other end, for a patch.
    pub peer: Option<String>,
    /// Remote end, for a tunnel.
    pub remote: Option<String>,
    /// Hardware address of the port.
    pub mac: Option<String>,
    /// What is plugged in.
    pub plugs: Vec<Plug>,
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
    /// How far its lines hang below the socket.
    pub drop: u32,
}

/// A link that is on a jack.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plug {
    /// The containers that have it, joined by `+`; its namespace if there is none.
    pub who: String,
    /// Their names, one by one.
    pub tenants: Vec<String>,
    /// Name of the link there.
    pub interface: String,
    /// Its namespace.
    pub netns: String,
    /// Its hardware address.
    pub mac: Option<String>,
    /// Its addresses with prefix length.
    pub addresses: Vec<String>,
}

impl Jack {
    /// The jack for a port, given the links on it. Its place is not known yet.
    pub(super) fn new(row: &SwitchPort, port: &v1::Port, links: &[v1::Explanation]) -> Self {
        let mut plugs: Vec<_> = port.plugs.iter().map(|plug| Plug::new(plug, links)).collect();
        plugs.sort();
        let remote = port.remote.as_deref().map(clean);
        let (patch, tunnel) = (port.occupant == "patch", port.occupant == "tunnel");
        let mut jack = Self {
            id: format!("jack-{}-{}", slug(&port.bridge), slug(&port.port)),
            port: clean(&port.port),
            number: port.ofport,
            state: port.state,
            occupant: port.occupant,
            who: clean(&port.who),
            vlan: port.vlan,
            trunks: port.trunks.clone(),
            peer: remote.clone().filter(|_| patch),
            remote: remote.filter(|_| tunnel),
            mac: port.mac.clone(),
            plugs,
            ..Self::default()
        };
        jack.caption = jack.caption(&clean(&port.bridge));
        jack.lines = label::lines(&jack, &row.occupant, port);
        jack.details = jack.details(port);
        jack.evidence = links
            .iter()
            .flat_map(|link| &link.steps)
            .map(|found| step(found.name, &found.found, &found.source))
            .collect();
        jack
    }

    /// The number as `ovs-ofctl` shows it; the state where there is none.
    pub fn label(&self) -> String {
        match self.number {
            Some(n) if n == OfPort::LOCAL.0 => "LOCAL".to_owned(),
            Some(n) => n.to_string(),
            None => self.state.to_owned(),
        }
    }

    /// What the strip above the lines says: what is wrong, else the VLAN, else what it is.
    pub fn strip(&self) -> String {
        match (self.state, self.occupant, self.vlan) {
            ("on", "left-behind", _) => "left behind".to_owned(),
            ("on", _, Some(tag)) => format!("VLAN {tag}"),
            ("on", _, None) if !self.trunks.is_empty() => format!("trunk {}", self.trunk()),
            ("on", occupant, _) => occupant.to_owned(),
            (state, ..) => state.to_owned(),
        }
    }

    /// Whether its link is gone.
    pub(super) fn is_left_behind(&self) -> bool {
        self.occupant == "left-behind"
    }

    /// What it can be found by.
    pub fn words(&self) -> Vec<&str> {
        let plugs = self.plugs.iter().flat_map(|plug| {
            let own = [plug.who.as_str(), &plug.interface].into_iter();
            own.chain(plug.mac.as_deref()).chain(plug.addresses.iter().map(String::as_str))
        });
        let port = [self.port.as_str(), &self.who].into_iter();
        port.chain(self.mac.as_deref()).chain(self.remote.as_deref()).chain(plugs).collect()
    }

    /// By number; then those without one, by name; the bridge itself last.
    pub(super) fn rank(&self) -> impl Ord {
        let local = self.occupant == "local" || self.number == Some(OfPort::LOCAL.0);
        let number = self.number.unwrap_or(u16::MAX);
        (local, number, self.port.clone(), self.details.clone())
    }

    fn caption(&self, bridge: &str) -> String {
        let number = match self.number {
            Some(_) => format!("port {}", self.label()),
            None => format!("{} port {}", self.state, self.port),
        };
        let names: Vec<_> =
            self.plugs.iter().map(|p| format!("{} {}", p.who, p.interface)).collect();
        let who = if names.is_empty() { self.who.clone() } else { names.join(", ") };
        format!("{number} of {bridge}: {who}")
    }

    fn details(&self, port: &v1::Port) -> Vec<String> {
        let mut details = vec![self.caption.clone()];
        for plug in &self.plugs {
            let words = [&plug.interface].into_iter().chain(&plug.mac).chain(&plug.addresses);
            details.push(words.cloned().collect::<Vec<_>>().join(", "));
        }
        let mac = self.mac.iter().map(|mac| format!(", {mac}")).collect::<String>();
        details.push(format!("interface {} ({}){mac}", self.port, clean(&port.kind)));
        details.extend(self.vlan.map(|tag| format!("VLAN {tag}")));
        details.extend((!self.trunks.is_empty()).then(|| format!("trunk {}", self.trunk())));
        details.extend(port.bond.iter().map(|bond| format!("bond {}", clean(bond))));
        details.extend(port.ofport_request.map(|number| format!("port {number} was asked for")));
        details.extend(port.dp_port.map(|number| format!("datapath port {number}")));
        details.extend(port.error.iter().chain(&port.notes).map(|text| clean(text)));
        details
    }

    /// The trunked VLANs.
    fn trunk(&self) -> String {
        self.trunks.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}

impl Plug {
    fn new(plug: &v1::Plug, links: &[v1::Explanation]) -> Self {
        let names: Vec<_> = plug.tenants.iter().map(|who| clean(&who.container)).collect();
        let mut links = links.iter().map(|explanation| &explanation.attachment);
        let link = links.find(|link| link.netns == plug.netns && link.interface == plug.interface);
        Self {
            who: if names.is_empty() { plug.netns.clone() } else { names.join("+") },
            interface: clean(&plug.interface),
            netns: plug.netns.clone(),
            mac: link.and_then(|link| link.mac.clone()),
            addresses: link.map(|link| link.addresses.clone()).unwrap_or_default(),
            tenants: names,
        }
    }
}

/// A step of an explanation in one line.
fn step(name: &str, found: &str, source: &str) -> String {
    let source = if source.is_empty() { String::new() } else { format!(" ({source})") };
    clean(&format!("{name}: {found}{source}"))
}
