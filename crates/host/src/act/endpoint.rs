//! What network drivers do: with the database and the kernel, and never with an engine, which may be
//! waiting for the driver at that very moment.
//!
//! The lock of plans is not taken, as its holder may be at it for longer than an engine is to wait: each transaction
//! fails where what it rests on has changed, and is planned anew. What no transaction can tell by its rows, that no
//! other endpoint has an address, is found out [in a turn](Endpoints::turn_at) at that address alone.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::sync::OnceLock;

use model::SourceError;
use model::endpoint_record::alias_beginning;
use model::ids::{Ifindex, Mac, NetnsId};
use model::plan::Plan;
use model::switch::{Bridge, Port};
use netns::{Error, Netns, Route, RouteSocket};

use super::ActError;
use super::executor::PlanExecutor;
use crate::kernel::{EndpointLink, EndpointLinks, EndpointVeth, HostLink};
use crate::{Host, kernel};

/// A namespace that the other end of a veth is made in.
#[derive(Debug)]
pub struct TargetNetns(Netns);

impl TargetNetns {
    /// The namespace that this program runs in, which is the engine's too: it takes links from there.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn own() -> Result<Self, SourceError> {
        kernel::own_namespace().map(Self)
    }

    /// The namespace behind this file.
    ///
    /// # Errors
    /// It cannot be opened, or is something else.
    pub fn at(path: &Path) -> Result<Self, SourceError> {
        let what = || format!("the network namespace {}", path.display());
        Netns::open(path).map(Self).map_err(|error| kernel::source_error(what(), &error))
    }

    /// Which one it is.
    pub fn id(&self) -> NetnsId {
        kernel::id(&self.0)
    }

    /// Those of `gateways` whose family has no default route there yet: the kernel refuses a second one.
    ///
    /// # Errors
    /// Its routes cannot be read.
    pub fn unrouted(&self, gateways: &[IpAddr]) -> Result<Vec<IpAddr>, SourceError> {
        if gateways.is_empty() {
            return Ok(Vec::new());
        }
        let defaults = self.default_routes()?;
        let is_routed =
            |gateway: &&IpAddr| defaults.iter().any(|route| route.is_ipv4 == gateway.is_ipv4());
        Ok(gateways.iter().filter(|gateway| !is_routed(gateway)).copied().collect())
    }

    /// Those of `gateways` that a default route there goes by.
    ///
    /// # Errors
    /// Its routes cannot be read.
    pub fn routed(&self, gateways: &[IpAddr]) -> Result<Vec<IpAddr>, SourceError> {
        if gateways.is_empty() {
            return Ok(Vec::new());
        }
        let defaults = self.default_routes()?;
        let is_taken =
            |gateway: &&IpAddr| defaults.iter().any(|route| route.gateway == Some(**gateway));
        Ok(gateways.iter().filter(is_taken).copied().collect())
    }

    /// Gives default routes by those of `gateways` whose family has none there yet, by the interface of this name;
    /// none where that has another hardware address than `mac`, or is down.
    ///
    /// # Errors
    /// Its routes cannot be read, or the kernel refuses one.
    pub fn route_by(
        &self,
        interface: &str,
        mac: Mac,
        gateways: &[IpAddr],
    ) -> Result<(), SourceError> {
        let gateways = self.unrouted(gateways)?;
        if gateways.is_empty() {
            return Ok(());
        }
        let give = |socket: &RouteSocket| {
            let link = socket.link_named(interface)?;
            let own =
                link.filter(|link| link.name == interface && link.mac == Some(mac.0) && link.up);
            let Some(own) = own else { return Ok(()) };
            gateways.iter().try_for_each(|via| socket.add_default_route(*via, own.ifindex))
        };
        let given = netns::visit(&[&self.0], |_, socket| give(socket));
        given.into_iter().collect::<Result<(), _>>().map_err(|error| self.routes_error(&error))
    }

    fn default_routes(&self) -> Result<Vec<Route>, SourceError> {
        let mut routes = Vec::new();
        for read in netns::visit(&[&self.0], |_, socket| socket.routes()) {
            routes.extend(read.map_err(|error| self.routes_error(&error))?);
        }
        routes.retain(|route| route.destination.is_none());
        Ok(routes)
    }

    fn routes_error(&self, error: &Error) -> SourceError {
        let what = format!("the routes of the network namespace {}", self.id());
        kernel::source_error(what, error)
    }
}

