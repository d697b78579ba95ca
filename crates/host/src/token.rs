//! The token that a daemon wants by TCP, and that who asks it shows: the same file on both sides.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use model::{SourceError, SourceErrorKind};

/// A shorter token could be guessed.
const SHORTEST: usize = 16;
/// A longer one may not fit beside the rest of a request's head, of which a daemon takes 16 KiB.
const LONGEST: usize = 4 << 10;

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
    if !(SHORTEST..=LONGEST).contains(&token.len()) || !plain {
        let why = format!("not one word of {SHORTEST} to {LONGEST} ASCII characters");
        return Err(unusable(&why));
    }
    Ok(token.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_one_word_that_a_request_can_carry() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            token(&path)
        };
        for good in [SHORTEST, 64, LONGEST] {
            assert_eq!(read(&format!(" {}\n", "x".repeat(good))).unwrap().len(), good);
        }
        for bad in ["x".repeat(SHORTEST - 1), "x".repeat(LONGEST + 1), "x ".repeat(20)] {
            let why = read(&bad).unwrap_err().why;
            assert!(why.contains("not one word of 16 to 4096 ASCII characters"), "{why}");
        }
    }
}
