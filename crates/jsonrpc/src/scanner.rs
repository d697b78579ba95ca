//! Finding where a JSON object ends, one byte at a time.

use thiserror::Error;

/// How much of one message is accepted before the connection is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest message, in bytes. Default 64 MiB.
    pub message: usize,
    /// The deepest nesting of objects and arrays. Default 128, which is also where
    /// `serde_json` stops.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 64 << 20, depth: 128 }
    }
}

/// Why a byte stream cannot be cut into JSON-RPC messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// A message began with something other than an object.
    #[error("a message begins with {:?}, not with '{{'", char::from(*.0))]
    NotAnObject(u8),
    /// The message is longer than [`Limits::message`].
    #[error("a message is longer than {0} bytes")]
    TooLong(usize),
    /// The message is nested deeper than [`Limits::depth`].
    #[error("a message is nested deeper than {0} levels")]
    TooDeep(usize),
}

/// What one byte did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteKind {
    /// White space between messages.
    Between,
    /// Part of a message.
    Inside,
    /// The last byte of a message.
    Last,
}

/// The state that has to be kept between two reads.
///
/// It counts brackets outside strings and no more: whether a closing bracket is of
/// the right kind is for the JSON parser to say.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    /// Takes the next byte. An error leaves the state as it was.
    pub(crate) fn step(&mut self, byte: u8, deepest: usize) -> Result<ByteKind, FrameError> {
        if self.in_string {
            self.step_in_string(byte);
            return Ok(ByteKind::Inside);
        }
        match byte {
            b'{' | b'[' if self.depth == deepest => return Err(FrameError::TooDeep(deepest)),
            b'{' => self.depth += 1,
            b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Ok(ByteKind::Between),
            _ if self.depth == 0 => return Err(FrameError::NotAnObject(byte)),
            b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            b'"' => self.in_string = true,
            _ => {}
        }
        Ok(if self.depth == 0 { ByteKind::Last } else { ByteKind::Inside })
    }

    fn step_in_string(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
        }
    }
}
