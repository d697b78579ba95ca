//! What the part of a URL after the question record asks for.

use model::filter::Filter;
use model::switch::SwitchSource;
use report::Wanted;

use crate::http::error::ApiError;

/// The pairs of a query, in order; the same key may come again.
pub(crate) type Pairs = Vec<(String, String)>;

/// `container=`, `bridge=`, `vlan=`, `status=`, `label=` as `--filter` has them, and `all=`.
pub(crate) fn wanted(pairs: Pairs) -> Result<Wanted, ApiError> {
    let mut wanted = Wanted::default();
    for (key, value) in pairs {
        if key == "all" {
            wanted.all = flag(&key, &value)?;
        } else {
            let filter: Result<Filter, _> = format!("{key}={value}").parse();
            wanted.filters.push(filter.map_err(|error| ApiError::bad_request(error.to_string()))?);
        }
    }
    Ok(wanted)
}

/// `source=`: the sources of the switch to read.
pub(crate) fn switch_sources(pairs: &Pairs) -> Result<Vec<SwitchSource>, ApiError> {
    let source = |(key, value): &(String, String)| match (key.as_str(), value.as_str()) {
        ("source", "ovsdb") => Ok(SwitchSource::Ovsdb),
        ("source", "openflow") => Ok(SwitchSource::OpenFlow),
        ("source", "appctl") => Ok(SwitchSource::Appctl),
        ("source", _) => Err(ApiError::bad_request("source is ovsdb, openflow or appctl")),
        _ => Err(unknown(key, "source")),
    };
    pairs.iter().map(source).collect()
}

/// The value of `key`, the only one there may be.
pub(crate) fn only(key: &str, pairs: Pairs) -> Result<Option<String>, ApiError> {
    let mut found = None;
    for (given, value) in pairs {
        if given != key || found.is_some() {
            return Err(unknown(&given, key));
        }
        found = Some(value);
    }
    Ok(found)
}

fn flag(key: &str, value: &str) -> Result<bool, ApiError> {
    match value {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(ApiError::bad_request(format!("{key} is true or false"))),
    }
}

fn unknown(given: &str, known: &str) -> ApiError {
    ApiError::bad_request(format!("{given:?} means nothing here; there may be one {known}="))
}
