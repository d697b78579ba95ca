//! Where what stands in etcd.
//!
//! ```text
//! /docker-ovs/v1/FLEET/hosts/HOST       what lasts: address, number, bridges, meshes   for ever
//! /docker-ovs/v1/FLEET/alive/HOST       which machine and run it is                    lease of 20 s
//! /docker-ovs/v1/FLEET/rows/HOST/ID     one attachment                                 lease of 15 min
//! /docker-ovs/v1/FLEET/numbers/N        whose number it is                             for ever
//! /docker-ovs/v1/FLEET/nets/MESH        a mesh                                         for ever
//! /docker-ovs/v1/FLEET/blocks/MESH/SUBNET/N   whose block N of the subnet's addresses is      for ever
//! /docker-ovs/v1/FLEET/blocks/MESH/SUBNET/N/machine   which machine that host was then        for ever
//! ```

use ipnet::IpNet;
pub use model::fleet_name::{LONGEST_NAME, is_name};

/// The longest id of a row, in bytes.
pub const LONGEST_ID: usize = 255;

/// A name as [`is_name`] wants it, made of the name that a machine has.
pub fn name_of(machine: &str) -> String {
    let known = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = machine.chars().map(known).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let name: String = name.chars().take(LONGEST_NAME).collect();
    if name.is_empty() { "host".to_owned() } else { name }
}

/// The keys of one fleet.
#[derive(Clone, Debug)]
pub struct Keys {
    prefix: String,
}

