//! What was asked for, and of whom: the test's own record, kept without the project's code.

use crate::tool::dice::Dice;

/// An interface as `connect` was asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) bridge: String,
    pub(super) interface: String,
    pub(super) number: String,
    pub(super) mac: String,
    pub(super) addresses: Vec<String>,
    pub(super) gateway: Option<String>,
    pub(super) mtu: String,
    pub(super) vlan: String,
}

impl Wanted {
    /// The `n`th of a run: no other one has its number or an address of its.
    pub(super) fn by_chance(n: usize, bridge: &str, interface: &str, dice: &mut Dice) -> Self {
        let (high, low) = (n / 250, n % 250);
        let mut addresses = vec![format!("10.{high}.{low}.7/24")];
        let more = [format!("10.{}.{low}.7/25", 100 + high), format!("2001:db8:{n:x}::7/64")];
        addresses.extend(more.into_iter().filter(|_| dice.throw(2) == 0));
        let gateway = (dice.throw(2) == 0).then(|| format!("10.{high}.{low}.1"));
        Self {
            bridge: bridge.to_owned(),
            interface: interface.to_owned(),
            number: (33_000 + n).to_string(),
            mac: format!("02:00:00:00:{high:02x}:{low:02x}"),
            addresses,
            gateway,
            mtu: (1400 + dice.throw(100)).to_string(),
            vlan: (1 + dice.throw(4000)).to_string(),
        }
    }

    /// The words of `connect` for it.
    pub(super) fn words(&self, container: &str) -> Vec<String> {
        let mut words = vec!["connect", &self.bridge, container, "--interface", &self.interface];
        words.extend(["--ofport", &self.number, "--mac", &self.mac, "--mtu", &self.mtu]);
        words.extend(["--vlan", &self.vlan]);
        words.extend(self.addresses.iter().flat_map(|ip| ["--ip", ip]));
        words.extend(self.gateway.iter().flat_map(|ip| ["--gateway", ip]));
        words.into_iter().map(str::to_owned).collect()
    }
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was done: the interface is there whenever its container runs.
    Made,
    /// Its port or its link was deleted by hand: `restore` brings it back.
    Taken,
    /// What should have made or taken it was killed, or ended with an error while something was
    /// stopped: at the next quiet point it is whole or not there at all.
    Open,
}

/// A container, which may be gone.
#[derive(Debug)]
pub(super) struct Person {
    /// Whose it is, as `--engine` calls that.
    pub(super) engine: &'static str,
    pub(super) id: String,
    pub(super) name: String,
    /// Whether the switch has been told this name, as it is at every quiet point.
    pub(super) is_noted: bool,
    pub(super) exists: bool,
    pub(super) has: Vec<(Wanted, Fate)>,
}

impl Person {
    pub(super) fn new(engine: &'static str, id: String, name: String) -> Self {
        Self { engine, id, name, is_noted: true, exists: true, has: Vec::new() }
    }

    pub(super) fn has(&self, interface: &str) -> bool {
        self.has.iter().any(|(wanted, _)| wanted.interface == interface)
    }

    /// Nothing of what it has is certain any more.
    pub(super) fn is_open(&mut self) {
        self.has.iter_mut().for_each(|(_, fate)| *fate = Fate::Open);
    }
}

/// A port that was made by hand; none of the verbs may remove it.
#[derive(Debug)]
pub(super) struct ByHand {
    pub(super) bridge: String,
    pub(super) port: String,
}
