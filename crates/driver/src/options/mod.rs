//! What a user may say of a network (`docker network create -o`, `podman network create -o`) and of an
//! endpoint (`driver-opt`): read whole, or refused with the list of what there is.

mod error;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use model::ids::OfPort;

use error::KnownOption;
pub use error::OptionError;
use values::{
    bridge, controllers, dpid, local_ip, mesh, mtu, ofport, one_of, protocols, too_large, trunks,
    unknown, uplink, vlan,
};

/// Docker's own word for the MTU of a network.
const DOCKER_MTU: &str = "com.docker.network.driver.mtu";
/// What other options of engines begin with: they carry these out themselves.
const ENGINE_OPTIONS: &str = "com.docker.network.";

/// The options of a network.
const NETWORK_OPTIONS: [KnownOption; 14] = [
    ("bridge", "NAME"),
    ("vlan", "1-4094"),
    ("trunk", "VLAN[-VLAN][,...]"),
    ("mtu", "BYTES"),
    ("controller", "TARGET[,TARGET...]"),
    ("fail_mode", "standalone|secure"),
    ("datapath_type", "system|netdev"),
    ("protocols", "OpenFlow10,...,OpenFlow15"),
    ("dpid", "HEX"),
    ("uplink", "INTERFACE[/OFPORT]"),
    ("gateway", "none|host"),
    ("nat", "true|false"),
    ("mesh", "NAME"),
    ("local_ip", "IP"),
];

/// The options of an endpoint.
const ENDPOINT_OPTIONS: [KnownOption; 3] =
    [("ofport", "1-65279"), ("vlan", "1-4094"), ("trunk", "VLAN[-VLAN][,...]")];

/// Who is the gateway of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gateway {
    /// Nothing: the network is a switch.
    #[default]
    None,
    /// This host: the bridge's own port has the gateway's address.
    Host,
}

/// A link of the host that is put on the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// The link.
    pub interface: String,
    /// Its OpenFlow port; one that is neither in use nor kept for a container if none.
    pub ofport: Option<OfPort>,
}

/// Which VLANs a port carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vlans {
    /// The access VLAN; of a trunk the native one.
    pub tag: Option<u16>,
    /// The trunked ones.
    pub trunks: Vec<u16>,
}

/// As one word: the same for ports of one segment.
impl fmt::Display for Vlans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tag.iter().try_for_each(|tag| write!(f, "{tag}"))?;
        let trunks: Vec<_> = self.trunks.iter().map(ToString::to_string).collect();
        if trunks.is_empty() { Ok(()) } else { write!(f, "/{}", trunks.join(",")) }
    }
}

/// The options of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkOptions {
    /// The bridge.
    pub bridge: String,
    /// The VLANs of its ports, unless an endpoint has its own.
    pub vlans: Vlans,
    /// MTU of its interfaces in bytes.
    pub mtu: Option<u32>,
    /// Controllers of the bridge.
    pub controllers: Vec<String>,
    /// Its column `fail_mode`.
    pub fail_mode: Option<String>,
    /// Its column `datapath_type`.
    pub datapath_type: Option<String>,
    /// Its column `protocols`.
    pub protocols: Vec<String>,
    /// Its datapath id, 16 hexadecimal digits.
    pub dpid: Option<String>,
    /// A link of the host on it.
    pub uplink: Option<Uplink>,
    /// Who is the gateway.
    pub gateway: Gateway,
    /// Whether the host masquerades what it routes from the network.
    pub nat: bool,
    /// The mesh that the bridge is joined to.
    pub mesh: Option<String>,
    /// The address that tunnels of the mesh lead to; that of the default route if none.
    pub local_ip: Option<IpAddr>,
}

/// The options of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointOptions {
    /// The OpenFlow port.
    pub ofport: Option<OfPort>,
    /// The VLANs of the port; the network's if none.
    pub vlans: Option<Vlans>,
}

