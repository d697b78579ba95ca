//! Messages about one container each. An engine is not trusted with more memory than its containers take: a
//! message that is decoded takes many times its own length where it has many labels.

use grpc::Error;
use prost::Message;
use prost::bytes::Bytes;

/// The longest message about one container, in bytes: more than its arguments and environment can be (execve(2)),
/// with all else of its specification.
const LONGEST: usize = 4 << 20;

/// The message that is read.
///
/// # Errors
/// It is no such message, or longer than any is.
pub(super) fn decode<T: Message + Default>(message: Bytes) -> Result<T, Error> {
    if message.len() > LONGEST {
        let message =
            format!("what it says of one container takes more than {} MiB", LONGEST >> 20);
        return Err(Error::Refused { code: Error::OUT_OF_RANGE, message });
    }
    Ok(T::decode(message)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct Named {
        #[prost(string, tag = "1")]
        name: String,
    }

    #[test]
    fn a_message_is_read_unless_it_is_too_long_or_none() {
        let named = Named { name: "web".to_owned() };
        assert_eq!(decode::<Named>(Bytes::from(named.encode_to_vec())).unwrap(), named);
        let garbled = decode::<Named>(Bytes::from_static(&[0xff])).unwrap_err();
        assert!(matches!(garbled, Error::Garbled(_)), "{garbled}");
        let mut long = Named { name: "w".repeat(LONGEST) };
        let refused = decode::<Named>(Bytes::from(long.encode_to_vec())).unwrap_err();
        assert!(matches!(refused, Error::Refused { code: Error::OUT_OF_RANGE, .. }), "{refused}");
        long.name.truncate(LONGEST / 2);
        assert!(decode::<Named>(Bytes::from(long.encode_to_vec())).is_ok());
    }
}