/// A connection to the switch's database, and the kernel, for one call of an engine.
pub struct Endpoints {
    executor: PlanExecutor,
    links: OnceLock<Result<EndpointLinks, SourceError>>,
}

impl Endpoints {
    /// Connects.
    ///
    /// # Errors
    /// The database does not answer, or vswitchd's network namespace is not known.
    pub async fn of(host: &Host) -> Result<Self, SourceError> {
        Ok(Self { executor: PlanExecutor::unlocked(host).await?, links: OnceLock::new() })
    }

    /// Waits for a turn at these addresses, of endpoints that are to be made: as long as this lives, no other
    /// process, and no other one of this, has a turn at one of them. What is read afterwards tells of all that
    /// had theirs before. The server gives the turn to the next when its holder is gone (RFC 7047 section 4.1.8).
    ///
    /// # Errors
    /// The database does not answer, or a process that has the turn is stopped.
    pub async fn turn_at(&mut self, addresses: &BTreeSet<IpAddr>) -> Result<(), SourceError> {
        self.executor.turn_at(addresses).await
    }

    /// Every bridge with every port, without addresses, options and errors, and what the database calls
    /// itself.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rows(&mut self) -> Result<(Vec<Bridge>, Option<String>), SourceError> {
        self.executor.rows().await
    }

    /// The port whose interface has this name, on its bridge, with what that remembers; no others.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rows_of(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        self.executor.rows_of(interface).await
    }

    /// Waits until vswitchd has seen every port go that is gone from the database. A plan that may bring a name
    /// back waits for that too, and has little to wait for after this.
    ///
    /// # Errors
    /// It has not in time.
    pub async fn await_configured(&mut self) -> Result<(), SourceError> {
        self.executor.await_configured().await
    }

    /// Carries a plan out, or nothing of it. Where [`ActError::has_changed`], another one may succeed.
    ///
    /// # Errors
    /// A step failed.
    pub async fn carry_out(&mut self, plan: &Plan, home: TargetNetns) -> Result<(), ActError> {
        self.executor.run_in(home.0, plan).await
    }

    /// Which link an endpoint's port is. All links are read once, at the first question.
    pub fn link_of(&self, port: &Port) -> EndpointLink {
        match self.links.get_or_init(|| self.executor.endpoint_links()) {
            Ok(links) => self.executor.endpoint_link(links, port),
            Err(why) => EndpointLink::Unknown(why.to_string()),
        }
    }

    /// Whether no link is an endpoint's any more; false where that cannot be told.
    pub fn is_link_gone(&self, port: &Port) -> bool {
        self.link_of(port) == EndpointLink::Gone
    }

    /// The link of the switch's namespace that has this name among its own, else the one of this index, as
    /// vswitchd `held` it; none where neither is there.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn host_link(
        &self,
        name: &str,
        held: Option<Ifindex>,
    ) -> Result<Option<HostLink>, SourceError> {
        self.executor.host_link(name, held)
    }

    /// What rests on the link of a port of the switch, in words: a link that sends by it, in whichever
    /// namespace, what it is enslaved to, an address that was not `given` to it; or why that cannot be told.
    /// None where nothing does.
    pub fn rests_on(&self, port: &Port, given: &[IpAddr]) -> Option<String> {
        self.executor.rests_on(port, given)
    }

    /// Deletes the veth of this name in the switch's namespace if its making never came to its end.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn delete_unfinished(&self, name: &str) -> Result<(), SourceError> {
        self.executor.delete_unfinished(name)
    }

    /// The veth that an endpoint's port is by its name, or by the index that vswitchd holds, and by its alias.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn veth_of(&self, port: &Port) -> Result<Option<EndpointVeth>, SourceError> {
        self.executor.endpoint_veth(port)
    }

    /// The veths of the switch's namespace that bear the mark of an endpoint, whatever they are called: which of
    /// them is left of it [`EndpointVeth::left`] tells.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn marked_veths(
        &self,
        network: &str,
        endpoint: &str,
    ) -> Result<Vec<EndpointVeth>, SourceError> {
        self.executor.marked_veths(&alias_beginning(network, endpoint))
    }
}

impl ActError {
    /// Whether something that was rested on had changed, and nothing is left of it.
    pub fn has_changed(&self) -> bool {
        matches!(self, Self::Failed { why, left }
            if why.kind == model::SourceErrorKind::Gone && left.is_empty())
    }
}