impl NetworkOptions {
    /// Reads them.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn read(given: &BTreeMap<String, String>) -> Result<Self, OptionError> {
        let mut options = Self::default();
        let mut nat = None;
        for (name, value) in given {
            match name.as_str() {
                "bridge" => options.bridge = bridge(value)?,
                "vlan" => options.vlans.tag = Some(vlan(value, &NETWORK_OPTIONS)?),
                "trunk" => options.vlans.trunks = trunks(value, &NETWORK_OPTIONS)?,
                "mtu" | DOCKER_MTU => options.mtu = Some(mtu(value)?),
                "controller" => options.controllers = controllers(value)?,
                "fail_mode" => {
                    options.fail_mode =
                        Some(one_of("fail_mode", value, &["standalone", "secure"])?);
                }
                "datapath_type" => {
                    let kind = one_of("datapath_type", value, &["system", "netdev"])?;
                    options.datapath_type = Some(kind);
                }
                "protocols" => options.protocols = protocols(value)?,
                "dpid" => options.dpid = Some(dpid(value)?),
                "uplink" => options.uplink = Some(uplink(value)?),
                "gateway" => {
                    let host = one_of("gateway", value, &["none", "host"])? == "host";
                    options.gateway = if host { Gateway::Host } else { Gateway::None };
                }
                "mesh" => options.mesh = Some(mesh(value)?),
                "local_ip" => options.local_ip = Some(local_ip(value)?),
                "nat" => nat = Some(one_of("nat", value, &["true", "false"])? == "true"),
                other if other.starts_with(ENGINE_OPTIONS) => {}
                other => return Err(unknown(other, &NETWORK_OPTIONS)),
            }
        }
        options.nat = nat.unwrap_or(false);
        options.checked()
    }

    /// The same of a network that is to be made: one that is there already goes on with what it was made
    /// with.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn read_new(given: &BTreeMap<String, String>) -> Result<Self, OptionError> {
        if let (Some(own), Some(docker)) = (given.get("mtu"), given.get(DOCKER_MTU))
            && mtu(own)? != mtu(docker)?
        {
            return Err(OptionError::Together(
                "options mtu and com.docker.network.driver.mtu are different: both are the MTU of the \
                 network's interfaces",
            ));
        }
        Self::read(given)
    }

    fn checked(self) -> Result<Self, OptionError> {
        if self.bridge.is_empty() {
            return Err(OptionError::NoBridge);
        }
        if self.uplink.as_ref().is_some_and(|uplink| uplink.interface == self.bridge) {
            return Err(OptionError::Together("option uplink is the bridge itself"));
        }
        if self.nat && self.gateway != Gateway::Host {
            return Err(OptionError::Together("option nat=true needs gateway=host"));
        }
        if self.local_ip.is_some() && self.mesh.is_none() {
            return Err(OptionError::Together("option local_ip needs mesh"));
        }
        if self.mesh.is_some() && self.gateway == Gateway::Host {
            return Err(OptionError::Together(
                "option mesh does not go with gateway=host: each member would have the gateway's address",
            ));
        }
        if self.gateway == Gateway::Host && !self.vlans.trunks.is_empty() {
            return Err(OptionError::Together("option gateway=host does not go with trunk"));
        }
        Ok(self)
    }

    /// The MTU of its interfaces in bytes, where its mesh carries `carried`, as far as that is known.
    ///
    /// # Errors
    /// A greater one was asked for.
    pub fn mtu_in_mesh(&self, carried: Option<u32>) -> Result<Option<u32>, OptionError> {
        match (self.mtu, carried) {
            (Some(wanted), Some(carried)) if wanted > carried => {
                let mesh = self.mesh.as_deref().unwrap_or_default();
                Err(too_large(wanted, &format!("the mesh {mesh} carries {carried}")))
            }
            (wanted, carried) => Ok(wanted.or(carried)),
        }
    }

    /// Whether one is given that a bridge is made with, and only then.
    pub fn shapes_bridge(&self) -> bool {
        !self.controllers.is_empty()
            || !self.protocols.is_empty()
            || self.fail_mode.is_some()
            || self.datapath_type.is_some()
            || self.dpid.is_some()
    }
}

