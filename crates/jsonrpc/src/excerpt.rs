//! Foreign text, made fit to stand in an error message.

/// The longest excerpt, in characters.
const LONGEST: usize = 200;

/// Returns the beginning of `text`, at most 200 characters, trimmed, with control
/// characters escaped.
///
/// What a peer sent may be huge or hold terminal escape sequences; no error
/// message repeats it raw.
pub fn excerpt(text: &str) -> String {
    let text = text.trim();
    let mut shown = String::new();
    for character in text.chars().take(LONGEST) {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn escapes_control_characters_and_keeps_the_rest() {
        assert_eq!(excerpt("no \"x\" \u{1b}[31m é\n"), "no \"x\" \\u{1b}[31m é");
    }

    #[test]
    fn cuts_what_is_long() {
        assert_eq!(excerpt(&"x".repeat(200)).chars().count(), 200);
        assert_eq!(excerpt(&"x".repeat(1 << 20)).chars().count(), 201);
    }
}
