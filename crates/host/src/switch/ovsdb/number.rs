//! The number of a new port, which vswitchd gives it.

use std::collections::BTreeMap;
use std::time::Duration;

use model::ids::OfPort;
use model::memory::{self, MemoryChange};
use model::switch::{OfPortState, Port};
use model::{SourceError, SourceErrorKind};
use ovsdb::{Operation, Optional, RowSelector, Select, VSWITCH, Value};
use serde::Deserialize;

use super::port_rows::{guard, until_not};
use super::read::Database;
use super::transaction::{changed, remembering};

/// How long after a port its link may come, and what its number is meanwhile.
const LATE_LINK: Duration = Duration::from_secs(1);
const FAILED: Value<'static> = Value::Integer(-1);

/// What vswitchd made of a port.
pub(crate) struct Number {
    pub(crate) ofport: OfPortState,
    pub(crate) error: Option<String>,
}

#[derive(Deserialize)]
struct NumberRow {
    ofport: Optional<i64>,
    #[serde(default)]
    error: Optional<String>,
}

impl Database {
    /// Waits until vswitchd has dealt with an interface; pending if it does not in time. One that is to
    /// move has the number `from` until then, and keeps it if it is not moved in time. It may have met
    /// the port a moment before its link: a failure counts only if it stays.
    pub(crate) async fn number(
        &mut self,
        iface: &str,
        from: Option<OfPort>,
        timeout: Duration,
    ) -> Result<Number, SourceError> {
        if let Some(from) = from {
            self.number_but(iface, &Value::Integer(from.0.into()), timeout).await?;
        }
        let number = self.number_but(iface, &Value::Set(Vec::new()), timeout).await?;
        match number.ofport {
            OfPortState::Failed => {
                let second = self.number_but(iface, &FAILED, LATE_LINK.min(timeout)).await?;
                Ok(if second.ofport == OfPortState::Pending { number } else { second })
            }
            _ => Ok(number),
        }
    }

    /// Waits until the number of an interface is not `this` any more.
    async fn number_but(
        &mut self,
        iface: &str,
        this: &Value<'_>,
        timeout: Duration,
    ) -> Result<Number, SourceError> {
        let rows = loop {
            let columns = self.columns.requested.of_interface(&["ofport", "error"]);
            let select = Select::new("Interface", &columns).equal("name", iface);
            let which = RowSelector::all("Interface").equal("name", iface);
            let until = until_not(which, &["ofport"], this.clone(), timeout);
            let operations = [until, Operation::Select(select)];
            let asked = self.client.transact(VSWITCH, &operations).await;
            let rows: Result<Vec<NumberRow>, _> = asked.and_then(|answer| answer.rows(1));
            if rows.as_ref().is_err_and(is_timed_out) {
                return Ok(Number { ofport: OfPortState::Pending, error: None });
            }
            if !self.columns.drops_unknown(&mut self.client, &rows).await {
                break rows.map_err(|error| self.source_error(&error))?;
            }
        };
        let gone =
            || SourceError::new(SourceErrorKind::Gone, format!("port {iface}"), "it is gone");
        let row = rows.into_iter().next().ok_or_else(gone)?;
        Ok(Number { ofport: OfPortState::from_column(row.ofport.0), error: row.error.0 })
    }

    /// Asks for the number that an interface has, so that it keeps it, and remembers it; neither where the
    /// interface has gone meanwhile.
    pub(crate) async fn keep(
        &mut self,
        bridge: &str,
        iface: &str,
        ofport: OfPort,
        remember: Option<&Port>,
    ) -> Result<(), SourceError> {
        let port = remember.map(|port| Port {
            ofport: OfPortState::Assigned(ofport),
            ofport_request: Some(ofport),
            ..port.clone()
        });
        let remember: BTreeMap<_, _> =
            port.as_ref().and_then(memory::written).into_iter().collect();
        let change = MemoryChange { forget: remember.clone(), remember };
        let kept = loop {
            // An old schema has no number that is asked for.
            let requests = self.columns.requested.of_interface(&["ofport_request"]);
            let operations = keeping(bridge, iface, ofport, (&requests, &change));
            let kept = self.client.transact(VSWITCH, &operations).await;
            if !self.columns.drops_unknown(&mut self.client, &kept).await {
                break kept;
            }
        };
        match kept {
            Ok(_) => Ok(()),
            Err(error) if is_timed_out(&error) => Err(changed(bridge)),
            Err(error) => Err(self.source_error(&error)),
        }
    }
}

/// Has an interface ask for the number that it has, in the columns for that, and its bridge remember it; fails
/// where it is not there with that number.
fn keeping<'a>(
    bridge: &'a str,
    iface: &'a str,
    ofport: OfPort,
    (requests, change): (&[&'a str], &'a MemoryChange),
) -> Vec<Operation<'a>> {
    let number = || Value::Integer(ofport.0.into());
    let which = || RowSelector::all("Interface").equal("name", iface).equal("ofport", number());
    let is_there = guard(which(), &["name"], vec![vec![("name", iface.into())]]);
    let row: Vec<_> = requests.iter().map(|column| (*column, number())).collect();
    let update = (!row.is_empty()).then(|| Operation::Update { which: which(), row });
    [is_there].into_iter().chain(update).chain(remembering(bridge, change)).collect()
}

pub(super) fn is_timed_out(error: &ovsdb::Error) -> bool {
    matches!(error, ovsdb::Error::Operation { error, .. } if error == "timed out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_gone_is_not_remembered() {
        let remember = BTreeMap::from([("docker-ovs.memory.web/eth1".to_owned(), "{}".to_owned())]);
        let change = MemoryChange { forget: BTreeMap::new(), remember };
        let operations = |requests: &[&'static str]| {
            let operations = keeping("br0", "vethweb", OfPort(7), (requests, &change));
            serde_json::to_value(operations).unwrap()
        };
        for (requests, count) in [(&["ofport_request"][..], 3), (&[], 2)] {
            let operations = operations(requests);
            assert_eq!(operations.as_array().unwrap().len(), count);
            let guard = &operations[0];
            assert_eq!((&guard["op"], &guard["until"]), (&"wait".into(), &"==".into()));
            assert_eq!(guard["timeout"], 0);
            let which = serde_json::json!([["name", "==", "vethweb"], ["ofport", "==", 7]]);
            assert_eq!(guard["where"], which);
            assert_eq!(guard["rows"][0]["name"], "vethweb");
        }
    }
}
