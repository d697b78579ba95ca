//! What the value of an option may be.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use model::ids::OfPort;
use model::plan::{LAST, why_not_a_name};
use model::vlan_range::{self, VlanRange};

use super::error::{KnownOption, OptionError};
use super::{NETWORK_OPTIONS, Uplink};

/// The last VLAN that can be used (IEEE 802.1Q): 4095 is reserved.
const LAST_USABLE_VLAN: u16 = 4094;
/// The least MTU of IPv4, and the greatest of a veth, in bytes.
const MTU: std::ops::RangeInclusive<u32> = 68..=65535;
/// OpenFlow versions, as the column `protocols` has them.
const PROTOCOLS: [&str; 6] =
    ["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"];
/// How the target of a controller begins (ovs-vswitchd.conf.db(5), Controller `target`).
const CONTROLLERS: [&str; 7] = ["tcp:", "ssl:", "unix:", "ptcp:", "pssl:", "punix:", "none"];

pub(super) fn unknown(name: &str, known: &'static [KnownOption]) -> OptionError {
    OptionError::Unknown { name: name.to_owned(), known }
}

fn bad(
    name: &'static str,
    value: &str,
    why: impl fmt::Display,
    known: &[KnownOption],
) -> OptionError {
    let takes = known.iter().find(|(other, _)| *other == name).map_or("", |(_, takes)| *takes);
    OptionError::Bad { name, value: value.to_owned(), why: why.to_string(), takes }
}

pub(super) fn bridge(value: &str) -> Result<String, OptionError> {
    let why = why_not_a_name(value).or_else(|| match value {
        _ if value.contains([',', '"', '\'', '\\']) => Some("one of , \" ' \\ is in it"),
        _ if value.starts_with('-') => Some("it begins with -"),
        _ => None,
    });
    match why {
        Some(why) => Err(bad("bridge", value, why, &NETWORK_OPTIONS)),
        None => Ok(value.to_owned()),
    }
}

pub(super) fn vlan(value: &str, known: &[KnownOption]) -> Result<u16, OptionError> {
    number(value)
        .filter(|tag| (1..=LAST_USABLE_VLAN).contains(tag))
        .ok_or_else(|| bad("vlan", value, "it is no VLAN", known))
}

/// Digits alone: `+7` and ` 7` are no numbers.
fn number<T: FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

pub(super) fn trunks(value: &str, known: &[KnownOption]) -> Result<Vec<u16>, OptionError> {
    let ranges: Option<Vec<VlanRange>> = words(value).map(|word| word.parse().ok()).collect();
    let tags = vlan_range::tags(&ranges.unwrap_or_default());
    let is_usable = tags.last().is_some_and(|tag| *tag <= LAST_USABLE_VLAN);
    is_usable.then_some(tags).ok_or_else(|| bad("trunk", value, "it is no list of VLANs", known))
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ' ']).filter(|word| !word.is_empty())
}

pub(super) fn mtu(value: &str) -> Result<u32, OptionError> {
    let why = format!("it is not between {} and {}", MTU.start(), MTU.end());
    number(value)
        .filter(|mtu| MTU.contains(mtu))
        .ok_or_else(|| bad("mtu", value, why, &NETWORK_OPTIONS))
}

pub(super) fn one_of(
    name: &'static str,
    value: &str,
    known: &[&str],
) -> Result<String, OptionError> {
    if known.contains(&value) {
        return Ok(value.to_owned());
    }
    Err(bad(name, value, "there is no such value", &NETWORK_OPTIONS))
}

pub(super) fn too_large(mtu: u32, why: &str) -> OptionError {
    bad("mtu", &mtu.to_string(), why, &NETWORK_OPTIONS)
}

pub(super) fn mesh(value: &str) -> Result<String, OptionError> {
    let why = "it is no name of letters, digits, '.', '_' and '-'";
    let is_name = model::fleet_name::is_name(value);
    is_name.then(|| value.to_owned()).ok_or_else(|| bad("mesh", value, why, &NETWORK_OPTIONS))
}

pub(super) fn local_ip(value: &str) -> Result<IpAddr, OptionError> {
    let unicast = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback();
    let ip = value.parse().ok().filter(unicast);
    ip.ok_or_else(|| bad("local_ip", value, "it is no address of one host", &NETWORK_OPTIONS))
}

pub(super) fn controllers(value: &str) -> Result<Vec<String>, OptionError> {
    let all: Vec<String> = words(value).map(str::to_owned).collect();
    let known = |target: &String| CONTROLLERS.iter().any(|begin| target.starts_with(begin));
    if all.is_empty() || !all.iter().all(known) {
        let why = "a target begins with tcp:, ssl:, unix:, ptcp:, pssl: or punix:";
        return Err(bad("controller", value, why, &NETWORK_OPTIONS));
    }
    Ok(all.into_iter().filter(|target| target != "none").collect())
}

pub(super) fn protocols(value: &str) -> Result<Vec<String>, OptionError> {
    let all: Vec<String> = words(value).map(str::to_owned).collect();
    if all.is_empty() || !all.iter().all(|word| PROTOCOLS.contains(&word.as_str())) {
        return Err(bad(
            "protocols",
            value,
            "it is no list of OpenFlow versions",
            &NETWORK_OPTIONS,
        ));
    }
    Ok(all)
}

pub(super) fn dpid(value: &str) -> Result<String, OptionError> {
    let digits = value.strip_prefix("0x").unwrap_or(value);
    let read = u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
    let read = read.filter(|dpid| *dpid != 0 && digits.len() <= 16);
    read.map(|dpid| format!("{dpid:016x}"))
        .ok_or_else(|| bad("dpid", value, "it is no datapath id", &NETWORK_OPTIONS))
}

pub(super) fn uplink(value: &str) -> Result<Uplink, OptionError> {
    let (interface, wanted) = match value.split_once('/') {
        Some((interface, wanted)) => (interface, Some(number_of_port(wanted))),
        None => (value, None),
    };
    let wanted = wanted.transpose().map_err(|why| bad("uplink", value, why, &NETWORK_OPTIONS))?;
    let interface = bridge(interface)
        .map_err(|_| bad("uplink", value, "it names no link", &NETWORK_OPTIONS))?;
    Ok(Uplink { interface, ofport: wanted })
}

pub(super) fn ofport(
    value: &str,
    name: &'static str,
    known: &[KnownOption],
) -> Result<OfPort, OptionError> {
    number_of_port(value).map_err(|why| bad(name, value, why, known))
}

fn number_of_port(text: &str) -> Result<OfPort, &'static str> {
    let read = number(text).filter(|ofport| (1..=LAST).contains(ofport));
    read.map(OfPort).ok_or("it is no OpenFlow port that can be asked for")
}
