//! What this host tells the others.

use std::collections::{BTreeMap, BTreeSet};

use report::v1::Attachment;

use crate::host::{HostRecord, Membership};
use crate::row::{encode, id_of};

/// So many rows of one host are published, and read.
pub(crate) const MAX_ROWS: usize = 10_000;

/// What is to stand in etcd of this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Its attachments as [`encode`] writes them, by id.
    pub rows: BTreeMap<String, String>,
    /// Its OVS bridges.
    pub bridges: Vec<String>,
    /// The meshes that it is in.
    pub meshes: BTreeMap<String, Membership>,
    /// Something could not be seen, so that what is missing in `rows` may be there all the same.
    pub partial: bool,
    /// How many attachments are not in `rows`, for they are too many, or too long.
    pub left_out: usize,
}

impl Local {
    /// What these attachments and bridges come to. Two that would have one id get a number each.
    pub fn new<'a>(rows: impl Iterator<Item = &'a Attachment>, bridges: Vec<String>) -> Self {
        let mut local = Self { bridges, ..Self::default() };
        let mut taken = BTreeSet::new();
        for row in rows {
            let text = encode(row).filter(|_| local.rows.len() < MAX_ROWS);
            let Some(text) = text else {
                local.left_out += 1;
                continue;
            };
            let mut id = id_of(row);
            for more in 2_usize.. {
                if taken.insert(id.clone()) {
                    break;
                }
                id = format!("{}~{more}", id_of(row));
            }
            local.rows.insert(id, text);
        }
        local
    }

    /// The record of the host.
    pub(crate) fn record(&self, machine: &str, version: &str, number: Option<u16>) -> HostRecord {
        let record = HostRecord {
            machine: machine.to_owned(),
            version: version.to_owned(),
            number,
            bridges: self.bridges.clone(),
            meshes: self.meshes.clone(),
            removed: false,
        };
        record.bounded()
    }
}
