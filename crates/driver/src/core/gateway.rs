//! This host as the gateway of networks: addresses on a link of the bridge, and a table of nftables. Both
//! are the kernel's, which forgets them at each start, and are put back from what the database records.

use std::sync::atomic::Ordering;
use std::time::Duration;

use host::{GatewayLink, forward_ipv4, link_with_address};
use model::ids::{Name, short_id};
use model::snapshot::Cidr;
use model::switch::{Bridge, Port};
use nftables::Table;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::Driver;
use crate::DriverError;
use crate::network::{self, NetworkRecord};
use crate::options::{Gateway, NetworkOptions};
use crate::rules;

/// So long the link of a network that is asked for is waited for: less than an engine waits for an answer.
const LINK_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks for a link that vswitchd is about to make.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is to stand.
#[derive(Clone, Debug)]
struct DesiredGateways {
    links: Vec<Owned>,
    /// Whether the database tells of any, these or ones that no container is on.
    are_recorded: bool,
    table: Option<Table>,
    /// What it is called, if there is one.
    table_name: String,
}

/// How much of what is to stand does.
enum InPlace {
    Whole,
    /// Gateways of other networks than was asked for are missing.
    WithoutOthers,
    /// The link of the network that was asked for is not there.
    WithoutOwn(DriverError),
}

/// The link of a network's gateway.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    /// Id of the network.
    network: String,
    pub(super) link: GatewayLink,
}

impl DesiredGateways {
    /// Whether the gateway of this network is among them.
    fn is_of(&self, network: &str) -> bool {
        self.links.iter().any(|owned| owned.network == network)
    }

    /// All that can be put in place is, whatever a single link lacks: one network does not hold up another.
    /// A table that is not wanted is removed where the switch's links `are_here`: elsewhere it is none of this
    /// switch's.
    ///
    /// # Errors
    /// The kernel refuses what all need, or what the network that is `asked` for does.
    fn put_in_place(&self, are_here: bool, asked: Option<&str>) -> Result<InPlace, DriverError> {
        if !self.links.is_empty() {
            forward_ipv4()?;
        }
        let (mut in_place, mut own_is) = (InPlace::Whole, Ok(()));
        for owned in &self.links {
            let is_asked = asked == Some(owned.network.as_str());
            let why = match owned.link.set_up() {
                Ok(true) => continue,
                Ok(false) => owned.without_link(),
                Err(error) if is_asked => {
                    own_is = Err(error.into());
                    continue;
                }
                Err(error) => error.into(),
            };
            debug!("a gateway is not in place: {why}");
            if is_asked {
                in_place = InPlace::WithoutOwn(why);
            } else if matches!(in_place, InPlace::Whole) {
                in_place = InPlace::WithoutOthers;
            }
        }
        match &self.table {
            Some(table) => nftables::replace(table).map_err(|error| refused(&error))?,
            None if are_here => {
                nftables::remove(&self.table_name).map_err(|error| refused(&error))?;
            }
            None => {}
        }
        own_is.map(|()| in_place)
    }
}

impl Owned {
    fn without_link(&self) -> DriverError {
        DriverError::new(format!(
            "{}, the link of the gateway of network {}, is not there: ovs-vswitchd has not made it, or its \
             port was deleted; docker network rm and create make it again",
            self.link.name,
            short_id(&self.network)
        ))
    }
}

impl NetworkRecord {
    /// The link of this host that has the gateway's addresses: the bridge's own, or a port of the
    /// network's VLAN.
    pub(crate) fn gateway_link(&self, options: &NetworkOptions) -> Name {
        match options.vlans.tag {
            None => options.bridge.as_str().into(),
            Some(_) => format!("dog-{}", short_id(&self.id).get(..8).unwrap_or(&self.id)).into(),
        }
    }

    /// The addresses of its gateway.
    pub(super) fn gateway_addresses(&self) -> Vec<Cidr> {
        let all = self.subnets.iter();
        all.filter_map(|subnet| {
            Some(Cidr { ip: subnet.gateway?, prefix: subnet.pool.prefix_len() })
        })
        .collect()
    }

    /// Takes the addresses from the gateway's link that it has of this network.
    pub(super) fn take_given(&self) -> Result<(), DriverError> {
        let Ok(options) = self.read_options() else { return Ok(()) };
        let (name, addresses) = (self.gateway_link(&options), self.given.clone());
        Ok(GatewayLink { name, addresses, mtu: None }.take_addresses()?)
    }

    /// The network with those of its given addresses that go with it, and the other networks of its bridge that
    /// have the rest from now on: their gateway is at the same link.
    pub(super) fn pass_given(&self, bridge: &Bridge) -> (Self, Vec<Self>) {
        let (mut own, mut heirs) = (self.clone(), Vec::new());
        let link_of = |network: &Self| Some(network.gateway()?.name);
        let link = link_of(self);
        let others = network::of(bridge).filter(|other| other.id != self.id);
        for mut other in others.filter(|other| link.is_some() && link_of(other) == link) {
            let needed = other.gateway_addresses();
            let (passed, kept): (Vec<_>, Vec<_>) =
                own.given.into_iter().partition(|cidr| needed.contains(cidr));
            own.given = kept;
            if !passed.is_empty() {
                other.given.extend(passed);
                heirs.push(other);
            }
        }
        (own, heirs)
    }

