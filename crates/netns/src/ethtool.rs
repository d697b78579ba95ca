//! Transmit checksum offload of links, by the ethtool family of generic netlink
//! (linux/genetlink.h, linux/ethtool_netlink.h, netlink-ethtool in the kernel's documentation).
//!
//! A link with the offload on hands on TCP, UDP and SCTP packets with unfinished checksums, and
//! trusts what is behind it to finish them. A veth has it on from its beginning.

use netlink_sys::protocols::NETLINK_GENERIC;
use rustix::io::Errno;

use crate::Error;
use crate::message::{NLA_F_NESTED, attributes, nested, u16_at};
use crate::netlink::{Netlink, refusal};
use crate::rows::text;
use crate::socket::is_index;

const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
/// `struct genlmsghdr`: command, version, two bytes reserved.
const GENLMSG: usize = 4;
const ETHTOOL_MSG_FEATURES_GET: u8 = 11;
const ETHTOOL_MSG_FEATURES_SET: u8 = 12;
const ETHTOOL_A_HEADER_DEV_INDEX: u16 = 1;
const ETHTOOL_A_HEADER_FLAGS: u16 = 3;
/// No message beside the acknowledgement.
const ETHTOOL_FLAG_OMIT_REPLY: u32 = 2;
const ETHTOOL_A_FEATURES_HEADER: u16 = 1;
/// What the driver lets be changed.
const ETHTOOL_A_FEATURES_HW: u16 = 2;
const ETHTOOL_A_FEATURES_WANTED: u16 = 3;
const ETHTOOL_A_FEATURES_ACTIVE: u16 = 4;
const ETHTOOL_A_BITSET_BITS: u16 = 3;
const ETHTOOL_A_BITSET_BITS_BIT: u16 = 1;
const ETHTOOL_A_BITSET_BIT_NAME: u16 = 2;
const ETHTOOL_A_BITSET_BIT_VALUE: u16 = 3;
/// What the names of the offloads begin with: `tx-checksum-ip-generic`, `tx-checksum-sctp`, …
const TX_CHECKSUM: &str = "tx-checksum-";

/// Asks the kernel about features of links, and changes them; from any thread, in the namespace
/// it was opened in.
pub struct EthtoolSocket {
    netlink: Netlink,
    /// The family's number, which the kernel gives it when it starts.
    family: u16,
}

/// Names of features, as ethtool(8) prints them.
#[derive(Debug, Default)]
pub(crate) struct Features {
    pub(crate) changeable: Vec<String>,
    pub(crate) active: Vec<String>,
}

impl EthtoolSocket {
    /// A socket in the calling thread's namespace.
    ///
    /// # Errors
    /// [`Error::Socket`]; [`Error::Change`] with `ENOENT` where the kernel has no such family
    /// (before Linux 5.6).
    pub fn here() -> Result<Self, Error> {
        let netlink = Netlink::here(NETLINK_GENERIC)?;
        let family = family(&netlink)?;
        Ok(Self { netlink, family })
    }

    /// Whether a link leaves any kind of transmit checksum to what is behind it
    /// (`tx-checksumming` of ethtool(8)).
    ///
    /// # Errors
    /// [`Error::Change`]; `ENODEV` where there is no such link.
    pub fn tx_checksum_offload(&self, ifindex: u32) -> Result<bool, Error> {
        Ok(!self.features(ifindex)?.active.is_empty())
    }

    /// Turns the transmit checksum offloads of a link on or off, all that its driver lets be
    /// changed. The kernel then segments TCP and UDP by itself, too. Packets that are sent
    /// later have it; nothing happens where it is so already.
    ///
    /// # Errors
    /// [`Error::Change`]; `ENODEV` where there is no such link, `EOPNOTSUPP` where an offload
    /// that is to be off stays on.
    pub fn set_tx_checksum_offload(&self, ifindex: u32, on: bool) -> Result<(), Error> {
        let features = self.features(ifindex)?;
        let names = if on { &features.changeable } else { &features.active };
        if names.is_empty() {
            return Ok(());
        }
        let word = if on { "on" } else { "off" };
        let what = format_args!("turn {} of link {ifindex} {word}", names.join(", "));
        let bits: Vec<_> = names.iter().map(|name| bit(name, on)).collect();
        let bits: Vec<_> =
            bits.iter().map(|bit| (ETHTOOL_A_BITSET_BITS_BIT | NLA_F_NESTED, &bit[..])).collect();
        let wanted = nested(&[], &[(ETHTOOL_A_BITSET_BITS | NLA_F_NESTED, &nested(&[], &bits))]);
        let attributes = [
            (ETHTOOL_A_FEATURES_HEADER | NLA_F_NESTED, &header(ifindex)[..]),
            (ETHTOOL_A_FEATURES_WANTED | NLA_F_NESTED, &wanted[..]),
        ];
        let command = [ETHTOOL_MSG_FEATURES_SET, 1, 0, 0];
        self.netlink.change(what, self.family, 0, &command, &attributes)?;
        // The kernel acknowledges what a driver then refuses to do.
        if !on && self.tx_checksum_offload(ifindex)? {
            return Err(refusal(what, Errno::OPNOTSUPP.into()));
        }
        Ok(())
    }

