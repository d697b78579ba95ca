//! The line that is being typed, read from any words: for fuzzing and its corpora. Nothing is asked of any source.

use super::typed;

/// What a line was read as.
#[derive(Debug)]
pub struct ReadLine {
    /// The verb's words.
    pub verb: Vec<String>,
    /// Global options, with their values.
    pub global: Vec<String>,
    /// What is typed of the last word.
    pub prefix: String,
}

/// Reads words as `__complete` is given them, of which the last one is being typed.
pub fn line(words: &[String]) -> ReadLine {
    let line = typed(words);
    ReadLine { verb: line.verb, global: line.global, prefix: line.prefix }
}
