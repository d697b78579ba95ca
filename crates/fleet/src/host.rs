//! What a host tells of itself, and how it is read of another: bounded, and with nothing in it that is
//! believed without a look.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The longest record of a host that is read, in bytes.
const LONGEST: usize = 64 << 10;
/// So many bridges or meshes of a host are read.
const MAX_ENTRIES: usize = 256;
/// The longest text in it, in bytes.
const LONGEST_TEXT: usize = 255;

/// What lasts of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HostRecord {
    /// Which machine it is: a hash of its machine id and the fleet.
    pub machine: String,
    /// Release of its daemon.
    pub version: String,
    /// Its number in the fleet, once it is in a mesh.
    pub number: Option<u16>,
    /// Its OVS bridges.
    pub bridges: Vec<String>,
    /// The meshes that it is in.
    pub meshes: BTreeMap<String, Membership>,
    /// It was taken out of the fleet: its tunnels are to be removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// How a host is in a mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Membership {
    /// Its bridge.
    pub bridge: String,
    /// Where tunnels to it lead.
    #[serde(rename = "LocalIP")]
    pub local_ip: Option<IpAddr>,
    /// The MTU in bytes that its underlay leaves for the interfaces on the bridge.
    #[serde(rename = "MTU")]
    pub mtu: Option<u32>,
    /// Links of the host on the bridge.
    pub uplinks: Vec<String>,
}

/// Which machine it is, and which run of the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Machine {
    /// A hash of the machine id and the fleet; empty where it has no id.
    pub machine: String,
    /// Its boot (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
    /// The run of the daemon, a random word.
    pub run: String,
    /// When that began, in milliseconds since the boot: of two runs of one boot the later one counts.
    pub started: u64,
    /// Whether the run has written down in etcd which blocks of addresses are this machine's: one that got another
    /// id has some that stand there with the id from before until then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocks_kept: bool,
}

impl HostRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// Why it is of no use.
    pub fn read(value: &[u8]) -> Result<Self, String> {
        let record: Self = read(value)?;
        record.check().map(|()| record)
    }

    /// Without what a reader would refuse, and the whole record with it: what is too much or too long, and
    /// an address that is of no host.
    pub(crate) fn bounded(mut self) -> Self {
        let is_short = |text: &String| text.len() <= LONGEST_TEXT;
        let bound = |texts: &mut Vec<String>| {
            texts.retain(is_short);
            texts.truncate(MAX_ENTRIES);
        };
        bound(&mut self.bridges);
        self.meshes.retain(|mesh, of| is_short(mesh) && is_short(&of.bridge));
        while self.meshes.len() > MAX_ENTRIES {
            self.meshes.pop_last();
        }
        for of in self.meshes.values_mut() {
            bound(&mut of.uplinks);
            of.local_ip = of.local_ip.filter(|ip| is_unicast(*ip));
        }
        // One uplink is as good as many: whether there is any is what counts.
        let mut most = MAX_ENTRIES;
        while most > 1 && serde_json::to_vec(&self).is_ok_and(|text| text.len() > LONGEST) {
            most /= 2;
            self.bridges.truncate(most);
            self.meshes.values_mut().for_each(|of| of.uplinks.truncate(most));
        }
        self
    }

    fn check(&self) -> Result<(), String> {
        let record = self;
        let names = record.bridges.iter().chain(record.meshes.keys());
        let members = record.meshes.values();
        let deep = members.clone().flat_map(|of| of.uplinks.iter().chain([&of.bridge]));
        let texts = names.chain(deep).chain([&record.machine, &record.version]);
        let mut texts = texts;
        if let Some(text) = texts.find(|text| text.len() > LONGEST_TEXT) {
            return Err(format!("a text of {} bytes", text.len()));
        }
        let many = record.meshes.values().any(|of| of.uplinks.len() > MAX_ENTRIES);
        if many || record.bridges.len() > MAX_ENTRIES || record.meshes.len() > MAX_ENTRIES {
            return Err(format!("more than {MAX_ENTRIES} bridges, meshes or uplinks"));
        }
        if record.number.is_some_and(|number| !(1..=crate::mesh::MAX_NUMBERS).contains(&number)) {
            return Err("a number out of range".to_owned());
        }
        let bad = record.meshes.values().filter_map(|of| of.local_ip).find(|ip| !is_unicast(*ip));
        match bad {
            Some(ip) => Err(format!("{ip} is no address of a host")),
            None => Ok(()),
        }
    }
}

impl Machine {
    /// Reads a record.
    ///
    /// # Errors
    /// Why it is of no use.
    pub fn read(value: &[u8]) -> Result<Self, String> {
        read(value)
    }
}

pub(crate) fn read<T: for<'d> Deserialize<'d>>(value: &[u8]) -> Result<T, String> {
    crate::row::is_read(value, LONGEST)?;
    // A list would be read as the fields in order.
    if !value.trim_ascii_start().starts_with(b"{") {
        return Err("no object".to_owned());
    }
    serde_json::from_slice(value).map_err(|error| error.to_string())
}

