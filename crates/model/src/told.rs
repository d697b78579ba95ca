//! How much is told of what may be many: the first few, and how many more there are. A peer or a
//! container decides how many there are, and each may be told with each of them.

/// Notes, candidates and names that are told of one thing.
pub const TOLD: usize = 8;

/// Containers of one namespace that are told with each of its links, and links with their port.
pub const TENANTS: usize = 64;

/// The first few, and `and N more` where there are more.
pub fn some(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all = all.into_iter();
    let mut told: Vec<_> = all.by_ref().take(TOLD).collect();
    told.extend(more(all.count()));
    told
}

/// The same in one line, of at most `most`.
pub fn joined<T: AsRef<str>>(all: &[T], between: &str, most: usize) -> String {
    let (told, rest) = all.split_at(all.len().min(most));
    let told: Vec<_> = told.iter().map(AsRef::as_ref).collect();
    let told = told.join(between);
    more(rest.len()).map_or_else(|| told.clone(), |more| format!("{told} {more}"))
}

/// The most that is told of what another program says of one thing, in bytes.
pub(crate) const LONGEST: usize = 1000;

/// A text of another program as far as people read; of a longer one the beginning.
pub fn excerpt(text: impl Into<String>) -> String {
    let mut text = text.into();
    if text.len() > LONGEST {
        text.truncate(boundary(&text, LONGEST));
        text.push('…');
        // It may be kept for long.
        text.shrink_to_fit();
    }
    text
}

/// The last place not after `longest` where a character begins, or the end.
pub(crate) fn boundary(text: &str, longest: usize) -> usize {
    let longest = longest.min(text.len());
    (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

fn more(count: usize) -> Option<String> {
    (count > 0).then(|| format!("and {count} more"))
}

#[cfg(test)]
mod tests {
    use super::{joined, some};

    #[test]
    fn of_many_the_first_are_told_and_how_many_more_there_are() {
        let names = |n: u8| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(joined(&names(8), ", ", 8), "0, 1, 2, 3, 4, 5, 6, 7");
        assert_eq!(joined(&names(10), "+", 8), "0+1+2+3+4+5+6+7 and 2 more");
        assert_eq!(some(names(8)).len(), 8);
        assert_eq!(some(names(100)).last().map(String::as_str), Some("and 92 more"));
    }
}
