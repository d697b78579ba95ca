//! HELLO: which versions a peer speaks (1.3.5 section 7.5.1).

use super::fields::{Fields, Malformed};
use crate::version::Versions;

/// `OFPHET_VERSIONBITMAP`.
const VERSION_BITMAP: u16 = 1;

/// The body of a HELLO that offers `versions`. It always has the bitmap: a peer older
/// than 1.3.1 ignores it (1.0.0 section 5.5.1).
pub(super) fn body(versions: Versions) -> [u8; 8] {
    let mut body = [0, 1, 0, 8, 0, 0, 0, 0];
    body[4..].copy_from_slice(&versions.bitmap().to_be_bytes());
    body
}

/// What a HELLO with `version` in its header offers.
///
/// Without a bitmap, or with a body of some other kind, that is every version up to its
/// own, as Open vSwitch takes it.
pub(super) fn versions(version: u8, body: &[u8]) -> Versions {
    bitmap(body).map_or_else(|_| Versions::up_to(version), Versions::from_bitmap)
}

/// The first 32 bits of the first bitmap among the elements.
fn bitmap(body: &[u8]) -> Result<u32, Malformed> {
    let mut elements = body;
    loop {
        let mut fields = Fields::new(elements, "HELLO element");
        let kind = fields.u16()?;
        let length = fields.u16()?;
        if kind == VERSION_BITMAP && length >= 8 {
            return fields.u32();
        }
        // Elements are padded to a multiple of 8 bytes, which their length leaves out.
        let padded = usize::from(length.max(4)).next_multiple_of(8);
        elements = elements.get(padded..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::versions;
    use crate::version::Versions;

    #[test]
    fn what_a_hello_offers() {
        let some = Versions::from_bitmap(0b1_0010);
        for (body, offered) in [
            (&[][..], Versions::up_to(4)),
            (&[0, 1, 0, 8, 0, 0, 0, 0x12], some),
            // The reserved bit 0, and a second word for versions to come.
            (&[0, 1, 0, 12, 0, 0, 0, 0x13, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], some),
            // After an element of an unknown type, which is padded.
            (&[0, 9, 0, 5, 1, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x12], some),
            // Padding is not read, whatever it looks like.
            (&[0, 9, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 1, 0, 8, 0, 0, 0, 0x12], some),
            (&[0, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x12], some),
            // Bodies that earlier versions say to ignore.
            (&[0, 1, 0, 8, 0, 0, 0], Versions::up_to(4)),
            (&[0, 2, 0, 0], Versions::up_to(4)),
            (&[0xff; 30], Versions::up_to(4)),
        ] {
            assert_eq!(versions(4, body), offered, "{body:?}");
        }
    }
}
