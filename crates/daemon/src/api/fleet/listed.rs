//! A list of rows that is written one by one, and bounded.

use serde::Serialize;

use crate::http::error::ApiError;
use crate::json::json;

/// It grows by so much at a time, in bytes, as doubled it would be twice as long as it has to.
const GROWS: usize = 1 << 20;

/// A list of these as JSON, of at most so many bytes.
pub(super) fn listed<T: Serialize>(
    rows: impl Iterator<Item = T>,
    longest: usize,
) -> Result<String, ApiError> {
    let mut text = String::from("[");
    for row in rows {
        let row = json(&row);
        let comma = usize::from(text.len() > 1);
        if text.len() + comma + row.len() + 1 > longest {
            let why = format!(
                "the rows are more than {} MiB: ask for those of one host, with host=",
                longest >> 20
            );
            return Err(ApiError::bad_request(why));
        }
        if text.capacity() - text.len() < row.len() + 2 {
            text.reserve_exact(GROWS + row.len());
        }
        if comma > 0 {
            text.push(',');
        }
        text.push_str(&row);
    }
    text.push(']');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_json_and_ends_at_its_bound() {
        let rows = |count: usize| std::iter::repeat_n("row", count);
        for count in [0, 1, 3] {
            let text = listed(rows(count), 100).unwrap();
            let whole: Vec<_> = rows(count).collect();
            assert_eq!(text, json(&whole));
            assert!(listed(rows(count), text.len()).is_ok(), "{count}");
            assert!(count == 0 || listed(rows(count), text.len() - 1).is_err(), "{count}");
        }
        let refused = listed(rows(400_000), 1 << 20).unwrap_err();
        assert!(refused.message().contains("more than 1 MiB"), "{}", refused.message());
    }
}
