//! Links of the kernel, and plugging a namespace into a bridge.

use crate::bridge::Bridge;
use crate::home::Home;
use crate::names::unique;
use crate::run::{run, try_run};

/// A link of the host, deleted with its guard.
#[derive(Debug)]
pub struct Link(String);

impl Link {
    /// A link made by `ip link add NAME` and further words.
    pub fn add(words: &[&str]) -> Self {
        Self::named(&unique("l"), words)
    }

    /// The same with a given name.
    ///
    /// # Panics
    /// When the host has a link of that name, which is left alone.
    pub fn named(name: &str, words: &[&str]) -> Self {
        let taken = try_run("ip", &["link", "show", "dev", name]).is_ok();
        assert!(!taken, "there is a link {name} already");
        let link = Self(name.to_owned());
        run("ip", &[&["link", "add", name], words].concat());
        run("ip", &["link", "set", name, "up"]);
        link
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = try_run("ip", &["link", "del", &self.0]);
    }
}

/// The namespace of the tests, which is the switch's too, in the words of `ip link … netns`: in
/// a container it is not that of PID 1.
pub fn here() -> String {
    std::process::id().to_string()
}

/// How a veth is plugged in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plug<'a> {
    /// Further words for `ip link add … type veth peer name … WORDS`, such as `address`.
    pub inner: &'a [&'a str],
    /// An address with prefix length for the inner end.
    pub ip: Option<&'a str>,
    /// Further words for `ovs-vsctl add-port`, such as `tag=10`, `-- set interface …`.
    pub port: &'a [&'a str],
    /// Name of the host end; one of its own if none.
    pub host_end: Option<&'a str>,
}

/// A veth between a namespace and a bridge; port and veth are removed with their guard.
#[derive(Debug)]
pub struct Plugged {
    link: Link,
    ofport: u16,
}

impl Plugged {
    /// Plugs `home` into `bridge`, the inner end called `interface`.
    pub fn new(home: &impl Home, interface: &str, bridge: &Bridge, plug: Plug<'_>) -> Self {
        let name = plug.host_end.map_or_else(|| unique("v"), str::to_owned);
        // Inside from the beginning: a client that follows the host sees no other name.
        let netns = home.netns();
        let inner = ["type", "veth", "peer", "name", interface, "netns", &netns];
        let link = Link::named(&name, &[&inner, plug.inner].concat());
        let mut plugged = Self { link, ofport: 0 };
        home.ip(&["link", "set", interface, "up"]);
        plugged.ofport = bridge.add(&name, plug.port);
        if let Some(ip) = plug.ip {
            home.ip(&["address", "add", ip, "dev", interface]);
        }
        plugged
    }

    /// Name of the end that is on the bridge.
    pub fn host_end(&self) -> &str {
        self.link.name()
    }

    /// The number OVS gave it.
    pub fn ofport(&self) -> u16 {
        self.ofport
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        let _ = try_run("ovs-vsctl", &["--if-exists", "del-port", self.link.name()]);
    }
}
