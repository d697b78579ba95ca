//! Lists of VLANs as they are typed: `10-20,30`.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::vlan::LAST_VLAN;

/// One VLAN tag, or a range of them: `30`, `10-20`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VlanRange(pub RangeInclusive<u16>);

impl FromStr for VlanRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (tag(first), tag(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err(format!("use tags from 0 to {LAST_VLAN}, or ranges such as 10-20")),
        }
    }
}

/// Digits alone: `+7` and ` 7` are no tags.
fn tag(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|tag| is_number && *tag <= LAST_VLAN)
}

/// Every tag once, in order.
pub fn tags(ranges: &[VlanRange]) -> Vec<u16> {
    let tags: BTreeSet<u16> = ranges.iter().flat_map(|VlanRange(range)| range.clone()).collect();
    tags.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_single_or_a_range() {
        assert_eq!("30".parse(), Ok(VlanRange(30..=30)));
        assert_eq!("10-20".parse(), Ok(VlanRange(10..=20)));
        for bad in ["", "-", "10-", "-20", "20-10", "4096", "1-4096", "a-b", "1-2-3", "+7", "1-+2"]
        {
            assert!(bad.parse::<VlanRange>().is_err(), "{bad}");
        }
        assert_eq!(tags(&[VlanRange(3..=4), VlanRange(1..=1), VlanRange(4..=5)]), [1, 3, 4, 5]);
    }
}
