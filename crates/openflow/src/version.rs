//! Versions of the protocol, and sets of them.

use std::fmt;

/// A version of OpenFlow; as a number, what the header says (1.5.1 section 7.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Version {
    /// OpenFlow 1.0.
    V1_0 = 1,
    /// OpenFlow 1.1.
    V1_1 = 2,
    /// OpenFlow 1.2.
    V1_2 = 3,
    /// OpenFlow 1.3.
    V1_3 = 4,
    /// OpenFlow 1.4.
    V1_4 = 5,
    /// OpenFlow 1.5.
    V1_5 = 6,
}

impl Version {
    /// Every version this crate speaks, the oldest first.
    pub const ALL: [Self; 6] =
        [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3, Self::V1_4, Self::V1_5];

    pub(crate) fn from_wire(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|version| *version as u8 == number)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", *self as u8 - 1)
    }
}

/// A set of versions, those unknown to this crate among them: the bitmap of a HELLO
/// (1.3.5 section 7.5.1), whose bit N stands for the version that headers call N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions(u32);

impl Versions {
    /// Bit 0 stands for no version.
    pub(crate) fn from_bitmap(bitmap: u32) -> Self {
        Self(bitmap & !1)
    }

    /// Every version up to the one that headers call `number`.
    pub(crate) fn up_to(number: u8) -> Self {
        Self::from_bitmap(u32::MAX >> 31_u8.saturating_sub(number))
    }

    pub(crate) fn bitmap(self) -> u32 {
        self.0
    }

    /// True when `version` is one of them.
    pub fn contains(self, version: Version) -> bool {
        self.0 & (1 << version as u8) != 0
    }

    /// The highest version that both sets have.
    pub(crate) fn highest_common(self, other: Self) -> Option<Version> {
        let common = Self(self.0 & other.0);
        Version::ALL.into_iter().rev().find(|version| common.contains(*version))
    }
}

impl FromIterator<Version> for Versions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        Self(versions.into_iter().fold(0, |bitmap, version| bitmap | 1 << version as u8))
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = (1..32).filter(|number| self.0 & (1 << number) != 0);
        let shown: Vec<_> = numbers.map(|number| format!("1.{}", number - 1)).collect();
        f.write_str(if shown.is_empty() { "no version" } else { "" })?;
        f.write_str(&shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{Version, Versions};

    #[test]
    fn a_set_shows_its_versions() {
        assert_eq!(Versions::from_iter(Version::ALL), Versions::up_to(6));
        assert_eq!(Versions::up_to(3).to_string(), "1.0, 1.1, 1.2");
        assert_eq!(Versions::from_bitmap(0b1001_0000).to_string(), "1.3, 1.6");
        assert_eq!(Versions::from_bitmap(1).to_string(), "no version");
        assert_eq!(Versions::up_to(0).to_string(), "no version");
        assert_eq!(Versions::up_to(31), Versions::up_to(255));
        assert_eq!(Versions::up_to(255).bitmap(), u32::MAX - 1);
    }

    #[test]
    fn the_highest_common_version_is_chosen() {
        let some = Versions::from_iter([Version::V1_0, Version::V1_3]);
        assert_eq!(some.highest_common(Versions::up_to(3)), Some(Version::V1_0));
        assert_eq!(some.highest_common(Versions::up_to(200)), Some(Version::V1_3));
        assert_eq!(some.highest_common(Versions::from_bitmap(0b1000_0100)), None);
        let newer = Versions::from_bitmap(0b1000_0000);
        assert_eq!(newer.highest_common(Versions::up_to(7)), None);
    }
}