impl EndpointOptions {
    /// Reads them.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn read(given: &BTreeMap<String, String>) -> Result<Self, OptionError> {
        let mut options = Self::default();
        let mut vlans = Vlans::default();
        for (name, value) in given {
            match name.as_str() {
                "ofport" => options.ofport = Some(ofport(value, "ofport", &ENDPOINT_OPTIONS)?),
                "vlan" => vlans.tag = Some(vlan(value, &ENDPOINT_OPTIONS)?),
                "trunk" => vlans.trunks = trunks(value, &ENDPOINT_OPTIONS)?,
                other if other.starts_with(ENGINE_OPTIONS) => {}
                other => return Err(unknown(other, &ENDPOINT_OPTIONS)),
            }
        }
        options.vlans = (vlans != Vlans::default()).then_some(vlans);
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[(&str, &str)]) -> BTreeMap<String, String> {
        words.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn network(words: &[(&str, &str)]) -> Result<NetworkOptions, OptionError> {
        NetworkOptions::read(&given(words))
    }

    #[test]
    fn all_options_of_a_network_are_read() {
        let options = network(&[
            ("bridge", "vlanswitch"),
            ("vlan", "10"),
            ("trunk", "30,20 20,28-30"),
            ("mtu", "1400"),
            ("controller", "tcp:192.0.2.1:6653,unix:/run/c"),
            ("fail_mode", "secure"),
            ("datapath_type", "netdev"),
            ("protocols", "OpenFlow10,OpenFlow13"),
            ("dpid", "0x2a"),
            ("uplink", "eth1/5"),
            ("com.docker.network.bridge.name", "x"),
        ])
        .unwrap();
        assert_eq!(options.bridge, "vlanswitch");
        assert_eq!(options.vlans.to_string(), "10/20,28,29,30");
        assert_eq!(options.mtu, Some(1400));
        assert_eq!(options.controllers.len(), 2);
        assert_eq!(options.dpid.as_deref(), Some("000000000000002a"));
        let uplink = Uplink { interface: "eth1".into(), ofport: Some(OfPort(5)) };
        assert_eq!(options.uplink, Some(uplink));
        let typed = |value: &str| BTreeMap::from([("uplink".to_owned(), value.to_owned())]);
        let refused = NetworkOptions::read(&typed("eth1/65280")).unwrap_err().to_string();
        assert!(refused.contains("option uplink=eth1/65280: "), "{refused}");
        assert!(options.shapes_bridge());
        let docker = network(&[("bridge", "b"), (DOCKER_MTU, "9000")]).unwrap();
        assert_eq!((docker.mtu, docker.gateway), (Some(9000), Gateway::None));
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_there_is() {
        let why = network(&[("bridge", "b"), ("vlna", "10")]).unwrap_err().to_string();
        assert!(why.starts_with("no option vlna; there are bridge=NAME, vlan=1-4094,"), "{why}");
        let why = EndpointOptions::read(&given(&[("port", "1")])).unwrap_err().to_string();
        assert_eq!(
            why,
            "no option port; there are ofport=1-65279, vlan=1-4094, trunk=VLAN[-VLAN][,...]"
        );
        assert_eq!(network(&[]), Err(OptionError::NoBridge));
    }

    #[test]
    fn bad_values_are_refused() {
        let bad = [
            ("bridge", ""),
            ("bridge", "a/b"),
            ("bridge", "sixteen-bytes-xx"),
            ("bridge", "-x"),
            ("vlan", "0"),
            ("vlan", "4095"),
            ("vlan", "+7"),
            ("vlan", ""),
            ("trunk", ","),
            ("trunk", "1,x"),
            ("trunk", "20-10"),
            ("trunk", "1-4095"),
            ("mtu", "67"),
            ("mtu", "65536"),
            ("controller", "192.0.2.1"),
            ("fail_mode", "Secure"),
            ("datapath_type", "dpdk"),
            ("protocols", "OpenFlow16"),
            ("dpid", "0"),
            ("dpid", "+1"),
            ("dpid", "12345678901234567"),
            ("uplink", "/5"),
            ("uplink", "eth1/0"),
            ("gateway", "nat"),
            ("nat", "yes"),
            ("nat", "true"),
            ("mesh", ""),
            ("mesh", "a/b"),
            ("mesh", "-x"),
            ("local_ip", "192.0.2.1"),
        ];
        for (name, value) in bad {
            let words = if name == "bridge" {
                vec![(name, value)]
            } else {
                vec![("bridge", "b"), (name, value)]
            };
            assert!(network(&words).is_err(), "{name}={value}");
        }
        for (name, value) in [("ofport", "0"), ("ofport", "65280"), ("ofport", "x"), ("vlan", "x")]
        {
            assert!(EndpointOptions::read(&given(&[(name, value)])).is_err(), "{name}={value}");
        }
        assert!(network(&[("bridge", "b"), ("gateway", "host"), ("trunk", "1")]).is_err());
    }

    #[test]
    fn two_words_for_one_thing_have_to_agree() {
        let both = |own, docker| {
            let words = [("bridge", "b"), ("mtu", own), (DOCKER_MTU, docker)];
            NetworkOptions::read_new(&given(&words))
        };
        assert_eq!(both("1400", "1400").unwrap().mtu, Some(1400));
        for (own, docker) in [("1400", "1300"), ("1300", "1400")] {
            let why = both(own, docker).unwrap_err().to_string();
            assert!(why.starts_with("options mtu and com.docker.network.driver.mtu are"), "{why}");
        }
        assert!(both("1400", "x").is_err());
    }

    #[test]
    fn a_mesh_says_how_much_it_carries() {
        let blue = |words: &[(&str, &str)]| {
            network(&[&[("bridge", "b"), ("mesh", "blue")][..], words].concat())
        };
        let options = blue(&[("local_ip", "192.0.2.1")]).unwrap();
        assert_eq!(options.mesh.as_deref(), Some("blue"));
        assert_eq!(options.mtu_in_mesh(Some(1446)), Ok(Some(1446)));
        assert_eq!(options.mtu_in_mesh(None), Ok(None));
        let options = blue(&[("mtu", "1400")]).unwrap();
        assert_eq!(options.mtu_in_mesh(Some(1446)), Ok(Some(1400)));
        let why = options.mtu_in_mesh(Some(1300)).unwrap_err().to_string();
        assert_eq!(why, "option mtu=1400: the mesh blue carries 1300; it takes BYTES");
        for refused in [("local_ip", "x"), ("local_ip", "0.0.0.0"), ("gateway", "host")] {
            assert!(blue(&[refused]).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn an_endpoint_has_the_network_s_vlans_unless_it_says_its_own() {
        let none = EndpointOptions::read(&given(&[("com.docker.network.portmap", "")])).unwrap();
        assert_eq!(none, EndpointOptions::default());
        let own = EndpointOptions::read(&given(&[("ofport", "10"), ("vlan", "20")])).unwrap();
        assert_eq!(own.ofport, Some(OfPort(10)));
        assert_eq!(own.vlans, Some(Vlans { tag: Some(20), trunks: Vec::new() }));
    }
}
