//! The JSON of 3.4 and later:
//! `{DATAPATH: {"bridges": {BRIDGE: {PORT: {"ofport": …, "port_no": …, "type": …}}}}}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{DpBridge, DpPort, LONGEST_DATAPATH, MAX_BRIDGES, MAX_ROWS, MalformedDpif};

/// What is held of an answer, in bytes: some hundred thousand ports.
const HELD: usize = 32 << 20;

#[derive(Deserialize)]
struct Datapath {
    bridges: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(deserialize_with = "number")]
    ofport: u16,
    #[serde(rename = "port_no", deserialize_with = "number_or_none")]
    dp_port: Option<u32>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    config: BTreeMap<String, Value>,
}

pub(super) fn parse(answer: &str) -> Result<Vec<DpBridge>, MalformedDpif> {
    let datapaths: BTreeMap<String, Datapath> = bounded::from_str(answer, HELD)?;
    let bridges = || datapaths.values().flat_map(|datapath| datapath.bridges.values());
    let (count, ports) = (bridges().count(), bridges().map(BTreeMap::len).sum::<usize>());
    if count > MAX_BRIDGES {
        return Err(MalformedDpif::TooManyBridges(MAX_BRIDGES));
    }
    if count.saturating_add(ports) > MAX_ROWS {
        return Err(MalformedDpif::TooLong(MAX_ROWS));
    }
    let mut shown = Vec::new();
    for (datapath, Datapath { bridges }) in datapaths {
        shown.extend(bridges.into_iter().map(|(name, ports)| DpBridge {
            name,
            datapath: datapath.chars().take(LONGEST_DATAPATH).collect(),
            ports: ports.into_iter().map(port).collect(),
        }));
    }
    Ok(shown)
}

fn port((name, Entry { ofport, dp_port, kind, config }): (String, Entry)) -> DpPort {
    let options: Vec<_> =
        config.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
    DpPort { name, ofport, dp_port, kind, options: options.join(", ") }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Open vSwitch writes these numbers as strings; a number is understood too.
fn number<'de, D: Deserializer<'de>, N: TryFrom<u64>>(deserializer: D) -> Result<N, D::Error> {
    let value = Value::deserialize(deserializer)?;
    parse_number(&value).ok_or_else(|| de::Error::custom(format_args!("{value} is no port number")))
}

/// As `number`; `"none"` is what has no datapath port.
fn number_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if value == "none" {
        return Ok(None);
    }
    number(value).map(Some).map_err(de::Error::custom)
}

fn parse_number<N: TryFrom<u64>>(value: &Value) -> Option<N> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    N::try_from(number).ok()
}