/// Whether an address can be that of another host: not loopback, multicast, unspecified or broadcast. A record
/// with any other one is of no use to its readers.
pub fn is_unicast(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_loopback() || ip.is_multicast() || ip.is_unspecified() || broadcast)
}

/// What stands for a machine's id in its fleet: the id itself is a secret (machine-id(5)). FNV-1a of
/// 128 bits over both; empty where the machine has no id, as in a container or before its first boot.
pub fn machine_hash(machine_id: &str, fleet: &str) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let machine_id = machine_id.trim();
    if matches!(machine_id, "" | "uninitialized") {
        return String::new();
    }
    let bytes = fleet.bytes().chain([0]).chain(machine_id.bytes());
    let hash = bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_is_written_and_may_grow() {
        let of = Membership {
            bridge: "br0".into(),
            local_ip: "192.0.2.1".parse().ok(),
            mtu: Some(1446),
            uplinks: vec!["eth1".into()],
        };
        let record = HostRecord {
            machine: "m".into(),
            number: Some(7),
            meshes: [("blue".to_owned(), of)].into(),
            ..HostRecord::default()
        };
        let text = serde_json::to_vec(&record).unwrap();
        assert_eq!(HostRecord::read(&text).unwrap(), record);
        assert_eq!(HostRecord::read(br#"{"Later":[1]}"#).unwrap(), HostRecord::default());
    }

    #[test]
    fn what_a_host_tells_of_itself_is_taken() {
        let of = |ip: &str, uplinks: Vec<String>| Membership {
            bridge: "br0".into(),
            local_ip: ip.parse().ok(),
            mtu: None,
            uplinks,
        };
        let many = |count: usize| (0..count).map(|n| format!("n{n}")).collect::<Vec<_>>();
        let long = "x".repeat(LONGEST_TEXT + 1);
        let mut record = HostRecord {
            bridges: [many(300), vec![long.clone()]].concat(),
            meshes: [
                ("lo".to_owned(), of("127.0.0.1", Vec::new())),
                ("wide".to_owned(), of("192.0.2.1", many(300))),
                (long.clone(), of("192.0.2.1", Vec::new())),
            ]
            .into(),
            ..HostRecord::default()
        };
        let as_read = |record: HostRecord| {
            HostRecord::read(&serde_json::to_vec(&record.bounded()).unwrap()).unwrap()
        };
        let read = as_read(record.clone());
        assert_eq!(read.bridges, many(MAX_ENTRIES));
        assert_eq!(read.meshes.keys().collect::<Vec<_>>(), ["lo", "wide"]);
        assert_eq!(
            (read.meshes["lo"].local_ip, read.meshes["wide"].uplinks.len()),
            (None, MAX_ENTRIES)
        );
        let wide = || vec!["y".repeat(LONGEST_TEXT); MAX_ENTRIES];
        record.bridges = wide();
        record.meshes = many(100).into_iter().map(|mesh| (mesh, of("192.0.2.1", wide()))).collect();
        let read = as_read(record.clone());
        assert!(!read.bridges.is_empty() && read.meshes.values().all(|of| !of.uplinks.is_empty()));
        record.meshes = many(300).into_iter().map(|mesh| (mesh, of("::1", Vec::new()))).collect();
        assert_eq!(as_read(record).meshes.len(), MAX_ENTRIES);
    }

    #[test]
    fn a_machine_without_an_id_is_no_machine_that_is_known() {
        for none in ["", "\n", "uninitialized", "uninitialized\n"] {
            assert_eq!(machine_hash(none, "f"), "", "{none:?}");
        }
        let of = |id: &str, fleet: &str| machine_hash(id, fleet);
        assert_eq!(of("0123", "f").len(), 32);
        assert_eq!(of("0123", "f"), of("0123\n", "f"));
        assert!(of("0123", "f") != of("0124", "f") && of("0123", "f") != of("0123", "g"));
    }

    #[test]
    fn what_a_host_cannot_be_is_refused() {
        for bad in [
            r#"{"Meshes":{"m":{"LocalIP":"127.0.0.1"}}}"#,
            r#"{"Meshes":{"m":{"LocalIP":"::1"}}}"#,
            r#"{"Meshes":{"m":{"LocalIP":"224.0.0.1"}}}"#,
            r#"{"Meshes":{"m":{"LocalIP":"255.255.255.255"}}}"#,
            r#"{"Meshes":{"m":{"LocalIP":"0.0.0.0"}}}"#,
            r#"{"Number":0}"#,
            r#"{"Number":1280}"#,
            "[]",
            "",
        ] {
            assert!(HostRecord::read(bad.as_bytes()).is_err(), "{bad}");
        }
        let long = format!(r#"{{"Version":"{}"}}"#, "x".repeat(256));
        assert!(HostRecord::read(long.as_bytes()).is_err());
        let many = format!(r#"{{"Bridges":[{}"b"]}}"#, r#""b","#.repeat(MAX_ENTRIES));
        assert!(HostRecord::read(many.as_bytes()).is_err());
        let deep = format!(r#"{{"Later":{}}}"#, "[".repeat(100_000));
        assert!(HostRecord::read(deep.as_bytes()).is_err());
    }
}
