//! Messages about one container each. An engine is not trusted with more memory than its containers take: a
//! message that is decoded takes many times its own length where it has many labels.

use grpc::Error;
use prost::Message;
use prost::bytes::Bytes;

/// The longest message about one container, in bytes: many times what there is of any, with its whole
/// specification.
const LONGEST: usize = 1 << 20;

/// The message that is read.
///
/// # Errors
/// It is no such message, or longer than any is.
pub(super) fn decode<T: Message + Default>(message: Bytes) -> Result<T, Error> {
    if message.len() > LONGEST {
        let why = format!("what it says of one container takes more than {} MiB", LONGEST >> 20);
        return Err(Error::Broken(why.into()));
    }
    Ok(T::decode(message)?)
}
