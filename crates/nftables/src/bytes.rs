//! Messages and attributes, as bytes (netlink(7), linux/netlink.h).

const NLA_F_NESTED: u16 = 0x8000;
const HEADER: usize = 16;
/// An error, or what was done (linux/netlink.h).
pub(crate) const NLMSG_ERROR: u16 = 2;

/// Attributes, one behind the other.
#[derive(Default)]
pub(crate) struct Attributes(Vec<u8>);

impl Attributes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn bytes(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// nftables has its numbers in network byte order (linux/netfilter/nf_tables.h).
    pub(crate) fn number(self, kind: u16, value: u32) -> Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        self.bytes(kind, &[value.as_bytes(), &[0]].concat())
    }

    pub(crate) fn nested(self, kind: u16, inner: &Self) -> Self {
        self.bytes(kind | NLA_F_NESTED, &inner.0)
    }
}

/// One message with the header of its family, `struct nfgenmsg`.
pub(crate) fn message(
    kind: u16,
    flags: u16,
    sequence: u32,
    family: [u8; 4],
    attributes: &Attributes,
) -> Vec<u8> {
    let length = HEADER + family.len() + attributes.0.len();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    // The port number, which the kernel fills in.
    bytes.resize(HEADER, 0);
    bytes.extend(family);
    bytes.extend(&attributes.0);
    bytes
}

/// A message of an answer.
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    /// That of the request.
    pub(crate) sequence: u32,
    /// What comes behind the header, as far as it is there.
    pub(crate) body: &'a [u8],
}

/// The messages of an answer.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = (word(bytes, 0)? as usize).max(HEADER);
        let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
        let sequence = word(bytes, 8)?;
        let body = bytes.get(HEADER..length.min(bytes.len()))?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message { kind, sequence, body })
    })
}

/// The errors that an answer tells, by sequence number; 0 for what was done.
pub(crate) fn errors(bytes: &[u8]) -> Vec<(u32, i32)> {
    let errors = messages(bytes).filter(|message| message.kind == NLMSG_ERROR);
    errors.filter_map(|of| Some((of.sequence, word(of.body, 0)?.cast_signed()))).collect()
}

/// Attributes: kind and value of each. What is cut off is left out.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let half = |at: usize| Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let (length, kind) = (usize::from(half(0)?), half(2)?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & !NLA_F_NESTED, value))
    })
}

pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_aligned_and_numbers_are_in_network_order() {
        let inner = Attributes::new().number(1, 7);
        let all = Attributes::new().text(2, "ab").nested(3, &inner);
        let length = |n: u16| n.to_ne_bytes();
        let expected = [
            &length(7)[..],
            &2u16.to_ne_bytes(),
            b"ab\0\0",
            &length(12),
            &(3u16 | NLA_F_NESTED).to_ne_bytes(),
            &length(8),
            &1u16.to_ne_bytes(),
            &[0, 0, 0, 7],
        ];
        assert_eq!(all.0, expected.concat());
    }

    #[test]
    fn errors_are_found_among_other_messages_and_in_what_is_cut_off() {
        let refused = message(2, 0, 7, (-2i32).to_ne_bytes(), &Attributes::new());
        let other = message(99, 0, 8, [0; 4], &Attributes::new());
        let done = message(2, 0, 9, [0; 4], &Attributes::new());
        let all = [refused.clone(), other, done].concat();
        assert_eq!(errors(&all), [(7, -2), (9, 0)]);
        for end in 0..refused.len() {
            assert_eq!(errors(&refused[..end]), []);
        }
        assert_eq!(errors(&[0; 40]), []);
    }
}
