//! What the part of a URL after the question record asks for.

use model::filter::Filter;
use model::switch::{NoSuchSource, SwitchSource};
use report::Wanted;

use crate::http::error::ApiError;

/// `container=`, `bridge=`, `vlan=`, `status=`, `label=` as `--filter` has them, and `all=`.
pub(crate) fn wanted(pairs: Vec<(String, String)>) -> Result<Wanted, ApiError> {
    let mut filters = Vec::new();
    let mut all = None;
    for (key, value) in pairs {
        if key == "all" {
            once(&mut all, &key, flag(&key, &value)?)?;
        } else {
            filters.push(filter(&key, &value)?);
        }
    }
    Ok(Wanted { filters, all: all.unwrap_or_default(), ..Wanted::default() })
}

/// Takes what may be said once: a second word for it would be passed over.
///
/// # Errors
/// It was said already.
pub(crate) fn once<T>(said: &mut Option<T>, key: &str, value: T) -> Result<(), ApiError> {
    match said.replace(value) {
        None => Ok(()),
        Some(_) => Err(ApiError::bad_request(format!("{key:?} is one too many"))),
    }
}

/// What a Snapshot is to have.
#[derive(Debug, Default)]
pub(crate) struct SnapshotOf {
    /// `source=`: the sources of the switch to read.
    pub(crate) sources: Vec<SwitchSource>,
    /// `label=`: what of labels it is to have where not all are told.
    pub(crate) labels: Vec<Filter>,
    /// `at=`: as of then, in milliseconds since the Unix epoch.
    pub(crate) at: Option<u64>,
}

impl SnapshotOf {
    pub(crate) fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut asked = Self::default();
        for (key, value) in pairs {
            match key.as_str() {
                "source" => asked.sources.push(switch_source(value)?),
                "at" => once(&mut asked.at, key, crate::api::history::moment(value)?)?,
                "label" => asked.labels.push(filter(key, value)?),
                _ => return Err(unknown(key, "source")),
            }
        }
        if asked.at.is_some() && !asked.sources.is_empty() {
            let why = "at= is of what was kept, and source= asks now: use one of them";
            return Err(ApiError::bad_request(why));
        }
        Ok(asked)
    }
}

fn switch_source(value: &str) -> Result<SwitchSource, ApiError> {
    value.parse().map_err(|error: NoSuchSource| ApiError::bad_request(error.to_string()))
}

fn filter(key: &str, value: &str) -> Result<Filter, ApiError> {
    let filter: Result<Filter, _> = format!("{key}={value}").parse();
    filter.map_err(|error| ApiError::bad_request(error.to_string()))
}

/// The value of `key`, the only one there may be.
pub(crate) fn only(key: &str, pairs: Vec<(String, String)>) -> Result<Option<String>, ApiError> {
    let mut found = None;
    for (given, value) in pairs {
        if given != key || found.is_some() {
            return Err(unknown(&given, key));
        }
        found = Some(value);
    }
    Ok(found)
}

/// `true`, `1` or nothing; `false` or `0`.
pub(crate) fn flag(key: &str, value: &str) -> Result<bool, ApiError> {
    match value {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(ApiError::bad_request(format!("{key} is true or false"))),
    }
}

fn unknown(given: &str, known: &str) -> ApiError {
    ApiError::bad_request(format!("{given:?} means nothing here; there may be one {known}="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_a_snapshot_cannot_be_of_is_refused() {
        let read = |query: &[(&str, &str)]| SnapshotOf::read(&pairs(query));
        let asked = read(&[("at", "1795000000123")]).unwrap();
        assert_eq!((asked.at, asked.sources.len()), (Some(1_795_000_000_123), 0));
        assert_eq!(read(&[("source", "openflow"), ("source", "appctl")]).unwrap().sources.len(), 2);
        for bad in [
            &[("at", "1"), ("source", "appctl")][..],
            &[("source", "ovsdb"), ("at", "1")],
            &[("at", "1"), ("at", "2")],
            &[("at", "9999999999999999")],
            &[("at", "253402300800000")],
            &[("at", "yesterday")],
            &[("colour", "red")],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_said_twice_is_refused_where_one_counts() {
        let read = |query: &[(&str, &str)]| wanted(pairs(query));
        assert_eq!(
            read(&[("bridge", "a"), ("bridge", "b"), ("all", "1")]).unwrap().filters.len(),
            2
        );
        assert!(read(&[("all", "1"), ("all", "0")]).is_err());
    }
}
