//! A long list in a message, one item at a time: what is held is what the caller keeps.

use prost::DecodeError;
use prost::bytes::{Buf, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// The items of one repeated field of messages, in order; other fields are skipped.
#[derive(Clone, Debug)]
pub struct Items {
    left: Bytes,
    field: u32,
}

impl Items {
    /// Of the field `field` of `message`.
    pub fn of(message: Bytes, field: u32) -> Self {
        Self { left: message, field }
    }

    /// Whether nothing of the message is left.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    fn step(&mut self) -> Result<Option<Bytes>, DecodeError> {
        while self.left.has_remaining() {
            let (field, kind) = decode_key(&mut self.left)?;
            if field == self.field && kind == WireType::LengthDelimited {
                let length = decode_varint(&mut self.left)?;
                let here = usize::try_from(length).ok().filter(|l| *l <= self.left.remaining());
                return match here {
                    Some(length) => Ok(Some(self.left.split_to(length))),
                    // What decoding nothing as something says.
                    None => decode_key(&mut Bytes::new()).map(|_| None),
                };
            }
            skip_field(kind, field, &mut self.left, DecodeContext::default())?;
        }
        Ok(None)
    }
}

impl Iterator for Items {
    type Item = Result<Bytes, DecodeError>;

    /// After an error there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step().transpose();
        if matches!(step, Some(Err(_))) {
            self.left.clear();
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct List {
        #[prost(string, repeated, tag = "1")]
        names: Vec<String>,
        #[prost(uint64, tag = "2")]
        other: u64,
    }

    fn items(bytes: impl Into<Bytes>) -> Result<Vec<Bytes>, DecodeError> {
        Items::of(bytes.into(), 1).collect()
    }

    proptest! {
        #[test]
        fn they_are_what_the_message_has(names: Vec<String>, other: u64) {
            let list = List { names: names.clone(), other };
            let told = items(list.encode_to_vec()).unwrap();
            prop_assert_eq!(told, names.into_iter().map(Bytes::from).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_come_to_an_end(bytes: Vec<u8>) {
            let held: usize = items(bytes.clone()).iter().flatten().map(Bytes::len).sum();
            prop_assert!(held <= bytes.len());
        }
    }

    #[test]
    fn one_that_is_longer_than_the_message_is_an_error() {
        assert!(items(vec![0x0a, 0x05, b'a']).is_err());
        assert!(items(vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).is_err());
    }
}
