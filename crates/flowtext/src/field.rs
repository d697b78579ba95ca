//! Fields of a match, as ovs-fields(7) writes them: `nw_src=10.0.0.0/24`.

use std::net::IpAddr;

/// The value of `field` in a list of `field=value`.
pub fn field<'a>(matched: &'a [(String, Option<String>)], field: &str) -> Option<&'a str> {
    matched.iter().find(|(name, _)| name == field)?.1.as_deref()
}

/// Whether a value of a match, maybe with a mask, lets this one pass; none where it cannot be read.
pub fn covers(value: &str, actual: &Actual) -> Option<bool> {
    let (wanted, mask) = value.split_once('/').map_or((value, None), |(v, m)| (v, Some(m)));
    match actual {
        Actual::Mac(actual) => {
            let wanted = mac(wanted)?;
            let mask = mask.map_or(Some([0xff; 6]), mac)?;
            let pairs = wanted.iter().zip(actual).zip(mask);
            Some(pairs.into_iter().all(|((wanted, actual), mask)| wanted & mask == actual & mask))
        }
        Actual::Ip(actual) => {
            let wanted: IpAddr = wanted.parse().ok()?;
            if wanted.is_ipv4() != actual.is_ipv4() {
                return Some(false);
            }
            let (wanted, full) = (bits(wanted), bits(*actual));
            let mask = match mask {
                None => u128::MAX,
                Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                    let length: u32 = length.parse().ok()?;
                    let width = if actual.is_ipv4() { 32 } else { 128 };
                    u128::MAX.checked_shl(width - length.min(width)).unwrap_or(0)
                }
                Some(mask) => bits(mask.parse().ok()?),
            };
            Some(wanted & mask == full & mask)
        }
    }
}

/// An address that a packet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actual {
    /// Of Ethernet.
    Mac([u8; 6]),
    /// Of IP.
    Ip(IpAddr),
}

fn mac(text: &str) -> Option<[u8; 6]> {
    crate::address::mac(text.as_bytes(), 0).filter(|_| text.len() == 17)
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Actual, covers};

    #[test]
    fn a_mask_lets_pass_what_it_leaves_open() {
        let ip = |text: &str| Actual::Ip(text.parse().unwrap());
        let mac = Actual::Mac([2, 0x42, 0xac, 0x11, 0, 3]);
        for (value, actual, expected) in [
            ("10.0.0.2", ip("10.0.0.2"), Some(true)),
            ("10.0.0.3", ip("10.0.0.2"), Some(false)),
            ("10.0.0.0/24", ip("10.0.0.2"), Some(true)),
            ("10.0.1.0/255.255.255.0", ip("10.0.0.2"), Some(false)),
            ("0.0.0.0/0", ip("10.0.0.2"), Some(true)),
            ("fd00::/16", ip("fd00::2"), Some(true)),
            ("::/0", ip("fd00::2"), Some(true)),
            ("10.0.0.0/24", ip("::"), Some(false)),
            ("02:42:ac:11:00:03", mac, Some(true)),
            ("02:00:00:00:00:00/ff:00:00:00:00:00", mac, Some(true)),
            ("01:00:00:00:00:00/01:00:00:00:00:00", mac, Some(false)),
            ("x", mac, None),
        ] {
            assert_eq!(covers(value, &actual), expected, "{value}");
        }
    }
}
