//! Which OpenFlow port numbers endpoints of network drivers had, in `external_ids` of the bridge's
//! row: a number outlives its port, which goes whenever the container stops.
//!
//! One key for each number, `docker-ovs.number.NUMBER`, so that no number has two owners; the value
//! is JSON. At most [`MAX_ENTRIES`] are kept; those that were used longest ago go first.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::{Mac, OfPort};
use crate::memory::MemoryChange;
use crate::switch::Bridge;

/// What the keys begin with.
pub const PREFIX: &str = "docker-ovs.number.";
/// At most so many are kept on one bridge.
pub const MAX_ENTRIES: usize = 1000;

/// Who had a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberOwner {
    /// Id of the network.
    pub network: String,
    /// Name of the network, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_name: Option<String>,
    /// The VLANs of the port, as one word: the same for networks that are one segment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vlans: String,
    /// Name of the container, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The hardware address, where the user chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// The hardware address that was derived for it, where it was known by its name: it has that again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived: Option<Mac>,
    /// The address that it had last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// When that was, in seconds since the Unix epoch.
    #[serde(default)]
    pub used: u64,
    /// Who had the number before it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<FormerOwner>,
}

/// Who had a number before another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerOwner {
    /// Name of the container.
    pub name: String,
    /// When the next one got the number, in seconds since the Unix epoch.
    pub until: u64,
}

impl NumberOwner {
    /// Whether both are the same container on the same network, by name. Networks are the same by
    /// id or by name: one that is made again has another id, and the other engine's has too.
    fn is_same_by_name(&self, other: &Self) -> bool {
        let network = self.network == other.network
            || (self.network_name.is_some() && self.network_name == other.network_name);
        self.has_name_of(other) && network
    }

    fn has_name_of(&self, other: &Self) -> bool {
        self.name.is_some() && self.name == other.name
    }

    fn is_same_by_mac(&self, other: &Self) -> bool {
        self.mac.is_some() && self.mac == other.mac
    }

    /// Whether both had the same address on the same network. An address that was not chosen by the
    /// user is a hint only: the next container may have got it.
    fn is_same_by_address(&self, other: &Self) -> bool {
        self.network == other.network && self.address.is_some() && self.address == other.address
    }
}

/// The key of a number.
pub fn key(ofport: OfPort) -> String {
    format!("{PREFIX}{ofport}")
}

/// The numbers that a bridge remembers, and who had them; values that make no sense are left out.
pub fn of(bridge: &Bridge) -> impl Iterator<Item = (OfPort, NumberOwner)> {
    bridge.external_ids.iter().filter_map(|(key, value)| {
        let ofport = key.strip_prefix(PREFIX)?.parse().ok()?;
        Some((OfPort(ofport), serde_json::from_str(value).ok()?))
    })
}

/// The numbers that are kept for a name, so that nothing else is given them by chance.
pub fn kept(bridge: &Bridge) -> BTreeSet<u16> {
    of(bridge).map(|(ofport, _)| ofport.0).collect()
}

/// The number that `owner` had before, by the surest of what is known of it: the name on this
/// network, the hardware address that the user chose, the name on the same VLANs, the address.
pub fn had(bridge: &Bridge, owner: &NumberOwner) -> Option<OfPort> {
    let known: Vec<_> = of(bridge).collect();
    let latest = |same: &dyn Fn(&NumberOwner) -> bool| {
        let fits = known.iter().filter(|(_, other)| same(other));
        fits.max_by_key(|(_, other)| other.used).map(|(ofport, _)| *ofport)
    };
    latest(&|other| other.is_same_by_name(owner))
        .or_else(|| latest(&|other| other.is_same_by_mac(owner)))
        .or_else(|| latest(&|other| other.has_name_of(owner) && other.vlans == owner.vlans))
        // Where the name is known and another one has the address, it is another's.
        .or_else(|| {
            latest(&|other| {
                let stranger = owner.name.is_some() && other.name.is_some();
                !stranger && other.is_same_by_address(owner)
            })
        })
}

/// The hardware address that was derived for `owner` before, by its name on this network, or on the same VLANs: what
/// is made again under a name has its address again, also where another one had the first choice.
pub fn derived_mac(bridge: &Bridge, owner: &NumberOwner) -> Option<Mac> {
    let known: Vec<_> = of(bridge).map(|(_, other)| other).collect();
    let latest = |same: &dyn Fn(&NumberOwner) -> bool| {
        let fits = known.iter().filter(|other| other.derived.is_some() && same(other));
        fits.max_by_key(|other| other.used).and_then(|other| other.derived)
    };
    latest(&|other| other.is_same_by_name(owner))
        .or_else(|| latest(&|other| other.has_name_of(owner) && other.vlans == owner.vlans))
}