    fn features(&self, ifindex: u32) -> Result<Features, Error> {
        let what = format_args!("read the features of link {ifindex}");
        if !is_index(ifindex) {
            return Err(refusal(what, Errno::NODEV.into()));
        }
        let header = header(ifindex);
        let attributes = [(ETHTOOL_A_FEATURES_HEADER | NLA_F_NESTED, &header[..])];
        let command = [ETHTOOL_MSG_FEATURES_GET, 1, 0, 0];
        let answer = self.netlink.ask(self.family, 0, &command, &attributes, self.family, features);
        match answer {
            Ok(found) => Ok(found.into_iter().next().unwrap_or_default()),
            Err(Error::Socket(source)) => Err(refusal(what, source)),
            Err(other) => Err(other),
        }
    }
}

fn family(netlink: &Netlink) -> Result<u16, Error> {
    let command = [CTRL_CMD_GETFAMILY, 1, 0, 0];
    let name = [(CTRL_ATTR_FAMILY_NAME, &b"ethtool\0"[..])];
    match netlink.ask(GENL_ID_CTRL, 0, &command, &name, GENL_ID_CTRL, family_in) {
        Ok(found) => found.into_iter().next().ok_or(Error::Malformed("no family was named")),
        Err(Error::Socket(source)) => {
            Err(refusal(format_args!("find ethtool among the generic netlink families"), source))
        }
        Err(other) => Err(other),
    }
}

/// Reads the body of an answer that names a family: its number.
pub(crate) fn family_in(body: &[u8]) -> Option<u16> {
    let mut all = attributes(body.get(GENLMSG..)?);
    all.find(|(kind, _)| *kind == CTRL_ATTR_FAMILY_ID).and_then(|(_, id)| u16_at(id, 0))
}

/// Which link is meant.
fn header(ifindex: u32) -> Vec<u8> {
    let index = ifindex.to_ne_bytes();
    let flags = ETHTOOL_FLAG_OMIT_REPLY.to_ne_bytes();
    nested(&[], &[(ETHTOOL_A_HEADER_DEV_INDEX, &index[..]), (ETHTOOL_A_HEADER_FLAGS, &flags[..])])
}

/// One feature that is to be on or off.
fn bit(name: &str, on: bool) -> Vec<u8> {
    let name = [name.as_bytes(), &[0]].concat();
    let named = (ETHTOOL_A_BITSET_BIT_NAME, &name[..]);
    if on {
        nested(&[], &[named, (ETHTOOL_A_BITSET_BIT_VALUE, &[])])
    } else {
        nested(&[], &[named])
    }
}

/// Reads the body of an ETHTOOL_MSG_FEATURES_GET_REPLY; of the features only those of transmit
/// checksums.
pub(crate) fn features(body: &[u8]) -> Option<Features> {
    let mut features = Features::default();
    for (kind, value) in attributes(body.get(GENLMSG..)?) {
        match kind {
            ETHTOOL_A_FEATURES_HW => features.changeable = checksums(value),
            ETHTOOL_A_FEATURES_ACTIVE => features.active = checksums(value),
            _ => {}
        }
    }
    Some(features)
}

/// The names in a bitset without a mask: it lists the bits that are set.
fn checksums(bitset: &[u8]) -> Vec<String> {
    let bits = attributes(bitset).filter(|(kind, _)| *kind == ETHTOOL_A_BITSET_BITS);
    let bits = bits.flat_map(|(_, bits)| attributes(bits));
    let names = bits.flat_map(|(_, bit)| attributes(bit));
    let names = names.filter(|(kind, _)| *kind == ETHTOOL_A_BITSET_BIT_NAME);
    names.map(|(_, name)| text(name)).filter(|name| name.starts_with(TX_CHECKSUM)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn features_names_the_checksum_offloads_that_are_set() {
        let set = [bit("tx-checksum-sctp", false), bit("tx-tcp-segmentation", false)];
        let set: Vec<_> = set.iter().map(|bit| (ETHTOOL_A_BITSET_BITS_BIT, &bit[..])).collect();
        let bitset = nested(&[], &[(ETHTOOL_A_BITSET_BITS, &nested(&[], &set))]);
        let body = nested(&[0; GENLMSG], &[(ETHTOOL_A_FEATURES_ACTIVE, &bitset)]);
        let features = features(&body).unwrap();
        assert_eq!(features.active, ["tx-checksum-sctp"]);
        assert!(features.changeable.is_empty());
    }

    proptest! {
        #[test]
        fn features_never_panics(body in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = features(&body);
        }
    }
}
