//! What the part of a URL after the question record asks for.

use model::filter::Filter;
use model::switch::SwitchSource;
use report::Wanted;

use crate::http::error::ApiError;

/// `container=`, `bridge=`, `vlan=`, `status=`, `label=` as `--filter` has them, and `all=`.
pub(crate) fn wanted(pairs: Vec<(String, String)>) -> Result<Wanted, ApiError> {
    let mut wanted = Wanted::default();
    for (key, value) in pairs {
        if key == "all" {
            wanted.all = flag(&key, &value)?;
        } else {
            wanted.filters.push(filter(&key, &value)?);
        }
    }
    Ok(wanted)
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
                "at" => asked.at = Some(crate::api::history::moment(value)?),
                "label" => asked.labels.push(filter(key, value)?),
                _ => return Err(unknown(key, "source")),
            }
        }
        Ok(asked)
    }
}

fn switch_source(value: &str) -> Result<SwitchSource, ApiError> {
    match value {
        "ovsdb" => Ok(SwitchSource::Ovsdb),
        "openflow" => Ok(SwitchSource::OpenFlow),
        "appctl" => Ok(SwitchSource::Appctl),
        _ => Err(ApiError::bad_request("source is ovsdb, openflow or appctl")),
    }
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