/// The change after which `owner` has `ofport` and no other number by the same name on the same
/// network. What is not said of its hardware address stays as it was.
pub fn keep(bridge: &Bridge, ofport: OfPort, owner: &NumberOwner) -> MemoryChange {
    let had = || of(bridge).filter(|(_, other)| other.is_same_by_name(owner));
    let derived = owner.derived.or_else(|| had().find_map(|(_, other)| other.derived));
    let owner = &NumberOwner { former: former(bridge, ofport, owner), derived, ..owner.clone() };
    let Ok(value) = serde_json::to_string(owner) else { return MemoryChange::default() };
    let remember = BTreeMap::from([(key(ofport), value)]);
    let is_old = |(number, other): &(OfPort, NumberOwner)| {
        *number == ofport || other.is_same_by_name(owner) || other.is_same_by_mac(owner)
    };
    let (gone, mut rest): (Vec<_>, Vec<_>) = of(bridge).partition(is_old);
    rest.sort_by_key(|(_, other)| other.used);
    let too_many = (rest.len() + 1).saturating_sub(MAX_ENTRIES);
    let goes = gone.iter().chain(rest.iter().take(too_many)).map(|(number, _)| key(*number));
    MemoryChange { forget: entries(bridge, goes), remember }
}

/// Who had `ofport` before `owner`. One whose name is not known yet may be the last one again: that is told by the
/// names, once both are known.
fn former(bridge: &Bridge, ofport: OfPort, owner: &NumberOwner) -> Option<FormerOwner> {
    let (_, before) = of(bridge).find(|(number, _)| *number == ofport)?;
    let is_same = before.has_name_of(owner) || before.is_same_by_mac(owner);
    match before.name {
        Some(name) if !is_same => Some(FormerOwner { name, until: owner.used }),
        _ => before.former,
    }
}

/// Since when a number is that of the container `name`, which is not the one that had it before; none where that is
/// not known.
pub fn taken_over(bridge: &Bridge, ofport: OfPort, name: &str) -> Option<u64> {
    let (_, owner) = of(bridge).find(|(number, _)| *number == ofport)?;
    let former = owner.former.filter(|former| former.name != name)?;
    (owner.name.as_deref() == Some(name)).then_some(former.until)
}

/// The change after which a number is kept for no name.
pub fn forget(bridge: &Bridge, ofport: OfPort) -> MemoryChange {
    MemoryChange { forget: entries(bridge, [key(ofport)]), remember: BTreeMap::new() }
}

/// The change after which no number is kept for this network.
pub fn forget_network(bridge: &Bridge, network: &str) -> MemoryChange {
    let own = of(bridge).filter(|(_, owner)| owner.network == network && owner.name.is_none());
    let keys: Vec<_> = own.map(|(ofport, _)| key(ofport)).collect();
    MemoryChange { forget: entries(bridge, keys), remember: BTreeMap::new() }
}