    /// Whether this host is its gateway.
    pub(super) fn is_gateway_here(&self) -> bool {
        self.gateway().is_some()
    }

    fn gateway(&self) -> Option<GatewayLink> {
        let options = self.read_options().ok()?;
        (options.gateway == Gateway::Host).then(|| GatewayLink {
            name: self.gateway_link(&options),
            addresses: self.gateway_addresses(),
            mtu: options.mtu,
        })
    }
}

impl Driver {
    /// The network, with the addresses that the link of its gateway has not got yet.
    ///
    /// # Errors
    /// This host cannot be its gateway.
    pub(super) fn with_gateway(
        &self,
        network: &NetworkRecord,
        options: &NetworkOptions,
    ) -> Result<NetworkRecord, DriverError> {
        if options.gateway != Gateway::Host {
            return Ok(network.clone());
        }
        let addresses = network.gateway_addresses();
        if addresses.is_empty() {
            let why =
                "gateway=host needs a subnet with a gateway: --subnet and --gateway say which";
            return Err(DriverError::new(why));
        }
        if !self.host.is_switch_here()? {
            let why = "gateway=host: ovs-vswitchd lives in another network namespace than this driver, \
                       and so do its links";
            return Err(DriverError::new(why));
        }
        let link = network.gateway_link(options);
        let mut given = Vec::new();
        for cidr in addresses {
            match link_with_address(cidr.ip)? {
                Some(own) if own == link => {}
                Some(other) => {
                    let why = format!("the gateway's address {} is {other}'s already", cidr.ip);
                    return Err(DriverError::new(why));
                }
                None => given.push(cidr),
            }
        }
        Ok(NetworkRecord { given, ..network.clone() })
    }

    /// Puts the gateways of all networks in place, and the table that they need; false where that of
    /// another network than is `asked` for is not in place. The link of that one is waited for.
    ///
    /// # Errors
    /// The database does not answer, or the kernel refuses; or the network that is asked for, or its link, is
    /// not there.
    pub(crate) async fn stand(&self, asked: Option<&str>) -> Result<bool, DriverError> {
        let attempt = self.standing.begin();
        let due = Instant::now() + LINK_WITHIN;
        loop {
            let turn = self.gateway_turn().await?;
            let wanted = self.wanted().await?;
            self.standing.are_recorded.store(wanted.are_recorded, Ordering::SeqCst);
            if let Some(id) = asked.filter(|id| !wanted.is_of(id)) {
                return Err(DriverError::new(format!(
                    "network {}: it was removed meanwhile, and so was its gateway",
                    short_id(id)
                )));
            }
            let is_bare = wanted.links.is_empty() && !self.standing.is_any();
            if is_bare && attempt.was_whole {
                attempt.end();
                return Ok(true);
            }
            let in_place = wanted.put_in_place(self.host.is_switch_here()?, asked);
            drop(turn);
            self.standing.are(wanted.links);
            match in_place? {
                InPlace::WithoutOwn(why) if Instant::now() >= due => return Err(why),
                // Without the turn: one network does not hold up another.
                InPlace::WithoutOwn(_) => sleep(LOOK_AGAIN).await,
                InPlace::WithoutOthers => {
                    attempt.end();
                    return Ok(false);
                }
                InPlace::Whole => {
                    attempt.end();
                    return Ok(true);
                }
            }
        }
    }

    /// What is to stand by the database, and by the links of what is published.
    async fn wanted(&self) -> Result<DesiredGateways, DriverError> {
        let view = self.open().await?;
        let has_ended = |port: &Port| view.has_ended(port);
        let networks =
            view.bridges.iter().flat_map(|bridge| rules::with_gateway(bridge, &has_ended));
        let links = networks.filter_map(|(network, _)| {
            Some(Owned { link: network.gateway()?, network: network.id })
        });
        let links = links.collect();
        let table_name = rules::table_name(view.system.as_deref());
        let table = rules::table(&table_name, &view.bridges, &has_ended);
        let mut recorded = view.bridges.iter().flat_map(network::of);
        let are_recorded = recorded.any(|network| network.is_gateway_here());
        Ok(DesiredGateways { links, are_recorded, table, table_name })
    }

    /// The same where only the table may have changed; what fails now is tried again later.
    pub(super) async fn stand_again(&self) {
        if let Err(error) = self.stand(None).await {
            debug!("gateways are not in place: {error}");
        }
    }
}

fn refused(error: &nftables::Error) -> DriverError {
    let lacks = error.is_unknown_to_kernel();
    let hint = if lacks { " (nat=true and -p need nftables in the kernel)" } else { "" };
    DriverError::new(format!("{error}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_lacks_is_told_where_it_says_so() {
        let told = |errno: i32| {
            let source = std::io::Error::from_raw_os_error(errno);
            refused(&nftables::Error::Refused { table: "t".to_owned(), source }).to_string()
        };
        let (no_entry, not_permitted) = (2, 1);
        assert!(told(no_entry).contains("need nftables"), "{}", told(no_entry));
        assert!(!told(not_permitted).contains("need nftables"), "{}", told(not_permitted));
    }
}
