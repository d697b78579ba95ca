//! Foreign text, made fit to stand in an error message.

/// The longest excerpt, in characters.
const LONGEST: usize = 200;

/// The beginning of `text` in quotation marks, with control characters escaped.
pub(crate) fn quoted(text: &str) -> String {
    let beginning: String = text.chars().take(LONGEST).collect();
    let rest = if beginning.len() < text.len() { "…" } else { "" };
    format!("{beginning:?}{rest}")
}