/// Those of these keys that the bridge has, each with its value.
fn entries(bridge: &Bridge, keys: impl IntoIterator<Item = String>) -> BTreeMap<String, String> {
    let known = |key: String| Some((key.clone(), bridge.external_ids.get(&key)?.clone()));
    keys.into_iter().filter_map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bridge() -> Bridge {
        Bridge { name: "br0".into(), ..Bridge::default() }
    }

    fn owner(network: &str, name: Option<&str>, address: &str) -> NumberOwner {
        NumberOwner {
            network: network.into(),
            name: name.map(str::to_owned),
            address: address.parse().ok(),
            ..NumberOwner::default()
        }
    }

    fn with(mut bridge: Bridge, ofport: u16, owner: &NumberOwner) -> Bridge {
        keep(&bridge, OfPort(ofport), owner).apply(&mut bridge.external_ids);
        bridge
    }

    #[test]
    fn a_name_has_its_derived_hardware_address_again() {
        let mac = |text: &str| text.parse::<Mac>().unwrap();
        let (first, second) = (mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02"));
        let web = |network: &str| owner(network, Some("web"), "192.0.2.2");
        let bridge = with(bridge(), 7, &NumberOwner { derived: Some(first), ..web("a") });
        let bridge = with(bridge, 8, &NumberOwner { derived: Some(second), ..web("b") });
        assert_eq!(derived_mac(&bridge, &web("a")), Some(first));
        assert_eq!(derived_mac(&bridge, &web("b")), Some(second), "on each network its own");
        assert!(derived_mac(&bridge, &web("c")).is_some(), "the network was made again");
        let other_vlan = NumberOwner { vlans: "10".to_owned(), ..web("c") };
        assert_eq!(derived_mac(&bridge, &other_vlan), None);
        assert_eq!(derived_mac(&bridge, &owner("a", Some("db"), "192.0.2.2")), None);
        assert_eq!(derived_mac(&bridge, &owner("a", None, "192.0.2.2")), None, "it has no name");
        // Its network's name is learnt, and it gets another number.
        let bridge = with(bridge, 9, &NumberOwner { network_name: Some("lan".into()), ..web("a") });
        assert_eq!(derived_mac(&bridge, &web("a")), Some(first));
    }

    #[test]
    fn a_name_has_its_number_again_whatever_address_it_has() {
        let bridge = with(bridge(), 7, &owner("n", Some("web"), "192.0.2.2"));
        let bridge = with(bridge, 8, &owner("n", Some("db"), "192.0.2.3"));
        assert_eq!(had(&bridge, &owner("n", Some("web"), "192.0.2.3")), Some(OfPort(7)));
        assert_eq!(had(&bridge, &owner("n", Some("new"), "192.0.2.3")), None, "it is db's");
        assert_eq!(had(&bridge, &owner("n", None, "192.0.2.3")), Some(OfPort(8)), "a hint");
        assert_eq!(had(&bridge, &owner("n", None, "")), None);
    }

    #[test]
    fn a_network_that_is_made_again_is_the_same_by_its_name_or_its_vlans() {
        let named = |id: &str, network: Option<&str>, vlans: &str| NumberOwner {
            network_name: network.map(str::to_owned),
            vlans: vlans.into(),
            ..owner(id, Some("web"), "")
        };
        let bridge = with(bridge(), 7, &named("n1", Some("lan"), "10"));
        let bridge = with(bridge, 8, &named("n2", Some("dmz"), "20"));
        assert_eq!(had(&bridge, &named("n3", Some("dmz"), "30")), Some(OfPort(8)));
        assert_eq!(had(&bridge, &named("n3", None, "10")), Some(OfPort(7)));
        assert_eq!(had(&bridge, &named("n3", None, "30")), None);
    }

    #[test]
    fn a_number_has_one_owner_and_an_owner_one_number_on_a_network() {
        let bridge = with(bridge(), 7, &owner("n", Some("web"), ""));
        let bridge = with(bridge, 9, &owner("n", Some("web"), ""));
        assert_eq!(kept(&bridge), BTreeSet::from([9]));
        let bridge = with(bridge, 9, &owner("n", Some("db"), ""));
        let all: Vec<_> = of(&bridge).collect();
        let former = Some(FormerOwner { name: "web".into(), until: 0 });
        assert_eq!(all, [(OfPort(9), NumberOwner { former, ..owner("n", Some("db"), "") })]);
    }

    /// At each start a container has no name at first, and maybe its number all the same.
    #[test]
    fn a_number_is_taken_over_by_another_name_alone() {
        let at = |used: u64, name: Option<&str>| NumberOwner { used, ..owner("n", name, "") };
        for (owners, name, expected) in [
            (vec![at(1, Some("web"))], "web", None),
            (vec![at(1, Some("web")), at(5, Some("web"))], "web", None),
            (vec![at(1, Some("web")), at(5, None), at(6, Some("web"))], "web", None),
            (vec![at(1, None), at(5, Some("web"))], "web", None),
            (vec![at(1, Some("db")), at(5, Some("web")), at(9, Some("web"))], "web", Some(5)),
            (vec![at(1, Some("db")), at(5, None), at(6, Some("web"))], "web", Some(5)),
            (vec![at(1, Some("db")), at(5, None)], "web", None),
            (vec![at(1, Some("db")), at(5, Some("web"))], "other", None),
        ] {
            let told = format!("{owners:?}");
            let all = owners.iter().fold(bridge(), |bridge, owner| with(bridge, 7, owner));
            assert_eq!(taken_over(&all, OfPort(7), name), expected, "{told}");
            assert_eq!(taken_over(&all, OfPort(8), name), None);
        }
        let chosen =
            |used: u64, name: &str| NumberOwner { mac: Some(Mac([2; 6])), ..at(used, Some(name)) };
        let renamed = with(with(bridge(), 7, &chosen(1, "db")), 7, &chosen(5, "web"));
        assert_eq!(taken_over(&renamed, OfPort(7), "web"), None);
    }

    #[test]
    fn what_is_too_many_goes_by_age_and_nonsense_is_left_out() {
        let mut bridge = bridge();
        let most = u16::try_from(MAX_ENTRIES).unwrap();
        for ofport in 1..=most + 3 {
            let used = u64::from(ofport);
            let name = format!("c{ofport}");
            let owner = NumberOwner { used, ..owner("n", Some(&name), "") };
            bridge = with(bridge, ofport, &owner);
        }
        assert_eq!(kept(&bridge), (4..=most + 3).collect());
        bridge.external_ids.insert("docker-ovs.number.x".into(), "{}".into());
        bridge.external_ids.insert("docker-ovs.number.70000".into(), "{}".into());
        bridge.external_ids.insert("docker-ovs.number.1".into(), "[".into());
        assert_eq!(kept(&bridge).len(), MAX_ENTRIES);
    }

    #[test]
    fn a_network_that_goes_keeps_the_numbers_of_names() {
        let bridge = with(bridge(), 7, &owner("n", Some("web"), ""));
        let mut bridge = with(bridge, 8, &owner("n", None, "192.0.2.9"));
        forget_network(&bridge, "n").apply(&mut bridge.external_ids);
        assert_eq!(kept(&bridge), BTreeSet::from([7]));
        forget(&bridge, OfPort(7)).apply(&mut bridge.external_ids);
        assert!(kept(&bridge).is_empty());
    }
}
