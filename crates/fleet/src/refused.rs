//! What of a host is of no use: each value until it is mended or gone.

use model::told::excerpt;

/// Of so many values of a host it is known that they are of no use.
pub(crate) const MAX_REFUSED: usize = 100;
/// Stands for a host's record among the ids of its rows, of which each has a letter.
pub(crate) const RECORD: &str = "";

/// Which values of a host could not be read or kept as they stand now, and why; the last one is at the end.
#[derive(Debug, Default)]
pub(crate) struct RefusedValues(Vec<(Box<str>, String)>);

impl RefusedValues {
    pub(crate) fn add(&mut self, id: &str, why: &str) {
        self.remove(id);
        if self.0.len() == MAX_REFUSED {
            self.0.remove(0);
        }
        // What was read may be in it.
        self.0.push((id.into(), excerpt(why)));
    }

    /// It was read, or is gone.
    pub(crate) fn remove(&mut self, id: &str) {
        self.retain(|refused| refused != id);
    }

    pub(crate) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.0.retain(|(id, _)| is_there(id));
    }

    /// Of how many it is known.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many there are and why the last one is; none where all are of use.
    pub(crate) fn told(&self) -> Option<String> {
        let (_, why) = self.0.last()?;
        let or_more = if self.count() == MAX_REFUSED { " or more" } else { "" };
        let count = self.count();
        Some(format!("{count}{or_more} of its values are of no use, the last for: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::RefusedValues;

    #[test]
    fn of_what_a_value_says_no_more_is_kept_than_people_read() {
        let mut refused = RefusedValues::default();
        for text in ["x", "é", "…"] {
            refused.add(text, &format!("unknown variant {}", text.repeat(60_000)));
            let told = refused.told().unwrap();
            assert!(told.len() < 1_100 && told.ends_with('…'), "{}", told.len());
        }
        assert_eq!(refused.count(), 3);
    }
}