/// What a key is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'k> {
    /// What lasts of a host.
    Host(&'k str),
    /// That a host is alive.
    Alive(&'k str),
    /// An attachment: its host and its id.
    Row(&'k str, &'k str),
    /// Whose a number is.
    Number(u16),
    /// A mesh.
    Mesh(&'k str),
    /// A block of addresses: its mesh, its subnet, and its place there.
    Block(&'k str, IpNet, u32),
    /// Which machine a block is of: as for [`Key::Block`].
    BlockMachine(&'k str, IpNet, u32),
}

impl Keys {
    /// Of the fleet of this name.
    pub fn new(fleet: &str) -> Self {
        Self { prefix: format!("/docker-ovs/v1/{fleet}/") }
    }

    /// What all keys of the fleet begin with.
    pub fn all(&self) -> &str {
        &self.prefix
    }

    /// What lasts of all hosts.
    pub fn hosts(&self) -> String {
        format!("{}hosts/", self.prefix)
    }

    /// Which hosts are alive.
    pub fn alives(&self) -> String {
        format!("{}alive/", self.prefix)
    }

    /// All meshes.
    pub fn meshes(&self) -> String {
        format!("{}nets/", self.prefix)
    }

    /// All numbers.
    pub fn numbers(&self) -> String {
        format!("{}numbers/", self.prefix)
    }

    /// All rows of a host.
    pub fn rows(&self, host: &str) -> String {
        format!("{}rows/{host}/", self.prefix)
    }

    /// What lasts of a host.
    pub fn host(&self, host: &str) -> String {
        format!("{}hosts/{host}", self.prefix)
    }

    /// That a host is alive.
    pub fn alive(&self, host: &str) -> String {
        format!("{}alive/{host}", self.prefix)
    }

    /// One attachment.
    pub fn row(&self, host: &str, id: &str) -> String {
        format!("{}rows/{host}/{id}", self.prefix)
    }

    /// Whose a number is.
    pub fn number(&self, number: u16) -> String {
        format!("{}numbers/{number}", self.prefix)
    }

    /// A mesh.
    pub fn mesh(&self, mesh: &str) -> String {
        format!("{}nets/{mesh}", self.prefix)
    }

    /// All blocks of all meshes.
    pub fn blocks(&self) -> String {
        format!("{}blocks/", self.prefix)
    }

    /// All blocks of a mesh.
    pub fn blocks_of_mesh(&self, mesh: &str) -> String {
        format!("{}blocks/{mesh}/", self.prefix)
    }

    /// All blocks of a subnet of a mesh. The subnet's `/` would part the key.
    pub fn blocks_of(&self, mesh: &str, subnet: &IpNet) -> String {
        format!("{}blocks/{mesh}/{}-{}/", self.prefix, subnet.network(), subnet.prefix_len())
    }

    /// A block of addresses.
    pub fn block(&self, mesh: &str, subnet: &IpNet, place: u32) -> String {
        format!("{}{place}", self.blocks_of(mesh, subnet))
    }

    /// Which machine a block is of. Earlier releases pass such keys over: beside the block, whose value is to
    /// them the name of a host and nothing else.
    pub fn block_machine(&self, mesh: &str, subnet: &IpNet, place: u32) -> String {
        format!("{}/machine", self.block(mesh, subnet, place))
    }

    /// What a key is about; none where it is none of this layout, or is of another fleet.
    pub fn read<'k>(&self, key: &'k [u8]) -> Option<Key<'k>> {
        let rest = std::str::from_utf8(key).ok()?.strip_prefix(&self.prefix)?;
        let (kind, name) = rest.split_once('/')?;
        let named = |name: &'k str| is_name(name).then_some(name);
        match kind {
            "hosts" => Some(Key::Host(named(name)?)),
            "alive" => Some(Key::Alive(named(name)?)),
            "nets" => Some(Key::Mesh(named(name)?)),
            "numbers" => {
                let number = name.parse().ok()?;
                (format!("{number}") == name).then_some(Key::Number(number))
            }
            "rows" => {
                let (host, id) = name.split_once('/')?;
                let fits = !id.is_empty() && id.len() <= LONGEST_ID;
                fits.then_some(Key::Row(named(host)?, id))
            }
            "blocks" => {
                let mut parts = name.split('/');
                let (mesh, subnet, place) = (parts.next()?, parts.next()?, parts.next()?);
                let subnet: IpNet = subnet.replace('-', "/").parse().ok()?;
                let place = place.parse().ok()?;
                let mesh = named(mesh)?;
                let of = if self.block(mesh, &subnet, place).as_bytes() == key {
                    Key::Block(mesh, subnet, place)
                } else if self.block_machine(mesh, &subnet, place).as_bytes() == key {
                    Key::BlockMachine(mesh, subnet, place)
                } else {
                    return None;
                };
                (subnet.trunc() == subnet).then_some(of)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let keys = Keys::new("f");
        assert_eq!(keys.read(keys.host("a").as_bytes()), Some(Key::Host("a")));
        assert_eq!(keys.read(keys.alive("a").as_bytes()), Some(Key::Alive("a")));
        assert_eq!(keys.read(keys.row("a", "x/y").as_bytes()), Some(Key::Row("a", "x/y")));
        assert_eq!(keys.read(keys.number(7).as_bytes()), Some(Key::Number(7)));
        assert_eq!(keys.read(keys.mesh("m").as_bytes()), Some(Key::Mesh("m")));
        for subnet in ["192.0.2.0/24", "2001:db8::/64"].map(|net| net.parse().unwrap()) {
            let key = keys.block("m", &subnet, 7);
            assert_eq!(keys.read(key.as_bytes()), Some(Key::Block("m", subnet, 7)));
            let key = keys.block_machine("m", &subnet, 7);
            assert_eq!(keys.read(key.as_bytes()), Some(Key::BlockMachine("m", subnet, 7)));
        }
        for other in [
            "/docker-ovs/v1/f2/hosts/a",
            "/docker-ovs/v1/f/hosts/",
            "/docker-ovs/v1/f/hosts/a/b",
            "/docker-ovs/v1/f/hosts/-a",
            "/docker-ovs/v1/f/rows/a/",
            "/docker-ovs/v1/f/numbers/07",
            "/docker-ovs/v1/f/numbers/65536",
            "/docker-ovs/v1/f/blocks/m/192.0.2.0-24/07",
            "/docker-ovs/v1/f/blocks/m/192.0.2.1-24/7",
            "/docker-ovs/v1/f/blocks/m/192.0.2.0-24/7/8",
            "/docker-ovs/v1/f/blocks/m/192.0.2.0-24/07/machine",
            "/docker-ovs/v1/f/blocks/m/192.0.2.0-24/7/machine/x",
            "/docker-ovs/v1/f/blocks/m/x/7",
            "/docker-ovs/v1/f/later/a",
            "/docker-ovs/v1/f/",
        ] {
            assert_eq!(keys.read(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_machine_has_a_name(machine: String) {
            prop_assert!(is_name(&name_of(&machine)));
        }

        #[test]
        fn any_bytes_are_some_key_or_none(bytes: Vec<u8>) {
            let _ = Keys::new("f").read(&bytes);
        }
    }
}
