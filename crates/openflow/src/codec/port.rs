//! Ports, in their three layouts.

use super::fields::{Fields, Malformed};
use crate::version::Version;

/// The OpenFlow port of the bridge's own internal port: `OFPP_LOCAL` of OpenFlow 1.0.
pub const LOCAL: u16 = 65534;

/// The longest name, in bytes: `OFP_MAX_PORT_NAME_LEN` less the NUL at its end.
const LONGEST_NAME: usize = 15;

/// From here on numbers are reserved in OpenFlow 1.0: `OFPP_MAX`.
const RESERVED: u16 = 0xff00;

/// How much more a reserved number is since OpenFlow 1.1.
const RESERVED_OFFSET: u32 = 0xffff_0000;

/// A port of a bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The number, 32 bits wide as since OpenFlow 1.1; [`ofport`](Self::ofport) is the one
    /// that Open vSwitch shows.
    pub number: u32,
    /// The name, which the protocol cuts; see [`name_on_wire`].
    pub name: String,
    /// The Ethernet address.
    pub mac: [u8; 6],
}

impl Port {
    /// The OpenFlow port in the 16 bits that Open vSwitch uses everywhere: from 1 to
    /// 65279, or [`LOCAL`]. `None` for a number that has no counterpart there.
    pub fn ofport(&self) -> Option<u16> {
        of_open_vswitch(self.number)
    }

    /// `struct ofp_phy_port` (1.0.0 section 5.2.1).
    fn v1_0(fields: &mut Fields) -> Result<Self, Malformed> {
        let number = fields.u16()?;
        let mac = fields.take()?;
        let name = name(&fields.take::<16>()?);
        fields.skip(24)?;
        Ok(Self { number: widened(number), name, mac })
    }

    /// `struct ofp_port` of 1.1 to 1.3 (1.3.5 section 7.2.1).
    fn v1_1(fields: &mut Fields) -> Result<Self, Malformed> {
        let number = fields.u32()?;
        fields.skip(4)?;
        let mac = fields.take()?;
        fields.skip(2)?;
        let name = name(&fields.take::<16>()?);
        fields.skip(32)?;
        Ok(Self { number, name, mac })
    }

    /// `struct ofp_port` since 1.4 (1.5.1 section 7.2.1), whose properties tell nothing
    /// that is kept here.
    fn v1_4(fields: &mut Fields) -> Result<Self, Malformed> {
        let number = fields.u32()?;
        let length = fields.u16()?;
        fields.skip(2)?;
        let mac = fields.take()?;
        fields.skip(2)?;
        let name = name(&fields.take::<16>()?);
        fields.skip(8)?;
        let properties = length.checked_sub(40).ok_or(Malformed::PortLength(length))?;
        fields.skip(properties.into()).map_err(|_| Malformed::PortLength(length))?;
        Ok(Self { number, name, mac })
    }
}

/// A number of 32 bits in the 16 bits that Open vSwitch uses everywhere.
pub(super) fn of_open_vswitch(number: u32) -> Option<u16> {
    if number < RESERVED.into() {
        return u16::try_from(number).ok();
    }
    let number = u16::try_from(number.checked_sub(RESERVED_OFFSET)?).ok()?;
    (number >= RESERVED).then_some(number)
}

/// A number of OpenFlow 1.0 as those since 1.1.
pub(super) fn widened(number: u16) -> u32 {
    let offset = if number < RESERVED { 0 } else { RESERVED_OFFSET };
    u32::from(number) + offset
}

/// Reads ports up to the end of `bytes`.
pub(super) fn parse(version: Version, bytes: &[u8]) -> Result<Vec<Port>, Malformed> {
    let mut fields = Fields::new(bytes, "port");
    let mut ports = Vec::new();
    while !fields.rest().is_empty() {
        ports.push(match version {
            Version::V1_0 => Port::v1_0(&mut fields)?,
            Version::V1_1 | Version::V1_2 | Version::V1_3 => Port::v1_1(&mut fields)?,
            Version::V1_4 | Version::V1_5 => Port::v1_4(&mut fields)?,
        });
    }
    Ok(ports)
}

/// How many ports a FEATURES_REPLY has room for: 65,535 bytes less 32 before the ports.
/// `None` where it lists none.
pub(crate) fn most_in_features(version: Version) -> Option<usize> {
    match version {
        Version::V1_0 => Some((65_535 - 32) / 48),
        Version::V1_1 | Version::V1_2 => Some((65_535 - 32) / 64),
        Version::V1_3 | Version::V1_4 | Version::V1_5 => None,
    }
}

/// What becomes of an interface's `name` in [`Port::name`]: it is cut after 15 bytes, and
/// if that cuts a character, what remains of the character is escaped.
///
/// ```
/// # use docker_ovs_openflow::name_on_wire;
/// assert_eq!(name_on_wire("veth1"), "veth1");
/// assert_eq!(name_on_wire("patch-to-the-core"), "patch-to-the-co");
/// assert_eq!(name_on_wire("fourteen-bytes\u{e9}"), "fourteen-bytes\\xc3");
/// ```
pub fn name_on_wire(name: &str) -> String {
    let bytes = name.as_bytes();
    printable(bytes.get(..LONGEST_NAME).unwrap_or(bytes))
}

/// A name ends with its first NUL.
fn name(field: &[u8; 16]) -> String {
    printable(field.split(|byte| *byte == 0).next().unwrap_or_default())
}

/// As text, what is not UTF-8 as `\xNN`.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Port, name, name_on_wire};

    #[test]
    fn numbers_become_those_that_open_vswitch_shows() {
        for (number, ofport) in [
            (1, Some(1)),
            (0xfeff, Some(65_279)),
            (0xff00, None),
            (0xffff, None),
            (0x1_0001, None),
            (0xffff_feff, None),
            (0xffff_ff00, Some(0xff00)),
            (0xffff_fffe, Some(super::LOCAL)),
        ] {
            let port = Port { number, name: String::new(), mac: [0; 6] };
            assert_eq!(port.ofport(), ofport, "{number:#x}");
        }
    }

    #[test]
    fn a_name_ends_with_a_nul_or_its_field() {
        assert_eq!(name(b"veth1\0junk\0\0\0\0\0\0"), "veth1");
        assert_eq!(name(b"sixteen-bytes-no"), "sixteen-bytes-no");
        assert_eq!(name(&[0; 16]), "");
        assert_eq!(name(b"\xff\xc3\xa9\xc3\0\0\0\0\0\0\0\0\0\0\0\0"), "\\xff\u{e9}\\xc3");
    }

    #[test]
    fn a_name_is_cut_as_the_switch_cuts_it() {
        assert_eq!(name_on_wire("fifteen-bytes--"), "fifteen-bytes--");
        assert_eq!(name_on_wire("sixteen-bytes---"), "sixteen-bytes--");
        assert_eq!(name_on_wire("thirteen-byte\u{e9}"), "thirteen-byte\u{e9}");
        assert_eq!(name_on_wire("fourteen-bytes\u{e9}"), "fourteen-bytes\\xc3");
    }
}
