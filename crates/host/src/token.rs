//! The token that a daemon wants by TCP, and that who asks it shows: the same file on both sides.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};

/// A shorter token could be guessed.
const SHORTEST: usize = 16;

/// Reads a token, without white space around it.
///
/// # Errors
/// The file cannot be read, others can read it, or what is in it is no token.
pub fn token(path: &Path) -> Result<Arc<str>, SourceError> {
    let unusable = |why: &dyn fmt::Display| {
        let what = format!("the token in {}", path.display());
        SourceError::new(SourceErrorKind::Unusable, what, why).hint(
            "the daemon and its clients have the same one; openssl rand -hex 32 makes a good one",
        )
    };
    let text = files::read_secret(path).and_then(files::text).map_err(|error| unusable(&error))?;
    let token = text.trim();
    let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.len() < SHORTEST || !plain {
        let why = format!("not one word of {SHORTEST} or more ASCII characters");
        return Err(unusable(&why));
    }
    Ok(token.into())
}
