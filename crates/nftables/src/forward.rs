//! Which chains drop what this host forwards, unless a rule of theirs accepts it: what passes one table may
//! be dropped by another one.

use std::io;

use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_NETFILTER;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use crate::Error;
use crate::batch::{NETLINK_TIMEOUT, NFTABLES, NLM_F_REQUEST};
use crate::bytes::{Attributes, NLMSG_ERROR, attributes, message, messages, word};

const NLM_F_DUMP: u16 = 0x300;
const NLMSG_DONE: u16 = 3;
const NEW_CHAIN: u16 = 3;
const GET_CHAIN: u16 = 4;
/// Of linux/netfilter/nf_tables.h.
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_HOOK_HOOKNUM: u16 = 1;
/// `NF_INET_FORWARD` and `NF_DROP` of linux/netfilter.h.
const FORWARD: u32 = 2;
const DROP: u32 = 0;

/// The chains that drop what is forwarded and no rule of theirs accepts, in the calling thread's network
/// namespace, as nft(8) calls them: `ip filter FORWARD`. Those of the older iptables (iptables-legacy) are
/// not in nftables, and are not told. Takes CAP_NET_ADMIN.
///
/// # Errors
/// [`Error`].
pub fn forward_drops() -> Result<Vec<String>, Error> {
    dump().map_err(Error::Socket)
}

fn dump() -> io::Result<Vec<String>> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    set_socket_timeout(&socket, Timeout::Recv, Some(NETLINK_TIMEOUT))?;
    let kind = |kind: u16| u16::from(NFTABLES) << 8 | kind;
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    socket.send(&message(kind(GET_CHAIN), flags, 1, [0; 4], &Attributes::new()), 0)?;
    let (mut found, mut buffer) = (Vec::new(), Vec::with_capacity(64 << 10));
    loop {
        buffer.clear();
        let (_, sender) = socket.recv_from(&mut buffer, 0)?;
        if sender.port_number() != 0 {
            // Not the kernel's word.
            continue;
        }
        for told in messages(&buffer) {
            match told.kind {
                NLMSG_DONE => return Ok(found),
                NLMSG_ERROR => {
                    let error = word(told.body, 0).map_or(0, u32::cast_signed).saturating_neg();
                    return Err(io::Error::from_raw_os_error(error));
                }
                known if known == kind(NEW_CHAIN) => found.extend(dropping(told.body)),
                _ => {}
            }
        }
    }
}

/// What a chain is called, if it is one that drops.
pub(crate) fn dropping(body: &[u8]) -> Option<String> {
    let (family, rest) = (*body.first()?, body.get(4..)?);
    let family = match family {
        1 => "inet",
        2 => "ip",
        10 => "ip6",
        // Others do not see what is routed.
        _ => return None,
    };
    let value = |of: &[u8], wanted: u16| {
        attributes(of).find(|(kind, _)| *kind == wanted).map(|(_, value)| value.to_vec())
    };
    let number = |value: Vec<u8>| value.try_into().ok().map(u32::from_be_bytes);
    let hook = number(value(&value(rest, NFTA_CHAIN_HOOK)?, NFTA_HOOK_HOOKNUM)?)?;
    let policy = number(value(rest, NFTA_CHAIN_POLICY)?)?;
    let text = |wanted: u16| {
        let value = value(rest, wanted)?;
        Some(String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(&value)).into_owned())
    };
    let called = format!("{family} {} {}", text(NFTA_CHAIN_TABLE)?, text(NFTA_CHAIN_NAME)?);
    (hook == FORWARD && policy == DROP).then_some(called)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(family: u8, hook: u32, policy: u32) -> Vec<u8> {
        let hook = Attributes::new().number(NFTA_HOOK_HOOKNUM, hook);
        let all =
            Attributes::new().text(NFTA_CHAIN_TABLE, "filter").text(NFTA_CHAIN_NAME, "FORWARD");
        let all = all.nested(NFTA_CHAIN_HOOK, &hook).number(NFTA_CHAIN_POLICY, policy);
        message(0xa03, 0, 1, [family, 0, 0, 0], &all)
    }

    #[test]
    fn chains_that_forward_and_drop_are_told_and_no_others() {
        let told = |bytes: &[u8]| messages(bytes).find_map(|told| dropping(told.body));
        assert_eq!(told(&chain(2, FORWARD, DROP)).as_deref(), Some("ip filter FORWARD"));
        assert_eq!(told(&chain(10, FORWARD, DROP)).as_deref(), Some("ip6 filter FORWARD"));
        for other in [chain(2, FORWARD, 1), chain(2, 1, DROP), chain(7, FORWARD, DROP)] {
            assert_eq!(told(&other), None);
        }
        let whole = chain(1, FORWARD, DROP);
        for end in 0..whole.len() {
            assert_eq!(told(&whole[..end]), None, "cut at {end}");
        }
    }
}
