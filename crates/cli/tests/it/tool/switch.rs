//! A database with one port, and what is told of it.

use lab::{Database, Home, IdleVswitchd, Netns, here, run, unique, wait_until};

use super::live::Events;

/// A database of its own with a veth on the port 7 of its only bridge.
pub(crate) struct Switch {
    pub(crate) server: Database,
    _vswitchd: IdleVswitchd,
    host_end: String,
    /// A link in the same namespace that is on no port.
    spare: String,
    _netns: Netns,
}

impl Switch {
    pub(crate) fn new() -> Self {
        let (server, netns, host_end) = (Database::start(), Netns::new(), unique("v"));
        netns.ip(&[
            "link",
            "add",
            "eth0",
            "type",
            "veth",
            "peer",
            "name",
            &host_end,
            "netns",
            &here(),
        ]);
        let vswitchd = server.idle_vswitchd();
        let spare = unique("d");
        netns.ip(&["link", "add", &spare, "type", "veth"]);
        let switch = Self { server, _vswitchd: vswitchd, host_end, spare, _netns: netns };
        switch.server.vsctl(&["add-br", "br0", "--", "add-port", "br0", &switch.host_end]);
        switch.number(&[]);
        switch
    }

    /// Gives the port its number, as vswitchd does after each start of the server.
    fn number(&self, more: &[&str]) {
        self.server.vsctl(&[&["set", "interface", &self.host_end, "ofport=7"], more].concat());
    }

    /// Changes something that is told.
    pub(crate) fn tag(&self, vlan: u32) {
        self.number(&["--", "set", "port", &self.host_end, &format!("tag={vlan}")]);
    }

    pub(crate) fn signal(&self, signal: &str) {
        run("kill", &[signal, &self.server.process.id().to_string()]);
    }

    pub(crate) fn follow(&self) -> Events {
        let events = Events::start(&["--db", &self.server.remote(), "--timeout", "5s"]);
        wait_until("it is told", || told(&events, "[]") == 1);
        events
    }
}

/// How often something was told of the port 7.
pub(crate) fn told(events: &Events, changed: &str) -> usize {
    let end = format!(":eth0 br0 7 {changed}");
    events.said.lock().unwrap().iter().filter(|line| line.ends_with(&end)).count()
}

/// Nothing of this switch is gone, and of what is on no port only its appearance was told.
pub(crate) fn nothing_false_was_told(switch: &Switch, events: &Events) {
    let said = events.said.lock().unwrap();
    let gone = |line: &str| ["vanished", "orphaned"].iter().any(|word| line.starts_with(word));
    assert!(!said.iter().any(|line| line.contains(" br0 ") && gone(line)), "{said:?}");
    let spare = format!(":{} ", switch.spare);
    let told: Vec<_> = said.iter().filter(|line| line.contains(&spare)).collect();
    assert!(matches!(&told[..], [one] if one.starts_with("appeared")), "{told:?}");
}
