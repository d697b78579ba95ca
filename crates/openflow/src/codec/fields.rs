//! Reading fields off the front of a message. All integers are big-endian
//! (1.5.1 section 7.1).

/// A message that is not what its kind and version prescribe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The header gives a length that is less than its own, or not that of the message.
    #[error("its header gives a length of {0} bytes")]
    Length(usize),
    /// The header gives a version of OpenFlow whose layouts we do not know.
    #[error("its version number is {0:#04x}")]
    Version(u8),
    /// The message ends before its last field does.
    #[error("a {0} is cut short")]
    Short(&'static str),
    /// A port of OpenFlow 1.4 or later gives a length that is less than its fixed part
    /// or more than the message holds.
    #[error("a port gives its length as {0} bytes")]
    PortLength(u16),
}

/// The rest of a message.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    /// What is being read, for the error.
    what: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(Malformed::Short(self.what))?;
        self.rest = rest;
        Ok(*field)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.take().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.take().map(u64::from_be_bytes)
    }

    pub(super) fn skip(&mut self, length: usize) -> Result<(), Malformed> {
        self.rest = self.rest.get(length..).ok_or(Malformed::Short(self.what))?;
        Ok(())
    }

    /// All that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
