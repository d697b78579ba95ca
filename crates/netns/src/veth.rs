//! A veth whose far end is born in another namespace (linux/veth.h).

use std::os::fd::{AsFd, AsRawFd};

use crate::change::header;
use crate::link_name::valid_name;
use crate::message::{NLM_F_CREATE_NEW, nested};
use crate::rows::{
    IFF_UP, IFINFOMSG, IFLA_ADDRESS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO,
    IFLA_MTU,
};
use crate::socket::RTM_NEWLINK;
use crate::{Error, Netns, RouteSocket};

const IFLA_NET_NS_FD: u16 = 28;
const VETH_INFO_PEER: u16 = 1;

/// One end of a veth that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VethEnd {
    /// Its name: 1 to 15 bytes, none of them `/`, `:`, `%`, NUL or white space.
    pub name: String,
    /// Its hardware address; none for a random one.
    pub mac: Option<[u8; 6]>,
    /// Its MTU in bytes; none for the kernel's choice, 1500.
    pub mtu: Option<u32>,
    /// Whether it is up from its first moment on: all who hear of links hear of it once.
    pub up: bool,
}

impl VethEnd {
    fn header(&self) -> [u8; IFINFOMSG] {
        header(0, if self.up { IFF_UP } else { 0 })
    }

    /// Its attributes.
    fn attributes(&self) -> Result<Vec<(u16, Vec<u8>)>, Error> {
        let mut attributes = vec![(IFLA_IFNAME, valid_name(&self.name)?)];
        attributes.extend(self.mac.map(|mac| (IFLA_ADDRESS, mac.to_vec())));
        attributes.extend(self.mtu.map(|mtu| (IFLA_MTU, mtu.to_ne_bytes().to_vec())));
        Ok(attributes)
    }
}

impl RouteSocket {
    /// Makes a veth with the near end in this socket's namespace and the far end in another
    /// one, where it appears under its own name and never under another. Both or none are made.
    ///
    /// # Errors
    /// [`Error::Name`] before anything is asked for; [`Error::Change`], `EEXIST` where either
    /// name is taken.
    pub fn create_veth(
        &self,
        near: &VethEnd,
        far: &VethEnd,
        far_netns: &Netns,
    ) -> Result<(), Error> {
        let mut near_attributes = near.attributes()?;
        let mut far_attributes = far.attributes()?;
        let home = far_netns.as_fd().as_raw_fd().to_ne_bytes();
        far_attributes.push((IFLA_NET_NS_FD, home.to_vec()));
        let peer = nested(&far.header(), &borrowed(&far_attributes));
        let peer = nested(&[], &[(VETH_INFO_PEER, &peer)]);
        let kind = nested(&[], &[(IFLA_INFO_KIND, b"veth"), (IFLA_INFO_DATA, &peer)]);
        near_attributes.push((IFLA_LINKINFO, kind));
        let what = format_args!("create veth {} with far end {}", near.name, far.name);
        self.0.change(
            what,
            RTM_NEWLINK,
            NLM_F_CREATE_NEW,
            &near.header(),
            &borrowed(&near_attributes),
        )
    }
}

fn borrowed(attributes: &[(u16, Vec<u8>)]) -> Vec<(u16, &[u8])> {
    attributes.iter().map(|(kind, value)| (*kind, value.as_slice())).collect()
}
