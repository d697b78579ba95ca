//! A range of addresses for a network whose user named none: Podman chooses one for drivers of its own
//! only, and Docker asks the IPAM driver for one.

use std::hash::Hasher;
use std::net::Ipv4Addr;

use fnv::FnvHasher;
use ipnet::{IpNet, Ipv4Net};

/// Ranges of 256 addresses are taken from 10.90.0.0/16, which neither Podman (10.88 and 10.89) nor
/// Docker (172.17 to 172.31, 192.168) takes by itself.
const FIRST: [u8; 2] = [10, 90];

/// Why there is none.
pub(crate) const NONE_FREE: &str =
    "all ranges of 10.90.0.0/16 are networks' already: --subnet names another one";

/// A range that overlaps none of those that are `taken`, if there is one; the same for the same network.
pub(crate) fn free(network: &str, taken: &[IpNet]) -> Option<IpNet> {
    let mut hash = FnvHasher::default();
    hash.write(network.as_bytes());
    let [.., first] = hash.finish().to_be_bytes();
    let range = |n: u8| {
        let address = Ipv4Addr::new(FIRST[0], FIRST[1], n, 0);
        IpNet::from(Ipv4Net::new_assert(address, 24))
    };
    let mut all = (0..=u8::MAX).map(|n| range(first.wrapping_add(n)));
    all.find(|one| !taken.iter().any(|other| overlap(one, other)))
}

/// Whether any address is in both.
pub(crate) fn overlap(one: &IpNet, other: &IpNet) -> bool {
    other.contains(one) || one.contains(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_do_not_overlap_what_is_taken() {
        let mut taken = Vec::new();
        for n in 0..256 {
            let next = free(&format!("n{n}"), &taken).unwrap();
            assert!(!taken.contains(&next), "{next}");
            taken.push(next);
        }
        assert_eq!(free("n0", &[]), free("n0", &[]));
        let half: IpNet = "10.90.0.0/17".parse().unwrap();
        assert!(!half.contains(&free("x", &[half]).unwrap()));
        assert_eq!(free("n0", &taken), None);
    }
}
